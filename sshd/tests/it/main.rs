//! Real OpenSSH against the program, without a network: its `ProxyCommand` is the server.

mod client;
mod commands;
mod files;
mod flow;
mod forwards;
mod keys;
mod terminals;
