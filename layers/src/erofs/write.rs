//! The tree behind its content, and the block that all begins with.

use std::fs::File;
use std::io::{BufWriter, Seek, SeekFrom, Write};
use std::thread;

use super::inode::{self, Described};
use super::layout::{self, Layout, Nid, Tail};
use super::{attributes, folder};
use crate::checksum;
use crate::job::Made;
use crate::refusal::{Outcome, Refusal};
use crate::space::{BLOCK, Space};
use crate::tree::{Body, Id, ROOT, Tree};

const MAGIC: u32 = 0xe0f5_e1e2;
const SUPERBLOCK_AT: u64 = 1024;
const BLOCK_BITS: u8 = 12;
const BUFFER_BYTES: usize = 1024 * 1024;

/// Writes what is missing, and returns when all of it is on the disk.
pub fn write(tree: &Tree, space: &Space<'_>, out: &File) -> Outcome<Made> {
    let layout = layout::lay_out(tree)?;
    let tables_at = space.used();
    let metadata_at = tables_at + layout.table_blocks;
    let blocks = metadata_at + layout.bytes.div_ceil(BLOCK);
    if u32::try_from(blocks).is_err() {
        return Err(Refusal::too_large("it holds more than the file system has room for"));
    }
    let mut tables = At::new(out, tables_at * BLOCK).map_err(Refusal::write)?;
    write_tables(tree, &layout, &mut tables).map_err(Refusal::write)?;
    let mut metadata = At::new(out, metadata_at * BLOCK).map_err(Refusal::write)?;
    write_metadata(tree, &layout, tables_at as u32, &mut metadata)?;
    out.set_len(blocks * BLOCK).map_err(Refusal::write)?;
    let mut superblock = At::new(out, SUPERBLOCK_AT).map_err(Refusal::write)?;
    superblock.write(&encode_superblock(&layout, blocks as u32, metadata_at as u32)).map_err(Refusal::write)?;
    superblock.done().map_err(Refusal::write)?;
    // Neither waits for the other: what is hashed is in memory still.
    let (synced, hashed) = thread::scope(|scope| {
        let syncing = scope.spawn(|| out.sync_all());
        let hashed = checksum::of(out);
        (syncing.join().unwrap_or_else(|_| Err(std::io::Error::other("the thread that syncs has died"))), hashed)
    });
    synced.map_err(Refusal::write)?;
    let checksum = hashed.map_err(Refusal::write)?;
    Ok(Made { bytes: blocks * BLOCK, entries: layout.order.len() as u64, checksum, release: None, has_seed: false })
}

/// One writer at a time: they share the place in the file.
struct At<'a> {
    inner: BufWriter<&'a File>,
    /// Behind the place where it began.
    done: u64,
}

impl<'a> At<'a> {
    fn new(out: &'a File, begin: u64) -> std::io::Result<Self> {
        let mut inner = BufWriter::with_capacity(BUFFER_BYTES, out);
        inner.seek(SeekFrom::Start(begin))?;
        Ok(Self { inner, done: 0 })
    }

    fn write(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        self.done += bytes.len() as u64;
        self.inner.write_all(bytes)
    }

    /// Zeros up to a place behind the beginning.
    fn fill_to(&mut self, place: u64) -> std::io::Result<()> {
        const ZEROS: [u8; BLOCK as usize] = [0; BLOCK as usize];
        while self.done < place {
            let bytes = (place - self.done).min(BLOCK);
            self.write(&ZEROS[..bytes as usize])?;
        }
        Ok(())
    }

    fn done(mut self) -> std::io::Result<()> {
        self.inner.flush()
    }
}

/// What an inode holds that is not content of a file.
fn held(tree: &Tree, id: Id, above: Id, nids: &[Nid]) -> Vec<u8> {
    match &tree.inodes[id as usize].body {
        Body::Folder(folder) => folder::encode(folder, id, above, &tree.inodes, nids),
        Body::Link(target) => target.to_vec(),
        _ => Vec::new(),
    }
}

fn all(layout: &Layout) -> impl Iterator<Item = (Id, Id, u64, Tail)> {
    layout.order.iter().zip(&layout.sizes).map(|(&(id, above), &(size, tail))| (id, above, size, tail))
}

fn write_tables(tree: &Tree, layout: &Layout, to: &mut At<'_>) -> std::io::Result<()> {
    for (id, above, _, tail) in all(layout) {
        if tail.blocks == 0 {
            continue;
        }
        let held = held(tree, id, above, &layout.nids);
        to.write(&held[..held.len() - tail.bytes as usize])?;
        to.fill_to(to.done.next_multiple_of(BLOCK))?;
    }
    to.inner.flush()
}

fn write_metadata(tree: &Tree, layout: &Layout, tables_at: u32, to: &mut At<'_>) -> Outcome {
    let mut table = tables_at;
    for (number, (id, above, size, tail)) in all(layout).enumerate() {
        let inode = &tree.inodes[id as usize];
        let attributes = attributes::encode(inode);
        let described = Described {
            inode,
            size,
            links: links(tree, id),
            attributes_bytes: attributes.len(),
            found: layout::found(inode, tail, table),
            number: number as u32 + 1,
        };
        table += tail.blocks as u32;
        to.fill_to(layout::byte_of(layout.nids[id as usize])).map_err(Refusal::write)?;
        to.write(&inode::encode(&described)).map_err(Refusal::write)?;
        to.write(&attributes).map_err(Refusal::write)?;
        if tail.bytes > 0 {
            let held = held(tree, id, above, &layout.nids);
            to.write(&held[held.len() - tail.bytes as usize..]).map_err(Refusal::write)?;
        }
    }
    to.inner.flush().map_err(Refusal::write)
}

/// A folder has its own name and one of each folder in it.
fn links(tree: &Tree, id: Id) -> u32 {
    let inode = &tree.inodes[id as usize];
    let Body::Folder(folder) = &inode.body else { return inode.names };
    let folders =
        folder.children.values().filter(|child| matches!(tree.inodes[child.id as usize].body, Body::Folder(_)));
    2 + folders.count() as u32
}

fn encode_superblock(layout: &Layout, blocks: u32, metadata_at: u32) -> [u8; 128] {
    let mut bytes = [0; 128];
    let mut put = |at: usize, field: &[u8]| bytes[at..at + field.len()].copy_from_slice(field);
    put(0, &MAGIC.to_le_bytes());
    put(12, &[BLOCK_BITS]);
    put(14, &(layout.nids[ROOT as usize] as u16).to_le_bytes());
    put(16, &(layout.order.len() as u64).to_le_bytes());
    put(36, &blocks.to_le_bytes());
    put(40, &metadata_at.to_le_bytes());
    bytes
}
