//! When the bytes of a log arrived: a file of pairs, offset and milliseconds since the epoch, 8 bytes each, little-endian. A
//! pair says that the bytes from its offset on came at its time or later, and those before no later.
//!
//! Not each byte has its own time: pairs are a second apart, and some hundred bytes, so that they stay few.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

const PAIR: usize = 16;
const SECOND: u64 = 1000;
/// At least so many bytes lie between two pairs; in a large log more, so that there are never more pairs than `MOST_PAIRS`.
const FEWEST_BYTES: u64 = 256;
const MOST_PAIRS: u64 = 32 * 1024;

pub struct Times {
    path: PathBuf,
    file: File,
    /// Of an offset and the time from which on the bytes behind it came.
    pub pairs: Vec<(u64, u64)>,
    step: u64,
}

impl Times {
    /// @param end of the log. Pairs beyond it belong to a log that was removed.
    pub fn open(path: &Path, end: u64, most: u64) -> io::Result<Self> {
        let mut file = make(path, false)?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        let mut pairs: Vec<_> = bytes.chunks_exact(PAIR).map(parse).collect();
        if pairs.last().is_some_and(|&(offset, _)| offset > end) || !pairs.is_sorted() {
            pairs.clear();
        }
        let mut times = Self { path: path.to_owned(), file, pairs, step: FEWEST_BYTES.max(most / MOST_PAIRS) };
        if times.pairs.len() * PAIR != bytes.len() {
            times.rewrite()?;
        }
        Ok(times)
    }

    /// Bytes arrived now; the first of them has this offset. What cannot be written is left out: times are a help, not the log.
    pub fn note(&mut self, offset: u64) {
        let now = now_ms();
        if let Some(&(last_offset, last)) = self.pairs.last()
            && (offset < last_offset + self.step || now < last + SECOND)
        {
            return;
        }
        let at = (self.pairs.len() * PAIR) as u64;
        if self.file.write_all_at(&encode((offset, now)), at).is_ok() {
            self.pairs.push((offset, now));
        }
    }

    /// Nobody asks any more when bytes before `offset` came.
    pub fn forget(&mut self, offset: u64) {
        let old = self.pairs.partition_point(|&(start, _)| start <= offset).saturating_sub(1);
        // Rarely: each time costs a whole file.
        if old > self.pairs.len() / 2 {
            self.pairs.drain(..old);
            let _ = self.rewrite();
        }
    }

    fn rewrite(&mut self) -> io::Result<()> {
        let mut beside = self.path.clone().into_os_string();
        beside.push(".new");
        let file = make(Path::new(&beside), true)?;
        let bytes: Vec<u8> = self.pairs.iter().flat_map(|&pair| encode(pair)).collect();
        file.write_all_at(&bytes, 0)?;
        fs::rename(&beside, &self.path)?;
        self.file = file;
        Ok(())
    }
}

fn make(path: &Path, anew: bool) -> io::Result<File> {
    let flags = libc::O_NOFOLLOW | libc::O_CLOEXEC;
    OpenOptions::new().read(true).write(true).create(true).truncate(anew).mode(0o600).custom_flags(flags).open(path)
}

fn parse(pair: &[u8]) -> (u64, u64) {
    let number = |at: usize| u64::from_le_bytes(pair[at..at + 8].try_into().expect("eight bytes"));
    (number(0), number(8))
}

fn encode((offset, time): (u64, u64)) -> [u8; PAIR] {
    let mut bytes = [0; PAIR];
    bytes[..8].copy_from_slice(&offset.to_le_bytes());
    bytes[8..].copy_from_slice(&time.to_le_bytes());
    bytes
}

fn now_ms() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |passed| u64::try_from(passed.as_millis()).unwrap_or(u64::MAX))
}
