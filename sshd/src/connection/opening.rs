//! Channels come to be: the client's wish, or ours.

use std::os::fd::OwnedFd;

use tokio::task::spawn_local;

use super::{Connection, connect};
use crate::broken::{Broken, Outcome};
use crate::channel::event::{Event, Id};
use crate::channel::table::{Channel, State, Wishes};
use crate::numbers::{limit, message};
use crate::wire::{Reader, Writer};

/// Why not (RFC 4254, 5.1).
const PROHIBITED: u32 = 1;
const CONNECT_FAILED: u32 = 2;
const UNKNOWN_TYPE: u32 = 3;
const NO_RESOURCES: u32 = 4;

impl Connection {
    pub(super) fn open(&mut self, mut reader: Reader) -> Outcome<()> {
        let (kind, theirs, window, most) = (reader.text()?, reader.u32()?, reader.u32()?, reader.u32()?);
        if most == 0 {
            return Err(Broken::protocol("a channel that takes nothing"));
        }
        if self.channels.is_full() {
            self.refuse(theirs, NO_RESOURCES, "too many channels");
            return Ok(());
        }
        let channel = |state| Channel::new(theirs, window, most, state);
        match kind {
            "session" if self.no_more_sessions => self.refuse(theirs, PROHIBITED, "no more sessions, as was said"),
            "session" => {
                reader.end()?;
                let id = self.channels.add(channel(State::Waiting(Box::<Wishes>::default())))?;
                self.confirm(id);
            }
            "direct-tcpip" => {
                let (host, port) = (reader.text()?.to_owned(), reader.u32()?);
                let id = self.channels.add(channel(State::Connecting))?;
                self.start_connecting(id, async move { connect::tcp(&host, port).await });
            }
            "direct-streamlocal@openssh.com" => {
                let path = reader.string()?.to_vec();
                let id = self.channels.add(channel(State::Connecting))?;
                self.start_connecting(id, async move { connect::unix(&path).await });
            }
            _ => self.refuse(theirs, UNKNOWN_TYPE, "no channels of this kind"),
        }
        Ok(())
    }

    fn start_connecting(&mut self, id: Id, work: impl Future<Output = Result<OwnedFd, String>> + 'static) {
        let events = self.events.clone();
        let task = spawn_local(async move {
            let socket = work.await;
            let _ = events.send(Event::Connected { id, socket }).await;
        });
        if let Some(channel) = self.channels.find(id) {
            channel.keep(task);
        }
    }

    pub(super) fn connected(&mut self, id: Id, socket: Result<OwnedFd, String>) {
        let events = self.events.clone();
        let Some(channel) = self.channels.find(id) else { return };
        let theirs = channel.theirs;
        let joined = socket.and_then(|socket| channel.join(id, socket, &events).map_err(|error| error.to_string()));
        match joined {
            Ok(()) => self.confirm(id),
            Err(why) => {
                self.channels.remove(id);
                self.refuse(theirs, CONNECT_FAILED, &why);
            }
        }
    }

    fn confirm(&mut self, id: Id) {
        let Some(channel) = self.channels.find(id) else { return };
        let theirs = channel.theirs;
        let yes = Writer::message(message::CHANNEL_OPEN_CONFIRMATION).u32(theirs).u32(id);
        self.say(yes.u32(limit::WINDOW_BYTES).u32(limit::DATA_BYTES));
    }

    fn refuse(&mut self, theirs: u32, code: u32, why: &str) {
        self.say(Writer::message(message::CHANNEL_OPEN_FAILURE).u32(theirs).u32(code).string(why).string(""));
    }

    /// Something in the guest wants to speak with the client.
    pub(super) fn offer(&mut self, kind: &str, details: &[u8], socket: OwnedFd) -> Outcome<()> {
        if self.channels.is_full() {
            return Ok(());
        }
        let id = self.channels.add(Channel::new(0, 0, 1, State::Offered(socket)))?;
        let wish = Writer::message(message::CHANNEL_OPEN).string(kind).u32(id);
        self.say(wish.u32(limit::WINDOW_BYTES).u32(limit::DATA_BYTES).raw(details));
        Ok(())
    }

    pub(super) fn confirmed(&mut self, mut reader: Reader) -> Outcome<()> {
        let (id, theirs, window, most) = (reader.u32()?, reader.u32()?, reader.u32()?, reader.u32()?);
        let not_offered = || Broken::protocol("a channel that was not offered is confirmed");
        let offered = self.channels.remove(id).ok_or_else(not_offered)?;
        let mut fresh = Channel::new(theirs, window, most, State::Connecting);
        let State::Offered(socket) = take_state(offered) else { return Err(not_offered()) };
        if most == 0 {
            return Err(Broken::protocol("a channel that takes nothing"));
        }
        if fresh.join(id, socket, &self.events).is_err() {
            fresh.is_closed = true;
            self.say(Writer::message(message::CHANNEL_CLOSE).u32(theirs));
        }
        self.channels.put_back(id, fresh);
        Ok(())
    }
}

fn take_state(mut channel: Channel) -> State {
    std::mem::replace(&mut channel.state, State::Joined)
}
