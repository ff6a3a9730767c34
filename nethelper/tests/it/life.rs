//! What is made, what is left when somebody dies, and who may ask.

use std::process::Command;

use serde_json::json;

use super::random::Random;
use super::world::{Inside, World, grants, open, same, until};

#[test]
fn makes_what_is_asked_for_and_takes_it_down() {
    let world = World::open();
    let before = world.others();
    let helper = world.start();
    let mut daemon = world.connect();
    assert_eq!(daemon.ok(&json!({ "hello": {} })), json!({ "version": 1, "slots": [] }));
    assert_eq!(daemon.refused(&json!({ "slots": { "make": [1], "retire": [] } })), "not_open");
    daemon.ok(&open(&json!([])));
    daemon.ok(&json!({ "slots": { "make": [1, 16_319], "retire": [2] } }));
    assert_eq!(daemon.ok(&json!({ "hello": {} }))["slots"], json!([1, 16_319]));
    let granted = json!({ "hostPorts": [80], "lan": ["10.0.0.0/8"], "outward": false, "network": 7 });
    daemon.ok(&json!({ "grants": { "slot": 1, "grants": granted } }));
    let rules = world.sh("ip netns exec banger-65534 nft list table inet banger");
    for element in [
        "\"bg1\" . 10.0.0.0/8",
        "\"bg1\" . 80",
        "\"bg1\" . 52:54:00:13:00:01 . 198.19.0.6",
        "\"bg16319\" . 52:54:00:13:fe:3f",
    ] {
        assert!(rules.contains(element), "{element}: {rules}");
    }
    assert_eq!(daemon.refused(&json!({ "grants": { "slot": 3, "grants": grants() } })), "no_such_slot");
    assert_eq!(daemon.refused(&json!({ "slots": { "make": [1], "retire": [] } })), "in_use");
    assert_eq!(daemon.refused(&json!({ "traffic": { "slot": 3 } })), "no_such_slot");
    assert_eq!(daemon.refused(&json!({ "tap": { "slot": 3 } })), "no_such_slot");
    daemon.ok(&json!({ "slots": { "make": [], "retire": [1] } }));
    let rules = world.sh("ip netns exec banger-65534 nft list table inet banger");
    assert!(!rules.contains("\"bg1\""), "{rules}");
    assert_eq!(world.ours(), "bg16319\nlo\nup0\ntable inet banger\n");
    daemon.ok(&json!({ "close": {} }));
    assert!(helper.end());
    same(&before, &world.others());
    assert!(world.sh("ls /run/netns").split_whitespace().eq(["banger-1", "other"]));
    assert_eq!(world.uplinks(), [""; 0]);
}

#[test]
fn an_orderly_end_leaves_nothing_unless_somebody_has_a_tap() {
    let world = World::open();
    let before = world.others();
    let helper = world.start();
    let mut daemon = world.connect();
    daemon.ok(&open(&json!([])));
    daemon.ok(&json!({ "slots": { "make": [1, 2], "retire": [] } }));
    assert!(helper.end());
    same(&before, &world.others());
    assert_eq!(world.uplinks(), [""; 0]);

    let helper = world.start();
    let mut daemon = world.connect();
    daemon.ok(&open(&json!([])));
    daemon.ok(&json!({ "slots": { "make": [1, 2], "retire": [] } }));
    let vmm = hold(&world, "1");
    assert!(helper.end());
    assert_eq!(world.ours(), "bg1\nbg2\nlo\nup0\ntable inet banger\n");
    assert_eq!(world.uplinks().len(), 1);
    vmm.kill();
}

