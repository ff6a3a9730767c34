//! Ports and sockets in the guest that lead to the client. On loopback only, whatever the client asks, as sshd does by itself.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

use tokio::net::{TcpListener, UnixListener};
use tokio::sync::mpsc::Sender;
use tokio::task::{AbortHandle, spawn_local};

use crate::channel::event::Event;
use crate::numbers::limit;
use crate::wire::Writer;

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    Port(String, u16),
    Path(PathBuf),
}

#[derive(Default)]
pub struct Listeners(BTreeMap<Place, Vec<AbortHandle>>);

impl Listeners {
    /// The port that is listened on, where 0 was asked for, too.
    pub fn listen_tcp(&mut self, address: &str, port: u16, events: &Sender<Event>) -> io::Result<u16> {
        self.require_room()?;
        let first = bind((Ipv4Addr::LOCALHOST, port).into())?;
        let port = first.local_addr()?.port();
        // A guest may have no IPv6.
        let second = bind((Ipv6Addr::LOCALHOST, port).into()).ok();
        let tasks = [Some(first), second].into_iter().flatten().map(|listener| {
            let task = spawn_local(offer_tcp(listener, address.to_owned(), port, events.clone()));
            task.abort_handle()
        });
        self.0.insert(Place::Port(address.to_owned(), port), tasks.collect());
        Ok(port)
    }

    pub fn listen_unix(&mut self, path: &[u8], events: &Sender<Event>) -> io::Result<()> {
        self.require_room()?;
        let place = PathBuf::from(std::ffi::OsStr::from_bytes(path));
        let listener = UnixListener::bind(&place)?;
        let task = spawn_local(offer_unix(listener, path.to_vec(), events.clone()));
        self.0.insert(Place::Path(place), vec![task.abort_handle()]);
        Ok(())
    }

    /// Whether there was one.
    pub fn forget(&mut self, place: &Place) -> bool {
        let Some(tasks) = self.0.remove(place) else { return false };
        end(place, &tasks);
        true
    }

    fn require_room(&self) -> io::Result<()> {
        if self.0.len() < limit::LISTENERS { Ok(()) } else { Err(io::ErrorKind::QuotaExceeded.into()) }
    }
}

impl Drop for Listeners {
    fn drop(&mut self) {
        for (place, tasks) in &self.0 {
            end(place, tasks);
        }
    }
}

fn end(place: &Place, tasks: &[AbortHandle]) {
    for task in tasks {
        task.abort();
    }
    if let Place::Path(path) = place {
        let _ = fs::remove_file(path);
    }
}

fn bind(address: std::net::SocketAddr) -> io::Result<TcpListener> {
    let listener = std::net::TcpListener::bind(address)?;
    listener.set_nonblocking(true)?;
    TcpListener::from_std(listener)
}

async fn offer_tcp(listener: TcpListener, address: String, port: u16, events: Sender<Event>) {
    while let Ok((socket, from)) = listener.accept().await {
        let _ = socket.set_nodelay(true);
        let Ok(socket) = socket.into_std() else { continue };
        let details = Writer::default().string(&address).u32(port.into());
        let details = details.string(from.ip().to_string()).u32(from.port().into()).done();
        if events.send(Event::Wanted { kind: "forwarded-tcpip", details, socket: socket.into() }).await.is_err() {
            return;
        }
    }
}

async fn offer_unix(listener: UnixListener, path: Vec<u8>, events: Sender<Event>) {
    while let Ok((socket, _)) = listener.accept().await {
        let Ok(socket) = socket.into_std() else { continue };
        let details = Writer::default().string(&path).string("").done();
        let wanted = Event::Wanted { kind: "forwarded-streamlocal@openssh.com", details, socket: socket.into() };
        if events.send(wanted).await.is_err() {
            return;
        }
    }
}
