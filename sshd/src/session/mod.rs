//! What runs in a session: a shell, a command, or the server of files.

pub mod environment;
pub mod modes;
pub mod process;
pub mod signal;
