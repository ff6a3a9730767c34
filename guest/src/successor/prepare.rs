//! What the guest's own init has to find before it becomes PID 1.

use super::{Kind, Successor, inittab, scan_folder, will};
use crate::plan::new_root::NewRoot;
use crate::plan::schema::Plan;
use crate::plan::stages::{Doing, Done};
use crate::plan::systemd;

/// To be done while the initramfs is still the root.
pub fn prepare(successor: &Successor, plan: &Plan, root: &NewRoot) -> Done {
    match successor.kind {
        Kind::Systemd => systemd::prepare(plan)?,
        Kind::S6 => scan_folder::make(root).doing(format_args!("make {}", scan_folder::FOLDER))?,
        Kind::Busybox => {
            inittab::make_missing(root)?;
            inittab::adapt(root)?;
        }
        Kind::Other => inittab::adapt(root)?,
        Kind::Openrc | Kind::Runit => {}
    }
    will::write(successor).doing("leave a word for PID 1")
}
