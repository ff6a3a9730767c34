//! Which process holds a socket: the links in `/proc/PID/fd` say it. Processes come and go meanwhile; what is gone is passed over.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use super::super::file::number;

/// How many descriptors are looked at. More take more than some tenths of a second.
const MOST_LINKS: usize = 100_000;

/// The oldest process of each socket, as far as there is one, and whether every process was looked into that had to be.
pub fn find(proc: &Path, mut wanted: BTreeSet<u64>) -> (BTreeMap<u64, u32>, bool) {
    let mut owners = BTreeMap::new();
    let mut looked_at = 0;
    for pid in pids(proc) {
        let Ok(descriptors) = fs::read_dir(proc.join(pid.to_string()).join("fd")) else { continue };
        for descriptor in descriptors.flatten() {
            if wanted.is_empty() {
                return (owners, true);
            }
            looked_at += 1;
            if looked_at > MOST_LINKS {
                return (owners, false);
            }
            let target = fs::read_link(descriptor.path()).unwrap_or_default();
            if let Some(inode) = target.to_str().and_then(parse_link).filter(|inode| wanted.remove(inode)) {
                owners.insert(inode, pid);
            }
        }
    }
    (owners, true)
}

/// The inode in `socket:[1234]`.
fn parse_link(target: &str) -> Option<u64> {
    number(target.strip_prefix("socket:[")?.strip_suffix(']')?)
}

/// In the order in which most of them were started.
fn pids(proc: &Path) -> Vec<u32> {
    let Ok(entries) = fs::read_dir(proc) else { return Vec::new() };
    let mut pids: Vec<u32> =
        entries.flatten().filter_map(|entry| number(entry.file_name().to_str()?)?.try_into().ok()).collect();
    pids.sort_unstable();
    pids
}
