//! PID 1 of a microVM: sets up the least that the agent needs, starts it, and from then on only waits.
//!
//! The agent is a child, not PID 1, so that PID 1 can become systemd while the agent lives on, and so that the agent's end is
//! noticed. The agent steers by signals; there is no other channel. Everything here is one thread.

pub mod console;
mod early;
pub mod ending;
mod modules;
mod processes;
pub mod steer;
mod unmount;

use std::os::fd::OwnedFd;
use std::os::unix::process::CommandExt;
use std::process::Command;

use rustix::fs::{Mode, open, openat};
use rustix::process::{Resource, Rlimit, WaitOptions, WaitStatus, chroot, fchdir, setrlimit, wait};

use crate::successor::will;
use crate::sys::signals;
use ending::Ending;
use steer::Order;

/// A first character that systemd's end of shutdown takes for "leave this one alone": the agent serves until the end.
const AGENT_NAME: &str = "@banger-agent";
/// For inits that look for their own parts in it.
const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

struct Init {
    agent: i32,
    /// `/proc`, which leads to the agent's root wherever that is.
    proc: Option<OwnedFd>,
    /// The initramfs, from where the root can be unmounted in the end.
    old_root: Option<OwnedFd>,
}

/// The life of PID 1.
pub fn run() -> ! {
    signals::block(&steer::all_signals());
    let _ = rustix::system::reboot(rustix::system::RebootCommand::CadOff);
    early::mount_all();
    console::open();
    modules::load_all();
    let open_files = Rlimit { current: Some(1024), maximum: Some(524_288) };
    let _ = setrlimit(Resource::Nofile, open_files);
    let proc = open("/proc", early::FOLDER, Mode::empty()).ok();
    let old_root = open("/", early::FOLDER, Mode::empty()).ok();
    match start_agent() {
        Ok(agent) => Init { agent, proc, old_root }.serve(),
        Err(error) => ending::end(Ending::Failed(format!("the agent does not start: {error}")), 0, None),
    }
}

/// What systemd's shutdown runs at its very end, as PID 1, from a root of its own: see `plan::systemd`. And what s6 becomes: see
/// `successor::scan_folder`.
pub fn run_last(verb: Option<&str>) -> ! {
    let ending = if matches!(verb, Some("reboot" | "kexec")) { Ending::Reboot } else { Ending::PowerOff };
    console::open();
    ending::force(ending, None)
}

fn start_agent() -> std::io::Result<i32> {
    let mut command = Command::new("/proc/self/exe");
    command.arg0(AGENT_NAME).arg("guest").env_clear();
    Ok(command.spawn()?.id().cast_signed())
}

impl Init {
    fn serve(mut self) -> ! {
        loop {
            let (signal, sender) = signals::wait(&steer::all_signals());
            match steer::order(signal, sender == self.agent) {
                Some(Order::Reap) => self.reap(),
                Some(Order::EnterRoot) => self.enter_root(),
                Some(Order::HandOver) => self.hand_over(),
                Some(Order::PowerOff) => self.end(Ending::PowerOff),
                Some(Order::Reboot) => self.end(Ending::Reboot),
                None => {}
            }
        }
    }

    fn reap(&mut self) {
        while let Ok(Some((pid, status))) = wait(WaitOptions::NOHANG) {
            if pid.as_raw_nonzero().get() == self.agent {
                self.agent = 0;
                self.end(Ending::Failed(format!("the agent is gone ({})", how_it_ended(status))));
            }
        }
    }

    /// The agent has put another root on top; PID 1 still stands in the one below. So do the kernel's threads, which share
    /// PID 1's root and start the kernel's helpers in it: entering it here takes them along.
    fn enter_root(&self) {
        let Some(proc) = &self.proc else { return };
        let enter = || {
            let root = openat(proc, format!("{}/root", self.agent), early::FOLDER, Mode::empty())?;
            fchdir(&root)?;
            chroot(".")
        };
        if let Err(error) = enter() {
            console::complain(&format!("cannot enter the root: {error}"));
        }
    }

    /// Becomes the guest's own init. The agent stays its child.
    fn hand_over(&mut self) {
        self.enter_root();
        console::attach();
        signals::reset_all();
        let failure = match will::read() {
            Ok((program, arguments)) => {
                let mut command = Command::new(&program);
                command.arg0(&arguments[0]).args(&arguments[1..]);
                // Returns only when it failed.
                let error = command.env_clear().env("TERM", "linux").env("PATH", PATH).exec();
                format!("cannot execute {program}: {error}")
            }
            Err(error) => format!("does not know its successor: {error}"),
        };
        // Not to be ended by what it waits for.
        signals::block(&steer::all_signals());
        self.end(Ending::Failed(failure));
    }

    fn end(&mut self, ending: Ending) -> ! {
        // A file system that somebody holds a descriptor of cannot be unmounted.
        self.proc = None;
        ending::end(ending, self.agent, self.old_root.as_ref())
    }
}

fn how_it_ended(status: WaitStatus) -> String {
    match (status.exit_status(), status.terminating_signal()) {
        (Some(code), _) => format!("code {code}"),
        (None, Some(signal)) => format!("signal {signal}"),
        (None, None) => format!("{status:?}"),
    }
}
