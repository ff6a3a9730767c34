//! An agent process with folders of its own, ended and removed with the test.

use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

pub struct Agent {
    process: Child,
    folder: PathBuf,
}

static COUNT: AtomicU32 = AtomicU32::new(0);

impl Agent {
    pub fn listening() -> Self {
        Self::start("--listen")
    }

    /// The agent connects to the host; gives the host's end too.
    pub fn connecting() -> (Self, UnixListener) {
        let folder = new_folder();
        let listener = UnixListener::bind(folder.join("wire")).unwrap();
        (Self::start_in(folder, "--connect"), listener)
    }

    fn start(how: &str) -> Self {
        let agent = Self::start_in(new_folder(), how);
        wait_until("the agent listens", || agent.wire().exists());
        agent
    }

    fn start_in(folder: PathBuf, how: &str) -> Self {
        let process = Command::new(env!("CARGO_BIN_EXE_banger-agent"))
            .args(["serve", how])
            .arg(folder.join("wire"))
            .arg("--offers")
            .arg(folder.join("offers"))
            .spawn()
            .unwrap();
        Self { process, folder }
    }

    pub fn wire(&self) -> PathBuf {
        self.folder.join("wire")
    }

    pub fn offers(&self) -> PathBuf {
        self.folder.join("offers")
    }

    pub fn folder(&self) -> &Path {
        &self.folder
    }

    pub fn pid(&self) -> i32 {
        self.process.id().cast_signed()
    }

    pub fn is_running(&mut self) -> bool {
        self.process.try_wait().unwrap().is_none()
    }

    pub fn wait(&mut self) -> ExitStatus {
        let mut status = None;
        wait_until("the agent ends", || {
            status = self.process.try_wait().unwrap();
            status.is_some()
        });
        status.unwrap()
    }

    /// Resident memory, in bytes.
    pub fn memory(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.pid())).unwrap();
        let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
        line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() * 1024
    }

    /// Processor time used so far, in ticks of 10 ms.
    pub fn ticks(&self) -> u64 {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.pid())).unwrap();
        let fields: Vec<&str> = stat.rsplit(") ").next().unwrap().split(' ').collect();
        fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap()
    }
}

impl Drop for Agent {
    /// Asked first, because an agent that is killed cannot take its commands with it.
    fn drop(&mut self) {
        let _ = std::process::Command::new("kill").arg(self.pid().to_string()).status();
        let deadline = Instant::now() + Duration::from_secs(10);
        while matches!(self.process.try_wait(), Ok(None)) && Instant::now() < deadline {
            std::thread::sleep(Duration::from_millis(5));
        }
        let _ = self.process.kill();
        let _ = self.process.wait();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

fn new_folder() -> PathBuf {
    let number = COUNT.fetch_add(1, Ordering::Relaxed);
    let folder = std::env::temp_dir().join(format!("banger-agent-test-{}-{number}", std::process::id()));
    std::fs::create_dir(&folder).unwrap();
    folder
}

pub fn wait_until(what: &str, mut holds: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while !holds() {
        assert!(Instant::now() < deadline, "waited in vain: {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

pub fn is_alive(pid: i32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let state = stat.rsplit(") ").next().and_then(|rest| rest.chars().next());
    !matches!(state, None | Some('Z' | 'X'))
}
