//! Starts a command as somebody else, in a session of its own.
//!
//! Between fork and exec the child may only do what is allowed in a signal handler: plain system calls on memory that was
//! made ready before. A failure there comes back to the parent through the standard library's pipe as one number; the step
//! is coded into its upper half.

use std::ffi::CString;
use std::io;
use std::os::unix::process::CommandExt;
use std::process::Command;

use rustix::process::{Gid, Resource, Rlimit, Uid, chdir, ioctl_tiocsctty, setrlimit, setsid, umask};
use rustix::thread::{set_thread_groups, set_thread_res_gid, set_thread_res_uid};

use super::{memory, signals};

/// What the child does to itself before it becomes the command.
pub struct Setup {
    /// User, group, all groups; absent when the command runs as the agent does.
    pub identity: Option<(Uid, Gid, Vec<Gid>)>,
    pub cwd: CString,
    /// Make descriptor 0 the controlling terminal.
    pub takes_terminal: bool,
    pub open_files: Rlimit,
    /// Give up the agent's own protection from the kernel's search for memory.
    pub may_be_killed_for_memory: bool,
}

/// Which step failed, and how.
#[derive(Debug)]
pub enum Error {
    Cwd(io::Error),
    Identity(io::Error),
    Exec(io::Error),
}

const CWD_STEP: i32 = 1 << 16;
const IDENTITY_STEP: i32 = 2 << 16;
const ERRNO_MASK: i32 = (1 << 16) - 1;

/// Starts `command`, which already has its program, arguments, environment and descriptors.
pub fn spawn(mut command: Command, setup: Setup) -> Result<std::process::Child, Error> {
    let in_child = move || {
        signals::reset_all();
        setsid()?;
        if setup.takes_terminal {
            ioctl_tiocsctty(rustix::stdio::stdin())?;
        }
        let _ = setrlimit(Resource::Nofile, setup.open_files);
        if setup.may_be_killed_for_memory {
            // While still root: only root's word sets the limit below which the command itself cannot go again.
            let _ = memory::set_own_score(memory::ORDINARY);
        }
        umask(rustix::fs::Mode::from_raw_mode(0o022));
        if let Some((uid, gid, groups)) = &setup.identity {
            set_thread_groups(groups).map_err(|errno| at(IDENTITY_STEP, errno))?;
            set_thread_res_gid(*gid, *gid, *gid).map_err(|errno| at(IDENTITY_STEP, errno))?;
            set_thread_res_uid(*uid, *uid, *uid).map_err(|errno| at(IDENTITY_STEP, errno))?;
        }
        // As the user: a folder that only root may enter is not the user's to work in.
        chdir(setup.cwd.as_c_str()).map_err(|errno| at(CWD_STEP, errno))
    };
    // SAFETY: the closure makes system calls only; what it reads was allocated before the fork and is not freed by it.
    unsafe { command.pre_exec(in_child) };
    command.spawn().map_err(|error| match error.raw_os_error() {
        Some(code) if code & CWD_STEP != 0 => Error::Cwd(io::Error::from_raw_os_error(code & ERRNO_MASK)),
        Some(code) if code & IDENTITY_STEP != 0 => Error::Identity(io::Error::from_raw_os_error(code & ERRNO_MASK)),
        _ => Error::Exec(error),
    })
}

fn at(step: i32, errno: rustix::io::Errno) -> io::Error {
    io::Error::from_raw_os_error(step | errno.raw_os_error())
}
