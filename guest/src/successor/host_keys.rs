//! A key for the guest's sshd, made at the first boot, so that no two guests of one image have the same. Images that make keys in the
//! scripts of their init find one, and do as they please.

use std::fs;
use std::io;
use std::path::Path;

use crate::ssh::keygen;

const FOLDER: &str = "/etc/ssh";
const KEY: &str = "/etc/ssh/ssh_host_ed25519_key";

/// To be done in the guest's root, before anything in it could start sshd.
pub fn make_missing() -> io::Result<()> {
    if !fs::exists(format!("{FOLDER}/sshd_config"))? || !keygen::is_there()? || has_key(Path::new(FOLDER)) {
        return Ok(());
    }
    keygen::make(keygen::by_image(KEY), KEY)
}

fn has_key(folder: &Path) -> bool {
    let Ok(entries) = fs::read_dir(folder) else { return false };
    entries.flatten().any(|entry| {
        let name = entry.file_name();
        let is_private = name.to_str().is_some_and(|name| name.starts_with("ssh_host_") && name.ends_with("_key"));
        // A link is followed.
        is_private && fs::metadata(entry.path()).is_ok_and(|found| found.len() > 0)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_key_is_none() {
        let folder = std::env::temp_dir().join(format!("banger-host-keys-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        assert!(!has_key(&folder));
        for name in ["ssh_host_rsa_key.pub", "sshd_config"] {
            fs::write(folder.join(name), "x").unwrap();
        }
        fs::write(folder.join("ssh_host_rsa_key"), "").unwrap();
        assert!(!has_key(&folder));
        fs::write(folder.join("ssh_host_rsa_key"), "x").unwrap();
        assert!(has_key(&folder));
        fs::remove_dir_all(&folder).unwrap();
    }
}
