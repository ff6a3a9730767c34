//! Root's home as a file system of its own, which work disks are cloned from: an ext4 that is made and empty gets what the tree has in
//! `/root`, by `debugfs`, which writes into files without anybody mounting them. No file of an image becomes a file of the host for it:
//! what a file holds goes through memory that has no name.
//!
//! This is for homes as images have them, with a few plain files. Of any other there is none, and a guest fills its work disk itself, at its
//! first start.

use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, Seek, Write};
use std::os::fd::AsRawFd;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::process::{Command, Stdio};

use rustix::fs::{MemfdFlags, memfd_create};

use crate::space::BLOCK;
use crate::tree::{Body, Id, Inode, Tree};

const HOME: &[&[u8]] = &[b"root"];
/// Each file is open until all are written.
const MOST_FILES: usize = 200;
const MOST_ENTRIES: usize = 1000;
const MOST_BYTES: u64 = 16 * 1024 * 1024;
const MOST_DEPTH: usize = 32;
const FOLDER_TYPE: u16 = 0o040_000;
const FILE_TYPE: u16 = 0o100_000;

/// What is to be typed, and the files that it names.
#[derive(Default)]
struct Script {
    text: String,
    contents: Vec<File>,
    entries: usize,
    bytes: u64,
}

/// Whether the home is now at `seed`, whole; otherwise that is of no use. `out` has what the files hold.
pub fn write(tree: &Tree, out: &File, seed: &Path) -> io::Result<bool> {
    match script(tree, out)? {
        Some(script) => run(&script, seed),
        None => Ok(false),
    }
}

/// None for a home that is not plain.
fn script(tree: &Tree, out: &File) -> io::Result<Option<Script>> {
    let mut script = Script::default();
    // What `mkfs` makes, and no home has.
    script.text += "rmdir lost+found\n";
    let Some(id) = tree.find(HOME) else {
        // One that is missing is made by whoever first wants it, for root alone.
        script.text += "sif / mode 040700\n";
        return Ok(Some(script));
    };
    let home = &tree.inodes[id as usize];
    if !matches!(home.body, Body::Folder(_)) || home.attributes.is_some() {
        return Ok(None);
    }
    if !folder(tree, id, out, &mut script, 0)? {
        return Ok(None);
    }
    dress("/", home, FOLDER_TYPE, &mut script);
    Ok(Some(script))
}

/// What is in a folder, which is the one that is entered. False where something is not plain.
fn folder(tree: &Tree, id: Id, out: &File, script: &mut Script, depth: usize) -> io::Result<bool> {
    let Body::Folder(folder) = &tree.inodes[id as usize].body else { return Ok(false) };
    for (name, child) in &folder.children {
        let inode = &tree.inodes[child.id as usize];
        script.entries += 1;
        let is_shared = inode.names > 1 && !matches!(inode.body, Body::Folder(_));
        let Some(name) = plain(name, b"") else { return Ok(false) };
        if script.entries > MOST_ENTRIES || depth > MOST_DEPTH || inode.attributes.is_some() || is_shared {
            return Ok(false);
        }
        match &inode.body {
            Body::File { size, first } => {
                script.bytes += size;
                if script.bytes > MOST_BYTES || script.contents.len() >= MOST_FILES {
                    return Ok(false);
                }
                let content = in_memory(out, *first, *size)?;
                let _ = writeln!(script.text, "write /proc/self/fd/{} {name}", content.as_raw_fd());
                script.contents.push(content);
                dress(name, inode, FILE_TYPE, script);
            }
            Body::Link(target) => {
                let Some(target) = plain(target, b"/") else { return Ok(false) };
                let _ = writeln!(script.text, "symlink {name} {target}");
                own(name, inode, script);
            }
            Body::Folder(_) => {
                let _ = writeln!(script.text, "mkdir {name}\ncd {name}");
                if !self::folder(tree, child.id, out, script, depth + 1)? {
                    return Ok(false);
                }
                script.text += "cd ..\n";
                dress(name, inode, FOLDER_TYPE, script);
            }
            Body::CharacterDevice(..) | Body::BlockDevice(..) | Body::Fifo => return Ok(false),
        }
    }
    Ok(true)
}

/// A name that is one word to `debugfs`, and no option.
fn plain<'a>(name: &'a [u8], also: &[u8]) -> Option<&'a str> {
    let is_plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"._-+@,=:%~".contains(byte) || also.contains(byte);
    let fits = !name.is_empty() && name.len() <= 255 && !name.starts_with(b"-") && name.iter().all(is_plain);
    if fits { std::str::from_utf8(name).ok() } else { None }
}

fn dress(name: &str, inode: &Inode, kind: u16, script: &mut Script) {
    let _ = writeln!(script.text, "sif {name} mode 0{:o}", kind | inode.mode & 0o7777);
    own(name, inode, script);
}

fn own(name: &str, inode: &Inode, script: &mut Script) {
    let seconds = inode.modified.seconds.clamp(0, i64::from(i32::MAX));
    let _ = writeln!(
        script.text,
        "sif {name} uid {}\nsif {name} gid {}\nsif {name} mtime @{seconds}",
        inode.user, inode.group
    );
}

/// Not closed when `debugfs` is started: it opens it once more, by its number.
fn in_memory(out: &File, first: u32, size: u64) -> io::Result<File> {
    let mut memory = File::from(memfd_create("home", MemfdFlags::empty())?);
    let mut bytes = vec![0; usize::try_from(size).map_err(io::Error::other)?];
    out.read_exact_at(&mut bytes, u64::from(first) * BLOCK)?;
    memory.write_all(&bytes)?;
    memory.rewind()?;
    Ok(memory)
}

/// It ends with 0 whatever happens: what counts is that it complains of nothing.
fn run(script: &Script, seed: &Path) -> io::Result<bool> {
    let mut child = Command::new("debugfs")
        .args(["-w", "-f", "-"])
        .arg(seed)
        .env_clear()
        .env("PATH", "/usr/sbin:/sbin:/usr/bin:/bin")
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()?;
    let stdin = child.stdin.take();
    let words = std::thread::scope(|scope| {
        scope.spawn(|| stdin.map(|mut stdin| stdin.write_all(script.text.as_bytes())));
        child.wait_with_output()
    })?;
    let complaints = String::from_utf8_lossy(&words.stderr);
    Ok(words.status.success() && complaints.lines().all(|line| line.is_empty() || line.starts_with("debugfs ")))
}
