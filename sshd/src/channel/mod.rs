//! Channels (RFC 4254, 5): many streams over one connection, each with a flow of its own.
//!
//! Nobody ever waits for one channel. What a client sends goes into the channel's inbox, which its window bounds, and the window
//! is given back when somebody has taken it out. What a channel has to say is read no faster than the client's window of that
//! channel allows. So a program that does not read its input, or a client that does not read its output, holds up nobody else, and
//! neither of the two the other.

pub mod credit;
pub mod event;
pub mod inbox;
pub mod pump;
pub mod table;
