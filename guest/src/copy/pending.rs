//! A file that was announced and whose content is yet to come.

use std::os::fd::OwnedFd;
use std::rc::Rc;

use bytes::Bytes;
use rustix::fs::{Access, AtFlags, FileType, Mode, OFlags, Stat, accessat, fchmod, futimens, openat};
use rustix::io::Errno;

use super::digest::{Content, read_content};
use super::folder::{Folder, Owner, changed_at, give, kind_of, mtime_of, os};
use super::frames::BLOCK_BYTES;
use super::messages::{Answer, Code, Digest, Meta};
use super::part::{NotPlaced, Part};
use super::wire::Stop;
use crate::reason::reason;

/// Why something of a tree was not kept, and what is told of it.
pub type Why = (Code, String);

pub struct Pending {
    pub folder: Rc<Folder>,
    pub name: Bytes,
    pub path: Vec<u8>,
    pub meta: Meta,
    pub size: u64,
    state: State,
}

enum State {
    Announced,
    /// This much had arrived before.
    Begun {
        part: Part,
        size: u64,
        content: Content,
    },
    /// A file that may be the same stands in its place.
    Standing(OwnedFd),
    Arriving(Part),
    /// It cannot be kept, which was told; what comes of it is dropped.
    Lost,
}

/// What of the wishes decides about a file.
#[derive(Clone, Copy)]
pub struct Known {
    pub resume: bool,
    pub checksum: bool,
    pub owner: Owner,
}

impl Pending {
    pub fn new(folder: Rc<Folder>, name: Bytes, path: Vec<u8>, meta: Meta, size: u64) -> Self {
        Self { folder, name, path, meta, size, state: State::Announced }
    }

    /// What is wanted of it. `still_wanted` is asked while files are read for that.
    pub fn decide(&mut self, known: Known, still_wanted: impl Fn() -> bool) -> Result<Answer, Why> {
        let found = self.folder.find(&self.name).map_err(unwritable)?;
        if found.as_ref().is_some_and(|found| kind_of(found) == FileType::Directory) {
            return Err(in_the_way(Errno::ISDIR));
        }
        require_replaceable(found.as_ref())?;
        if !known.resume {
            return self.want_all();
        }
        let standing = found.filter(|found| kind_of(found) == FileType::RegularFile);
        let standing = standing.filter(|found| found.st_size.cast_unsigned() == self.size);
        if !known.checksum
            && let Some(found) = standing.as_ref().filter(|found| mtime_of(found) == self.meta.mtime)
        {
            return self.keep(found, known.owner).map(|()| Answer::Unchanged).map_err(unwritable);
        }
        if let Some((part, arrived)) = Part::find(&self.folder, &self.name).map_err(not_placed)? {
            let size = arrived.min(self.size - self.size % BLOCK_BYTES as u64);
            if size > 0
                && let Ok(Some(content)) = read_content(part.file(), size, &still_wanted)
            {
                let digest = content.at(size);
                self.state = State::Begun { part, size, content };
                return Ok(Answer::Part { size, digest });
            }
        }
        if known.checksum
            && standing.is_some()
            && let Ok(file) = self.open_standing()
            && let Ok(Some(content)) = read_content(&file, self.size, &still_wanted)
        {
            self.state = State::Standing(file);
            return Ok(Answer::Whole { size: self.size, digest: content.at(self.size) });
        }
        self.want_all()
    }

    /// Where nothing can be written it is said before everything is sent for nothing.
    fn want_all(&self) -> Result<Answer, Why> {
        accessat(&self.folder.fd, ".", Access::WRITE_OK, AtFlags::EACCESS).map_err(unwritable)?;
        Ok(Answer::Send)
    }

    /// Content follows, from `offset` on.
    pub fn start(&mut self, offset: u64) -> Result<Result<(), Why>, Stop> {
        let opened = match std::mem::replace(&mut self.state, State::Lost) {
            State::Begun { part, size, content } if offset == size => Ok((part, content)),
            State::Begun { part, .. } if offset == 0 => Ok((part, Content::default())),
            State::Announced | State::Standing(_) if offset == 0 => {
                Part::open(&self.folder, &self.name).map(|part| (part, Content::default()))
            }
            _ => return Err(Stop::Protocol),
        };
        let (mut part, content) = match opened {
            Ok(opened) => opened,
            Err(error) => return Ok(Err(not_placed(error))),
        };
        part.go_on(offset, content).map_err(|errno| self.full(errno))?;
        self.state = State::Arriving(part);
        Ok(Ok(()))
    }

