//! The frames inside an exec stream: `type: u8 | length: u32 big-endian | payload`. The same as `src/contract/frames.ts`;
//! `golden/frames.json` keeps the two together. Lengths are checked against the cap of the type before anything is kept.

use std::marker::PhantomData;

use bytes::{Buf, Bytes, BytesMut};
use serde::Serialize;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Type {
    Spec = 0,
    Stdin = 1,
    StdinEnd = 2,
    Resize = 3,
    Signal = 4,
    Started = 16,
    Stdout = 17,
    Stderr = 18,
    Exited = 19,
    Failed = 20,
}

/// The largest payload of `stdin`, `stdout` and `stderr`.
pub const MAX_CHUNK_BYTES: usize = 64 * 1024;
/// The largest payload of the small frames that carry JSON.
pub const MAX_SMALL_BYTES: usize = 4 * 1024;
const MAX_SPEC_BYTES: usize = 1024 * 1024;
pub const HEADER_BYTES: usize = 5;

/// The types of the frames of one kind of stream.
pub trait Kind: Copy + std::fmt::Debug {
    fn byte(self) -> u8;
    fn from_byte(byte: u8) -> Option<Self>;
    /// The largest payload.
    fn cap(self) -> usize;
}

impl Kind for Type {
    fn byte(self) -> u8 {
        self as u8
    }

    fn from_byte(byte: u8) -> Option<Self> {
        use Type::*;
        [Spec, Stdin, StdinEnd, Resize, Signal, Started, Stdout, Stderr, Exited, Failed]
            .into_iter()
            .find(|&kind| kind as u8 == byte)
    }

    fn cap(self) -> usize {
        match self {
            Type::Spec => MAX_SPEC_BYTES,
            Type::Stdin | Type::Stdout | Type::Stderr => MAX_CHUNK_BYTES,
            Type::StdinEnd => 0,
            Type::Resize => 4,
            Type::Signal => 1,
            Type::Started | Type::Exited | Type::Failed => MAX_SMALL_BYTES,
        }
    }
}

/// A frame as bytes. The payload is within the cap of its type, or this is a bug.
pub fn encode(kind: impl Kind, payload: &[u8]) -> Bytes {
    let mut frame = BytesMut::zeroed(HEADER_BYTES);
    frame.extend_from_slice(payload);
    write_header(kind, &mut frame);
    frame.freeze()
}

/// Completes a frame whose payload is already behind the room for its header.
pub fn write_header(kind: impl Kind, frame: &mut [u8]) {
    let length = frame.len() - HEADER_BYTES;
    // In a release the host refuses the frame and with it one command; a panic here would take the whole guest along.
    debug_assert!(length <= kind.cap(), "{kind:?} carries {length} bytes");
    frame[0] = kind.byte();
    frame[1..HEADER_BYTES].copy_from_slice(&(length as u32).to_be_bytes());
}

pub fn encode_json(kind: impl Kind, value: &impl Serialize) -> Bytes {
    encode(kind, &serde_json::to_vec(value).expect("plain data is always JSON"))
}

/// What a command's client may say, parsed.
#[derive(Debug, PartialEq, Eq)]
pub enum FromClient {
    Spec(Bytes),
    Stdin(Bytes),
    StdinEnd,
    Resize { rows: u16, columns: u16 },
    Signal(u8),
}

/// The bytes are not frames, or not those of a client. The stream is of no use afterwards.
#[derive(Debug, PartialEq, Eq)]
pub struct NotAFrame(pub String);

/// Cuts bytes into frames; holds at most one unfinished one.
pub struct FrameReader<K> {
    held: BytesMut,
    kinds: PhantomData<K>,
}

impl<K> Default for FrameReader<K> {
    fn default() -> Self {
        Self { held: BytesMut::new(), kinds: PhantomData }
    }
}

impl<K: Kind> FrameReader<K> {
    pub fn push(&mut self, chunk: &[u8]) {
        self.held.extend_from_slice(chunk);
    }

    /// The next whole frame, if there is one. To be asked after every `push` until it gives none: that keeps what is held
    /// small.
    pub fn next_raw(&mut self) -> Result<Option<(K, Bytes)>, NotAFrame> {
        if self.held.len() < HEADER_BYTES {
            return Ok(None);
        }
        let length = u32::from_be_bytes([self.held[1], self.held[2], self.held[3], self.held[4]]) as usize;
        let kind = K::from_byte(self.held[0]);
        let kind = kind.ok_or_else(|| NotAFrame(format!("unknown frame type {}", self.held[0])))?;
        if length > kind.cap() {
            return Err(NotAFrame(format!("a {kind:?} frame announces {length} bytes, above its cap")));
        }
        if self.held.len() < HEADER_BYTES + length {
            return Ok(None);
        }
        self.held.advance(HEADER_BYTES);
        Ok(Some((kind, self.held.split_to(length).freeze())))
    }

    /// The only good moment for the stream to end.
    pub fn is_between_frames(&self) -> bool {
        self.held.is_empty()
    }
}

impl FrameReader<Type> {
    /// As [`FrameReader::next_raw`], parsed as what a client may say.
    pub fn next(&mut self) -> Result<Option<FromClient>, NotAFrame> {
        Ok(match self.next_raw()? {
            None => None,
            Some((kind, payload)) => Some(from_client(kind, payload)?),
        })
    }
}

fn from_client(kind: Type, payload: Bytes) -> Result<FromClient, NotAFrame> {
    let size = |kind: Type| NotAFrame(format!("a {kind:?} frame of {} bytes", payload.len()));
    Ok(match kind {
        Type::Spec => FromClient::Spec(payload),
        Type::Stdin => FromClient::Stdin(payload),
        Type::StdinEnd => FromClient::StdinEnd,
        Type::Resize => {
            let [a, b, c, d] = payload[..] else { return Err(size(kind)) };
            FromClient::Resize { rows: u16::from_be_bytes([a, b]), columns: u16::from_be_bytes([c, d]) }
        }
        Type::Signal => {
            let [number] = payload[..] else { return Err(size(kind)) };
            FromClient::Signal(number)
        }
        _ => return Err(NotAFrame(format!("a {kind:?} frame from the client"))),
    })
}

#[cfg(test)]
#[path = "frames_test.rs"]
mod tests;
