use super::*;

const PASSWD: &str =
    "root:x:0:0:root:/root:/bin/bash\ndev:x:1000:1000:,,,:/home/dev:\nbroken\n1000:x:1001:5::/odd:/bin/odd\n";
const GROUP: &str = "root:x:0:\nsudo:x:27:dev,other\ndocker:x:999:dev\ndev:x:1000:\nbroken:x:y:dev\n";

fn find(wanted: &str) -> Result<(u32, u32, Vec<u32>, String), Code> {
    let account = Account::find_in(wanted, PASSWD, GROUP).map_err(|failure| failure.code)?;
    Ok((account.uid, account.gid, account.groups, account.home))
}

#[test]
fn finds_names_and_numbers() {
    assert_eq!(find("dev"), Ok((1000, 1000, vec![27, 999, 1000], "/home/dev".into())));
    assert_eq!(find("0"), Ok((0, 0, vec![0], "/root".into())));
    assert_eq!(find("1000"), Ok((1001, 5, vec![5], "/odd".into())), "a name goes before a number");
    assert_eq!(find("4242"), Ok((4242, 0, vec![0], "/".into())));
}

#[test]
fn a_named_group_is_the_only_one() {
    assert_eq!(find("dev:docker"), Ok((1000, 999, vec![999], "/home/dev".into())));
    assert_eq!(find("dev:"), find("dev"), "as with chown: the user's own");
    assert_eq!(find("dev:7"), Ok((1000, 7, vec![7], "/home/dev".into())));
}

#[test]
fn refuses_whom_nobody_knows() {
    for wanted in ["nobody", "", ":", ":dev", "dev:nope", "-1", "4294967295", "0x0", "+1", "dev:4294967295"] {
        assert_eq!(find(wanted), Err(Code::BadUser), "{wanted:?}");
    }
}

#[test]
fn a_guest_without_accounts_still_has_root() {
    let root = Account::find_in("root", "", "").unwrap();
    assert_eq!((root.uid, root.gid, root.home.as_str(), root.shell.as_str()), (0, 0, "/root", "/bin/sh"));
}
