//! Bounds, all of them. Those of a whole image come with the job; a layer cannot pass what no file system or archive needs.

use serde::Deserialize;

/// What one image may take, over all its layers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// Of content, in whole blocks, whether a later layer hides it or not.
    pub bytes: u64,
    /// Entries of archives.
    pub entries: u64,
}

/// In a name, as Linux has it.
pub const NAME_BYTES: usize = 255;
/// In a path, and in what a link leads to.
pub const PATH_BYTES: usize = 4096;
/// Folders in a path.
pub const DEPTH: usize = 128;
/// In the header that carries what does not fit into the fixed one.
pub const EXTENDED_HEADER_BYTES: u64 = 1024 * 1024;
/// Pieces of one sparse file.
pub const PIECES: usize = 65_536;
/// Names and values of the extended attributes of one file, as Linux has it.
pub const ATTRIBUTES_BYTES: usize = 65_536;
/// Symbolic links that one path may go through, as `umoci` has it.
pub const LINKS: usize = 255;
/// An inflated layer may be so much longer than its blob, once it is longer than a gibibyte.
pub const RATIO: u64 = 200;
pub const RATIO_FROM_BYTES: u64 = 1 << 30;
/// log2 of the memory that a zstd layer may want to be inflated with.
pub const ZSTD_WINDOW_LOG: u32 = 27;
/// What may stand behind the end of an archive whose length nobody has named: whoever writes one fills up a record.
pub const BEHIND_BYTES: u64 = 16 * 1024 * 1024;
/// The paths of files of a folder that have more than one name, as long as others may come.
pub const LINKED_BYTES: usize = 32 * 1024 * 1024;
/// Names, targets of links and attributes of one image: with the most entries, and what else is known of each, less than 256 MiB.
pub const TEXT_BYTES: usize = 48 * 1024 * 1024;
