//! Requests that concern the whole connection.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

use super::Connection;
use super::listen::Place;
use crate::broken::Outcome;
use crate::numbers::message;
use crate::wire::{Reader, Writer};

impl Connection {
    pub(super) fn global_request(&mut self, mut reader: Reader) -> Outcome<()> {
        let (kind, wants_answer) = (reader.text()?, reader.boolean()?);
        let done = match kind {
            "no-more-sessions@openssh.com" => {
                self.no_more_sessions = true;
                Some(Vec::new())
            }
            "tcpip-forward" => {
                let (address, port) = (reader.text()?, reader.u32()?);
                let events = self.events.clone();
                let opened = u16::try_from(port).ok().map(|port| self.listeners.listen_tcp(address, port, &events));
                let told =
                    |opened: u16| if port == 0 { Writer::default().u32(opened.into()).done() } else { Vec::new() };
                opened.and_then(Result::ok).map(told)
            }
            "cancel-tcpip-forward" => {
                let (address, port) = (reader.text()?.to_owned(), reader.u32()?);
                let port = u16::try_from(port).unwrap_or_default();
                self.listeners.forget(&Place::Port(address, port)).then(Vec::new)
            }
            "streamlocal-forward@openssh.com" => {
                let (path, events) = (reader.string()?, self.events.clone());
                self.listeners.listen_unix(path, &events).ok().map(|()| Vec::new())
            }
            "cancel-streamlocal-forward@openssh.com" => {
                let path = OsStr::from_bytes(reader.string()?).into();
                self.listeners.forget(&Place::Path(path)).then(Vec::new)
            }
            // Such as the question whether we are still there: any answer will do.
            _ => None,
        };
        if wants_answer {
            self.say(match done {
                Some(details) => Writer::message(message::REQUEST_SUCCESS).raw(&details),
                None => Writer::message(message::REQUEST_FAILURE),
            });
        }
        Ok(())
    }
}
