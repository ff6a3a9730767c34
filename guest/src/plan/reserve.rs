//! A little room in the layer that the guest cannot use up. To join base and layer the kernel makes folders in the layer, and where it
//! cannot it joins them for reading only: a guest that has filled its root could never start again.
//!
//! The room is a folder of small files beside what the guest sees. Where the layer is all but full they go before the join, and
//! come again, as far as there is room, once the root is made.

use std::fs::{self, File};
use std::os::fd::OwnedFd;
use std::path::Path;

use rustix::fs::{AtFlags, FallocateFlags, Mode, OFlags, fallocate, fstatvfs, openat, syncfs, unlinkat};

use super::stages::{Doing, Done};

const NAME: &str = "reserve";
/// Files, for a layer can also be out of inodes; together 1 MiB.
const PIECES: usize = 16;
const PIECE_BYTES: u64 = 64 * 1024;
/// Below what is free the reserve is needed: what a start may take, and more.
const SCARCE_BYTES: u64 = 2 * 1024 * 1024;
const SCARCE_FILES: u64 = 64;

/// Holds the layer: to be dropped, or nothing unmounts it.
pub struct Reserve {
    folder: OwnedFd,
}

impl Reserve {
    /// Of the layer that is mounted at `layer`, for writing.
    pub fn open(layer: &Path) -> Done<Self> {
        let path = layer.join(NAME);
        // A layer may be full without ever having had one; then there is nothing to let go of, and what is to come says so.
        let _ = fs::create_dir(&path);
        let here = if path.is_dir() { path.as_path() } else { layer };
        Ok(Self { folder: File::open(here).doing("open the layer's reserve")?.into() })
    }

    /// Gives the room to what follows, where it would not have any.
    pub fn release_where_scarce(&self) -> Done {
        let room = fstatvfs(&self.folder).doing("measure the layer")?;
        if room.f_bavail * room.f_frsize >= SCARCE_BYTES && room.f_favail >= SCARCE_FILES {
            return Ok(());
        }
        for piece in 0..PIECES {
            let _ = unlinkat(&self.folder, name(piece), AtFlags::empty());
        }
        // What was let go of can be used once that is written down.
        syncfs(&self.folder).doing("let go of the layer's reserve")
    }

    /// Takes what is missing of it, or as much as there is.
    pub fn fill(self) {
        for piece in 0..PIECES {
            let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
            let Ok(file) = openat(&self.folder, name(piece), flags, Mode::from_raw_mode(0o600)) else { continue };
            if fallocate(&file, FallocateFlags::empty(), 0, PIECE_BYTES).is_err() {
                let _ = unlinkat(&self.folder, name(piece), AtFlags::empty());
                return;
            }
        }
    }
}

fn name(piece: usize) -> String {
    format!("piece-{piece}")
}
