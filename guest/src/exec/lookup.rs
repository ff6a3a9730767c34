//! Finds the program of a command: in the `PATH` that the command itself will see, from the folder where it will stand.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use super::failure::{Code, Failure};

/// The path to execute. Only the kernel has the last word on whether it can be; what it says comes back from the start.
pub fn find_program(name: &str, path: &str, cwd: &Path) -> Result<PathBuf, Failure> {
    if name.contains('/') {
        let full = cwd.join(name);
        return match fs::metadata(&full) {
            Ok(found) if found.is_file() => Ok(full),
            Ok(_) => Err(not_executable(name, "it is not a file")),
            Err(_) => Err(Failure::new(Code::NotFound, format!("there is no {name} in the guest"))),
        };
    }
    let mut not_allowed = None;
    for folder in path.split(':') {
        // An empty entry means the working folder, by an old law of shells; a relative one starts there too.
        let full = cwd.join(folder).join(name);
        match fs::metadata(&full) {
            Ok(found) if found.is_file() && found.permissions().mode() & 0o111 != 0 => return Ok(full),
            Ok(found) if found.is_file() => not_allowed = not_allowed.or(Some(full)),
            _ => {}
        }
    }
    Err(match not_allowed {
        Some(full) => not_executable(&full.to_string_lossy(), "its mode does not allow it"),
        None => Failure::new(Code::NotFound, format!("there is no {name} in the guest's PATH ({path})")),
    })
}

pub fn not_executable(name: &str, why: &str) -> Failure {
    Failure::new(Code::NotExecutable, format!("{name} in the guest cannot be executed: {why}"))
}
