//! Each request, and what comes of it.

use std::ffi::OsStr;
use std::fs::{self, File, Metadata, OpenOptions};
use std::io;
use std::os::fd::AsFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{DirBuilderExt, FileExt, OpenOptionsExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use rustix::fs::{
    AtFlags, CWD, Gid, Mode, RenameFlags, StatVfs, Timespec, Timestamps, Uid, chownat, fstatvfs, renameat_with,
    statvfs, utimensat,
};

use super::answer::{self, Refusal};
use super::attributes::{self, Attributes};
use super::handles::{Handles, Open};
use super::packet::{self, MAX_DATA_BYTES, MAX_HANDLES, MAX_PACKET_BYTES, NAMES_AT_ONCE, wish};
use crate::wire::{Reader, Writer};

const VERSION: u32 = 3;
const EXTENSIONS: [(&str, &str); 8] = [
    ("posix-rename@openssh.com", "1"),
    ("statvfs@openssh.com", "2"),
    ("fstatvfs@openssh.com", "2"),
    ("hardlink@openssh.com", "1"),
    ("fsync@openssh.com", "1"),
    ("lsetstat@openssh.com", "1"),
    ("limits@openssh.com", "1"),
    ("expand-path@openssh.com", "1"),
];

pub struct Server {
    home: PathBuf,
    handles: Handles,
}

type Done = Result<Vec<u8>, Refusal>;

impl Server {
    pub fn new(home: &str) -> Self {
        Self { home: home.into(), handles: Handles::default() }
    }

    /// None for what is no request at all.
    pub fn answer(&mut self, packet: &[u8]) -> Option<Vec<u8>> {
        let mut reader = Reader::new(packet);
        let (kind, id) = (reader.byte().ok()?, reader.u32().ok()?);
        if kind == packet::INIT {
            let hello = Writer::message(packet::VERSION).u32(VERSION);
            return Some(EXTENSIONS.iter().fold(hello, |hello, (name, value)| hello.string(name).string(value)).done());
        }
        Some(self.do_it(kind, id, reader).unwrap_or_else(|refusal| answer::refused(id, &refusal)))
    }

    fn do_it(&mut self, kind: u8, id: u32, mut reader: Reader) -> Done {
        match kind {
            packet::OPEN => {
                let (path, wishes) = (self.path(&mut reader)?, reader.u32()?);
                let attributes = Attributes::read(&mut reader)?;
                let file = open(&path, wishes, attributes.permissions)?;
                let open = Open::File { file, appends: wishes & wish::APPEND != 0 };
                self.opened(id, open)
            }
            packet::OPENDIR => {
                let path = self.path(&mut reader)?;
                let open = Open::Folder { entries: fs::read_dir(&path)?, path, dots: &[".", ".."] };
                self.opened(id, open)
            }
            packet::CLOSE => {
                self.handles.close(reader.string()?)?;
                Ok(answer::done(id))
            }
            packet::READ => {
                let (file, _) = self.handles.file(reader.string()?)?;
                read(id, file, reader.u64()?, reader.u32()?)
            }
            packet::WRITE => {
                let (file, appends) = self.handles.file(reader.string()?)?;
                let (offset, data) = (reader.u64()?, reader.string()?);
                if appends {
                    io::Write::write_all(&mut &*file, data)?
                } else {
                    file.write_all_at(data, offset)?
                }
                Ok(answer::done(id))
            }
            packet::LSTAT => Ok(told(id, &fs::symlink_metadata(self.path(&mut reader)?)?)),
            packet::STAT => Ok(told(id, &fs::metadata(self.path(&mut reader)?)?)),
            packet::FSTAT => Ok(told(id, &self.handles.file(reader.string()?)?.0.metadata()?)),
            packet::SETSTAT => {
                let path = self.path(&mut reader)?;
                set(&path, Attributes::read(&mut reader)?)?;
                Ok(answer::done(id))
            }
            packet::FSETSTAT => {
                let (file, _) = self.handles.file(reader.string()?)?;
                set_open(file, Attributes::read(&mut reader)?)?;
                Ok(answer::done(id))
            }
            packet::READDIR => read_folder(id, self.handles.get(reader.string()?)?),
            packet::REMOVE => finish(id, fs::remove_file(self.path(&mut reader)?)),
            packet::MKDIR => {
                let path = self.path(&mut reader)?;
                let mode = Attributes::read(&mut reader)?.permissions.unwrap_or(0o777);
                finish(id, fs::DirBuilder::new().mode(mode).create(path))
            }
            packet::RMDIR => finish(id, fs::remove_dir(self.path(&mut reader)?)),
            packet::REALPATH => Ok(named(id, &resolve(&self.path(&mut reader)?)?)),
            packet::RENAME => {
                let (from, to) = (self.path(&mut reader)?, self.path(&mut reader)?);
                // In this version a name that is taken stays what it is.
                renameat_with(CWD, &from, CWD, &to, RenameFlags::NOREPLACE)?;
                Ok(answer::done(id))
            }
            packet::READLINK => Ok(named(id, &fs::read_link(self.path(&mut reader)?)?)),
            packet::SYMLINK => {
                // OpenSSH has the two the other way round than the draft, and everybody follows it. The target is any text.
                let (target, place) = (reader.string()?, self.path(&mut reader)?);
                finish(id, symlink(OsStr::from_bytes(target), place))
            }
            packet::EXTENDED => self.extended(id, reader),
            _ => Err(Refusal::Unsupported),
        }
    }

    fn extended(&mut self, id: u32, mut reader: Reader) -> Done {
        match reader.string()? {
            b"posix-rename@openssh.com" => {
                let (from, to) = (self.path(&mut reader)?, self.path(&mut reader)?);
                finish(id, fs::rename(from, to))
            }
            b"hardlink@openssh.com" => {
                let (from, to) = (self.path(&mut reader)?, self.path(&mut reader)?);
                finish(id, fs::hard_link(from, to))
            }
            b"statvfs@openssh.com" => Ok(told_space(id, &statvfs(self.path(&mut reader)?)?)),
            b"fstatvfs@openssh.com" => Ok(told_space(id, &fstatvfs(self.handles.file(reader.string()?)?.0)?)),
            b"fsync@openssh.com" => finish(id, self.handles.file(reader.string()?)?.0.sync_all()),
            b"lsetstat@openssh.com" => {
                let path = self.path(&mut reader)?;
                let attributes = Attributes::read(&mut reader)?;
                if attributes.size.is_some() || attributes.permissions.is_some() {
                    return Err(io::Error::from_raw_os_error(libc::EOPNOTSUPP).into());
                }
                set_owner_and_times(&path, attributes, AtFlags::SYMLINK_NOFOLLOW)?;
                Ok(answer::done(id))
            }
            b"limits@openssh.com" => {
                let reply = Writer::message(packet::EXTENDED_REPLY).u32(id).u64(MAX_PACKET_BYTES as u64);
                let most = u64::from(MAX_DATA_BYTES);
                Ok(reply.u64(most).u64(most).u64(MAX_HANDLES as u64).done())
            }
            b"expand-path@openssh.com" => {
                let path = reader.string()?;
                let path = match path.strip_prefix(b"~") {
                    Some([]) => self.home.clone(),
                    Some([b'/', rest @ ..]) => self.home.join(OsStr::from_bytes(rest)),
                    // Of another user: that takes the name service.
                    Some(_) => return Err(Refusal::Unsupported),
                    None => self.absolute(path),
                };
                Ok(named(id, &resolve(&path)?))
            }
            _ => Err(Refusal::Unsupported),
        }
    }

    fn opened(&mut self, id: u32, open: Open) -> Done {
        Ok(Writer::message(packet::HANDLE).u32(id).string(self.handles.add(open)?).done())
    }

    fn path(&self, reader: &mut Reader) -> Result<PathBuf, Refusal> {
        Ok(self.absolute(reader.string()?))
    }

    /// From home on, where it does not begin at the root.
    fn absolute(&self, path: &[u8]) -> PathBuf {
        self.home.join(OsStr::from_bytes(path))
    }
}

fn finish(id: u32, result: io::Result<()>) -> Done {
    result?;
    Ok(answer::done(id))
}

fn open(path: &Path, wishes: u32, mode: Option<u32>) -> io::Result<File> {
    let has = |flag| wishes & flag != 0;
    let mut options = OpenOptions::new();
    options
        .read(has(wish::READ))
        .write(has(wish::WRITE) && !has(wish::APPEND))
        .append(has(wish::WRITE) && has(wish::APPEND));
    options.mode(mode.unwrap_or(0o666));
    let mut flags = 0;
    for (flag, meaning) in
        [(wish::CREATE, libc::O_CREAT), (wish::TRUNCATE, libc::O_TRUNC), (wish::EXCLUSIVE, libc::O_EXCL)]
    {
        if has(flag) {
            flags |= meaning;
        }
    }
    // By the kernel's own flags: the library refuses combinations that OpenSSH's client makes.
    options.custom_flags(flags).open(path)
}

fn read(id: u32, file: &File, offset: u64, length: u32) -> Done {
    let mut buffer = vec![0; length.min(MAX_DATA_BYTES) as usize];
    match file.read_at(&mut buffer, offset)? {
        0 if length > 0 => Err(Refusal::End),
        count => Ok(Writer::message(packet::DATA).u32(id).string(&buffer[..count]).done()),
    }
}

fn told(id: u32, found: &Metadata) -> Vec<u8> {
    attributes::write(Writer::message(packet::ATTRS).u32(id), found).done()
}

fn told_space(id: u32, space: &StatVfs) -> Vec<u8> {
    let numbers = [
        space.f_bsize,
        space.f_frsize,
        space.f_blocks,
        space.f_bfree,
        space.f_bavail,
        space.f_files,
        space.f_ffree,
        space.f_favail,
        space.f_fsid,
        // Only these two are known to the protocol: nothing can be written, and no set-user-id counts.
        space.f_flag.bits() & 3,
        space.f_namemax,
    ];
    numbers.into_iter().fold(Writer::message(packet::EXTENDED_REPLY).u32(id), Writer::u64).done()
}

fn named(id: u32, path: &Path) -> Vec<u8> {
    let name = path.as_os_str().as_bytes();
    Writer::message(packet::NAME).u32(id).u32(1).string(name).string(name).u32(0).done()
}

/// Without links and dots. What does not exist may be the last name of it.
fn resolve(path: &Path) -> io::Result<PathBuf> {
    match path.canonicalize() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let (parent, name) = path.parent().zip(path.file_name()).ok_or(error)?;
            Ok(parent.canonicalize()?.join(name))
        }
        resolved => resolved,
    }
}

