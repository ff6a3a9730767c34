//! A tree as lines of text, from ours and from a folder of the host.

use std::collections::{BTreeMap, HashMap};
use std::fs::{self, File};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileExt, FileTypeExt, MetadataExt};
use std::path::Path;

use banger_layers::space::BLOCK;
use banger_layers::tree::{Body, Id, ROOT, Tree};

/// By path: all that can be told of a thing.
pub type Listing = BTreeMap<String, Line>;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    pub kind: String,
    pub mode: u32,
    pub owner: (u32, u32),
    /// Unknown of a folder that no layer told of.
    pub modified: Option<(i64, i64)>,
    pub attributes: Vec<(String, Vec<u8>)>,
    /// The first path of the same thing.
    pub first: String,
}

/// Times after this are those of a folder that was made on the way.
const ANY_TIME: i64 = 1_700_000_000;

fn time(seconds: i64, nanoseconds: i64) -> Option<(i64, i64)> {
    (seconds < ANY_TIME).then_some((seconds, nanoseconds))
}

pub fn of_tree(tree: &Tree, out: &File) -> Listing {
    let mut listing = Listing::new();
    add(tree, out, ROOT, ".", &mut HashMap::new(), &mut listing);
    listing
}

fn add(tree: &Tree, out: &File, id: Id, path: &str, firsts: &mut HashMap<Id, String>, to: &mut Listing) {
    let inode = &tree.inodes[id as usize];
    let kind = match &inode.body {
        Body::File { size, first } => {
            let mut content = vec![0; *size as usize];
            out.read_exact_at(&mut content, u64::from(*first) * BLOCK).unwrap();
            format!("file {}", content.escape_ascii())
        }
        Body::Folder(_) => "folder".into(),
        Body::Link(target) => format!("link {}", target.escape_ascii()),
        Body::CharacterDevice(major, minor) => format!("character {major} {minor}"),
        Body::BlockDevice(major, minor) => format!("block {major} {minor}"),
        Body::Fifo => "fifo".into(),
    };
    let attributes = inode.attributes.iter().flat_map(|all| all.iter());
    let line = Line {
        kind,
        mode: u32::from(inode.mode),
        owner: (inode.user, inode.group),
        modified: time(inode.modified.seconds, i64::from(inode.modified.nanoseconds)),
        attributes: attributes.map(|(name, value)| (String::from_utf8_lossy(name).into(), value.clone())).collect(),
        first: firsts.entry(id).or_insert_with(|| path.into()).clone(),
    };
    to.insert(path.into(), line);
    if let Body::Folder(folder) = &inode.body {
        for (name, child) in &folder.children {
            add(tree, out, child.id, &format!("{path}/{}", name.escape_ascii()), firsts, to);
        }
    }
}

pub fn of_folder(root: &Path) -> Listing {
    let mut listing = Listing::new();
    walk(root, ".", &mut HashMap::new(), &mut listing);
    listing
}

fn walk(at: &Path, path: &str, firsts: &mut HashMap<u64, String>, to: &mut Listing) {
    let info = fs::symlink_metadata(at).unwrap();
    let kind = info.file_type();
    let (major, minor) = (info.rdev() >> 8, info.rdev() & 0xff);
    let kind = if kind.is_dir() {
        "folder".into()
    } else if kind.is_symlink() {
        format!("link {}", fs::read_link(at).unwrap().as_os_str().as_bytes().escape_ascii())
    } else if kind.is_file() {
        format!("file {}", fs::read(at).unwrap().escape_ascii())
    } else if kind.is_char_device() {
        format!("character {major} {minor}")
    } else if kind.is_block_device() {
        format!("block {major} {minor}")
    } else {
        assert!(kind.is_fifo());
        "fifo".into()
    };
    let line = Line {
        kind: kind.clone(),
        mode: info.mode() & 0o7777,
        owner: (info.uid(), info.gid()),
        modified: time(info.mtime(), info.mtime_nsec()),
        attributes: attributes(at),
        first: firsts.entry(info.ino()).or_insert_with(|| path.into()).clone(),
    };
    to.insert(path.into(), line);
    if kind != "folder" {
        return;
    }
    let mut names: Vec<_> = fs::read_dir(at).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    for name in names {
        walk(&at.join(&name), &format!("{path}/{}", name.as_bytes().escape_ascii()), firsts, to);
    }
}

fn attributes(at: &Path) -> Vec<(String, Vec<u8>)> {
    let mut names = vec![0; 4096];
    let length = rustix::fs::llistxattr(at, names.as_mut_slice()).unwrap();
    let mut all: Vec<_> = names[..length]
        .split(|&byte| byte == 0)
        .filter(|name| !name.is_empty())
        .map(|name| {
            let name = String::from_utf8_lossy(name).into_owned();
            let mut value = vec![0; 4096];
            let length = rustix::fs::lgetxattr(at, &*name, value.as_mut_slice()).unwrap();
            value.truncate(length);
            (name, value)
        })
        .collect();
    all.sort();
    all
}
