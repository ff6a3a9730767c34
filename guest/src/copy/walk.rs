//! What there is to be sent, one step after the other. Folders are walked by descriptors and links are not followed, unless that
//! was asked for; what cannot be sent is a step, too.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::fs::{AtFlags, CWD, Dir, FileType, Mode, OFlags, Stat, fstat, openat, readlinkat, statat};
use rustix::io::Errno;

use super::folder::{kind_of, mtime_of, os};
use super::frames::{MAX_NAME_BYTES, MAX_PATH_BYTES};
use super::messages::{Code, Meta};
use super::part::is_part_name;
use super::pending::Why;
use super::receive::MAX_DEPTH;
use super::source::{Source, unreadable};

pub enum Step {
    Folder { meta: Meta, name: Vec<u8> },
    Leave,
    Link { mtime: i64, name: Vec<u8>, target: Vec<u8> },
    File { name: Vec<u8>, source: Source },
    Problem { path: Vec<u8>, why: Why },
}

pub struct Walk {
    sources: std::vec::IntoIter<String>,
    follow: bool,
    stack: Vec<Open>,
    path: Vec<u8>,
}

struct Open {
    fd: OwnedFd,
    entries: Dir,
    /// Which folder it is: a link that leads back to it goes in a circle.
    identity: (u64, u64),
    /// How long the path was before it.
    before: usize,
}

impl Walk {
    pub fn new(sources: Vec<String>, follow: bool) -> Self {
        Self { sources: sources.into_iter(), follow, stack: Vec::new(), path: Vec::new() }
    }

    /// `None` when all is said.
    pub fn next(&mut self) -> Option<Step> {
        loop {
            let Some(open) = self.stack.last_mut() else {
                let source = self.sources.next()?;
                return Some(self.begin(&source));
            };
            match open.entries.next() {
                None => return Some(self.leave()),
                // What was read of it is sent; there may have been more. Nothing more is read after an error.
                Some(Err(errno)) => return Some(Step::Problem { path: self.path.clone(), why: unreadable(errno) }),
                Some(Ok(entry)) => {
                    let name = entry.file_name().to_bytes();
                    if matches!(name, b"." | b"..") || is_part_name(name) {
                        continue;
                    }
                    let name = name.to_vec();
                    return Some(self.enter(&name));
                }
            }
        }
    }

    fn leave(&mut self) -> Step {
        if let Some(open) = self.stack.pop() {
            self.path.truncate(open.before);
        }
        Step::Leave
    }

    /// What was named. A dot at the end, or the root, means what is in it; a slash follows a link.
    fn begin(&mut self, source: &str) -> Step {
        let named = source.trim_end_matches('/');
        let name = named.rsplit_once('/').map_or(named, |(_, name)| name);
        self.path.clear();
        self.path.extend_from_slice(source.as_bytes());
        let is_content = matches!(name, "" | "." | "..");
        let looks_through = self.follow || is_content || source.ends_with('/');
        let name = if is_content { "" } else { name };
        self.open_step(None, source.as_bytes(), name.as_bytes(), looks_through, 0)
    }

    fn enter(&mut self, name: &[u8]) -> Step {
        let before = self.path.len();
        if self.path.last() != Some(&b'/') {
            self.path.push(b'/');
        }
        self.path.extend_from_slice(name);
        self.open_step(self.stack.len().checked_sub(1), name, name, self.follow, before)
    }

    /// `at` in the folder of the stack that is given, or as a path of its own.
    fn open_step(&mut self, folder: Option<usize>, at: &[u8], name: &[u8], follow: bool, before: usize) -> Step {
        match self.try_step(folder, at, name, follow, before) {
            Ok(step) => {
                if !matches!(step, Step::Folder { .. }) {
                    self.path.truncate(before);
                }
                step
            }
            Err(why) => {
                let path = self.path.clone();
                self.path.truncate(before);
                Step::Problem { path, why }
            }
        }
    }

    fn try_step(
        &mut self,
        folder: Option<usize>,
        at: &[u8],
        name: &[u8],
        follow: bool,
        before: usize,
    ) -> Result<Step, Why> {
        if self.path.len() > MAX_PATH_BYTES || name.len() > MAX_NAME_BYTES {
            return Err((Code::Limit, format!("its path is longer than {MAX_PATH_BYTES} bytes")));
        }
        let here = folder.map_or(CWD, |index| self.stack[index].fd.as_fd());
        let flags = if follow { AtFlags::empty() } else { AtFlags::SYMLINK_NOFOLLOW };
        let stat = statat(here, os(at), flags).map_err(unreadable)?;
        let name = name.to_vec();
        match kind_of(&stat) {
            FileType::Directory => {
                if self.stack.len() >= MAX_DEPTH {
                    return Err((Code::Limit, format!("it lies more than {MAX_DEPTH} folders deep")));
                }
                let (open, stat) = open_folder(here, at, follow, before)?;
                if self.stack.iter().any(|outer| outer.identity == open.identity) {
                    return Err((Code::Limit, "the links to it go in a circle".into()));
                }
                self.stack.push(open);
                Ok(Step::Folder { meta: Meta { mode: stat.st_mode & 0o7777, mtime: mtime_of(&stat) }, name })
            }
            FileType::RegularFile => {
                let source = Source::open(here, at, &self.path, follow)?;
                Ok(Step::File { name, source })
            }
            FileType::Symlink => {
                let target = readlinkat(here, os(at), Vec::new()).map_err(unreadable)?.into_bytes();
                if target.is_empty() || target.len() >= MAX_PATH_BYTES {
                    return Err((Code::Limit, "it leads further than a link can".into()));
                }
                Ok(Step::Link { mtime: mtime_of(&stat), name, target })
            }
            kind => Err((Code::Special, format!("it is {}, which is not copied", word_of(kind)))),
        }
    }
}

fn open_folder(here: BorrowedFd, at: &[u8], follow: bool, before: usize) -> Result<(Open, Stat), Why> {
    let mut flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NONBLOCK | OFlags::CLOEXEC;
    flags.set(OFlags::NOFOLLOW, !follow);
    let fd = openat(here, os(at), flags, Mode::empty()).map_err(|errno| match errno {
        Errno::LOOP | Errno::NOTDIR => (Code::Changed, "it became something else".into()),
        errno => unreadable(errno),
    })?;
    let stat = fstat(&fd).map_err(unreadable)?;
    let entries = Dir::read_from(&fd).map_err(unreadable)?;
    Ok((Open { fd, entries, identity: (stat.st_dev, stat.st_ino), before }, stat))
}

fn word_of(kind: FileType) -> &'static str {
    match kind {
        FileType::Fifo => "a FIFO",
        FileType::Socket => "a socket",
        _ => "a device",
    }
}
