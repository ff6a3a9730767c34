//! The folder that s6 supervises: links to the services of the image, and our own program as what s6 becomes in the end. Without
//! that it would just exit, and the kernel panics when PID 1 does.

use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::{PermissionsExt, symlink};

use crate::plan::new_root::NewRoot;
use crate::plan::switch;

pub const FOLDER: &str = "/run/service";
const CONTROL: &str = "/run/service/.s6-svscan";
/// What the `halt` and `poweroff` of small userlands send means here what they mean by it; s6 itself ends at SIGTERM.
const ON_SIGNALS: [(&str, &str); 2] = [("SIGUSR1", "kill -s TERM 1"), ("SIGUSR2", "kill -s TERM 1")];
/// Where images keep services that s6 can run as they are.
const SOURCES: [&str; 5] = ["/etc/s6", "/etc/service", "/etc/services.d", "/service", "/var/service"];

/// To be done while the initramfs is still the root; `/run` goes along.
pub fn make(root: &NewRoot) -> io::Result<()> {
    fs::create_dir_all(CONTROL)?;
    let last = format!("{CONTROL}/finish");
    switch::copy_own_program(&last)?;
    fs::set_permissions(&last, Permissions::from_mode(0o755))?;
    for (signal, words) in ON_SIGNALS {
        let handler = format!("{CONTROL}/{signal}");
        fs::write(&handler, format!("#!/bin/sh\n{words}\n"))?;
        fs::set_permissions(&handler, Permissions::from_mode(0o755))?;
    }
    for (name, service) in services(root) {
        match symlink(service, format!("{FOLDER}/{name}")) {
            // The first source that has it.
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
            _ => {}
        }
    }
    Ok(())
}

fn services(root: &NewRoot) -> Vec<(String, String)> {
    let all = SOURCES.iter().flat_map(|source| {
        let names = root.names(source).into_iter().filter(|name| !name.starts_with('.'));
        names.map(move |name| (format!("{source}/{name}"), name))
    });
    let runnable = all.filter(|(service, _)| root.find_program(&format!("{service}/run")).is_some());
    runnable.map(|(service, name)| (name, service)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_is_a_folder_with_a_program_to_run() {
        let root = std::env::temp_dir().join(format!("banger-scan-folder-{}", std::process::id()));
        let service = |path: &str, mode: u32| {
            fs::create_dir_all(root.join(path)).unwrap();
            fs::write(root.join(path).join("run"), "").unwrap();
            fs::set_permissions(root.join(path).join("run"), Permissions::from_mode(mode)).unwrap();
        };
        service("etc/sv/web", 0o755);
        service("etc/s6/off", 0o644);
        service("etc/s6/.hidden", 0o755);
        service("etc/s6/db", 0o755);
        service("service/db", 0o755);
        fs::create_dir_all(root.join("etc/s6/empty")).unwrap();
        fs::create_dir_all(root.join("etc/service")).unwrap();
        // As Debian's runit links them; and one that leads out.
        symlink("/etc/sv/web", root.join("etc/service/web")).unwrap();
        symlink(std::env::temp_dir(), root.join("etc/service/out")).unwrap();
        let found = services(&NewRoot::open(&root).unwrap());
        fs::remove_dir_all(&root).unwrap();
        let expected = [("db", "/etc/s6/db"), ("web", "/etc/service/web"), ("db", "/service/db")];
        assert_eq!(found, expected.map(|(name, service)| (name.to_owned(), service.to_owned())));
    }
}
