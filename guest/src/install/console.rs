//! What is installed is told on the console as well: it is in the vm's log when nobody is connected.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;

use rustix::fs::OFlags;

pub struct Console(Option<File>);

impl Console {
    /// A console that cannot be opened is done without.
    pub fn open() -> Self {
        let flags = (OFlags::NONBLOCK | OFlags::NOCTTY).bits().cast_signed();
        Self(OpenOptions::new().write(true).custom_flags(flags).open("/dev/console").ok())
    }

    /// Not by the kernel's log, which drops what comes quickly. What finds no room is left out: nobody is to wait for a console.
    pub fn tell(&mut self, line: &str) {
        if let Some(console) = &mut self.0 {
            let plain: String = line.chars().map(|each| if each.is_control() { ' ' } else { each }).collect();
            let _ = console.write_all(format!("banger-agent: install: {plain}\r\n").as_bytes());
        }
    }
}
