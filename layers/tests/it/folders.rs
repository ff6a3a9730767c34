//! A folder of the host, against what GNU tar makes of the same.

use std::fs::{self, File, OpenOptions};
use std::io::{Seek, SeekFrom, Write};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::process::Command;
use std::thread;

use banger_layers::job::{Folder, Job, Part, Report};
use banger_layers::limits::Limits;
use banger_layers::merge::merge;
use banger_layers::refusal::Code;
use banger_layers::tree::Tree;
use rustix::fs::{CWD, FileType, Mode, mknodat};

use super::archive::{Item, archive};
use super::listing;
use super::merged::{ROOMY, out, plain, read, read_parts};
use super::workshop::Workshop;

fn part(path: &Path) -> Part {
    Part::Folder(Folder { folder: path.to_path_buf() })
}

fn outcome(workshop: &Workshop, root: &Path, limits: Limits) -> Result<Tree, (Code, String)> {
    read_parts(&out(workshop), &[part(root)], limits).map_err(|refusal| (refusal.code, refusal.message))
}

fn make(workshop: &Workshop) -> std::path::PathBuf {
    let root = workshop.path("root");
    fs::create_dir_all(root.join("usr/bin")).unwrap();
    fs::create_dir_all(root.join("empty")).unwrap();
    fs::write(root.join("usr/bin/tool"), vec![b'x'; 100_000]).unwrap();
    fs::set_permissions(root.join("usr/bin/tool"), fs::Permissions::from_mode(0o4755)).unwrap();
    fs::hard_link(root.join("usr/bin/tool"), root.join("usr/bin/other")).unwrap();
    fs::set_permissions(root.join("empty"), fs::Permissions::from_mode(0o1777)).unwrap();
    fs::write(root.join("empty file"), b"").unwrap();
    fs::write(root.join("caf\u{e9}\nodd"), b"text").unwrap();
    symlink("usr/bin", root.join("bin")).unwrap();
    symlink("/etc/shadow", root.join("leads out")).unwrap();
    symlink("../../../..", root.join("leads up")).unwrap();
    mknodat(CWD, root.join("pipe"), FileType::Fifo, Mode::from_raw_mode(0o640), 0).unwrap();
    let _ = mknodat(CWD, root.join("null"), FileType::CharacterDevice, Mode::from_raw_mode(0o666), 0x103);
    let mut sparse = File::create(root.join("sparse")).unwrap();
    for at in [0, 300_000, 700_001] {
        sparse.seek(SeekFrom::Start(at)).unwrap();
        sparse.write_all(b"data").unwrap();
    }
    sparse.set_len(1 << 20).unwrap();
    File::create(root.join("holes")).unwrap().set_len(200_000).unwrap();
    let _ = rustix::fs::setxattr(root.join("empty"), "user.note", b"v", rustix::fs::XattrFlags::empty());
    root
}

#[test]
fn a_folder_is_what_tar_makes_of_it() {
    let workshop = Workshop::open();
    let root = make(&workshop);
    let tar = workshop.path("root.tar");
    let mut words = vec!["--create", "--format=pax", "--xattrs", "--xattrs-include=*", "--sparse", "--numeric-owner"];
    if !rustix::process::getuid().is_root() {
        words.extend(["--owner=0", "--group=0"]);
    }
    let made = Command::new("tar").args(words).arg("--file").arg(&tar).arg("--directory").arg(&root).arg(".").status();
    assert!(made.unwrap().success());
    let from_tar = out(&workshop);
    let theirs = listing::of_tree(&read(&from_tar, &[plain(tar)], ROOMY).unwrap(), &from_tar);
    // A socket has nothing to be kept.
    let _listener = UnixListener::bind(root.join("socket")).unwrap();
    rustix::fs::utimensat(
        CWD,
        &root,
        &rustix::fs::Timestamps {
            last_access: rustix::fs::Timespec { tv_sec: 0, tv_nsec: 0 },
            last_modification: rustix::fs::Timespec { tv_sec: 1_800_000_000, tv_nsec: 0 },
        },
        rustix::fs::AtFlags::empty(),
    )
    .unwrap();
    let from_folder = out(&workshop);
    let ours = listing::of_tree(&outcome(&workshop, &root, ROOMY).unwrap(), &from_folder);
    assert_eq!(ours.keys().collect::<Vec<_>>(), theirs.keys().collect::<Vec<_>>());
    let without_first = |line: &listing::Line| listing::Line { first: String::new(), ..line.clone() };
    for (path, line) in &ours {
        assert_eq!(without_first(line), without_first(&theirs[path]), "{path:?}");
    }
    assert_eq!(ours["./usr/bin/tool"].first, ours["./usr/bin/other"].first);
}

