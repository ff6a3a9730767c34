use std::fs;
use std::net::{Ipv6Addr, TcpListener, UdpSocket};
use std::os::unix::fs::symlink;
use std::path::PathBuf;

use proptest::prelude::*;

use super::sockets::parse_line;
use super::*;

const HEAD: &str = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n";

fn row(local: &str, remote: &str, state: &str, inode: &str) -> String {
    format!(
        "   0: {local} {remote} {state} 00000000:00000000 00:00000000 00000000     0        0 {inode} 1 0000 100 0\n"
    )
}

fn parse(local: &str, remote: &str, state: &str, protocol: Protocol) -> Option<String> {
    let socket = parse_line(&row(local, remote, state, "77"), protocol)?;
    assert_eq!(socket.inode, 77);
    Some(format!("{} {}", socket.address, socket.port))
}

#[test]
fn lines_of_the_kernel_are_read() {
    let nobody = "00000000:0000";
    assert_eq!(parse("0100007F:1F90", nobody, "0A", Protocol::Tcp).unwrap(), "127.0.0.1 8080");
    assert_eq!(parse("00000000:0016", nobody, "0A", Protocol::Tcp).unwrap(), "0.0.0.0 22");
    let (six, loopback) = ("0".repeat(32), format!("{}01000000", "0".repeat(24)));
    assert_eq!(parse(&format!("{six}:0050"), &format!("{six}:0000"), "0A", Protocol::Tcp).unwrap(), ":: 80");
    assert_eq!(parse(&format!("{loopback}:0035"), &format!("{six}:0000"), "07", Protocol::Udp).unwrap(), "::1 53");
    assert_eq!(parse("0100007F:1F90", "0100007F:0050", "01", Protocol::Tcp), None, "a connection waits for nobody");
    assert_eq!(parse("0100007F:1F90", "0100007F:0050", "07", Protocol::Udp), None, "nor does a connected one");
    assert_eq!(parse("00000000:0000", nobody, "07", Protocol::Udp), None, "nobody can reach port 0");
}

#[test]
fn other_lines_are_passed_over() {
    assert_eq!(parse_line(HEAD, Protocol::Tcp), None);
    for local in ["", ":", "0100007F", "0100007F:+016", "0100007F:0016:", "100007F:0016", "0100007f0:0016", "€€€€:0016"]
    {
        assert_eq!(parse(local, "00000000:0000", "0A", Protocol::Tcp), None, "{local:?}");
    }
    assert_eq!(parse_line(&row("0100007F:1F90", "00000000:0000", "0A", "-1"), Protocol::Tcp), None);
    assert_eq!(parse_line(&row("0100007F:1F90", "00000000:0000", "0A", "0"), Protocol::Tcp), None);
}

/// A `/proc` of the test's own.
struct Proc(PathBuf);

impl Proc {
    fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("banger-ports-{}-{name}", std::process::id()));
        fs::create_dir_all(folder.join("net")).unwrap();
        for table in ["tcp", "udp"] {
            fs::write(folder.join("net").join(table), HEAD).unwrap();
        }
        Self(folder)
    }

    fn table(&self, name: &str, rows: &[String]) {
        fs::write(self.0.join("net").join(name), format!("{HEAD}{}", rows.concat())).unwrap();
    }

    fn process(&self, pid: u32, command: &[u8], links: &[&str]) {
        let folder = self.0.join(pid.to_string());
        fs::create_dir_all(folder.join("fd")).unwrap();
        fs::write(folder.join("cmdline"), command).unwrap();
        fs::write(folder.join("comm"), "short\n").unwrap();
        fs::write(folder.join("status"), "Name:\tx\nUid:\t0\t0\t0\t0\n").unwrap();
        for (number, link) in links.iter().enumerate() {
            symlink(link, folder.join("fd").join(number.to_string())).unwrap();
        }
    }

    fn seen(&self) -> serde_json::Value {
        serde_json::to_value(collect_in(&self.0).unwrap()).unwrap()
    }
}

