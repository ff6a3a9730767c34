//! A file that is arriving. It has a name of its own beside its place until it is whole and verified.
//!
//! The name follows from the file's name, so that a copy that was cut off finds what had arrived. Who writes it holds its lock:
//! of two copies to one place one is told so, and neither gives its name to what the other wrote.

use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

use rustix::fs::{
    AtFlags, FileType, FlockOperation, Mode, OFlags, fchmod, fdatasync, flock, fstat, ftruncate, futimens, openat,
    renameat, unlinkat,
};
use rustix::io::{Errno, pwrite};
use rustix::process::geteuid;
use sha2::{Digest as _, Sha256};

use super::digest::Content;
use super::folder::{Folder, Owner, changed_at, give, kind_of, os};
use super::frames::BLOCK_BYTES;
use super::messages::{Digest, Meta};

const BEGINNING: &[u8] = b".banger-";
const END: &[u8] = b".part";
const DIGITS: usize = 16;

/// A copy that was cut off a moment ago may not have heard of it yet, when somebody goes on with it at once.
const PATIENCE: Duration = Duration::from_secs(3);
const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// Where what arrives for `name` is kept. Of no name: the mark of a folder that was made and is not whole.
pub fn part_name(name: &[u8]) -> Vec<u8> {
    let hash = Sha256::digest(name);
    let digits: String = hash[..DIGITS / 2].iter().map(|byte| format!("{byte:02x}")).collect();
    [BEGINNING, digits.as_bytes(), END].concat()
}

/// Such names are never copied.
pub fn is_part_name(name: &[u8]) -> bool {
    let digits = name.strip_prefix(BEGINNING).and_then(|rest| rest.strip_suffix(END));
    digits.is_some_and(|digits| digits.len() == DIGITS && digits.iter().all(u8::is_ascii_hexdigit))
}

pub struct Part {
    file: OwnedFd,
    name: Vec<u8>,
    /// Where the next block may begin at the earliest.
    pub end: u64,
    content: Content,
}

#[derive(Debug)]
pub enum NotPlaced {
    Busy,
    Io(Errno),
}

impl From<Errno> for NotPlaced {
    fn from(errno: Errno) -> Self {
        Self::Io(errno)
    }
}

impl Part {
    /// What had arrived, and how much: whole blocks.
    pub fn find(folder: &Folder, name: &[u8]) -> Result<Option<(Self, u64)>, NotPlaced> {
        let name = part_name(name);
        let Some(file) = open_existing(folder, &name)? else { return Ok(None) };
        let part = Self::lock(folder, file, name)?;
        let size = fstat(&part.file)?.st_size.cast_unsigned();
        Ok(Some((part, size - size % BLOCK_BYTES as u64)))
    }

    /// Opens what had arrived, or makes an empty one.
    pub fn open(folder: &Folder, name: &[u8]) -> Result<Self, NotPlaced> {
        let name = part_name(name);
        if let Some(file) = open_existing(folder, &name)? {
            return Self::lock(folder, file, name);
        }
        let flags = OFlags::RDWR | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let file = openat(&folder.fd, os(&name), flags, Mode::RUSR | Mode::WUSR).map_err(|errno| match errno {
            // Made by somebody else this very moment.
            Errno::EXIST => NotPlaced::Busy,
            errno => NotPlaced::Io(errno),
        })?;
        Self::lock(folder, file, name)
    }

    fn lock(folder: &Folder, file: OwnedFd, name: Vec<u8>) -> Result<Self, NotPlaced> {
        let deadline = Instant::now() + PATIENCE;
        while flock(&file, FlockOperation::NonBlockingLockExclusive).is_err() {
            if Instant::now() > deadline {
                return Err(NotPlaced::Busy);
            }
            std::thread::sleep(LOOK_AGAIN);
        }
        let part = Self { file, name, end: 0, content: Content::default() };
        // Whoever had the lock until now has given it its name.
        if part.is_named(folder)? { Ok(part) } else { Err(NotPlaced::Busy) }
    }

