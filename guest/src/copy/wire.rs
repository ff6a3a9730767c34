//! The ends of the stream as the thread of a copy sees them: it waits for one message and sends one, and nothing else.

use bytes::{Bytes, BytesMut};
use serde::Serialize;
use tokio::sync::mpsc::{Receiver, Sender};

use super::frames::{MAX_MESSAGE_BYTES, MAX_PATH_BYTES, Type};
use super::messages::{Code, Message, Problem};
use crate::exec::frames::{FrameReader, NotAFrame};

/// Why a copy is over.
#[derive(Debug)]
pub enum Stop {
    Done,
    /// The host went away.
    Gone,
    /// It said what it may not say.
    Protocol,
    /// The copy cannot go on, as the host will read it.
    Failed {
        code: &'static str,
        message: String,
    },
}

impl Stop {
    pub fn failed(code: &'static str, message: impl Into<String>) -> Self {
        Self::Failed { code, message: cut(message.into(), MAX_FAILURE_BYTES) }
    }

    /// What the host is told of it, where it is to be told.
    pub fn message(&self) -> Option<Message> {
        #[derive(Serialize)]
        struct Failure<'a> {
            code: &'a str,
            message: &'a str,
        }
        let Self::Failed { code, message } = self else { return None };
        let json = serde_json::to_vec(&Failure { code, message }).expect("two texts are always JSON");
        Some(Message::Failed(json.into()))
    }
}

impl From<NotAFrame> for Stop {
    fn from(_: NotAFrame) -> Self {
        Self::Protocol
    }
}

pub struct Wire {
    from_host: Receiver<Bytes>,
    to_host: Sender<Bytes>,
    frames: FrameReader<Type>,
    /// Messages that wait for company: a tree of small files would otherwise be a frame of HTTP/2 for each word.
    waiting: BytesMut,
}

/// A frame has a cap, and JSON writes some characters in six.
const MAX_FAILURE_BYTES: usize = 512;
/// As much as is worth a piece of its own.
const ENOUGH_BYTES: usize = 64 * 1024;

impl Wire {
    pub fn new(from_host: Receiver<Bytes>, to_host: Sender<Bytes>) -> Self {
        Self { from_host, to_host, frames: FrameReader::default(), waiting: BytesMut::new() }
    }

    pub fn receive(&mut self) -> Result<Message, Stop> {
        loop {
            if let Some((kind, payload)) = self.frames.next_raw()? {
                return Ok(Message::parse(kind, payload)?);
            }
            let bytes = match self.from_host.try_recv() {
                Ok(bytes) => bytes,
                Err(_) => {
                    self.flush()?;
                    self.from_host.blocking_recv().ok_or(Stop::Gone)?
                }
            };
            self.frames.push(&bytes);
        }
    }

    /// Small messages go when there is nothing more to read, or enough of them.
    pub fn send(&mut self, message: &Message) -> Result<(), Stop> {
        let frame = message.encode();
        if self.waiting.is_empty() && frame.len() >= ENOUGH_BYTES {
            return self.to_host.blocking_send(frame).map_err(|_| Stop::Gone);
        }
        self.waiting.extend_from_slice(&frame);
        if self.waiting.len() >= ENOUGH_BYTES { self.flush() } else { Ok(()) }
    }

    pub fn flush(&mut self) -> Result<(), Stop> {
        if self.waiting.is_empty() {
            return Ok(());
        }
        self.to_host.blocking_send(self.waiting.split().freeze()).map_err(|_| Stop::Gone)
    }

    pub fn tell(&mut self, code: Code, path: &[u8], message: impl Into<String>) -> Result<(), Stop> {
        let path = Bytes::copy_from_slice(&path[..path.len().min(MAX_PATH_BYTES)]);
        self.send(&Message::Problem(Problem { code, path, message: cut(message.into(), MAX_MESSAGE_BYTES) }))
    }

    pub fn is_gone(&self) -> bool {
        self.to_host.is_closed()
    }
}

fn cut(mut message: String, most: usize) -> String {
    message.truncate(message.floor_char_boundary(most));
    message
}

#[cfg(test)]
#[path = "wire_test.rs"]
mod tests;
