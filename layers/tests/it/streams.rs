//! Archives that nobody vouches for: from pipes, packed in whatever way.

use std::fs::OpenOptions;
use std::io::Write;
use std::process::{Command, Output, Stdio};
use std::thread;

use banger_layers::job::{Compression, Layer};
use banger_layers::refusal::Code::{self, DamagedLayer, UnsupportedLayer};
use rustix::fs::{CWD, FileType, Mode, mknodat};

use super::archive::{Item, archive};
use super::blobs::gzip;
use super::merged::{ROOMY, out, read};
use super::workshop::Workshop;

fn detected(workshop: &Workshop, blob: &[u8]) -> Result<usize, (Code, String)> {
    let layer =
        Layer { path: workshop.write("blob", blob), compression: Compression::Detect, digest: None, diff_id: None };
    read(&out(workshop), &[layer], ROOMY)
        .map(|tree| tree.inodes.len() - 1)
        .map_err(|refusal| (refusal.code, refusal.message))
}

#[test]
fn its_first_bytes_tell_how_it_is_packed() {
    let workshop = Workshop::open();
    let tar = archive(&[Item::file("a", b"x"), Item::new("b", b'5')]);
    for blob in [tar.clone(), gzip(&tar), zstd::encode_all(tar.as_slice(), 3).unwrap()] {
        assert_eq!(detected(&workshop, &blob), Ok(2));
    }
    for (head, what) in
        [(b"\xfd7zXZ\0" as &[u8], "xz -dc"), (b"BZh9", "bzip2 -dc"), (b"PK\x03\x04", "unzip"), (b"LZIP", "lzip")]
    {
        let (code, message) = detected(&workshop, &[head, &tar].concat()).unwrap_err();
        assert_eq!(code, UnsupportedLayer);
        assert!(message.contains(what), "{message}");
    }
    for (blob, what) in [
        (vec![], "it is empty"),
        (vec![0; 1024], "it holds nothing"),
        (archive(&[]), "it holds nothing"),
        (vec![b'x'; 4096], "a header"),
        (b"short".to_vec(), "cut short"),
        ([tar.as_slice(), &vec![0; 17 << 20]].concat(), "behind its end"),
    ] {
        let (code, message) = detected(&workshop, &blob).unwrap_err();
        assert_eq!(code, DamagedLayer, "{message}");
        assert!(message.contains(what), "{message}");
    }
    // Records are filled up, by some to a megabyte.
    assert_eq!(detected(&workshop, &[tar.as_slice(), &vec![0; 1 << 20]].concat()), Ok(2));
}

#[test]
fn one_that_is_cut_short_is_told_from_one_that_ends() {
    let workshop = Workshop::open();
    let tar = archive(&[Item::file("a", b"x"), Item::file("b", b"y")]);
    let end = tar.len() - 1024;
    for length in (1..=end).step_by(73).chain([end]) {
        let (code, message) = detected(&workshop, &tar[..length]).unwrap_err();
        assert_eq!(code, DamagedLayer, "{message}");
        assert!(message.contains("cut short"), "{length}: {message}");
        assert!(detected(&workshop, &gzip(&tar[..length])).is_err(), "{length}");
    }
    // One block of zeros is an end, too.
    assert_eq!(detected(&workshop, &tar[..end + 512]), Ok(2));
}

/// Runs the program with a job, and whatever follows it on its standard input.
fn run(workshop: &Workshop, layers: &str, behind: Vec<u8>) -> Output {
    let job = format!("{{\"layers\":[{layers}],\"limits\":{{\"bytes\":{},\"entries\":1000}}}}\n", 1 << 30);
    let mut child = Command::new(env!("CARGO_BIN_EXE_banger-layers"))
        .arg("merge")
        .arg(workshop.path("out"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    let writer = thread::spawn(move || {
        let _ = input.write_all(job.as_bytes()).and_then(|()| input.write_all(&behind));
    });
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    output
}

const STREAM: &str = r#"{"path":"-","compression":"detect","digest":null,"diffId":null}"#;

#[test]
fn a_layer_comes_behind_the_job() {
    let workshop = Workshop::open();
    let content: Vec<u8> = (0..5_000_000_u32).flat_map(u32::to_le_bytes).collect();
    let tar = archive(&[Item::file("a", &content), Item::file("b", b"y")]);
    for blob in [tar.clone(), gzip(&tar)] {
        let output = run(&workshop, STREAM, blob);
        let said = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.success(), "{said}");
        assert!(said.lines().last().unwrap().contains("\"entries\":3"), "{said}");
    }
    let below = workshop.write("below.tar", &archive(&[Item::file("c", b"z")]));
    let both = format!(
        "{{\"path\":{:?},\"compression\":\"none\",\"digest\":null,\"diffId\":null}},{STREAM}",
        below.to_str().unwrap()
    );
    let said = run(&workshop, &both, tar.clone()).stdout;
    assert!(String::from_utf8(said).unwrap().contains("\"entries\":4"));
    for (layers, behind, what) in [
        (STREAM, Vec::new(), "it is empty"),
        (STREAM, tar[..tar.len() / 2].to_vec(), "cut short"),
        (&format!("{STREAM},{STREAM}"), tar, "more than one layer"),
        (r#"{"path":"-","compression":"gzip","digest":"sha256:00","diffId":null}"#, vec![], "a digest"),
    ] {
        let output = run(&workshop, layers, behind);
        let said = String::from_utf8(output.stdout).unwrap();
        assert!(!output.status.success() && said.contains(what), "{said}");
    }
}

#[test]
fn a_layer_may_be_a_named_pipe() {
    let workshop = Workshop::open();
    let path = workshop.path("pipe");
    mknodat(CWD, &path, FileType::Fifo, Mode::from_raw_mode(0o600), 0).unwrap();
    let tar = archive(&[Item::file("a", &vec![7; 3 << 20])]);
    let writer = {
        let path = path.clone();
        thread::spawn(move || OpenOptions::new().write(true).open(path).unwrap().write_all(&tar).unwrap())
    };
    let layer = Layer { path, compression: Compression::Detect, digest: None, diff_id: None };
    let tree = read(&out(&workshop), &[layer], ROOMY).unwrap();
    assert_eq!(tree.inodes.len(), 2);
    writer.join().unwrap();
    let folder = Layer { path: workshop.path(""), compression: Compression::Detect, digest: None, diff_id: None };
    assert!(read(&out(&workshop), &[folder], ROOMY).is_err_and(|refusal| refusal.code == Code::FileUnreadable));
}
