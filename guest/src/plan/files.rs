//! The few files of a guest that depend on its plan. Written only when they differ, for the layer outlives the boot.

use super::new_root::NewRoot;
use super::schema::{Network, Peer, Plan};
use super::stages::{Doing, Done};
use crate::wire::lines::hex;

const STICKY_FOR_ALL: u32 = 0o1777;

pub fn write(plan: &Plan, root: &NewRoot) -> Done {
    name_host(&plan.hostname, root)?;
    name_peers(&plan.peers, root)?;
    if let Some(network) = &plan.network {
        put(root, "/etc/resolv.conf", &resolv_conf(network))?;
    }
    if !is_machine_id(&root.read("/etc/machine-id")) {
        put(root, "/etc/machine-id", &new_machine_id()?)?;
    }
    for folder in ["/tmp", "/var/tmp"] {
        root.chmod(folder, STICKY_FOR_ALL).doing(format_args!("make {folder}"))?;
    }
    Ok(())
}

/// As docker: an image may say that its commands work in a folder that it does not have. One that cannot be made is told of to
/// whoever wants to work in it.
pub fn make_working_folder(plan: &Plan, root: &NewRoot) {
    if let Some(folder) = &plan.commands.cwd {
        let _ = root.make_folder(folder);
    }
}

/// Whatever is in its place: packages that want to resolve names themselves leave a link there, to a file that says the same until
/// they run.
pub fn write_resolvers(plan: &Plan, root: &NewRoot) -> Done {
    match &plan.network {
        Some(network) => root.write("/etc/resolv.conf", &resolv_conf(network)).doing("write /etc/resolv.conf"),
        None => Ok(()),
    }
}

/// Also while the guest runs; a shell that is open shows the old name.
pub fn name_host(hostname: &str, root: &NewRoot) -> Done {
    rustix::system::sethostname(hostname.as_bytes()).doing("set the host name")?;
    put(root, "/etc/hostname", &format!("{hostname}\n"))?;
    put(root, "/etc/hosts", &hosts(&root.read("/etc/hosts"), hostname))
}

/// In place of whom it knew before; what others have written stays.
pub fn name_peers(peers: &[Peer], root: &NewRoot) -> Done {
    let old = root.read("/etc/hosts");
    put(root, "/etc/hosts", &with_peers(&old, peers))
}

fn with_peers(old: &str, peers: &[Peer]) -> String {
    /// Behind each line that is ours.
    const OURS: &str = "# banger";
    let kept = old.lines().filter(|line| !line.ends_with(OURS)).map(str::to_owned);
    let new = peers.iter().map(|Peer { address, names }| format!("{address}\t{} {OURS}", names.join(" ")));
    kept.chain(new).map(|line| line + "\n").collect()
}

fn put(root: &NewRoot, path: &str, text: &str) -> Done {
    if root.read(path) == text {
        return Ok(());
    }
    root.write(path, text).doing(format_args!("write {path}"))
}

/// The given file with the line for this host's own name in the place of an older one.
fn hosts(old: &str, hostname: &str) -> String {
    const OWN: &str = "127.0.1.1";
    let own = match hostname.split_once('.') {
        Some((short, _)) => format!("{OWN}\t{hostname} {short}"),
        None => format!("{OWN}\t{hostname}"),
    };
    let address = |line: &str| line.split_whitespace().next().unwrap_or("").to_owned();
    let mut lines: Vec<&str> = old.lines().filter(|line| address(line) != OWN).collect();
    if !lines.iter().any(|line| address(line) == "127.0.0.1") {
        lines.insert(0, "127.0.0.1\tlocalhost");
        lines.insert(1, "::1\tlocalhost ip6-localhost ip6-loopback");
    }
    let after = lines.iter().position(|line| address(line) == "127.0.0.1").map_or(0, |at| at + 1);
    lines.insert(after, &own);
    lines.join("\n") + "\n"
}

fn resolv_conf(network: &Network) -> String {
    let search = match network.search.as_slice() {
        [] => String::new(),
        domains => format!("search {}\n", domains.join(" ")),
    };
    search + &network.dns.iter().map(|server| format!("nameserver {server}\n")).collect::<String>()
}

fn is_machine_id(text: &str) -> bool {
    let id = text.trim_end();
    id.len() == 32 && id.bytes().all(crate::wire::lines::is_hex)
}

/// Drawn after the host's entropy was added. With an id in place, systemd does not take this for a first boot, at which it
/// would ask questions on a console that nobody reads.
fn new_machine_id() -> Done<String> {
    let mut id = [0; 16];
    rustix::rand::getrandom(&mut id, rustix::rand::GetRandomFlags::empty()).doing("draw a machine id")?;
    // Marked as a random UUID, as the format asks.
    id[6] = id[6] & 0x0f | 0x40;
    id[8] = id[8] & 0x3f | 0x80;
    Ok(hex(&id) + "\n")
}

#[cfg(test)]
#[path = "files_test.rs"]
mod tests;
