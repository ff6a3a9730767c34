//! Archives in, a tree out, without the file system behind it.

use std::fs::{File, OpenOptions};
use std::sync::atomic::{AtomicBool, AtomicU64};

use banger_layers::job::{Compression, Layer, Part, Report};
use banger_layers::layer::Common;
use banger_layers::limits::Limits;
use banger_layers::merge::read_all;
use banger_layers::refusal::Outcome;
use banger_layers::space::{BLOCK, Space};
use banger_layers::tree::Tree;

use super::listing::{self, Listing};
use super::workshop::Workshop;

pub const ROOMY: Limits = Limits { bytes: 1 << 32, entries: 1_000_000 };

pub fn plain(path: std::path::PathBuf) -> Layer {
    Layer { path, compression: Compression::None, digest: None, diff_id: None }
}

pub fn out(workshop: &Workshop) -> File {
    let path = workshop.path("out");
    OpenOptions::new().read(true).write(true).create(true).truncate(true).open(path).unwrap()
}

pub fn read(out: &File, layers: &[Layer], limits: Limits) -> Outcome<Tree> {
    let parts: Vec<Part> = layers.iter().cloned().map(Part::Archive).collect();
    read_parts(out, &parts, limits)
}

pub fn read_parts(out: &File, parts: &[Part], limits: Limits) -> Outcome<Tree> {
    let report = Report::default();
    let common = Common {
        space: Space::new(out, limits.bytes),
        report: &report,
        entries: AtomicU64::new(limits.entries),
        over: AtomicBool::new(false),
    };
    let tree = read_all(parts, &common);
    out.set_len(common.space.used() * BLOCK).unwrap();
    tree
}

/// What a stack of archives comes to.
pub fn list(archives: &[Vec<u8>]) -> Outcome<Listing> {
    let workshop = Workshop::open();
    let layers: Vec<Layer> =
        archives.iter().enumerate().map(|(at, bytes)| plain(workshop.write(&format!("{at}.tar"), bytes))).collect();
    let out = out(&workshop);
    read(&out, &layers, ROOMY).map(|tree| listing::of_tree(&tree, &out))
}
