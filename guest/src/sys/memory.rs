//! Whom the kernel kills when memory runs out.

use rustix::fs::{Mode, OFlags, open};
use rustix::io::{Errno, write};

/// Never: without the agent the guest is of no use, and PID 1 the kernel spares by itself.
pub const NEVER: &[u8] = b"-1000";
pub const ORDINARY: &[u8] = b"0";

/// Plain system calls: allowed between fork and exec. Inherited by what the process starts.
pub fn set_own_score(score: &[u8]) -> Result<(), Errno> {
    let file = open(c"/proc/self/oom_score_adj", OFlags::WRONLY | OFlags::CLOEXEC, Mode::empty())?;
    write(&file, score).map(drop)
}
