//! A tree into an archive, folder by folder in the order of names. Nothing is named by a path, no link is followed.

use std::collections::HashMap;
use std::io::{self, Write};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::fs::{
    AtFlags, Dir, FileType, Mode, OFlags, Stat, fgetxattr, flistxattr, fstat, lgetxattr, llistxattr, major, minor,
    openat, readlinkat, statat,
};
use rustix::io::Errno;

use super::archive::{Archive, Entry, Kind};
use super::leave_out::Paths;
use super::read_file;
use super::spec::Export;
use crate::copy::folder::{kind_of, os};

/// As deep as the longest path that the kernel takes.
const MAX_DEPTH: usize = 2048;
/// More than Linux has for one file.
const ATTRIBUTE_BYTES: usize = 64 * 1024;
/// What the join of base and layer keeps for itself.
const OF_THE_JOIN: &[u8] = b"trusted.overlay.";

/// What is told of in place of a folder of the root.
pub struct Home {
    /// Of the folder, without a slash before.
    pub path: Vec<u8>,
    pub folder: OwnedFd,
}

pub struct Walk<'a, W: Write> {
    archive: &'a mut Archive<W>,
    home: Option<Home>,
    leave_out: Paths,
    emptied: Paths,
    /// Files with several names: the first of them.
    first_names: HashMap<(u64, u64), Vec<u8>>,
    depth: usize,
    /// Within a folder of which the files are emptied.
    is_emptying: bool,
}

impl<'a, W: Write> Walk<'a, W> {
    pub fn new(archive: &'a mut Archive<W>, spec: &Export) -> Self {
        let (leave_out, emptied) = (Paths::new(&spec.leave_out), Paths::new(&spec.emptied));
        Self { archive, home: None, leave_out, emptied, first_names: HashMap::new(), depth: 0, is_emptying: false }
    }

    pub fn with_home(self, home: Option<Home>) -> Self {
        Self { home, ..self }
    }

    /// The folder itself, and all in it.
    pub fn root(&mut self, root: &OwnedFd) -> io::Result<()> {
        let stat = fstat(root)?;
        let mut entry = entry_of(Kind::Folder, b".".to_vec(), &stat);
        entry.attributes = attributes_of_open(root)?;
        self.archive.header(&entry)?;
        self.content(root, b"")
    }

    /// What is in the folder `path`, which is open.
    fn content(&mut self, folder: &OwnedFd, path: &[u8]) -> io::Result<()> {
        if self.depth >= MAX_DEPTH {
            return Err(io::Error::other("folders lie deeper in each other than a path can say"));
        }
        self.depth += 1;
        for name in names_in(folder)? {
            if self.leave_out.has(path, &name) {
                continue;
            }
            match self.one(folder.as_fd(), path, &name) {
                // Somebody removed it a moment ago.
                Err(error) if error.raw_os_error() == Some(Errno::NOENT.raw_os_error()) => {}
                done => done.map_err(|error| named(error, path, &name))?,
            }
        }
        self.depth -= 1;
        Ok(())
    }

    fn one(&mut self, folder: BorrowedFd, path: &[u8], name: &[u8]) -> io::Result<()> {
        let stat = statat(folder, os(name), AtFlags::SYMLINK_NOFOLLOW)?;
        let whole = if path.is_empty() { name.to_vec() } else { [path, b"/", name].concat() };
        let kind = match kind_of(&stat) {
            FileType::Directory => {
                let inner = match self.home.take_if(|home| home.path == whole) {
                    Some(home) => home.folder,
                    None => openat(folder, os(name), OFlags::RDONLY | FOLDER, Mode::empty())?,
                };
                let mut entry = entry_of(Kind::Folder, whole.clone(), &fstat(&inner)?);
                entry.attributes = attributes_of_open(&inner)?;
                self.archive.header(&entry)?;
                if self.leave_out.has_content_of(path, name) {
                    return Ok(());
                }
                let was_emptying = self.is_emptying;
                self.is_emptying |= self.emptied.has_content_of(path, name);
                let done = self.content(&inner, &whole);
                self.is_emptying = was_emptying;
                return done;
            }
            FileType::RegularFile => Kind::File,
            FileType::Symlink => Kind::Symlink,
            FileType::CharacterDevice => Kind::CharDevice,
            FileType::BlockDevice => Kind::BlockDevice,
            FileType::Fifo => Kind::Fifo,
            // It lives as long as the process that made it.
            _ => return Ok(()),
        };
        let mut entry = entry_of(kind, whole, &stat);
        if stat.st_nlink > 1 {
            if let Some(first) = self.first_names.get(&(stat.st_dev, stat.st_ino)) {
                entry.kind = Kind::HardLink;
                entry.target.clone_from(first);
                return self.archive.header(&entry);
            }
            self.first_names.insert((stat.st_dev, stat.st_ino), entry.path.clone());
        }
        match kind {
            Kind::File => {
                let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
                let file = openat(folder, os(name), flags, Mode::empty())?;
                let stat = fstat(&file)?;
                if kind_of(&stat) != FileType::RegularFile {
                    return Ok(());
                }
                entry.attributes = attributes_of_open(&file)?;
                if self.is_emptying || self.emptied.has(path, name) {
                    return self.archive.header(&entry);
                }
                read_file::write(self.archive, entry, &file, &stat)
            }
            _ => {
                if kind == Kind::Symlink {
                    entry.target = readlinkat(folder, os(name), Vec::new())?.into_bytes();
                }
                entry.attributes = attributes_of_closed(folder, name)?;
                self.archive.header(&entry)
            }
        }
    }
}

