//! The guest's network card: found by its address, and set to what the plan says. Never taken down: right after a restore that can deadlock a virtio card.

use std::fs;
use std::path::Path;
use std::time::Duration;

use super::netlink::Netlink;
use super::schema::Network;
use super::stages::{Doing, Done, Trouble};
use crate::uevents;

const CARDS: &str = "/sys/class/net";
const PATIENCE: Duration = Duration::from_secs(10);

/// Brings the loopback up, which a guest without a card needs too, and then the card, if the plan has one.
pub fn set_up(network: Option<&Network>) -> Done {
    let netlink = Netlink::open().doing("speak to the kernel about networks")?;
    if let Some(loopback) = index_of(Path::new(CARDS), |name, _| name == "lo") {
        netlink.link_up(loopback, None).doing("bring the loopback up")?;
    }
    match network {
        Some(network) => set_up_card(&netlink, network),
        None => Ok(()),
    }
}

fn set_up_card(netlink: &Netlink, network: &Network) -> Done {
    let mac = network.mac.map(|byte| format!("{byte:02x}")).join(":");
    let card = uevents::wait_for(Some(PATIENCE), || index_of(Path::new(CARDS), |_, address| address == mac))
        .doing("listen for network cards")?
        .ok_or_else(|| Trouble(format!("no network card has the address {mac}")))?;
    netlink.set_address(card, network.address.address, network.address.length).doing("set the address")?;
    netlink.link_up(card, Some(network.mtu)).doing("bring the network card up")?;
    if let Some(gateway) = network.gateway {
        netlink.set_default_route(card, gateway).doing(format_args!("set the route by {gateway}"))?;
    }
    Ok(())
}

/// The number of the first card that `is_it` accepts by name and hardware address.
fn index_of(cards: &Path, is_it: impl Fn(&str, &str) -> bool) -> Option<u32> {
    fs::read_dir(cards).ok()?.flatten().find_map(|card| {
        let read = |name: &str| fs::read_to_string(card.path().join(name)).ok();
        let address = read("address")?;
        let accepted = is_it(card.file_name().to_str()?, address.trim_end());
        if accepted { read("ifindex")?.trim_end().parse().ok() } else { None }
    })
}
