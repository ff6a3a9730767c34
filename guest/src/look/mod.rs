//! `GET /stats` and `GET /ports`: what the guest looks like from inside. Nothing is kept and nothing is polled: each request looks
//! once, at what the kernel says in `/proc` and by statfs.

pub mod file;
pub mod ports;
pub mod route;
pub mod stats;
