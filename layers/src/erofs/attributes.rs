//! Extended attributes, behind their inode.

use crate::tree::{Attributes, Inode};

const HEADER_BYTES: usize = 12;
/// The first letters of a name, and the number that stands for them; a name that is all of it comes first.
const PREFIXES: [(&[u8], u8); 6] = [
    (b"system.posix_acl_access", 2),
    (b"system.posix_acl_default", 3),
    (b"user.", 1),
    (b"trusted.", 4),
    (b"security.", 6),
    (b"lustre.", 5),
];

/// What stands behind the inode; nothing when it has none. Those that the tree kept are all of kinds that are known.
pub fn encode(inode: &Inode) -> Vec<u8> {
    let Some(attributes) = &inode.attributes else { return Vec::new() };
    let mut bytes = vec![0; HEADER_BYTES];
    for (name, value) in attributes.iter() {
        let Some((prefix, index)) = PREFIXES.iter().find(|(prefix, _)| name.starts_with(prefix)) else { continue };
        let rest = &name[prefix.len()..];
        bytes.push(rest.len() as u8);
        bytes.push(*index);
        bytes.extend((value.len() as u16).to_le_bytes());
        bytes.extend(rest);
        bytes.extend(value);
        bytes.resize(bytes.len().next_multiple_of(4), 0);
    }
    bytes
}

/// How an inode counts them: in words, the header for one.
pub fn count(encoded_bytes: usize) -> u16 {
    if encoded_bytes == 0 { 0 } else { ((encoded_bytes - HEADER_BYTES) / 4 + 1) as u16 }
}

/// Whether Linux has attributes of that kind.
pub fn is_known(name: &[u8]) -> bool {
    PREFIXES.iter().any(|(prefix, _)| name.starts_with(prefix))
}

/// Of all of an inode; no more than an inode can count.
pub fn encoded_bytes(attributes: &Attributes) -> usize {
    HEADER_BYTES
        + attributes.iter().map(|(name, value)| (4 + name.len() + value.len()).next_multiple_of(4)).sum::<usize>()
}
