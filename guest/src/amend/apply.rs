//! Changes the computer. Blocks; to be run in a thread of its own.

use std::path::Path;

use super::schema::{Amendment, Disk};
use crate::plan::new_root::NewRoot;
use crate::plan::stages::{Doing, Done};
use crate::plan::{disks, files, grow, seed};

pub fn apply(amendment: &Amendment) -> Done {
    if let Some(time) = amendment.time {
        seed::set_clock(time)?;
    }
    let root = || NewRoot::open(Path::new("/")).doing("open the root");
    if let Some(hostname) = &amendment.hostname {
        files::name_host(hostname, &root()?)?;
    }
    if let Some(peers) = &amendment.peers {
        files::name_peers(peers, &root()?)?;
    }
    amendment.disks.iter().try_for_each(grow)
}

fn grow(Disk { serial, bytes }: &Disk) -> Done {
    let device = disks::find(serial)?;
    disks::wait_for_size(&device, *bytes)?;
    grow::in_place(&device)
}
