use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use rustix::fs::{CWD, XattrFlags, mknodat, setxattr};
use sha2::{Digest, Sha256};

use super::*;
use crate::wire::lines::hex;

fn folder_of(test: &str) -> PathBuf {
    let path = std::env::temp_dir().join(format!("banger-export-{test}-{}", std::process::id()));
    let _ = fs::remove_dir_all(&path);
    fs::create_dir_all(&path).unwrap();
    path
}

fn export(root: &Path, spec: &Export) -> Vec<u8> {
    let folder = rustix::fs::open(root, OFlags::RDONLY | FOLDER, Mode::empty()).unwrap();
    let mut archive = Archive::new(Vec::new());
    Walk::new(&mut archive, spec).root(&folder).unwrap();
    archive.finish().unwrap()
}

fn extract(archive: &[u8], into: &Path) {
    let file = into.with_extension("tar");
    fs::write(&file, archive).unwrap();
    let words = ["--extract", "--numeric-owner", "--preserve-permissions", "--xattrs", "--xattrs-include=*"];
    let tar = Command::new("tar").args(words).arg("--file").arg(&file).arg("--directory").arg(into).output().unwrap();
    assert!(tar.status.success(), "{}", String::from_utf8_lossy(&tar.stderr));
    assert_eq!(String::from_utf8_lossy(&tar.stderr), "");
    fs::remove_file(file).unwrap();
}

/// All that two trees could differ in.
fn look(at: &Path, path: &str, seen: &mut BTreeMap<String, String>) {
    let info = fs::symlink_metadata(at).unwrap();
    let content = if info.is_file() {
        format!(
            "{} {:?}",
            hex(&Sha256::digest(fs::read(at).unwrap())),
            rustix::fs::getxattr(at, "user.word", &mut [0; 8][..]).ok()
        )
    } else if info.is_symlink() {
        fs::read_link(at).unwrap().display().to_string()
    } else {
        String::new()
    };
    let size = if info.is_dir() { 0 } else { info.size() };
    let links = if info.is_dir() { 0 } else { info.nlink() };
    seen.insert(
        path.into(),
        format!(
            "{:o} {}:{} {} {} {links} {size} {content}",
            info.mode(),
            info.uid(),
            info.gid(),
            info.mtime(),
            info.rdev()
        ),
    );
    if info.is_dir() {
        for entry in fs::read_dir(at).unwrap() {
            let name = entry.unwrap().file_name();
            look(&at.join(&name), &format!("{path}/{}", name.display()), seen);
        }
    }
}

fn seen(root: &Path) -> BTreeMap<String, String> {
    let mut seen = BTreeMap::new();
    look(root, "", &mut seen);
    seen
}

#[test]
fn a_tree_comes_out_of_the_archive_as_it_went_in() {
    let (from, to) = (folder_of("from"), folder_of("to"));
    let long = "x".repeat(200);
    fs::create_dir_all(from.join(&long).join(&long)).unwrap();
    fs::write(from.join(&long).join(&long).join("deep"), "deep").unwrap();
    fs::write(from.join("plain"), vec![7; 1025]).unwrap();
    fs::write(from.join("empty"), "").unwrap();
    fs::set_permissions(from.join("empty"), fs::Permissions::from_mode(0o4751)).unwrap();
    setxattr(from.join("empty"), "user.word", b"a=\0b", XattrFlags::empty()).unwrap();
    fs::hard_link(from.join("plain"), from.join("plain too")).unwrap();
    symlink("plain", from.join("link")).unwrap();
    symlink(&long, from.join("long link")).unwrap();
    mknodat(CWD, from.join("fifo"), FileType::Fifo, Mode::from_raw_mode(0o600), 0).unwrap();
    let sparse = fs::File::create(from.join("sparse")).unwrap();
    sparse.set_len(3 << 20).unwrap();
    std::os::unix::fs::FileExt::write_all_at(&sparse, b"in the middle", 1 << 20).unwrap();
    fs::File::create(from.join("all hole")).unwrap().set_len(1 << 20).unwrap();
    let is_root = rustix::process::geteuid().is_root();
    if is_root {
        std::os::unix::fs::chown(from.join("plain"), Some(3_000_000), Some(5)).unwrap();
        mknodat(
            CWD,
            from.join("device"),
            FileType::CharacterDevice,
            Mode::from_raw_mode(0o666),
            rustix::fs::makedev(1, 3),
        )
        .unwrap();
    }
    let archive = export(&from, &Export::default());
    assert!(archive.len() < 100_000, "holes are not written out: {}", archive.len());
    extract(&archive, &to);
    assert_eq!(seen(&to), seen(&from));
    for folder in [from, to] {
        fs::remove_dir_all(folder).unwrap();
    }
}

