//! Where the bytes of a blob come from, and how they are packed.

use std::fs::File;
use std::io::{Chain, Cursor, Read, stdin};
use std::os::unix::fs::FileTypeExt;

use crate::job::{Compression, Layer};
use crate::refusal::{Code, Outcome, Refusal};

/// What was looked at comes again.
pub type Source = Chain<Cursor<Vec<u8>>, Box<dyn Read + Send>>;

/// What is known to be one of these.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Packing {
    None,
    Gzip,
    Zstd,
}

/// As many bytes as the longest of these has.
const HEAD_BYTES: u64 = 6;
const GZIP: &[u8] = b"\x1f\x8b";
const ZSTD: &[u8] = b"\x28\xb5\x2f\xfd";
/// What others pack with, and what unpacks it.
const OTHERS: [(&[u8], &str); 5] = [
    (b"\xfd7zXZ\0", "xz -dc"),
    (b"BZh", "bzip2 -dc"),
    (b"\x04\x22\x4d\x18", "lz4 -dc"),
    (b"LZIP", "lzip -dc"),
    (b"PK\x03\x04", "unzip"),
];

pub fn open(layer: &Layer) -> Outcome<(Source, Packing)> {
    let mut inner = open_path(layer)?;
    let mut head = Vec::new();
    let packing = match layer.compression {
        Compression::None => Packing::None,
        Compression::Gzip => Packing::Gzip,
        Compression::Zstd => Packing::Zstd,
        Compression::Detect => {
            inner.as_mut().take(HEAD_BYTES).read_to_end(&mut head).map_err(|error| cannot(layer, &error))?;
            packing_of(&head)?
        }
    };
    Ok((Cursor::new(head).chain(inner), packing))
}

fn packing_of(head: &[u8]) -> Outcome<Packing> {
    if head.is_empty() {
        return Err(Refusal::damaged("it is empty"));
    }
    if let Some((_, unpack)) = OTHERS.iter().find(|(magic, _)| head.starts_with(magic)) {
        return Err(Refusal::unsupported(format_args!("only gzip and zstd are unpacked here, and it wants {unpack}")));
    }
    Ok(match head {
        head if head.starts_with(GZIP) => Packing::Gzip,
        head if head.starts_with(ZSTD) => Packing::Zstd,
        _ => Packing::None,
    })
}

fn open_path(layer: &Layer) -> Outcome<Box<dyn Read + Send>> {
    let path = &layer.path;
    if layer.is_stream() {
        return Ok(Box::new(stdin()));
    }
    let file = File::open(path).map_err(|error| cannot(layer, &error))?;
    let kind = file.metadata().map_err(|error| cannot(layer, &error))?.file_type();
    // What has a digest lies in a cache.
    let is_pipe = kind.is_fifo() && layer.digest.is_none();
    if kind.is_file() || is_pipe { Ok(Box::new(file)) } else { Err(cannot(layer, &"it is no file")) }
}

/// What nobody vouches for is somebody's own file.
fn cannot(layer: &Layer, error: &dyn std::fmt::Display) -> Refusal {
    let code = if layer.compression == Compression::Detect { Code::FileUnreadable } else { Code::System };
    Refusal::new(code, format_args!("cannot read {}: {error}", layer.path.display()))
}