#[test]
fn one_that_is_killed_leaves_all_running_and_the_next_one_takes_over() {
    let world = World::open();
    let before = world.others();
    let first = world.start();
    let mut daemon = world.connect();
    daemon.ok(&open(&json!([])));
    daemon.ok(&json!({ "slots": { "make": [1, 2, 3], "retire": [] } }));
    let vmm = hold(&world, "2");
    first.kill();
    let uplinks = world.uplinks();
    assert_eq!((world.ours().as_str(), uplinks.len()), ("bg1\nbg2\nbg3\nlo\nup0\ntable inet banger\n", 1));

    let second = world.start();
    let mut daemon = world.connect();
    assert_eq!(daemon.ok(&json!({ "hello": {} }))["slots"], json!([1, 2, 3]));
    // Somebody who does not know of the vm that has a TAP open may not take it down.
    assert_eq!(daemon.refused(&open(&json!([]))), "in_use");
    assert_eq!(daemon.refused(&json!({ "close": {} })), "in_use");
    daemon.ok(&open(&json!([{ "slot": 2, "grants": grants() }])));
    assert_eq!(world.ours(), "bg2\nlo\nup0\ntable inet banger\n");
    // The way out is the same, so that no connection ended.
    assert_eq!(world.uplinks(), uplinks);
    world.sh(&format!("kill -9 {}", uplinks[0]));
    until("another pasta", || world.uplinks().len() == 1 && world.uplinks() != uplinks);
    // One that runs asks another name server when the computer does.
    let before_renewal = world.uplinks();
    let other = json!({ "own": [], "near": [], "server": "192.0.2.53" });
    daemon.ok(&json!({ "host": other }));
    until("a renewed pasta", || world.uplinks().len() == 1 && world.uplinks() != before_renewal);

    vmm.kill();
    second.kill();
    // With nobody left, one that is started and told to end leaves nothing.
    assert!(world.start().end());
    same(&before, &world.others());
    assert_eq!(world.uplinks(), [""; 0]);
}

#[test]
fn wherever_it_is_killed_the_next_one_has_all_and_leaves_nothing() {
    let rounds = if std::env::var_os("BANGER_TEST_FULL").is_some() { 300 } else { 20 };
    let random = &mut Random::from_environment();
    let world = World::open();
    let before = world.others();
    // One that was killed when the name was there, and the namespace was not yet.
    world.sh("umask 777; touch /run/netns/banger-65534");
    for _ in 0..rounds {
        let helper = world.start();
        let mut daemon = world.connect();
        let messages = [
            open(&json!([])),
            json!({ "slots": { "make": [1, 2, 3, 4], "retire": [] } }),
            json!({ "grants": { "slot": 2, "grants": grants() } }),
            json!({ "slots": { "make": [5], "retire": [1, 2, 3] } }),
            json!({ "close": {} }),
        ];
        for message in &messages {
            assert!(daemon.say(format!("{message}\n").as_bytes()));
        }
        // All of it takes some 150 ms.
        std::thread::sleep(std::time::Duration::from_micros(random.below(200_000)));
        helper.kill();

        let helper = world.start();
        let mut daemon = world.connect();
        daemon.ok(&open(&json!([])));
        daemon.ok(&json!({ "slots": { "make": [1, 2], "retire": [3] } }));
        // A pasta that was found may be one that the first had just told to end: another follows.
        until("cards and a way out", || {
            world.ours() == "bg1\nbg2\nlo\nup0\ntable inet banger\n" && world.uplinks().len() == 1
        });
        let rules = world.sh("ip netns exec banger-65534 nft list table inet banger");
        assert!(!["bg3", "bg4", "bg5"].iter().any(|card| rules.contains(card)), "{rules}");
        if random.one_in(2) {
            helper.kill();
            continue;
        }
        assert!(helper.end());
        same(&before, &world.others());
        assert_eq!(world.uplinks(), [""; 0]);
    }
    assert!(world.start().end());
    same(&before, &world.others());
    assert_eq!(world.uplinks(), [""; 0]);
}

#[test]
fn it_belongs_to_one_daemon_at_a_time() {
    let world = World::open();
    let helper = world.start();
    let (mut first, mut second) = (world.connect(), world.connect());
    first.ok(&open(&json!([])));
    for message in [open(&json!([])), json!({ "close": {} }), json!({ "slots": { "make": [], "retire": [] } })] {
        assert_eq!(second.refused(&message), "busy");
    }
    drop(first);
    until("the first to be gone", || world.connect().ask(&open(&json!([]))).get("ok").is_some());
    assert!(helper.end());
}