#[test]
fn a_home_stands_where_the_root_has_a_folder_for_it() {
    let (from, home, to) = (folder_of("home-from"), folder_of("home-disk"), folder_of("home-to"));
    fs::create_dir_all(from.join("root/inner")).unwrap();
    fs::create_dir_all(from.join("srv/root")).unwrap();
    fs::write(from.join("root/hidden"), "by the disk").unwrap();
    fs::create_dir_all(home.join("lost+found")).unwrap();
    fs::write(home.join(".profile"), "of the disk").unwrap();
    fs::hard_link(home.join(".profile"), home.join("again")).unwrap();
    let folder = rustix::fs::open(&home, OFlags::RDONLY | FOLDER, Mode::empty()).unwrap();
    let root = rustix::fs::open(&from, OFlags::RDONLY | FOLDER, Mode::empty()).unwrap();
    let spec = Export { leave_out: vec!["root/lost+found".into()], ..Export::default() };
    let mut archive = Archive::new(Vec::new());
    Walk::new(&mut archive, &spec).with_home(Some(Home { path: b"root".to_vec(), folder })).root(&root).unwrap();
    extract(&archive.finish().unwrap(), &to);
    let names: Vec<_> = seen(&to).into_keys().collect();
    assert_eq!(names, ["", "/root", "/root/.profile", "/root/again", "/srv", "/srv/root"]);
    for folder in [from, home, to] {
        fs::remove_dir_all(folder).unwrap();
    }
}

#[test]
fn what_is_nobodys_business_is_left_out() {
    let (from, to) = (folder_of("secret-from"), folder_of("secret-to"));
    for folder in ["etc/ssh", "tmp/inner", "var/log/web/old", "var/logs"] {
        fs::create_dir_all(from.join(folder)).unwrap();
    }
    let logs = ["var/log/syslog", "var/log/web/old/access.log"];
    for file in ["etc/machine-id", "etc/ssh/ssh_host_rsa_key", "etc/ssh/ssh_config", "tmp/inner/x", "var/logs/kept"]
        .iter()
        .chain(&logs)
    {
        fs::write(from.join(file), "word").unwrap();
    }
    let list = |paths: &[&str]| paths.iter().map(|&path| path.to_owned()).collect();
    let spec = Export {
        leave_out: list(&["etc/ssh/ssh_host_*", "tmp/"]),
        emptied: list(&["etc/machine-id", "var/log/"]),
        ..Export::default()
    };
    extract(&export(&from, &spec), &to);
    let names: Vec<_> = seen(&to).into_keys().collect();
    let folders =
        ["/var", "/var/log", "/var/log/syslog", "/var/log/web", "/var/log/web/old", "/var/log/web/old/access.log"];
    let mut expected = vec!["", "/etc", "/etc/machine-id", "/etc/ssh", "/etc/ssh/ssh_config", "/tmp"];
    expected.extend(folders.into_iter().chain(["/var/logs", "/var/logs/kept"]));
    assert_eq!(names, expected);
    for emptied in ["etc/machine-id"].iter().chain(&logs) {
        assert_eq!(fs::read(to.join(emptied)).unwrap(), b"", "{emptied}");
    }
    assert_eq!(fs::read(to.join("var/logs/kept")).unwrap(), b"word");
    for folder in [from, to] {
        fs::remove_dir_all(folder).unwrap();
    }
}
