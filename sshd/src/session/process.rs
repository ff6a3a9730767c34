//! Starts a command, in a terminal or with three pipes, and waits for its end.

use std::ffi::{CString, OsStr};
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};

use rustix::io::fcntl_dupfd_cloexec;
use rustix::pipe::{PipeFlags, pipe_with};
use rustix::process::{Pid, PidfdFlags, WaitId, WaitIdOptions, pidfd_open, waitid};
use rustix::pty::{OpenptFlags, grantpt, ioctl_tiocgptpeer, openpt, ptsname, unlockpt};
use rustix::termios::{OptionalActions, Winsize, tcgetattr, tcgetpgrp, tcsetattr, tcsetwinsize};
use tokio::io::Interest;

use super::environment::Environment;
use super::modes;
use crate::account::Account;
use crate::channel::event::Exit;
use crate::sys::{self, Watched};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size {
    pub columns: u16,
    pub rows: u16,
    pub width: u16,
    pub height: u16,
}

impl From<Size> for Winsize {
    fn from(size: Size) -> Self {
        Self { ws_row: size.rows, ws_col: size.columns, ws_xpixel: size.width, ws_ypixel: size.height }
    }
}

/// A terminal that nobody uses yet.
pub struct Terminal {
    ours: OwnedFd,
    theirs: OwnedFd,
    pub name: String,
}

impl Terminal {
    pub fn open(size: Size, encoded_modes: &[u8]) -> io::Result<Self> {
        let flags = OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC;
        let ours = openpt(flags)?;
        grantpt(&ours)?;
        unlockpt(&ours)?;
        let name = ptsname(&ours, Vec::new())?.to_string_lossy().into_owned();
        // By descriptor, not by name: /dev/pts need not be the one that this terminal is in.
        let theirs = ioctl_tiocgptpeer(&ours, flags)?;
        tcsetwinsize(&theirs, size.into())?;
        let mut termios = tcgetattr(&theirs)?;
        modes::apply(encoded_modes, &mut termios);
        tcsetattr(&theirs, OptionalActions::Now, &termios)?;
        Ok(Self { ours, theirs, name })
    }
}

/// A command that runs.
pub struct Process {
    pub pid: i32,
    handle: OwnedFd,
    pub stdin: OwnedFd,
    pub stdout: OwnedFd,
    /// None with a terminal.
    pub stderr: Option<OwnedFd>,
    pub terminal: Option<OwnedFd>,
}

/// The login shell, which reads `line` where there is one.
pub fn start(
    account: &Account,
    line: Option<&[u8]>,
    environment: &Environment,
    terminal: Option<Terminal>,
) -> io::Result<Process> {
    let mut command = Command::new(&account.shell);
    let name = account.shell.rsplit('/').next().unwrap_or_default();
    match line {
        Some(line) => command.arg0(name).arg("-c").arg(OsStr::from_bytes(line)),
        // By this it knows that somebody logs in.
        None => command.arg0(format!("-{name}")),
    };
    command.env_clear().envs(environment);
    let home = CString::new(account.home.as_str())?;
    sys::prepare(&mut command, home, terminal.is_some());
    match terminal {
        None => with_pipes(command),
        Some(Terminal { ours, theirs, .. }) => {
            command.stdin(theirs.try_clone()?).stdout(theirs.try_clone()?).stderr(theirs);
            let (pid, handle) = spawn(command)?;
            let (stdin, terminal) = (ours.try_clone()?, Some(ours.try_clone()?));
            Ok(Process { pid, handle, stdin, stdout: ours, stderr: None, terminal })
        }
    }
}

fn with_pipes(mut command: Command) -> io::Result<Process> {
    let (their_stdin, stdin) = pipe_with(PipeFlags::CLOEXEC)?;
    let (stdout, their_stdout) = pipe_with(PipeFlags::CLOEXEC)?;
    let (stderr, their_stderr) = pipe_with(PipeFlags::CLOEXEC)?;
    command.stdin(Stdio::from(their_stdin)).stdout(Stdio::from(their_stdout)).stderr(Stdio::from(their_stderr));
    let (pid, handle) = spawn(command)?;
    Ok(Process { pid, handle, stdin, stdout, stderr: Some(stderr), terminal: None })
}

/// The command with its descriptors goes away here: only the child has them then.
fn spawn(mut command: Command) -> io::Result<(i32, OwnedFd)> {
    let child = command.spawn()?;
    let pid = Pid::from_raw(child.id().cast_signed()).ok_or(io::ErrorKind::InvalidData)?;
    let handle = pidfd_open(pid, PidfdFlags::empty())?;
    Ok((pid.as_raw_nonzero().get(), handle))
}

/// Where signals for a command go.
pub struct Reins {
    pid: i32,
    terminal: Option<OwnedFd>,
}

impl Reins {
    pub fn of(process: &Process) -> io::Result<Self> {
        let dup = |fd: &OwnedFd| fcntl_dupfd_cloexec(fd, 3).map_err(io::Error::from);
        Ok(Self { pid: process.pid, terminal: process.terminal.as_ref().map(dup).transpose()? })
    }

    pub fn resize(&self, size: Size) {
        if let Some(terminal) = &self.terminal {
            let _ = tcsetwinsize(terminal, size.into());
        }
    }

    /// With a terminal to whoever is in its foreground.
    pub fn signal(&self, signal: i32) {
        let foreground = self.terminal.as_ref().and_then(|terminal| tcgetpgrp(terminal).ok());
        let group = foreground.map_or(self.pid, |group| group.as_raw_nonzero().get());
        if group > 1 {
            sys::signal_group(group, signal);
        }
    }
}

/// Waits for the end, and reaps.
pub async fn ended(handle: Handle) -> Exit {
    let id = || WaitId::PidFd(handle.0.as_fd());
    if handle.0.readable().await.is_err() {
        return Exit::Signal(libc::SIGKILL);
    }
    match waitid(id(), WaitIdOptions::EXITED) {
        Ok(Some(status)) => match (status.exit_status(), status.terminating_signal()) {
            (Some(code), _) => Exit::Code(code),
            (None, signal) => Exit::Signal(signal.unwrap_or(libc::SIGKILL)),
        },
        _ => Exit::Signal(libc::SIGKILL),
    }
}

pub struct Handle(Watched);

impl Process {
    pub fn take_handle(&self) -> io::Result<Handle> {
        let handle = fcntl_dupfd_cloexec(&self.handle, 3)?;
        sys::watch_as_it_is(handle, Interest::READABLE).map(Handle)
    }
}
