//! What the tasks of channels tell the connection.

use std::os::fd::OwnedFd;

use bytes::Bytes;

/// Of a channel, by our number; numbers are not used again.
pub type Id = u32;

pub enum Event {
    /// To be sent; credit was taken for it.
    Data { id: Id, is_error: bool, bytes: Bytes },
    /// As much was taken out of the inbox.
    Consumed { id: Id, bytes: usize },
    /// What was to be connected to.
    Connected { id: Id, socket: Result<OwnedFd, String> },
    /// It says no more, and may still listen.
    Said { id: Id },
    /// All that the client has said has arrived, or will not.
    Heard { id: Id },
    /// It is over, and after a command how that has ended.
    Ended { id: Id, exit: Option<Exit> },
    /// Something in the guest wants a channel to the client.
    Wanted { kind: &'static str, details: Vec<u8>, socket: OwnedFd },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    Code(i32),
    Signal(i32),
}
