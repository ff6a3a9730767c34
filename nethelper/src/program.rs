//! The programs that are run, and how: from folders of root's, with words of ours, in an empty environment, with the rights that the one
//! thing takes, to an end at a deadline.

use std::io::{Read, Write};
use std::os::fd::BorrowedFd;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, pidfd_open};

use crate::numbers::{RUN, SAID_BYTES};
use crate::refusal::{Code, Outcome, Refusal};
use crate::sys::{self, Who};

/// Where systems have them; only root writes there.
const FOLDERS: [&str; 4] = ["/usr/sbin", "/usr/bin", "/sbin", "/bin"];

/// A command with nothing of ours in its environment.
pub fn command(program: &'static str) -> Outcome<Command> {
    let path = find(program)
        .ok_or_else(|| Refusal::new(Code::Failed, format_args!("there is no {program} in {}", FOLDERS.join(", "))))?;
    let mut command = Command::new(path);
    command.env_clear().env("PATH", FOLDERS.join(":")).env("LC_ALL", "C").current_dir("/");
    Ok(command)
}

fn find(program: &str) -> Option<PathBuf> {
    FOLDERS.iter().map(|folder| Path::new(folder).join(program)).find(|path| path.is_file())
}

/// To its end. Anything but success is a failure, with the end of what it said.
pub fn run(command: &mut Command, who: Who, namespace: Option<BorrowedFd<'_>>, input: &str) -> Outcome {
    sys::prepare(command, who, namespace);
    let name = command.get_program().display().to_string();
    let failed = |why: &dyn std::fmt::Display| Refusal::failed(&name, why);
    command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(|error| failed(&error))?;
    let (stdin, stderr) = (child.stdin.take(), child.stderr.take());
    let (is_late, said) = thread::scope(|scope| {
        // One that ends before it has read all says why.
        scope.spawn(move || stdin.map(|mut stdin| stdin.write_all(input.as_bytes())));
        let said = scope.spawn(move || {
            let mut said = Vec::new();
            if let Some(mut stderr) = stderr {
                let _ = stderr.by_ref().take(SAID_BYTES).read_to_end(&mut said);
                let _ = std::io::copy(&mut stderr, &mut std::io::sink());
            }
            said
        });
        let is_late = !has_ended(child.id(), Some(RUN));
        if is_late {
            let _ = child.kill();
        }
        (is_late, said.join().unwrap_or_default())
    });
    let status = child.wait().map_err(|error| failed(&error))?;
    if status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&said);
    let last = said.lines().map(str::trim).find(|line| !line.is_empty());
    Err(failed(&if is_late { "it did not end" } else { last.unwrap_or("it said nothing") }))
}

/// Whether a child of ours ends before so much time has passed; without a bound it does.
fn has_ended(pid: u32, within: Option<Duration>) -> bool {
    let Some(pid) = i32::try_from(pid).ok().and_then(Pid::from_raw) else { return true };
    let Ok(fd) = pidfd_open(pid, PidfdFlags::empty()) else { return true };
    let late = within.and_then(|within| Timespec::try_from(within).ok());
    loop {
        match poll(&mut [PollFd::new(&fd, PollFlags::IN)], late.as_ref()) {
            Ok(ready) => return ready > 0,
            Err(rustix::io::Errno::INTR) => {}
            Err(_) => return true,
        }
    }
}
