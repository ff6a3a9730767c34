use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;

use super::*;

/// A home with a bit of everything, and a disk as `mkfs` leaves it.
fn place(name: &str) -> (PathBuf, PathBuf) {
    let place = std::env::temp_dir().join(format!("banger-fill-{}-{name}", std::process::id()));
    let _ = fs::remove_dir_all(&place);
    let (home, disk) = (place.join("home"), place.join("disk"));
    fs::create_dir_all(home.join("folder/deeper")).unwrap();
    fs::create_dir_all(disk.join(LOST_AND_FOUND)).unwrap();
    fs::write(home.join(".profile"), "umask 022").unwrap();
    fs::write(home.join("folder/deeper/run"), "#!/bin/sh").unwrap();
    fs::set_permissions(home.join("folder/deeper/run"), fs::Permissions::from_mode(0o751)).unwrap();
    symlink("nowhere", home.join("link")).unwrap();
    let old = Timespec { tv_sec: 1_000_000_000, tv_nsec: 5000 };
    let times = Timestamps { last_access: old, last_modification: old };
    utimensat(CWD, home.join("folder"), &times, AtFlags::empty()).unwrap();
    fs::set_permissions(&home, fs::Permissions::from_mode(0o700)).unwrap();
    (home, disk)
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn a_disk_that_came_empty_has_all_of_it() {
    let (home, disk) = place("all");
    fill(&home, &disk).unwrap();
    assert_eq!(names(&disk), [".profile", "folder", "link"]);
    assert_eq!(fs::read_to_string(disk.join("folder/deeper/run")).unwrap(), "#!/bin/sh");
    assert_eq!(fs::metadata(disk.join("folder/deeper/run")).unwrap().mode() & 0o7777, 0o751);
    assert_eq!(fs::read_link(disk.join("link")).unwrap(), Path::new("nowhere"));
    assert_eq!(fs::metadata(disk.join("folder")).unwrap().mtime(), 1_000_000_000);
    assert_eq!(fs::metadata(&disk).unwrap().mode() & 0o7777, 0o700);
    // What is removed stays removed.
    for name in names(&disk) {
        let path = disk.join(name);
        if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) }.unwrap();
    }
    fill(&home, &disk).unwrap();
    assert!(names(&disk).is_empty());
}

#[test]
fn a_disk_with_anything_on_it_is_left_as_it_is() {
    let (home, disk) = place("used");
    fs::write(disk.join("mine"), "").unwrap();
    fill(&home, &disk).unwrap();
    assert_eq!(names(&disk), [LOST_AND_FOUND, "mine"]);
}

#[test]
fn what_was_cut_off_goes_on() {
    // While it was copied.
    let (home, disk) = place("copied");
    fs::create_dir_all(disk.join(DRAFT).join(COPY)).unwrap();
    fs::write(disk.join(DRAFT).join(COPY).join("half"), "").unwrap();
    fill(&home, &disk).unwrap();
    assert_eq!(names(&disk), [".profile", "folder", "link"]);
    // While it was moved: what was moved, and changed since by nobody, is not copied again.
    let (home, disk) = place("moved");
    fs::create_dir(disk.join(DRAFT)).unwrap();
    copy(&home, &disk.join(DRAFT).join(WHOLE)).unwrap();
    fs::rename(disk.join(DRAFT).join(WHOLE).join(".profile"), disk.join(".profile")).unwrap();
    fill(&home, &disk).unwrap();
    assert_eq!(names(&disk), [".profile", "folder", "link"]);
    // When all was moved.
    fs::create_dir_all(disk.join(DRAFT).join(WHOLE)).unwrap();
    fill(&home, &disk).unwrap();
    assert_eq!(names(&disk), [".profile", "folder", "link"]);
}
