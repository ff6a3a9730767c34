//! Asks PID 1 for the end, in the words that it knows.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use rustix::process::{Resource, getrlimit};

use super::{Kind, Wish, find};
use crate::init::{console, steer};
use crate::initctl;
use crate::sys::{signals, spawn};

const OPENRC_PIPE: &str = "/run/openrc/init.ctl";
/// Of System V, in the order of their age.
const SYSTEM_V_PIPES: [&str; 2] = [initctl::PIPE, "/dev/initctl"];
/// Where a guest keeps the commands that end it.
const FOLDERS: [&str; 6] =
    ["/sbin", "/usr/sbin", "/bin", "/usr/bin", "/run/s6/basedir/bin", "/etc/s6-linux-init/current/bin"];
/// How often it is asked again, and for how long: a minute.
pub const UNTIL_IT_HEARS: Duration = Duration::from_millis(500);
const ATTEMPTS: u32 = 120;
/// What s6 becomes in the end looks here.
pub const LAST_WISH: &str = "/run/banger/last-wish";

/// `successor` is None while PID 1 is our own. `Err` when it could not be asked, as while it starts.
pub fn ask(successor: Option<Kind>, wish: Wish) -> io::Result<()> {
    let ends_in_our_step = matches!(successor, None | Some(Kind::Systemd | Kind::S6));
    if wish == Wish::PowerOff && !ends_in_our_step && !can_power_off() {
        // Its last step would be the kernel's, which would halt for ever. A restart that the VMM was told not to follow is an
        // end, and the host knows by this word what was meant.
        tell(successor, Wish::Reboot)?;
        console::announce("power off");
        return Ok(());
    }
    tell(successor, wish)
}

/// Asks until it could be asked, for a while: some cannot as long as they start.
pub async fn until_heard(successor: Option<Kind>, wish: Wish) {
    for _ in 0..ATTEMPTS {
        if ask(successor, wish).is_ok() {
            return;
        }
        tokio::time::sleep(UNTIL_IT_HEARS).await;
    }
}

fn can_power_off() -> bool {
    fs::exists("/sys/firmware/acpi").unwrap_or(false)
}

fn tell(successor: Option<Kind>, wish: Wish) -> io::Result<()> {
    match (successor, wish) {
        (None | Some(Kind::Systemd), Wish::PowerOff) => steer::ask_to_power_off(),
        (None | Some(Kind::Systemd), Wish::Reboot) => steer::ask_to_reboot(),
        (Some(Kind::Openrc), Wish::PowerOff) => write_pipe(OPENRC_PIPE, b"poweroff"),
        (Some(Kind::Openrc), Wish::Reboot) => write_pipe(OPENRC_PIPE, b"reboot"),
        (Some(Kind::Busybox), Wish::PowerOff) => signals::send(1, libc::SIGUSR2),
        (Some(Kind::Busybox), Wish::Reboot) => signals::send(1, libc::SIGTERM),
        (Some(Kind::S6), wish) => {
            fs::write(LAST_WISH, if wish == Wish::Reboot { "reboot" } else { "poweroff" })?;
            signals::send(1, libc::SIGTERM)
        }
        (Some(Kind::Runit), wish) => run(first_of(&find::RUNIT)?, &[initctl::level(wish)]),
        (Some(Kind::Other), wish) => match SYSTEM_V_PIPES.into_iter().find(|pipe| is_pipe(pipe)) {
            Some(pipe) => write_pipe(pipe, &initctl::request(wish)),
            None => run_command_of(wish),
        },
    }
}

fn run_command_of(wish: Wish) -> io::Result<()> {
    let name = if wish == Wish::Reboot { "reboot" } else { "poweroff" };
    let places: Vec<String> = FOLDERS.iter().map(|folder| format!("{folder}/{name}")).collect();
    run(first_of(&places)?, &[])
}

fn first_of(places: &[impl AsRef<Path>]) -> io::Result<PathBuf> {
    let place = places.iter().map(AsRef::as_ref).find(|place| fs::metadata(place).is_ok_and(|found| found.is_file()));
    place.map(Path::to_path_buf).ok_or_else(|| io::ErrorKind::NotFound.into())
}

fn is_pipe(path: &str) -> bool {
    fs::metadata(path).is_ok_and(|found| found.file_type().is_fifo())
}

/// Fails when nobody reads it yet.
fn write_pipe(path: &str, words: &[u8]) -> io::Result<()> {
    if !is_pipe(path) {
        return Err(io::ErrorKind::NotFound.into());
    }
    OpenOptions::new().write(true).custom_flags(libc::O_NONBLOCK).open(path)?.write_all(words)
}

/// Starts one of the guest's own commands, and does not wait for it.
fn run(program: PathBuf, arguments: &[&str]) -> io::Result<()> {
    let mut command = Command::new(program);
    command.args(arguments).env_clear().env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin");
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let setup = spawn::Setup {
        identity: None,
        cwd: c"/".into(),
        takes_terminal: false,
        open_files: getrlimit(Resource::Nofile),
        may_be_killed_for_memory: true,
    };
    let mut child = spawn::spawn(command, setup).map_err(|error| io::Error::other(format!("{error:?}")))?;
    std::thread::Builder::new().name("ask".into()).spawn(move || child.wait()).map(drop)
}
