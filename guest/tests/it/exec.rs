//! Commands: how they start, speak, are steered and end.

use serde_json::json;

use crate::agent::{Agent, is_alive, wait_until};
use crate::host::{Exec, Host, in_runtime, run, shell};

#[test]
fn tells_output_errors_and_exit_code() {
    in_runtime(async {
        let agent = Agent::listening();
        let host = Host::connect(&agent.wire()).await;
        let outcome = run(&host, &shell("echo out; echo err >&2; exit 7")).await;
        assert_eq!(outcome.stdout, b"out\n");
        assert_eq!(outcome.stderr, b"err\n");
        assert_eq!(outcome.end, json!({"code": 7}));
    });
}

#[test]
fn passes_input_through_and_its_end() {
    in_runtime(async {
        let agent = Agent::listening();
        let host = Host::connect(&agent.wire()).await;
        let mut exec = Exec::start(&host, &json!({"argv": ["cat"], "env": {}})).await;
        exec.say(1, b"hello ").await;
        exec.until("hello ").await;
        exec.say(1, b"world").await;
        exec.say(2, b"").await;
        let outcome = exec.finish().await;
        assert_eq!((outcome.stdout.as_slice(), &outcome.end), (b"world".as_slice(), &json!({"code": 0})));
    });
}

#[test]
fn takes_the_end_of_the_stream_for_the_end_of_input() {
    in_runtime(async {
        let agent = Agent::listening();
        let host = Host::connect(&agent.wire()).await;
        let mut exec = Exec::start(&host, &json!({"argv": ["cat"], "env": {}})).await;
        exec.say(1, b"x").await;
        exec.sender.send_data(bytes::Bytes::new(), true).unwrap();
        assert_eq!(exec.finish().await.stdout, b"x");
    });
}

#[test]
fn sends_signals_to_the_whole_group() {
    in_runtime(async {
        let agent = Agent::listening();
        let host = Host::connect(&agent.wire()).await;
        let mut exec = Exec::start(&host, &shell("sleep 100 & echo $!; wait")).await;
        exec.started().await;
        let sleeper: i32 = exec.until("\n").await.trim().parse().unwrap();
        exec.say(4, &[15]).await;
        assert_eq!(exec.finish().await.end, json!({"signal": 15}));
        wait_until("the group ends", || !is_alive(sleeper));
    });
}

#[test]
fn a_signal_gets_through_behind_input_that_nobody_reads() {
    in_runtime(async {
        let agent = Agent::listening();
        let host = Host::connect(&agent.wire()).await;
        let mut exec = Exec::start(&host, &json!({"argv": ["sleep", "100"], "env": {}})).await;
        for _ in 0..8 {
            exec.say(1, &[7; 65_536]).await;
        }
        exec.say(4, &[9]).await;
        assert_eq!(exec.finish().await.end, json!({"signal": 9}));
    });
}

#[test]
fn gives_a_terminal_and_resizes_it() {
    in_runtime(async {
        let agent = Agent::listening();
        let host = Host::connect(&agent.wire()).await;
        let spec = json!({"argv": ["sh", "-c", "tty; echo $TERM; stty size; read x; stty size; exit 3"], "env": {},
            "tty": {"rows": 24, "columns": 80, "term": "xterm-256color"}});
        let mut exec = Exec::start(&host, &spec).await;
        let text = exec.until("24 80").await;
        assert!(text.contains("/dev/pts/") && text.contains("xterm-256color"), "{text}");
        exec.say(3, &[0, 50, 0, 132]).await;
        exec.say(1, b"\r").await;
        let outcome = exec.finish().await;
        assert!(String::from_utf8_lossy(&outcome.stdout).contains("50 132"));
        assert_eq!(outcome.end, json!({"code": 3}));
    });
}

#[test]
fn a_terminal_interrupts_and_ends_by_its_characters() {
    in_runtime(async {
        let agent = Agent::listening();
        let host = Host::connect(&agent.wire()).await;
        let tty = json!({"rows": 24, "columns": 80, "term": "dumb"});
        let mut exec =
            Exec::start(&host, &json!({"argv": ["sh", "-c", "echo up; exec sleep 100"], "env": {}, "tty": tty})).await;
        exec.until("up").await;
        exec.say(1, b"\x03").await;
        assert_eq!(exec.finish().await.end, json!({"signal": 2}));
        let outcome = run(&host, &json!({"argv": ["cat"], "env": {}, "tty": tty})).await;
        assert_eq!(outcome.end, json!({"code": 0}), "the end of input reaches a terminal as its character");
    });
}

