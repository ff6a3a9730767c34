//! A small computer for a test: namespaces of its own, with cards, rules and a namespace of somebody else's in them that nobody is to
//! touch, of which some have our names. Helpers are started and killed in it.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

/// Whom the helpers serve.
pub const UID: u32 = 65_534;

const LATE: Duration = Duration::from_secs(60);

/// A pipe is left open for as long as somebody may want to be told of the end.
const SET_UP: &str = r#"
mount -t proc proc /proc
mount -t tmpfs tmpfs /run

if [ "$(stat -c %a /dev/net/tun)" != 666 ]; then
  mknod -m 666 /run/tun c 10 200
  mount --bind /run/tun /dev/net/tun
fi
ip link set lo up
ip tuntap add dev bg1 mode tap
ip netns add other
ip -n other tuntap add dev bg2 mode tap
ip netns add banger-1
nft -f - <<'END'
table inet banger {
  chain through {
    type filter hook forward priority 0; policy drop;
  }
}
table ip docker {
  set known {
    type ipv4_addr
    elements = { 10.0.0.1 }
  }
}
END
ip netns exec other nft add table inet banger
echo ready
exec sleep infinity
"#;

pub struct World {
    holder: Child,
    /// Of the first process inside.
    pid: u32,
}

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

impl World {
    pub fn open() -> Self {
        let mut command = Command::new("unshare");
        if !is_root() {
            command.args(["--user", "--map-root-user", "--map-auto"]);
        }
        command.args(["--net", "--mount", "--pid", "--fork", "--kill-child", "sh", "-ec", SET_UP]);
        let mut holder = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut said = String::new();
        BufReader::new(holder.stdout.take().unwrap()).read_line(&mut said).unwrap();
        assert_eq!(said, "ready\n", "the namespaces cannot be made");
        let children = fs::read_to_string(format!("/proc/{0}/task/{0}/children", holder.id())).unwrap();
        Self { pid: children.trim().parse().unwrap(), holder }
    }

    pub fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new("nsenter");
        command.arg(format!("--target={}", self.pid));
        if !is_root() {
            command.args(["--user", "--preserve-credentials"]);
        }
        command.args(["--net", "--mount", "--pid"]).args(words);
        command
    }

    /// What a script prints in there.
    pub fn sh(&self, script: &str) -> String {
        let output = self.command(&["sh", "-c", script]).output().unwrap();
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
    }

    /// Until it has said a line.
    pub fn run(&self, words: &[&str]) -> (Inside, String) {
        let mut around = self.command(words).stdout(Stdio::piped()).spawn().unwrap();
        let mut said = String::new();
        BufReader::new(around.stdout.take().unwrap()).read_line(&mut said).unwrap();
        (Inside { around }, said)
    }

    pub fn start(&self) -> Inside {
        let (helper, said) = self.run(&[env!("CARGO_BIN_EXE_banger-nethelper"), "serve", &UID.to_string()]);
        assert!(said.starts_with("serving uid 65534"), "{said}");
        helper
    }

    /// As root of the world.
    pub fn connect(&self) -> Connection {
        Connection::new(UnixStream::connect(self.socket()).unwrap())
    }

    pub fn socket(&self) -> String {
        format!("/proc/{}/root/run/banger-network/{UID}.sock", self.pid)
    }

    /// Everything that is not ours, as text: cards, rules, namespaces, files, processes.
    pub fn others(&self) -> String {
        let look = r"
            ip -o link; ip -o address; ip route; nft list ruleset
            for name in other banger-1; do ip -n $name -o link; ip netns exec $name nft list ruleset; done
            ls -l /run /run/netns /run/banger-network /etc/netns /var/lib/banger-network 2>&1 |
              grep -v -e banger-65534 -e 65534 -e total -e 'run/banger-network' -e ' banger-network' -e '^drwx.* netns$' -e '^$'
            sysctl -a --pattern '^net.ipv4.(ip_forward|conf)' 2>/dev/null
            for process in /proc/[0-9]*; do tr '\0' ' ' < $process/cmdline | grep -v -e banger-nethelper -e /run/netns/banger-65534 -e 'sh -c' -e tr; done
            mount | grep -v -e banger-65534
            true";
        self.sh(look)
    }

    /// Cards, tables and elements in our namespace.
    pub fn ours(&self) -> String {
        self.sh("ip -n banger-65534 -br link | cut -d' ' -f1 | sort; ip netns exec banger-65534 nft list tables")
    }

    /// Pids of pasta, as the world numbers them, without the children that it has for a moment at its start.
    pub fn uplinks(&self) -> Vec<String> {
        let found = self.sh("for p in /proc/[0-9]*; do
               tr '\\0' ' ' < $p/cmdline | grep -q '^/usr/bin/pas.*/run/netns/banger-65534' || continue
               echo $(basename $p) $(sed -n 's/^PPid:.//p' $p/status)
             done 2>/dev/null");
        let pairs: Vec<_> = found.lines().filter_map(|line| line.split_once(' ')).collect();
        let is_child = |parent: &str| pairs.iter().any(|(pid, _)| *pid == parent);
        pairs.iter().filter(|(_, parent)| !is_child(parent)).map(|(pid, _)| (*pid).to_owned()).collect()
    }
}

