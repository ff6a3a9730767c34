//! Our end of a command's pipe or terminal, in the event loop.

use std::io;
use std::os::fd::{AsFd, OwnedFd};

use bytes::BytesMut;
use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

use crate::sys::watch::watch;

/// A terminal's count of waiting bytes may be behind.
const LEAST_READ: usize = 4096;

pub struct Pipe(AsyncFd<OwnedFd>);

impl Pipe {
    pub fn new(fd: OwnedFd) -> io::Result<Self> {
        fcntl_setfl(&fd, fcntl_getfl(&fd)? | OFlags::NONBLOCK)?;
        watch(fd, Interest::READABLE | Interest::WRITABLE).map(Self)
    }

    /// The next bytes behind `space` bytes of room for a header, at most `most` of them; nothing at the end. Safe to drop at
    /// any moment: then nothing was read.
    pub async fn read_behind(&self, space: usize, most: usize) -> io::Result<BytesMut> {
        loop {
            let mut ready = self.0.readable().await?;
            // Only as large as what is there, so that an idle command holds no buffer.
            let mut bytes = BytesMut::zeroed(space + self.waiting().clamp(LEAST_READ, most));
            match ready.try_io(|fd| Ok(rustix::io::read(fd, &mut bytes[space..])?)) {
                // A terminal whose last user is gone says so with an error.
                Ok(Err(error)) if error.raw_os_error() == Some(libc::EIO) => return Ok(BytesMut::new()),
                Ok(Err(error)) if error.kind() == io::ErrorKind::Interrupted => {}
                Ok(Err(error)) => return Err(error),
                Ok(Ok(0)) => return Ok(BytesMut::new()),
                Ok(Ok(count)) => {
                    bytes.truncate(space + count);
                    return Ok(bytes);
                }
                Err(_would_block) => {}
            }
        }
    }

    /// Writes a part. Safe to drop at any moment: then nothing was written.
    pub async fn write(&self, bytes: &[u8]) -> io::Result<usize> {
        loop {
            let mut ready = self.0.writable().await?;
            match ready.try_io(|fd| Ok(rustix::io::write(fd, bytes)?)) {
                Ok(Err(error)) if error.kind() == io::ErrorKind::Interrupted => {}
                Ok(result) => return result,
                Err(_would_block) => {}
            }
        }
    }

    /// How many bytes wait to be read right now.
    pub fn waiting(&self) -> usize {
        rustix::io::ioctl_fionread(self.0.as_fd()).map_or(0, |count| usize::try_from(count).unwrap_or(usize::MAX))
    }

    pub fn fd(&self) -> &OwnedFd {
        self.0.get_ref()
    }
}
