//! Which processes are left.

use std::fs;

const KERNEL_THREADS: i32 = 2;

/// Whether anything but PID 1, `spared` and the kernel's own threads still runs. Without `/proc`: yes, as far as we know.
pub fn any_but(spared: i32) -> bool {
    let Ok(entries) = fs::read_dir("/proc") else { return true };
    let pids = entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
    pids.into_iter().any(|pid| pid != 1 && pid != spared && is_running_program(pid))
}

fn is_running_program(pid: i32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    // The name in brackets may contain anything; the fields begin behind the last bracket.
    let mut fields = stat.rsplit(')').next().unwrap_or("").split_whitespace();
    let (state, parent) = (fields.next().unwrap_or("Z"), fields.next().and_then(|ppid| ppid.parse().ok()).unwrap_or(0));
    state != "Z" && pid != KERNEL_THREADS && parent != KERNEL_THREADS
}
