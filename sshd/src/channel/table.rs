//! The channels of one connection.

use std::collections::BTreeMap;
use std::os::fd::OwnedFd;
use std::rc::Rc;

use rustix::io::fcntl_dupfd_cloexec;
use tokio::sync::mpsc::Sender;
use tokio::task::{AbortHandle, JoinHandle, spawn_local};

use super::credit::Credit;
use super::event::{Event, Id};
use super::inbox::Inbox;
use super::pump::{self, Sink};
use crate::broken::{Broken, Outcome};
use crate::numbers::limit;
use crate::session::environment::Asked;
use crate::session::process::{Reins, Terminal};

/// What was asked for before the session runs something.
#[derive(Default)]
pub struct Wishes {
    pub variables: Asked,
    pub terminal: Option<(Terminal, String)>,
}

pub enum State {
    /// The client wants it, and what it leads to is not there yet.
    Connecting,
    /// We want it, and the client has not said yes yet.
    Offered(OwnedFd),
    /// A session in which nothing runs yet.
    Waiting(Box<Wishes>),
    /// A session in which something runs.
    Running,
    /// To a socket, until both sides have said their last.
    Joined,
}

pub struct Channel {
    /// What the client calls it.
    pub theirs: u32,
    pub state: State,
    /// Of a session, once something runs in it.
    pub reins: Option<Reins>,
    pub credit: Rc<Credit>,
    /// The most in one message that the client takes.
    pub most: usize,
    /// What the client may send yet.
    window: u32,
    /// What it has got back of it and was not told.
    consumed: u32,
    inbox: Rc<Inbox>,
    tasks: Vec<AbortHandle>,
    /// The one that carries what the client says.
    listener: Option<AbortHandle>,
    /// The one that carries what is said here, other than of errors.
    speaker: Option<AbortHandle>,
    /// We have said that nothing more comes.
    pub has_said: bool,
    /// Nothing more is to be carried to whom it leads to.
    pub has_heard: bool,
    /// We have said the last word of it.
    pub is_closed: bool,
    /// The client has, too; what it has said before still has to arrive.
    has_gone: bool,
    hangs_up: bool,
}

impl Channel {
    pub fn new(theirs: u32, window: u32, most: u32, state: State) -> Self {
        Self {
            theirs,
            state,
            reins: None,
            credit: Rc::new(Credit::new(window)),
            most: most as usize,
            window: limit::WINDOW_BYTES,
            consumed: 0,
            inbox: Rc::default(),
            tasks: Vec::new(),
            listener: None,
            speaker: None,
            has_said: false,
            has_heard: false,
            is_closed: false,
            has_gone: false,
            hangs_up: false,
        }
    }

    /// From the client. What comes after its last word, or is more than it may send, ends the connection.
    pub fn put(&mut self, bytes: &[u8]) -> Outcome<()> {
        self.count(bytes.len())?;
        self.inbox.put(bytes);
        Ok(())
    }

    /// The same for what nobody wants.
    pub fn count(&mut self, bytes: usize) -> Outcome<()> {
        if self.inbox.has_ended() {
            return Err(Broken::protocol("a channel said more after its end"));
        }
        let left = u32::try_from(bytes).ok().and_then(|bytes| self.window.checked_sub(bytes));
        self.window = left.ok_or_else(|| Broken::protocol("a channel's window was overrun"))?;
        Ok(())
    }

    pub fn put_end(&mut self) {
        self.inbox.end();
    }

    /// What the client may be told that it can send again; not for every little bit.
    pub fn give_back(&mut self, bytes: usize) -> Option<u32> {
        self.consumed = self.consumed.saturating_add(u32::try_from(bytes).unwrap_or(u32::MAX));
        if self.consumed < limit::WINDOW_BYTES / 4 {
            return None;
        }
        self.window += self.consumed;
        Some(std::mem::take(&mut self.consumed))
    }

    /// Carries what the client says to `fd`.
    pub fn lead_in(&mut self, id: Id, fd: OwnedFd, sink: Sink, events: &Sender<Event>) {
        self.hangs_up = sink == Sink::Terminal;
        let task = spawn_local(pump::inward(id, self.inbox.clone(), fd, sink, events.clone()));
        self.listener = Some(task.abort_handle());
    }

    /// Carries what `fd` says to the client.
    pub fn lead_out(&mut self, id: Id, is_error: bool, fd: OwnedFd, events: &Sender<Event>) -> JoinHandle<()> {
        let task = spawn_local(pump::outward(id, is_error, fd, self.credit.clone(), self.most, events.clone()));
        self.tasks.push(task.abort_handle());
        if !is_error {
            self.speaker = Some(task.abort_handle());
        }
        task
    }

    /// The client listens no more: whoever says something is told by a broken pipe.
    pub fn stop_listening(&self) {
        if let Some(speaker) = &self.speaker {
            speaker.abort();
        }
    }

    /// Joins it to a socket, until both have said their last.
    pub fn join(&mut self, id: Id, socket: OwnedFd, events: &Sender<Event>) -> std::io::Result<()> {
        self.lead_in(id, fcntl_dupfd_cloexec(&socket, 3)?, Sink::Socket, events);
        let said = self.lead_out(id, false, socket, events);
        self.state = State::Joined;
        let events = events.clone();
        self.keep(spawn_local(async move {
            let _ = said.await;
            let _ = events.send(Event::Said { id }).await;
        }));
        Ok(())
    }

    /// The client says and hears no more. Whether there is still something to be carried; then `Heard` tells its end.
    pub fn go(&mut self) -> bool {
        self.inbox.end();
        self.has_gone = true;
        self.is_closed = true;
        self.reins = None;
        for task in self.tasks.drain(..) {
            task.abort();
        }
        self.listener.is_some() && !self.has_heard && !self.hangs_up
    }

    pub fn has_gone(&self) -> bool {
        self.has_gone
    }

    pub fn keep(&mut self, task: JoinHandle<()>) {
        self.tasks.push(task.abort_handle());
    }
}

/// What is joined to it learns that nobody is there any more.
impl Drop for Channel {
    fn drop(&mut self) {
        for task in self.tasks.iter().chain(&self.listener) {
            task.abort();
        }
    }
}

#[derive(Default)]
pub struct Table {
    channels: BTreeMap<Id, Channel>,
    next: Id,
}

impl Table {
    pub fn is_full(&self) -> bool {
        self.channels.len() >= limit::CHANNELS
    }

    pub fn add(&mut self, channel: Channel) -> Outcome<Id> {
        let id = self.next;
        self.next = id.checked_add(1).ok_or_else(|| Broken::protocol("too many channels"))?;
        self.channels.insert(id, channel);
        Ok(id)
    }

    pub fn find(&mut self, id: Id) -> Option<&mut Channel> {
        self.channels.get_mut(&id)
    }

    /// The client may only name those that it was told of and has not closed.
    pub fn get(&mut self, id: Id) -> Outcome<&mut Channel> {
        self.find(id)
            .filter(|channel| !channel.has_gone)
            .ok_or_else(|| Broken::protocol("a message names a channel that is not open"))
    }

    /// Under the number that it had.
    pub fn put_back(&mut self, id: Id, channel: Channel) {
        self.channels.insert(id, channel);
    }

    pub fn remove(&mut self, id: Id) -> Option<Channel> {
        self.channels.remove(&id)
    }
}
