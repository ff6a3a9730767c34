//! The file systems that every Linux program takes for granted.

use std::ffi::CStr;

use rustix::fs::{Mode, OFlags, mkdir, symlink};
use rustix::io::Errno;
use rustix::mount::{MountFlags, mount};

use super::console;

pub const FOLDER: OFlags = OFlags::PATH.union(OFlags::DIRECTORY).union(OFlags::CLOEXEC);

struct Mount {
    kind: &'static CStr,
    at: &'static CStr,
    flags: MountFlags,
    options: &'static CStr,
}

const SAFE: MountFlags = MountFlags::NOSUID.union(MountFlags::NODEV);
const SAFEST: MountFlags = SAFE.union(MountFlags::NOEXEC);

const MOUNTS: [Mount; 7] = [
    Mount { kind: c"proc", at: c"/proc", flags: SAFEST, options: c"" },
    Mount { kind: c"sysfs", at: c"/sys", flags: SAFEST, options: c"" },
    Mount { kind: c"devtmpfs", at: c"/dev", flags: MountFlags::NOSUID, options: c"mode=755" },
    Mount { kind: c"devpts", at: c"/dev/pts", flags: MountFlags::NOSUID, options: c"gid=5,mode=620,ptmxmode=666" },
    Mount { kind: c"tmpfs", at: c"/dev/shm", flags: SAFE, options: c"mode=1777" },
    Mount { kind: c"tmpfs", at: c"/run", flags: SAFE, options: c"mode=755" },
    // With the options that systemd would use, for it takes over what is there.
    Mount { kind: c"cgroup2", at: c"/sys/fs/cgroup", flags: SAFEST, options: c"nsdelegate,memory_recursiveprot" },
];

/// Links that programs expect in `/dev` and that the kernel does not make.
const LINKS: [(&CStr, &CStr); 4] = [
    (c"/proc/self/fd", c"/dev/fd"),
    (c"/proc/self/fd/0", c"/dev/stdin"),
    (c"/proc/self/fd/1", c"/dev/stdout"),
    (c"/proc/self/fd/2", c"/dev/stderr"),
];

pub fn mount_all() {
    for Mount { kind, at, flags, options } in MOUNTS {
        let _ = mkdir(at, Mode::from_raw_mode(0o755));
        match mount(kind, at, kind, flags, options) {
            // Busy: the kernel, or the start of this program, has done it.
            Ok(()) | Err(Errno::BUSY) => {}
            Err(error) => console::complain(&format!("cannot mount {}: {error}", at.to_string_lossy())),
        }
    }
    for (target, link) in LINKS {
        let _ = symlink(target, link);
    }
}
