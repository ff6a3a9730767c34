//! A byte stream to a host, driven by two threads: one reads and cuts it into sessions, one writes.
//!
//! Threads, because a virtio port cannot be given to an event loop: while no host is there its poll state says "hung up"
//! for ever, and a level-triggered waiter spins. Blocking calls cost nothing while they wait.

use std::io;
use std::sync::Arc;

use bytes::Bytes;
use tokio::sync::{mpsc, watch};

use super::absence::{Absence, LOOK_EVERY};
use super::cutter::{Cutter, Event};
use super::inbox::Inbox;
use super::lines::Nonce;
use super::outbox::Outbox;

/// The blocking ends of a byte stream.
pub trait Channel: Send + Sync + 'static {
    fn read(&self, into: &mut [u8]) -> io::Result<Read>;
    /// Writes all of `bytes`, however long no host takes them.
    fn write_all(&self, bytes: &[u8]) -> io::Result<()>;
    /// Whether the host has hung up, asked without reading.
    fn is_hung_up(&self) -> bool;
}

pub enum Read {
    Bytes(usize),
    /// The host is gone; another may come on the same stream.
    HostGone,
    /// The stream is over for good.
    Over,
}

/// A host asked for a session.
pub struct Begin {
    pub nonce: Nonce,
    pub inbox: Arc<Inbox>,
    pub ended: watch::Receiver<bool>,
}

/// What the agent holds of a byte stream. Dropping it stops the writer once it next looks.
pub struct Link {
    pub outbox: Arc<Outbox>,
    pub sessions: mpsc::Receiver<Begin>,
}

const READ_BYTES: usize = 64 * 1024;
/// A host that asks for sessions faster than they can be ended waits here.
const WAITING_SESSIONS: usize = 4;

impl Link {
    /// Starts the two threads and says `hello` as the first thing.
    pub fn open(channel: Arc<dyn Channel>, hello: Vec<u8>) -> io::Result<Self> {
        let outbox = Arc::new(Outbox::beginning_with(hello));
        let (announce, sessions) = mpsc::channel(WAITING_SESSIONS);
        let reader = Reader { channel: channel.clone(), announce, outbox: outbox.clone(), session: None };
        let pending = outbox.clone();
        std::thread::Builder::new().name("wire-read".into()).spawn(move || reader.run())?;
        std::thread::Builder::new().name("wire-write".into()).spawn(move || write(channel.as_ref(), &pending))?;
        Ok(Self { outbox, sessions })
    }
}

impl Link {
    /// Waits until the host has hung up, or the stream is over.
    pub async fn hung_up(&mut self) {
        while self.sessions.recv().await.is_some() {}
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        self.outbox.close();
    }
}

fn write(channel: &dyn Channel, outbox: &Outbox) {
    let mut spare = Vec::new();
    while let Some(bytes) = outbox.take(spare) {
        if channel.write_all(&bytes).is_err() {
            outbox.close();
        }
        spare = bytes;
    }
}

struct Reader {
    channel: Arc<dyn Channel>,
    announce: mpsc::Sender<Begin>,
    outbox: Arc<Outbox>,
    session: Option<Session>,
}

struct Session {
    inbox: Arc<Inbox>,
    ended: watch::Sender<bool>,
}

impl Reader {
    fn run(mut self) {
        let mut cutter = Cutter::default();
        let mut buffer = vec![0; READ_BYTES];
        loop {
            match self.channel.read(&mut buffer) {
                Ok(Read::Bytes(count)) => {
                    let mut gone = false;
                    cutter.push(Bytes::copy_from_slice(&buffer[..count]), |event| gone |= !self.apply(event));
                    if gone {
                        cutter.host_gone();
                    }
                }
                Ok(Read::HostGone) => {
                    cutter.host_gone();
                    self.end();
                }
                Ok(Read::Over) | Err(_) => break,
            }
        }
        self.end();
        self.outbox.close();
    }

    /// `false` when the session ended because the host hung up while the agent was behind with reading.
    fn apply(&mut self, event: Event) -> bool {
        match event {
            Event::Begin(nonce) => {
                self.end();
                let inbox = Arc::new(Inbox::default());
                let (end, ended) = watch::channel(false);
                self.session = Some(Session { inbox: inbox.clone(), ended: end });
                // Nobody receives any more only when the agent is on its way out.
                let _ = self.announce.blocking_send(Begin { nonce, inbox, ended });
                true
            }
            Event::Data(bytes) => self.deliver(&bytes),
            Event::End => {
                self.end();
                true
            }
        }
    }

    fn deliver(&mut self, bytes: &Bytes) -> bool {
        let Some(session) = &self.session else { return true };
        let mut absence = Absence::default();
        while !session.inbox.push(bytes, LOOK_EVERY) {
            if !self.channel.is_hung_up() {
                absence.ends();
            } else if absence.lasts() {
                self.end();
                return false;
            }
        }
        true
    }

    fn end(&mut self) {
        if let Some(session) = self.session.take() {
            session.ended.send_replace(true);
            session.inbox.close();
        }
    }
}