    pub fn file(&self) -> &OwnedFd {
        &self.file
    }

    /// Goes on behind what is there up to `end`, which `content` is of.
    pub fn go_on(&mut self, end: u64, content: Content) -> Result<(), Errno> {
        ftruncate(&self.file, end)?;
        (self.end, self.content) = (end, content);
        Ok(())
    }

    /// Writes blocks at or behind `end`; what is left out between is a hole.
    pub fn write(&mut self, offset: u64, bytes: &[u8]) -> Result<(), Errno> {
        self.content.add_all(offset, bytes);
        let mut written = 0;
        while written < bytes.len() {
            match pwrite(&self.file, &bytes[written..], offset + written as u64) {
                Ok(count) => written += count,
                Err(Errno::INTR) => {}
                Err(errno) => return Err(errno),
            }
        }
        let block = BLOCK_BYTES as u64;
        self.end = (offset + bytes.len() as u64).next_multiple_of(block);
        Ok(())
    }

    pub fn digest(&self, size: u64) -> Digest {
        self.content.at(size)
    }

    /// Gives it its name. What had that name is replaced; a folder is not.
    pub fn place(&self, folder: &Folder, name: &[u8], size: u64, meta: Meta, owner: Owner) -> Result<(), NotPlaced> {
        if fstat(&self.file)?.st_size.cast_unsigned() != size {
            ftruncate(&self.file, size)?;
            // Its size no longer tells how far it was written: after a crash it must not look whole.
            fdatasync(&self.file)?;
        }
        give(&self.file, owner)?;
        fchmod(&self.file, Mode::from_raw_mode(meta.mode))?;
        futimens(&self.file, &changed_at(meta.mtime))?;
        if !self.is_named(folder)? {
            return Err(NotPlaced::Busy);
        }
        Ok(renameat(&folder.fd, os(&self.name), &folder.fd, os(name))?)
    }

    pub fn discard(self, folder: &Folder) {
        // Left behind it is only litter, and the next copy of this file uses it.
        let _ = unlinkat(&folder.fd, os(&self.name), AtFlags::empty());
    }

    fn is_named(&self, folder: &Folder) -> Result<bool, Errno> {
        let ours = fstat(&self.file)?;
        let named = folder.find(&self.name)?;
        Ok(named.is_some_and(|named| (named.st_dev, named.st_ino) == (ours.st_dev, ours.st_ino)))
    }
}

/// A file under this name that only we can have made. Anything else is in the way of us alone, and removed.
fn open_existing(folder: &Folder, name: &[u8]) -> Result<Option<OwnedFd>, Errno> {
    let Some(found) = folder.find(name)? else { return Ok(None) };
    if kind_of(&found) == FileType::RegularFile && found.st_nlink == 1 && found.st_uid == geteuid().as_raw() {
        let flags = OFlags::RDWR | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let file = openat(&folder.fd, os(name), flags, Mode::empty())?;
        let opened = fstat(&file)?;
        if (opened.st_dev, opened.st_ino) == (found.st_dev, found.st_ino) {
            return Ok(Some(file));
        }
    }
    unlinkat(&folder.fd, os(name), AtFlags::empty())?;
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_a_moment_for_a_copy_that_was_cut_off() {
        let path = std::env::temp_dir().join(format!("banger-part-{}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        let flags = OFlags::RDONLY | OFlags::DIRECTORY;
        let folder = Folder::existing(rustix::fs::open(&path, flags, Mode::empty()).unwrap());
        let first = Part::open(&folder, b"x").unwrap();
        let release = std::thread::spawn(move || {
            std::thread::sleep(Duration::from_millis(100));
            drop(first);
        });
        let second = Part::find(&folder, b"x").unwrap();
        assert!(second.is_some());
        release.join().unwrap();
        // One that goes on is not waited for.
        assert!(matches!(Part::find(&folder, b"x"), Err(NotPlaced::Busy)));
        std::fs::remove_dir_all(&path).unwrap();
    }
}
