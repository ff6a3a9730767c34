//! A key for the guest's sshd, made at the first boot, so that no two guests of one image have the same. Images that make keys in the
//! scripts of their init find one, and do as they please.

use std::fs;
use std::io;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const FOLDER: &str = "/etc/ssh";
const KEY: &str = "/etc/ssh/ssh_host_ed25519_key";
const MAKER: &str = "/usr/bin/ssh-keygen";
/// It takes a tenth of a second where the processor is emulated.
const PATIENCE: Duration = Duration::from_secs(10);
const LOOK_AGAIN: Duration = Duration::from_millis(5);

/// To be done in the guest's root, before anything in it could start sshd.
pub fn make_missing() -> io::Result<()> {
    if !fs::exists(format!("{FOLDER}/sshd_config"))? || !fs::exists(MAKER)? || has_key(Path::new(FOLDER)) {
        return Ok(());
    }
    // One that a power cut left empty would be asked about.
    let _ = fs::remove_file(KEY);
    let mut command = Command::new(MAKER);
    command.args(["-q", "-t", "ed25519", "-N", "", "-C", "", "-f", KEY]).env_clear().current_dir("/");
    let mut maker = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
    let start = Instant::now();
    while start.elapsed() < PATIENCE {
        match maker.try_wait()? {
            Some(status) if status.success() => return Ok(()),
            Some(status) => return Err(io::Error::other(format!("{MAKER}: {status}"))),
            None => std::thread::sleep(LOOK_AGAIN),
        }
    }
    maker.kill()?;
    maker.wait()?;
    Err(io::ErrorKind::TimedOut.into())
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
