use serde_json::{Value, json};

use super::*;

fn plan() -> Value {
    json!({
        "hostname": "dev", "init": "agent", "time": {"unixMs": 1_790_000_000_000_u64}, "entropy": "ab".repeat(32),
        "root": {"base": {"serial": "base", "format": "squashfs"}, "layer": {"serial": "layer"}},
        "work": {"serial": "work", "mount": "/root", "fill": false},
        "network": {"mac": "52:54:00:AB:cd:01", "address": "10.0.2.15/24", "gateway": "10.0.2.2", "dns": ["10.0.2.3"],
            "search": ["example.org"], "mtu": 1500},
        "env": {"KEY": "value"},
        "commands": {"image": "web", "user": "web:33", "cwd": "/srv"},
    })
}

#[test]
fn reads_a_whole_plan() {
    let plan = Plan::parse(plan().to_string().as_bytes()).unwrap();
    let network = plan.network.unwrap();
    assert_eq!(network.mac, [0x52, 0x54, 0, 0xab, 0xcd, 1]);
    assert_eq!(network.address, Prefix { address: Ipv4Addr::new(10, 0, 2, 15), length: 24 });
    assert_eq!((plan.entropy, plan.init, plan.root.unwrap().base.format), ([0xab; 32], Init::Agent, Format::Squashfs));
}

#[test]
fn parts_may_be_absent() {
    let mut plan = plan();
    for key in ["root", "work", "network"] {
        plan[key] = Value::Null;
    }
    plan["commands"] = json!({"image": "web", "user": null, "cwd": null});
    assert!(Plan::parse(plan.to_string().as_bytes()).is_ok());
    plan.as_object_mut().unwrap().remove("commands");
    assert!(Plan::parse(plan.to_string().as_bytes()).is_ok());
}

#[test]
fn refuses_what_would_break_a_file_or_means_nothing() {
    for (pointer, value) in [
        ("/commands/user", json!("a\u{0}")),
        ("/commands/cwd", json!("srv")),
        ("/commands/cwd", json!("/srv/../..")),
        ("/commands/cwd", json!("/a\u{0}")),
        ("/hostname", json!("a b")),
        ("/hostname", json!("a\nb")),
        ("/hostname", json!("")),
        ("/hostname", json!("-a")),
        ("/hostname", json!("x".repeat(64))),
        ("/init", json!("upstart")),
        ("/time/unixMs", json!(-1)),
        ("/entropy", json!("AB".repeat(32))),
        ("/entropy", json!("ab".repeat(31))),
        ("/root/base/format", json!("ntfs")),
        ("/work/mount", json!("root")),
        ("/work/mount", json!("/")),
        ("/work/mount", json!("/a/../b")),
        ("/network/mac", json!("52:54:00:12:34")),
        ("/network/mac", json!("525400123456")),
        ("/network/address", json!("10.0.2.15")),
        ("/network/address", json!("10.0.2.15/33")),
        ("/network/gateway", json!("gateway")),
        ("/network/dns", json!(["one"])),
        ("/network/search", json!(["a b"])),
        ("/network/search", json!(["a\nnameserver 1.1.1.1"])),
        ("/network/mtu", json!(10)),
        ("/env", json!({"A=B": "x"})),
        ("/surprise", json!(1)),
        ("/network/surprise", json!(1)),
    ] {
        let mut plan = plan();
        match plan.pointer_mut(pointer) {
            Some(place) => *place = value.clone(),
            None if pointer == "/surprise" => plan["surprise"] = value.clone(),
            None => plan["network"]["surprise"] = value.clone(),
        }
        assert!(Plan::parse(plan.to_string().as_bytes()).is_err(), "{pointer} = {value}");
    }
}

#[test]
fn a_refusal_does_not_tell_the_entropy() {
    let mut plan = plan();
    plan["entropy"] = json!("secret");
    assert!(!Plan::parse(plan.to_string().as_bytes()).unwrap_err().contains("secret"));
}
