//! `POST /copy`: files and trees into the guest or out of it, on one stream. `docs/wire.md` says what is spoken.
//!
//! The work on files blocks, so each copy has a thread of its own. Nothing of a tree is named by a path: whoever receives
//! walks it by descriptors, one name at a time, and follows no link.

pub mod digest;
pub mod fields;
pub mod folder;
pub mod frames;
pub mod link;
pub mod messages;
pub mod part;
pub mod pending;
pub mod receive;
pub mod route;
pub mod send;
pub mod source;
pub mod spec;
pub mod target;
pub mod walk;
pub mod wire;
