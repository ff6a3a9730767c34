//! Much, many, and slow.

use std::collections::hash_map::DefaultHasher;
use std::hash::Hasher;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::agent::Agent;
use crate::host::{Exec, Host, in_runtime, run, shell};

#[test]
fn sixty_four_mebibytes_arrive_as_they_were() {
    in_runtime(async {
        let agent = Agent::listening();
        let host = Host::connect(&agent.wire()).await;
        let make = "i=0; while [ $i -lt 64 ]; do head -c 1048576 /dev/zero | tr '\\0' \"\\\\$((101 + i % 7))\"; i=$((i+1)); done";
        let mut exec = Exec::start(&host, &shell(make)).await;
        let (mut count, mut hash) = (0, DefaultHasher::new());
        let mut by_byte = DefaultHasher::new();
        while let Some((kind, payload)) = exec.next().await {
            if kind == 17 {
                count += payload.len();
                payload.iter().for_each(|&byte| hash.write_u8(byte));
            }
        }
        for piece in 0..64_u32 {
            // `tr` takes octal digits.
            let byte = u8::from_str_radix(&(101 + piece % 7).to_string(), 8).unwrap();
            (0..1_048_576).for_each(|_| by_byte.write_u8(byte));
        }
        assert_eq!((count, hash.finish()), (64 << 20, by_byte.finish()));
    });
}

#[test]
fn input_comes_back_unchanged_through_a_command() {
    in_runtime(async {
        let agent = Agent::listening();
        let host = Host::connect(&agent.wire()).await;
        let mut exec = Exec::start(&host, &json!({"argv": ["sha256sum"], "env": {}})).await;
        for _ in 0..128 {
            exec.say(1, &[0x5a; 65_536]).await;
        }
        exec.say(2, b"").await;
        let expected = run(&host, &shell("head -c 8388608 /dev/zero | tr '\\0' Z | sha256sum")).await;
        assert_eq!(exec.finish().await.stdout, expected.stdout);
    });
}

#[test]
fn a_client_that_does_not_read_stops_its_command_and_nobody_else() {
    in_runtime(async {
        let mut agent = Agent::listening();
        let host = Host::connect(&agent.wire()).await;
        let progress = agent.folder().join("progress");
        let line = format!("while :; do head -c 65536 /dev/zero; echo >> {}; done", progress.display());
        let mut stuck = Vec::new();
        for _ in 0..2 {
            let exec = Exec::start(&host, &shell(&line)).await;
            stuck.push(exec);
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
        let written = std::fs::metadata(&progress).unwrap().len();
        let start = Instant::now();
        assert_eq!(run(&host, &shell("echo works")).await.stdout, b"works\n");
        assert!(start.elapsed() < Duration::from_secs(2));
        tokio::time::sleep(Duration::from_millis(300)).await;
        assert_eq!(std::fs::metadata(&progress).unwrap().len(), written, "they stand still");
        assert!(agent.is_running() && agent.memory() < 32 << 20, "{} bytes", agent.memory());
    });
}

#[test]
fn a_command_that_does_not_read_stops_its_client_and_nobody_else() {
    in_runtime(async {
        let agent = Agent::listening();
        let host = Host::connect(&agent.wire()).await;
        let mut exec = Exec::start(&host, &json!({"argv": ["sleep", "100"], "env": {}})).await;
        let upload = async {
            for _ in 0..64 {
                exec.say(1, &[1; 65_536]).await;
            }
        };
        assert!(tokio::time::timeout(Duration::from_millis(500), upload).await.is_err(), "4 MiB do not fit");
        assert_eq!(run(&host, &shell("echo works")).await.stdout, b"works\n");
        assert!(agent.memory() < 32 << 20, "{} bytes", agent.memory());
    });
}

#[test]
fn many_at_once() {
    in_runtime(async {
        let agent = Agent::listening();
        let host = Host::connect(&agent.wire()).await;
        let mut running = Vec::new();
        for number in 0..100 {
            running
                .push((number, Exec::start(&host, &shell(&format!("read x; echo {number} $x; exit {number}"))).await));
        }
        for (_, exec) in &mut running {
            exec.say(1, b"go\n").await;
        }
        for (number, exec) in running {
            let outcome = exec.finish().await;
            assert_eq!(outcome.stdout, format!("{number} go\n").as_bytes());
            assert_eq!(outcome.end, json!({"code": number}));
        }
    });
}

/// Not a test of speed: prints what there is, and fails only when something is badly wrong.
#[test]
fn throughput() {
    in_runtime(async {
        let agent = Agent::listening();
        let host = Host::connect(&agent.wire()).await;
        let start = Instant::now();
        let mut exec = Exec::start(&host, &shell("head -c 268435456 /dev/zero")).await;
        let mut count = 0;
        while let Some((kind, payload)) = exec.next().await {
            count += if kind == 17 { payload.len() } else { 0 };
        }
        let down = count as f64 / 1e6 / start.elapsed().as_secs_f64();
        assert_eq!(count, 256 << 20);
        let start = Instant::now();
        let mut exec = Exec::start(&host, &shell("cat > /dev/null")).await;
        for _ in 0..4096 {
            exec.say(1, &[0; 65_536]).await;
        }
        exec.say(2, b"").await;
        exec.finish().await;
        let up = 268.4 / start.elapsed().as_secs_f64();
        let start = Instant::now();
        for _ in 0..50 {
            run(&host, &json!({"argv": ["/bin/true"], "env": {}})).await;
        }
        let each = start.elapsed().as_secs_f64() * 20.0;
        println!("from the guest {down:.0} MB/s, to the guest {up:.0} MB/s, one command {each:.2} ms");
        assert!(down > 5.0 && up > 5.0);
    });
}