#[test]
fn what_cannot_be_kept_is_refused_by_name() {
    let workshop = Workshop::open();
    let root = workshop.path("root");
    let refused = |root: &Path, limits: Limits| outcome(&workshop, root, limits).map(drop).unwrap_err();
    assert_eq!(refused(&root, ROOMY).0, Code::FileUnreadable);
    fs::write(&root, b"").unwrap();
    assert_eq!(refused(&root, ROOMY).0, Code::FileUnreadable);
    fs::remove_file(&root).unwrap();
    fs::create_dir(&root).unwrap();
    fs::write(root.join(".wh.name"), b"").unwrap();
    let (code, message) = refused(&root, ROOMY);
    assert!(code == Code::UnsupportedLayer && message.starts_with(".wh.name:"), "{message}");
    fs::remove_file(root.join(".wh.name")).unwrap();

    let mut deep = root.clone();
    for _ in 0..130 {
        deep.push("d");
        fs::create_dir(&deep).unwrap();
    }
    assert_eq!(refused(&root, ROOMY).0, Code::LayerTooLarge);
    fs::remove_dir_all(root.join("d")).unwrap();
    for at in 0..50 {
        fs::write(root.join(format!("f{at}")), b"x").unwrap();
    }
    assert_eq!(refused(&root, Limits { entries: 20, ..ROOMY }).0, Code::LayerTooLarge);
    assert_eq!(refused(&root, Limits { bytes: 20 * 4096, ..ROOMY }).0, Code::LayerTooLarge);
    assert!(outcome(&workshop, &root, Limits { bytes: 50 * 4096, entries: 51 }).is_ok());
    if !rustix::process::getuid().is_root() {
        fs::set_permissions(root.join("f7"), fs::Permissions::from_mode(0o0)).unwrap();
        assert_eq!(
            refused(&root, ROOMY),
            (Code::FileUnreadable, "cannot read f7: Permission denied (os error 13)".into())
        );
    }
}

#[test]
fn a_file_that_changes_meanwhile_is_refused() {
    let workshop = Workshop::open();
    let root = workshop.path("root");
    fs::create_dir(&root).unwrap();
    let path = root.join("log");
    fs::write(&path, vec![b'x'; 64 << 20]).unwrap();
    let done = std::sync::atomic::AtomicBool::new(false);
    let (code, message) = thread::scope(|scope| {
        scope.spawn(|| {
            let mut file = OpenOptions::new().append(true).open(&path).unwrap();
            while !done.load(std::sync::atomic::Ordering::Relaxed) {
                file.write_all(b"more").unwrap();
                thread::sleep(std::time::Duration::from_millis(1));
            }
        });
        let outcome = outcome(&workshop, &root, ROOMY).map(drop);
        done.store(true, std::sync::atomic::Ordering::Relaxed);
        outcome.unwrap_err()
    });
    assert_eq!((code, message.as_str()), (Code::FolderChanged, "log was changed while it was read"));
}

#[test]
fn a_base_tells_which_system_it_is() {
    let workshop = Workshop::open();
    let root = workshop.path("root");
    fs::create_dir_all(root.join("etc")).unwrap();
    fs::create_dir_all(root.join("usr/lib")).unwrap();
    fs::write(root.join("usr/lib/os-release"), "ID=debian\nVERSION_ID=\"12\"\nVERSION_CODENAME=bookworm\n").unwrap();
    let release = |parts: Vec<Part>| {
        let job = Job { layers: parts, limits: ROOMY, seed: None };
        merge(&job, &out(&workshop), &Report::default()).unwrap().release
    };
    let debian = release(vec![part(&root)]).unwrap();
    assert_eq!(
        (debian.id.as_str(), debian.version.as_deref(), debian.codename.as_deref()),
        ("debian", Some("12"), Some("bookworm"))
    );
    symlink("../usr/lib/os-release", root.join("etc/os-release")).unwrap();
    assert_eq!(release(vec![part(&root)]), Some(debian.clone()));
    // Of this computer's own nothing is told.
    fs::remove_file(root.join("usr/lib/os-release")).unwrap();
    fs::remove_file(root.join("etc/os-release")).unwrap();
    symlink("/usr/lib/os-release", root.join("etc/os-release")).unwrap();
    assert_eq!(release(vec![part(&root)]), None);
    // A layer above the folder says something else.
    let above = archive(&[Item::file("usr/lib/os-release", b"ID=other\n")]);
    let above = Part::Archive(plain(workshop.write("above.tar", &above)));
    assert_eq!(release(vec![part(&root), above]).unwrap().id, "other");
    fs::remove_file(root.join("etc/os-release")).unwrap();
    symlink("os-release", root.join("etc/os-release")).unwrap();
    assert_eq!(release(vec![part(&root)]), None);
}
