//! Takes the file systems apart, so that the next boot finds them clean.

use std::fs;
use std::io;
use std::os::fd::OwnedFd;

use rustix::fs::{Mode, open};
use rustix::mount::{UnmountFlags, unmount};
use rustix::process::{chdir, chroot, fchdir};

use super::console;
use super::early::FOLDER;

/// Unmounts everything that is mounted below the root, the deepest first, and then the root itself, standing in `old_root`.
pub fn all(old_root: Option<&OwnedFd>) {
    let mounts = fs::read_to_string("/proc/self/mounts").unwrap_or_default();
    let places = mounts.lines().rev().filter_map(|line| {
        let mut fields = line.split(' ').skip(1);
        Some((unescape(fields.next()?), fields.next()? == "tmpfs"))
    });
    let mut places: Vec<(Vec<u8>, bool)> = places.collect();
    // Not by age: a file system that was moved is older than the one it is in. Of those at one place the newest is first.
    places.sort_by_key(|(place, _)| std::cmp::Reverse(place.len()));
    for (place, is_memory) in places {
        // Devices stay for the last word; they hold no data.
        if place != b"/" && !place.starts_with(b"/dev") {
            // What is busy is still used by what could not be ended; it was synced.
            // (Memory loses nothing: our own program may lie in it.)
            if let Err(error) = unmount(place.as_slice(), UnmountFlags::empty())
                && !is_memory
            {
                console::complain(&format!("cannot unmount {}: {error}", String::from_utf8_lossy(&place)));
            }
        }
    }
    if let Some(old_root) = old_root {
        let _ = leave_root(old_root);
    }
}

/// The root cannot be named from below it: it is entered, and detached from under our feet. Stepping out then ends it.
fn leave_root(old_root: &OwnedFd) -> io::Result<()> {
    let root = open("/", FOLDER, Mode::empty())?;
    fchdir(old_root)?;
    chroot(".")?;
    fchdir(&root)?;
    drop(root);
    unmount(".", UnmountFlags::DETACH)?;
    Ok(chdir("/")?)
}

/// Spaces and the like are written as three octal digits.
fn unescape(field: &str) -> Vec<u8> {
    let (bytes, mut out, mut at) = (field.as_bytes(), Vec::new(), 0);
    while at < bytes.len() {
        let octal = field.get(at + 1..at + 4).and_then(|digits| u8::from_str_radix(digits, 8).ok());
        match octal {
            Some(byte) if bytes[at] == b'\\' => {
                out.push(byte);
                at += 4;
            }
            _ => {
                out.push(bytes[at]);
                at += 1;
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    #[test]
    fn reads_names_with_spaces() {
        assert_eq!(super::unescape(r"/mnt/a\040b\134c"), b"/mnt/a b\\c");
        assert_eq!(super::unescape("/plain"), b"/plain");
    }
}
