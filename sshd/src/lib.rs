//! An SSH server for one connection on its stdin and stdout, as inetd would start it, for guests whose image has none.
//!
//! ```text
//! stdin ──> transport ──> auth ──> connection ──> channel ──> command, terminal, files, socket
//! stdout <── (packets, keys) <────────────────── (flow of its own) <──┘
//! ```
//!
//! One thread does all of it but files; when somebody has come in it becomes that user, and so does everything that it starts, opens
//! or connects to. What is parsed may be hostile, though whoever gets here may do in the guest whatever they like: every bound is in
//! [`numbers::limit`], and what is not as it should be ends the connection and nothing else.
//!
//! The cryptography is that of `ring` and, for the half of a key exchange that quantum computers do not break, of `ml-kem`.

#![deny(unsafe_code)]

pub mod account;
pub mod auth;
pub mod broken;
pub mod channel;
pub mod connection;
pub mod exchange;
pub mod host_key;
pub mod numbers;
pub mod packet;
pub mod serve;
pub mod session;
pub mod sftp;
#[allow(unsafe_code)]
pub mod sys;
pub mod transport;
pub mod user_key;
pub mod wire;

#[cfg(test)]
mod fuzz_test;