fn read_folder(id: u32, open: &mut Open) -> Done {
    let Open::Folder { path, entries, dots } = open else {
        return Err(io::Error::from_raw_os_error(libc::EBADF).into());
    };
    let mut names: Vec<Vec<u8>> = std::mem::take(dots).iter().map(|name| name.as_bytes().to_vec()).collect();
    while names.len() < NAMES_AT_ONCE {
        match entries.next() {
            Some(entry) => names.push(entry?.file_name().as_bytes().to_vec()),
            None => break,
        }
    }
    if names.is_empty() {
        return Err(Refusal::End);
    }
    // What has gone in between is left out.
    let found = names.iter().filter_map(|name| {
        let found = fs::symlink_metadata(path.join(OsStr::from_bytes(name))).ok()?;
        Some((name, found))
    });
    let found: Vec<_> = found.collect();
    let count = u32::try_from(found.len()).unwrap_or_default();
    let list = Writer::message(packet::NAME).u32(id).u32(count);
    let add = |list: Writer, (name, found): &(&Vec<u8>, Metadata)| {
        attributes::write(list.string(name).string(attributes::line(name, found)), found)
    };
    Ok(found.iter().fold(list, add).done())
}

fn set(path: &Path, attributes: Attributes) -> Result<(), Refusal> {
    if let Some(size) = attributes.size {
        OpenOptions::new().write(true).open(path)?.set_len(size)?;
    }
    // First the owner: to give a file away takes bits of its mode.
    set_owner(path, attributes, AtFlags::empty())?;
    if let Some(mode) = attributes.permissions {
        fs::set_permissions(path, fs::Permissions::from_mode(mode))?;
    }
    set_times(path, attributes, AtFlags::empty())
}

