//! A folder of this computer as a layer, from the root down. Nothing outside of it is read: no link is followed, and what another file
//! system has below it stays empty, as with `tar --one-file-system`. Somebody may change it meanwhile: a file that became another while it was
//! read is refused by its name, as is one that may not be read.
//!
//! What belongs to whoever runs this becomes root's, as is right of a root file system that was unpacked without root; of root's own nothing
//! changes. Sockets are left out.

mod attributes;
mod content;
mod walk;

use std::path::Path;
use std::sync::mpsc::SyncSender;

use rustix::fs::{CWD, Mode, OFlags, openat};

use crate::layer::Common;
use crate::refusal::{Code, Outcome, Refusal, shown};
use crate::tree::Put;

/// Reads all of it. Ends early, without a word, when all is over.
pub fn read(path: &Path, common: &Common<'_>, to: &SyncSender<Vec<Put>>) -> Outcome {
    let root = openat(CWD, path, OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())
        .map_err(|error| Refusal::new(Code::FileUnreadable, format_args!("cannot read {}: {error}", path.display())))?;
    walk::Walk::new(common, to).all(root)
}

fn unreadable(path: &[u8]) -> impl Fn(rustix::io::Errno) -> Refusal {
    move |error| match error {
        rustix::io::Errno::NOENT | rustix::io::Errno::NOTDIR | rustix::io::Errno::LOOP => changed(path),
        _ => Refusal::new(Code::FileUnreadable, format_args!("cannot read {}: {error}", shown(path))),
    }
}

fn changed(path: &[u8]) -> Refusal {
    Refusal::new(Code::FolderChanged, format_args!("{} was changed while it was read", shown(path)))
}
