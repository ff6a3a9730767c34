//! The payload of a copy's frame, field by field. Nothing is taken that is not there, and nothing is passed over.

use bytes::{Buf, Bytes};

use super::frames::{BLOCK_BYTES, DIGEST_BYTES, MAX_MESSAGE_BYTES, MAX_NAME_BYTES, MAX_PATH_BYTES, MAX_SIZE, Type};
use super::messages::{Answer, Code, Counts, Digest, Message, Meta, Problem};
use crate::exec::frames::NotAFrame;

pub struct Fields {
    kind: Type,
    rest: Bytes,
}

impl Fields {
    pub fn new(kind: Type, payload: Bytes) -> Self {
        Self { kind, rest: payload }
    }

    pub fn end(&self) -> Result<(), NotAFrame> {
        if self.rest.is_empty() { Ok(()) } else { Err(self.wrong("is too long")) }
    }

    pub fn message(&mut self) -> Result<Message, NotAFrame> {
        Ok(match self.kind {
            Type::Spec => Message::Spec(self.all()),
            Type::Folder => Message::Folder { meta: self.meta()?, name: self.folder_name()? },
            Type::Leave => Message::Leave,
            Type::Link => {
                let (mtime, length) = (self.i64()?, self.u8()?);
                let name = self.take(usize::from(length))?;
                Message::Link { mtime, name: self.name(name)?, target: self.target()? }
            }
            Type::File => {
                let (meta, size, name) = (self.meta()?, self.size()?, self.all());
                Message::File { meta, size, name: self.name(name)? }
            }
            Type::Start => Message::Start(self.offset()?),
            Type::Data => {
                let (offset, bytes) = (self.offset()?, self.all());
                if bytes.is_empty() {
                    return Err(self.wrong("is empty"));
                }
                Message::Data { offset, bytes }
            }
            Type::End => Message::End { grew: self.flag()?, digest: self.digest()? },
            Type::Abandon => Message::Abandon,
            Type::Same => Message::Same,
            Type::Problem => {
                let code = self.u8()?;
                let code = Code::from_byte(code).ok_or_else(|| self.wrong("has an unknown code"))?;
                let length = usize::from(self.u16()?);
                if length > MAX_PATH_BYTES || self.rest.len() > length + MAX_MESSAGE_BYTES {
                    return Err(self.wrong("is too long"));
                }
                let path = self.take(length)?;
                let message = String::from_utf8_lossy(&self.all()).into_owned();
                Message::Problem(Problem { code, path, message })
            }
            Type::Finish => Message::Finish,
            Type::Answer => Message::Answer(match self.u8()? {
                0 => Answer::Send,
                1 => Answer::Part { size: self.offset()?, digest: self.digest()? },
                2 => Answer::Whole { size: self.size()?, digest: self.digest()? },
                3 => Answer::Unchanged,
                4 => Answer::Refused,
                _ => return Err(self.wrong("is no answer")),
            }),
            Type::Done => Message::Done(Counts {
                files: self.size()?,
                unchanged: self.size()?,
                folders: self.size()?,
                links: self.size()?,
                bytes: self.size()?,
            }),
            Type::Failed => Message::Failed(self.all()),
        })
    }

    fn meta(&mut self) -> Result<Meta, NotAFrame> {
        let mode = self.take(4)?.get_u32();
        if mode > 0o7777 {
            return Err(self.wrong("has no mode"));
        }
        Ok(Meta { mode, mtime: self.i64()? })
    }

    /// One step of a path: never out of a folder, never past one.
    fn name(&self, name: Bytes) -> Result<Bytes, NotAFrame> {
        let is_step = !matches!(&name[..], b"" | b"." | b"..") && !name.iter().any(|byte| matches!(byte, 0 | b'/'));
        if is_step && name.len() <= MAX_NAME_BYTES { Ok(name) } else { Err(self.wrong("has no name")) }
    }

    fn folder_name(&mut self) -> Result<Bytes, NotAFrame> {
        let name = self.all();
        if name.is_empty() { Ok(name) } else { self.name(name) }
    }

    fn target(&mut self) -> Result<Bytes, NotAFrame> {
        let target = self.all();
        let is_one = !target.is_empty() && target.len() < MAX_PATH_BYTES && !target.contains(&0);
        if is_one { Ok(target) } else { Err(self.wrong("leads nowhere")) }
    }

    fn offset(&mut self) -> Result<u64, NotAFrame> {
        let offset = self.size()?;
        if offset.is_multiple_of(BLOCK_BYTES as u64) { Ok(offset) } else { Err(self.wrong("is not at a block")) }
    }

    fn size(&mut self) -> Result<u64, NotAFrame> {
        let size = self.take(8)?.get_u64();
        if size <= MAX_SIZE { Ok(size) } else { Err(self.wrong("has a size beyond all files")) }
    }

    fn flag(&mut self) -> Result<bool, NotAFrame> {
        match self.u8()? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(self.wrong("says neither yes nor no")),
        }
    }

    fn digest(&mut self) -> Result<Digest, NotAFrame> {
        let bytes = self.take(DIGEST_BYTES)?;
        Ok(bytes[..].try_into().expect("taken at this length"))
    }

    fn i64(&mut self) -> Result<i64, NotAFrame> {
        Ok(self.take(8)?.get_i64())
    }

    fn u16(&mut self) -> Result<u16, NotAFrame> {
        Ok(self.take(2)?.get_u16())
    }

    fn u8(&mut self) -> Result<u8, NotAFrame> {
        Ok(self.take(1)?.get_u8())
    }

    fn take(&mut self, count: usize) -> Result<Bytes, NotAFrame> {
        if self.rest.len() < count { Err(self.wrong("is too short")) } else { Ok(self.rest.split_to(count)) }
    }

    fn all(&mut self) -> Bytes {
        std::mem::take(&mut self.rest)
    }

    fn wrong(&self, how: &str) -> NotAFrame {
        NotAFrame(format!("a {:?} frame {how}", self.kind))
    }
}

impl Code {
    fn from_byte(byte: u8) -> Option<Self> {
        use Code::*;
        [NotFound, Special, Unreadable, Changed, Grew, Limit, InTheWay, Unwritable, Busy, Damaged]
            .into_iter()
            .find(|&code| code as u8 == byte)
    }
}
