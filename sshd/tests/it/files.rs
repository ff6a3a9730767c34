use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};

use crate::client::{World, exists, run, text};

fn sftp(world: &World, batch: &str) -> (bool, String) {
    let mut command = world.program("sftp");
    command.args(["-q", "-b", "-", "guest"]);
    let output = run(command, batch.as_bytes());
    (output.status.success(), text(&output.stdout) + &text(&output.stderr))
}

#[test]
fn scp_brings_trees_there_and_back_with_modes_and_times() {
    let world = World::new();
    let tree = world.path("tree");
    fs::create_dir_all(tree.join("a/b")).unwrap();
    fs::write(tree.join("a/b/file"), vec![7; 3 << 20]).unwrap();
    fs::write(tree.join("a/empty"), "").unwrap();
    fs::set_permissions(tree.join("a/b/file"), fs::Permissions::from_mode(0o751)).unwrap();
    let at = world.folder.display();
    for (from, to) in
        [(format!("{at}/tree"), format!("guest:{at}/there")), (format!("guest:{at}/there"), format!("{at}/back"))]
    {
        let mut scp = world.program("scp");
        let output = scp.args(["-q", "-r", "-p", &from, &to]).output().unwrap();
        assert!(output.status.success(), "{output:?} {}", world.said());
    }
    let (before, after) = (tree.join("a/b/file"), world.path("back/a/b/file"));
    assert_eq!(fs::read(&before).unwrap(), fs::read(&after).unwrap());
    let facts = |path| fs::metadata(path).map(|found| (found.mode(), found.mtime())).unwrap();
    assert_eq!(facts(&before), facts(&after));
    assert!(exists(&world.path("back/a/empty")));
}

#[test]
fn sftp_does_what_can_be_done_with_files() {
    let world = World::new();
    let at = world.folder.display();
    fs::write(world.path("one"), "one\n").unwrap();
    fs::write(world.path("taken"), "taken\n").unwrap();
    let name = std::ffi::OsStr::from_bytes(b"not \xff utf-8");
    fs::write(world.folder.join(name), "x").unwrap();
    let batch = format!(
        "cd {at}\nmkdir d\nput one d/two\nrename d/two d/three\nln -s three d/link\nln d/three d/hard\nchmod 600 d/three\n\
         get d/link got\nls -la d\nls -1\nrm d/hard\ndf\npwd\nput one long/none\n"
    );
    let (done, said) = sftp(&world, &batch);
    assert!(!done, "the last of it cannot be: {said}");
    assert_eq!(fs::read_to_string(world.path("got")).unwrap(), "one\n");
    assert_eq!(fs::metadata(world.path("d/three")).unwrap().mode() & 0o777, 0o600);
    assert_eq!(fs::read_link(world.path("d/link")).unwrap().as_os_str(), "three");
    assert!(!exists(&world.path("d/hard")));
    assert!(said.contains("-rw-------    2") && said.contains("not "), "{said}");
    let (done, said) = sftp(&world, &format!("cd {at}\nrmdir d\n"));
    assert!(!done && said.contains("Failure"), "{said}");
}

#[test]
fn a_resumed_upload_and_one_behind_a_link_are_right() {
    let world = World::new();
    let at = world.folder.display();
    fs::write(world.path("whole"), (0..200_000_u32).flat_map(u32::to_le_bytes).collect::<Vec<_>>()).unwrap();
    fs::write(world.path("part"), &fs::read(world.path("whole")).unwrap()[..300_000]).unwrap();
    symlink("part", world.path("link")).unwrap();
    let (done, said) = sftp(&world, &format!("cd {at}\nreput whole link\n"));
    assert!(done, "{said}");
    assert!(fs::read(world.path("part")).unwrap() == fs::read(world.path("whole")).unwrap());
}

#[test]
fn names_that_are_relative_begin_at_home() {
    let world = World::new();
    let (done, said) = sftp(&world, "pwd\n");
    let output = world.ssh(&[], &["pwd"], b"");
    assert!(done && said.contains(&text(&output.stdout)), "{said} {output:?}");
}