fn set_owner_and_times(path: &Path, attributes: Attributes, flags: AtFlags) -> Result<(), Refusal> {
    set_owner(path, attributes, flags)?;
    set_times(path, attributes, flags)
}

fn set_owner(path: &Path, Attributes { owner, .. }: Attributes, flags: AtFlags) -> Result<(), Refusal> {
    if let Some((uid, gid)) = owner {
        chownat(CWD, path, uid_of(uid), gid_of(gid), flags)?;
    }
    Ok(())
}

fn set_times(path: &Path, Attributes { times, .. }: Attributes, flags: AtFlags) -> Result<(), Refusal> {
    if let Some(times) = times {
        utimensat(CWD, path, &timestamps(times), flags)?;
    }
    Ok(())
}

fn set_open(file: &File, attributes: Attributes) -> Result<(), Refusal> {
    if let Some(size) = attributes.size {
        file.set_len(size)?;
    }
    if let Some((uid, gid)) = attributes.owner {
        rustix::fs::fchown(file.as_fd(), uid_of(uid), gid_of(gid))?;
    }
    if let Some(mode) = attributes.permissions {
        rustix::fs::fchmod(file.as_fd(), Mode::from_raw_mode(mode))?;
    }
    if let Some(times) = attributes.times {
        rustix::fs::futimens(file.as_fd(), &timestamps(times))?;
    }
    Ok(())
}

/// The highest number means "as it is".
fn uid_of(uid: u32) -> Option<Uid> {
    (uid != u32::MAX).then(|| Uid::from_raw(uid))
}

fn gid_of(gid: u32) -> Option<Gid> {
    (gid != u32::MAX).then(|| Gid::from_raw(gid))
}

fn timestamps((access, change): (u32, u32)) -> Timestamps {
    let at = |seconds: u32| Timespec { tv_sec: seconds.into(), tv_nsec: 0 };
    Timestamps { last_access: at(access), last_modification: at(change) }
}
