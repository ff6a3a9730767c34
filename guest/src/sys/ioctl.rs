//! The device controls that banger needs and nobody wraps.

use std::io;
use std::os::fd::{AsFd, AsRawFd};

/// Grows the mounted ext4 file system that `folder` is in to `blocks` blocks.
pub fn ext4_resize(folder: impl AsFd, blocks: u64) -> io::Result<()> {
    const EXT4_IOC_RESIZE_FS: libc::Ioctl = write_code(b'f', 16, size_of::<u64>());
    // SAFETY: the kernel reads one u64, which lives through the call.
    check(unsafe { libc::ioctl(folder.as_fd().as_raw_fd(), EXT4_IOC_RESIZE_FS, &raw const blocks) })
}

/// Adds 32 bytes to the kernel's pool, counted as fully random. Only root of the first namespace may.
pub fn add_entropy(random: impl AsFd, seed: &[u8; 32]) -> io::Result<()> {
    #[repr(C)]
    struct PoolInfo {
        entropy_count: libc::c_int,
        buf_size: libc::c_int,
        buf: [u8; 32],
    }
    const RNDADDENTROPY: libc::Ioctl = write_code(b'R', 3, 2 * size_of::<libc::c_int>());
    let info = PoolInfo { entropy_count: 256, buf_size: 32, buf: *seed };
    // SAFETY: the kernel reads the two counts and then as many bytes as the second says, which is what follows.
    check(unsafe { libc::ioctl(random.as_fd().as_raw_fd(), RNDADDENTROPY, &raw const info) })
}

/// Makes the kernel's generator use what was added at once, instead of within the next minute.
pub fn reseed(random: impl AsFd) -> io::Result<()> {
    const RNDRESEEDCRNG: libc::Ioctl = (b'R' as libc::Ioctl) << 8 | 7;
    // SAFETY: takes no argument.
    check(unsafe { libc::ioctl(random.as_fd().as_raw_fd(), RNDRESEEDCRNG) })
}

/// Gives back to the disk what the mounted file system that `folder` is in does not use.
pub fn trim(folder: impl AsFd) -> io::Result<()> {
    #[repr(C)]
    struct Range {
        start: u64,
        length: u64,
        least: u64,
    }
    // Read and written.
    const FITRIM: libc::Ioctl = (2 << 30) | write_code(b'X', 121, size_of::<Range>());
    let mut range = Range { start: 0, length: u64::MAX, least: 0 };
    // SAFETY: the kernel reads three u64 and writes one of them, and they live through the call.
    check(unsafe { libc::ioctl(folder.as_fd().as_raw_fd(), FITRIM, &raw mut range) })
}

/// `_IOW(kind, number, size)` of the kernel's headers.
const fn write_code(kind: u8, number: u8, size: usize) -> libc::Ioctl {
    1 << 30 | (size as libc::Ioctl) << 16 | (kind as libc::Ioctl) << 8 | number as libc::Ioctl
}

fn check(result: libc::c_int) -> io::Result<()> {
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}
