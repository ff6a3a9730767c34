//! Carries bytes between a channel and a descriptor.

use std::io;
use std::os::fd::OwnedFd;
use std::rc::Rc;

use bytes::BytesMut;
use rustix::net::Shutdown;
use rustix::termios::{SpecialCodeIndex, tcgetattr};
use tokio::io::Interest;
use tokio::sync::mpsc::Sender;

use super::credit::Credit;
use super::event::{Event, Id};
use super::inbox::Inbox;
use crate::numbers::limit;
use crate::sys::{Watched, watch};

/// What is at the end of a channel, and how it learns that there is no more.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Sink {
    Pipe,
    Socket,
    Terminal,
}

/// Ends when the client has said the last of it. What a command does not listen to is taken and dropped, so that the client can go on;
/// a socket that takes no more is at its end.
pub async fn inward(id: Id, inbox: Rc<Inbox>, fd: OwnedFd, sink: Sink, events: Sender<Event>) {
    carry_in(id, &inbox, fd, sink, &events).await;
    let _ = events.send(Event::Heard { id }).await;
}

async fn carry_in(id: Id, inbox: &Inbox, fd: OwnedFd, sink: Sink, events: &Sender<Event>) {
    let mut fd = watch(fd, Interest::WRITABLE).ok();
    while let Some(bytes) = inbox.take().await {
        if let Some(open) = &fd
            && write_all(open, &bytes).await.is_err()
        {
            if sink == Sink::Socket {
                return;
            }
            fd = None;
        }
        if events.send(Event::Consumed { id, bytes: bytes.len() }).await.is_err() {
            return;
        }
    }
    let Some(fd) = fd else { return };
    match sink {
        Sink::Pipe => {}
        Sink::Socket => drop(rustix::net::shutdown(&fd, Shutdown::Write)),
        Sink::Terminal => {
            // Nobody can type any more: the program is told as a person would tell it.
            let end = tcgetattr(&fd).map(|modes| modes.special_codes[SpecialCodeIndex::VEOF]);
            let _ = write_all(&fd, &[end.unwrap_or(4)]).await;
        }
    }
}

async fn write_all(fd: &Watched, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        let count = write(fd, bytes).await?;
        bytes = &bytes[count..];
    }
    Ok(())
}

/// Writes a part. Safe to drop at any moment: then nothing was written.
pub async fn write(fd: &Watched, bytes: &[u8]) -> io::Result<usize> {
    loop {
        let mut ready = fd.writable().await?;
        match ready.try_io(|fd| Ok(rustix::io::write(fd, bytes)?)) {
            Ok(Err(error)) if error.kind() == io::ErrorKind::Interrupted => {}
            Ok(result) => return result,
            Err(_would_block) => {}
        }
    }
}

/// Ends with what is read, or where the client takes no more.
pub async fn outward(id: Id, is_error: bool, fd: OwnedFd, credit: Rc<Credit>, most: usize, events: Sender<Event>) {
    let Ok(fd) = watch(fd, Interest::READABLE) else { return };
    let most = most.min(limit::DATA_BYTES as usize);
    let mut buffer = BytesMut::new();
    loop {
        credit.some().await;
        let Ok(mut ready) = fd.readable().await else { return };
        // Another task of this channel may have taken what there was.
        let room = most.min(credit.left());
        if room == 0 {
            continue;
        }
        buffer.resize(room, 0);
        match ready.try_io(|fd| Ok(rustix::io::read(fd, &mut buffer[..])?)) {
            Err(_would_block) => {}
            Ok(Err(error)) if error.kind() == io::ErrorKind::Interrupted => {}
            // A terminal whose last user is gone says so with an error.
            Ok(Err(_) | Ok(0)) => return,
            Ok(Ok(count)) => {
                credit.take(count);
                let bytes = buffer.split_to(count).freeze();
                if events.send(Event::Data { id, is_error, bytes }).await.is_err() {
                    return;
                }
            }
        }
    }
}
