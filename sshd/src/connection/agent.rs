//! The client's ssh-agent, as a socket in the guest, for as long as the connection lasts.

use std::fs::{self, DirBuilder};
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use ring::rand::{SecureRandom, SystemRandom};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::mpsc::Sender;
use tokio::task::{AbortHandle, spawn_local};

use super::Connection;
use crate::channel::event::Event;

const KIND: &str = "auth-agent@openssh.com";

pub struct AgentSocket {
    folder: PathBuf,
    pub path: String,
    task: AbortHandle,
}

impl AgentSocket {
    /// In a folder that only this user can enter; whoever could connect could sign.
    fn open(events: Sender<Event>) -> io::Result<Self> {
        let mut random = [0; 8];
        SystemRandom::new().fill(&mut random).map_err(|_| io::Error::other("no random numbers"))?;
        let folder = Path::new("/tmp").join(format!("ssh-{:016x}", u64::from_be_bytes(random)));
        DirBuilder::new().mode(0o700).create(&folder)?;
        let path = folder.join("agent");
        let listener = UnixListener::bind(&path).inspect_err(|_| drop(fs::remove_dir(&folder)))?;
        let task = spawn_local(offer_all(listener, events)).abort_handle();
        Ok(Self { folder, path: path.to_string_lossy().into_owned(), task })
    }
}

impl Drop for AgentSocket {
    fn drop(&mut self) {
        self.task.abort();
        let _ = fs::remove_file(&self.path);
        let _ = fs::remove_dir(&self.folder);
    }
}

async fn offer_all(listener: UnixListener, events: Sender<Event>) {
    while let Ok((socket, _)) = listener.accept().await {
        let Ok(socket) = UnixStream::into_std(socket) else { continue };
        let wanted = Event::Wanted { kind: KIND, details: Vec::new(), socket: OwnedFd::from(socket) };
        if events.send(wanted).await.is_err() {
            return;
        }
    }
}

impl Connection {
    /// Whether there is one now.
    pub(super) fn open_agent(&mut self) -> bool {
        if self.agent.is_none() {
            self.agent = AgentSocket::open(self.events.clone()).ok();
        }
        self.agent.is_some()
    }
}
