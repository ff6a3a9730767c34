//! Removes files from the work disk so that nothing of them is left on it: what they held is overwritten, and the room they took
//! given back to the host.

use std::fs;
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::path::{Path, PathBuf};

use rustix::fs::{Mode, OFlags, ResolveFlags, open, openat2};
use rustix::io::Errno;

use super::leave_out::Paths;
use crate::sys::ioctl;

const FOLDER: OFlags = OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::CLOEXEC);
const PIECE_BYTES: u64 = 64 * 1024;

/// What was removed, as paths from `home`.
pub fn forget(home: &Path, paths: &[String]) -> io::Result<Vec<String>> {
    let root = open(home, FOLDER, Mode::empty())?;
    let mut removed = Vec::new();
    for path in paths {
        let whole = path.strip_suffix('/').unwrap_or(path);
        let folder =
            if whole.len() < path.len() { whole } else { whole.rsplit_once('/').map_or("", |(folder, _)| folder) };
        let Some(opened) = enter(&root, folder)? else { continue };
        let place = PathBuf::from(format!("/proc/self/fd/{}/.", opened.as_raw_fd()));
        let wanted = Paths::new(std::slice::from_ref(path));
        for entry in fs::read_dir(&place)? {
            let name = entry?.file_name();
            let bytes = name.as_encoded_bytes();
            let is_meant = whole.len() < path.len() || wanted.has(folder.as_bytes(), bytes);
            if is_meant {
                remove(&place.join(&name))?;
                let shown = String::from_utf8_lossy(bytes);
                removed.push(if folder.is_empty() { shown.into_owned() } else { format!("{folder}/{shown}") });
            }
        }
    }
    rustix::fs::sync();
    // Where the VMM takes no blocks back they hold zeros.
    let _ = ioctl::trim(&root);
    removed.sort();
    Ok(removed)
}

/// None when there is no such folder. A link on the way is the guest's and leads who knows where.
fn enter(root: &OwnedFd, folder: &str) -> io::Result<Option<OwnedFd>> {
    let path = if folder.is_empty() { "." } else { folder };
    match openat2(root, path, FOLDER, Mode::empty(), ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS) {
        Ok(opened) => Ok(Some(opened)),
        Err(Errno::NOENT | Errno::NOTDIR | Errno::LOOP) => Ok(None),
        Err(errno) => Err(errno.into()),
    }
}

fn remove(path: &Path) -> io::Result<()> {
    let info = fs::symlink_metadata(path)?;
    if info.is_dir() {
        for entry in fs::read_dir(path)? {
            remove(&path.join(entry?.file_name()))?;
        }
        return fs::remove_dir(path);
    }
    if info.is_file() {
        overwrite(path, info.len())?;
    }
    fs::remove_file(path)
}

fn overwrite(path: &Path, length: u64) -> io::Result<()> {
    use std::io::Write;
    let mut file = fs::OpenOptions::new().write(true).open(path)?;
    let zeros = vec![0; usize::try_from(PIECE_BYTES).unwrap_or(0)];
    let mut left = length;
    while left > 0 {
        let piece = left.min(PIECE_BYTES);
        file.write_all(&zeros[..usize::try_from(piece).unwrap_or(0)])?;
        left -= piece;
    }
    file.sync_data()
}

#[cfg(test)]
#[path = "forget_test.rs"]
mod tests;
