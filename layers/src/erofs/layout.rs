//! Where each inode stands, before any is written: tables of folders tell of it.

use super::inode::{self, Found};
use super::{attributes, folder};
use crate::refusal::{Outcome, Refusal};
use crate::space::BLOCK;
use crate::tree::{Body, Id, Inode, ROOT, Tree};

/// An inode's number: where it stands, in pieces of 32 bytes.
pub type Nid = u64;
const NID_BYTES: u64 = 32;
/// Not the first: no inode has the number nothing.
const FIRST_BYTE: u64 = 64;

pub struct Layout {
    /// By inode; zero of those that have no name any more.
    pub nids: Vec<Nid>,
    /// Inodes in the order in which they stand, each with the folder above it.
    pub order: Vec<(Id, Id)>,
    /// How each of them is found, and how long it is.
    pub sizes: Vec<(u64, Tail)>,
    /// Of the metadata.
    pub bytes: u64,
    /// That the tables of folders take before it.
    pub table_blocks: u64,
}

/// What stands behind an inode of what it holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tail {
    pub bytes: u64,
    /// Before it, in blocks of their own.
    pub blocks: u64,
}

pub fn lay_out(tree: &Tree) -> Outcome<Layout> {
    let mut layout = Layout {
        nids: vec![0; tree.inodes.len()],
        order: Vec::new(),
        sizes: Vec::new(),
        bytes: FIRST_BYTE,
        table_blocks: 0,
    };
    let mut next = vec![(ROOT, ROOT)];
    while let Some((id, above)) = next.pop() {
        if layout.nids[id as usize] != 0 {
            continue; // another name of it
        }
        let inode = &tree.inodes[id as usize];
        let (size, tail) = measure(inode)?;
        layout.place(id, above, size, tail, attribute_bytes(inode));
        if let Body::Folder(folder) = &inode.body {
            next.extend(folder.children.values().rev().map(|child| (child.id, id)));
        }
    }
    Ok(layout)
}

fn attribute_bytes(inode: &Inode) -> u64 {
    inode.attributes.as_ref().map_or(0, |all| attributes::encoded_bytes(all) as u64)
}

/// How long it is, and what of that stands behind the inode.
fn measure(inode: &Inode) -> Outcome<(u64, Tail)> {
    let size = match &inode.body {
        Body::File { size, .. } => return Ok((*size, Tail { bytes: 0, blocks: 0 })),
        Body::Folder(folder) => folder::bytes(folder),
        Body::Link(target) => target.len() as u64,
        _ => 0,
    };
    let rest = size % BLOCK;
    // What does not fit behind its inode, in the same block, has one of its own.
    let fits = inode::BYTES + attribute_bytes(inode) + rest <= BLOCK;
    let tail =
        if fits { Tail { bytes: rest, blocks: size / BLOCK } } else { Tail { bytes: 0, blocks: size.div_ceil(BLOCK) } };
    if u32::try_from(tail.blocks).is_err() {
        return Err(Refusal::too_large("a folder holds too many names"));
    }
    Ok((size, tail))
}

impl Layout {
    fn place(&mut self, id: Id, above: Id, size: u64, tail: Tail, attribute_bytes: u64) {
        let begin = self.bytes.next_multiple_of(NID_BYTES);
        // Neither the inode nor what stands behind it may be cut by the end of a block; attributes may.
        let uncut = if tail.bytes > 0 { inode::BYTES + attribute_bytes + tail.bytes } else { inode::BYTES };
        let begin = if begin % BLOCK + uncut > BLOCK { begin.next_multiple_of(BLOCK) } else { begin };
        self.nids[id as usize] = begin / NID_BYTES;
        self.bytes = begin + inode::BYTES + attribute_bytes + tail.bytes;
        self.table_blocks += tail.blocks;
        self.order.push((id, above));
        self.sizes.push((size, tail));
    }
}

pub fn byte_of(nid: Nid) -> u64 {
    nid * NID_BYTES
}

/// Where what an inode holds is found; its blocks begin at `first`.
pub fn found(inode: &Inode, tail: Tail, first: u32) -> Found {
    match inode.body {
        Body::File { first, .. } => Found::Blocks(first),
        _ if tail.bytes > 0 => Found::Tail(first),
        _ if tail.blocks > 0 => Found::Blocks(first),
        _ => Found::Blocks(0),
    }
}
