//! Those who type to the guest: each connection's bytes go to the pipe that the VMM reads, at the pace of the guest.

use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;

use rustix::event::{PollFd, PollFlags};

/// More wait at the door.
const MOST: usize = 8;
const CHUNK: usize = 4096;

pub struct Visitors {
    door: UnixListener,
    input: File,
    inside: Vec<Visitor>,
}

struct Visitor {
    socket: UnixStream,
    /// Read, and not yet taken by the guest.
    rest: Vec<u8>,
    is_gone: bool,
}

impl Visitors {
    pub fn open(door: UnixListener, input: &Path) -> io::Result<Self> {
        door.set_nonblocking(true)?;
        // For reading, too: so it can be opened before the VMM does, and writing never fails for want of a reader.
        let input = OpenOptions::new().read(true).write(true).custom_flags(libc::O_NONBLOCK).open(input)?;
        Ok(Self { door, input, inside: Vec::new() })
    }

    /// Adds what is to be waited for: the pipe, the door, and each visitor.
    pub fn watch<'a>(&'a self, fds: &mut Vec<PollFd<'a>>) {
        let waits = self.inside.iter().any(|visitor| !visitor.rest.is_empty());
        fds.push(PollFd::new(&self.input, if waits { PollFlags::OUT } else { PollFlags::empty() }));
        fds.push(PollFd::new(&self.door, if self.inside.len() < MOST { PollFlags::IN } else { PollFlags::empty() }));
        for Visitor { socket, rest, .. } in &self.inside {
            fds.push(PollFd::new(socket, if rest.is_empty() { PollFlags::IN } else { PollFlags::empty() }));
        }
    }

    /// @param news what became of what `watch` added.
    pub fn serve(&mut self, news: &[PollFlags]) {
        let [input, door, rest @ ..] = news else { return };
        for (visitor, news) in self.inside.iter_mut().zip(rest) {
            if !news.is_empty() || (input.contains(PollFlags::OUT) && !visitor.rest.is_empty()) {
                visitor.pass_on(&self.input);
            }
            // Nobody is there any more who could wait until the guest reads.
            visitor.is_gone |= news.intersects(PollFlags::HUP | PollFlags::ERR) && !news.contains(PollFlags::IN);
        }
        self.inside.retain(|visitor| !visitor.is_gone);
        if door.contains(PollFlags::IN) {
            self.admit();
        }
    }

    fn admit(&mut self) {
        if let Ok((socket, _)) = self.door.accept()
            && socket.set_nonblocking(true).is_ok()
        {
            self.inside.push(Visitor { socket, rest: Vec::new(), is_gone: false });
        }
    }
}

impl Visitor {
    /// As far as the pipe has room.
    fn pass_on(&mut self, mut input: &File) {
        loop {
            while !self.rest.is_empty() {
                match input.write(&self.rest) {
                    Ok(count) => drop(self.rest.drain(..count)),
                    Err(error) if error.kind() == ErrorKind::Interrupted => {}
                    Err(_) => return,
                }
            }
            let mut chunk = [0; CHUNK];
            match self.socket.read(&mut chunk) {
                Ok(count) if count > 0 => self.rest.extend_from_slice(&chunk[..count]),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Ok(_) | Err(_) => {
                    self.is_gone = true;
                    return;
                }
            }
        }
    }
}
