//! What PID 1 has to say, in the kernel's log: it reaches the console even when nothing else does.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::sync::OnceLock;

use rustix::stdio::{dup2_stderr, dup2_stdin, dup2_stdout};

/// Something did not work.
pub fn complain(text: &str) {
    write('3', text);
}

/// The last word, which a host that reads the console can tell a planned end from a crash by. Of a level that `quiet` shows.
pub fn announce(text: &str) {
    write('1', text);
}

/// Gives PID 1 the console for its three first descriptors, for successors that write there without opening it.
pub fn attach() {
    let Ok(console) = OpenOptions::new().read(true).write(true).open("/dev/console") else { return };
    let _ = dup2_stdin(&console);
    let _ = dup2_stdout(&console);
    let _ = dup2_stderr(&console);
}

/// Kept open from the first use on: at the end there is no `/dev` any more.
static LOG: OnceLock<Option<File>> = OnceLock::new();

/// Opens the log while it can be found.
pub fn open() {
    LOG.get_or_init(|| OpenOptions::new().write(true).open("/dev/kmsg").ok());
}

fn write(level: char, text: &str) {
    open();
    if let Some(Some(log)) = LOG.get() {
        let mut log: &File = log;
        // There is nobody else to tell.
        let _ = log.write_all(format!("<{level}>banger-agent: {text}\n").as_bytes());
    }
}
