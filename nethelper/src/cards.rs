//! What is typed to `ip -batch -` and written to the kernel's settings inside the namespace, as `src/network/card-batches.ts` has it.

use crate::slot::{GUEST_PREFIX, Slot};

/// pasta takes segments of this size; so do the guests.
const LARGE_MTU: u32 = 65_520;

/// The rules about them are to be there before: when this ends they are up.
pub fn add(slots: &[Slot]) -> String {
    let lines = |slot: &Slot| {
        let (card, gateway, guest, mac) = (slot.card(), slot.gateway(), slot.guest(), slot.mac());
        format!(
            "tuntap add dev {card} mode tap user 0\n\
             address add {gateway}/{GUEST_PREFIX} dev {card}\n\
             link set dev {card} mtu {LARGE_MTU} up\n\
             neighbour replace {guest} lladdr {mac} dev {card} nud permanent\n"
        )
    };
    slots.iter().map(lines).collect()
}

pub fn remove(slots: &[Slot]) -> String {
    slots.iter().map(|slot| format!("link delete dev {}\n", slot.card())).collect()
}

/// Settings that are to be 1; those of IPv6 where the kernel has it.
pub const SWITCHED_ON: [&str; 3] = ["ipv4/ip_forward", "ipv4/conf/all/arp_ignore", "ipv4/conf/all/rp_filter"];
pub const SWITCHED_ON_IPV6: [&str; 2] = ["ipv6/conf/all/disable_ipv6", "ipv6/conf/default/disable_ipv6"];
/// Settings that are to be 0.
pub const SWITCHED_OFF: [&str; 6] = [
    "ipv4/conf/all/accept_redirects",
    "ipv4/conf/all/send_redirects",
    "ipv4/conf/all/accept_source_route",
    "ipv4/conf/default/accept_redirects",
    "ipv4/conf/default/send_redirects",
    "ipv4/conf/default/accept_source_route",
];
