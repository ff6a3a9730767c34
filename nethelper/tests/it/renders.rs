//! Rules, cards and words are those of the daemon: `tests/renders.json` is made from its own.

use banger_nethelper::cards;
use banger_nethelper::message::{GrantedSlot, Grants, Host};
use banger_nethelper::rules;
use banger_nethelper::slot::Slot;
use banger_nethelper::uplink;
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Renders {
    tables: Vec<Table>,
    hosts: Vec<HostText>,
    slots: Vec<Slots>,
    changes: Vec<Change>,
    cards: Vec<Cards>,
    settings: Settings,
    uplink: Vec<String>,
}

#[derive(Deserialize)]
struct Table {
    host: Host,
    slots: Vec<GrantedSlot>,
    text: String,
}

#[derive(Deserialize)]
struct HostText {
    host: Host,
    text: String,
}

#[derive(Deserialize)]
struct Slots {
    make: Vec<Slot>,
    retire: Vec<GrantedSlot>,
    text: String,
}

#[derive(Deserialize)]
struct Change {
    slot: Slot,
    before: Grants,
    after: Grants,
    text: String,
}

#[derive(Deserialize)]
struct Cards {
    slots: Vec<Slot>,
    added: String,
    removed: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Settings {
    on: Vec<String>,
    on_ipv6: Vec<String>,
    off: Vec<String>,
}

#[test]
fn what_the_daemon_would_say_is_said_letter_by_letter() {
    let renders: Renders = serde_json::from_str(include_str!("../renders.json")).unwrap();
    assert!(renders.tables.len() >= 5 && renders.changes.len() >= 25);
    for Table { host, slots, text } in &renders.tables {
        assert_eq!(&rules::table(host, rules::pairs(slots)), text);
    }
    for HostText { host, text } in &renders.hosts {
        assert_eq!(&rules::host(host), text);
    }
    for Slots { make, retire, text } in &renders.slots {
        assert_eq!(&rules::slots(rules::pairs(retire), make), text);
    }
    for Change { slot, before, after, text } in &renders.changes {
        assert_eq!(&rules::changed(*slot, before, after), text);
    }
    for Cards { slots, added, removed } in &renders.cards {
        assert_eq!((&cards::add(slots), &cards::remove(slots)), (added, removed));
    }
    let Settings { on, on_ipv6, off } = renders.settings;
    assert_eq!(cards::SWITCHED_ON.as_slice(), on);
    assert_eq!(cards::SWITCHED_ON_IPV6.as_slice(), on_ipv6);
    assert_eq!(sorted(cards::SWITCHED_OFF.map(str::to_owned).to_vec()), sorted(off));
    assert_eq!(uplink::words("/x"), [renders.uplink, vec!["--netns".into(), "/x".into()]].concat());
}

fn sorted(mut words: Vec<String>) -> Vec<String> {
    words.sort();
    words
}
