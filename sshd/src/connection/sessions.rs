//! A session gets something that runs in it.

use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::thread;

use tokio::task::spawn_local;
use tokio::time::timeout;

use super::Connection;
use crate::channel::event::{Event, Exit, Id};
use crate::channel::pump::Sink;
use crate::channel::table::{State, Wishes};
use crate::numbers::limit;
use crate::session::environment;
use crate::session::process::{self, Reins};
use crate::sftp;

pub enum What<'a> {
    Shell,
    Command(&'a [u8]),
    Files,
}

impl Connection {
    /// Whether it runs. Once in a session, whatever comes of it.
    pub(super) fn run(&mut self, id: Id, what: &What) -> bool {
        let Some(channel) = self.channels.find(id) else { return false };
        if !matches!(channel.state, State::Waiting(_)) {
            return false;
        }
        let State::Waiting(wishes) = std::mem::replace(&mut channel.state, State::Running) else { return false };
        let started = match what {
            What::Files => self.serve_files(id),
            What::Shell => self.start(id, None, *wishes),
            What::Command(line) => self.start(id, Some(line), *wishes),
        };
        started.is_ok()
    }

    /// In a thread of its own, since files may keep whoever reads them waiting.
    fn serve_files(&mut self, id: Id) -> io::Result<()> {
        let (ours, theirs) = UnixStream::pair()?;
        let home = self.account.home.as_str();
        let home = if Path::new(home).is_dir() { home } else { "/" }.to_owned();
        thread::Builder::new().name("sftp".into()).spawn(move || sftp::serve(&theirs, &home))?;
        let events = self.events.clone();
        let Some(channel) = self.channels.find(id) else { return Ok(()) };
        channel.lead_in(id, OwnedFd::from(ours.try_clone()?), Sink::Socket, &events);
        let said = channel.lead_out(id, false, ours.into(), &events);
        channel.keep(spawn_local(async move {
            let _ = said.await;
            let _ = events.send(Event::Ended { id, exit: Some(Exit::Code(0)) }).await;
        }));
        Ok(())
    }

    fn start(&mut self, id: Id, line: Option<&[u8]>, wishes: Wishes) -> io::Result<()> {
        let (terminal, term) = wishes.terminal.unzip();
        let name = terminal.as_ref().map(|terminal| terminal.name.clone());
        let mut own: Vec<(&str, &str)> = Vec::new();
        own.extend(term.as_deref().map(|term| ("TERM", term)));
        own.extend(name.as_deref().map(|name| ("SSH_TTY", name)));
        own.extend(self.agent.as_ref().map(|agent| ("SSH_AUTH_SOCK", agent.path.as_str())));
        let environment = environment::merge(&self.account, &self.guest, &wishes.variables, &own);
        let process = match process::start(&self.account, line, &environment, terminal) {
            Ok(process) => process,
            Err(error) => {
                self.tell_failure(id, &error);
                return Ok(());
            }
        };
        let (reins, handle) = (Reins::of(&process)?, process.take_handle()?);
        let events = self.events.clone();
        let Some(channel) = self.channels.find(id) else { return Ok(()) };
        channel.reins = Some(reins);
        let has_terminal = process.terminal.is_some();
        let sink = if has_terminal { Sink::Terminal } else { Sink::Pipe };
        channel.lead_in(id, process.stdin, sink, &events);
        let mut stdout = channel.lead_out(id, false, process.stdout, &events);
        let stderr = process.stderr.map(|stderr| channel.lead_out(id, true, stderr, &events));
        // Not kept with the channel: whoever has started something has to hear of its end.
        spawn_local(async move {
            let exit = process::ended(handle).await;
            if has_terminal && timeout(limit::LAST_WORDS, &mut stdout).await.is_err() {
                stdout.abort();
            } else if !has_terminal {
                let _ = stdout.await;
            }
            if let Some(stderr) = stderr {
                let _ = stderr.await;
            }
            let _ = events.send(Event::Ended { id, exit: Some(exit) }).await;
        });
        Ok(())
    }

    /// As a shell would: on stderr, and with its code for it.
    fn tell_failure(&mut self, id: Id, error: &io::Error) {
        let message =
            format!("cannot start {}, the login shell of {}: {error}\n", self.account.shell, self.account.name);
        let events = self.events.clone();
        let Some(channel) = self.channels.find(id) else { return };
        let message = message.as_bytes()[..message.len().min(channel.credit.left()).min(channel.most)].to_vec();
        channel.credit.take(message.len());
        let code = if error.kind() == io::ErrorKind::NotFound { 127 } else { 126 };
        spawn_local(async move {
            let _ = events.send(Event::Data { id, is_error: true, bytes: message.into() }).await;
            let _ = events.send(Event::Ended { id, exit: Some(Exit::Code(code)) }).await;
        });
    }
}
