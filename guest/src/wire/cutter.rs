//! Cuts the one byte stream of the wire into sessions: a pure machine, bytes in, events out.
//!
//! Outside a session it hunts for at least nine zeros followed by `banger-sync <nonce>\n`. Inside one it walks along the
//! HTTP/2 frame headers, without understanding the frames, only to notice the one header that HTTP/2 cannot contain: nine
//! zeros. That, a length above the agreed frame size, or a preface that is not HTTP/2's ends the session, and the bytes in
//! question count towards the next hunt. It holds fewer than 64 bytes of state and never fails.

use bytes::{Buf, Bytes};

use super::lines::{NONCE_CHARS, Nonce, SYNC_PREFIX};

pub const PREFACE: &[u8; 24] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// `SETTINGS_MAX_FRAME_SIZE` of both sides.
pub const MAX_FRAME_BYTES: usize = 16_384;
const HEADER_BYTES: usize = 9;
/// How many zeros make the bytes after them worth reading as a `sync` line.
const ZEROS: usize = HEADER_BYTES;
const LINE_BYTES: usize = SYNC_PREFIX.len() + NONCE_CHARS + 1;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// A host asks for a session; whatever was before it is over.
    Begin(Nonce),
    /// Bytes of the session, in order.
    Data(Bytes),
    /// The session is over, and no other has begun yet.
    End,
}

#[derive(Debug)]
enum State {
    Hunt { zeros: usize, line: Line },
    Preface { seen: usize },
    Header { bytes: [u8; HEADER_BYTES], filled: usize },
    Payload { left: usize },
}

/// A `sync` line as far as it has been read.
#[derive(Debug, Default)]
struct Line {
    bytes: Vec<u8>,
}

pub struct Cutter {
    state: State,
}

const HUNTING: State = State::Hunt { zeros: 0, line: Line { bytes: Vec::new() } };

impl Default for Cutter {
    fn default() -> Self {
        Self { state: HUNTING }
    }
}

impl Cutter {
    /// The host is known to be gone. Gives `End` when that ends a session.
    pub fn host_gone(&mut self) -> Option<Event> {
        let was_in_session = !matches!(self.state, State::Hunt { .. });
        self.state = HUNTING;
        was_in_session.then_some(Event::End)
    }

    /// Feeds `chunk`, handing every event to `emit` in order.
    pub fn push(&mut self, mut chunk: Bytes, mut emit: impl FnMut(Event)) {
        while !chunk.is_empty() {
            match self.state {
                State::Hunt { .. } => self.hunt(&mut chunk, &mut emit),
                _ => self.follow(&mut chunk, &mut emit),
            }
        }
    }

    fn hunt(&mut self, chunk: &mut Bytes, emit: &mut impl FnMut(Event)) {
        let State::Hunt { zeros, line } = &mut self.state else { return };
        for at in 0..chunk.len() {
            let byte = chunk[at];
            if line.accepts(*zeros, byte) {
                line.bytes.push(byte);
            } else {
                // The zeros of another `sync` may begin in the middle of a broken one.
                let run = if line.bytes.is_empty() { *zeros } else { 0 };
                *zeros = if byte == 0 { run.saturating_add(1) } else { 0 };
                line.bytes.clear();
            }
            if line.bytes.len() == LINE_BYTES {
                let nonce = Nonce::parse(&line.bytes[SYNC_PREFIX.len()..LINE_BYTES - 1]);
                chunk.advance(at + 1);
                self.state = State::Preface { seen: 0 };
                emit(Event::Begin(nonce.expect("the line was checked digit by digit")));
                return;
            }
        }
        chunk.clear();
    }

    /// Walks over as much of `chunk` as belongs to the session, and emits that as one piece.
    fn follow(&mut self, chunk: &mut Bytes, emit: &mut impl FnMut(Event)) {
        let mut at = 0;
        // Bytes of a header that turns out to be no header are not given to the session if they can still be held back.
        let mut header_at = 0;
        while at < chunk.len() {
            match &mut self.state {
                State::Hunt { .. } => break,
                State::Preface { seen } => {
                    if chunk[at] != PREFACE[*seen] {
                        header_at = at;
                        self.state = HUNTING;
                        break;
                    }
                    at += 1;
                    *seen += 1;
                    if *seen == PREFACE.len() {
                        self.state = header();
                    }
                }
                State::Header { bytes, filled } => {
                    if *filled == 0 {
                        header_at = at;
                    }
                    bytes[*filled] = chunk[at];
                    *filled += 1;
                    at += 1;
                    if *filled == HEADER_BYTES {
                        self.state = after_header(bytes);
                    }
                }
                State::Payload { left } => {
                    let part = (*left).min(chunk.len() - at);
                    at += part;
                    *left -= part;
                    if *left == 0 {
                        self.state = header();
                    }
                }
            }
        }
        let over = matches!(self.state, State::Hunt { .. });
        let rest = chunk.split_off(at);
        let session = std::mem::replace(chunk, rest);
        let kept = if over { session.slice(..header_at) } else { session };
        if !kept.is_empty() {
            emit(Event::Data(kept));
        }
        if over {
            emit(Event::End);
        }
    }
}

impl Line {
    /// Whether `byte` is what comes next in a line that began after enough zeros.
    fn accepts(&self, zeros: usize, byte: u8) -> bool {
        let at = self.bytes.len();
        zeros >= ZEROS
            && match SYNC_PREFIX.get(at) {
                Some(&expected) => byte == expected,
                None if at == LINE_BYTES - 1 => byte == b'\n',
                None => super::lines::is_hex(byte),
            }
    }
}

fn header() -> State {
    State::Header { bytes: [0; HEADER_BYTES], filled: 0 }
}

fn after_header(bytes: &[u8; HEADER_BYTES]) -> State {
    let length = u32::from_be_bytes([0, bytes[0], bytes[1], bytes[2]]) as usize;
    if bytes.iter().all(|&byte| byte == 0) {
        return State::Hunt { zeros: ZEROS, line: Line::default() };
    }
    match length {
        0 => header(),
        1..=MAX_FRAME_BYTES => State::Payload { left: length },
        _ => HUNTING,
    }
}

#[cfg(test)]
#[path = "cutter_test.rs"]
mod tests;
