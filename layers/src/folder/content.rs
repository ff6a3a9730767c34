//! What is in a file, without its holes.

use std::os::fd::OwnedFd;

use rustix::fs::{SeekFrom, Stat, fstat, seek};
use rustix::io::{Errno, pread};

use super::{changed, unreadable};
use crate::layer::{COPY_BYTES, Common};
use crate::refusal::Outcome;
use crate::space::{Run, Writer};

/// As long as `stat` says it is; refuses what became shorter or longer, or was written to, meanwhile.
pub fn write(
    file: &OwnedFd,
    stat: &Stat,
    path: &[u8],
    writer: &mut Writer<'_>,
    common: &Common<'_>,
) -> Outcome<Option<Run>> {
    let size = stat.st_size.cast_unsigned();
    if size == 0 {
        return Ok(None);
    }
    let place = writer.open(size)?;
    let mut buffer = vec![0; COPY_BYTES];
    let mut at = 0;
    while let Some((begin, end)) = next_piece(file, at, size).map_err(unreadable(path))? {
        at = begin;
        while at < end && !common.is_over() {
            let wanted = usize::try_from(end - at).unwrap_or(usize::MAX).min(buffer.len());
            let got = pread(file, &mut buffer[..wanted], at).map_err(unreadable(path))?;
            if got == 0 {
                return Err(changed(path));
            }
            writer.write(&place, at, &buffer[..got])?;
            common.report.read(got as u64);
            at += got as u64;
        }
        if common.is_over() {
            break;
        }
    }
    let after = fstat(file).map_err(unreadable(path))?;
    let times = |stat: &Stat| (stat.st_size, stat.st_mtime, stat.st_mtime_nsec);
    if times(&after) == times(stat) { Ok(Some(place.run)) } else { Err(changed(path)) }
}

/// The next part from `at` on that is no hole.
fn next_piece(file: &OwnedFd, at: u64, size: u64) -> Result<Option<(u64, u64)>, Errno> {
    if at >= size {
        return Ok(None);
    }
    let begin = match seek(file, SeekFrom::Data(at)) {
        Ok(begin) => begin,
        Err(Errno::NXIO) => return Ok(None),
        Err(Errno::INVAL | Errno::OPNOTSUPP) => return Ok(Some((at, size))),
        Err(error) => return Err(error),
    };
    let end = seek(file, SeekFrom::Hole(begin))?;
    Ok(if begin < size { Some((begin, end.min(size))) } else { None })
}
