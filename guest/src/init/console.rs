//! What PID 1 has to say, in the kernel's log: it reaches the console even when nothing else does.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::sync::OnceLock;

/// Something did not work.
pub fn complain(text: &str) {
    write('3', text);
}

/// The last word, which a host that reads the console can tell a planned end from a crash by. Of a level that `quiet` shows.
pub fn announce(text: &str) {
    write('1', text);
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