impl Drop for World {
    fn drop(&mut self) {
        let _ = self.holder.kill();
        let _ = self.holder.wait();
    }
}

/// A program that was started inside.
pub struct Inside {
    /// What enters the world, and waits for it.
    around: Child,
}

impl Inside {
    fn signal(&self, signal: Signal) {
        let children = fs::read_to_string(format!("/proc/{0}/task/{0}/children", self.around.id())).unwrap();
        kill_process(Pid::from_raw(children.trim().parse().unwrap()).unwrap(), signal).unwrap();
    }

    pub fn kill(mut self) {
        self.signal(Signal::KILL);
        self.around.wait().unwrap();
    }

    /// Asks it to end, and waits: whether it went well.
    #[must_use]
    pub fn end(mut self) -> bool {
        self.signal(Signal::TERM);
        self.around.wait().unwrap().success()
    }
}

pub struct Connection {
    pub stream: UnixStream,
    lines: BufReader<UnixStream>,
}

impl Connection {
    pub fn new(stream: UnixStream) -> Self {
        stream.set_read_timeout(Some(LATE)).unwrap();
        Self { lines: BufReader::new(stream.try_clone().unwrap()), stream }
    }

    /// None when the connection was closed.
    pub fn answer(&mut self) -> Option<Value> {
        let mut line = String::new();
        match self.lines.read_line(&mut line) {
            Ok(0) => None,
            Ok(_) => Some(serde_json::from_str(&line).unwrap()),
            Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => None,
            Err(error) => panic!("no answer: {error}"),
        }
    }

    pub fn say(&mut self, bytes: &[u8]) -> bool {
        self.stream.write_all(bytes).is_ok()
    }

    pub fn ask(&mut self, message: &Value) -> Value {
        assert!(self.say(format!("{message}\n").as_bytes()));
        self.answer().expect("the connection was closed")
    }

    #[track_caller]
    pub fn ok(&mut self, message: &Value) -> Value {
        let mut answer = self.ask(message);
        assert!(answer.get("ok").is_some(), "{message}: {answer}");
        answer["ok"].take()
    }

    #[track_caller]
    pub fn refused(&mut self, message: &Value) -> String {
        let answer = self.ask(message);
        answer["error"]["code"].as_str().unwrap_or_else(|| panic!("{message}: {answer}")).to_owned()
    }
}

pub fn host() -> Value {
    json!({ "own": ["192.0.2.2"], "near": ["192.0.2.0/24"], "server": "127.0.0.53" })
}

pub fn open(slots: &Value) -> Value {
    json!({ "open": { "host": host(), "slots": slots } })
}

pub fn grants() -> Value {
    json!({ "hostPorts": [], "lan": [], "outward": true, "network": null })
}

/// Says what is another line.
#[track_caller]
pub fn same(before: &str, after: &str) {
    let missing = before.lines().filter(|line| !after.lines().any(|other| other == *line));
    let new = after.lines().filter(|line| !before.lines().any(|other| other == *line));
    let other: Vec<String> =
        missing.map(|line| format!("- {line}")).chain(new.map(|line| format!("+ {line}"))).collect();
    assert!(before == after, "{other:#?}");
}

/// Until it is so.
#[track_caller]
pub fn until(what: &str, is_so: impl Fn() -> bool) {
    let deadline = Instant::now() + LATE;
    while !is_so() {
        assert!(Instant::now() < deadline, "it never came: {what}");
        thread::sleep(Duration::from_millis(20));
    }
}
