use super::*;

#[test]
fn hosts_gets_one_own_line() {
    assert_eq!(hosts("", "dev"), "127.0.0.1\tlocalhost\n127.0.1.1\tdev\n::1\tlocalhost ip6-localhost ip6-loopback\n");
    let old = "# mine\n127.0.0.1 localhost\n127.0.1.1 old\n10.0.0.1 db\n";
    let new = "# mine\n127.0.0.1 localhost\n127.0.1.1\ta.b a\n10.0.0.1 db\n";
    assert_eq!(hosts(old, "a.b"), new);
    assert_eq!(hosts(new, "a.b"), new, "the second boot changes nothing");
}

#[test]
fn hosts_gets_a_line_for_each_peer_and_keeps_what_others_wrote() {
    let peer = |last, names: &[&str]| Peer {
        address: std::net::Ipv4Addr::new(198, 19, 0, last),
        names: names.iter().map(|&name| name.to_owned()).collect(),
    };
    let old = "127.0.0.1\tlocalhost\n198.19.0.2\tmine\n";
    let one = with_peers(old, &[peer(6, &["db", "db.back"])]);
    assert_eq!(one, format!("{old}198.19.0.6\tdb db.back # banger\n"));
    assert_eq!(with_peers(&one, &[peer(6, &["db", "db.back"])]), one, "the same again changes nothing");
    let two = with_peers(&one, &[peer(10, &["db"]), peer(14, &["web"])]);
    assert_eq!(two, format!("{old}198.19.0.10\tdb # banger\n198.19.0.14\tweb # banger\n"));
    assert_eq!(with_peers(&two, &[]), old);
}

#[test]
fn an_empty_machine_id_is_none() {
    assert!(is_machine_id("0123456789abcdef0123456789abcdef\n"));
    for text in ["", "\n", "uninitialized\n", "0123456789ABCDEF0123456789ABCDEF\n"] {
        assert!(!is_machine_id(text), "{text:?}");
    }
}

#[test]
fn a_new_machine_id_is_one() {
    let (one, other) = (new_machine_id().unwrap(), new_machine_id().unwrap());
    assert!(is_machine_id(&one) && one != other);
}

#[test]
fn resolvers_take_the_place_of_a_link_that_says_the_same() {
    let folder = std::env::temp_dir().join(format!("banger-files-{}", std::process::id()));
    std::fs::create_dir_all(folder.join("etc")).unwrap();
    let plan = serde_json::json!({"hostname": "dev", "init": "systemd", "time": {"unixMs": 1}, "entropy": "ab".repeat(32),
        "root": null, "work": null, "network": {"mac": "52:54:00:00:00:01", "address": "10.0.2.15/24", "gateway": null,
        "dns": ["10.0.2.3"], "search": [], "mtu": 1500}});
    let plan = Plan::parse(plan.to_string().as_bytes()).unwrap();
    std::fs::write(folder.join("stub"), "nameserver 10.0.2.3\n").unwrap();
    std::os::unix::fs::symlink("/stub", folder.join("etc/resolv.conf")).unwrap();
    write_resolvers(&plan, &NewRoot::open(&folder).unwrap()).unwrap();
    let place = folder.join("etc/resolv.conf");
    assert!(std::fs::symlink_metadata(&place).unwrap().is_file());
    assert_eq!(std::fs::read_to_string(place).unwrap(), "nameserver 10.0.2.3\n");
    std::fs::remove_dir_all(&folder).unwrap();
}
