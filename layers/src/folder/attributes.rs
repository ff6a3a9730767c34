//! Extended attributes of what is open. Which of them stay, the tree says.

use std::ffi::CStr;
use std::os::fd::OwnedFd;

use rustix::fs::{fgetxattr, flistxattr};
use rustix::io::Errno;

use crate::limits;
use crate::tree::Attributes;

/// Full names and values, sorted.
pub fn of(file: &OwnedFd) -> Result<Attributes, Errno> {
    let mut names = Vec::with_capacity(limits::ATTRIBUTES_BYTES);
    match flistxattr(file, rustix::buffer::spare_capacity(&mut names)) {
        Ok(_) => {}
        Err(Errno::OPNOTSUPP | Errno::NOSYS) => return Ok(Vec::new()),
        Err(error) => return Err(error),
    }
    let mut all = Vec::new();
    for name in names.split_inclusive(|&byte| byte == 0) {
        let Ok(name) = CStr::from_bytes_with_nul(name) else { continue };
        let mut value = Vec::with_capacity(limits::ATTRIBUTES_BYTES);
        match fgetxattr(file, name, rustix::buffer::spare_capacity(&mut value)) {
            Ok(_) => all.push((name.to_bytes().to_vec(), value)),
            // Gone meanwhile, or of a kind that is listed and not to be had.
            Err(Errno::NODATA | Errno::OPNOTSUPP) => {}
            Err(error) => return Err(error),
        }
    }
    all.sort();
    Ok(all)
}
