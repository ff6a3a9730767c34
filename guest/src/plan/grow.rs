//! Grows an ext4 file system to the size of its disk, while it is mounted, without any tool.

use std::fs::{File, OpenOptions};
use std::io::{Seek, SeekFrom};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::FileExt;
use std::path::Path;

use rustix::fs::{Mode, OFlags, openat};
use rustix::mount::{FsMountFlags, FsOpenFlags, MountAttrFlags, fsconfig_create, fsconfig_set_string, fsmount, fsopen};

use super::stages::{Doing, Done, Trouble};
use crate::sys::ioctl;

/// Where a superblock begins, how long it is, and the parts of it that say how large the file system is.
const SUPERBLOCK_AT: u64 = 1024;
const SUPERBLOCK_BYTES: usize = 1024;
const BLOCKS_LOW: usize = 0x4;
const LOG_BLOCK_SIZE: usize = 0x18;
const MAGIC: usize = 0x38;
const INCOMPATIBLE: usize = 0x60;
const BLOCKS_HIGH: usize = 0x150;
const HAS_64_BIT: u32 = 0x80;

/// `mounted` is where `device` is mounted, for writing.
pub fn to_disk(device: &Path, mounted: &Path) -> Done {
    let folder = File::open(mounted).doing(format_args!("open {}", mounted.display()))?;
    grow(device, folder)
}

/// For a file system in use, wherever it is: a layer is held by the root alone and has no place of its own. It is mounted once
/// more for that, where nobody sees it, and let go of on return.
pub fn in_place(device: &Path) -> Done {
    let folder = mount_apart(device).doing(format_args!("mount {} once more", device.display()))?;
    grow(device, folder)
}

fn mount_apart(device: &Path) -> rustix::io::Result<OwnedFd> {
    let context = fsopen(c"ext4", FsOpenFlags::FSOPEN_CLOEXEC)?;
    fsconfig_set_string(&context, c"source", device)?;
    fsconfig_create(&context)?;
    let mount = fsmount(&context, FsMountFlags::FSMOUNT_CLOEXEC, MountAttrFlags::empty())?;
    // What is mounted can be looked at only, until it is opened.
    openat(&mount, c".", OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())
}

fn grow(device: &Path, folder: impl AsFd) -> Done {
    let mut disk = OpenOptions::new().read(true).open(device).doing(format_args!("open {}", device.display()))?;
    let disk_bytes = disk.seek(SeekFrom::End(0)).doing(format_args!("measure {}", device.display()))?;
    let mut superblock = [0; SUPERBLOCK_BYTES];
    disk.read_exact_at(&mut superblock, SUPERBLOCK_AT).doing(format_args!("read {}", device.display()))?;
    let size = Size::parse(&superblock).ok_or_else(|| Trouble(format!("{} is not ext4", device.display())))?;
    let wanted = disk_bytes / size.block_bytes;
    if wanted <= size.blocks {
        return Ok(());
    }
    ioctl::ext4_resize(folder, wanted).doing(format_args!("grow {} to {wanted} blocks", device.display()))
}

#[derive(Debug, PartialEq, Eq)]
struct Size {
    blocks: u64,
    block_bytes: u64,
}

impl Size {
    fn parse(superblock: &[u8; SUPERBLOCK_BYTES]) -> Option<Self> {
        let word = |at: usize| {
            u32::from_le_bytes([superblock[at], superblock[at + 1], superblock[at + 2], superblock[at + 3]])
        };
        if superblock[MAGIC..MAGIC + 2] != [0x53, 0xef] {
            return None;
        }
        let high = if word(INCOMPATIBLE) & HAS_64_BIT == 0 { 0 } else { word(BLOCKS_HIGH) };
        let block_bytes =
            1024_u64.checked_shl(word(LOG_BLOCK_SIZE)).filter(|&bytes| (1024..=65_536).contains(&bytes))?;
        Some(Self { blocks: u64::from(high) << 32 | u64::from(word(BLOCKS_LOW)), block_bytes })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_size_of_a_file_system() {
        let mut superblock = [0; SUPERBLOCK_BYTES];
        assert_eq!(Size::parse(&superblock), None);
        superblock[MAGIC..MAGIC + 2].copy_from_slice(&[0x53, 0xef]);
        superblock[BLOCKS_LOW] = 7;
        superblock[BLOCKS_HIGH] = 1;
        superblock[LOG_BLOCK_SIZE] = 2;
        assert_eq!(Size::parse(&superblock), Some(Size { blocks: 7, block_bytes: 4096 }));
        superblock[INCOMPATIBLE] = 0x80;
        assert_eq!(Size::parse(&superblock), Some(Size { blocks: (1 << 32) + 7, block_bytes: 4096 }));
        superblock[LOG_BLOCK_SIZE] = 200;
        assert_eq!(Size::parse(&superblock), None);
    }
}
