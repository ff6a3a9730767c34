//! Makes the host's key: by the image's ssh-keygen, or by the server that banger carries.

use std::fs;
use std::io;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const MAKER: &str = "/usr/bin/ssh-keygen";
/// It takes a tenth of a second where the processor is emulated.
const PATIENCE: Duration = Duration::from_secs(10);
const LOOK_AGAIN: Duration = Duration::from_millis(5);

pub fn is_there() -> io::Result<bool> {
    fs::exists(MAKER)
}

/// What makes a key at `path` without a passphrase.
pub fn by_image(path: &str) -> Command {
    let mut command = Command::new(MAKER);
    command.args(["-q", "-t", "ed25519", "-N", "", "-C", "", "-f", path]);
    command
}

/// The same.
pub fn by_carried(program: &str, path: &str) -> Command {
    let mut command = Command::new(program);
    command.args(["make-key", path]);
    command
}

/// Makes the key. Blocks.
pub fn make(mut command: Command, path: &str) -> io::Result<()> {
    // One that a power cut left empty would be asked about.
    let _ = fs::remove_file(path);
    let program = command.get_program().to_string_lossy().into_owned();
    command.env_clear().current_dir("/");
    let mut maker = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
    let start = Instant::now();
    while start.elapsed() < PATIENCE {
        match maker.try_wait()? {
            Some(status) if status.success() => return Ok(()),
            Some(status) => return Err(io::Error::other(format!("{program}: {status}"))),
            None => std::thread::sleep(LOOK_AGAIN),
        }
    }
    maker.kill()?;
    maker.wait()?;
    Err(io::ErrorKind::TimedOut.into())
}
