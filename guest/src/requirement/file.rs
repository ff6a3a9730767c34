//! Something at a path. The kernel tells of changes in the nearest folder that is there; a look now and then catches what it cannot
//! tell of: what a link leads to, and what is mounted over.

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;
use std::time::Duration;

use rustix::fs::inotify::{CreateFlags, WatchFlags, add_watch, init};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;
use tokio::time::timeout;

use crate::sys::watch::watch;

const LOOK_EVERY: Duration = Duration::from_secs(1);

pub async fn wait(path: &Path) {
    while !path.exists() {
        // Without a watch there is still the look.
        let watched = nearest(path).ok();
        // It may have come before the watch was there.
        if path.exists() {
            return;
        }
        let _ = timeout(LOOK_EVERY, changes(watched)).await;
    }
}

async fn changes(watched: Option<AsyncFd<OwnedFd>>) {
    match watched {
        Some(watched) => drop(watched.readable().await),
        None => std::future::pending().await,
    }
}

/// A watch on the lowest folder of the path that exists. It is made anew for each look, so nothing is read from it.
fn nearest(path: &Path) -> io::Result<AsyncFd<OwnedFd>> {
    let inotify = init(CreateFlags::CLOEXEC | CreateFlags::NONBLOCK)?;
    let flags = WatchFlags::CREATE | WatchFlags::MOVED_TO | WatchFlags::DELETE_SELF | WatchFlags::MOVE_SELF;
    let folder = path.ancestors().skip(1).find(|folder| add_watch(inotify.as_fd(), *folder, flags).is_ok());
    folder.ok_or(io::ErrorKind::NotFound)?;
    watch(inotify, Interest::READABLE)
}
