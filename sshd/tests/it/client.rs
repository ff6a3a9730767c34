//! A folder with keys and a configuration of OpenSSH; removed with the test.

use std::env;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

const SERVER: &str = env!("CARGO_BIN_EXE_banger-sshd");
static NUMBER: AtomicU32 = AtomicU32::new(0);

pub struct World {
    pub folder: PathBuf,
}

impl World {
    pub fn new() -> Self {
        Self::with("")
    }

    /// @param `more`: words for the server.
    pub fn with(more: &str) -> Self {
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let folder = env::temp_dir().join(format!("banger-sshd-{}-{number}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let world = Self { folder };
        world.make_key("key", "ed25519");
        assert!(Command::new(SERVER).arg("make-key").arg(world.path("host")).status().unwrap().success());
        fs::copy(world.path("key.pub"), world.path("authorized")).unwrap();
        let public = fs::read_to_string(world.path("host.pub")).unwrap();
        fs::write(world.path("known"), format!("guest {public}")).unwrap();
        let at = world.folder.display();
        let server = format!(
            "env -i FROM_GUEST=yes {SERVER} serve --host-key {at}/host --authorized-keys {at}/authorized {more}"
        );
        let options = [
            format!("User {}", user()),
            format!("ProxyCommand {server} 2>>{at}/said"),
            format!("UserKnownHostsFile {at}/known"),
            format!("IdentityFile {at}/key"),
            "IdentitiesOnly yes\nGlobalKnownHostsFile /dev/null\nStrictHostKeyChecking yes\nBatchMode yes".to_owned(),
            "IdentityAgent none\nLogLevel INFO".to_owned(),
        ];
        fs::write(world.path("config"), format!("Host guest\n{}\n", options.join("\n"))).unwrap();
        world
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    pub fn make_key(&self, name: &str, kind: &str) {
        let path = self.path(name);
        let made = Command::new("ssh-keygen").args(["-q", "-t", kind, "-N", "", "-f"]).arg(path).status().unwrap();
        assert!(made.success());
    }

    pub fn program(&self, name: &str) -> Command {
        let mut command = Command::new(name);
        command.arg("-F").arg(self.path("config")).current_dir(&self.folder).env("HOME", &self.folder);
        command
    }

    /// With options, to the command that is given as words behind the host.
    pub fn ssh(&self, options: &[&str], words: &[&str], input: &[u8]) -> Output {
        let mut command = self.program("ssh");
        command.args(options).arg("guest").args(words);
        run(command, input)
    }

    pub fn said(&self) -> String {
        fs::read_to_string(self.path("said")).unwrap_or_default()
    }
}

impl Drop for World {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}

pub fn run(mut command: Command, input: &[u8]) -> Output {
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_vec();
    let writer = std::thread::spawn(move || drop(stdin.write_all(&input)));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    output
}

/// Who runs the tests: the server can become nobody else unless that is root.
pub fn user() -> String {
    let output = Command::new("id").arg("-un").output().unwrap();
    text(&output.stdout)
}

pub fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).trim_end().to_owned()
}

pub fn exists(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok()
}
