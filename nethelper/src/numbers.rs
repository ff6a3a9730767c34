//! Bounds, all of them.

use std::time::Duration;

/// Of one line, with its end.
pub const LINE_BYTES: usize = 64 * 1024;
/// That are open at once; each has a thread.
pub const CONNECTIONS: usize = 32;
/// TAPs that one user can have: as many as a message can name with what each was granted.
pub const SLOTS: usize = 512;
/// Ports, and networks, granted to one slot.
pub const GRANTS: usize = 64;
/// Addresses of the host, and networks that it is in.
pub const HOST_NETWORKS: usize = 512;
/// Of what a program said, and of what is quoted from a message.
pub const QUOTED_CHARS: usize = 300;
/// Of what a program says that is looked at.
pub const SAID_BYTES: u64 = 64 * 1024;
/// For `ip` and `nft`, which take milliseconds.
pub const RUN: Duration = Duration::from_secs(20);
/// Until pasta has made its card; a loaded computer has been seen to take seconds.
pub const UPLINK: Duration = Duration::from_secs(20);
/// For what is left of a helper that was killed.
pub const LOCK: Duration = Duration::from_secs(1);
/// For somebody who does not read what was answered.
pub const WRITE: Duration = Duration::from_secs(10);
/// A pasta that ends at once is not started without end.
pub const FIRST_PAUSE: Duration = Duration::from_millis(50);
pub const LONGEST_PAUSE: Duration = Duration::from_secs(10);
