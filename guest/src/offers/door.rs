//! The socket through which a root process in the guest offers a stream: it connects, writes `<purpose>\n`, and is joined to
//! the host's stream once the host takes it. A refusal is a close.

use std::fs::{self, Permissions};
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::rc::Rc;
use std::time::Duration;

use rustix::event::epoll;
use tokio::io::unix::AsyncFd;
use tokio::io::{AsyncReadExt, Interest};
use tokio::net::{UnixListener, UnixStream};
use tokio::task::spawn_local;
use tokio::time::timeout;

use crate::agent::Agent;

const MAX_PURPOSE_BYTES: usize = 64;
/// How long the first line may take; nothing else is remembered of a caller that says nothing.
const PATIENCE: Duration = Duration::from_secs(10);

/// Opens the socket at `path` for root alone, in the place of what a dead agent left there.
pub fn open(agent: Rc<Agent>, path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    // The umask, not a later chmod, so that there is no moment at which others may connect.
    let before = rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o177));
    let listener = UnixListener::bind(path);
    rustix::process::umask(before);
    let listener = listener?;
    fs::set_permissions(path, Permissions::from_mode(0o600))?;
    spawn_local(async move {
        loop {
            match listener.accept().await {
                Ok((socket, _)) => drop(spawn_local(offer(agent.clone(), socket))),
                // Out of descriptors: others will close theirs.
                Err(_) => tokio::time::sleep(Duration::from_millis(100)).await,
            }
        }
    });
    Ok(())
}

async fn offer(agent: Rc<Agent>, mut socket: UnixStream) {
    let Ok(Some(purpose)) = timeout(PATIENCE, read_purpose(&mut socket)).await else { return };
    let Some((id, taken)) = agent.offers.add(&purpose) else { return };
    tokio::select! {
        taken = taken => if let Ok(taken) = taken { taken.join(socket).await },
        () = hung_up(&socket) => agent.offers.withdraw(id),
    }
}

/// Byte by byte: what follows the newline belongs to the host.
async fn read_purpose(socket: &mut UnixStream) -> Option<String> {
    let mut purpose = String::new();
    loop {
        match socket.read_u8().await.ok()? {
            b'\n' if !purpose.is_empty() => return Some(purpose),
            byte @ (b'a'..=b'z' | b'0'..=b'9' | b'-') if purpose.len() < MAX_PURPOSE_BYTES => purpose.push(byte.into()),
            _ => return None,
        }
    }
}

/// The caller may already have written for the host, or may have said all it has to say, so neither bytes nor a half-close
/// count: only a hang-up. An epoll that watches for nothing reports just that, and can itself be waited for.
async fn hung_up(socket: &UnixStream) {
    let watch = || -> io::Result<AsyncFd<OwnedFd>> {
        let watch = epoll::create(epoll::CreateFlags::CLOEXEC)?;
        epoll::add(&watch, socket, epoll::EventData::new_u64(0), epoll::EventFlags::empty())?;
        crate::sys::watch::watch(watch, Interest::READABLE)
    };
    if let Ok(watch) = watch() {
        let _ = watch.readable().await;
    }
}
