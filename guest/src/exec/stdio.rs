//! The descriptors of a command: three pipes, or one terminal.

use std::io;
use std::os::fd::OwnedFd;
use std::rc::Rc;

use rustix::fs::{Mode, fchmod, fchown};
use rustix::io::fcntl_dupfd_cloexec;
use rustix::pipe::{PipeFlags, pipe_with};
use rustix::process::{Gid, Uid};
use rustix::pty::{OpenptFlags, grantpt, ioctl_tiocgptpeer, openpt, unlockpt};
use rustix::termios::{InputModes, OptionalActions, Winsize, tcgetattr, tcsetattr, tcsetwinsize};

use super::pipe::Pipe;
use super::spec::Tty;
use super::user::Account;

/// Both ends of everything.
pub struct Stdio {
    pub ours: Ours,
    pub theirs: Theirs,
}

/// What the agent keeps.
pub struct Ours {
    /// Whoever serves the input takes it: closing it is how input ends.
    pub stdin: Option<Rc<Pipe>>,
    pub stdout: Pipe,
    /// Absent with a terminal.
    pub stderr: Option<Pipe>,
    /// The terminal, for its size, its end-of-file character and its foreground group. The same object as `stdin`.
    pub terminal: Option<Rc<Pipe>>,
}

/// What the command gets as 0, 1 and 2.
pub struct Theirs {
    pub stdin: OwnedFd,
    pub stdout: OwnedFd,
    pub stderr: OwnedFd,
}

impl Stdio {
    pub fn pipes() -> io::Result<Self> {
        let (stdin, our_stdin) = pipe_with(PipeFlags::CLOEXEC)?;
        let (our_stdout, stdout) = pipe_with(PipeFlags::CLOEXEC)?;
        let (our_stderr, stderr) = pipe_with(PipeFlags::CLOEXEC)?;
        let ours = Ours {
            stdin: Some(Rc::new(Pipe::new(our_stdin)?)),
            stdout: Pipe::new(our_stdout)?,
            stderr: Some(Pipe::new(our_stderr)?),
            terminal: None,
        };
        Ok(Self { ours, theirs: Theirs { stdin, stdout, stderr } })
    }

    pub fn terminal(tty: &Tty, account: &Account) -> io::Result<Self> {
        let flags = OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC;
        let master = openpt(flags)?;
        grantpt(&master)?;
        unlockpt(&master)?;
        // By descriptor, not by name: /dev/pts need not be the one that this terminal is in.
        let slave = ioctl_tiocgptpeer(&master, flags)?;
        resize(&slave, tty.rows, tty.columns)?;
        let mut modes = tcgetattr(&slave)?;
        // So that erasing a character of several bytes erases all of them.
        modes.input_modes |= InputModes::IUTF8;
        tcsetattr(&slave, OptionalActions::Now, &modes)?;
        if !account.is_own() {
            // As a login does it, so that the command may open its terminal again by name.
            fchown(&slave, Some(Uid::from_raw(account.uid)), Some(Gid::from_raw(account.gid)))?;
            fchmod(&slave, Mode::RUSR | Mode::WUSR | Mode::WGRP)?;
        }
        let terminal = Rc::new(Pipe::new(fcntl_dupfd_cloexec(&master, 3)?)?);
        let ours =
            Ours { stdin: Some(terminal.clone()), stdout: Pipe::new(master)?, stderr: None, terminal: Some(terminal) };
        let theirs = Theirs { stdin: dup_cloexec(&slave)?, stdout: dup_cloexec(&slave)?, stderr: slave };
        Ok(Self { ours, theirs })
    }
}

pub fn resize(terminal: &OwnedFd, rows: u16, columns: u16) -> io::Result<()> {
    Ok(tcsetwinsize(terminal, Winsize { ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 })?)
}

fn dup_cloexec(fd: &OwnedFd) -> io::Result<OwnedFd> {
    Ok(fcntl_dupfd_cloexec(fd, 3)?)
}
