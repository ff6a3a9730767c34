//! `/proc/net/tcp` and its like: one socket a line, numbers in hex.

use std::fs::File;
use std::io::{BufRead, BufReader, ErrorKind, Read};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::Path;

use serde::Serialize;

use super::super::file::number;

/// A hundred thousand connections; a table that is longer is not read to its end.
const MOST_BYTES: u64 = 16 * 1024 * 1024;
const TCP_LISTENS: &str = "0A";
/// A socket of UDP that is connected to nobody.
const UDP_OPEN: &str = "07";

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Protocol {
    Tcp,
    Udp,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Socket {
    pub protocol: Protocol,
    pub port: u16,
    pub address: IpAddr,
    pub inode: u64,
}

/// Everything that waits for somebody, by port; and whether that is all.
pub fn list(proc: &Path) -> Result<(Vec<Socket>, bool), String> {
    let mut sockets = Vec::new();
    let mut has_all = true;
    for (name, protocol) in
        [("tcp", Protocol::Tcp), ("tcp6", Protocol::Tcp), ("udp", Protocol::Udp), ("udp6", Protocol::Udp)]
    {
        let path = proc.join("net").join(name);
        match File::open(&path) {
            Ok(file) => has_all &= read(file, protocol, &mut sockets),
            // A kernel without IPv6.
            Err(error) if error.kind() == ErrorKind::NotFound && name.ends_with('6') => {}
            Err(error) => return Err(format!("cannot read {}: {error}", path.display())),
        }
    }
    sockets.sort_unstable();
    Ok((sockets, has_all))
}

/// False when there is more than anybody should read.
fn read(table: impl Read, protocol: Protocol, sockets: &mut Vec<Socket>) -> bool {
    let mut table = BufReader::new(table.take(MOST_BYTES));
    let mut line = Vec::new();
    // Lines in bytes: this is the kernel's text, and one that is not is no line of it.
    while table.read_until(b'\n', &mut line).is_ok_and(|count| count > 0) {
        sockets.extend(str::from_utf8(&line).ok().and_then(|text| parse_line(text, protocol)));
        line.clear();
    }
    table.into_inner().limit() > 0
}

pub fn parse_line(line: &str, protocol: Protocol) -> Option<Socket> {
    let words: Vec<&str> = line.split_ascii_whitespace().collect();
    let [_, local, remote, state, _, _, _, _, _, inode, ..] = *words.as_slice() else { return None };
    let waits = match protocol {
        Protocol::Tcp => state == TCP_LISTENS,
        Protocol::Udp => state == UDP_OPEN && remote.ends_with(":0000"),
    };
    let (address, port) = local.split_once(':')?;
    let port = u16::try_from(hex(port, 4)?).ok().filter(|&port| waits && port > 0)?;
    Some(Socket { protocol, port, address: parse_address(address)?, inode: number(inode).filter(|&inode| inode > 0)? })
}

/// Words of 32 bits, each printed as the number that its bytes in network order are to this computer.
fn parse_address(text: &str) -> Option<IpAddr> {
    let word = |at: usize| Some(hex(text.get(at * 8..at * 8 + 8)?, 8)?.to_ne_bytes());
    match text.len() {
        8 => Some(Ipv4Addr::from(word(0)?).into()),
        32 => {
            let bytes = [word(0)?, word(1)?, word(2)?, word(3)?].concat();
            Some(Ipv6Addr::from(<[u8; 16]>::try_from(bytes).ok()?).into())
        }
        _ => None,
    }
}

fn hex(text: &str, digits: usize) -> Option<u32> {
    let is_hex = text.len() == digits && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_hex.then(|| u32::from_str_radix(text, 16).ok())?
}
