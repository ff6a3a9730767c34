//! Loads the kernel modules that the initramfs lists, in the list's order. A kernel with everything built in has no list.

use std::fs::{self, File};
use std::io;
use std::path::Path;

use rustix::io::Errno;
use rustix::system::finit_module;

use super::console;

const LIST: &str = "/banger/modules.list";
const FOLDER: &str = "/banger/modules";

pub fn load_all() {
    let list = match fs::read_to_string(LIST) {
        Ok(list) => list,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return,
        Err(error) => return console::complain(&format!("cannot read {LIST}: {error}")),
    };
    // One that fails may be one that this guest does not need.
    for name in list.lines().map(str::trim).filter(|name| !name.is_empty()) {
        if let Err(error) = load(name) {
            console::complain(&format!("cannot load module {name}: {error}"));
        }
    }
}

fn load(name: &str) -> io::Result<()> {
    if name.contains('/') {
        return Err(io::Error::other("its name is a path"));
    }
    let module = File::open(Path::new(FOLDER).join(name))?;
    match finit_module(&module, c"", 0) {
        Ok(()) | Err(Errno::EXIST) => Ok(()),
        Err(error) => Err(error.into()),
    }
}
