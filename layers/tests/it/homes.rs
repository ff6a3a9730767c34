//! Root's home as an ext4 of its own. What is in it is read back by `debugfs`, and whether it is sound says `e2fsck`, which mends nothing.

use std::path::Path;
use std::process::Command;

use banger_layers::job::{Job, Made, Part, Report};
use banger_layers::merge::merge;

use super::archive::{Item, archive};
use super::merged::{ROOMY, out, plain};
use super::workshop::Workshop;

fn run(program: &str, words: &[&str], last: &Path) -> String {
    let ran = Command::new(program).args(words).arg(last).output().unwrap();
    let said = String::from_utf8_lossy(&ran.stdout).into_owned();
    assert!(ran.status.success(), "{program}: {said} {}", String::from_utf8_lossy(&ran.stderr));
    said
}

fn make(workshop: &Workshop, items: &[Item]) -> Made {
    let seed = workshop.path("seed");
    std::fs::File::create(&seed).unwrap().set_len(1 << 30).unwrap();
    run("mke2fs", &["-q", "-F", "-t", "ext4", "-E", "root_owner=0:0"], &seed);
    let layers = vec![Part::Archive(plain(workshop.write("layer", &archive(items))))];
    let job = Job { layers, limits: ROOMY, seed: Some(seed) };
    merge(&job, &out(workshop), &Report::default()).unwrap()
}

fn ask(workshop: &Workshop, request: &str) -> String {
    run("debugfs", &["-R", request], &workshop.path("seed"))
}

#[test]
fn a_home_is_a_file_system_of_its_own() {
    let workshop = Workshop::open();
    let made = make(
        &workshop,
        &[
            Item { mode: 0o700, ..Item::new("root", b'5') },
            Item { mode: 0o4640, user: 70_000, group: 5, ..Item::file("root/.profile", b"echo hello\n") },
            Item::new("root/.config", b'5'),
            Item { mode: 0o1777, ..Item::new("root/.config/deep", b'5') },
            Item::file("root/.config/deep/x", &[7; 10_000]),
            Item::link("root/link", b'2', "/etc/../motd"),
            Item::file("root/empty", b""),
            Item::file("etc/motd", b"not of the home"),
        ],
    );
    assert!(made.has_seed);
    run("e2fsck", &["-f", "-n"], &workshop.path("seed"));
    let names = ask(&workshop, "ls -p /");
    for line in [
        "/040700/0/0/./",
        "/104640/70000/5/.profile/11/",
        "/040755/0/0/.config/",
        "/120777/0/0/link/",
        "/100644/0/0/empty/0/",
    ] {
        assert!(names.contains(line), "{line}: {names}");
    }
    assert!(!names.contains("lost+found") && !names.contains("motd"), "{names}");
    assert!(ask(&workshop, "ls -p /.config").contains("/041777/0/0/deep/"));
    assert_eq!(ask(&workshop, "cat /.profile"), "echo hello\n");
    assert_eq!(ask(&workshop, "cat /.config/deep/x").as_bytes(), [7; 10_000]);
    assert!(ask(&workshop, "stat /link").contains("/etc/../motd"));
}

#[test]
fn a_home_that_is_missing_is_empty_and_roots_alone() {
    let workshop = Workshop::open();
    assert!(make(&workshop, &[Item::file("etc/motd", b"x")]).has_seed);
    run("e2fsck", &["-f", "-n"], &workshop.path("seed"));
    assert!(ask(&workshop, "ls -p /").contains("/040700/0/0/./"));
}

/// Names are words of `debugfs`, and what it would make of them nobody wants to know.
#[test]
fn of_a_home_that_is_not_plain_there_is_none() {
    for item in [
        Item::file("root/a b", b""),
        Item::file("root/a\nrm /b", b""),
        Item::file("root/\"a\"", b""),
        Item::file("root/-f", b""),
        Item::link("root/l", b'2', "a b"),
        Item::link("root/l", b'2', "a\nrm b"),
        Item::file("root/é", b""),
        Item::file("root/x", b"").with("SCHILY.xattr.user.a", b"b"),
        Item { device: (1, 3), ..Item::new("root/n", b'3') },
        Item::new("root/fifo", b'6'),
        Item::file("root/large", &[0; 17 << 20]),
    ] {
        let workshop = Workshop::open();
        assert!(!make(&workshop, &[item]).has_seed);
    }
    let many: Vec<Item> = (0..300).map(|at| Item::file(&format!("root/{at}"), b"x")).collect();
    assert!(!make(&Workshop::open(), &many).has_seed);
    let linked = [Item::file("root/a", b"x"), Item::link("root/b", b'1', "root/a")];
    assert!(!make(&Workshop::open(), &linked).has_seed);
    // A home may be elsewhere.
    let workshop = Workshop::open();
    assert!(make(&workshop, &[Item::file("home/x", b"y"), Item::link("root", b'2', "home")]).has_seed);
    assert_eq!(ask(&workshop, "cat /x"), "y");
}

/// One that cannot be written to is no reason to make no image.
#[test]
fn without_a_file_system_there_is_none() {
    let workshop = Workshop::open();
    let seed = workshop.write("seed", b"no file system");
    let layers = vec![Part::Archive(plain(workshop.write("layer", &archive(&[Item::file("root/a", b"x")]))))];
    let job = Job { layers, limits: ROOMY, seed: Some(seed) };
    assert!(!merge(&job, &out(&workshop), &Report::default()).unwrap().has_seed);
}
