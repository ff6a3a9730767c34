//! What the frames of a copy say, written and parsed strictly.

use bytes::{BufMut, Bytes, BytesMut};

use super::fields::Fields;
use super::frames::{DIGEST_BYTES, Type};
use crate::exec::frames::{HEADER_BYTES, NotAFrame, write_header};

pub type Digest = [u8; DIGEST_BYTES];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Meta {
    /// Permissions with set-id and sticky bits, no type.
    pub mode: u32,
    /// When the content changed, in nanoseconds since 1970.
    pub mtime: i64,
}

/// What the receiver wants of an announced file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// All of it.
    Send,
    /// This much of it is there already, if it is the same.
    Part { size: u64, digest: Digest },
    /// A file of this size stands in its place, and may be the same.
    Whole { size: u64, digest: Digest },
    /// Nothing: it is there.
    Unchanged,
    /// Nothing: it cannot be kept.
    Refused,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    pub files: u64,
    pub unchanged: u64,
    pub folders: u64,
    pub links: u64,
    /// Content that arrived; what is zero and what was there already does not count.
    pub bytes: u64,
}

/// Why something was not copied as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Code {
    NotFound = 1,
    Special = 2,
    Unreadable = 3,
    Changed = 4,
    Grew = 5,
    Limit = 6,
    InTheWay = 7,
    Unwritable = 8,
    Busy = 9,
    Damaged = 10,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    pub code: Code,
    pub path: Bytes,
    pub message: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Message {
    Spec(Bytes),
    /// An empty name means the place itself that is copied to.
    Folder {
        meta: Meta,
        name: Bytes,
    },
    Leave,
    Link {
        mtime: i64,
        name: Bytes,
        target: Bytes,
    },
    File {
        meta: Meta,
        size: u64,
        name: Bytes,
    },
    Start(u64),
    Data {
        offset: u64,
        bytes: Bytes,
    },
    End {
        grew: bool,
        digest: Digest,
    },
    Abandon,
    Same,
    Problem(Problem),
    Finish,
    Answer(Answer),
    Done(Counts),
    Failed(Bytes),
}

impl Message {
    pub fn encode(&self) -> Bytes {
        let mut frame = BytesMut::zeroed(HEADER_BYTES);
        let kind = self.put(&mut frame);
        write_header(kind, &mut frame);
        frame.freeze()
    }

    fn put(&self, frame: &mut BytesMut) -> Type {
        match self {
            Self::Spec(json) => put_bytes(Type::Spec, frame, json),
            Self::Folder { meta, name } => {
                frame.put_u32(meta.mode);
                frame.put_i64(meta.mtime);
                put_bytes(Type::Folder, frame, name)
            }
            Self::Leave => Type::Leave,
            Self::Link { mtime, name, target } => {
                frame.put_i64(*mtime);
                frame.put_u8(name.len() as u8);
                frame.extend_from_slice(name);
                put_bytes(Type::Link, frame, target)
            }
            Self::File { meta, size, name } => {
                frame.put_u32(meta.mode);
                frame.put_i64(meta.mtime);
                frame.put_u64(*size);
                put_bytes(Type::File, frame, name)
            }
            Self::Start(offset) => {
                frame.put_u64(*offset);
                Type::Start
            }
            Self::Data { offset, bytes } => {
                frame.put_u64(*offset);
                put_bytes(Type::Data, frame, bytes)
            }
            Self::End { grew, digest } => {
                frame.put_u8(u8::from(*grew));
                put_bytes(Type::End, frame, digest)
            }
            Self::Abandon => Type::Abandon,
            Self::Same => Type::Same,
            Self::Problem(Problem { code, path, message }) => {
                frame.put_u8(*code as u8);
                frame.put_u16(path.len() as u16);
                frame.extend_from_slice(path);
                put_bytes(Type::Problem, frame, message.as_bytes())
            }
            Self::Finish => Type::Finish,
            Self::Answer(answer) => {
                let (number, known) = match answer {
                    Answer::Send => (0, None),
                    Answer::Part { size, digest } => (1, Some((size, digest))),
                    Answer::Whole { size, digest } => (2, Some((size, digest))),
                    Answer::Unchanged => (3, None),
                    Answer::Refused => (4, None),
                };
                frame.put_u8(number);
                if let Some((size, digest)) = known {
                    frame.put_u64(*size);
                    frame.extend_from_slice(digest);
                }
                Type::Answer
            }
            Self::Done(Counts { files, unchanged, folders, links, bytes }) => {
                for count in [files, unchanged, folders, links, bytes] {
                    frame.put_u64(*count);
                }
                Type::Done
            }
            Self::Failed(json) => put_bytes(Type::Failed, frame, json),
        }
    }

    pub fn parse(kind: Type, payload: Bytes) -> Result<Self, NotAFrame> {
        let mut fields = Fields::new(kind, payload);
        let message = fields.message()?;
        fields.end()?;
        Ok(message)
    }
}

fn put_bytes(kind: Type, frame: &mut BytesMut, bytes: &[u8]) -> Type {
    frame.extend_from_slice(bytes);
    kind
}

#[cfg(test)]
#[path = "messages_test.rs"]
mod tests;
