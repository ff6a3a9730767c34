//! pasta, by which the namespace reaches the outside, as the user: started, taken over from a helper that died, and started again when
//! it has ended. It outlives us.

use std::fs;
use std::io::Read;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::process::{Child, ChildStderr, Stdio};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, poll};
use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};

use crate::namespace::Namespace;
use crate::numbers::{FIRST_PAUSE, LONGEST_PAUSE, QUOTED_CHARS, UPLINK};
use crate::program::command;
use crate::refusal::{Code, Outcome, Refusal};
use crate::slot::uplink as plan;
use crate::sys::{self, Who, capability};

const LOOK: Duration = Duration::from_millis(4);

/// It enters the namespace, makes its card there, and keeps the first of these as long as it runs.
const RIGHTS: &[sys::Capability] = &[capability::SYS_ADMIN, capability::NET_ADMIN];

pub struct Uplink(Arc<Shared>);

struct Shared {
    uid: u32,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// Counts what was begun and ended: a guard of something earlier goes.
    turn: u64,
    running: Option<OwnedFd>,
    problem: Option<String>,
}

/// A pasta that runs; one that we have not started is nobody's child here.
struct Running {
    pidfd: OwnedFd,
    child: Option<Child>,
}

/// What pasta is told. Its sockets are the computer's, its card is the namespace's; no port leads anywhere, either way.
pub fn words(namespace: &str) -> Vec<String> {
    let (prefix, fixed) =
        (plan::PREFIX.to_string(), ["--netns-only", "--foreground", "--quiet", "--config-net", "--ipv4-only"]);
    let ports = ["-t", "none", "-u", "none", "-T", "none", "-U", "none"];
    let card = ["--interface", "lo", "--mac-addr", plan::MAC, "--ns-ifname", plan::NAME];
    let addresses =
        ["--address", plan::ADDRESS, "--netmask", &prefix, "--gateway", plan::GATEWAY, "--dns-forward", plan::DNS];
    let words = fixed.iter().chain(&ports).chain(&card).chain(&addresses).copied().chain(["--netns", namespace]);
    words.map(str::to_owned).collect()
}

impl Uplink {
    pub fn new(uid: u32) -> Self {
        Self(Arc::new(Shared { uid, state: Mutex::default() }))
    }

    /// Why there is no way out now.
    pub fn problem(&self) -> Option<String> {
        self.0.state().problem.clone()
    }

    /// Has one run: that which does, if there is one, or another.
    pub fn ensure(&self) -> Outcome {
        let mut state = self.0.state();
        if state.running.is_some() {
            return Ok(());
        }
        let running = match self.0.adopt()? {
            Some(running) => running,
            None => self.0.start()?,
        };
        state.turn += 1;
        state.problem = None;
        state.running = Some(running.pidfd.try_clone().map_err(|error| Refusal::failed("pasta", error))?);
        let (shared, turn) = (Arc::clone(&self.0), state.turn);
        thread::spawn(move || shared.guard(running, turn));
        Ok(())
    }

    /// Has it ask the computer again what it asks at its start: which name server there is.
    pub fn renew(&self) {
        if let Some(running) = &self.0.state().running {
            let _ = pidfd_send_signal(running, Signal::KILL);
        }
    }

