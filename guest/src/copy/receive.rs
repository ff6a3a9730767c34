//! The receiving side. Every name that arrives is one step below a folder that is held open; links are made and never followed.

use std::collections::VecDeque;
use std::path::Path;
use std::rc::Rc;

use bytes::Bytes;
use rustix::fs::{Gid, Uid, syncfs};
use rustix::io::Errno;

use super::folder::{Folder, Owner};
use super::frames::MAX_PATH_BYTES;
use super::link::make_link;
use super::messages::{Answer, Code, Counts, Digest, Message, Meta};
use super::part::is_part_name;
use super::pending::{Known, Pending, Why, in_the_way, require_replaceable, unwritable};
use super::target::{Target, mark, unmark};
use super::wire::{Stop, Wire};
use crate::exec::user::Account;
use crate::reason::reason;

pub const MAX_ENTRIES: u64 = 2_000_000;
pub const MAX_DEPTH: usize = 128;
/// Files that may be announced before their content comes. Each has descriptors open.
pub const MAX_ANNOUNCED: usize = 64;

pub struct Wishes {
    pub to: String,
    pub several: bool,
    pub owner: Option<String>,
    pub resume: bool,
    pub checksum: bool,
    /// Whether the file systems are a guest's own, and to be flushed before it is said that all is done.
    pub to_disk: bool,
}

struct Receiver<'a> {
    wire: &'a mut Wire,
    wishes: &'a Wishes,
    owner: Owner,
    target: Target,
    /// Folders that are open, and how long the path was before each.
    stack: Vec<(Rc<Folder>, usize)>,
    path: Vec<u8>,
    /// How deep we are below a folder that could not be kept.
    lost: usize,
    pending: VecDeque<Pending>,
    counts: Counts,
    entries: u64,
    /// Entries that lie in no other.
    tops: u64,
    /// The folder that was made under the name asked for.
    made: Option<Rc<Folder>>,
}

pub fn receive(wire: &mut Wire, wishes: &Wishes) -> Result<(), Stop> {
    let account =
        Account::find(wishes.owner.as_deref()).map_err(|failure| Stop::failed("bad_user", failure.message))?;
    let home = if Path::new(&account.home).is_dir() { &account.home } else { "/" };
    let path = if wishes.to.starts_with('/') { wishes.to.clone() } else { format!("{home}/{}", wishes.to) };
    let target = Target::open(&path, wishes.several, wishes.resume)?;
    let owner = wishes.owner.as_ref().map(|_| (Uid::from_raw(account.uid), Gid::from_raw(account.gid)));
    let mut receiver = Receiver {
        wire,
        wishes,
        owner,
        target,
        stack: Vec::new(),
        path: Vec::new(),
        lost: 0,
        pending: VecDeque::new(),
        counts: Counts::default(),
        entries: 0,
        tops: 0,
        made: None,
    };
    while receiver.step()? {}
    let (counts, base) = (receiver.counts, receiver.target.base.clone());
    drop(receiver);
    if wishes.to_disk {
        flush(&base)?;
    }
    wire.send(&Message::Done(counts))
}

/// What is told to be there outlives the guest, however it ends. A tree may lie on several file systems; of one it is told whether that failed.
fn flush(base: &Folder) -> Result<(), Stop> {
    rustix::fs::sync();
    syncfs(&base.fd)
        .map_err(|errno| Stop::failed("io", format!("cannot write what was copied to the disk: {}", reason(errno))))
}

