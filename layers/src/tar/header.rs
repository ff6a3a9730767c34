//! One entry, and the block of 512 bytes that tells of it.

use super::number;
use super::sparse::Piece;
use crate::refusal::{Outcome, Refusal};

pub type Block = [u8; super::BLOCK];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    File,
    Folder,
    HardLink,
    SymbolicLink,
    CharacterDevice,
    BlockDevice,
    Fifo,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Times {
    /// Seconds since 1970.
    pub seconds: i64,
    pub nanoseconds: u32,
}

/// What an archive says of one thing. Nothing of it was looked at for sense but its numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    pub path: Vec<u8>,
    pub kind: Kind,
    /// Where a link leads.
    pub link: Vec<u8>,
    /// Permissions, with setuid, setgid and sticky.
    pub mode: u16,
    pub user: u32,
    pub group: u32,
    pub modified: Times,
    /// Major and minor.
    pub device: (u32, u32),
    /// Of a file, holes included.
    pub size: u64,
    /// Of a sparse file, where its content goes; what lies between is zeros.
    pub pieces: Option<Vec<Piece>>,
    /// Full names and values, sorted, none twice.
    pub attributes: Vec<(Vec<u8>, Vec<u8>)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    Old,
    Ustar,
    Star,
    Gnu,
}

/// The fields, by what they say and not yet what they mean.
pub struct Fields<'a> {
    block: &'a Block,
    pub form: Form,
}

impl<'a> Fields<'a> {
    /// Refuses a block whose sum does not fit.
    pub fn open(block: &'a Block) -> Outcome<Self> {
        let sum = number::parse(&block[148..156])?;
        let as_read = |byte: u8, at: usize| if (148..156).contains(&at) { b' ' } else { byte };
        let unsigned: i64 = block.iter().enumerate().map(|(at, &byte)| i64::from(as_read(byte, at))).sum();
        // Some old programs took bytes for signed ones.
        let signed: i64 = block.iter().enumerate().map(|(at, &byte)| i64::from(as_read(byte, at).cast_signed())).sum();
        if sum != unsigned && sum != signed {
            return Err(Refusal::damaged("a header's checksum is wrong"));
        }
        let form = match (&block[257..263], &block[263..265], &block[508..512]) {
            (b"ustar\0", _, b"tar\0") => Form::Star,
            (b"ustar\0", _, _) => Form::Ustar,
            (b"ustar ", b" \0", _) => Form::Gnu,
            _ => Form::Old,
        };
        Ok(Self { block, form })
    }

    pub fn type_flag(&self) -> u8 {
        self.block[156]
    }

    pub fn path(&self) -> Vec<u8> {
        let name = text(&self.block[..100]);
        let prefix = match self.form {
            Form::Ustar => text(&self.block[345..500]),
            Form::Star => text(&self.block[345..476]),
            Form::Old | Form::Gnu => b"",
        };
        if prefix.is_empty() { name.to_vec() } else { [prefix, b"/", name].concat() }
    }

    pub fn link(&self) -> Vec<u8> {
        text(&self.block[157..257]).to_vec()
    }

    pub fn mode(&self) -> Outcome<i64> {
        number::parse(&self.block[100..108])
    }

    pub fn user(&self) -> Outcome<i64> {
        number::parse(&self.block[108..116])
    }

    pub fn group(&self) -> Outcome<i64> {
        number::parse(&self.block[116..124])
    }

    pub fn size(&self) -> Outcome<i64> {
        number::parse(&self.block[124..136])
    }

    pub fn modified(&self) -> Outcome<i64> {
        number::parse(&self.block[136..148])
    }

    pub fn device(&self) -> Outcome<(i64, i64)> {
        if self.form == Form::Old {
            return Ok((0, 0));
        }
        Ok((number::parse(&self.block[329..337])?, number::parse(&self.block[337..345])?))
    }
}

/// Up to the first NUL.
pub fn text(field: &[u8]) -> &[u8] {
    &field[..field.iter().position(|&byte| byte == 0).unwrap_or(field.len())]
}
