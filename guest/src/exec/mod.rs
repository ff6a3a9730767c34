//! `POST /exec`: one command, its input, output, terminal and signals, on one stream.

pub mod child;
pub mod defaults;
pub mod environment;
pub mod failure;
pub mod frames;
pub mod input;
pub mod lookup;
pub mod output;
pub mod pipe;
pub mod registry;
pub mod route;
pub mod session;
pub mod spec;
pub mod stdio;
pub mod user;
