//! The kernel's news about devices, so that nothing has to be looked for twice a second.

use std::io;
use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::net::netlink::{KOBJECT_UEVENT, SocketAddrNetlink};
use rustix::net::{AddressFamily, RecvFlags, SocketFlags, SocketType, bind, recv, socket_with};

/// The multicast group of the kernel's own messages; udev's are in another.
const KERNEL_GROUP: u32 = 1;

/// Gives what `find` finds, asking again whenever the kernel has news; `None` after `patience`.
pub fn wait_for<T>(patience: Option<Duration>, mut find: impl FnMut() -> Option<T>) -> io::Result<Option<T>> {
    // Listening begins before the first look, so that nothing is missed between the two.
    let socket = listen()?;
    let deadline = patience.map(|patience| Instant::now() + patience);
    loop {
        if let Some(found) = find() {
            return Ok(Some(found));
        }
        let left = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
        if left.is_some_and(|left| left.is_zero()) {
            return Ok(None);
        }
        let timeout = left.and_then(|left| Timespec::try_from(left).ok());
        let mut fds = [PollFd::new(&socket, PollFlags::IN)];
        match poll(&mut fds, timeout.as_ref()) {
            Ok(_) | Err(rustix::io::Errno::INTR) => drain(&socket),
            Err(error) => return Err(error.into()),
        }
    }
}

fn listen() -> io::Result<OwnedFd> {
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    let socket = socket_with(AddressFamily::NETLINK, SocketType::DGRAM, flags, Some(KOBJECT_UEVENT))?;
    bind(&socket, &SocketAddrNetlink::new(0, KERNEL_GROUP))?;
    Ok(socket)
}

/// What the news says does not matter: the caller looks for itself. Lost news (`ENOBUFS`) is news too.
fn drain(socket: &OwnedFd) {
    let mut buffer = [0_u8; 4096];
    while !matches!(recv(socket, &mut buffer, RecvFlags::empty()), Err(rustix::io::Errno::AGAIN)) {}
}
