//! A link, made as it was said and not looked at any further.

use rustix::fs::{AtFlags, chownat, renameat, symlinkat, unlinkat, utimensat};
use rustix::io::Errno;

use super::folder::{Folder, Owner, changed_at, os};
use super::part::part_name;

/// Replaces what has this name, unless that is a folder.
pub fn make_link(folder: &Folder, name: &[u8], target: &[u8], mtime: i64, owner: Owner) -> Result<(), Errno> {
    let part = part_name(name);
    let part = os(&part);
    let made = match symlinkat(os(target), &folder.fd, part) {
        Err(Errno::EXIST) => {
            unlinkat(&folder.fd, part, AtFlags::empty())?;
            symlinkat(os(target), &folder.fd, part)
        }
        made => made,
    };
    made?;
    let placed = (|| {
        if let Some((uid, gid)) = owner {
            chownat(&folder.fd, part, Some(uid), Some(gid), AtFlags::SYMLINK_NOFOLLOW)?;
        }
        utimensat(&folder.fd, part, &changed_at(mtime), AtFlags::SYMLINK_NOFOLLOW)?;
        renameat(&folder.fd, part, &folder.fd, os(name))
    })();
    if placed.is_err() {
        let _ = unlinkat(&folder.fd, part, AtFlags::empty());
    }
    placed
}
