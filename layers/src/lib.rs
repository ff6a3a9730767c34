//! Layers of an image in, one read-only file system out.
//!
//! ```text
//! blob ── hash ── inflate ── hash ── tar entries ──> tree ──> EROFS metadata ─┐
//!                               └─── file content ─────────> blocks ──────────┴─> one file
//! ```
//!
//! Each layer has a thread that reads its blob once. Content goes to blocks of the output as it comes by, of several layers side by
//! side; what it is called goes, through a bounded queue, to the one tree, which takes layer after layer. At the end the tree is written behind the
//! content, and blocks that a later layer hid are given back. So no file of an image ever becomes a file of the host, nothing
//! needs root, and memory holds names but no content. What it became is told by a [`checksum`].
//!
//! What layers mean is what `umoci unpack` makes of them, entry by entry; see [`tree`]. What is refused, and why, is in
//! [`refusal`]; bounds are in [`limits`]. Everything read here is hostile until its digest is known, and no less so afterwards.

#![forbid(unsafe_code)]

pub mod blob;
pub mod checksum;
pub mod erofs;
pub mod folder;
pub mod home;
pub mod job;
pub mod layer;
pub mod limits;
pub mod merge;
pub mod path;
pub mod refusal;
pub mod release;
pub mod source;
pub mod space;
pub mod tar;
pub mod tree;
