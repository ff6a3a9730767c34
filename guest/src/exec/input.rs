//! From the client to the command: the spec, then input, sizes and signals.
//!
//! Input that the command does not read yet waits here, and its part of the stream's window stays taken; so no more than a
//! window of it can wait, and a signal that comes behind it still gets through.

use std::collections::VecDeque;
use std::rc::Rc;

use bytes::{Buf, Bytes};
use h2::RecvStream;
use rustix::termios::{LocalModes, SpecialCodeIndex, tcgetattr, tcgetpgrp};

use super::child::Child;
use super::frames::{FrameReader, FromClient, NotAFrame, Type};
use super::pipe::Pipe;
use super::stdio;
use crate::http::answer::Gone;
use crate::http::body;
use crate::sys::signals;

/// Why the client's side broke.
pub enum Broken {
    Gone,
    Protocol,
}

impl From<Gone> for Broken {
    fn from(_: Gone) -> Self {
        Self::Gone
    }
}

impl From<NotAFrame> for Broken {
    fn from(_: NotAFrame) -> Self {
        Self::Protocol
    }
}

pub struct Input {
    body: RecvStream,
    frames: FrameReader<Type>,
    /// Received, and the window for it not given back.
    taken: usize,
    /// The client has nothing more to say.
    ended: bool,
    queue: VecDeque<Bytes>,
    queued: usize,
    /// `stdinEnd` was said; nothing follows what is in the queue.
    stdin_ended: bool,
}

impl Input {
    pub fn new(body: RecvStream) -> Self {
        let (frames, queue) = (FrameReader::default(), VecDeque::new());
        Self { body, frames, taken: 0, ended: false, queue, queued: 0, stdin_ended: false }
    }

    /// The first frame, which must be a `spec`.
    pub async fn spec(&mut self) -> Result<Bytes, Broken> {
        loop {
            match self.frames.next()? {
                Some(FromClient::Spec(json)) => return Ok(json),
                Some(_) => return Err(NotAFrame("the first frame is not a spec".into()).into()),
                None if self.ended => return Err(NotAFrame("no spec".into()).into()),
                None => self.receive().await?,
            }
        }
    }

    /// Serves the command until the client's side breaks. Goes on, doing nothing, after an orderly end.
    pub async fn serve(&mut self, child: &Child, stdin: Option<Rc<Pipe>>, terminal: Option<Rc<Pipe>>) -> Broken {
        match self.try_serve(child, stdin, terminal).await {
            Ok(()) => std::future::pending().await,
            Err(broken) => broken,
        }
    }

    async fn try_serve(
        &mut self,
        child: &Child,
        mut stdin: Option<Rc<Pipe>>,
        terminal: Option<Rc<Pipe>>,
    ) -> Result<(), Broken> {
        loop {
            while let Some(frame) = self.frames.next()? {
                self.apply(frame, child, terminal.as_deref())?;
            }
            if self.ended {
                self.end_stdin(terminal.as_deref());
            }
            if stdin.is_none() {
                self.queue.clear();
                self.queued = 0;
            }
            self.release();
            if self.stdin_ended && self.queue.is_empty() {
                // For pipes this closes the only end.
                stdin = None;
            }
            if self.ended && stdin.is_none() {
                return Ok(());
            }
            let next = self.queue.front().cloned();
            tokio::select! {
                received = body::next(&mut self.body), if !self.ended => self.received(received?)?,
                written = write(stdin.as_deref(), next.as_ref()), if stdin.is_some() && next.is_some() => match written {
                    Ok(count) => self.written(count),
                    // The command has closed its input; what comes for it is dropped.
                    Err(_) => stdin = None,
                },
            }
        }
    }

    fn apply(&mut self, frame: FromClient, child: &Child, terminal: Option<&Pipe>) -> Result<(), NotAFrame> {
        match frame {
            FromClient::Spec(_) => return Err(NotAFrame("a second spec".into())),
            FromClient::Stdin(_) if self.stdin_ended => return Err(NotAFrame("stdin after its end".into())),
            FromClient::Stdin(bytes) if bytes.is_empty() => {}
            FromClient::Stdin(bytes) => self.enqueue(bytes),
            FromClient::StdinEnd => self.end_stdin(terminal),
            FromClient::Resize { rows, columns } => {
                if let Some(terminal) = terminal {
                    // The size of a terminal whose command is just ending matters to nobody.
                    let _ = stdio::resize(terminal.fd(), rows, columns);
                }
            }
            FromClient::Signal(number) => {
                let number = i32::from(number);
                if !(1..=signals::MAX).contains(&number) {
                    return Err(NotAFrame(format!("there is no signal {number}")));
                }
                send_signal(number, child, terminal);
            }
        }
        Ok(())
    }

    fn end_stdin(&mut self, terminal: Option<&Pipe>) {
        if self.stdin_ended {
            return;
        }
        self.stdin_ended = true;
        if let Some(end) = terminal.and_then(end_of_file) {
            // Behind the start of a line it only submits the line; the second one then means the end.
            self.enqueue(Bytes::copy_from_slice(&[end, end]));
        }
    }

    fn enqueue(&mut self, bytes: Bytes) {
        self.queued += bytes.len();
        self.queue.push_back(bytes);
    }

    fn written(&mut self, count: usize) {
        self.queued -= count;
        if let Some(front) = self.queue.front_mut() {
            front.advance(count);
            if front.is_empty() {
                self.queue.pop_front();
            }
        }
    }

    async fn receive(&mut self) -> Result<(), Broken> {
        let received = body::next(&mut self.body).await?;
        self.received(received)?;
        self.release();
        Ok(())
    }

    fn received(&mut self, bytes: Option<Bytes>) -> Result<(), NotAFrame> {
        match bytes {
            Some(bytes) => {
                self.taken += bytes.len();
                self.frames.push(&bytes);
            }
            None if !self.frames.is_between_frames() => return Err(NotAFrame("the end inside a frame".into())),
            None => self.ended = true,
        }
        Ok(())
    }

    fn release(&mut self) {
        let free = self.taken.saturating_sub(self.queued);
        if free > 0 {
            body::release(&mut self.body, free);
            self.taken -= free;
        }
    }
}

async fn write(stdin: Option<&Pipe>, bytes: Option<&Bytes>) -> std::io::Result<usize> {
    match (stdin, bytes) {
        (Some(stdin), Some(bytes)) => stdin.write(bytes).await,
        _ => std::future::pending().await,
    }
}

/// On a terminal a signal goes where its keys would send it: to the job in the foreground.
fn send_signal(number: i32, child: &Child, terminal: Option<&Pipe>) {
    let foreground = terminal.and_then(|terminal| tcgetpgrp(terminal.fd()).ok());
    match foreground.map(|group| group.as_raw_nonzero().get()).filter(|&group| group > 1 && group != child.pid) {
        Some(group) => drop(signals::send_to_group(group, number)),
        None => child.signal_group(number),
    }
}

/// The character that means the end of input, where the terminal reads lines.
fn end_of_file(terminal: &Pipe) -> Option<u8> {
    let modes = tcgetattr(terminal.fd()).ok()?;
    modes.local_modes.contains(LocalModes::ICANON).then(|| modes.special_codes[SpecialCodeIndex::VEOF])
}
