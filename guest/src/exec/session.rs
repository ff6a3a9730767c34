//! Everything that a command has started and that has not left its session: a shell with job control gives each job a process
//! group of its own.

use std::fs;

use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};

use crate::sys::signals;

/// Forks may outrun one look, not many: what is killed forks no more.
const LOOKS: usize = 20;

/// Ends a command and all of its session. Its leader must not be reaped yet: so long the session's number cannot be another's.
pub fn kill(leader: i32) {
    // At once, and where there is no /proc the only thing that can be done. A group that is empty needs no signal.
    let _ = signals::send_to_group(leader, libc::SIGKILL);
    for _ in 0..LOOKS {
        let members = members(leader);
        if members.is_empty() {
            return;
        }
        for pid in members {
            kill_member(pid, leader);
        }
    }
}

fn kill_member(pid: i32, leader: i32) {
    let Some(handle) = Pid::from_raw(pid).and_then(|pid| pidfd_open(pid, PidfdFlags::empty()).ok()) else { return };
    // Looked at again behind the handle, which means one process whatever becomes of its number.
    if is_member(pid, leader) {
        // It may have ended by itself.
        let _ = pidfd_send_signal(handle, Signal::KILL);
    }
}

fn members(leader: i32) -> Vec<i32> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    pids.filter(|&pid| is_member(pid, leader)).collect()
}

fn is_member(pid: i32, leader: i32) -> bool {
    let stat = fs::read(format!("/proc/{pid}/stat")).unwrap_or_default();
    // The name in brackets may contain anything; the fields begin behind the last bracket.
    let fields = stat.rsplit(|&byte| byte == b')').next().unwrap_or_default();
    let mut fields = str::from_utf8(fields).unwrap_or_default().split_ascii_whitespace();
    let is_running = !matches!(fields.next(), None | Some("Z" | "X"));
    // After the state: parent, group, session.
    is_running && fields.nth(2).and_then(|session| session.parse().ok()) == Some(leader)
}
