//! `GET /ports`: what listens in the guest, and which process it is. Containers in the guest have networks of their own, which are not
//! looked into.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::path::Path;

use serde::Serialize;

mod owners;
mod process;
mod sockets;

use process::Process;
use sockets::{Protocol, Socket};

/// So that an answer, whatever characters are in it, keeps below the mebibyte that a host reads.
const MOST_PORTS: usize = 512;

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Ports {
    ports: Vec<Port>,
    /// False when there are more, or when not every process could be looked into.
    complete: bool,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Port {
    protocol: Protocol,
    address: IpAddr,
    port: u16,
    /// Of several that share it the one that is longest there; none for what the kernel itself listens on.
    process: Option<Process>,
}

pub fn collect() -> Result<Ports, String> {
    collect_in(Path::new("/proc"))
}

fn collect_in(proc: &Path) -> Result<Ports, String> {
    let (mut sockets, has_all) = sockets::list(proc)?;
    let fits = sockets.len() <= MOST_PORTS;
    sockets.truncate(MOST_PORTS);
    let inodes: BTreeSet<u64> = sockets.iter().map(|socket| socket.inode).collect();
    let (owners, found_all) = owners::find(proc, inodes);
    let accounts = process::read_accounts();
    let mut known = BTreeMap::new();
    let mut ports = Vec::with_capacity(sockets.len());
    for Socket { protocol, address, port, inode } in sockets {
        let pid = owners.get(&inode).copied();
        // One that has ended meanwhile no longer listens either, but may have handed its socket on.
        let process =
            pid.and_then(|pid| known.entry(pid).or_insert_with(|| process::describe(proc, pid, &accounts)).clone());
        ports.push(Port { protocol, address, port, process });
    }
    // Several sockets of one process on one port: one line says as much.
    ports.dedup_by(|a, b| {
        let key =
            |port: &Port| (port.protocol, port.address, port.port, port.process.as_ref().map(|process| process.pid));
        key(a) == key(b)
    });
    Ok(Ports { ports, complete: has_all && fits && found_all })
}

#[cfg(test)]
#[path = "ports_test.rs"]
mod tests;