#[test]
fn a_tap_has_one_holder_who_has_no_rights_by_it() {
    let world = World::open();
    let helper = world.start();
    let mut daemon = world.connect();
    daemon.ok(&open(&json!([])));
    daemon.ok(&json!({ "slots": { "make": [5], "retire": [] } }));
    let vmm = hold(&world, "5");
    assert_eq!(daemon.refused(&json!({ "tap": { "slot": 5 } })), "in_use");
    let words = [env!("CARGO_BIN_EXE_banger-nethelper"), "tap", "5", "9", "--", "true"];
    let again = world.command(&as_uid("65534", &words)).output().unwrap();
    assert!(String::from_utf8_lossy(&again.stderr).contains("a process has bg5 open"), "{again:?}");
    let status =
        world.sh("grep -l '^Name:.sleep' /proc/[0-9]*/status | grep -v '/1/' | xargs cat; ls -l /proc/[0-9]*/fd/9");
    assert!(status.contains("NoNewPrivs:\t1") && status.contains("CapEff:\t0000000000000000"), "{status}");
    assert!(status.contains("/dev/net/tun"), "{status}");
    vmm.kill();
    assert!(helper.end());
}

#[test]
fn nobody_else_may_ask() {
    let world = World::open();
    let helper = world.start();
    let path = "/run/banger-network/65534.sock";
    let script = "use IO::Socket::UNIX; $SIG{PIPE} = q(IGNORE);
        my $s = IO::Socket::UNIX->new($ARGV[0]) or die $!; print $s qq({\"hello\":{}}\n);
        my $line = <$s>; print $line // q(nothing)";
    let ask = ["/usr/bin/perl", "-e", script, path];
    let said = |uid: &str, before: &[&str]| {
        let output = world.command(&as_uid(uid, &[before, &ask].concat())).output().unwrap();
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
    };
    let answer = said("65534", &["timeout", "5"]);
    assert!(answer.contains("version"), "{answer}");
    // The socket's mode keeps others out, and where that is changed it is looked at who it is.
    assert!(said("1000", &[]).contains("Permission denied"));
    world.sh(&format!("chmod 0666 {path}"));
    for uid in ["1000", "65533", "1"] {
        assert_eq!(said(uid, &[]), "nothing", "{uid}");
    }
    // Who is root in a user namespace is somebody else here.
    assert_eq!(said("1000", &["unshare", "--user", "--map-root-user"]), "nothing");
    let second = world.command(&[env!("CARGO_BIN_EXE_banger-nethelper"), "serve", "65534"]).output().unwrap();
    assert!(String::from_utf8_lossy(&second.stderr).contains("another helper serves uid 65534 already"), "{second:?}");
    let status = world.sh("grep -l '^Name:.banger-nethelp' /proc/[0-9]*/status | head -1 | xargs cat");
    // CHOWN, KILL, SETGID, SETUID, SETPCAP, NET_ADMIN, SYS_ADMIN.
    assert!(status.contains("CapEff:\t00000000002011e1") && status.contains("NoNewPrivs:\t1"), "{status}");
    assert!(helper.end());
}

#[test]
fn words_that_mean_nothing_are_refused() {
    let cases: [&[&str]; 14] = [
        &[],
        &["serve"],
        &["serve", "0"],
        &["serve", "-1"],
        &["serve", "4294967295"],
        &["serve", "4294967296"],
        &["serve", "../1"],
        &["serve", "1", "2"],
        &["tap", "1", "9", "--"],
        &["tap", "16320", "9", "--", "true"],
        &["tap", "1", "2", "--", "true"],
        &["tap", "1", "1024", "--", "true"],
        &["tap", "1", "9", "true"],
        &["help"],
    ];
    for words in cases {
        let output = Command::new(env!("CARGO_BIN_EXE_banger-nethelper")).args(words).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{words:?}");
    }
}

/// A process of the user's that has a TAP open.
fn hold(world: &World, slot: &str) -> Inside {
    let words =
        [env!("CARGO_BIN_EXE_banger-nethelper"), "tap", slot, "9", "--", "sh", "-c", "echo held; exec sleep 600"];
    let (vmm, said) = world.run(&as_uid("65534", &words));
    assert_eq!(said, "held\n");
    vmm
}

fn as_uid<'a>(uid: &'a str, words: &[&'a str]) -> Vec<&'a str> {
    [&["setpriv", "--reuid", uid, "--regid", uid, "--clear-groups"], words].concat()
}
