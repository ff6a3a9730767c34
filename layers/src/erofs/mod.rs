//! EROFS, uncompressed: a read-only file system that Linux has had since 5.4, whose metadata may stand anywhere. Ours stands behind the
//! content, so that content can be written before anything is known of it.
//!
//! ```text
//! block 0: superblock │ content, as it came │ long tables of folders │ metadata: an inode, its attributes, its short content
//! ```
//!
//! Facts of the format are those of the kernel's `fs/erofs/erofs_fs.h`.

mod attributes;
mod folder;
mod inode;
mod layout;
mod write;

pub use attributes::is_known as is_attribute;
pub use write::write;
