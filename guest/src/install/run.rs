//! Runs a family's script, and makes its outcome the guest's.

use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::path::Path;
use std::time::Duration;

use rustix::io::fcntl_dupfd_cloexec;
use rustix::pipe::{PipeFlags, pipe_with};

use super::job::Job;
use super::record::{self, Progress};
use crate::agent::Agent;
use crate::exec::child::{Child, Exit};
use crate::exec::environment;
use crate::exec::failure::Failure;
use crate::exec::pipe::Pipe;
use crate::exec::spec::Spec;
use crate::exec::stdio::Theirs;
use crate::exec::user::Account;
use crate::init::console;
use crate::plan::files;
use crate::plan::new_root::NewRoot;
use crate::plan::stages::{Doing, Done, Trouble};
use crate::successor::{Kind, find, host_keys, prepare};

const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
/// Programs that outlive the script and hold its output are listened to for this long.
pub const INHERITORS: Duration = Duration::from_millis(250);

/// A script that runs, and what it says.
pub struct Running {
    pub child: Child,
    pub output: Pipe,
}

/// With the environment of the vm's commands, where proxies may stand, but for the place of programs.
pub fn start(agent: &Agent, job: &Job) -> Result<Running, Failure> {
    let turn = if job.is_again { "again" } else { "first" };
    let argv = ["/bin/sh", "-c", job.script, "install", "", turn].map(str::to_owned).to_vec();
    let env = BTreeMap::from([("PATH", PATH), ("HOME", "/root")].map(|(name, value)| (name.into(), value.into())));
    let spec = Spec { argv, env, cwd: Some("/".into()), user: None, tty: None };
    let account = Account::find(None)?;
    let env = environment::merge(&account, &agent.env.borrow(), &spec);
    let pipe = |error: io::Error| Failure::io("open a pipe", error);
    let (ours, stdout) = pipe_with(PipeFlags::CLOEXEC).map_err(|error| pipe(error.into()))?;
    let stderr = fcntl_dupfd_cloexec(&stdout, 3).map_err(|error| pipe(error.into()))?;
    let stdin = File::open("/dev/null").map_err(|error| Failure::io("open /dev/null", error))?.into();
    let output = Pipe::new(ours).map_err(pipe)?;
    let child = Child::start(agent.place, &agent.commands, &spec, &account, &env, Theirs { stdin, stdout, stderr })?;
    Ok(Running { child, output })
}

/// None when it went well.
pub fn explain(exit: Exit) -> Option<String> {
    match exit {
        Exit::Code(0) => None,
        Exit::Code(code) => Some(format!("it ended with code {code}")),
        Exit::Signal(signal) => Some(format!("it was ended by signal {signal}")),
    }
}

/// To be written before anything is changed: from then on what is there proves nothing. Blocks.
pub fn begin(job: &Job) -> Done {
    let root = root()?;
    record::write(&root, job.plan.init, job.family, Progress::Begun).doing("write down that it is begun")
}

/// Makes ready what was installed for the place of PID 1. Blocks.
pub fn finish(job: &Job) -> Done<Kind> {
    let (root, init) = (root()?, job.plan.init);
    let successor = find::find(init, &root)?;
    let successor = successor.ok_or_else(|| Trouble(format!("{init} is not installed")))?;
    files::write_resolvers(&job.plan, &root)?;
    prepare::prepare(&successor, &job.plan, &root)?;
    record::write(&root, init, job.family, Progress::Done).doing("write down that it is done")?;
    if successor.kind != Kind::Systemd {
        host_keys::make_missing()
            .unwrap_or_else(|error| console::complain(&format!("cannot make a host key: {error}")));
    }
    Ok(successor.kind)
}

fn root() -> Done<NewRoot> {
    NewRoot::open(Path::new("/")).doing("open the root")
}
