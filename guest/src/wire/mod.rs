//! The wire: one byte stream to the host, cut into sessions. See `docs/wire.md`.

pub mod absence;
pub mod cutter;
pub mod inbox;
pub mod io;
pub mod lines;
pub mod link;
pub mod outbox;