impl Drop for Proc {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[test]
fn a_port_is_told_with_the_oldest_of_its_processes() {
    let proc = Proc::new("oldest");
    let listening = |inode: &str| row("00000000:0050", "00000000:0000", "0A", inode);
    proc.table("tcp", &[listening("5"), listening("6"), row("0100007F:1F90", "00000000:0000", "0A", "9")]);
    proc.process(30, b"worker\0", &["/dev/null", "socket:[5]"]);
    proc.process(7, b"server\0--port\0 80\0\0", &["pipe:[1]", "socket:[5]", "socket:[6]", "socket:[x]", "socket:[8"]);
    let expected = serde_json::json!({"complete": true, "ports": [
        {"protocol": "tcp", "address": "0.0.0.0", "port": 80, "process": {"pid": 7, "command": "server --port  80", "user": "root"}},
        {"protocol": "tcp", "address": "127.0.0.1", "port": 8080, "process": null},
    ]});
    assert_eq!(proc.seen(), expected);
}

#[test]
fn processes_that_go_or_say_strange_things_are_no_trouble() {
    let proc = Proc::new("strange");
    let listening = |port: &str, inode: &str| row(&format!("00000000:{port}"), "00000000:0000", "0A", inode);
    proc.table("tcp", &[listening("0001", "1"), listening("0002", "2"), listening("0003", "3")]);
    proc.process(1, b"", &["socket:[1]"]);
    proc.process(2, &[0xff; 400], &["socket:[2]"]);
    proc.process(3, b"gone", &["socket:[3]"]);
    fs::remove_file(proc.0.join("3/status")).unwrap();
    fs::create_dir(proc.0.join("4")).unwrap();
    fs::create_dir(proc.0.join("99999999999999999999")).unwrap();
    let seen = proc.seen();
    let process = |at: usize| &seen["ports"][at]["process"];
    assert_eq!(process(0)["command"], "short", "the short name of one without arguments");
    assert_eq!(process(1)["command"].as_str().unwrap(), "\u{fffd}".repeat(42), "cut between characters");
    assert!(process(2).is_null());
    assert_eq!(seen["complete"], true);
}

#[test]
fn a_thousand_ports_are_cut_and_that_is_said() {
    let proc = Proc::new("many");
    let rows: Vec<String> =
        (1..=1000).map(|n| row(&format!("00000000:{n:04X}"), "00000000:0000", "0A", &n.to_string())).collect();
    proc.table("tcp", &rows);
    let seen = proc.seen();
    assert_eq!((seen["ports"].as_array().unwrap().len(), &seen["complete"]), (512, &serde_json::json!(false)));
    assert_eq!(seen["ports"][511]["port"], 512, "the lowest are kept");
}

#[test]
fn the_largest_answer_fits() {
    let process = Process { pid: u32::MAX, command: "\u{1}".repeat(128), user: "\u{1}".repeat(32) };
    let address = IpAddr::V6(Ipv6Addr::new(0xffff, 0xffff, 0xffff, 0xffff, 0xffff, 0xffff, 0xffff, 0xffff));
    let port = || Port { protocol: Protocol::Tcp, address, port: u16::MAX, process: Some(process.clone()) };
    let ports = (0..MOST_PORTS).map(|_| port()).collect();
    assert!(serde_json::to_vec(&Ports { ports, complete: false }).unwrap().len() < 1024 * 1024);
}

#[test]
fn what_this_process_listens_on_is_found() {
    let (tcp, udp) = (TcpListener::bind("127.0.0.1:0").unwrap(), UdpSocket::bind("127.0.0.1:0").unwrap());
    let seen = serde_json::to_value(collect().unwrap()).unwrap();
    for (protocol, port) in [("tcp", tcp.local_addr().unwrap().port()), ("udp", udp.local_addr().unwrap().port())] {
        let found =
            seen["ports"].as_array().unwrap().iter().find(|seen| seen["protocol"] == protocol && seen["port"] == port);
        let found = found.unwrap_or_else(|| panic!("{protocol} {port} in {seen}"));
        assert_eq!((&found["address"], &found["process"]["pid"]), (&"127.0.0.1".into(), &std::process::id().into()));
    }
}

proptest! {
    #[test]
    fn no_line_makes_the_parser_fall(line in "(?s)[ 0-9A-F:a-z\u{0}-\u{ff}]{0,160}") {
        let _ = parse_line(&line, Protocol::Tcp);
    }

    #[test]
    fn every_port_of_every_address_is_read(address: u32, port in 1_u16.., inode in 1_u64..) {
        let row = row(&format!("{address:08X}:{port:04X}"), "00000000:0000", "0A", &inode.to_string());
        let socket = parse_line(&row, Protocol::Tcp).unwrap();
        prop_assert_eq!((socket.port, socket.inode), (port, inode));
        prop_assert_eq!(socket.address, IpAddr::from(address.to_ne_bytes()));
    }
}
