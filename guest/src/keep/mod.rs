//! `banger-agent keep-console`: keeps what a guest writes on its serial port, on the host.
//!
//! One such process per VM, beside the VMM. The VMM writes to a named pipe whose read end is descriptor 3 here, and reads
//! from another what is to be typed to the guest. The daemon may come and go: who keeps the log neither needs it nor tells
//! it. This process ends with the VMM, which the pipe tells, having no writer any more.

mod log;
mod times;
mod visitors;

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixListener;
use std::path::PathBuf;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use crate::sys::descriptors;
use log::Log;
use visitors::Visitors;

/// The read end of the pipe that the VMM writes to.
const OUTPUT: i32 = 3;
/// The socket on which those who want to type are heard.
const DOOR: i32 = 4;

/// How long a VMM may take to open its end. One that never comes was never started, and nobody else would end us.
const PATIENCE: Timespec = Timespec { tv_sec: 60, tv_nsec: 0 };
/// A guest writes byte by byte. Its bytes are left together for a moment, so that one awakening serves many.
const REST: Duration = Duration::from_millis(2);
/// Less than this at once is worth a rest.
const FEW: usize = 4096;

pub struct Options {
    /// The pipe from which the VMM reads.
    pub input: PathBuf,
    pub log: PathBuf,
    /// Bytes of the log that are kept.
    pub most: u64,
}

/// Returns when the VMM is gone and all that it wrote is in the log.
pub fn run(options: &Options) -> io::Result<()> {
    let _ = rustix::thread::set_name(c"banger-console");
    let output = descriptors::inherited(OUTPUT)?;
    let door = UnixListener::from(descriptors::inherited(DOOR)?);
    let mut log = Log::open(&options.log, options.most)?;
    let mut visitors = Visitors::open(door, &options.input)?;
    let mut patience = Some(&PATIENCE);
    let mut took = FEW;
    loop {
        let mut fds = vec![PollFd::new(&output, PollFlags::IN)];
        visitors.watch(&mut fds);
        match poll(&mut fds, patience) {
            Ok(0) if !has_writer(&output)? => return Ok(()),
            Ok(_) => patience = None,
            Err(rustix::io::Errno::INTR) => continue,
            Err(error) => return Err(error.into()),
        }
        let (heard, news) = (fds[0].revents(), fds[1..].iter().map(PollFd::revents).collect::<Vec<_>>());
        drop(fds);
        visitors.serve(&news);
        if heard.contains(PollFlags::IN) {
            if took < FEW {
                std::thread::sleep(REST);
            }
            took = log.take(output.as_fd())?;
        } else if heard.contains(PollFlags::HUP) {
            return Ok(());
        }
    }
}

/// A pipe without a writer is at its end, and one with a writer that says nothing is merely empty.
fn has_writer(output: &OwnedFd) -> io::Result<bool> {
    let mut fds = [PollFd::new(output, PollFlags::IN)];
    poll(&mut fds, Some(&Timespec { tv_sec: 0, tv_nsec: 0 }))?;
    if fds[0].revents().contains(PollFlags::IN) {
        return Ok(true);
    }
    match rustix::io::read(output, &mut [0; 1]) {
        Ok(count) => Ok(count > 0),
        Err(rustix::io::Errno::AGAIN) => Ok(true),
        Err(error) => Err(error.into()),
    }
}