const FOLDER: OFlags = OFlags::DIRECTORY.union(OFlags::NOFOLLOW).union(OFlags::NONBLOCK).union(OFlags::CLOEXEC);

fn entry_of(kind: Kind, path: Vec<u8>, stat: &Stat) -> Entry {
    Entry {
        kind,
        path,
        target: Vec::new(),
        mode: stat.st_mode & 0o7777,
        uid: stat.st_uid,
        gid: stat.st_gid,
        mtime: stat.st_mtime,
        device: match kind {
            Kind::CharDevice | Kind::BlockDevice => (major(stat.st_rdev), minor(stat.st_rdev)),
            _ => (0, 0),
        },
        attributes: Vec::new(),
        size: 0,
        real_size: None,
    }
}

fn names_in(folder: &OwnedFd) -> io::Result<Vec<Vec<u8>>> {
    let mut names = Vec::new();
    for entry in Dir::read_from(folder)? {
        let name = entry?.file_name().to_bytes().to_vec();
        if !matches!(name.as_slice(), b"." | b"..") {
            names.push(name);
        }
    }
    names.sort_unstable();
    Ok(names)
}

fn attributes_of_open(file: &OwnedFd) -> io::Result<Vec<(Vec<u8>, Vec<u8>)>> {
    attributes(|names| flistxattr(file, names), |name, value| fgetxattr(file, os(name), value))
}

/// Of what cannot be opened for reading, as links and devices.
fn attributes_of_closed(folder: BorrowedFd, name: &[u8]) -> io::Result<Vec<(Vec<u8>, Vec<u8>)>> {
    use std::os::fd::AsRawFd;
    let place = [format!("/proc/self/fd/{}/", folder.as_raw_fd()).as_bytes(), name].concat();
    attributes(|names| llistxattr(os(&place), names), |name, value| lgetxattr(os(&place), os(name), value))
}

fn attributes(
    list: impl Fn(&mut [u8]) -> Result<usize, Errno>,
    get: impl Fn(&[u8], &mut [u8]) -> Result<usize, Errno>,
) -> io::Result<Vec<(Vec<u8>, Vec<u8>)>> {
    let mut names = vec![0; ATTRIBUTE_BYTES];
    let length = match list(&mut names) {
        Ok(0) | Err(Errno::NOTSUP | Errno::PERM) => return Ok(Vec::new()),
        length => length?,
    };
    let mut found = Vec::new();
    let mut value = vec![0; ATTRIBUTE_BYTES];
    for name in names[..length].split(|&byte| byte == 0) {
        // A record of the archive ends its key at the first sign of that kind.
        if name.is_empty() || name.starts_with(OF_THE_JOIN) || name.contains(&b'=') {
            continue;
        }
        match get(name, &mut value) {
            Ok(length) => found.push((name.to_vec(), value[..length].to_vec())),
            Err(Errno::NODATA) => {}
            Err(errno) => return Err(errno.into()),
        }
    }
    found.sort_unstable();
    Ok(found)
}

/// An error that has a number is told with the path that it is of; one that was told so already stays.
fn named(error: io::Error, path: &[u8], name: &[u8]) -> io::Error {
    match error.raw_os_error() {
        None => error,
        Some(_) => {
            let (path, name) = (String::from_utf8_lossy(path), String::from_utf8_lossy(name));
            io::Error::other(format!("cannot read /{path}/{name}: {error}"))
        }
    }
}

#[cfg(test)]
#[path = "walk_test.rs"]
mod tests;
