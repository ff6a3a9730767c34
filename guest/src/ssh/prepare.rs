//! What a connection needs in the guest.

use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};

use super::carried::Carried;
use super::keygen;

pub const FOLDER: &str = "/run/banger/ssh";
pub const HOST_KEY: &str = "/run/banger/ssh/host_key";
pub const AUTHORIZED_KEYS: &str = "/run/banger/ssh/authorized_keys";
/// Where it locks itself into; packages have their init make it.
const EMPTY_FOLDER: &str = "/run/sshd";
const SERVERS: [&str; 3] = ["/usr/sbin/sshd", "/usr/local/sbin/sshd", "/usr/bin/sshd"];

/// Who answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Server {
    Image(&'static str),
    Carried(Carried),
}

impl Server {
    pub fn path(&self) -> &str {
        match self {
            Self::Image(path) => path,
            Self::Carried(carried) => &carried.path,
        }
    }

    /// As inetd would start it, for one connection on its stdin.
    pub fn command_line(&self) -> Vec<String> {
        match self {
            Self::Image(path) => of_image(path),
            Self::Carried(carried) => carried.command_line(),
        }
    }
}

/// The image's sshd; none where its ssh-keygen is missing, for without a key it serves nobody.
pub fn find_server() -> Option<&'static str> {
    let server = SERVERS.into_iter().find(|path| fs::metadata(path).is_ok_and(|found| found.is_file()))?;
    keygen::is_there().unwrap_or(false).then_some(server)
}

/// Whoever has `authorized_key` may come in from now on, and nobody else who might before by that file. The public key of the guest. Blocks.
pub fn prepare(server: &Server, authorized_key: &str) -> io::Result<String> {
    make_folder(FOLDER)?;
    if matches!(server, Server::Image(_)) {
        make_folder(EMPTY_FOLDER)?;
    }
    write_whole(AUTHORIZED_KEYS, authorized_key)?;
    let public = format!("{HOST_KEY}.pub");
    if !fs::exists(&public)? {
        let maker = match server {
            Server::Image(_) => keygen::by_image(HOST_KEY),
            Server::Carried(carried) => keygen::by_carried(&carried.path, HOST_KEY),
        };
        keygen::make(maker, HOST_KEY)?;
    }
    Ok(fs::read_to_string(public)?.trim_end().to_owned())
}

pub fn make_folder(path: &str) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o755).create(path)
}

/// sshd reads it as the user who comes in, so it is for all to read.
fn write_whole(path: &str, line: &str) -> io::Result<()> {
    let beside = format!("{path}.new");
    let _ = fs::remove_file(&beside);
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o644).open(&beside)?;
    writeln!(file, "{line}")?;
    fs::rename(beside, path)
}

/// What is said here goes before what the image's own file says.
fn of_image(server: &str) -> Vec<String> {
    let keys = format!("AuthorizedKeysFile=.ssh/authorized_keys {AUTHORIZED_KEYS}");
    // Whoever may use the wire is root in the guest as it is.
    let words = [server, "-i", "-h", HOST_KEY, "-o", &keys, "-o", "PubkeyAuthentication=yes", "-o"];
    words.into_iter().chain(["PermitRootLogin=prohibit-password"]).map(str::to_owned).collect()
}
