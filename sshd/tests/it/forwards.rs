use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use crate::client::{World, exists, text};

/// A connection that only forwards; ended with the test.
struct Forwarding(Child);

impl Forwarding {
    fn start(world: &World, options: &[&str]) -> Self {
        let mut command = world.program("ssh");
        command.args(["-N", "-o", "ExitOnForwardFailure=yes"]).args(options).arg("guest");
        Self(command.stdin(Stdio::null()).spawn().unwrap())
    }
}

impl Drop for Forwarding {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// An ssh-agent without keys; ended with the test.
struct Agent(Child);

impl Agent {
    fn start(path: &Path) -> Self {
        let mut command = Command::new("ssh-agent");
        let agent = Self(command.args(["-D", "-a"]).arg(path).stdout(Stdio::null()).spawn().unwrap());
        patiently(|| exists(path).then_some(()));
        agent
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn patiently<T>(mut attempt: impl FnMut() -> Option<T>) -> T {
    for _ in 0..200 {
        if let Some(done) = attempt() {
            return done;
        }
        thread::sleep(Duration::from_millis(50));
    }
    panic!("it does not come to be");
}

/// Says what it hears, once the other side has ended.
fn echo(mut socket: impl Read + Write) {
    let mut heard = Vec::new();
    socket.read_to_end(&mut heard).unwrap();
    socket.write_all(&heard).unwrap();
}

fn asks(mut socket: TcpStream) -> String {
    socket.write_all(b"through").unwrap();
    socket.shutdown(std::net::Shutdown::Write).unwrap();
    let mut heard = String::new();
    socket.read_to_string(&mut heard).unwrap();
    heard
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

#[test]
fn a_port_here_leads_to_a_port_and_to_a_socket_there() {
    let world = World::new();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let there = listener.local_addr().unwrap().port();
    thread::spawn(move || listener.incoming().for_each(|socket| echo(socket.unwrap())));
    let path = world.path("socket");
    let sockets = UnixListener::bind(&path).unwrap();
    thread::spawn(move || sockets.incoming().for_each(|socket| echo(socket.unwrap())));
    let (tcp, unix) = (free_port(), free_port());
    let (to_tcp, to_unix) = (format!("{tcp}:localhost:{there}"), format!("{unix}:{}", path.display()));
    let _forwarding = Forwarding::start(&world, &["-L", &to_tcp, "-L", &to_unix]);
    for port in [tcp, unix] {
        let socket = patiently(|| TcpStream::connect(("127.0.0.1", port)).ok());
        assert_eq!(asks(socket), "through");
    }
}

#[test]
fn what_nobody_listens_to_is_refused_with_the_reason() {
    let world = World::new();
    let port = free_port();
    let output = world.ssh(&["-W", &format!("localhost:{port}")], &[], b"");
    assert!(text(&output.stderr).contains("Connection refused"), "{output:?}");
    let output = world.ssh(&["-W", "example.invalid:80"], &[], b"");
    assert!(text(&output.stderr).contains("no other names"), "{output:?}");
}

#[test]
fn a_port_and_a_socket_there_lead_here_as_long_as_the_connection_lasts() {
    let world = World::new();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let here = listener.local_addr().unwrap().port();
    thread::spawn(move || listener.incoming().for_each(|socket| echo(socket.unwrap())));
    let (port, path) = (free_port(), world.path("there"));
    let (tcp, unix) = (format!("{port}:127.0.0.1:{here}"), format!("{}:127.0.0.1:{here}", path.display()));
    let forwarding = Forwarding::start(&world, &["-R", &tcp, "-R", &unix]);
    assert_eq!(asks(patiently(|| TcpStream::connect(("127.0.0.1", port)).ok())), "through");
    let mut socket = patiently(|| UnixStream::connect(&path).ok());
    socket.write_all(b"through").unwrap();
    socket.shutdown(std::net::Shutdown::Write).unwrap();
    let mut heard = String::new();
    socket.read_to_string(&mut heard).unwrap();
    assert_eq!(heard, "through");
    drop(forwarding);
    patiently(|| (!exists(&path)).then_some(()));
    patiently(|| TcpStream::connect(("127.0.0.1", port)).is_err().then_some(()));
}

#[test]
fn the_agent_of_the_client_is_there_while_the_connection_lasts() {
    let world = World::new();
    let path = world.path("agent");
    let agent = Agent::start(&path);
    let mut add = Command::new("ssh-add");
    assert!(add.arg("-q").arg(world.path("key")).env("SSH_AUTH_SOCK", &path).status().unwrap().success());
    let show = "ssh-add -L; stat -c %a $(dirname $SSH_AUTH_SOCK); echo $SSH_AUTH_SOCK";
    let agent_option = format!("IdentityAgent={}", path.display());
    let output = world.ssh(&["-A", "-o", &agent_option], &[show], b"");
    let said = text(&output.stdout);
    let lines: Vec<&str> = said.lines().collect();
    let key = fs::read_to_string(world.path("key.pub")).unwrap();
    assert_eq!(lines.first().copied(), Some(key.trim_end()), "{output:?}");
    assert_eq!(lines.get(1).copied(), Some("700"));
    let socket = PathBuf::from(lines[2]);
    patiently(|| (!exists(socket.parent().unwrap())).then_some(()));
    // Without the wish there is none.
    let output = world.ssh(&["-o", &agent_option], &["echo [$SSH_AUTH_SOCK]"], b"");
    assert_eq!(text(&output.stdout), "[]");
    drop(agent);
}

/// OpenSSH tells its ProxyCommand so when it goes, and what it said last may not have been read by then.
#[test]
fn who_is_told_to_go_leaves_no_socket_of_an_agent() {
    for signal in ["-HUP", "-TERM"] {
        let world = World::new();
        let path = world.path("agent");
        let _agent = Agent::start(&path);
        let mut command = world.program("ssh");
        command.arg("-A").arg("-o").arg(format!("IdentityAgent={}", path.display()));
        command.args(["guest", "echo $PPID $SSH_AUTH_SOCK; exec sleep 600"]);
        let mut client = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(client.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let (pid, socket) = line.trim_end().split_once(' ').unwrap();
        assert!(exists(Path::new(socket)), "{line}");
        assert!(Command::new("kill").args([signal, pid]).status().unwrap().success());
        patiently(|| (!exists(Path::new(socket).parent().unwrap())).then_some(()));
        assert!(!client.wait().unwrap().success());
        assert_eq!(world.said(), "");
    }
}
