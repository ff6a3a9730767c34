//! What systemd needs to find before it becomes PID 1, so that it starts without waiting, and ends with our own last step.

use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::{PermissionsExt, symlink};

use super::schema::Plan;
use super::stages::{Doing, Done};
use super::switch;

const UNITS: &str = "/run/systemd/system";
/// systemd runs this as PID 1 when it has stopped everything, from a root of its own: the one place from which the guest's
/// root can be unmounted, and where power off can be done in a way that ends every kind of microVM.
const LAST_STEP: &str = "/run/initramfs";
/// The agent and its commands, beside systemd's own groups: it neither counts nor stops them.
const AGENT_GROUP: &str = "/sys/fs/cgroup/banger";

/// Units that wait for a device that never comes, for a person at a console, or for a network that is already there.
const MASKED: [&str; 14] = [
    "dev-ttyS0.device",
    "dev-hvc0.device",
    "dev-vda.device",
    "dev-vdb.device",
    "dev-vdc.device",
    "serial-getty@ttyS0.service",
    "serial-getty@hvc0.service",
    "console-getty.service",
    "getty@tty1.service",
    "systemd-firstboot.service",
    "systemd-networkd-wait-online.service",
    "NetworkManager-wait-online.service",
    "ifupdown-wait-online.service",
    "systemd-remount-fs.service",
];
/// Would undo what the plan has set.
const MASKED_WITH_NETWORK: [&str; 3] = ["systemd-networkd.service", "systemd-networkd.socket", "networking.service"];

/// To be done while the initramfs is still the root.
pub fn prepare(plan: &Plan) -> Done {
    fs::create_dir_all(UNITS).doing(format_args!("make {UNITS}"))?;
    let network = if plan.network.is_some() { MASKED_WITH_NETWORK.as_slice() } else { &[] };
    for unit in MASKED.iter().chain(network) {
        mask(unit).doing(format_args!("mask {unit}"))?;
    }
    let last = format!("{LAST_STEP}/shutdown");
    fs::create_dir_all(LAST_STEP).doing(format_args!("make {LAST_STEP}"))?;
    switch::copy_own_program(&last).doing(format_args!("write {last}"))?;
    fs::set_permissions(&last, Permissions::from_mode(0o755)).doing(format_args!("write {last}"))?;
    fs::create_dir_all(AGENT_GROUP).doing(format_args!("make {AGENT_GROUP}"))?;
    fs::write(format!("{AGENT_GROUP}/cgroup.procs"), std::process::id().to_string()).doing("enter the agent's group")
}

fn mask(unit: &str) -> io::Result<()> {
    match symlink("/dev/null", format!("{UNITS}/{unit}")) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}
