//! The only place with `unsafe`: what the kernel offers and no safe interface covers. Each function here is safe to call.

pub mod descriptors;
pub mod early;
pub mod ioctl;
pub mod memory;
pub mod signals;
pub mod spawn;
pub mod tsc;
pub mod watch;
