//! A folder that things are put into, held by its descriptor.

use std::ffi::OsStr;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;

use rustix::fs::{
    AtFlags, FileType, Gid, Mode, OFlags, Stat, Timespec, Timestamps, UTIME_OMIT, Uid, fchmod, fchown, futimens,
    mkdirat, openat, statat,
};
use rustix::io::Errno;

use super::messages::Meta;

/// Only what is a folder, never what a link leads to.
pub const FOLDER: OFlags = OFlags::DIRECTORY.union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);

pub type Owner = Option<(Uid, Gid)>;

pub struct Folder {
    pub fd: OwnedFd,
    /// What it is given when the last thing in it is done: until then it has to be written to, and changes its time.
    finally: Option<Meta>,
}

impl Folder {
    /// One that keeps its mode and its time.
    pub fn existing(fd: OwnedFd) -> Self {
        Self { fd, finally: None }
    }

    /// The folder `name` in `parent`, made where it is missing. One that was there keeps its mode and time, unless `adopts`.
    /// Also says whether it was made.
    pub fn enter(parent: &Self, name: &[u8], meta: Meta, owner: Owner, adopts: bool) -> Result<(Self, bool), Errno> {
        let made = match mkdirat(&parent.fd, os(name), Mode::RWXU) {
            Ok(()) => true,
            Err(Errno::EXIST) => false,
            Err(errno) => return Err(errno),
        };
        let fd = openat(&parent.fd, os(name), OFlags::RDONLY | FOLDER, Mode::empty())?;
        if made {
            give(&fd, owner)?;
            fchmod(&fd, Mode::from_raw_mode(meta.mode) | Mode::RWXU)?;
        }
        Ok((Self { fd, finally: (made || adopts).then_some(meta) }, made))
    }

    /// What is there under this name, a link as such.
    pub fn find(&self, name: &[u8]) -> Result<Option<Stat>, Errno> {
        match statat(&self.fd, os(name), AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) => Ok(Some(stat)),
            Err(Errno::NOENT) => Ok(None),
            Err(errno) => Err(errno),
        }
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if let Some(meta) = self.finally {
            // Everything in it is in place; a wrong time of a folder is not worth more than that.
            let _ = fchmod(&self.fd, Mode::from_raw_mode(meta.mode));
            let _ = futimens(&self.fd, &changed_at(meta.mtime));
        }
    }
}

pub fn os(name: &[u8]) -> &OsStr {
    OsStr::from_bytes(name)
}

pub fn kind_of(stat: &Stat) -> FileType {
    FileType::from_raw_mode(stat.st_mode)
}

pub fn give(fd: &OwnedFd, owner: Owner) -> Result<(), Errno> {
    match owner {
        Some((uid, gid)) => fchown(fd, Some(uid), Some(gid)),
        None => Ok(()),
    }
}

const SECOND: i64 = 1_000_000_000;

/// Nanoseconds since 1970 as the time of change; the time of access stays.
pub fn changed_at(mtime: i64) -> Timestamps {
    let last_modification = Timespec { tv_sec: mtime.div_euclid(SECOND), tv_nsec: mtime.rem_euclid(SECOND) as _ };
    Timestamps { last_access: Timespec { tv_sec: 0, tv_nsec: UTIME_OMIT as _ }, last_modification }
}

/// Times beyond the years 1677 to 2262 are cut to these.
pub fn mtime_of(stat: &Stat) -> i64 {
    #[allow(clippy::unnecessary_cast)]
    let nanos = stat.st_mtime_nsec as i64;
    (stat.st_mtime).saturating_mul(SECOND).saturating_add(nanos)
}
