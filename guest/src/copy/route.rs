//! The route itself: carries bytes between the host's stream and the thread that does the work.

use std::sync::Arc;
use std::thread;

use bytes::Bytes;
use h2::{Reason, RecvStream};
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::sync::oneshot;

use super::messages::Message;
use super::spec::Spec;
use super::wire::{Stop, Wire};
use super::{receive, send};
use crate::agent::{Agent, Place};
use crate::http::answer::{self, Gone, Respond, Sink};
use crate::http::body;
use crate::http::session::Over;

/// Each is a thread; more of them would only be slower.
const MAX_COPIES: usize = 16;
/// Pieces that wait for the thread or for the host, besides the stream's windows.
const WAITING: usize = 4;

pub async fn handle(agent: &Agent, over: Over, body: RecvStream, mut respond: Respond) {
    let Ok(mut sink) = answer::stream(&mut respond) else { return };
    let (to_thread, from_host) = channel(WAITING);
    let (to_host, from_thread) = channel(WAITING);
    let ended = match start(agent, Wire::new(from_host, to_host)) {
        Ok(ended) => ended,
        Err(stop) => {
            if let Some(message) = stop.message()
                && sink.send(message.encode()).await.is_ok()
            {
                sink.finish();
            }
            return;
        }
    };
    let carried = tokio::select! {
        carried = carry_out(&mut sink, from_thread) => carried,
        Gone = carry_in(body, to_thread) => Err(Gone),
        () = over.wait() => Err(Gone),
    };
    match carried {
        Ok(()) => match ended.await {
            Ok(Stop::Protocol) => sink.reset(Reason::PROTOCOL_ERROR),
            Ok(Stop::Gone) | Err(_) => sink.reset(Reason::CANCEL),
            Ok(Stop::Failed { .. } | Stop::Done) => sink.finish(),
        },
        Err(Gone) => sink.reset(Reason::CANCEL),
    }
}

/// Starts the thread. It hears of the end of the stream by the ends of its channels, between two pieces of work.
fn start(agent: &Agent, mut wire: Wire) -> Result<oneshot::Receiver<Stop>, Stop> {
    if Arc::strong_count(&agent.copies) > MAX_COPIES {
        return Err(Stop::failed("busy", format!("{MAX_COPIES} copies are under way in this guest")));
    }
    let place = agent.copies.clone();
    let to_disk = agent.place == Place::Guest;
    let (ended, end) = oneshot::channel();
    let work = move || {
        let stop = match copy(&mut wire, to_disk) {
            Ok(()) => Stop::Done,
            Err(stop) => stop,
        };
        if let Some(message) = stop.message() {
            // A host that is gone does not get it, and that is all that can be done.
            let _ = wire.send(&message);
        }
        let _ = wire.flush();
        let _ = ended.send(stop);
        drop((wire, place));
    };
    let started = thread::Builder::new().name("banger-copy".into()).spawn(work);
    started.map(|_| end).map_err(|error| Stop::failed("io", format!("cannot start a thread: {error}")))
}

fn copy(wire: &mut Wire, to_disk: bool) -> Result<(), Stop> {
    let Message::Spec(json) = wire.receive()? else { return Err(Stop::Protocol) };
    match Spec::parse(&json)? {
        Spec::In { to, several, owner, resume, checksum } => {
            receive::receive(wire, &receive::Wishes { to, several, owner, resume, checksum, to_disk })
        }
        Spec::Out { from, follow } => send::send(wire, &from, follow),
    }
}

/// Returns when the thread has nothing more to say.
async fn carry_out(sink: &mut Sink, mut from_thread: Receiver<Bytes>) -> Result<(), Gone> {
    while let Some(bytes) = from_thread.recv().await {
        sink.send(bytes).await?;
    }
    Ok(())
}

/// Returns when the host is gone.
async fn carry_in(mut body: RecvStream, to_thread: Sender<Bytes>) -> Gone {
    loop {
        match body::next(&mut body).await {
            Err(gone) => return gone,
            Ok(Some(bytes)) => {
                let count = bytes.len();
                if to_thread.send(bytes).await.is_err() {
                    break;
                }
                // Not before the thread has room: so what waits is bounded by the window.
                body::release(&mut body, count);
            }
            Ok(None) => break,
        }
    }
    drop(to_thread);
    std::future::pending().await
}
