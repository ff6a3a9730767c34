//! Tables of folders: blocks of entries, sorted, each block with its names behind them.

use std::collections::BTreeMap;

use super::layout::Nid;
use crate::space::BLOCK;
use crate::tree::{Body, Child, Folder, Id, Inode};

const ENTRY_BYTES: usize = 12;
const BLOCK_BYTES: usize = BLOCK as usize;

/// A folder's names, with its own and that of the folder above, in the order of the table.
fn names(folder: &Folder, own: Id, above: Id) -> BTreeMap<&[u8], Id> {
    let mut names: BTreeMap<&[u8], Id> =
        folder.children.iter().map(|(name, child): (_, &Child)| (&**name, child.id)).collect();
    names.insert(b".", own);
    names.insert(b"..", above);
    names
}

/// Which of the names share a block.
fn blocks<'a>(names: impl Iterator<Item = (&'a [u8], Id)>) -> Vec<Vec<(&'a [u8], Id)>> {
    let mut blocks: Vec<Vec<(&[u8], Id)>> = Vec::new();
    let mut room = 0;
    for (name, id) in names {
        let bytes = ENTRY_BYTES + name.len();
        if bytes > room {
            blocks.push(Vec::new());
            room = BLOCK_BYTES;
        }
        room -= bytes;
        if let Some(block) = blocks.last_mut() {
            block.push((name, id));
        }
    }
    blocks
}

/// The length of a folder's table.
pub fn bytes(folder: &Folder) -> u64 {
    let blocks = blocks(names(folder, 0, 0).into_iter());
    let last: usize = blocks.last().map_or(0, |block| block.iter().map(|(name, _)| ENTRY_BYTES + name.len()).sum());
    (blocks.len().saturating_sub(1) * BLOCK_BYTES + last) as u64
}

pub fn encode(folder: &Folder, own: Id, above: Id, inodes: &[Inode], nids: &[Nid]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for block in blocks(names(folder, own, above).into_iter()) {
        bytes.resize(bytes.len().next_multiple_of(BLOCK_BYTES), 0);
        let mut offset = block.len() * ENTRY_BYTES;
        for &(name, id) in &block {
            bytes.extend(nids[id as usize].to_le_bytes());
            bytes.extend((offset as u16).to_le_bytes());
            bytes.extend([kind(&inodes[id as usize].body), 0]);
            offset += name.len();
        }
        for (name, _) in block {
            bytes.extend(name);
        }
    }
    bytes
}

fn kind(body: &Body) -> u8 {
    match body {
        Body::File { .. } => 1,
        Body::Folder(_) => 2,
        Body::CharacterDevice(..) => 3,
        Body::BlockDevice(..) => 4,
        Body::Fifo => 5,
        Body::Link(_) => 7,
    }
}
