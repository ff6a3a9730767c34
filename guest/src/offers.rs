//! Streams that something in the guest wants the host to open. The guest can only offer; the host takes what it likes.
//!
//! `GET /accept` is the list as it grows, `POST /offers/:id` takes one. An offer is withdrawn by closing its socket. Those of `POST /listen`
//! are told to whoever asked to listen, and to nobody else.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

use bytes::Bytes;
use h2::RecvStream;
use serde::Serialize;
use tokio::net::{TcpStream, UnixStream};
use tokio::sync::{mpsc, oneshot};

use crate::http::answer::{self, Refusal, Respond};
use crate::http::join::{join, join_tcp};
use crate::http::session::Over;

pub mod door;

/// How many offers may wait. A guest that offers more is refused, not remembered.
const MAX_OFFERS: usize = 256;

#[derive(Default)]
pub struct Offers {
    waiting: RefCell<BTreeMap<u64, Offer>>,
    last_id: Cell<u64>,
    /// The newest accept stream.
    listener: RefCell<Option<mpsc::UnboundedSender<Bytes>>>,
}

struct Offer {
    /// What an accept stream is told; `None` when it is somebody else's.
    line: Option<Bytes>,
    taker: oneshot::Sender<Taken>,
}

/// What a taken offer is joined to.
pub struct Taken {
    sink: answer::Sink,
    body: RecvStream,
    over: Over,
}

impl Offers {
    /// Offers to whoever accepts. `None` when too many wait already.
    pub fn add(&self, purpose: &str) -> Option<(u64, oneshot::Receiver<Taken>)> {
        let (id, line, taken) = self.insert(purpose, true)?;
        if let Some(listener) = self.listener.borrow().as_ref() {
            // A listener that has just gone: the next one is told of everything that waits.
            let _ = listener.send(line);
        }
        Some((id, taken))
    }

    /// Offers to one alone, who has to be told the line. `None` when too many wait already.
    pub fn add_for_one(&self, purpose: &str) -> Option<(u64, Bytes, oneshot::Receiver<Taken>)> {
        self.insert(purpose, false)
    }

    fn insert(&self, purpose: &str, is_public: bool) -> Option<(u64, Bytes, oneshot::Receiver<Taken>)> {
        #[derive(Serialize)]
        struct Line<'a> {
            id: u64,
            purpose: &'a str,
        }
        if self.waiting.borrow().len() >= MAX_OFFERS {
            return None;
        }
        let id = self.last_id.get() + 1;
        self.last_id.set(id);
        let mut line = serde_json::to_vec(&Line { id, purpose }).expect("a number and a word are always JSON");
        line.push(b'\n');
        let line = Bytes::from(line);
        let (taker, taken) = oneshot::channel();
        self.waiting.borrow_mut().insert(id, Offer { line: is_public.then(|| line.clone()), taker });
        Some((id, line, taken))
    }

    pub fn withdraw(&self, id: u64) {
        self.waiting.borrow_mut().remove(&id);
    }

    /// Replaces the listener before it. What waits comes first.
    fn listen(&self) -> mpsc::UnboundedReceiver<Bytes> {
        let (sender, receiver) = mpsc::unbounded_channel();
        for line in self.waiting.borrow().values().filter_map(|offer| offer.line.clone()) {
            let _ = sender.send(line);
        }
        *self.listener.borrow_mut() = Some(sender);
        receiver
    }
}

impl Taken {
    pub async fn join(self, socket: UnixStream) {
        join(self.sink, self.body, socket, &self.over).await;
    }

    pub async fn join_tcp(self, socket: TcpStream) {
        join_tcp(self.sink, self.body, socket, &self.over).await;
    }
}

/// `GET /accept`.
pub async fn accept(offers: &Offers, over: Over, respond: &mut Respond) {
    let mut lines = offers.listen();
    let Ok(mut sink) = answer::stream(respond) else { return };
    let send = async {
        loop {
            let line = tokio::select! {
                line = lines.recv() => line,
                () = sink.gone() => return,
            };
            // Its sender is gone: there is a newer accept stream.
            let Some(line) = line else { return sink.finish() };
            if sink.send(line).await.is_err() {
                return;
            }
        }
    };
    tokio::select! {
        () = send => {}
        () = over.wait() => {}
    }
}

/// `POST /offers/:id`.
pub async fn take(offers: &Offers, id: &str, over: Over, body: RecvStream, respond: &mut Respond) {
    let offer = id.parse().ok().and_then(|id: u64| offers.waiting.borrow_mut().remove(&id));
    let Some(offer) = offer.filter(|offer| !offer.taker.is_closed()) else {
        return Refusal::not_found(format!("offer {id} is gone")).send(respond);
    };
    if let Ok(sink) = answer::stream(respond) {
        let _ = offer.taker.send(Taken { sink, body, over });
    }
}