    pub fn end(&self) {
        let mut state = self.0.state();
        *state = State { turn: state.turn + 1, ..State::default() };
        for pidfd in self.0.find() {
            let _ = pidfd_send_signal(&pidfd, Signal::KILL);
            wait(pidfd.as_fd());
        }
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn namespace(&self) -> Namespace {
        Namespace::of(self.uid)
    }

    /// Starts another whenever it has ended, as long as it is this one's turn.
    fn guard(&self, mut running: Running, turn: u64) {
        let mut pause = FIRST_PAUSE;
        loop {
            let since = Instant::now();
            wait(running.pidfd.as_fd());
            if let Some(child) = &mut running.child {
                let _ = child.wait();
            }
            if since.elapsed() > LONGEST_PAUSE {
                pause = FIRST_PAUSE;
            }
            running = loop {
                {
                    let mut state = self.state();
                    if state.turn != turn {
                        return;
                    }
                    state.problem.get_or_insert_with(|| "pasta has ended, and is started again".to_owned());
                }
                thread::sleep(pause);
                pause = LONGEST_PAUSE.min(pause * 2);
                let mut state = self.state();
                if state.turn != turn {
                    return;
                }
                match self.start().and_then(|running| Ok((running.clone_pidfd()?, running))) {
                    Ok((pidfd, running)) => {
                        (state.running, state.problem) = (Some(pidfd), None);
                        break running;
                    }
                    Err(refusal) => state.problem = Some(refusal.message),
                }
            };
        }
    }

    /// One that an earlier helper has started, and that does its work. Several are none.
    fn adopt(&self) -> Outcome<Option<Running>> {
        if !self.namespace().has_uplink()? {
            return Ok(None);
        }
        let mut found = self.find();
        Ok(if found.len() == 1 { found.pop().map(|pidfd| Running { pidfd, child: None }) } else { None })
    }

    /// In the place of all that there are.
    fn start(&self) -> Outcome<Running> {
        for pidfd in self.find() {
            let _ = pidfd_send_signal(&pidfd, Signal::KILL);
            wait(pidfd.as_fd());
        }
        let namespace = self.namespace();
        let mut pasta = command("pasta")?;
        pasta.args(words(&namespace.path())).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        sys::prepare(&mut pasta, Who::User(self.uid, RIGHTS), None);
        let mut child = pasta.spawn().map_err(|error| Refusal::failed("cannot start pasta", error))?;
        let said = child.stderr.take().map(listen).unwrap_or_default();
        let deadline = Instant::now() + UPLINK;
        loop {
            if namespace.has_uplink()? {
                break;
            }
            let is_over = child.try_wait().map_err(|error| Refusal::failed("pasta", error))?.is_some();
            if is_over || Instant::now() > deadline {
                let _ = child.kill();
                let _ = child.wait();
                thread::sleep(LOOK);
                let said = said.lock().unwrap_or_else(PoisonError::into_inner).clone();
                return Err(Refusal::failed("cannot start pasta, by which vms reach the network", said));
            }
            thread::sleep(LOOK);
        }
        let pid = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
        let pid = pid.ok_or_else(|| Refusal::new(Code::Failed, "pasta has no number"))?;
        let pidfd = pidfd_open(pid, PidfdFlags::empty()).map_err(|error| Refusal::failed("pasta", error))?;
        Ok(Running { pidfd, child: Some(child) })
    }

    /// All that serve this namespace, and are this user's: who only says so is one, too, and nobody else's process is.
    fn find(&self) -> Vec<OwnedFd> {
        let path = self.namespace().path();
        let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
        let pids = entries.filter_map(|entry| Pid::from_raw(entry.file_name().to_str()?.parse().ok()?));
        // The descriptor is had first: it is looked at the process that it means.
        let found = pids.filter_map(|pid| Some((pid, pidfd_open(pid, PidfdFlags::empty()).ok()?)));
        found.filter(|(pid, _)| self.is_ours(*pid, &path)).map(|(_, pidfd)| pidfd).collect()
    }

    fn is_ours(&self, pid: Pid, path: &str) -> bool {
        let read = |name: &str| fs::read(format!("/proc/{}/{name}", pid.as_raw_nonzero())).unwrap_or_default();
        let words = read("cmdline");
        let words: Vec<&[u8]> = words.split(|&byte| byte == 0).collect();
        let program = words.first().and_then(|word| word.rsplit(|&byte| byte == b'/').next()).unwrap_or_default();
        let names = words.windows(2).any(|pair| pair == [b"--netns".as_slice(), path.as_bytes()]);
        (program.starts_with(b"pasta") || program.starts_with(b"passt")) && names && has_uid(&read("status"), self.uid)
    }
}

impl Running {
    fn clone_pidfd(&self) -> Outcome<OwnedFd> {
        self.pidfd.try_clone().map_err(|error| Refusal::failed("pasta", error))
    }
}

/// Whether all four ids of a process are this one.
fn has_uid(status: &[u8], uid: u32) -> bool {
    let text = String::from_utf8_lossy(status);
    let ids = text.lines().find_map(|line| line.strip_prefix("Uid:")).unwrap_or_default();
    let ids: Vec<&str> = ids.split_whitespace().collect();
    ids.len() == 4 && ids.iter().all(|id| id.parse() == Ok(uid))
}

/// Returns when the process has ended.
fn wait(pidfd: BorrowedFd<'_>) {
    while let Err(rustix::io::Errno::INTR) = poll(&mut [PollFd::new(&pidfd, PollFlags::IN)], None) {}
}

/// The end of what it says, as it comes, as long as anybody listens.
fn listen(mut stderr: ChildStderr) -> Arc<Mutex<String>> {
    let said = Arc::new(Mutex::new(String::new()));
    let kept = Arc::clone(&said);
    thread::spawn(move || {
        let mut part = [0; 4096];
        while let Ok(count @ 1..) = stderr.read(&mut part) {
            // Of every start, without a syslog.
            let text = String::from_utf8_lossy(&part[..count]);
            let lines = text.lines().filter(|line| !line.ends_with("to syslog"));
            let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
            for line in lines {
                *kept = line.chars().take(QUOTED_CHARS).collect();
            }
        }
    });
    said
}
