//! What takes `unsafe`: descriptors in the event loop, and what a child does to itself before it becomes a program.

use std::ffi::CString;
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::OwnedFd;
use std::os::unix::process::CommandExt;
use std::process::Command;

use rustix::fs::{Mode, OFlags, fcntl_getfl, fcntl_setfl};
use rustix::process::{chdir, ioctl_tiocsctty, setsid, umask};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

pub type Watched = AsyncFd<OwnedFd>;

/// A descriptor in the event loop, which then never blocks.
pub fn watch(fd: OwnedFd, interest: Interest) -> io::Result<Watched> {
    fcntl_setfl(&fd, fcntl_getfl(&fd)? | OFlags::NONBLOCK)?;
    watch_as_it_is(fd, interest)
}

/// The same for what knows no reading and writing.
pub fn watch_as_it_is(fd: OwnedFd, interest: Interest) -> io::Result<Watched> {
    // SAFETY: an `OwnedFd` always gives the same descriptor, and keeps it open for as long as it lives.
    Ok(unsafe { AsyncFd::register_with_interest(fd, interest) }?)
}

/// Has the command begin a session of its own, in `cwd`, with its terminal where it has one as descriptor 0.
pub fn prepare(command: &mut Command, cwd: CString, takes_terminal: bool) {
    let in_child = move || {
        reset_signals();
        setsid()?;
        if takes_terminal {
            ioctl_tiocsctty(rustix::stdio::stdin())?;
        }
        umask(Mode::from_raw_mode(0o022));
        chdir(cwd.as_c_str()).or_else(|_| chdir(c"/"))?;
        Ok(())
    };
    // SAFETY: the closure makes system calls only; what it reads was allocated before the fork and is not freed by it.
    unsafe { command.pre_exec(in_child) };
}

/// Nothing blocked, nothing ignored: what a program may expect of its parent. Allowed between fork and exec.
fn reset_signals() {
    let mut nothing = MaybeUninit::uninit();
    // The kernel's own form of `sigaction`, all zero: default handling, also of what the C library keeps to itself.
    let default = [0_u64; 4];
    // SAFETY: plain system calls on memory that outlives them; numbers that cannot be set are refused, which is fine.
    unsafe {
        for signal in 1..=64 {
            let (no_old, set_bytes) = (std::ptr::null_mut::<u64>(), 8_usize);
            libc::syscall(libc::SYS_rt_sigaction, signal, default.as_ptr(), no_old, set_bytes);
        }
        libc::sigemptyset(nothing.as_mut_ptr());
        libc::pthread_sigmask(libc::SIG_SETMASK, nothing.as_ptr(), std::ptr::null_mut());
    }
}

/// Signals a group; one that is gone needs none.
pub fn signal_group(group: i32, signal: i32) {
    assert!(group > 1, "a group is not everybody");
    // SAFETY: takes two numbers and touches no memory of ours.
    unsafe { libc::kill(-group, signal) };
}
