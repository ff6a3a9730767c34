//! Where content goes in the output, while nobody knows yet what it will be called.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::sync::atomic::{AtomicU64, Ordering};

use rustix::fs::{FallocateFlags, fallocate};
use rustix::io::Errno;

use crate::refusal::{Outcome, Refusal};

pub const BLOCK: u64 = 4096;
/// Small content is gathered into pieces of this length, each one write.
const PIECE: u64 = 1024 * 1024;
/// What is no longer than this is small.
const SMALL: u64 = 64 * 1024;

/// Blocks of a file that have one owner.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Run {
    /// The number of the first block.
    pub first: u32,
    pub blocks: u32,
}

/// The blocks of the output; the first is not given to anybody.
pub struct Space<'a> {
    out: &'a File,
    next: AtomicU64,
    end: u64,
}

impl<'a> Space<'a> {
    /// With room for so many bytes, in whole blocks.
    pub fn new(out: &'a File, bytes: u64) -> Self {
        let most = u64::from(u32::MAX) - (1 << 24);
        Self { out, next: AtomicU64::new(1), end: (bytes / BLOCK).min(most) + 1 }
    }

    /// The number of blocks that somebody has.
    pub fn used(&self) -> u64 {
        self.next.load(Ordering::Relaxed)
    }

    pub fn claim(&self, bytes: u64) -> Outcome<Run> {
        let blocks = bytes.div_ceil(BLOCK);
        let first = self
            .next
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |next| {
                next.checked_add(blocks).filter(|&after| after <= self.end)
            })
            .map_err(|_| {
                Refusal::too_large(format_args!(
                    "it holds more than the {} MiB that are allowed",
                    ((self.end - 1) * BLOCK) >> 20
                ))
            })?;
        Ok(Run { first: first as u32, blocks: blocks as u32 })
    }

    pub fn write(&self, bytes: &[u8], at: u64) -> Outcome {
        self.out.write_all_at(bytes, at).map_err(Refusal::write)
    }

    /// The blocks are zeros from now on, and take no room where the host's file system can do that.
    pub fn free(&self, run: Run) -> Outcome {
        let (at, bytes) = (u64::from(run.first) * BLOCK, u64::from(run.blocks) * BLOCK);
        match fallocate(self.out, FallocateFlags::PUNCH_HOLE | FallocateFlags::KEEP_SIZE, at, bytes) {
            Ok(()) | Err(Errno::OPNOTSUPP | Errno::NOSYS) => Ok(()),
            Err(error) => Err(Refusal::system("cannot give back a part of the image", error)),
        }
    }
}

/// Writes content for one layer: what is small side by side, in the order in which it comes.
pub struct Writer<'a> {
    space: &'a Space<'a>,
    piece: Option<Run>,
    gathered: Vec<u8>,
}

/// Where a file's content goes next.
pub struct Place {
    pub run: Run,
    is_small: bool,
    /// Of a small one, in what is gathered.
    begin: usize,
}

impl<'a> Writer<'a> {
    pub fn new(space: &'a Space<'a>) -> Self {
        Self { space, piece: None, gathered: Vec::with_capacity(PIECE as usize) }
    }

    /// A place for so many bytes, which are zeros until they are written.
    pub fn open(&mut self, bytes: u64) -> Outcome<Place> {
        if bytes > SMALL {
            return Ok(Place { run: self.space.claim(bytes)?, is_small: false, begin: 0 });
        }
        let rounded = bytes.next_multiple_of(BLOCK);
        let piece = match self.piece {
            Some(piece) if self.gathered.len() as u64 + rounded <= u64::from(piece.blocks) * BLOCK => piece,
            _ => {
                self.flush()?;
                // Near the end of what is allowed, as much as is needed.
                let piece = self.space.claim(PIECE).or_else(|_| self.space.claim(rounded))?;
                *self.piece.insert(piece)
            }
        };
        let begin = self.gathered.len();
        let run = Run { first: piece.first + (begin as u64 / BLOCK) as u32, blocks: (rounded / BLOCK) as u32 };
        self.gathered.resize(begin + rounded as usize, 0);
        Ok(Place { run, is_small: true, begin })
    }

    /// @param offset in the file.
    pub fn write(&mut self, place: &Place, offset: u64, bytes: &[u8]) -> Outcome {
        if !place.is_small {
            return self.space.write(bytes, u64::from(place.run.first) * BLOCK + offset);
        }
        let begin = place.begin + offset as usize;
        self.gathered[begin..begin + bytes.len()].copy_from_slice(bytes);
        Ok(())
    }

    pub fn flush(&mut self) -> Outcome {
        if let Some(piece) = self.piece.take() {
            self.space.write(&self.gathered, u64::from(piece.first) * BLOCK)?;
        }
        self.gathered.clear();
        Ok(())
    }
}
