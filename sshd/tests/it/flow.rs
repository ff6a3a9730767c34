//! Much of it, and in both directions at once.

use std::process::Stdio;
use std::thread::sleep;
use std::time::Duration;

use crate::client::{World, run, text};

const BYTES: usize = 16 << 20;

fn content() -> Vec<u8> {
    let mut state = 1_u64;
    let next = |_| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 56) as u8
    };
    (0..BYTES).map(next).collect()
}

#[test]
fn a_client_that_sends_more_than_it_reads_is_not_waited_for_in_vain() {
    let world = World::new();
    // Nobody reads for a while, and all buffers between here and there are full.
    let command = format!("ssh -F {} guest cat | (sleep 1; cat)", world.path("config").display());
    let mut shell = std::process::Command::new("sh");
    shell.args(["-c", &command]).env("HOME", &world.folder);
    let content = content();
    let output = run(shell, &content);
    assert!(output.stdout == content, "{} bytes came back", output.stdout.len());
}

#[test]
fn new_keys_come_in_the_middle_of_it_from_either_side() {
    let content = content();
    for (world, option) in
        [(World::with("--rekey-bytes 300000"), "RekeyLimit=default"), (World::new(), "RekeyLimit=300000")]
    {
        for cipher in ["chacha20-poly1305@openssh.com", "aes256-gcm@openssh.com"] {
            let output = world.ssh(&["-c", cipher, "-o", option], &["cat"], &content);
            assert!(output.stdout == content, "{} bytes came back: {}", output.stdout.len(), world.said());
        }
    }
}

#[test]
fn a_command_that_does_not_read_holds_up_no_other_on_its_connection() {
    let world = World::new();
    let control = format!("ControlPath={}", world.path("control").display());
    let mut master = world.program("ssh");
    assert!(master.args(["-M", "-N", "-f", "-o", &control, "guest"]).status().unwrap().success());
    let mut deaf = world.program("ssh");
    deaf.args(["-o", &control, "guest", "sleep 30"]);
    let mut deaf = deaf.stdin(std::fs::File::open("/dev/zero").unwrap()).stdout(Stdio::null()).spawn().unwrap();
    sleep(Duration::from_millis(500));
    let content = content();
    let output = world.ssh(&["-o", &control], &["cat"], &content);
    assert!(output.stdout == content, "{} bytes came back", output.stdout.len());
    deaf.kill().unwrap();
    deaf.wait().unwrap();
    world.ssh(&["-o", &control, "-O", "exit"], &[], b"");
}

#[test]
fn a_reader_that_goes_away_ends_who_writes() {
    let world = World::new();
    let command = format!("ssh -F {} guest 'yes; echo ended >&2' | head -n 1", world.path("config").display());
    let mut shell = std::process::Command::new("sh");
    shell.args(["-c", &command]).env("HOME", &world.folder);
    assert_eq!(text(&run(shell, b"").stdout), "y");
}
