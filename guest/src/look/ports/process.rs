//! What is told of a process. All of it is text that the process chose itself.

use std::path::Path;

use serde::Serialize;

use super::super::file::{cut, number, read};
use crate::exec::user;

const MOST_COMMAND_BYTES: usize = 128;
const MOST_USER_BYTES: usize = 32;
const MOST_FILE_BYTES: u64 = 16 * 1024;
const MOST_ACCOUNTS_BYTES: u64 = 1024 * 1024;

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Process {
    pub pid: u32,
    /// Its arguments, or the short name of one that has none.
    pub command: String,
    pub user: String,
}

/// Empty where there is none: users are then told by number.
pub fn read_accounts() -> String {
    read(Path::new("/etc/passwd"), MOST_ACCOUNTS_BYTES).unwrap_or_default()
}

/// None when it has ended.
pub fn describe(proc: &Path, pid: u32, accounts: &str) -> Option<Process> {
    let of = |name: &str| read(&proc.join(pid.to_string()).join(name), MOST_FILE_BYTES).ok();
    let uid = uid_in(&of("status")?)?;
    let arguments = of("cmdline")?;
    let arguments = arguments.trim_end_matches('\0').replace('\0', " ");
    let command = if arguments.is_empty() { of("comm")?.trim_end_matches('\n').to_owned() } else { arguments };
    let user = user::name_of(uid, accounts);
    Some(Process {
        pid,
        command: cut(&command, MOST_COMMAND_BYTES).to_owned(),
        user: cut(&user, MOST_USER_BYTES).to_owned(),
    })
}

/// The effective one, second of four.
fn uid_in(status: &str) -> Option<u32> {
    let line = status.lines().find_map(|line| line.strip_prefix("Uid:"))?;
    number(line.split_ascii_whitespace().nth(1)?)?.try_into().ok()
}
