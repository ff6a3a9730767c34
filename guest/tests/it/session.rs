//! Hosts that come, go, die and misbehave.

use std::io::Read as _;

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;

use crate::agent::{Agent, is_alive, wait_until};
use crate::host::{Exec, Host, NONCE, in_runtime, run, send, shell, sync};

const OTHER: &str = "fedcba9876543210fedcba9876543210";

#[test]
fn the_agent_speaks_first() {
    let (agent, listener) = Agent::connecting();
    let (mut socket, _) = listener.accept().unwrap();
    let mut hello = Vec::new();
    while hello.last() != Some(&b'\n') {
        let mut byte = [0];
        socket.read_exact(&mut byte).unwrap();
        hello.push(byte[0]);
    }
    let json = hello.strip_prefix(b"banger-hello ").expect("a hello");
    let json: Value = serde_json::from_slice(json).unwrap();
    assert_eq!(json["protocol"], 1);
    assert_eq!(json["boot"].as_str().unwrap().len(), 32);
    drop(agent);
}

#[test]
fn hello_is_said_even_to_a_host_that_syncs_at_once() {
    in_runtime(async {
        let agent = Agent::listening();
        for _ in 0..20 {
            let mut socket = UnixStream::connect(agent.wire()).await.unwrap();
            let mut bytes = vec![0; 32_768];
            bytes.extend_from_slice(format!("banger-sync {NONCE}\n").as_bytes());
            let (mut reader, mut writer) = socket.split();
            let mut first = [0; 13];
            let (read, written) = tokio::join!(reader.read_exact(&mut first), writer.write_all(&bytes));
            read.unwrap();
            written.unwrap();
            assert_eq!(&first, b"banger-hello ");
        }
    });
}

#[test]
fn an_agent_whose_only_host_hangs_up_ends_its_commands_and_itself() {
    in_runtime(async {
        let (mut agent, listener) = Agent::connecting();
        let (socket, _) = listener.accept().unwrap();
        socket.set_nonblocking(true).unwrap();
        let mut socket = UnixStream::from_std(socket).unwrap();
        sync(&mut socket, NONCE).await;
        let host = Host::speak(socket).await;
        let mut exec = Exec::start(&host, &shell("echo up; sleep 100")).await;
        let pid = exec.started().await;
        exec.until("up").await;
        drop(exec);
        drop(host);
        // The connection closes when its task is next looked at.
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        agent.wait();
        wait_until("the command is gone", || !is_alive(pid));
    });
}

/// On one byte stream, as on a virtio port: the second host has nothing but the bytes that the first one left behind.
#[test]
fn a_host_that_dies_in_a_frame_of_an_upload_is_followed_by_another() {
    in_runtime(async {
        let agent = Agent::listening();
        let wire = UnixStream::connect(agent.wire()).await.unwrap();
        let (near, mut far) = UnixStream::pair().unwrap();
        let (mut from_agent, mut to_agent) = wire.into_split();
        // The first host speaks into `near`; what it says is passed on by hand, so that it can be cut anywhere.
        let first = tokio::spawn(async move {
            let mut near = near;
            sync(&mut near, NONCE).await;
            let host = Host::speak(near).await;
            let mut exec = Exec::start(&host, &serde_json::json!({"argv": ["cat"], "env": {}})).await;
            let pid = exec.started().await;
            let upload = async {
                loop {
                    exec.say(1, &[42; 65_536]).await;
                    while let Ok(Some(_)) = tokio::time::timeout(std::time::Duration::ZERO, exec.next()).await {}
                }
            };
            tokio::select! {
                () = upload => {}
                () = tokio::time::sleep(std::time::Duration::from_millis(300)) => {}
            }
            std::mem::forget(exec);
            std::mem::forget(host);
            pid
        });
        let mut passed = 0_usize;
        let (mut up, mut down) = ([0; 4096], vec![0; 65_536]);
        while !first.is_finished() {
            tokio::select! {
                count = far.read(&mut up) => {
                    let count = count.unwrap();
                    // Odd pieces: the last one ends in the middle of a frame.
                    let part = if passed > 1_000_000 { count.min(1_001) } else { count };
                    to_agent.write_all(&up[..part]).await.unwrap();
                    passed += part;
                    if part < count { break; }
                }
                count = from_agent.read(&mut down) => far.write_all(&down[..count.unwrap()]).await.unwrap(),
                () = tokio::time::sleep(std::time::Duration::from_millis(20)) => {}
            }
        }
        first.abort();
        assert!(passed > 1_000_000, "the upload was under way: {passed}");
        let mut socket = from_agent.reunite(to_agent).unwrap();
        sync(&mut socket, OTHER).await;
        let host = Host::speak(socket).await;
        assert_eq!(run(&host, &shell("echo works")).await.stdout, b"works\n");
    });
}