impl Receiver<'_> {
    /// Takes one message; false after the last.
    fn step(&mut self) -> Result<bool, Stop> {
        match self.wire.receive()? {
            Message::Folder { meta, name } => self.folder(meta, &name)?,
            Message::Leave => self.leave()?,
            Message::Link { mtime, name, target } => self.link(mtime, &name, &target)?,
            Message::File { meta, size, name } => self.file(meta, size, &name)?,
            Message::Start(offset) => self.start(offset)?,
            Message::Data { offset, bytes } => self.data(offset, &bytes)?,
            Message::End { digest, .. } => self.end(&digest)?,
            Message::Abandon => {
                self.pending.pop_front().ok_or(Stop::Protocol)?.abandon();
            }
            Message::Same => self.same()?,
            Message::Finish => {
                if !self.pending.is_empty() || !self.stack.is_empty() || self.lost > 0 {
                    return Err(Stop::Protocol);
                }
                if let Some(made) = self.made.take() {
                    unmark(&made);
                }
                return Ok(false);
            }
            _ => return Err(Stop::Protocol),
        }
        Ok(true)
    }

    fn folder(&mut self, meta: Meta, name: &Bytes) -> Result<(), Stop> {
        self.count()?;
        if self.lost > 0 {
            self.lost += 1;
            return Ok(());
        }
        let before = self.path.len();
        if name.is_empty() && self.target.rename.is_none() {
            // The place itself, for what lies in a folder that was named with a dot.
            if !self.stack.is_empty() {
                return Err(Stop::Protocol);
            }
            self.stack.push((self.target.base.clone(), before));
            return Ok(());
        }
        let is_top = self.stack.is_empty();
        let (parent, name) = self.place(name)?;
        self.step_into(&name);
        let entered = if self.stack.len() >= MAX_DEPTH {
            Err((Code::Limit, format!("it lies more than {MAX_DEPTH} folders deep")))
        } else {
            self.check(&name).and_then(|()| self.enter(&parent, &name, meta, is_top))
        };
        match entered {
            Ok(folder) => self.stack.push((folder, before)),
            Err((code, why)) => {
                self.wire.tell(code, &self.path, why)?;
                self.path.truncate(before);
                self.lost = 1;
            }
        }
        Ok(())
    }

    fn enter(&mut self, parent: &Folder, name: &[u8], meta: Meta, is_top: bool) -> Result<Rc<Folder>, Why> {
        let meta = self.without_set_id(meta);
        let (folder, made) =
            Folder::enter(parent, name, meta, self.owner, self.wishes.resume).map_err(|errno| match errno {
                Errno::LOOP | Errno::NOTDIR => (Code::InTheWay, "something that is no folder is in its place".into()),
                errno => unwritable(errno),
            })?;
        let folder = Rc::new(folder);
        if is_top && self.target.rename.is_some() {
            if made {
                mark(&folder).map_err(unwritable)?;
            }
            self.made = Some(folder.clone());
        }
        self.counts.folders += u64::from(made);
        Ok(folder)
    }

    fn leave(&mut self) -> Result<(), Stop> {
        if self.lost > 0 {
            self.lost -= 1;
            return Ok(());
        }
        let (_folder, before) = self.stack.pop().ok_or(Stop::Protocol)?;
        self.path.truncate(before);
        Ok(())
    }

    fn link(&mut self, mtime: i64, name: &Bytes, target: &[u8]) -> Result<(), Stop> {
        self.count()?;
        if self.lost > 0 {
            return Ok(());
        }
        self.take_no_folder()?;
        let (folder, name) = self.place(name)?;
        let before = self.path.len();
        self.step_into(&name);
        let made = self
            .check(&name)
            .and_then(|()| folder.find(&name).map_err(unwritable))
            .and_then(|found| require_replaceable(found.as_ref()))
            .and_then(|()| make_link(&folder, &name, target, mtime, self.owner).map_err(in_the_way));
        match made {
            Ok(()) => self.counts.links += 1,
            Err((code, why)) => self.wire.tell(code, &self.path, why)?,
        }
        self.path.truncate(before);
        Ok(())
    }

    fn file(&mut self, meta: Meta, size: u64, name: &Bytes) -> Result<(), Stop> {
        self.count()?;
        if self.pending.len() >= MAX_ANNOUNCED {
            return Err(Stop::Protocol);
        }
        if self.lost > 0 {
            return self.wire.send(&Message::Answer(Answer::Refused));
        }
        self.take_no_folder()?;
        let (folder, name) = self.place(name)?;
        let before = self.path.len();
        self.step_into(&name);
        let checked = self.check(&name);
        let mut pending = Pending::new(folder, name, self.path.clone(), self.without_set_id(meta), size);
        self.path.truncate(before);
        let Wishes { resume, checksum, .. } = *self.wishes;
        let decided = checked
            .and_then(|()| pending.decide(Known { resume, checksum, owner: self.owner }, || !self.wire.is_gone()));
        let answer = match decided {
            Ok(answer) => answer,
            Err((code, why)) => {
                self.wire.tell(code, &pending.path, why)?;
                Answer::Refused
            }
        };
        match answer {
            Answer::Unchanged => self.counts.unchanged += 1,
            Answer::Refused => {}
            Answer::Send | Answer::Part { .. } | Answer::Whole { .. } => self.pending.push_back(pending),
        }
        self.wire.send(&Message::Answer(answer))
    }

    fn start(&mut self, offset: u64) -> Result<(), Stop> {
        let pending = self.pending.front_mut().ok_or(Stop::Protocol)?;
        match pending.start(offset)? {
            Ok(()) => Ok(()),
            Err((code, why)) => self.wire.tell(code, &pending.path, why),
        }
    }

    fn data(&mut self, offset: u64, bytes: &[u8]) -> Result<(), Stop> {
        if self.pending.front_mut().ok_or(Stop::Protocol)?.data(offset, bytes)? {
            self.counts.bytes += bytes.len() as u64;
        }
        Ok(())
    }

    fn end(&mut self, digest: &Digest) -> Result<(), Stop> {
        let pending = self.pending.pop_front().ok_or(Stop::Protocol)?;
        let path = pending.path.clone();
        match pending.end(digest, self.owner)? {
            Ok(is_placed) => self.counts.files += u64::from(is_placed),
            Err((code, why)) => self.wire.tell(code, &path, why)?,
        }
        Ok(())
    }

    fn same(&mut self) -> Result<(), Stop> {
        let pending = self.pending.pop_front().ok_or(Stop::Protocol)?;
        let path = pending.path.clone();
        self.counts.unchanged += 1;
        match pending.same(self.owner)? {
            Ok(()) => Ok(()),
            Err((code, why)) => self.wire.tell(code, &path, why),
        }
    }

    /// The folder that a name is put into, and the name it gets there.
    fn place(&mut self, name: &Bytes) -> Result<(Rc<Folder>, Bytes), Stop> {
        if let Some((folder, _)) = self.stack.last() {
            return if name.is_empty() { Err(Stop::Protocol) } else { Ok((folder.clone(), name.clone())) };
        }
        self.tops += 1;
        // One name is for one thing.
        if self.target.rename.is_some() && self.tops > 1 {
            return Err(Stop::Protocol);
        }
        let name = self.target.rename.as_ref().map_or_else(|| name.clone(), |rename| Bytes::copy_from_slice(rename));
        Ok((self.target.base.clone(), name))
    }

    fn take_no_folder(&self) -> Result<(), Stop> {
        if self.stack.is_empty() { self.target.take_no_folder() } else { Ok(()) }
    }

    fn step_into(&mut self, name: &[u8]) {
        if !self.path.is_empty() {
            self.path.push(b'/');
        }
        self.path.extend_from_slice(name);
    }

    /// Whether an entry at the path that we have come to may be made at all.
    fn check(&self, name: &[u8]) -> Result<(), Why> {
        if is_part_name(name) {
            return Err((Code::InTheWay, "such names are kept for what has not arrived yet".into()));
        }
        if self.path.len() > MAX_PATH_BYTES {
            return Err((Code::Limit, format!("its path is longer than {MAX_PATH_BYTES} bytes")));
        }
        Ok(())
    }

    fn count(&mut self) -> Result<(), Stop> {
        self.entries += 1;
        if self.entries > MAX_ENTRIES {
            return Err(Stop::failed(
                "too_many",
                format!("cannot copy more than {MAX_ENTRIES} files and folders at once"),
            ));
        }
        Ok(())
    }

    /// A program that runs as its owner is not made by the way: only who names the owner means it.
    fn without_set_id(&self, meta: Meta) -> Meta {
        if self.wishes.owner.is_some() { meta } else { Meta { mode: meta.mode & 0o777, ..meta } }
    }
}
