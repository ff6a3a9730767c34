//! A command as a process: started, waited for, signalled, hung up on.

use std::ffi::CString;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;
use std::process::{Command, Stdio as Handle};
use std::time::Duration;

use rustix::process::{
    Gid, Pid, PidfdFlags, Resource, Rlimit, Uid, WaitId, WaitIdOptions, geteuid, getrlimit, pidfd_open, waitid,
};
use serde::Serialize;
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

use super::environment::Environment;
use super::failure::{Code, Failure};
use super::lookup;
use super::registry::{Commands, Entry};
use super::session;
use super::spec::Spec;
use super::stdio::Theirs;
use super::user::Account;
use crate::agent::Place;
use crate::reason::reason;
use crate::sys::watch::watch;
use crate::sys::{signals, spawn};

/// How a command ended; the payload of `exited`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Exit {
    Code(i32),
    Signal(i32),
}

pub struct Child {
    pub pid: i32,
    handle: AsyncFd<OwnedFd>,
    entry: Entry,
}

/// After SIGHUP, this long, then SIGKILL.
const HANG_UP_GRACE: Duration = Duration::from_secs(5);
/// The soft limit on open files that programs expect; what wants more raises it.
const OPEN_FILES: u64 = 1024;

impl Child {
    pub fn start(
        place: Place,
        commands: &Commands,
        spec: &Spec,
        account: &Account,
        env: &Environment,
        stdio: Theirs,
    ) -> Result<Self, Failure> {
        let cwd = spec.cwd.as_deref().unwrap_or(&account.home);
        let cwd = if spec.cwd.is_none() && !Path::new(cwd).is_dir() { "/" } else { cwd };
        if !Path::new(cwd).is_dir() {
            return Err(Failure::new(Code::BadCwd, format!("there is no folder {cwd} in the guest")));
        }
        let path = env.get("PATH").map_or("", String::as_str);
        let program = lookup::find_program(&spec.argv[0], path, Path::new(cwd))?;
        let mut command = Command::new(&program);
        command.args(&spec.argv[1..]).env_clear().envs(env);
        std::os::unix::process::CommandExt::arg0(&mut command, &spec.argv[0]);
        command.stdin(Handle::from(stdio.stdin)).stdout(Handle::from(stdio.stdout)).stderr(Handle::from(stdio.stderr));
        let setup = spawn::Setup {
            identity: identity(account),
            cwd: CString::new(cwd).map_err(|_| Failure::new(Code::BadCwd, "cwd contains a zero byte"))?,
            takes_terminal: spec.tty.is_some(),
            open_files: open_files(),
            may_be_killed_for_memory: place == Place::Guest,
        };
        let child = spawn::spawn(command, setup).map_err(|error| explain(error, &spec.argv[0], cwd, account))?;
        Self::watch(commands, child.id()).map_err(|error| Failure::io("watch the command", error))
    }

    fn watch(commands: &Commands, pid: u32) -> io::Result<Self> {
        let pid = Pid::from_raw(pid.cast_signed()).ok_or(io::ErrorKind::InvalidData)?;
        let handle = pidfd_open(pid, PidfdFlags::empty())?;
        let handle = watch(handle, Interest::READABLE)?;
        let pid = pid.as_raw_nonzero().get();
        Ok(Self { pid, handle, entry: commands.enter(pid) })
    }

    /// Waits for the end without reaping: until then the process group's number cannot become another's.
    pub async fn exited(&self) -> io::Result<Exit> {
        let _ready = self.handle.readable().await?;
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
        let status = waitid(WaitId::PidFd(self.handle.get_ref().as_fd()), options)?.ok_or(io::ErrorKind::WouldBlock)?;
        self.entry.has_ended();
        Ok(match (status.exit_status(), status.terminating_signal()) {
            (Some(code), _) => Exit::Code(code),
            (None, signal) => Exit::Signal(signal.unwrap_or(libc::SIGKILL)),
        })
    }

    pub fn signal_group(&self, signal: i32) {
        // Without a process to receive it there is nobody to tell.
        let _ = signals::send_to_group(self.pid, signal);
    }

    /// The client is gone: the group is asked to go, and after a while the whole session is made to.
    pub async fn hang_up(self) {
        self.signal_group(libc::SIGHUP);
        // A stopped process would not hear it.
        self.signal_group(libc::SIGCONT);
        let deadline = tokio::time::Instant::now() + HANG_UP_GRACE;
        let _ = tokio::time::timeout_at(deadline, self.exited()).await;
        tokio::time::sleep_until(deadline).await;
        session::kill(self.pid);
        let _ = self.exited().await;
    }
}

/// Reaps. Dropped before its end, a command is killed first; that happens only when the agent itself goes.
impl Drop for Child {
    fn drop(&mut self) {
        let id = || WaitId::PidFd(self.handle.get_ref().as_fd());
        if let Ok(None) = waitid(id(), WaitIdOptions::EXITED | WaitIdOptions::NOHANG) {
            self.signal_group(libc::SIGKILL);
            let _ = waitid(id(), WaitIdOptions::EXITED);
        }
    }
}

fn identity(account: &Account) -> Option<(Uid, Gid, Vec<Gid>)> {
    if account.is_own() && !geteuid().is_root() {
        return None;
    }
    let groups = account.groups.iter().map(|&gid| Gid::from_raw(gid)).collect();
    Some((Uid::from_raw(account.uid), Gid::from_raw(account.gid), groups))
}

fn open_files() -> Rlimit {
    let maximum = getrlimit(Resource::Nofile).maximum;
    Rlimit { current: Some(maximum.map_or(OPEN_FILES, |maximum| maximum.min(OPEN_FILES))), maximum }
}

fn explain(error: spawn::Error, program: &str, cwd: &str, account: &Account) -> Failure {
    match error {
        spawn::Error::Cwd(error) => {
            Failure::new(Code::BadCwd, format!("{} cannot work in {cwd} in the guest: {}", account.name, reason(error)))
        }
        spawn::Error::Identity(error) => {
            Failure::new(Code::BadUser, format!("the agent cannot become user {}: {}", account.name, reason(error)))
        }
        spawn::Error::Exec(error) => match error.raw_os_error() {
            Some(libc::ENOENT | libc::ENOTDIR) => {
                Failure::new(Code::NotFound, format!("{program} or the interpreter that it names is not in the guest"))
            }
            Some(libc::EACCES | libc::EPERM) => lookup::not_executable(program, "permission denied"),
            Some(libc::ENOEXEC) => lookup::not_executable(program, "its format is unknown, or it names no interpreter"),
            _ => Failure::io(&format!("start {program}"), error),
        },
    }
}
