//! The rules of the namespace, as text for `nft -f -`. `src/network/rules.ts` says the same, and why each rule is; that the two are the
//! same is held by `tests/renders.json`, which is made from the one and tested here.

use std::fmt::Display;

use crate::message::{GrantedSlot, Grants, Host};
use crate::slot::Slot;

const TABLE: &str = "inet banger";

/// The whole table anew, in one transaction.
pub fn table<'a>(host: &Host, slots: impl IntoIterator<Item = (Slot, &'a Grants)>) -> String {
    let slots = slots.into_iter().map(|(slot, grants)| place(slot) + &granted(slot, grants));
    include_str!("table.nft").to_owned() + &self::host(host) + &slots.collect::<String>()
}

/// What the host has now, instead of what it had.
pub fn host(Host { own, near, .. }: &Host) -> String {
    let flush = format!("flush set {TABLE} own\nflush set {TABLE} near\n");
    flush + &add("own", own) + &add("near", near)
}

/// Slots that are taken down, and slots that are made.
pub fn slots<'a>(retired: impl IntoIterator<Item = (Slot, &'a Grants)>, made: &[Slot]) -> String {
    let removed =
        retired.into_iter().map(|(slot, grants)| remove("places", &[place_of(slot)]) + &withdrawn(slot, grants));
    removed.chain(made.iter().map(|&slot| place(slot))).collect()
}

/// What a slot may reach, instead of what it might.
pub fn changed(slot: Slot, before: &Grants, after: &Grants) -> String {
    withdrawn(slot, before) + &granted(slot, after)
}

/// Every slot and its grants, for who has them by themselves.
pub fn pairs(slots: &[GrantedSlot]) -> impl Iterator<Item = (Slot, &Grants)> {
    slots.iter().map(|GrantedSlot { slot, grants }| (*slot, grants))
}

fn place(slot: Slot) -> String {
    add("places", &[place_of(slot)])
}

fn place_of(slot: Slot) -> String {
    format!("\"{}\" . {} . {}", slot.card(), slot.mac(), slot.guest())
}

fn granted(slot: Slot, grants: &Grants) -> String {
    elements(slot, grants).iter().map(|(set, elements)| add(set, elements)).collect()
}

fn withdrawn(slot: Slot, grants: &Grants) -> String {
    elements(slot, grants).iter().map(|(set, elements)| remove(set, elements)).collect()
}

fn elements(slot: Slot, Grants { host_ports, lan, outward, network }: &Grants) -> [(&'static str, Vec<String>); 5] {
    let card = slot.card();
    [
        ("host_ports", host_ports.iter().map(|port| format!("\"{card}\" . {port}")).collect()),
        ("lan", lan.iter().map(|network| format!("\"{card}\" . {network}")).collect()),
        ("kept_in", if *outward { Vec::new() } else { vec![format!("\"{card}\"")] }),
        ("networks", network.iter().map(|number| format!("\"{card}\" : {number}")).collect()),
        ("members", network.iter().map(|number| format!("\"{card}\" . {number}")).collect()),
    ]
}

fn add(set: &str, elements: &[impl Display]) -> String {
    change("add", set, elements)
}

/// Of one that is not there the kernel refuses the removal, and with it the whole transaction; so it is added first.
fn remove(set: &str, elements: &[impl Display]) -> String {
    change("add", set, elements) + &change("delete", set, elements)
}

fn change(verb: &str, set: &str, elements: &[impl Display]) -> String {
    if elements.is_empty() {
        return String::new();
    }
    let elements: Vec<String> = elements.iter().map(ToString::to_string).collect();
    format!("{verb} element {TABLE} {set} {{ {} }}\n", elements.join(", "))
}
