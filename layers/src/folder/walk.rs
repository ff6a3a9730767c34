//! Folder after folder, names in their order.

use std::collections::HashMap;
use std::ffi::CString;
use std::os::fd::OwnedFd;
use std::sync::atomic::Ordering;
use std::sync::mpsc::SyncSender;

use rustix::fs::{AtFlags, Dir, FileType, Mode, OFlags, Stat, fstat, major, minor, openat, readlinkat, statat};
use rustix::process::{getgid, getuid};

use super::{attributes, changed, content, unreadable};
use crate::layer::{BATCH, Common};
use crate::limits;
use crate::refusal::{Outcome, Refusal, shown};
use crate::space::{Run, Writer};
use crate::tar::{Entry, Kind, Times};
use crate::tree::Put;

/// What a layer takes for a word about lower ones.
const WHITEOUT: &[u8] = b".wh.";

/// A folder that is open, and the names in it that are yet to come.
struct Open {
    folder: OwnedFd,
    path: Vec<u8>,
    names: std::vec::IntoIter<CString>,
}

pub struct Walk<'a> {
    common: &'a Common<'a>,
    to: &'a SyncSender<Vec<Put>>,
    writer: Writer<'a>,
    batch: Vec<Put>,
    /// The first name of what has more than one.
    seen: HashMap<(u64, u64), Vec<u8>>,
    /// Of these names.
    seen_bytes: usize,
    /// Whoever runs this.
    user: u32,
    group: u32,
}

impl<'a> Walk<'a> {
    pub fn new(common: &'a Common<'a>, to: &'a SyncSender<Vec<Put>>) -> Self {
        Self {
            common,
            to,
            writer: Writer::new(&common.space),
            batch: Vec::with_capacity(BATCH),
            seen: HashMap::new(),
            seen_bytes: 0,
            user: getuid().as_raw(),
            group: getgid().as_raw(),
        }
    }

    pub fn all(mut self, root: OwnedFd) -> Outcome {
        let device = fstat(&root).map_err(unreadable(b"/"))?.st_dev;
        let mut open = vec![self.enter(root, Vec::new(), true)?];
        while let Some(at) = open.last_mut() {
            if self.common.is_over() {
                return Ok(());
            }
            let Some(name) = at.names.next() else {
                open.pop();
                continue;
            };
            let path = if at.path.is_empty() {
                name.to_bytes().to_vec()
            } else {
                [&at.path, b"/".as_slice(), name.to_bytes()].concat()
            };
            let Some(folder) = self.take(at, &name, &path)? else { continue };
            let is_own = fstat(&folder).map_err(unreadable(&path))?.st_dev == device;
            open.push(self.enter(folder, path, is_own)?);
            if open.len() > limits::DEPTH + 1 {
                return Err(Refusal::too_large(format_args!(
                    "it has more than {} folders in each other",
                    limits::DEPTH
                )));
            }
        }
        let batch = std::mem::take(&mut self.batch);
        let _ = self.to.send(batch);
        self.writer.flush()
    }

    /// @param is_own whether what is in it is of the file system that the root is of.
    fn enter(&mut self, folder: OwnedFd, path: Vec<u8>, is_own: bool) -> Outcome<Open> {
        let stat = fstat(&folder).map_err(unreadable(&path))?;
        let attributes = attributes::of(&folder).map_err(unreadable(&path))?;
        let entry = Entry { attributes, ..self.entry(&path, Kind::Folder, &stat) };
        self.put(entry, None)?;
        let names = if is_own { self.names(&folder, &path)? } else { Vec::new() };
        Ok(Open { folder, path, names: names.into_iter() })
    }

    fn names(&self, folder: &OwnedFd, path: &[u8]) -> Outcome<Vec<CString>> {
        let most = self.common.entries.load(Ordering::Relaxed);
        let mut names = Vec::new();
        for each in Dir::read_from(folder).map_err(unreadable(path))? {
            let each = each.map_err(unreadable(path))?;
            let name = each.file_name();
            if matches!(name.to_bytes(), b"." | b"..") {
                continue;
            }
            names.push(name.to_owned());
            if names.len() as u64 > most {
                return Err(Refusal::too_large("it holds more entries than are allowed"));
            }
        }
        names.sort();
        Ok(names)
    }

