//! The server that banger carries, for images that have none: the host sends it once per boot, and it lies below `/run`, where no image has
//! it.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;

use sha2::{Digest as _, Sha256};

use super::prepare;
use crate::wire::lines::hex;

/// Many times as much as it has.
pub const MOST_BYTES: usize = 32 * 1024 * 1024;

/// One that has arrived whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Carried {
    pub sha256: String,
    pub path: String,
}

/// One that is arriving. Dropped before its end it leaves nothing.
pub struct Arriving {
    file: File,
    beside: String,
    hash: Sha256,
    bytes: usize,
}

#[derive(Debug)]
pub enum Wrong {
    TooLarge,
    Digest,
    Io(io::Error),
}

pub fn is_sha256(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

impl Arriving {
    pub fn begin(folder: &str) -> io::Result<Self> {
        let beside = format!("{folder}/.arriving");
        let _ = fs::remove_file(&beside);
        // Nobody else may run it, and nobody may change it.
        let file = OpenOptions::new().write(true).create_new(true).mode(0o700).open(&beside)?;
        Ok(Self { file, beside, hash: Sha256::new(), bytes: 0 })
    }

    pub fn add(&mut self, piece: &[u8]) -> Result<(), Wrong> {
        self.bytes += piece.len();
        if self.bytes > MOST_BYTES {
            return Err(Wrong::TooLarge);
        }
        self.hash.update(piece);
        self.file.write_all(piece).map_err(Wrong::Io)
    }

    /// It gets its name when it is what was said.
    pub fn end(self, folder: &str, sha256: &str) -> Result<Carried, Wrong> {
        if hex(&self.hash.clone().finalize()) != sha256 {
            return Err(Wrong::Digest);
        }
        let path = format!("{folder}/sshd-{sha256}");
        fs::rename(&self.beside, &path).map_err(Wrong::Io)?;
        Ok(Carried { sha256: sha256.to_owned(), path })
    }
}

impl Drop for Arriving {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.beside);
    }
}

impl Carried {
    pub fn is_there(&self) -> bool {
        fs::metadata(&self.path).is_ok_and(|found| found.is_file())
    }

    /// For one connection on its stdin.
    pub fn command_line(&self) -> Vec<String> {
        let words =
            [&self.path, "serve", "--host-key", prepare::HOST_KEY, "--authorized-keys", prepare::AUTHORIZED_KEYS];
        words.map(str::to_owned).to_vec()
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn folder(name: &str) -> String {
        let path = std::env::temp_dir().join(format!("banger-carried-{}-{name}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        path.to_str().unwrap().to_owned()
    }

    #[test]
    fn it_has_its_name_only_when_it_is_what_was_said_and_leaves_nothing_else() {
        let folder = folder("whole");
        let sha256 = hex(&Sha256::digest(b"program"));
        let mut arriving = Arriving::begin(&folder).unwrap();
        arriving.add(b"pro").unwrap();
        arriving.add(b"gram").unwrap();
        let carried = arriving.end(&folder, &sha256).unwrap();
        assert!(carried.is_there());
        assert_eq!(fs::metadata(&carried.path).unwrap().permissions().mode() & 0o777, 0o700);
        let mut other = Arriving::begin(&folder).unwrap();
        other.add(b"progran").unwrap();
        assert!(matches!(other.end(&folder, &sha256), Err(Wrong::Digest)));
        drop(Arriving::begin(&folder).unwrap());
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 1);
        fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn no_more_is_taken_than_fits_and_no_name_that_is_no_digest() {
        let folder = folder("large");
        let mut arriving = Arriving::begin(&folder).unwrap();
        let piece = vec![0; 1 << 20];
        let taken = (0..40).take_while(|_| arriving.add(&piece).is_ok()).count();
        assert_eq!(taken, MOST_BYTES >> 20);
        drop(arriving);
        fs::remove_dir_all(&folder).unwrap();
        assert!(is_sha256(&"0af9".repeat(16)));
        for wrong in ["", "../../../../etc/passwd", &"0AF9".repeat(16), &"0".repeat(65)] {
            assert!(!is_sha256(wrong), "{wrong}");
        }
    }
}