    /// Says whether it was kept.
    pub fn data(&mut self, offset: u64, bytes: &[u8]) -> Result<bool, Stop> {
        if offset.saturating_add(bytes.len() as u64) > self.size {
            return Err(Stop::Protocol);
        }
        match &mut self.state {
            State::Lost => Ok(false),
            State::Arriving(part) if offset >= part.end => {
                part.write(offset, bytes).map(|()| true).map_err(|errno| self.full(errno))
            }
            _ => Err(Stop::Protocol),
        }
    }

    /// All of it was sent. True when it has its name now.
    pub fn end(self, digest: &Digest, owner: Owner) -> Result<Result<bool, Why>, Stop> {
        let part = match self.state {
            State::Lost => return Ok(Ok(false)),
            State::Arriving(part) => part,
            _ => return Err(Stop::Protocol),
        };
        if part.digest(self.size) != *digest {
            part.discard(&self.folder);
            return Ok(Err((Code::Damaged, "what arrived is not what was sent".into())));
        }
        Ok(match part.place(&self.folder, &self.name, self.size, self.meta, owner) {
            Ok(()) => Ok(true),
            Err(error) => {
                if !matches!(error, NotPlaced::Busy) {
                    part.discard(&self.folder);
                }
                Err(not_placed(error))
            }
        })
    }

    /// The sender found what stands there to be the same.
    pub fn same(self, owner: Owner) -> Result<Result<(), Why>, Stop> {
        let State::Standing(file) = &self.state else { return Err(Stop::Protocol) };
        Ok(self.dress(file, owner).map_err(unwritable))
    }

    /// What stands there has the content already; owner and mode are given to it where they differ.
    fn keep(&self, found: &Stat, owner: Owner) -> Result<(), Errno> {
        let is_given = owner.is_none_or(|(uid, gid)| (found.st_uid, found.st_gid) == (uid.as_raw(), gid.as_raw()));
        if is_given && found.st_mode & 0o7777 == self.meta.mode {
            return Ok(());
        }
        self.dress(&self.open_standing()?, owner)
    }

    fn open_standing(&self) -> Result<OwnedFd, Errno> {
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        openat(&self.folder.fd, os(&self.name), flags, Mode::empty())
    }

    fn dress(&self, file: &OwnedFd, owner: Owner) -> Result<(), Errno> {
        give(file, owner)?;
        fchmod(file, Mode::from_raw_mode(self.meta.mode))?;
        futimens(file, &changed_at(self.meta.mtime))
    }

    /// The sender cannot send the rest of it.
    pub fn abandon(self) {
        if let State::Arriving(part) | State::Begun { part, .. } = self.state {
            part.discard(&self.folder);
        }
    }

    /// It cannot be written on: no other file will fare better.
    fn full(&self, errno: Errno) -> Stop {
        let code = if matches!(errno, Errno::NOSPC | Errno::DQUOT) { "no_space" } else { "io" };
        let path = String::from_utf8_lossy(&self.path);
        Stop::failed(code, format!("cannot go on writing {path} in the guest: {}", reason(errno)))
    }
}

pub fn unwritable(errno: Errno) -> Why {
    (Code::Unwritable, format!("it cannot be written: {}", reason(errno)))
}

/// A device, a pipe or a socket stays: to put a file in its place would take it from whoever uses it.
pub fn require_replaceable(found: Option<&Stat>) -> Result<(), Why> {
    match found.map(kind_of) {
        None | Some(FileType::RegularFile | FileType::Symlink | FileType::Directory) => Ok(()),
        Some(_) => Err((Code::InTheWay, "a device, a pipe or a socket is in its place".into())),
    }
}

pub fn in_the_way(errno: Errno) -> Why {
    match errno {
        Errno::ISDIR | Errno::EXIST | Errno::NOTEMPTY => (Code::InTheWay, "a folder is in its place".into()),
        errno => unwritable(errno),
    }
}

fn not_placed(error: NotPlaced) -> Why {
    match error {
        NotPlaced::Busy => (Code::Busy, "another copy is writing it".into()),
        NotPlaced::Io(errno) => in_the_way(errno),
    }
}
