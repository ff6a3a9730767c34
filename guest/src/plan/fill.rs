//! A work disk that came empty gets what the image has in its place, before it hides that.
//!
//! All is copied into a folder of the disk first, and then moved: whenever this is cut off, the next start goes on, and what was moved is
//! never overwritten. Empty is a disk that has nothing but what `mkfs` makes; that goes last, so that somebody who removes
//! everything does not find it all again.

use std::fs::{self, Metadata};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt, lchown, symlink};
use std::path::Path;

use rustix::fs::{
    AtFlags, CWD, FileType, Mode, Timespec, Timestamps, lgetxattr, llistxattr, lsetxattr, mknodat, utimensat,
};

/// What `mkfs` makes.
const LOST_AND_FOUND: &str = "lost+found";
/// Where it is copied to, under one name until it is whole and then under the other.
const DRAFT: &str = ".banger-home";
const COPY: &str = "copy";
const WHOLE: &str = "whole";
/// More than Linux has for one file.
const ATTRIBUTE_BYTES: usize = 64 * 1024;

/// @param home what the image has. @param disk where the disk is mounted, for this alone.
pub fn fill(home: &Path, disk: &Path) -> io::Result<()> {
    let draft = disk.join(DRAFT);
    let has_begun = fs::exists(&draft)?;
    if !has_begun && !is_empty(disk)? {
        return Ok(());
    }
    let whole = draft.join(WHOLE);
    if !fs::exists(&whole)? {
        if has_begun {
            fs::remove_dir_all(&draft)?;
        }
        fs::create_dir(&draft)?;
        copy(home, &draft.join(COPY))?;
        rustix::fs::sync();
        fs::rename(draft.join(COPY), &whole)?;
    }
    remove_if_empty(&disk.join(LOST_AND_FOUND))?;
    for entry in fs::read_dir(&whole)? {
        let name = entry?.file_name();
        if name != DRAFT {
            fs::rename(whole.join(&name), disk.join(&name))?;
        }
    }
    dress(&whole, &fs::symlink_metadata(&whole)?, disk)?;
    fs::remove_dir_all(&draft)?;
    rustix::fs::sync();
    Ok(())
}

fn is_empty(disk: &Path) -> io::Result<bool> {
    let names: Vec<_> =
        fs::read_dir(disk)?.map(|entry| entry.map(|entry| entry.file_name())).collect::<Result<_, _>>()?;
    Ok(names == [LOST_AND_FOUND])
}

/// Whether it is there or not, and when somebody put something into it, it stays.
fn remove_if_empty(folder: &Path) -> io::Result<()> {
    match fs::remove_dir(folder) {
        Err(error) if !matches!(error.kind(), ErrorKind::NotFound | ErrorKind::DirectoryNotEmpty) => Err(error),
        _ => Ok(()),
    }
}

/// A thing and all below it. What is between processes, as sockets are, is left out.
fn copy(from: &Path, to: &Path) -> io::Result<()> {
    let info = fs::symlink_metadata(from)?;
    let kind = info.file_type();
    if kind.is_socket() {
        return Ok(());
    }
    if kind.is_dir() {
        fs::create_dir(to)?;
        for entry in fs::read_dir(from)? {
            let name = entry?.file_name();
            copy(&from.join(&name), &to.join(&name))?;
        }
    } else if kind.is_symlink() {
        symlink(fs::read_link(from)?, to)?;
    } else if kind.is_file() {
        fs::copy(from, to)?;
    } else {
        mknodat(CWD, to, FileType::from_raw_mode(info.mode()), Mode::empty(), info.rdev())?;
    }
    dress(from, &info, to)
}

/// Gives `to` what `from` has beside its content.
fn dress(from: &Path, info: &Metadata, to: &Path) -> io::Result<()> {
    lchown(to, Some(info.uid()), Some(info.gid()))?;
    if !info.file_type().is_symlink() {
        fs::set_permissions(to, fs::Permissions::from_mode(info.mode() & 0o7777))?;
    }
    copy_attributes(from, to)?;
    let time = |seconds, nanoseconds| Timespec { tv_sec: seconds, tv_nsec: nanoseconds };
    let times = Timestamps {
        last_access: time(info.atime(), info.atime_nsec()),
        last_modification: time(info.mtime(), info.mtime_nsec()),
    };
    Ok(utimensat(CWD, to, &times, AtFlags::SYMLINK_NOFOLLOW)?)
}

fn copy_attributes(from: &Path, to: &Path) -> io::Result<()> {
    let mut names = vec![0; ATTRIBUTE_BYTES];
    let length = match llistxattr(from, names.as_mut_slice()) {
        Err(rustix::io::Errno::NOTSUP) => return Ok(()),
        length => length?,
    };
    let mut value = vec![0; ATTRIBUTE_BYTES];
    for name in names[..length].split(|&byte| byte == 0).filter(|name| !name.is_empty()) {
        let length = lgetxattr(from, name, value.as_mut_slice())?;
        lsetxattr(to, name, &value[..length], rustix::fs::XattrFlags::empty())?;
    }
    Ok(())
}

#[cfg(test)]
#[path = "fill_test.rs"]
mod tests;
