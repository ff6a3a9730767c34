use std::process::Command;
use std::time::Instant;

use crate::client::{World, text, user};

#[test]
fn a_command_gets_its_input_and_gives_its_output_and_its_code() {
    let world = World::new();
    let output = world.ssh(&[], &["id -un; cat; echo aside >&2; exit 7"], b"from outside\n");
    assert_eq!(output.status.code(), Some(7), "{}", world.said());
    assert_eq!(text(&output.stdout), format!("{}\nfrom outside", user()));
    assert_eq!(text(&output.stderr), "aside");
}

#[test]
fn a_shell_reads_its_commands_as_somebody_who_logs_in() {
    let world = World::new();
    let output = world.ssh(&[], &[], b"echo $0\nexit 3\n");
    assert_eq!(output.status.code(), Some(3));
    assert!(text(&output.stdout).ends_with("sh"), "{output:?}");
    assert!(text(&output.stdout).contains('-'), "{output:?}");
}

#[test]
fn an_end_by_a_signal_is_told_as_one() {
    let world = World::new();
    let output = world.ssh(&["-v", "-o", "LogLevel=DEBUG1"], &["kill -TERM $$"], b"");
    assert_eq!(output.status.code(), Some(255));
    assert!(text(&output.stderr).contains("rtype exit-signal"), "{output:?}");
}

#[test]
fn the_environment_is_that_of_the_guest_and_of_the_login_and_what_the_client_says() {
    let world = World::new();
    let show = "echo $FROM_GUEST $LOGNAME $MINE; [ -n \"$SSH_CONNECTION\" ] && [ -z \"$SSH_TTY\" ] && pwd";
    let output = world.ssh(&["-o", "SetEnv=MINE=said"], &[show], b"");
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert!(text(&output.stdout).starts_with(&format!("yes {} said\n", user())), "{output:?}");
}

#[test]
fn what_runs_on_behind_a_command_keeps_its_output_open_and_loses_nothing() {
    let world = World::new();
    let output = world.ssh(&[], &["(sleep 0.5; echo late) & echo early; exit 4"], b"");
    assert_eq!((output.status.code(), text(&output.stdout)), (Some(4), "early\nlate".into()));
}

#[test]
fn several_commands_share_one_connection() {
    let world = World::new();
    let control = format!("ControlPath={}", world.path("control").display());
    let mut master = world.program("ssh");
    master.args(["-M", "-N", "-f", "-o", &control, "guest"]);
    assert!(master.status().unwrap().success());
    let outputs: Vec<_> = std::thread::scope(|scope| {
        let one = |number: usize| {
            let (world, control) = (&world, &control);
            move || world.ssh(&["-o", control], &[&format!("sleep 0.3; echo {number}; exit {number}")], b"")
        };
        let running: Vec<_> = (0..6).map(|number| scope.spawn(one(number))).collect();
        running.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    for (number, output) in outputs.iter().enumerate() {
        assert_eq!((output.status.code(), text(&output.stdout)), (Some(number as i32), number.to_string()));
    }
    world.ssh(&["-o", &control, "-O", "exit"], &[], b"");
}

#[test]
fn a_command_with_pipes_outlives_its_client_and_one_in_a_terminal_does_not() {
    let world = World::new();
    let mark = world.path("mark");
    for (options, survives) in [(vec![], true), (vec!["-tt"], false)] {
        let line = format!("echo ready; sleep 2; touch {}", mark.display());
        let mut client = world.program("ssh");
        client.args(options).arg("guest").arg(line);
        let mut client =
            client.stdin(std::process::Stdio::piped()).stdout(std::process::Stdio::piped()).spawn().unwrap();
        let mut ready = [0; 5];
        std::io::Read::read_exact(client.stdout.as_mut().unwrap(), &mut ready).unwrap();
        client.kill().unwrap();
        client.wait().unwrap();
        let start = Instant::now();
        while !crate::client::exists(&mark) && start.elapsed().as_secs() < 6 {
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
        assert_eq!(crate::client::exists(&mark), survives);
        let _ = std::fs::remove_file(&mark);
    }
}

#[test]
fn words_that_are_none_are_refused() {
    for words in [vec![], vec!["serve"], vec!["make-key"], vec!["serve", "--host-key", "a"]] {
        let output = Command::new(env!("CARGO_BIN_EXE_banger-sshd")).args(words).output().unwrap();
        assert_eq!(output.status.code(), Some(2));
    }
}
