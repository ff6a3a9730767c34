//! The digest of a file's content: a sha256 that costs nothing for what is zero.
//!
//! It goes over each block that is not all zero, in order, as `offset: u64 | length: u32 | bytes`, and then over
//! `size: u64 | 0: u32`. So a file has the same digest whether its zeros are holes or not, and a hole need not be read.

use std::io;
use std::os::fd::{AsFd, BorrowedFd};

use rustix::fs::{SeekFrom, seek};
use rustix::io::{Errno, pread};
use sha2::{Digest as _, Sha256};

use super::frames::{BLOCK_BYTES, CHUNK_BYTES};
use super::messages::Digest;

static ZEROS: [u8; BLOCK_BYTES] = [0; BLOCK_BYTES];

pub fn is_zero(block: &[u8]) -> bool {
    // A comparison of memory, which is quicker than any loop of ours.
    block == &ZEROS[..block.len()]
}

#[derive(Clone, Default)]
pub struct Content(Sha256);

impl Content {
    /// One block, at most [`BLOCK_BYTES`] long; one that is all zero leaves no trace.
    pub fn add(&mut self, offset: u64, block: &[u8]) {
        if !is_zero(block) {
            self.0.update(offset.to_be_bytes());
            self.0.update((block.len() as u32).to_be_bytes());
            self.0.update(block);
        }
    }

    /// Several blocks that lie side by side.
    pub fn add_all(&mut self, offset: u64, bytes: &[u8]) {
        for (at, block) in bytes.chunks(BLOCK_BYTES).enumerate() {
            self.add(offset + (at * BLOCK_BYTES) as u64, block);
        }
    }

    /// The digest, if the content ends here.
    pub fn at(&self, size: u64) -> Digest {
        let mut hash = self.0.clone();
        hash.update(size.to_be_bytes());
        hash.update(0_u32.to_be_bytes());
        hash.finalize().into()
    }
}

/// Reads the data of an open file piece by piece and leaves out its holes.
pub struct Pieces<'a> {
    file: BorrowedFd<'a>,
    at: u64,
    end: u64,
    /// Where the run of data ends that `at` is in.
    run_end: u64,
    buffer: Vec<u8>,
}

/// The file ended before the size that it was said to have.
#[derive(Debug)]
pub enum NotRead {
    Shrunk,
    Io(io::Error),
}

impl From<Errno> for NotRead {
    fn from(errno: Errno) -> Self {
        Self::Io(errno.into())
    }
}

impl<'a> Pieces<'a> {
    /// From a block's beginning to `end`.
    pub fn new(file: &'a impl AsFd, from: u64, end: u64) -> Self {
        Self { file: file.as_fd(), at: from, end, run_end: from, buffer: vec![0; CHUNK_BYTES] }
    }

    /// The next blocks with where they begin; at most [`CHUNK_BYTES`], whole blocks but for the file's last.
    pub fn next(&mut self) -> Result<Option<(u64, &[u8])>, NotRead> {
        if self.at >= self.run_end && self.at < self.end {
            self.find_run()?;
        }
        if self.at >= self.end {
            return Ok(None);
        }
        let length = (self.end - self.at).min(CHUNK_BYTES as u64) as usize;
        let mut filled = 0;
        while filled < length {
            match pread(self.file, &mut self.buffer[filled..length], self.at + filled as u64) {
                Ok(0) => return Err(NotRead::Shrunk),
                Ok(count) => filled += count,
                Err(Errno::INTR) => {}
                Err(errno) => return Err(errno.into()),
            }
        }
        let offset = self.at;
        self.at += length as u64;
        Ok(Some((offset, &self.buffer[..length])))
    }

    fn find_run(&mut self) -> Result<(), NotRead> {
        match seek(self.file, SeekFrom::Data(self.at)) {
            Ok(data) => {
                self.run_end = seek(self.file, SeekFrom::Hole(data))?;
                self.at = data - data % BLOCK_BYTES as u64;
            }
            // Nothing but a hole up to the end of the file, which may have come nearer.
            Err(Errno::NXIO) => {
                if rustix::fs::fstat(self.file)?.st_size.cast_unsigned() < self.end {
                    return Err(NotRead::Shrunk);
                }
                self.at = self.end;
            }
            // A file system that knows no holes.
            Err(_) => self.run_end = self.end,
        }
        Ok(())
    }
}

/// The content of a file up to `end`. `still_wanted` is asked between pieces.
pub fn read_content(file: &impl AsFd, end: u64, still_wanted: impl Fn() -> bool) -> Result<Option<Content>, NotRead> {
    let (mut content, mut pieces) = (Content::default(), Pieces::new(file, 0, end));
    while let Some((offset, bytes)) = pieces.next()? {
        if !still_wanted() {
            return Ok(None);
        }
        content.add_all(offset, bytes);
    }
    Ok(Some(content))
}
