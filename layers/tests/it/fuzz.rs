//! Archives that were changed at random: each is taken or refused, and nothing else happens.

use std::time::{Duration, Instant};

use banger_layers::tar::Archive;

use super::archive::{Item, archive};
use super::merged::list;
use super::random::Random;

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
    let full = std::env::var_os("BANGER_TEST_FULL").is_some();
    let end = Instant::now() + Duration::from_secs(if full { 600 } else { 15 });
    let seed = std::env::var("BANGER_TEST_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(1);
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
