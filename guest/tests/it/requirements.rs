//! Waiting in the guest.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::agent::{Agent, is_alive, wait_until};
use crate::host::{Host, in_runtime};

async fn wait_for(host: &Host, probe: Value, patience_ms: u64) -> Value {
    let wish = json!({"probe": probe, "patienceMs": patience_ms});
    let (status, answer) = host.ask("POST", "/await", Some(&wish.to_string())).await;
    assert_eq!(status.as_u16(), 200, "{answer}");
    answer
}

async fn soon(work: impl FnOnce()) {
    tokio::time::sleep(Duration::from_millis(150)).await;
    work();
}

#[test]
fn what_is_so_already_is_met_at_once() {
    in_runtime(async {
        let agent = Agent::listening();
        let host = Host::connect(&agent.wire()).await;
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        for probe in [
            json!({"kind": "tcp", "port": port}),
            json!({"kind": "file", "path": "/"}),
            json!({"kind": "command", "argv": ["true"]}),
        ] {
            let answer = wait_for(&host, probe.clone(), 20_000).await;
            assert_eq!((&answer["met"], &answer["why"]), (&json!(true), &Value::Null), "{probe}");
        }
    });
}

#[test]
fn what_comes_later_is_met_then() {
    in_runtime(async {
        let agent = Agent::listening();
        let host = Host::connect(&agent.wire()).await;
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        drop(listener);
        let (tcp, listener) =
            tokio::join!(wait_for(&host, json!({"kind": "tcp", "port": address.port()}), 20_000), async {
                tokio::time::sleep(Duration::from_millis(150)).await;
                TcpListener::bind(address).await.unwrap()
            });
        drop(listener);
        assert_eq!(tcp["met"], true);

        // The folder is not there either.
        let path = agent.folder().join("made/later/file");
        let probe = json!({"kind": "file", "path": path});
        let (file, ()) = tokio::join!(
            wait_for(&host, probe, 20_000),
            soon(|| {
                std::fs::create_dir_all(path.parent().unwrap()).unwrap();
                std::fs::write(&path, "").unwrap();
            })
        );
        assert_eq!(file["met"], true);

        let flag = agent.folder().join("flag");
        let probe = json!({"kind": "command", "argv": ["test", "-e", flag]});
        let (command, ()) = tokio::join!(wait_for(&host, probe, 20_000), soon(|| std::fs::write(&flag, "").unwrap()));
        assert_eq!(command["met"], true);
    });
}

#[test]
fn what_never_comes_is_given_up_in_time_and_says_how_it_was() {
    in_runtime(async {
        let agent = Agent::listening();
        let host = Host::connect(&agent.wire()).await;
        let start = Instant::now();
        let asked = tokio::join!(
            wait_for(&host, json!({"kind": "tcp", "port": 1}), 300),
            wait_for(&host, json!({"kind": "file", "path": "/no/such/file"}), 300),
            wait_for(&host, json!({"kind": "command", "argv": ["sh", "-c", "exit 7"]}), 300),
            wait_for(&host, json!({"kind": "command", "argv": ["no-such-program"]}), 300),
            wait_for(&host, json!({"kind": "command", "argv": ["sleep", "100"]}), 300),
        );
        assert!(start.elapsed() < Duration::from_secs(20));
        let whys = [&asked.0, &asked.1, &asked.2, &asked.3, &asked.4].map(|answer| {
            assert!(answer["met"] == false && answer["ms"].as_u64().unwrap() >= 300, "{answer}");
            answer["why"].as_str().unwrap().to_owned()
        });
        assert_eq!(whys[0], "nothing listens on port 1");
        assert_eq!(whys[1], "there is no such file");
        assert_eq!(whys[2], "it ended with code 7");
        assert!(whys[3].contains("there is no no-such-program"), "{}", whys[3]);
        assert_eq!(whys[4], "it has not ended");
    });
}

#[test]
fn a_host_that_goes_away_takes_the_waiting_along() {
    in_runtime(async {
        let agent = Agent::listening();
        let pid_file = agent.folder().join("pid");
        let host = Host::connect(&agent.wire()).await;
        let line = format!("echo $$ > {}.new; mv {0}.new {0}; sleep 100; exit 1", pid_file.display());
        let wish = json!({"probe": {"kind": "command", "argv": ["sh", "-c", line]}, "patienceMs": 60_000}).to_string();
        let (response, mut sender) = host.begin("POST", "/await", false).await;
        sender.send_data(wish.into(), true).unwrap();
        wait_until_async("the command runs", || pid_file.exists()).await;
        let pid: i32 = std::fs::read_to_string(&pid_file).unwrap().trim().parse().unwrap();
        drop(response);
        sender.send_reset(h2::Reason::CANCEL);
        tokio::task::yield_now().await;
        tokio::time::sleep(Duration::from_millis(50)).await;
        wait_until("the command is gone", || !is_alive(pid));
    });
}

async fn wait_until_async(what: &str, holds: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while !holds() {
        assert!(Instant::now() < deadline, "waited in vain: {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[test]
fn a_wish_that_is_none_is_refused() {
    in_runtime(async {
        let agent = Agent::listening();
        let host = Host::connect(&agent.wire()).await;
        for body in
            ["", "{}", r#"{"probe":{"kind":"tcp","port":1}}"#, r#"{"probe":{"kind":"file","path":"x"},"patienceMs":1}"#]
        {
            let (status, answer) = host.ask("POST", "/await", Some(body)).await;
            assert_eq!((status.as_u16(), &answer["code"]), (400, &json!("invalid")), "{body}");
        }
        assert_eq!(host.ask("GET", "/await", None).await.0.as_u16(), 405);
    });
}
