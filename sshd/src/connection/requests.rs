//! Requests that concern one channel (RFC 4254, 6).

use super::Connection;
use super::sessions::What;
use crate::broken::Outcome;
use crate::channel::event::Id;
use crate::channel::table::State;
use crate::numbers::message;
use crate::session::process::{Size, Terminal};
use crate::session::signal;
use crate::wire::{Malformed, Reader, Writer};

impl Connection {
    pub(super) fn channel_request(&mut self, mut reader: Reader) -> Outcome<()> {
        let (id, kind, wants_answer) = (reader.u32()?, reader.text()?, reader.boolean()?);
        let theirs = self.channels.get(id)?.theirs;
        let done = match kind {
            "pty-req" => self.request_terminal(id, reader)?,
            "env" => self.set_variable(id, reader.string()?, reader.string()?),
            "shell" => self.run(id, &What::Shell),
            "exec" => self.run(id, &What::Command(reader.string()?)),
            "subsystem" => reader.string()? == b"sftp" && self.run(id, &What::Files),
            "window-change" => {
                let size = read_size(&mut reader)?;
                self.channels.get(id)?.reins.as_ref().map(|reins| reins.resize(size)).is_some()
            }
            "signal" => {
                let reins = self.channels.get(id)?.reins.as_ref();
                reins.zip(signal::number(reader.text()?)).map(|(reins, number)| reins.signal(number)).is_some()
            }
            "eow@openssh.com" => {
                self.channels.get(id)?.stop_listening();
                true
            }
            "auth-agent-req@openssh.com" => self.open_agent(),
            _ => false,
        };
        if wants_answer {
            let answer = if done { message::CHANNEL_SUCCESS } else { message::CHANNEL_FAILURE };
            // Before anything that the command says.
            self.say(Writer::message(answer).u32(theirs));
        }
        Ok(())
    }

    fn request_terminal(&mut self, id: Id, mut reader: Reader) -> Outcome<bool> {
        let (term, size, modes) = (reader.text()?, read_size(&mut reader)?, reader.string()?);
        reader.end()?;
        let State::Waiting(wishes) = &mut self.channels.get(id)?.state else { return Ok(false) };
        if wishes.terminal.is_some() || !term.bytes().all(|byte| byte.is_ascii_graphic()) || term.len() > 128 {
            return Ok(false);
        }
        let Ok(terminal) = Terminal::open(size, modes) else { return Ok(false) };
        let term = if term.is_empty() { "dumb" } else { term };
        wishes.terminal = Some((terminal, term.to_owned()));
        Ok(true)
    }

    fn set_variable(&mut self, id: Id, name: &[u8], value: &[u8]) -> bool {
        let Some(channel) = self.channels.find(id) else { return false };
        let State::Waiting(wishes) = &mut channel.state else { return false };
        let (Ok(name), Ok(value)) = (str::from_utf8(name), str::from_utf8(value)) else { return false };
        wishes.variables.set(name, value)
    }
}

fn read_size(reader: &mut Reader) -> Result<Size, Malformed> {
    let mut next = || reader.u32().map(|number| u16::try_from(number).unwrap_or(u16::MAX));
    Ok(Size { columns: next()?, rows: next()?, width: next()?, height: next()? })
}