    /// A folder comes back opened, to be entered.
    fn take(&mut self, at: &Open, name: &CString, path: &[u8]) -> Outcome<Option<OwnedFd>> {
        if name.to_bytes().starts_with(WHITEOUT) {
            return Err(Refusal::unsupported(format_args!(
                "{}: in a layer, a name with .wh. in front hides another file; rename it",
                shown(path)
            )));
        }
        let stat = statat(&at.folder, name, AtFlags::SYMLINK_NOFOLLOW).map_err(unreadable(path))?;
        let kind = match FileType::from_raw_mode(stat.st_mode) {
            FileType::Directory => {
                let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
                return openat(&at.folder, name, flags, Mode::empty()).map(Some).map_err(unreadable(path));
            }
            FileType::RegularFile => Kind::File,
            FileType::Symlink => Kind::SymbolicLink,
            FileType::CharacterDevice => Kind::CharacterDevice,
            FileType::BlockDevice => Kind::BlockDevice,
            FileType::Fifo => Kind::Fifo,
            FileType::Socket => return Ok(None),
            FileType::Unknown => {
                return Err(Refusal::unsupported(format_args!("{} is of a kind that is not known", shown(path))));
            }
        };
        if let Some(first) = self.seen.get(&(stat.st_dev, stat.st_ino)) {
            let link = first.clone();
            self.put(Entry { link, ..self.entry(path, Kind::HardLink, &stat) }, None)?;
            return Ok(None);
        }
        if stat.st_nlink > 1 {
            self.remember(&stat, path)?;
        }
        match kind {
            Kind::File => self.file(at, name, path)?,
            Kind::SymbolicLink => {
                let link = readlinkat(&at.folder, name, Vec::new()).map_err(unreadable(path))?.into_bytes();
                self.put(Entry { link, ..self.entry(path, kind, &stat) }, None)?;
            }
            _ => self.put(self.entry(path, kind, &stat), None)?,
        }
        Ok(None)
    }

    fn remember(&mut self, stat: &Stat, path: &[u8]) -> Outcome {
        self.seen_bytes += path.len();
        if self.seen_bytes > limits::LINKED_BYTES {
            return Err(Refusal::too_large("it holds too many files that have more than one name"));
        }
        self.seen.insert((stat.st_dev, stat.st_ino), path.to_vec());
        Ok(())
    }

    fn file(&mut self, at: &Open, name: &CString, path: &[u8]) -> Outcome {
        // What stands there by now may be a pipe that nobody writes to.
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let file = openat(&at.folder, name, flags, Mode::empty()).map_err(unreadable(path))?;
        let stat = fstat(&file).map_err(unreadable(path))?;
        if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile {
            return Err(changed(path));
        }
        let attributes = attributes::of(&file).map_err(unreadable(path))?;
        let entry = Entry { attributes, ..self.entry(path, Kind::File, &stat) };
        let run = content::write(&file, &stat, path, &mut self.writer, self.common)?;
        self.put(entry, run)
    }

    fn entry(&self, path: &[u8], kind: Kind, stat: &Stat) -> Entry {
        let is_device = matches!(kind, Kind::CharacterDevice | Kind::BlockDevice);
        Entry {
            path: path.to_vec(),
            kind,
            link: Vec::new(),
            mode: (stat.st_mode & 0o7777) as u16,
            user: if stat.st_uid == self.user { 0 } else { stat.st_uid },
            group: if stat.st_gid == self.group { 0 } else { stat.st_gid },
            modified: Times { seconds: stat.st_mtime, nanoseconds: stat.st_mtime_nsec as u32 },
            device: if is_device { (major(stat.st_rdev), minor(stat.st_rdev)) } else { (0, 0) },
            size: if kind == Kind::File { stat.st_size.cast_unsigned() } else { 0 },
            pieces: None,
            attributes: Vec::new(),
        }
    }

    fn put(&mut self, entry: Entry, content: Option<Run>) -> Outcome {
        self.common.count_entry()?;
        self.batch.push(Put { entry, content });
        if self.batch.len() == BATCH {
            let _ = self.to.send(std::mem::replace(&mut self.batch, Vec::with_capacity(BATCH)));
        }
        Ok(())
    }
}
