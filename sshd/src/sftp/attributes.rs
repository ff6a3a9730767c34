//! Attributes of files: which of them are there, and then those.

use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;

use super::date;
use crate::wire::{Malformed, Reader, Writer};

const SIZE: u32 = 1;
const OWNER: u32 = 2;
const PERMISSIONS: u32 = 4;
const TIMES: u32 = 8;
const EXTENDED: u32 = 1 << 31;

/// What is to be set.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Attributes {
    pub size: Option<u64>,
    pub owner: Option<(u32, u32)>,
    pub permissions: Option<u32>,
    /// Of the last access and the last change, in seconds.
    pub times: Option<(u32, u32)>,
}

impl Attributes {
    pub fn read(reader: &mut Reader) -> Result<Self, Malformed> {
        let flags = reader.u32()?;
        let has = |flag| flags & flag != 0;
        let read = Self {
            size: has(SIZE).then(|| reader.u64()).transpose()?,
            owner: has(OWNER).then(|| Ok((reader.u32()?, reader.u32()?))).transpose()?,
            permissions: has(PERMISSIONS).then(|| reader.u32()).transpose()?.map(|mode| mode & 0o7777),
            times: has(TIMES).then(|| Ok((reader.u32()?, reader.u32()?))).transpose()?,
        };
        if has(EXTENDED) {
            // Nothing of it is known, and each takes at least eight bytes of what there is.
            for _ in 0..reader.u32()? {
                reader.string()?;
                reader.string()?;
            }
        }
        Ok(read)
    }
}

pub fn write(writer: Writer, found: &Metadata) -> Writer {
    let seconds = |time: i64| u32::try_from(time).unwrap_or(0);
    let writer = writer.u32(SIZE | OWNER | PERMISSIONS | TIMES).u64(found.size()).u32(found.uid()).u32(found.gid());
    writer.u32(found.mode()).u32(seconds(found.atime())).u32(seconds(found.mtime()))
}

/// As `ls -ln` shows it.
pub fn line(name: &[u8], found: &Metadata) -> Vec<u8> {
    let mode = found.mode();
    let kind = match mode & libc::S_IFMT {
        libc::S_IFDIR => 'd',
        libc::S_IFLNK => 'l',
        libc::S_IFCHR => 'c',
        libc::S_IFBLK => 'b',
        libc::S_IFIFO => 'p',
        libc::S_IFSOCK => 's',
        _ => '-',
    };
    let may = |bit: u32, letter| if mode >> bit & 1 == 1 { letter } else { '-' };
    let modes: String = (0..9).map(|at| may(8 - at, ['r', 'w', 'x'][at as usize % 3])).collect();
    let when = date::show(u64::try_from(found.mtime()).unwrap_or(0));
    let (links, uid, gid, size) = (found.nlink(), found.uid(), found.gid(), found.size());
    [format!("{kind}{modes} {links:>4} {uid:<8} {gid:<8} {size:>8} {when} ").as_bytes(), name].concat()
}
