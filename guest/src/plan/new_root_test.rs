use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

use super::*;

struct Scratch(PathBuf);

static COUNT: AtomicU32 = AtomicU32::new(0);

impl Scratch {
    fn new() -> Self {
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("banger-new-root-{}-{number}", std::process::id()));
        fs::create_dir_all(path.join("root/etc")).unwrap();
        fs::create_dir_all(path.join("outside")).unwrap();
        Self(path)
    }

    fn root(&self) -> NewRoot {
        NewRoot::open(&self.0.join("root")).unwrap()
    }

    fn path(&self, path: &str) -> PathBuf {
        self.0.join(path)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[test]
fn a_dangling_link_is_replaced_and_its_target_is_not_made() {
    let scratch = Scratch::new();
    symlink("/run/resolve/stub.conf", scratch.path("root/etc/resolv.conf")).unwrap();
    scratch.root().write("/etc/resolv.conf", "nameserver 10.0.2.3\n").unwrap();
    assert!(fs::symlink_metadata(scratch.path("root/etc/resolv.conf")).unwrap().is_file());
    assert!(!scratch.path("root/run").exists());
    assert_eq!(scratch.root().read("/etc/resolv.conf"), "nameserver 10.0.2.3\n");
    assert_eq!(fs::metadata(scratch.path("root/etc/resolv.conf")).unwrap().permissions().mode() & 0o777, 0o644);
}

#[test]
fn links_lead_nowhere_outside() {
    let scratch = Scratch::new();
    let outside = scratch.path("outside");
    fs::remove_dir(scratch.path("root/etc")).unwrap();
    symlink(&outside, scratch.path("root/etc")).unwrap();
    symlink("../../../../outside", scratch.path("root/home")).unwrap();
    // Taken from within the root they name folders that are not there.
    assert!(scratch.root().write("/etc/hostname", "dev\n").is_err());
    assert!(scratch.root().make_folder("/home/dev").is_err());
    assert_eq!(scratch.root().read("/etc/hostname"), "");
    assert_eq!(fs::read_dir(&outside).unwrap().count(), 0);
}

#[test]
fn links_inside_are_followed() {
    let scratch = Scratch::new();
    fs::create_dir(scratch.path("root/var")).unwrap();
    symlink("/var", scratch.path("root/data")).unwrap();
    scratch.root().make_folder("/data/lib/x").unwrap();
    assert!(scratch.path("root/var/lib/x").is_dir());
    scratch.root().chmod("/data/tmp", 0o1777).unwrap();
    assert_eq!(fs::metadata(scratch.path("root/var/tmp")).unwrap().permissions().mode() & 0o7777, 0o1777);
}

#[test]
fn what_is_no_text_reads_as_nothing() {
    let scratch = Scratch::new();
    fs::create_dir(scratch.path("root/etc/hosts")).unwrap();
    fs::write(scratch.path("root/etc/hostname"), [0xff, 0xfe]).unwrap();
    assert_eq!(scratch.root().read("/etc/hosts") + &scratch.root().read("/etc/hostname"), "");
}
