//! The end of a microVM, in order: programs asked, programs forced, file systems unmounted, power off.

use std::fs;
use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

use rustix::process::{WaitOptions, wait};
use rustix::system::{RebootCommand, reboot};

use super::{console, processes, unmount};
use crate::sys::signals;

#[derive(Debug, PartialEq, Eq)]
pub enum Ending {
    PowerOff,
    Reboot,
    /// We cannot go on, and why.
    Failed(String),
}

impl Ending {
    /// What the host takes the end for, on the console.
    fn last_word(&self) -> String {
        match self {
            Ending::PowerOff => "power off".into(),
            Ending::Reboot => "reboot".into(),
            Ending::Failed(why) => format!("failed: {why}"),
        }
    }
}

/// Between asking and forcing.
const GRACE: Duration = Duration::from_secs(2);
const LOOK_AGAIN: Duration = Duration::from_millis(20);
/// What is forced ends at once, unless the kernel itself is stuck.
const FORCED: Duration = Duration::from_secs(2);

/// Ends everything. `agent` is spared while programs are asked, so that it can tell the host how they end.
pub fn end(ending: Ending, agent: i32, old_root: Option<&OwnedFd>) -> ! {
    let _ = signals::send_to_all(libc::SIGTERM);
    // What is stopped could not act on it.
    let _ = signals::send_to_all(libc::SIGCONT);
    reap_until(GRACE, || !processes::any_but(agent));
    force(ending, old_root)
}

/// As [`end`], when programs have been asked already.
pub fn force(ending: Ending, old_root: Option<&OwnedFd>) -> ! {
    let _ = signals::send_to_all(libc::SIGKILL);
    reap_until(FORCED, || !processes::any_but(0));
    // Asked for while /sys is still there.
    let can_power_off = fs::exists("/sys/firmware/acpi").unwrap_or(false);
    rustix::fs::sync();
    unmount::all(old_root);
    rustix::fs::sync();
    console::announce(&ending.last_word());
    // Without ACPI there is nothing to switch off, and the kernel would halt for ever instead; a restart that the VMM was
    // told not to follow is an end. A failure must not look like somebody's wish to switch off.
    let command =
        if ending == Ending::PowerOff && can_power_off { RebootCommand::PowerOff } else { RebootCommand::Restart };
    loop {
        let error = reboot(command);
        console::complain(&format!("cannot {command:?}: {error:?}"));
        std::thread::sleep(FORCED);
    }
}

/// Looks again whenever a child ends, and often: the children of others end without our being told.
fn reap_until(patience: Duration, is_done: impl Fn() -> bool) {
    let deadline = Instant::now() + patience;
    loop {
        while matches!(wait(WaitOptions::NOHANG), Ok(Some(_))) {}
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() || is_done() {
            return;
        }
        signals::wait_for(&[libc::SIGCHLD], left.min(LOOK_AGAIN));
    }
}
