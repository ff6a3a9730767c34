//! The 64 bytes of an inode.

use super::attributes;
use crate::tree::{Body, Inode};

pub const BYTES: u64 = 64;

/// How content is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Found {
    /// In blocks, from this one on; or there is none.
    Blocks(u32),
    /// Whole blocks from this one on, and the rest behind the inode.
    Tail(u32),
}

pub struct Described<'a> {
    pub inode: &'a Inode,
    /// Of the content, or the table, or where a link leads.
    pub size: u64,
    pub links: u32,
    pub attributes_bytes: usize,
    pub found: Found,
    /// One of its own, for programs that want one.
    pub number: u32,
}

pub fn encode(described: &Described<'_>) -> [u8; BYTES as usize] {
    let Described { inode, size, links, attributes_bytes, found, number } = described;
    let (layout, first) = match found {
        Found::Blocks(first) => (0_u16, *first),
        Found::Tail(first) => (2, *first),
    };
    let (kind, place) = match inode.body {
        Body::File { .. } => (0o100_000, first),
        Body::Folder(_) => (0o040_000, first),
        Body::Link(_) => (0o120_000, first),
        Body::CharacterDevice(major, minor) => (0o020_000, device(major, minor)),
        Body::BlockDevice(major, minor) => (0o060_000, device(major, minor)),
        Body::Fifo => (0o010_000, 0),
    };
    let mut bytes = [0; BYTES as usize];
    let mut at = 0;
    let mut put = |field: &[u8]| {
        bytes[at..at + field.len()].copy_from_slice(field);
        at += field.len();
    };
    put(&(1 | (layout << 1)).to_le_bytes());
    put(&attributes::count(*attributes_bytes).to_le_bytes());
    put(&(kind | inode.mode).to_le_bytes());
    put(&[0; 2]);
    put(&size.to_le_bytes());
    put(&place.to_le_bytes());
    put(&number.to_le_bytes());
    put(&inode.user.to_le_bytes());
    put(&inode.group.to_le_bytes());
    put(&inode.modified.seconds.to_le_bytes());
    put(&inode.modified.nanoseconds.to_le_bytes());
    put(&links.to_le_bytes());
    bytes
}

/// As Linux packs it, with twelve bits of one and twenty of the other.
pub fn device(major: u32, minor: u32) -> u32 {
    (minor & 0xff) | ((major & 0xfff) << 8) | ((minor & 0xfff00) << 12)
}
