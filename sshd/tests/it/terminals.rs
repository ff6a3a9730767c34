use std::io::{Read, Write};
use std::process::Stdio;

use crate::client::{World, text};

#[test]
fn a_command_gets_a_terminal_of_its_own_with_the_clients_word_for_it() {
    let world = World::new();
    let show = "tty; echo $TERM; [ \"$SSH_TTY\" = \"$(tty)\" ] && [ -t 0 ] && [ -t 2 ] && echo all";
    let mut command = world.program("ssh");
    command.args(["-tt", "guest", show]).env("TERM", "xterm-256color");
    let said = text(&crate::client::run(command, b"").stdout);
    let lines: Vec<&str> = said.lines().map(str::trim_end).collect();
    assert!(lines[0].starts_with("/dev/pts/"), "{said}");
    assert_eq!(lines[1..], ["xterm-256color", "all"], "{said}");
}

#[test]
fn the_end_of_the_input_is_typed_and_an_interrupt_reaches_who_is_in_front() {
    let world = World::new();
    let output = world.ssh(&["-tt"], &["cat; echo over"], b"line\n");
    assert!(text(&output.stdout).ends_with("over"), "{output:?}");
    let mut client = world.program("ssh");
    client.args(["-tt", "guest", "trap 'exit 9' INT; echo go; sleep 20; echo slept"]);
    let mut client = client.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut ready = [0; 2];
    client.stdout.as_mut().unwrap().read_exact(&mut ready).unwrap();
    client.stdin.as_mut().unwrap().write_all(b"\x03").unwrap();
    assert_eq!(client.wait().unwrap().code(), Some(9));
}

#[test]
fn a_job_that_stays_behind_does_not_keep_the_terminal() {
    let world = World::new();
    let begun = std::time::Instant::now();
    let output = world.ssh(&["-tt"], &["trap '' HUP; sleep 30 & echo done; exit 5"], b"");
    assert_eq!(output.status.code(), Some(5), "{output:?}");
    assert!(begun.elapsed().as_secs() < 25);
}

#[test]
fn a_terminal_has_the_size_and_the_modes_of_the_clients() {
    let world = World::new();
    let config = world.path("config");
    let inner = format!("ssh -F {} -t guest 'stty size; stty -a | grep -o \"erase = ^H\"'", config.display());
    let line = format!("stty rows 31 cols 97 erase ^H; {inner}");
    let mut script = std::process::Command::new("script");
    script.args(["-qec", &line, "/dev/null"]).env("HOME", &world.folder);
    let output = crate::client::run(script, b"");
    let said = text(&output.stdout);
    assert!(said.contains("31 97") && said.contains("erase = ^H"), "{output:?}");
}
