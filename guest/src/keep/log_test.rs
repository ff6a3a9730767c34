use std::io::{Read, Seek, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;

use proptest::prelude::*;
use rustix::pipe::{PipeFlags, pipe_with};

use super::*;

const MOST: u64 = 512 * 1024;

/// A folder that goes with the test.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("banger-keep-{}-{name}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir(&path).unwrap();
        Self(path)
    }

    fn log(&self) -> PathBuf {
        self.0.join("console.log")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn pipe() -> (OwnedFd, File) {
    let (read, write) = pipe_with(PipeFlags::NONBLOCK | PipeFlags::CLOEXEC).unwrap();
    (read, write.into())
}

/// The numbers from 0 on, one in eight bytes: every byte tells where it belongs.
fn stream(from: u64, bytes: u64) -> Vec<u8> {
    (from..from + bytes).map(|at| (at / 8).to_le_bytes()[usize::try_from(at % 8).unwrap()]).collect()
}

fn read_from(path: &Path, offset: u64) -> Vec<u8> {
    let mut file = File::open(path).unwrap();
    file.seek(std::io::SeekFrom::Start(offset)).unwrap();
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes).unwrap();
    bytes
}

#[test]
fn a_log_that_is_kept_already_is_refused() {
    let folder = Folder::new("twice");
    let first = Log::open(&folder.log(), MOST).unwrap();
    assert!(Log::open(&folder.log(), MOST).is_err());
    drop(first);
    assert!(Log::open(&folder.log(), MOST).is_ok());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn every_byte_keeps_its_offset_and_the_disk_its_room(
        sizes in prop::collection::vec((1_u64..65_536, prop::bool::weighted(0.1)), 1..60),
    ) {
        let folder = Folder::new("cap");
        let (read, mut write) = pipe();
        let mut log = Log::open(&folder.log(), MOST).unwrap();
        let mut end = 0;
        for (bytes, anew) in sizes {
            if anew {
                drop(log);
                log = Log::open(&folder.log(), MOST).unwrap();
            }
            write.write_all(&stream(end, bytes)).unwrap();
            end += bytes;
            while log.take(read.as_fd()).unwrap() > 0 {}
            prop_assert_eq!(log.end, end);
            prop_assert!(log.end - log.first <= MOST + CHUNK as u64);
        }
        let info = std::fs::metadata(folder.log()).unwrap();
        prop_assert_eq!(info.len(), end);
        prop_assert!(info.blocks() * 512 <= MOST + 2 * CHUNK as u64);
        prop_assert_eq!(seek(&log.file, SeekFrom::Data(0)).unwrap(), log.first);
        prop_assert!(read_from(&folder.log(), log.first) == stream(log.first, end - log.first));
    }
}

#[test]
fn what_has_no_place_is_counted_and_told() {
    let folder = Folder::new("lost");
    let (read, mut write) = pipe();
    let mut log = Log::open(&folder.log(), MOST).unwrap();
    write.write_all(b"before").unwrap();
    log.take(read.as_fd()).unwrap();
    // A file that cannot be written to stands for a disk that is full.
    let good = std::mem::replace(&mut log.file, File::open(folder.log()).unwrap());
    write.write_all(b"nowhere").unwrap();
    assert_eq!(log.take(read.as_fd()).unwrap(), 7);
    log.file = good;
    write.write_all(b"after").unwrap();
    log.take(read.as_fd()).unwrap();
    let text = String::from_utf8(read_from(&folder.log(), 0)).unwrap();
    assert!(text.starts_with("before\r\n[banger: 7 bytes of the console are missing here: "), "{text}");
    assert!(text.ends_with("]\r\nafter"), "{text}");
}

#[test]
fn times_stay_few_and_come_back() {
    let folder = Folder::new("times");
    let path = folder.0.join("times");
    let mut times = Times::open(&path, 0, MOST).unwrap();
    times.note(0);
    times.note(10_000);
    assert_eq!(times.pairs.len(), 1, "a second has not passed");
    times.pairs[0].1 -= 2 * 1000;
    times.note(100);
    assert_eq!(times.pairs.len(), 1, "they are too near");
    times.note(256);
    assert_eq!(times.pairs.len(), 2);
    let kept = Times::open(&path, 1000, MOST).unwrap();
    assert_eq!(kept.pairs.iter().map(|pair| pair.0).collect::<Vec<_>>(), [0, 256]);
    // Of a log that was removed, and of a write that was cut off.
    assert!(Times::open(&path, 100, MOST).unwrap().pairs.is_empty());
    OpenOptions::new().append(true).open(&path).unwrap().write_all(b"half").unwrap();
    assert!(Times::open(&path, 1000, MOST).unwrap().pairs.is_empty());
    assert_eq!(std::fs::metadata(&path).unwrap().len(), 0);
}
