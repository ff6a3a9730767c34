//! The guest's root: an immutable base below a layer of its own, and the work disk at its place in it.

use std::ffi::CString;
use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::path::Path;

use rustix::io::Errno;
use rustix::mount::{MountFlags, UnmountFlags, mount, unmount};

use super::disks::Disks;
use super::new_root::NewRoot;
use super::reserve::Reserve;
use super::schema::{Format, Plan, Work};
use super::stages::{Doing, Done, Trouble};
use super::{fill, grow, switch};

const BASE: &str = "/banger/base";
const LAYER: &str = "/banger/layer";
const WORK: &str = "/banger/work";

/// A root to stand in, and what is to be filled again once it is made.
pub struct Assembled {
    pub root: NewRoot,
    pub reserve: Reserve,
}

pub fn assemble(plan: &Plan, disks: &Disks) -> Done<Assembled> {
    let root = plan.root.as_ref().ok_or_else(|| Trouble("the plan has no root".into()))?;
    for folder in [BASE, LAYER, switch::NEW_ROOT] {
        fs::create_dir_all(folder).doing(format_args!("make {folder}"))?;
    }
    mount_base(&disks.base, root.base.format)?;
    mount_ext4(&disks.layer, LAYER)?;
    grow::to_disk(&disks.layer, Path::new(LAYER))?;
    let reserve = Reserve::open(Path::new(LAYER))?;
    reserve.release_where_scarce()?;
    join()?;
    // The join holds both, and so for a while does the reserve; nothing else shall, so that they end with it.
    for folder in [LAYER, BASE] {
        unmount(folder, UnmountFlags::DETACH).doing(format_args!("let go of {folder}"))?;
    }
    let new_root = NewRoot::open(Path::new(switch::NEW_ROOT)).doing("open the new root")?;
    if let (Some(work), Some(disk)) = (&plan.work, &disks.work) {
        mount_work(work, disk, &new_root)?;
    }
    Ok(Assembled { root: new_root, reserve })
}

fn mount_base(disk: &Path, format: Format) -> Done {
    let (kind, options) = match format {
        Format::Squashfs => ("squashfs", None),
        Format::Erofs => ("erofs", None),
        // A base is not written to, not even to replay its journal.
        Format::Ext4 => ("ext4", Some(c"noload")),
    };
    mount(disk, BASE, kind, MountFlags::RDONLY, options).map_err(|error| explain(error, kind, disk))
}

/// What is removed in the guest is given back to the host, where the VMM takes it; else the kernel only says that it does not.
fn mount_ext4(disk: &Path, at: &str) -> Done {
    mount(disk, at, "ext4", MountFlags::empty(), Some(c"discard")).map_err(|error| explain(error, "ext4", disk))
}

fn explain(error: Errno, kind: &str, disk: &Path) -> Trouble {
    let hint = if error == Errno::NODEV { ": this kernel does not know the format" } else { "" };
    Trouble(format!("cannot mount {} as {kind}: {error}{hint}", disk.display()))
}

fn join() -> Done {
    let (upper, work) = (format!("{LAYER}/upper"), format!("{LAYER}/work"));
    let is_new = !fs::exists(&upper).unwrap_or(false);
    for folder in [&upper, &work] {
        fs::create_dir_all(folder).doing(format_args!("make {folder}"))?;
    }
    if is_new {
        // The root folder shows the layer's owner and mode, which begin as the base's.
        let base = fs::metadata(BASE).doing("look at the base")?;
        fs::set_permissions(&upper, Permissions::from_mode(base.mode() & 0o7777)).doing("set the root's mode")?;
        chown(&upper, Some(base.uid()), Some(base.gid())).doing("set the root's owner")?;
    }
    let options = CString::new(format!("lowerdir={BASE},upperdir={upper},workdir={work}")).doing("join the root")?;
    mount("overlay", switch::NEW_ROOT, "overlay", MountFlags::empty(), options.as_c_str()).doing("join base and layer")
}

fn mount_work(work: &Work, disk: &Path, new_root: &NewRoot) -> Done {
    let folder = new_root.make_folder(&work.mount).doing(format_args!("make {}", work.mount))?;
    let place = NewRoot::mount_point(&folder);
    if work.fill {
        fs::create_dir_all(WORK).doing(format_args!("make {WORK}"))?;
        mount_ext4(disk, WORK)?;
        // The place is a link to the folder that is open, and what it holds is wanted.
        let filled = fill::fill(&Path::new(&place).join("."), Path::new(WORK));
        unmount(WORK, UnmountFlags::empty()).doing(format_args!("let go of {WORK}"))?;
        filled.doing(format_args!("copy what the image has in {} to the work disk", work.mount))?;
    }
    mount_ext4(disk, &place)?;
    // The folder that is open is the one below; what was mounted on it is found by asking again.
    let mounted = new_root.make_folder(&work.mount).doing(format_args!("open {}", work.mount))?;
    grow::to_disk(disk, Path::new(&NewRoot::mount_point(&mounted)))
}