#[test]
fn a_new_session_hangs_up_on_the_commands_of_the_old() {
    in_runtime(async {
        let agent = Agent::listening();
        let wire = UnixStream::connect(agent.wire()).await.unwrap();
        let mut wire = wire;
        sync(&mut wire, NONCE).await;
        // The same socket twice: the first host goes away without a word.
        let again = wire.into_std().unwrap();
        let first = UnixStream::from_std(again.try_clone().unwrap()).unwrap();
        let host = Host::speak(first).await;
        let mut exec = Exec::start(&host, &shell("echo up; sleep 100")).await;
        let pid = exec.started().await;
        exec.until("up").await;
        host.connection.abort();
        let mut second = UnixStream::from_std(again).unwrap();
        sync(&mut second, OTHER).await;
        let host = Host::speak(second).await;
        assert_eq!(run(&host, &shell("echo works")).await.stdout, b"works\n");
        tokio::task::spawn_blocking(move || wait_until("the old command is gone", || !is_alive(pid))).await.unwrap();
    });
}

#[test]
fn junk_of_every_kind_leaves_it_standing() {
    in_runtime(async {
        let mut agent = Agent::listening();
        let mut seed = 0x9e37_79b9_7f4a_7c15_u64;
        let mut random = move || {
            seed ^= seed << 13;
            seed ^= seed >> 7;
            seed ^= seed << 17;
            seed
        };
        for round in 0..60 {
            let mut socket = UnixStream::connect(agent.wire()).await.unwrap();
            let mut bytes: Vec<u8> = Vec::new();
            if round % 3 > 0 {
                bytes.extend(vec![0; 32_768]);
                bytes.extend(format!("banger-sync {NONCE}\n").bytes());
            }
            if round % 3 > 1 {
                bytes.extend(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0");
            }
            for _ in 0..random() % 2000 {
                // Frames with true lengths now and then, so that junk reaches further in.
                let payload = random() % 40;
                bytes.extend([0, 0, payload as u8, random() as u8 % 12, random() as u8, 0, 0, 0, random() as u8 % 8]);
                bytes.extend((0..payload).map(|_| random() as u8));
            }
            // The agent may hang up in the middle, or not read on; neither is an error of ours.
            let _ = tokio::time::timeout(std::time::Duration::from_millis(100), socket.write_all(&bytes)).await;
        }
        assert!(agent.is_running());
        let host = Host::connect(&agent.wire()).await;
        assert_eq!(run(&host, &shell("echo works")).await.stdout, b"works\n");
        assert!(agent.memory() < 64 << 20, "{} bytes", agent.memory());
    });
}

#[test]
fn a_broken_frame_ends_its_stream_and_command_alone() {
    in_runtime(async {
        let agent = Agent::listening();
        let host = Host::connect(&agent.wire()).await;
        for junk in [
            &[99, 0, 0, 0, 0][..],
            &[1, 0xff, 0xff, 0xff, 0xff],
            &[17, 0, 0, 0, 0],
            &[4, 0, 0, 0, 1, 200],
            &[0, 0, 0, 0, 0],
        ] {
            let mut exec = Exec::start(&host, &shell("echo up; exec sleep 100")).await;
            let pid = exec.started().await;
            exec.until("up").await;
            send(&mut exec.sender, bytes::Bytes::copy_from_slice(junk)).await.unwrap();
            while exec.next().await.is_some() {}
            tokio::task::spawn_blocking(move || wait_until("the command is gone", || !is_alive(pid))).await.unwrap();
        }
        assert_eq!(run(&host, &shell("echo works")).await.stdout, b"works\n");
    });
}

#[test]
fn an_idle_agent_costs_nothing() {
    in_runtime(async {
        let agent = Agent::listening();
        let _host = Host::connect(&agent.wire()).await;
        let before = agent.ticks();
        tokio::time::sleep(std::time::Duration::from_millis(1500)).await;
        assert!(agent.ticks() - before <= 1);
    });
}

#[test]
fn takes_the_place_of_a_dead_agent_but_of_nothing_else() {
    let agent = Agent::listening();
    let serve = |path: &std::path::Path| {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_banger-agent"));
        command.args(["serve", "--listen"]).arg(path).stderr(std::process::Stdio::null());
        command
    };
    assert_eq!(serve(&agent.wire()).status().unwrap().code(), Some(1), "one that lives is left alone");
    let file = agent.folder().join("file");
    std::fs::write(&file, "kept").unwrap();
    assert_eq!(serve(&file).status().unwrap().code(), Some(1));
    assert_eq!(std::fs::read(&file).unwrap(), b"kept");
    let stale = agent.folder().join("stale");
    drop(std::os::unix::net::UnixListener::bind(&stale).unwrap());
    let mut next = serve(&stale).spawn().unwrap();
    wait_until("it answers", || std::os::unix::net::UnixStream::connect(&stale).is_ok());
    next.kill().unwrap();
    next.wait().unwrap();
}
