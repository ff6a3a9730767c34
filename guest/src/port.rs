//! The virtio-serial port that is the wire in a microVM.
//!
//! Its reads and writes block, each in a thread of its own. While no host is connected a read returns 0 at once and polling
//! says "hung up" without end; an edge-triggered wait is the one thing that sleeps until something changes. Both readiness
//! and hang-up come from the same wait queue, so an edge that comes between a read and the wait is not lost.
//!
//! "Hung up" may be old news. The kernel hears of hosts that come and go by messages that a worker handles when it gets to
//! it, while bytes overtake them: a read can return 0 after the next host's `sync` was read. In the end the kernel does know
//! better, so only a hang-up that lasts is one. See `docs/wire.md`.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use std::os::fd::OwnedFd;

use rustix::event::{PollFd, PollFlags, Timespec, epoll, poll};
use rustix::io::Errno;

use crate::uevents;
use crate::wire::absence::{Absence, LOOK_EVERY};
use crate::wire::link::{Channel, Read};

const NAME: &str = "org.banger.agent";
const PORTS: &str = "/sys/class/virtio-ports";

pub struct Port {
    file: File,
    edges: OwnedFd,
    /// The host was found to be gone, and nothing was read since.
    alone: AtomicBool,
}

impl Port {
    /// Waits until the port is there, however long: without it there is nothing to do.
    pub fn open() -> io::Result<Self> {
        let device = uevents::wait_for(None, || find_device(Path::new(PORTS)))?.ok_or(io::ErrorKind::NotFound)?;
        let file = OpenOptions::new().read(true).write(true).open(device)?;
        let edges = epoll::create(epoll::CreateFlags::CLOEXEC)?;
        epoll::add(&edges, &file, epoll::EventData::new_u64(0), epoll::EventFlags::IN | epoll::EventFlags::ET)?;
        Ok(Self { file, edges, alone: AtomicBool::new(true) })
    }

    /// `false` when nothing changed for as long as `patience`; without one it waits however long.
    fn wait_for_edge(&self, patience: Option<Duration>) -> io::Result<bool> {
        let mut events = Vec::with_capacity(1);
        let patience = patience.map(|patience| Timespec::try_from(patience).expect("a fraction of a second"));
        match epoll::wait(&self.edges, rustix::buffer::spare_capacity(&mut events), patience.as_ref()) {
            Ok(count) => Ok(count > 0),
            Err(Errno::INTR) => Ok(true),
            Err(error) => Err(error.into()),
        }
    }
}

impl Channel for Port {
    fn read(&self, into: &mut [u8]) -> io::Result<Read> {
        let mut absence = Absence::default();
        loop {
            match rustix::io::read(&self.file, &mut *into) {
                Ok(0) if self.alone.load(Ordering::Relaxed) => {
                    self.wait_for_edge(None)?;
                }
                Ok(0) => {
                    let changed = self.wait_for_edge(Some(LOOK_EVERY))?;
                    if !changed && absence.lasts() {
                        self.alone.store(true, Ordering::Relaxed);
                        return Ok(Read::HostGone);
                    }
                }
                Ok(count) => {
                    self.alone.store(false, Ordering::Relaxed);
                    return Ok(Read::Bytes(count));
                }
                Err(Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    fn write_all(&self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            match rustix::io::write(&self.file, bytes) {
                Ok(count) => bytes = &bytes[count..],
                Err(Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    fn is_hung_up(&self) -> bool {
        let mut fds = [PollFd::new(&self.file, PollFlags::empty())];
        poll(&mut fds, Some(&Timespec { tv_sec: 0, tv_nsec: 0 })).is_ok() && fds[0].revents().contains(PollFlags::HUP)
    }
}

/// The node of the port with our name. The name comes with a message of its own, after the port.
fn find_device(ports: &Path) -> Option<PathBuf> {
    fs::read_dir(ports).ok()?.flatten().find_map(|port| {
        let name = fs::read_to_string(port.path().join("name")).ok()?;
        let device = Path::new("/dev").join(port.file_name());
        (name.trim_end() == NAME && device.exists()).then_some(device)
    })
}
