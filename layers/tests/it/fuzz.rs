//! Archives and packed blobs that were changed at random: each is taken or refused, and nothing else happens. A minute of it a run.

use std::time::{Duration, Instant};

use banger_layers::job::{Compression, Layer};
use banger_layers::limits::Limits;
use banger_layers::tar::Archive;

use super::archive::{Item, archive};
use super::blobs::gzip;
use super::merged::{list, out, read};
use super::random::Random;
use super::workshop::Workshop;

fn seeds() -> Vec<Vec<u8>> {
    let sparse = Item::file("s", b"abc").with("GNU.sparse.map", b"0,1,4,2").with("GNU.sparse.size", b"8");
    let old = Item { flag: b'S', ..Item::file("o", b"abc") };
    let long = Item::file(&"deep/".repeat(30), b"").with("SCHILY.xattr.user.a", b"b").with("mtime", b"1.5");
    vec![
        archive(&[
            Item::new("d", b'5'),
            Item::file("d/x", b"content"),
            Item::link("l", b'2', "d"),
            Item::link("h", b'1', "d/x"),
        ]),
        archive(&[long, sparse, old]),
        archive(&[
            Item::new("d/.wh..wh..opq", b'0'),
            Item::new(".wh.d", b'0'),
            Item { device: (1, 3), ..Item::new("n", b'3') },
        ]),
    ]
}

fn change(random: &mut Random, bytes: &mut Vec<u8>) {
    for _ in 0..=random.below(4) {
        let at = random.below(bytes.len() as u64) as usize;
        match random.below(4) {
            0 => bytes[at] = random.next() as u8,
            1 => bytes[at] ^= 1 << random.below(8),
            2 => {
                let other = random.below(bytes.len() as u64) as usize;
                bytes[at] = bytes[other];
            }
            _ => bytes.truncate(at.max(1)),
        }
    }
    // Most would not get past the sum.
    for block in bytes.chunks_exact_mut(512) {
        if !random.one_in(8)
            && &block[257..262] == b"ustar"
            && let Ok(block) = block.try_into()
        {
            super::archive::seal(block);
        }
    }
}

#[test]
fn no_archive_does_anything_but_be_read() {
    let (end, seed) = (end(), seed());
    let mut random = Random::new(seed);
    let seeds = seeds();
    let (mut taken, mut refused) = (0_u64, 0_u64);
    while Instant::now() < end {
        let mut bytes = random.one(&seeds).clone();
        change(&mut random, &mut bytes);
        // Read alone, it is much faster; now and then the whole way.
        let is_taken = if random.one_in(50) { list(&[bytes]).is_ok() } else { read_alone(&bytes) };
        if is_taken { taken += 1 } else { refused += 1 }
    }
    println!("seed {seed}: {taken} taken, {refused} refused");
    assert!(taken > 0 && refused > 0);
}

/// What packs a layer, and what it says of itself: the whole way of a blob, from its file to a tree.
#[test]
fn no_packed_blob_does_anything_but_be_read() {
    let (end, seed) = (end(), seed());
    let mut random = Random::new(seed ^ 1);
    let workshop = Workshop::open();
    let tars = seeds();
    let blobs: Vec<_> = tars
        .iter()
        .flat_map(|tar| {
            let large = [tar.as_slice(), &vec![0; 300_000]].concat();
            [
                (Compression::Gzip, gzip(tar)),
                (Compression::Zstd, zstd::encode_all(tar.as_slice(), 3).unwrap()),
                (Compression::Zstd, zstd::encode_all(large.as_slice(), 19).unwrap()),
                (Compression::Detect, gzip(&large)),
                (Compression::Detect, zstd::encode_all(tar.as_slice(), 1).unwrap()),
            ]
        })
        .collect();
    let tight = Limits { bytes: 1 << 20, entries: 100 };
    let (mut taken, mut refused) = (0_u64, 0_u64);
    while Instant::now() < end {
        let (compression, mut blob) = random.one(&blobs).clone();
        // Of some only the end is cut off, or something put behind it.
        match random.below(8) {
            0 => blob.truncate(random.below(blob.len() as u64) as usize),
            1 => blob.extend_from_slice(&random.one(&blobs).1),
            2 => {}
            _ => change(&mut random, &mut blob),
        }
        let layer = Layer { path: workshop.write("blob", &blob), compression, digest: None, diff_id: None };
        let out = out(&workshop);
        if read(&out, &[layer], tight).is_ok() {
            taken += 1
        } else {
            refused += 1
        }
        assert!(out.metadata().unwrap().len() <= 2 << 20, "it took more than it may");
    }
    println!("seed {seed}: {taken} taken, {refused} refused");
    assert!(taken > 0 && refused > 0);
}

/// Ten minutes in the long run.
fn end() -> Instant {
    let full = std::env::var_os("BANGER_TEST_FULL").is_some();
    Instant::now() + Duration::from_secs(if full { 600 } else { 30 })
}

fn seed() -> u64 {
    std::env::var("BANGER_TEST_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(1)
}

fn read_alone(bytes: &[u8]) -> bool {
    let mut archive = Archive::new(bytes);
    loop {
        match archive.next_entry() {
            Ok(Some(_)) => {}
            Ok(None) => return true,
            Err(_) => return false,
        }
    }
}
