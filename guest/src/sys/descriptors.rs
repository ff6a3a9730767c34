//! Descriptors that the agent's parent left open.

use std::io;
use std::os::fd::{FromRawFd, OwnedFd};

/// Lets no command inherit what the agent itself inherited.
pub fn keep_inherited_from_children() {
    // SAFETY: takes numbers; it marks descriptors and closes none. A kernel too old for it leaves things as they are.
    unsafe { libc::close_range(3, libc::c_uint::MAX, libc::CLOSE_RANGE_CLOEXEC.cast_signed()) };
}

/// What the parent left open under this number. To be asked for once.
pub fn inherited(number: i32) -> io::Result<OwnedFd> {
    assert!(number > 2, "the standard streams belong to the standard library");
    // SAFETY: asks for flags and touches no memory.
    if unsafe { libc::fcntl(number, libc::F_GETFD) } < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: it is open, and it came from the parent: nothing in here made it or has it.
    Ok(unsafe { OwnedFd::from_raw_fd(number) })
}
