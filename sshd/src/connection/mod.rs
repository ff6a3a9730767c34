//! What a client may do once it is known (RFC 4254): sessions, and channels to somewhere in the guest and back.

pub mod agent;
pub mod connect;
pub mod globals;
pub mod listen;
pub mod opening;
pub mod requests;
pub mod sessions;

use std::collections::VecDeque;

use tokio::sync::mpsc::Sender;

use crate::account::Account;
use crate::broken::{Broken, Outcome};
use crate::channel::event::{Event, Exit, Id};
use crate::channel::table::{State, Table};
use crate::numbers::{limit, message};
use crate::session::environment::Environment;
use crate::session::signal;
use crate::wire::{Reader, Writer};
use agent::AgentSocket;
use listen::Listeners;

pub struct Connection {
    account: Account,
    /// What every command of this guest gets.
    guest: Environment,
    channels: Table,
    listeners: Listeners,
    agent: Option<AgentSocket>,
    /// The client has said that it wants no more.
    no_more_sessions: bool,
    events: Sender<Event>,
    /// To be sent, in this order.
    pub out: VecDeque<Vec<u8>>,
}

impl Connection {
    pub fn new(account: Account, guest: Environment, events: Sender<Event>) -> Self {
        Self {
            account,
            guest,
            channels: Table::default(),
            listeners: Listeners::default(),
            agent: None,
            no_more_sessions: false,
            events,
            out: VecDeque::new(),
        }
    }

    fn say(&mut self, message: Writer) {
        self.out.push_back(message.done());
    }

    /// A message of the client. What is not one ends the connection.
    pub fn receive(&mut self, payload: &[u8]) -> Outcome<()> {
        let mut reader = Reader::new(payload);
        match reader.byte()? {
            message::GLOBAL_REQUEST => self.global_request(reader),
            message::CHANNEL_OPEN => self.open(reader),
            message::CHANNEL_OPEN_CONFIRMATION => self.confirmed(reader),
            message::CHANNEL_OPEN_FAILURE => {
                let id = reader.u32()?;
                self.channels.get(id)?;
                self.channels.remove(id);
                Ok(())
            }
            message::CHANNEL_WINDOW_ADJUST => {
                let (id, bytes) = (reader.u32()?, reader.u32()?);
                reader.end()?;
                let has_grown = self.channels.get(id)?.credit.grow(bytes);
                if has_grown { Ok(()) } else { Err(Broken::protocol("a window has grown beyond what can be counted")) }
            }
            message::CHANNEL_DATA => {
                let id = reader.u32()?;
                let data = reader.string()?;
                reader.end()?;
                if data.len() > limit::DATA_BYTES as usize {
                    return Err(Broken::protocol("more at once than a channel takes"));
                }
                self.channels.get(id)?.put(data)
            }
            message::CHANNEL_EXTENDED_DATA => {
                // Nothing here has an input of this kind.
                let (id, _kind, data) = (reader.u32()?, reader.u32()?, reader.string()?);
                reader.end()?;
                self.channels.get(id)?.count(data.len())?;
                self.consumed(id, data.len());
                Ok(())
            }
            message::CHANNEL_EOF => {
                let id = reader.u32()?;
                reader.end()?;
                self.channels.get(id)?.put_end();
                Ok(())
            }
            message::CHANNEL_CLOSE => {
                let id = reader.u32()?;
                reader.end()?;
                let channel = self.channels.get(id)?;
                let (theirs, is_closed) = (channel.theirs, channel.is_closed);
                if !channel.go() {
                    self.channels.remove(id);
                }
                if !is_closed {
                    self.say(Writer::message(message::CHANNEL_CLOSE).u32(theirs));
                }
                Ok(())
            }
            message::CHANNEL_REQUEST => self.channel_request(reader),
            // Answers to what we ask without wanting one.
            message::CHANNEL_SUCCESS
            | message::CHANNEL_FAILURE
            | message::REQUEST_SUCCESS
            | message::REQUEST_FAILURE
            // To ask again who it is does no harm, and is not answered (RFC 4252, 5.1).
            | message::USERAUTH_REQUEST => Ok(()),
            kind => Err(Broken::protocol(format!("message {kind} has no meaning here"))),
        }
    }

    /// What a task tells; of a channel that is gone it means nothing any more.
    pub fn take(&mut self, event: Event) -> Outcome<()> {
        match event {
            Event::Data { id, is_error, bytes } => self.send_data(id, is_error, &bytes),
            Event::Consumed { id, bytes } => self.consumed(id, bytes),
            Event::Connected { id, socket } => self.connected(id, socket),
            Event::Said { id } => {
                self.say_end(id);
                self.close_if_over(id);
            }
            Event::Heard { id } => self.heard(id),
            Event::Ended { id, exit } => self.ended(id, exit),
            Event::Wanted { kind, details, socket } => self.offer(kind, &details, socket)?,
        }
        Ok(())
    }

    fn send_data(&mut self, id: Id, is_error: bool, bytes: &[u8]) {
        let Some(channel) = self.channels.find(id).filter(|channel| !channel.is_closed) else { return };
        let theirs = channel.theirs;
        self.say(match is_error {
            false => Writer::message(message::CHANNEL_DATA).u32(theirs).string(bytes),
            true => Writer::message(message::CHANNEL_EXTENDED_DATA).u32(theirs).u32(1).string(bytes),
        });
    }

    fn consumed(&mut self, id: Id, bytes: usize) {
        let Some(channel) = self.channels.find(id).filter(|channel| !channel.has_gone()) else { return };
        if let Some(more) = channel.give_back(bytes) {
            let theirs = channel.theirs;
            self.say(Writer::message(message::CHANNEL_WINDOW_ADJUST).u32(theirs).u32(more));
        }
    }

    fn heard(&mut self, id: Id) {
        let Some(channel) = self.channels.find(id) else { return };
        channel.has_heard = true;
        if channel.has_gone() {
            self.channels.remove(id);
        } else {
            self.close_if_over(id);
        }
    }

    /// A socket is done with when both sides have said their last; a command when it has ended.
    fn close_if_over(&mut self, id: Id) {
        let Some(channel) = self.channels.find(id) else { return };
        if matches!(channel.state, State::Joined) && channel.has_said && channel.has_heard {
            self.ended(id, None);
        }
    }

    fn say_end(&mut self, id: Id) {
        let Some(channel) = self.channels.find(id).filter(|channel| !channel.has_gone()) else { return };
        let theirs = channel.theirs;
        if !std::mem::replace(&mut channel.has_said, true) {
            self.say(Writer::message(message::CHANNEL_EOF).u32(theirs));
        }
    }

    fn ended(&mut self, id: Id, exit: Option<Exit>) {
        let Some(channel) = self.channels.find(id).filter(|channel| !channel.is_closed) else { return };
        channel.is_closed = true;
        channel.reins = None;
        let theirs = channel.theirs;
        let request = |kind: &str| Writer::message(message::CHANNEL_REQUEST).u32(theirs).string(kind).boolean(false);
        self.say_end(id);
        match exit {
            Some(Exit::Code(code)) => self.say(request("exit-status").u32(code.cast_unsigned())),
            Some(Exit::Signal(number)) => {
                self.say(request("exit-signal").string(signal::name(number)).boolean(false).string("").string(""));
            }
            None => {}
        }
        self.say(Writer::message(message::CHANNEL_CLOSE).u32(theirs));
    }
}
