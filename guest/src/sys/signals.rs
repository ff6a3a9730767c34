//! Signals by number, real-time ones included, which safe interfaces leave out.

use std::io;
use std::mem::MaybeUninit;

/// The highest signal number on Linux.
pub const MAX: i32 = 64;

/// `SIGRTMIN+n` as the C library counts: the first two are its own.
pub fn real_time(n: i32) -> i32 {
    libc::SIGRTMIN() + n
}

/// Signals process `pid`.
pub fn send(pid: i32, signal: i32) -> io::Result<()> {
    assert!(pid > 0, "a pid names one process");
    kill(pid, signal)
}

/// Signals process group `group`.
pub fn send_to_group(group: i32, signal: i32) -> io::Result<()> {
    assert!(group > 1, "a group is not everybody");
    kill(-group, signal)
}

/// Signals everything but PID 1 and the caller.
pub fn send_to_all(signal: i32) -> io::Result<()> {
    kill(-1, signal)
}

fn kill(target: i32, signal: i32) -> io::Result<()> {
    // SAFETY: takes two numbers and touches no memory of ours.
    match unsafe { libc::kill(target, signal) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

/// Holds `signals` back in this thread and those it starts, to be fetched with [`wait`].
pub fn block(signals: &[i32]) {
    let set = set_of(signals);
    // SAFETY: `set` is initialised, and the old mask is not asked for.
    unsafe { libc::pthread_sigmask(libc::SIG_BLOCK, &set, std::ptr::null_mut()) };
}

/// Waits for one of `signals`, which must be blocked: its number and its sender.
pub fn wait(signals: &[i32]) -> (i32, i32) {
    let set = set_of(signals);
    let mut info = MaybeUninit::<libc::siginfo_t>::zeroed();
    loop {
        // SAFETY: both point to memory of the right type that lives through the call.
        let signal = unsafe { libc::sigwaitinfo(&set, info.as_mut_ptr()) };
        if signal > 0 {
            // SAFETY: zeroed and then filled by the kernel; every bit pattern is valid for a number.
            return (signal, unsafe { info.assume_init_ref().si_pid() });
        }
    }
}

/// As [`wait`], at most `patience`.
pub fn wait_for(signals: &[i32], patience: std::time::Duration) -> Option<i32> {
    let set = set_of(signals);
    let (seconds, nanos) = (patience.as_secs() as libc::time_t, libc::c_long::from(patience.subsec_nanos()));
    let limit = libc::timespec { tv_sec: seconds, tv_nsec: nanos };
    // SAFETY: the pointers live through the call; the details are not asked for.
    let signal = unsafe { libc::sigtimedwait(&set, std::ptr::null_mut(), &limit) };
    (signal > 0).then_some(signal)
}

/// Nothing blocked, nothing ignored, no handlers: what a program may expect of its parent. Allowed between fork and exec.
pub fn reset_all() {
    let nothing = set_of(&[]);
    // The kernel's own form of `sigaction`, all zero: default handling. The C library refuses to touch two signals that it
    // keeps to itself, but a parent may have ignored even those.
    let default = [0_u64; 4];
    // SAFETY: plain system calls on memory that outlives them; numbers that cannot be set are refused, which is fine.
    unsafe {
        for signal in 1..=MAX {
            let (no_old, set_bytes) = (std::ptr::null_mut::<u64>(), 8_usize);
            libc::syscall(libc::SYS_rt_sigaction, signal, default.as_ptr(), no_old, set_bytes);
        }
        libc::pthread_sigmask(libc::SIG_SETMASK, &nothing, std::ptr::null_mut());
    }
}

fn set_of(signals: &[i32]) -> libc::sigset_t {
    let mut set = MaybeUninit::uninit();
    // SAFETY: `sigemptyset` initialises the set before anything is added.
    unsafe {
        libc::sigemptyset(set.as_mut_ptr());
        for &signal in signals {
            libc::sigaddset(set.as_mut_ptr(), signal);
        }
        set.assume_init()
    }
}
