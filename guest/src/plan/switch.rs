//! Moves the agent into the new root, and frees the memory of the old one.

use std::fs;
use std::os::fd::OwnedFd;

use rustix::fs::{AtFlags, Mode, OFlags, RawDir, openat, unlinkat};
use rustix::mount::mount_move;
use rustix::process::{chdir, chroot, fchdir};

use super::new_root::NewRoot;
use super::stages::{Doing, Done};
use crate::init::steer;

pub const NEW_ROOT: &str = "/banger/root";
const MOVED: [&str; 4] = ["/dev", "/sys", "/run", "/proc"];
const READABLE_FOLDER: OFlags = OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::CLOEXEC).union(OFlags::NOFOLLOW);

pub fn enter(new_root: NewRoot) -> Done {
    let old_root = rustix::fs::open("/", READABLE_FOLDER, Mode::empty()).doing("open the old root")?;
    for place in MOVED {
        // A guest's link in this place leads nowhere that it could not lead later.
        let folder = new_root.make_folder(place).doing(format_args!("make {place}"))?;
        mount_move(place, NewRoot::mount_point(&folder)).doing(format_args!("move {place}"))?;
    }
    fchdir(&new_root.folder).doing("enter the new root")?;
    mount_move(".", "/").doing("move the new root")?;
    chroot(".").doing("enter the new root")?;
    chdir("/").doing("enter the new root")?;
    steer::ask_to_enter_root().doing("tell PID 1")?;
    // An initramfs is memory. What runs from it keeps only what it runs.
    for name in ["init", "banger"] {
        remove(&old_root, name);
    }
    Ok(())
}

/// Removes what can be: a mount in it stays, and holds no memory of the initramfs.
fn remove(parent: &OwnedFd, name: &str) {
    if unlinkat(parent, name, AtFlags::empty()).is_ok() {
        return;
    }
    let Ok(folder) = openat(parent, name, READABLE_FOLDER, Mode::empty()) else { return };
    let mut buffer = Vec::with_capacity(4096);
    let mut names = Vec::new();
    let mut entries = RawDir::new(&folder, buffer.spare_capacity_mut());
    while let Some(Ok(entry)) = entries.next() {
        names.push(entry.file_name().to_string_lossy().into_owned());
    }
    for name in names.iter().filter(|name| !matches!(name.as_str(), "." | "..")) {
        remove(&folder, name);
    }
    let _ = unlinkat(parent, name, AtFlags::REMOVEDIR);
}

/// The agent's own program, before the initramfs is emptied.
pub fn copy_own_program(to: &str) -> std::io::Result<u64> {
    fs::copy("/proc/self/exe", to)
}
