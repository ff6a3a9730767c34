//! Finds disks by the serial that the host gave them: their order is the VMM's affair.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::schema::Plan;
use super::stages::{Doing, Done, Trouble};
use crate::uevents;

/// Drivers that are modules find their disks a while after they are loaded.
const PATIENCE: Duration = Duration::from_secs(20);
/// In which the kernel counts, whatever the disk's own are.
const SECTOR_BYTES: u64 = 512;

/// The device nodes of a plan's disks.
pub struct Disks {
    pub base: PathBuf,
    pub layer: PathBuf,
    pub work: Option<PathBuf>,
}

pub fn find_all(plan: &Plan) -> Done<Disks> {
    let root = plan.root.as_ref().ok_or_else(|| Trouble("the plan has no root".into()))?;
    let work = plan.work.as_ref().map(|work| find(&work.serial)).transpose()?;
    Ok(Disks { base: find(&root.base.serial)?, layer: find(&root.layer.serial)?, work })
}

pub fn find(serial: &str) -> Done<PathBuf> {
    uevents::wait_for(Some(PATIENCE), || find_in(Path::new("/sys/block"), serial))
        .doing("listen for disks")?
        .ok_or_else(|| Trouble(format!("no disk has the serial {serial:?}, after {} s", PATIENCE.as_secs())))
}

/// Waits until the kernel has heard that the disk is at least this long.
pub fn wait_for_size(device: &Path, bytes: u64) -> Done {
    let name = device.file_name().unwrap_or_default();
    let sectors = Path::new("/sys/block").join(name).join("size");
    let is_long_enough = || {
        let sectors: u64 = fs::read_to_string(&sectors).ok()?.trim_end().parse().ok()?;
        (sectors.saturating_mul(SECTOR_BYTES) >= bytes).then_some(())
    };
    uevents::wait_for(Some(PATIENCE), is_long_enough)
        .doing("listen for disks")?
        .ok_or_else(|| Trouble(format!("{} has not become {bytes} bytes long", device.display())))
}

fn find_in(blocks: &Path, serial: &str) -> Option<PathBuf> {
    fs::read_dir(blocks).ok()?.flatten().find_map(|disk| {
        let found = fs::read(disk.path().join("serial")).ok()?;
        // Padding differs between drivers.
        let found = found.trim_ascii_end();
        let found = &found[..found.iter().position(|&byte| byte == 0).unwrap_or(found.len())];
        let node = Path::new("/dev").join(disk.file_name());
        (found == serial.as_bytes() && node.exists()).then_some(node)
    })
}
