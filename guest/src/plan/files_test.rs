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
