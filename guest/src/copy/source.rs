//! A file to be sent, open from the moment it was announced.

use std::os::fd::{BorrowedFd, OwnedFd};

use rustix::fs::{FileType, Mode, OFlags, fstat, fstatfs, openat};
use rustix::io::{Errno, pread};

use super::digest::{Content, NotRead, Pieces, is_zero, read_content};
use super::folder::{kind_of, mtime_of, os};
use super::frames::{BLOCK_BYTES, MAX_SIZE};
use super::messages::{Answer, Code, Digest, Message, Meta};
use super::pending::Why;
use super::wire::{Stop, Wire};
use crate::reason::reason;

pub struct Source {
    file: OwnedFd,
    pub path: Vec<u8>,
    pub meta: Meta,
    pub size: u64,
}

impl Source {
    /// Opens `name` in `folder`. What became something else since it was looked at is no file to be sent.
    pub fn open(folder: BorrowedFd, name: &[u8], path: &[u8], follow: bool) -> Result<Self, Why> {
        let mut flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        flags.set(OFlags::NOFOLLOW, !follow);
        let file = openat(folder, os(name), flags, Mode::empty()).map_err(unreadable)?;
        let stat = fstat(&file).map_err(unreadable)?;
        if kind_of(&stat) != FileType::RegularFile {
            return Err((Code::Changed, "it became something else".into()));
        }
        if is_made_up(&file) {
            return Err((Code::Unreadable, MADE_UP.into()));
        }
        let size = stat.st_size.cast_unsigned();
        if size > MAX_SIZE {
            return Err((Code::Limit, "it is larger than any file that is copied".into()));
        }
        let meta = Meta { mode: stat.st_mode & 0o7777, mtime: mtime_of(&stat) };
        Ok(Self { file, path: path.to_vec(), meta, size })
    }

    /// Sends what the receiver wants of it.
    pub fn serve(self, answer: Answer, wire: &mut Wire) -> Result<(), Stop> {
        let (from, content) = match answer {
            Answer::Unchanged | Answer::Refused => return Ok(()),
            Answer::Send => (0, Content::default()),
            Answer::Part { size, digest } | Answer::Whole { size, digest } => {
                match self.compare(size, &digest, wire)? {
                    Some(_) if matches!(answer, Answer::Whole { .. }) => return wire.send(&Message::Same),
                    Some(content) => (size, content),
                    None => (0, Content::default()),
                }
            }
        };
        wire.send(&Message::Start(from))?;
        match self.send_content(from, content, wire)? {
            Ok(digest) => self.end(digest, wire),
            Err(why) => self.abandon(why, wire),
        }
    }

    /// The content up to `size`, if it has this digest.
    fn compare(&self, size: u64, digest: &Digest, wire: &mut Wire) -> Result<Option<Content>, Stop> {
        if size > self.size {
            return Err(Stop::Protocol);
        }
        match read_content(&self.file, size, || !wire.is_gone()) {
            Ok(None) => Err(Stop::Gone),
            Ok(Some(content)) => Ok((content.at(size) == *digest).then_some(content)),
            // Sending it finds the same, and tells it.
            Err(_) => Ok(None),
        }
    }

    fn send_content(&self, from: u64, mut content: Content, wire: &mut Wire) -> Result<Result<Digest, NotRead>, Stop> {
        let mut pieces = Pieces::new(&self.file, from, self.size);
        loop {
            let (offset, bytes) = match pieces.next() {
                Ok(Some(piece)) => piece,
                Ok(None) => return Ok(Ok(content.at(self.size))),
                Err(not_read) => return Ok(Err(not_read)),
            };
            content.add_all(offset, bytes);
            // Of zeros nothing is sent, and so nothing would tell that nobody wants it any more.
            if wire.is_gone() {
                return Err(Stop::Gone);
            }
            for (at, run) in runs(bytes) {
                wire.send(&Message::Data { offset: offset + at as u64, bytes: run.to_vec().into() })?;
            }
        }
    }

    fn end(&self, digest: Digest, wire: &mut Wire) -> Result<(), Stop> {
        let now = match fstat(&self.file) {
            Ok(now) => now,
            Err(errno) => return self.abandon(NotRead::Io(errno.into()), wire),
        };
        // A file of /proc says that it is empty and is not.
        let has_more = matches!(pread(&self.file, &mut [0_u8][..], self.size), Ok(count) if count > 0);
        let grew = has_more || now.st_size.cast_unsigned() > self.size;
        if grew {
            wire.tell(
                Code::Grew,
                &self.path,
                format!("it grew while it was read: its first {} bytes were copied", self.size),
            )?;
        } else if now.st_size.cast_unsigned() < self.size || mtime_of(&now) != self.meta.mtime {
            return self.abandon(NotRead::Shrunk, wire);
        }
        wire.send(&Message::End { grew, digest })
    }

    fn abandon(&self, not_read: NotRead, wire: &mut Wire) -> Result<(), Stop> {
        match not_read {
            NotRead::Shrunk => wire.tell(Code::Changed, &self.path, "it changed while it was read")?,
            NotRead::Io(error) => {
                wire.tell(Code::Unreadable, &self.path, format!("it cannot be read: {}", reason(error)))?
            }
        }
        wire.send(&Message::Abandon)
    }
}

const MADE_UP: &str = "the kernel makes it up as it is read, and its size is not known: read it with cat";
/// Of proc, sysfs, cgroup, cgroup2, debugfs, tracefs, securityfs and bpf.
const MADE_UP_MAGIC: [u64; 8] =
    [0x9fa0, 0x6265_6572, 0x0027_e0eb, 0x6367_7270, 0x6462_6720, 0x7472_6163, 0x7363_6673, 0xcafe_4a11];

/// Files that say they are empty and are not, or that they are as large as all memory there could be.
fn is_made_up(file: &OwnedFd) -> bool {
    fstatfs(file).is_ok_and(|system| MADE_UP_MAGIC.contains(&(system.f_type as u64)))
}

/// The runs of blocks that are not zero, each with where it begins.
fn runs(bytes: &[u8]) -> Vec<(usize, &[u8])> {
    let mut runs = Vec::new();
    let mut start = 0;
    for (at, block) in bytes.chunks(BLOCK_BYTES).enumerate() {
        if is_zero(block) {
            let end = at * BLOCK_BYTES;
            if end > start {
                runs.push((start, &bytes[start..end]));
            }
            start = end + block.len();
        }
    }
    if bytes.len() > start {
        runs.push((start, &bytes[start..]));
    }
    runs
}

pub fn unreadable(errno: Errno) -> Why {
    match errno {
        Errno::NOENT => (Code::NotFound, "there is no such file or folder".into()),
        errno => (Code::Unreadable, format!("it cannot be read: {}", reason(errno))),
    }
}
