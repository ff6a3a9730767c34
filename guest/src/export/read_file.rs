//! The content of a file: what of it is there, and as many bytes of it as were announced.

use std::io::{self, Write};
use std::os::fd::{AsFd, OwnedFd};

use rustix::fs::{SeekFrom, Stat, seek};
use rustix::io::{Errno, pread};

use super::archive::{Archive, Entry, parts_list};

/// A file in more parts is read whole.
const MAX_PARTS: usize = 1000;
const PIECE_BYTES: usize = 128 * 1024;
/// In which `stat` counts.
const STAT_BLOCK: u64 = 512;

/// Writes header and content. A file that became shorter since its header was written ends in zeros: somebody writes to it, and
/// half of what is being written is what there is.
pub fn write<W: Write>(archive: &mut Archive<W>, mut entry: Entry, file: &OwnedFd, stat: &Stat) -> io::Result<()> {
    let size = stat.st_size.cast_unsigned();
    let has_holes = stat.st_blocks.cast_unsigned().saturating_mul(STAT_BLOCK) < size;
    let parts = if has_holes { parts_of(file, size) } else { None };
    match parts {
        None => {
            entry.size = size;
            archive.header(&entry)?;
            part(archive, file, (0, size))?;
        }
        Some(parts) => {
            let list = parts_list(&parts);
            entry.size = list.len() as u64 + parts.iter().map(|(_, bytes)| bytes).sum::<u64>();
            entry.real_size = Some(size);
            archive.header(&entry)?;
            archive.content(&list)?;
            for each in parts {
                part(archive, file, each)?;
            }
        }
    }
    archive.end_of_entry()
}

/// None where its file system knows no holes, or where there are very many.
fn parts_of(file: &impl AsFd, size: u64) -> Option<Vec<(u64, u64)>> {
    let mut parts = Vec::new();
    let mut at = 0;
    while at < size {
        let begin = match seek(file, SeekFrom::Data(at)) {
            Ok(begin) => begin,
            Err(Errno::NXIO) => break,
            Err(_) => return None,
        };
        let end = seek(file, SeekFrom::Hole(begin)).ok()?.min(size);
        if begin >= end || parts.len() >= MAX_PARTS {
            return None;
        }
        parts.push((begin, end - begin));
        at = end;
    }
    // One part that is all of it is a file without holes.
    if parts == [(0, size)] {
        return None;
    }
    // GNU tar takes a file to end with its last part.
    parts.push((size, 0));
    Some(parts)
}

fn part<W: Write>(archive: &mut Archive<W>, file: &impl AsFd, (offset, bytes): (u64, u64)) -> io::Result<()> {
    let mut buffer = vec![0; PIECE_BYTES];
    let (mut at, end) = (offset, offset + bytes);
    while at < end {
        let wanted = usize::try_from(end - at).unwrap_or(PIECE_BYTES).min(PIECE_BYTES);
        let count = match pread(file, &mut buffer[..wanted], at) {
            Ok(0) => {
                buffer[..wanted].fill(0);
                wanted
            }
            Ok(count) => count,
            Err(Errno::INTR) => continue,
            Err(errno) => return Err(errno.into()),
        };
        archive.content(&buffer[..count])?;
        at += count as u64;
    }
    Ok(())
}
