//! What a client has open.

use std::collections::BTreeMap;
use std::fs::{File, ReadDir};
use std::path::PathBuf;

use super::answer::Refusal;
use super::packet::MAX_HANDLES;

pub enum Open {
    /// One that is only written at its end gets no other place.
    File { file: File, appends: bool },
    /// The two names that every folder has come first.
    Folder { path: PathBuf, entries: ReadDir, dots: &'static [&'static str] },
}

#[derive(Default)]
pub struct Handles {
    open: BTreeMap<u32, Open>,
    next: u32,
}

impl Handles {
    pub fn add(&mut self, open: Open) -> Result<[u8; 4], Refusal> {
        if self.open.len() >= MAX_HANDLES {
            return Err(std::io::Error::from_raw_os_error(libc::EMFILE).into());
        }
        while self.open.contains_key(&self.next) {
            self.next = self.next.wrapping_add(1);
        }
        let number = self.next;
        self.next = number.wrapping_add(1);
        self.open.insert(number, open);
        Ok(number.to_be_bytes())
    }

    pub fn get(&mut self, handle: &[u8]) -> Result<&mut Open, Refusal> {
        number(handle).and_then(|number| self.open.get_mut(&number)).ok_or_else(unknown)
    }

    pub fn file(&mut self, handle: &[u8]) -> Result<(&File, bool), Refusal> {
        match self.get(handle)? {
            Open::File { file, appends } => Ok((file, *appends)),
            Open::Folder { .. } => Err(unknown()),
        }
    }

    pub fn close(&mut self, handle: &[u8]) -> Result<(), Refusal> {
        number(handle).and_then(|number| self.open.remove(&number)).map(drop).ok_or_else(unknown)
    }
}

fn number(handle: &[u8]) -> Option<u32> {
    handle.try_into().ok().map(u32::from_be_bytes)
}

fn unknown() -> Refusal {
    std::io::Error::from_raw_os_error(libc::EBADF).into()
}
