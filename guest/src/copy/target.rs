//! The place that was named to copy to, and what that means: as `cp` takes it.

use std::rc::Rc;

use rustix::fs::{AtFlags, CWD, Mode, OFlags, openat, unlinkat};
use rustix::io::Errno;

use super::folder::{Folder, os};
use super::part::part_name;
use super::wire::Stop;
use crate::reason::reason;

pub struct Target {
    pub base: Rc<Folder>,
    /// The name that the one thing that is copied gets; absent when everything keeps its name.
    pub rename: Option<Vec<u8>>,
    /// What was named, where it ends with a slash: the new name is then one of a folder.
    pub folder_named: Option<String>,
}

impl Target {
    /// `path` is a folder to put things into, or else the new name of one thing. Links in it are followed, for who asks named
    /// it. With `resume`, a folder that a copy made and did not finish is that new name again.
    pub fn open(path: &str, several: bool, resume: bool) -> Result<Self, Stop> {
        let named = path.trim_end_matches('/');
        let (parent, name) = named.rsplit_once('/').unwrap_or((".", named));
        let parent = if parent.is_empty() { "/" } else { parent };
        let has_name = !matches!(name, "" | "." | "..");
        match open_folder(path) {
            Ok(folder) => {
                let is_unfinished =
                    resume && !several && has_name && matches!(folder.find(&part_name(b"")), Ok(Some(_)));
                if is_unfinished {
                    return Self::named(parent, name, path);
                }
                Ok(Self { base: Rc::new(folder), rename: None, folder_named: None })
            }
            Err(Errno::NOENT) if several || !has_name => Err(cannot("not_found", path, "there is no such folder")),
            Err(Errno::NOENT) => Self::named(parent, name, path),
            Err(Errno::NOTDIR) if several || path.ends_with('/') || !has_name => {
                Err(cannot("not_a_folder", path, "it is not a folder"))
            }
            Err(Errno::NOTDIR) => Self::named(parent, name, path),
            Err(errno) => Err(cannot("io", path, &reason(errno))),
        }
    }

    fn named(parent: &str, name: &str, path: &str) -> Result<Self, Stop> {
        let base = open_folder(parent).map_err(|errno| match errno {
            Errno::NOENT => cannot("not_found", path, &format!("there is no folder {parent}")),
            Errno::NOTDIR => cannot("not_a_folder", path, &format!("{parent} is not a folder")),
            errno => cannot("io", path, &reason(errno)),
        })?;
        let folder_named = path.ends_with('/').then(|| path.to_owned());
        Ok(Self { base: Rc::new(base), rename: Some(name.as_bytes().to_vec()), folder_named })
    }

    /// What stands first in the copy is no folder: it gets no name that ends with a slash.
    pub fn take_no_folder(&self) -> Result<(), Stop> {
        match &self.folder_named {
            Some(path) => Err(cannot("not_found", path, "there is no such folder")),
            None => Ok(()),
        }
    }
}

/// Marks a folder that was made under a new name as not whole.
pub fn mark(folder: &Folder) -> Result<(), Errno> {
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    openat(&folder.fd, os(&part_name(b"")), flags, Mode::RUSR | Mode::WUSR).map(drop)
}

pub fn unmark(folder: &Folder) {
    let _ = unlinkat(&folder.fd, os(&part_name(b"")), AtFlags::empty());
}

fn open_folder(path: &str) -> Result<Folder, Errno> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    Ok(Folder::existing(openat(CWD, path, flags, Mode::empty())?))
}

fn cannot(code: &'static str, path: &str, why: &str) -> Stop {
    Stop::failed(code, format!("cannot copy to {path} in the guest: {why}"))
}
