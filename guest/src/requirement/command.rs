//! A command that succeeds. It runs as commands of the host do, with nothing to read and its output thrown away.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{self, Read};
use std::os::fd::OwnedFd;
use std::time::Duration;

use rustix::pipe::{PipeFlags, pipe_with};

use super::pace::Pace;
use crate::agent::Agent;
use crate::exec::child::{Child, Exit};
use crate::exec::defaults::Defaults;
use crate::exec::environment;
use crate::exec::failure::Failure;
use crate::exec::spec::Spec;
use crate::exec::stdio::Theirs;

/// What is kept of an output that is looked at; it fits into a pipe, so that no writer waits.
const MOST_OUTPUT: u64 = 4096;

pub async fn wait(agent: &Agent, argv: &[String], seen: &RefCell<String>) {
    let mut pace = Pace::new(Duration::from_millis(100), Duration::from_secs(2));
    loop {
        match run(agent, argv).await {
            Ok(Exit::Code(0)) => return,
            Ok(Exit::Code(code)) => *seen.borrow_mut() = format!("it ended with code {code}"),
            Ok(Exit::Signal(signal)) => *seen.borrow_mut() = format!("it was ended by signal {signal}"),
            Err(Failure { message, .. }) => *seen.borrow_mut() = message,
        }
        pace.wait().await;
    }
}

async fn run(agent: &Agent, argv: &[String]) -> Result<Exit, Failure> {
    let child =
        start(agent, argv, &agent.defaults.borrow(), null().map_err(|error| Failure::io("open /dev/null", error))?)?;
    child.exited().await.map_err(|error| Failure::io("wait for the command", error))
}

/// What a short command of root's writes on its standard output, whatever its code.
pub async fn output_of(agent: &Agent, argv: &[String]) -> Result<String, Failure> {
    let (ours, theirs) = pipe_with(PipeFlags::CLOEXEC).map_err(|error| Failure::io("open a pipe", error))?;
    let child = start(agent, argv, &Defaults::default(), theirs)?;
    child.exited().await.map_err(|error| Failure::io("wait for the command", error))?;
    let mut text = String::new();
    rustix::io::ioctl_fionbio(&ours, true).map_err(|error| Failure::io("read a pipe", error))?;
    // Whoever inherited the pipe may hold it open; what the command wrote is there by now.
    match File::from(ours).take(MOST_OUTPUT).read_to_string(&mut text) {
        Ok(_) => Ok(text),
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(text),
        Err(error) => Err(Failure::io("read what the command wrote", error)),
    }
}

fn start(agent: &Agent, argv: &[String], defaults: &Defaults, stdout: OwnedFd) -> Result<Child, Failure> {
    let mut spec = Spec { argv: argv.to_vec(), env: BTreeMap::new(), cwd: None, user: None, tty: None };
    let account = defaults.account(&spec)?;
    defaults.choose_folder(&mut spec);
    let env = environment::merge(&account, &agent.env.borrow(), &spec);
    let nothing = || null().map_err(|error| Failure::io("open /dev/null", error));
    Child::start(
        agent.place,
        &agent.commands,
        &spec,
        &account,
        &env,
        Theirs { stdin: nothing()?, stdout, stderr: nothing()? },
    )
}

fn null() -> io::Result<OwnedFd> {
    Ok(OpenOptions::new().read(true).write(true).open("/dev/null")?.into())
}
