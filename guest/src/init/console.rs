//! What PID 1 has to say, in the kernel's log: it reaches the console even when nothing else does.

use std::fs::OpenOptions;
use std::io::Write;

/// Something did not work.
pub fn complain(text: &str) {
    write('3', text);
}

/// The last word, which a host that reads the console can tell a planned end from a crash by. Of a level that `quiet` shows.
pub fn announce(text: &str) {
    write('1', text);
}

fn write(level: char, text: &str) {
    if let Ok(mut log) = OpenOptions::new().write(true).open("/dev/kmsg") {
        // There is nobody else to tell.
        let _ = log.write_all(format!("<{level}>banger: {text}\n").as_bytes());
    }
}
