//! A log that is never longer on disk than it may be, and in which every byte keeps its offset for ever.
//!
//! The file grows at its end; what is too old at its beginning becomes a hole, which takes no space. Bytes go from the pipe
//! to the file inside the kernel: this process can be killed at any moment without one of them lost or written twice.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::fd::BorrowedFd;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::Path;

use rustix::fs::{FallocateFlags, FlockOperation, SeekFrom, fallocate, flock, seek};
use rustix::io::Errno;
use rustix::pipe::{SpliceFlags, splice};

use super::times::Times;

/// As much as a pipe holds.
const CHUNK: usize = 64 * 1024;
/// Holes begin and end at multiples of this: a file system that is asked for less writes zeros instead.
const BLOCK: u64 = 64 * 1024;

pub struct Log {
    file: File,
    times: Times,
    /// Offset of the oldest byte that is kept.
    first: u64,
    end: u64,
    most: u64,
    /// Bytes for which there was no place, and why.
    lost: Option<(u64, Errno)>,
}

impl Log {
    /// Refuses a log that another process keeps: two writers would overwrite one another.
    pub fn open(path: &Path, most: u64) -> io::Result<Self> {
        let flags = libc::O_NOFOLLOW | libc::O_CLOEXEC;
        let file = OpenOptions::new().read(true).write(true).create(true).mode(0o600).custom_flags(flags).open(path)?;
        flock(&file, FlockOperation::NonBlockingLockExclusive)?;
        let end = seek(&file, SeekFrom::End(0))?;
        let first = match seek(&file, SeekFrom::Data(0)) {
            Ok(first) => first,
            // Nothing but a hole.
            Err(Errno::NXIO) => end,
            Err(error) => return Err(error.into()),
        };
        let mut times_path = path.as_os_str().to_owned();
        times_path.push(".times");
        let times = Times::open(Path::new(&times_path), end, most)?;
        Ok(Self { file, times, first, end, most, lost: None })
    }

    /// Takes what the pipe has now, at most so much as it can hold: how many bytes that was.
    pub fn take(&mut self, pipe: BorrowedFd) -> io::Result<usize> {
        self.tell_of_lost();
        match self.move_from(pipe) {
            Ok(count) => Ok(count),
            Err(Errno::AGAIN | Errno::INTR) => Ok(0),
            Err(_) if self.give_up_half() => match self.move_from(pipe) {
                Err(error) => self.lose(pipe, error),
                Ok(count) => Ok(count),
            },
            Err(error) => self.lose(pipe, error),
        }
    }

    fn move_from(&mut self, pipe: BorrowedFd) -> Result<usize, Errno> {
        if self.end - self.first >= self.most {
            self.forget(self.end - (self.most - self.most / 8))?;
        }
        let mut at = self.end;
        let count = splice(pipe, None, &self.file, Some(&mut at), CHUNK, SpliceFlags::NONBLOCK)?;
        self.times.note(self.end);
        self.end += count as u64;
        Ok(count)
    }

    /// Makes everything before `offset` a hole, in whole blocks.
    fn forget(&mut self, offset: u64) -> Result<(), Errno> {
        let until = offset / BLOCK * BLOCK;
        if until > self.first {
            fallocate(
                &self.file,
                FallocateFlags::PUNCH_HOLE | FallocateFlags::KEEP_SIZE,
                self.first,
                until - self.first,
            )?;
            self.first = until;
            self.times.forget(until);
        }
        Ok(())
    }

    /// On a full disk the new is worth more than the old. Whether there was something to give up.
    fn give_up_half(&mut self) -> bool {
        let before = self.first;
        let _ = self.forget(self.end - (self.end - self.first) / 2);
        self.first > before
    }

    /// Takes bytes out of the pipe that have no place: a guest must not stand still because the host's disk is full.
    fn lose(&mut self, pipe: BorrowedFd, why: Errno) -> io::Result<usize> {
        let mut nowhere = [0; CHUNK];
        match rustix::io::read(pipe, &mut nowhere) {
            Ok(count) => {
                self.lost = Some((self.lost.map_or(0, |(lost, _)| lost) + count as u64, why));
                Ok(count)
            }
            Err(Errno::AGAIN | Errno::INTR) => Ok(0),
            Err(error) => Err(error.into()),
        }
    }

    /// Says in the log itself what is missing there, as soon as it can be said.
    fn tell_of_lost(&mut self) {
        let Some((bytes, why)) = self.lost else { return };
        let text = format!("\r\n[banger: {bytes} bytes of the console are missing here: {why}]\r\n");
        if self.end + text.len() as u64 - self.first <= self.most
            && self.file.write_all_at(text.as_bytes(), self.end).is_ok()
        {
            self.end += text.len() as u64;
            self.lost = None;
        }
    }
}

#[cfg(test)]
#[path = "log_test.rs"]
mod tests;
