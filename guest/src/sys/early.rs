//! Makes the first process of an initramfs safe for the language's runtime, before that begins.
//!
//! The runtime wants descriptors 0 to 2 open, opens `/dev/null` where they are not, and aborts where that is missing. A guest
//! without a console has none of all that; so the devices are mounted here, from the list of things to run before `main`.

use rustix::fs::{Mode, OFlags, mkdir, open};
use rustix::mount::{MountFlags, mount};

#[used]
#[unsafe(link_section = ".init_array")]
static BEFORE_MAIN: extern "C" fn() = before_main;

extern "C" fn before_main() {
    if !rustix::process::getpid().is_init() {
        return;
    }
    let _ = mkdir("/dev", Mode::from_raw_mode(0o755));
    // Fails, harmlessly, where the kernel has done it.
    let _ = mount(c"devtmpfs", c"/dev", c"devtmpfs", MountFlags::NOSUID, None);
    // The kernel may have had no console to give at the time it looked, and closed descriptors are taken lowest first.
    for path in [c"/dev/console", c"/dev/null"] {
        while let Ok(fd) = open(path, OFlags::RDWR | OFlags::NOCTTY, Mode::empty()) {
            let number = std::os::fd::IntoRawFd::into_raw_fd(fd);
            if number > 2 {
                // SAFETY: this number was just given to us and nobody else knows it.
                unsafe { libc::close(number) };
                return;
            }
        }
    }
}
