//! Blobs that are not what they should be, or more than they seem.

use std::io::Write;
use std::time::{Duration, Instant};

use banger_layers::job::{Compression, Layer};
use banger_layers::limits::Limits;
use banger_layers::refusal::Code::{self, DamagedLayer, DigestMismatch, LayerTooLarge};
use flate2::write::GzEncoder;

use super::archive::{Item, archive, header};
use super::merged::{ROOMY, out, read};
use super::workshop::Workshop;

pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), flate2::Compression::new(6));
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn digest(bytes: &[u8]) -> String {
    format!("sha256:{}", banger_layers::blob::hex(ring::digest::digest(&ring::digest::SHA256, bytes).as_ref()))
}

fn outcome(
    blob: &[u8],
    compression: Compression,
    digests: Option<(String, String)>,
    limits: Limits,
) -> Result<usize, Code> {
    let workshop = Workshop::open();
    let (digest, diff_id) = digests.unzip();
    let layer = Layer { path: workshop.write("blob", blob), compression, digest, diff_id };
    read(&out(&workshop), &[layer], limits).map(|tree| tree.inodes.len() - 1).map_err(|refusal| refusal.code)
}

#[test]
fn a_blob_is_what_its_digests_say() {
    let tar = archive(&[Item::file("a", b"x")]);
    for (compression, blob) in [
        (Compression::None, tar.clone()),
        (Compression::Gzip, gzip(&tar)),
        (Compression::Zstd, zstd::encode_all(tar.as_slice(), 3).unwrap()),
    ] {
        let right = (digest(&blob), digest(&tar));
        assert_eq!(outcome(&blob, compression, Some(right.clone()), ROOMY), Ok(1));
        let wrong = digest(b"another");
        assert_eq!(outcome(&blob, compression, Some((wrong.clone(), right.1.clone())), ROOMY), Err(DigestMismatch));
        assert_eq!(outcome(&blob, compression, Some((right.0.clone(), wrong)), ROOMY), Err(DigestMismatch));
        // Something behind the end of what is inflated.
        let longer = [blob.as_slice(), b"more"].concat();
        assert!(outcome(&longer, compression, Some(right.clone()), ROOMY).is_err());
        for length in [0, 1, blob.len() / 2, blob.len() - 1] {
            assert!(
                outcome(&blob[..length], compression, Some(right.clone()), ROOMY).is_err(),
                "{compression:?} {length}"
            );
        }
    }
    // Streams behind each other are one.
    let (one, two) = tar.split_at(700);
    let both = [gzip(one), gzip(two)].concat();
    assert_eq!(outcome(&both, Compression::Gzip, Some((digest(&both), digest(&tar))), ROOMY), Ok(1));
    let both = [zstd::encode_all(one, 3).unwrap(), zstd::encode_all(two, 3).unwrap()].concat();
    assert_eq!(outcome(&both, Compression::Zstd, Some((digest(&both), digest(&tar))), ROOMY), Ok(1));
    assert_eq!(outcome(&tar, Compression::Gzip, None, ROOMY), Err(DamagedLayer));
    assert_eq!(outcome(&tar, Compression::Zstd, None, ROOMY), Err(DamagedLayer));
}

/// Writes an archive of one file of zeros of so many bytes through `to`.
fn zeros(mut to: impl Write, bytes: usize) {
    to.write_all(&header(&Item::new("bomb", b'0'), bytes)).unwrap();
    let zeros = vec![0; 1 << 20];
    for _ in 0..bytes >> 20 {
        to.write_all(&zeros).unwrap();
    }
    to.write_all(&[0; 1024]).unwrap();
}

#[test]
fn bombs_do_not_go_off() {
    const LENGTH: usize = 3 << 30;
    let mut gz = GzEncoder::new(Vec::new(), flate2::Compression::new(6));
    zeros(&mut gz, LENGTH);
    let mut zst = zstd::stream::write::Encoder::new(Vec::new(), 1).unwrap();
    zeros(&mut zst, LENGTH);
    let tight = Limits { bytes: 64 << 20, ..ROOMY };
    for (compression, blob) in [(Compression::Gzip, gz.finish().unwrap()), (Compression::Zstd, zst.finish().unwrap())] {
        for limits in [ROOMY, tight] {
            let begin = Instant::now();
            assert_eq!(outcome(&blob, compression, None, limits), Err(LayerTooLarge));
            assert!(begin.elapsed() < Duration::from_secs(60), "{:?}", begin.elapsed());
        }
    }
    // As much in small pieces, of which none is too long.
    let many: Vec<Item> = (0..2000).map(|at| Item::file(&format!("f{at}"), &vec![0; 40_000])).collect();
    assert_eq!(outcome(&gzip(&archive(&many)), Compression::Gzip, None, tight), Err(LayerTooLarge));
    let few = Limits { entries: 1999, ..ROOMY };
    assert_eq!(outcome(&gzip(&archive(&many)), Compression::Gzip, None, few), Err(LayerTooLarge));
    // A window of two gigabytes.
    let mut encoder = zstd::stream::write::Encoder::new(Vec::new(), 19).unwrap();
    encoder.window_log(31).unwrap();
    encoder.long_distance_matching(true).unwrap();
    zeros(&mut encoder, 1 << 20);
    assert_eq!(outcome(&encoder.finish().unwrap(), Compression::Zstd, None, ROOMY), Err(DamagedLayer));
}

#[test]
fn quota_counts_whole_blocks() {
    let archive = archive(&(0..64).map(|at| Item::file(&format!("f{at}"), b"x")).collect::<Vec<_>>());
    let limits = |blocks: u64| Limits { bytes: blocks * 4096, ..ROOMY };
    assert_eq!(outcome(&archive, Compression::None, None, limits(64)), Ok(64));
    assert_eq!(outcome(&archive, Compression::None, None, limits(63)), Err(LayerTooLarge));
}