#[test]
fn sets_user_environment_and_folder() {
    in_runtime(async {
        let agent = Agent::listening();
        let host = Host::connect(&agent.wire()).await;
        let spec = json!({"argv": ["sh", "-c", "pwd; echo $GREETING $HOME $LANG"], "env": {"GREETING": "hi", "HOME": "/x"}, "cwd": "/usr"});
        let outcome = run(&host, &spec).await;
        assert_eq!(String::from_utf8_lossy(&outcome.stdout), "/usr\nhi /x C.UTF-8\n");
        if nix_is_root() {
            let outcome = run(&host, &json!({"argv": ["id"], "env": {}, "user": "nobody"})).await;
            let text = String::from_utf8_lossy(&outcome.stdout).into_owned();
            assert!(text.starts_with("uid=65534(nobody) gid=65534(nogroup) groups=65534(nogroup)"), "{text}");
            let outcome = run(&host, &json!({"argv": ["id", "-G"], "env": {}, "user": "12345:5"})).await;
            assert_eq!(outcome.stdout, b"5\n");
        }
    });
}

#[test]
fn says_why_a_command_cannot_start() {
    in_runtime(async {
        let agent = Agent::listening();
        let host = Host::connect(&agent.wire()).await;
        let data = agent.folder().join("data");
        std::fs::write(&data, "no program").unwrap();
        let script = agent.folder().join("script");
        std::fs::write(&script, "#!/no/such/interpreter\n").unwrap();
        std::fs::set_permissions(&script, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
        let cases = [
            (json!({"argv": ["no-such-program"], "env": {}}), "not_found"),
            (json!({"argv": ["/no/such/program"], "env": {}}), "not_found"),
            (json!({"argv": [script], "env": {}}), "not_found"),
            (json!({"argv": [data], "env": {}}), "not_executable"),
            (json!({"argv": ["/etc"], "env": {}}), "not_executable"),
            (json!({"argv": ["true"], "env": {}, "cwd": "/no/such/folder"}), "bad_cwd"),
            (json!({"argv": ["true"], "env": {}, "cwd": "/etc/passwd"}), "bad_cwd"),
            (json!({"argv": ["true"], "env": {}, "cwd": "etc"}), "bad_spec"),
            (json!({"argv": ["true"], "env": {}, "user": "no-such-user"}), "bad_user"),
            (json!({"argv": ["true"], "env": {}, "user": "root:no-such-group"}), "bad_user"),
            (json!({"argv": [], "env": {}}), "bad_spec"),
            (json!({"argv": ["true"]}), "bad_spec"),
            (json!({"argv": ["true"], "env": {"A=B": ""}}), "bad_spec"),
            (json!({"argv": ["true"], "env": {}, "surprise": 1}), "bad_spec"),
            (json!("true"), "bad_spec"),
        ];
        for (spec, code) in cases {
            let outcome = run(&host, &spec).await;
            assert!(outcome.failed, "{spec} started");
            assert_eq!(outcome.end["code"], code, "{spec}: {}", outcome.end);
        }
    });
}

#[test]
fn a_reason_that_is_long_when_written_down_ends_nothing() {
    in_runtime(async {
        let agent = Agent::listening();
        let host = Host::connect(&agent.wire()).await;
        // Each of these takes six bytes in JSON.
        for name in ["\u{1}".repeat(900), format!("/{}", "\u{1f}".repeat(4000)), "\"".repeat(5000)] {
            let outcome = run(&host, &json!({"argv": [name], "env": {}})).await;
            assert!(outcome.failed, "{}", outcome.end);
        }
        assert_eq!(run(&host, &shell("exit 4")).await.end, json!({"code": 4}), "the agent lives");
    });
}

#[test]
fn a_session_of_its_own_with_default_signals() {
    in_runtime(async {
        let agent = Agent::listening();
        let host = Host::connect(&agent.wire()).await;
        let outcome = run(&host, &shell("grep -E '^Sig(Blk|Ign)' /proc/self/status; cut -d' ' -f5,6 /proc/$$/stat; echo $$; ls /proc/self/fd | wc -l")).await;
        let text = String::from_utf8_lossy(&outcome.stdout).into_owned();
        let lines: Vec<&str> = text.lines().collect();
        assert!(lines[0].ends_with("\t0000000000000000") && lines[1].ends_with("\t0000000000000000"), "{text}");
        assert_eq!(lines[2], format!("{0} {0}", lines[3]));
        assert_eq!(lines[4], "4", "only the three standard descriptors and that of the folder itself");
    });
}

#[test]
fn does_not_wait_for_those_who_inherit_the_output() {
    in_runtime(async {
        let agent = Agent::listening();
        let host = Host::connect(&agent.wire()).await;
        let start = std::time::Instant::now();
        let outcome = run(&host, &shell("sleep 30 & echo done")).await;
        assert_eq!((outcome.stdout.as_slice(), &outcome.end), (b"done\n".as_slice(), &json!({"code": 0})));
        assert!(start.elapsed().as_secs() < 5);
        let outcome = run(&host, &shell("(sleep 0.05; echo late) & echo early")).await;
        assert_eq!(outcome.stdout, b"early\nlate\n", "those who are quick are heard");
    });
}

#[test]
fn a_client_that_goes_away_hangs_up() {
    in_runtime(async {
        let agent = Agent::listening();
        let host = Host::connect(&agent.wire()).await;
        let mark = agent.folder().join("hung-up");
        let line = format!("trap 'echo > {}; exit' HUP; echo up; while :; do sleep 0.01; done", mark.display());
        let mut exec = Exec::start(&host, &shell(&line)).await;
        exec.until("up").await;
        exec.sender.send_reset(h2::Reason::CANCEL);
        tokio::time::timeout(std::time::Duration::from_secs(4), async {
            while !mark.exists() {
                tokio::time::sleep(std::time::Duration::from_millis(10)).await;
            }
        })
        .await
        .expect("the command is hung up on");
    });
}

#[test]
fn what_ignores_the_hang_up_is_killed() {
    in_runtime(async {
        let agent = Agent::listening();
        let host = Host::connect(&agent.wire()).await;
        let mut exec = Exec::start(&host, &shell("trap '' HUP; echo up; sleep 100 & wait")).await;
        let pid = exec.started().await;
        exec.until("up").await;
        let start = std::time::Instant::now();
        drop(exec);
        drop(host);
        tokio::task::spawn_blocking(move || wait_until("it is killed", || !is_alive(pid))).await.unwrap();
        assert!((4..8).contains(&start.elapsed().as_secs()), "{:?}", start.elapsed());
    });
}

#[test]
fn a_job_on_a_terminal_that_ignores_the_hang_up_is_killed_in_whatever_group_it_is() {
    in_runtime(async {
        let agent = Agent::listening();
        let host = Host::connect(&agent.wire()).await;
        // A shell with job control gives each job a group of its own: one in the foreground, one behind it.
        let stubborn = "trap '' HUP; echo up $$.; while :; do sleep 0.1; done";
        let line = "set -m; trap '' HUP; sh -c \"$JOB\" & sh -c \"$JOB\"; true";
        let spec = json!({"argv": ["sh", "-c", line], "env": {"JOB": stubborn}, "tty": {"rows": 24, "columns": 80, "term": "dumb"}});
        let mut exec = Exec::start(&host, &spec).await;
        let mut text = String::new();
        while text.matches("up ").count() < 2 {
            text += &exec.until(".").await;
        }
        let jobs: Vec<i32> =
            text.split("up ").skip(1).map(|rest| rest.split('.').next().unwrap().parse().unwrap()).collect();
        drop(exec);
        drop(host);
        tokio::task::spawn_blocking(move || {
            wait_until("both jobs are killed", || !jobs.iter().any(|&job| is_alive(job)));
        })
        .await
        .unwrap();
    });
}

fn nix_is_root() -> bool {
    std::fs::metadata("/proc/self").is_ok_and(|own| std::os::unix::fs::MetadataExt::uid(&own) == 0)
}
