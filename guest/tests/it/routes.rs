//! Everything but commands.

use std::time::Duration;

use bytes::Bytes;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UdpSocket, UnixStream};

use crate::agent::{Agent, is_alive, wait_until};
use crate::host::{Exec, Host, in_runtime, next, read_exactly, read_to_end, run, send, shell};

fn plan() -> Value {
    json!({"hostname": "dev", "init": "agent", "time": {"unixMs": 1}, "entropy": "00".repeat(32), "root": null,
        "work": null, "network": null, "env": {"FROM": "plan", "BOTH": "plan"}})
}

#[test]
fn health_tells_where_things_stand() {
    in_runtime(async {
        let agent = Agent::listening();
        let host = Host::connect(&agent.wire()).await;
        let (status, health) = host.ask("GET", "/healthz", None).await;
        assert_eq!((status.as_u16(), &health["state"], &health["init"]), (200, &json!("waiting"), &json!("agent")));
        assert!(health["uptimeMs"].is_u64());
    });
}

#[test]
fn a_plan_is_given_once() {
    in_runtime(async {
        let agent = Agent::listening();
        let host = Host::connect(&agent.wire()).await;
        let (first, answer) = host.ask("POST", "/plan", Some(&plan().to_string())).await;
        assert_eq!((first.as_u16(), &answer["stages"]), (200, &json!([])));
        assert!(answer["kernel"].is_string());
        let (again, same) = host.ask("POST", "/plan", Some(&plan().to_string())).await;
        assert_eq!((again.as_u16(), same), (200, answer));
        let mut other = plan();
        other["hostname"] = json!("other");
        assert_eq!(host.ask("POST", "/plan", Some(&other.to_string())).await.0.as_u16(), 409);
        assert_eq!(host.ask("GET", "/healthz", None).await.1["state"], "configured");
        let spec = json!({"argv": ["sh", "-c", "echo $FROM $BOTH"], "env": {"BOTH": "spec"}});
        assert_eq!(run(&host, &spec).await.stdout, b"plan spec\n");
    });
}

#[test]
fn an_ordinary_process_lets_nobody_in_by_ssh_and_a_key_is_one_line() {
    in_runtime(async {
        let agent = Agent::listening();
        let host = Host::connect(&agent.wire()).await;
        let wish = |key: &str| json!({"authorizedKey": key}).to_string();
        for key in [
            "ssh-ed25519 AAAA",
            "ssh-rsa AAAA==",
            "ecdsa-sha2-nistp256 A+/A",
            "sk-ssh-ed25519@openssh.com AAAA",
            "sk-ecdsa-sha2-nistp256@openssh.com AAAA",
        ] {
            let (status, ready) = host.ask("POST", "/ssh/prepare", Some(&wish(key))).await;
            assert_eq!((status.as_u16(), ready), (200, json!({"server": null, "hostKey": null})), "{key}");
        }
        for key in [
            "",
            "ssh-ed25519",
            "ssh-ed25519 ",
            "ssh-ed25519 AAAA me",
            "ssh-ed25519 AA AA",
            "no-pty AAAA",
            "cert-authority ssh-ed25519 AAAA",
            "ssh-ed25519 AAAA\nssh-ed25519 BBBB",
            "command=\"sh\" ssh-rsa AAAA",
            "ssh-rsa \u{e9}",
            &"ssh-".repeat(4096),
        ] {
            assert_eq!(host.ask("POST", "/ssh/prepare", Some(&wish(key))).await.0.as_u16(), 400, "{key:.40}");
        }
        assert_eq!(host.ask("POST", "/ssh", None).await.0.as_u16(), 404);
        assert_eq!(host.ask("GET", "/ssh", None).await.1, json!({"image": null}));
        assert_eq!(host.ask("POST", &format!("/ssh/server/{}", "0".repeat(64)), None).await.0.as_u16(), 404);
        assert_eq!(host.ask("GET", "/ssh/prepare", None).await.0.as_u16(), 405);
    });
}

#[test]
fn commands_run_as_the_image_says_unless_they_say_otherwise() {
    in_runtime(async {
        let agent = Agent::listening();
        let host = Host::connect(&agent.wire()).await;
        let mut plan = plan();
        plan["commands"] = json!({"image": "web", "user": null, "cwd": "/usr"});
        assert_eq!(host.ask("POST", "/plan", Some(&plan.to_string())).await.0.as_u16(), 200);
        assert_eq!(run(&host, &json!({"argv": ["pwd"], "env": {}})).await.stdout, b"/usr\n");
        assert_eq!(run(&host, &json!({"argv": ["pwd"], "env": {}, "cwd": "/"})).await.stdout, b"/\n");
        let agent = Agent::listening();
        let host = Host::connect(&agent.wire()).await;
        plan["commands"] = json!({"image": "web", "user": "no-such-user", "cwd": "/no/such/folder"});
        assert_eq!(host.ask("POST", "/plan", Some(&plan.to_string())).await.0.as_u16(), 200);
        let spec = json!({"argv": ["pwd"], "env": {}});
        assert_eq!(
            run(&host, &spec).await.end,
            json!({"code": "bad_user", "message": "there is no user \"no-such-user\" in the guest: that is what image web says"})
        );
        let (uid, gid) = (rustix::process::geteuid().as_raw(), rustix::process::getegid().as_raw());
        let spec = json!({"argv": ["pwd"], "env": {}, "user": format!("{uid}:{gid}")});
        assert_eq!(
            run(&host, &spec).await.end,
            json!({"code": "bad_cwd", "message": "there is no folder /no/such/folder in the guest: that is what image web says"})
        );
    });
}

#[test]
fn nothing_is_installed_that_no_plan_left_out() {
    in_runtime(async {
        let agent = Agent::listening();
        let host = Host::connect(&agent.wire()).await;
        for _ in 0..2 {
            let (status, answer) = host.ask("POST", "/install", None).await;
            assert_eq!((status.as_u16(), &answer["code"]), (409, &json!("exists")));
            host.ask("POST", "/plan", Some(&plan().to_string())).await;
        }
        assert_eq!(host.ask("GET", "/install", None).await.0.as_u16(), 405);
    });
}

#[test]
fn a_plan_that_is_none_is_refused_and_costs_nothing() {
    in_runtime(async {
        let agent = Agent::listening();
        let host = Host::connect(&agent.wire()).await;
        let mut with_root = plan();
        with_root["root"] = json!({"base": {"serial": "b", "format": "ext4"}, "layer": {"serial": "l"}});
        let mut with_surprise = plan();
        with_surprise["surprise"] = json!(1);
        for body in [with_root.to_string(), with_surprise.to_string(), "{".into(), String::new()] {
            let (status, answer) = host.ask("POST", "/plan", Some(&body)).await;
            assert_eq!((status.as_u16(), &answer["code"]), (400, &json!("invalid")), "{body}");
        }
        let long = " ".repeat(1024 * 1024 + 1);
        assert_eq!(host.ask("POST", "/plan", Some(&long)).await.0.as_u16(), 413);
        assert_eq!(host.ask("POST", "/plan", Some(&plan().to_string())).await.0.as_u16(), 200);
    });
}

#[test]
fn unknown_places_and_methods_are_told_apart() {
    in_runtime(async {
        let agent = Agent::listening();
        let host = Host::connect(&agent.wire()).await;
        for (method, path, expected) in [
            ("GET", "/", 404),
            ("GET", "/nope", 404),
            ("POST", "/healthz", 405),
            ("GET", "/exec", 405),
            ("POST", "/stats", 405),
            ("POST", "/ports", 405),
            ("POST", "/offers/1", 404),
            ("POST", "/offers/x", 404),
            ("POST", "/dial/tcp/0", 400),
            ("POST", "/dial/tcp/65536", 400),
            ("POST", "/dial/tcp/+22", 400),
            ("POST", "/dial/udp/0", 400),
            ("GET", "/dial/udp/22", 405),
            ("POST", "/dial/sctp/22", 404),
            ("POST", "/listen/tcp/0", 400),
            ("GET", "/listen/tcp/22", 405),
        ] {
            let (status, answer) = host.ask(method, path, None).await;
            assert_eq!(status.as_u16(), expected, "{method} {path}");
            assert!(answer["code"].is_string() && answer["message"].is_string());
        }
    });
}

#[test]
fn stats_and_ports_are_told_while_commands_run() {
    in_runtime(async {
        let agent = Agent::listening();
        let host = Host::connect(&agent.wire()).await;
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let mut exec = Exec::start(&host, &shell("echo up; exec sleep 100")).await;
        exec.until("up").await;
        let (status, before) = host.ask("GET", "/stats", None).await;
        assert_eq!(status.as_u16(), 200, "{before}");
        assert!(before["root"]["totalBytes"].as_u64() > before["root"]["usedBytes"].as_u64());
        assert!(before["home"].is_null(), "a process has no work disk");
        let (_, after) = host.ask("GET", "/stats", None).await;
        assert!(after["cpu"]["busyMs"].as_u64() >= before["cpu"]["busyMs"].as_u64());
        let (status, seen) = host.ask("GET", "/ports", None).await;
        assert_eq!(status.as_u16(), 200, "{seen}");
        let own = seen["ports"].as_array().unwrap().iter().find(|seen| seen["port"] == port).expect("our own port");
        assert_eq!((&own["protocol"], &own["process"]["pid"]), (&json!("tcp"), &json!(std::process::id())));
    });
}

#[test]
fn many_questions_at_once_are_answered_or_refused_and_none_is_lost() {
    in_runtime(async {
        let agent = Agent::listening();
        let host = Host::connect(&agent.wire()).await;
        let mut asked = Vec::new();
        for at in 0..100 {
            asked.push(host.begin("GET", if at % 2 == 0 { "/stats" } else { "/ports" }, true).await.0);
        }
        let mut answered = 0;
        for response in asked {
            match response.await.unwrap().status().as_u16() {
                200 => answered += 1,
                status => assert_eq!(status, 503),
            }
        }
        assert!(answered > 0);
        assert_eq!(host.ask("GET", "/stats", None).await.0.as_u16(), 200, "no place stays taken");
    });
}

#[test]
fn dials_a_port_and_keeps_half_closes() {
    in_runtime(async {
        let agent = Agent::listening();
        let host = Host::connect(&agent.wire()).await;
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let server = tokio::spawn(async move {
            let (mut socket, _) = listener.accept().await.unwrap();
            let mut request = String::new();
            socket.read_to_string(&mut request).await.unwrap();
            socket.write_all(format!("you said {request}").as_bytes()).await.unwrap();
        });
        let (status, mut sender, body) = host.open(&format!("/dial/tcp/{port}")).await;
        assert_eq!(status.as_u16(), 200);
        send(&mut sender, Bytes::from_static(b"hello")).await.unwrap();
        sender.send_data(Bytes::new(), true).unwrap();
        assert_eq!(read_to_end(body).await, "you said hello");
        server.await.unwrap();
        let (status, answer) = host.ask("POST", &format!("/dial/tcp/{port}"), None).await;
        assert_eq!((status.as_u16(), &answer["code"]), (502, &json!("refused")));
    });
}

fn datagram(bytes: &[u8]) -> Bytes {
    let length = u16::try_from(bytes.len()).unwrap();
    [&length.to_be_bytes(), bytes].concat().into()
}

#[test]
fn datagrams_go_to_a_port_and_come_back() {
    in_runtime(async {
        let agent = Agent::listening();
        let host = Host::connect(&agent.wire()).await;
        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let port = socket.local_addr().unwrap().port();
        let server = tokio::spawn(async move {
            let mut buffer = vec![0; 65_536];
            for _ in 0..3 {
                let (count, from) = socket.recv_from(&mut buffer).await.unwrap();
                socket.send_to(&buffer[..count], from).await.unwrap();
            }
            socket
        });
        let (status, mut sender, mut body) = host.open(&format!("/dial/udp/{port}")).await;
        assert_eq!(status.as_u16(), 200);
        // Two in one piece, the second of them empty; the third, the longest, over several.
        let longest = vec![7; 65_507];
        let both = [datagram(b"hello"), datagram(b"")].concat();
        send(&mut sender, both.clone().into()).await.unwrap();
        assert_eq!(read_exactly(&mut body, both.len()).await, both);
        send(&mut sender, datagram(&longest)).await.unwrap();
        assert_eq!(read_exactly(&mut body, longest.len() + 2).await, datagram(&longest));
        let socket = server.await.unwrap();
        // Nobody listens for a while: what is sent then may be lost, and the flow goes on.
        let place = socket.local_addr().unwrap();
        drop(socket);
        send(&mut sender, datagram(b"lost")).await.unwrap();
        let again = UdpSocket::bind(place).await.unwrap();
        let mut buffer = vec![0; 16];
        loop {
            send(&mut sender, datagram(b"found")).await.unwrap();
            let wait = tokio::time::timeout(Duration::from_millis(200), again.recv_from(&mut buffer));
            if let Ok(got) = wait.await
                && &buffer[..got.unwrap().0] == b"found"
            {
                break;
            }
        }
        sender.send_data(Bytes::new(), true).unwrap();
        assert_eq!(read_to_end(body).await, "");
    });
}

/// A port of the loopback that nobody has.
async fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port()
}

#[test]
fn listens_for_the_host_while_it_wants_that() {
    in_runtime(async {
        let agent = Agent::listening();
        let host = Host::connect(&agent.wire()).await;
        let port = free_port().await;
        let (status, sender, mut lines) = host.open(&format!("/listen/tcp/{port}")).await;
        assert_eq!(status.as_u16(), 200);
        let (_, answer) = host.ask("POST", &format!("/listen/tcp/{port}"), None).await;
        assert_eq!(answer["code"], "port_in_use");

        let mut inside = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
        inside.write_all(b"from inside").await.unwrap();
        let line: Value = serde_json::from_slice(&next(&mut lines).await.unwrap()).unwrap();
        assert_eq!(line["purpose"], format!("reverse-forward-{port}"));
        // Whoever accepts offers is told nothing of it.
        let (response, _accept) = host.begin("GET", "/accept", true).await;
        let mut others = response.await.unwrap().into_body();
        let _ = offer(&agent, "other").await;
        assert!(String::from_utf8_lossy(&next(&mut others).await.unwrap()).contains("other"));

        let (status, mut into, mut from) = host.open(&format!("/offers/{}", line["id"])).await;
        assert_eq!(status.as_u16(), 200);
        assert_eq!(next(&mut from).await.unwrap(), "from inside");
        send(&mut into, Bytes::from_static(b"from outside")).await.unwrap();
        into.send_data(Bytes::new(), true).unwrap();
        let mut said = String::new();
        inside.read_to_string(&mut said).await.unwrap();
        assert_eq!(said, "from outside");

        // One that breaks off at the host is no orderly end inside.
        let mut broken = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
        let line: Value = serde_json::from_slice(&next(&mut lines).await.unwrap()).unwrap();
        let (_, mut into, from) = host.open(&format!("/offers/{}", line["id"])).await;
        send(&mut into, Bytes::from_static(b"part")).await.unwrap();
        let mut part = [0; 4];
        broken.read_exact(&mut part).await.unwrap();
        into.send_reset(h2::Reason::CANCEL);
        drop(from);
        assert_eq!(broken.read(&mut part).await.unwrap_err().kind(), std::io::ErrorKind::ConnectionReset);

        // More than the host would take are closed at once.
        let mut waiting = Vec::new();
        loop {
            let mut socket = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
            let read = tokio::time::timeout(Duration::from_millis(50), socket.read(&mut [0])).await;
            if read.is_ok() {
                break;
            }
            waiting.push(socket);
        }
        // The first of all is still open.
        assert!((126..=128).contains(&waiting.len()), "{}", waiting.len());

        // Those that wait are cut off with the stream, and nobody listens any more.
        drop((sender, lines));
        assert_eq!(waiting[0].read(&mut [0]).await.unwrap_or(0), 0);
        let nobody = async { while TcpStream::connect(("127.0.0.1", port)).await.is_ok() {} };
        tokio::time::timeout(Duration::from_secs(20), nobody).await.expect("nobody listens");
    });
}

async fn offer(agent: &Agent, purpose: &str) -> UnixStream {
    let mut socket = UnixStream::connect(agent.offers()).await.unwrap();
    socket.write_all(format!("{purpose}\n").as_bytes()).await.unwrap();
    socket
}

#[test]
fn an_offer_is_announced_taken_and_joined() {
    in_runtime(async {
        let agent = Agent::listening();
        let host = Host::connect(&agent.wire()).await;
        let mut early = offer(&agent, "ssh-agent").await;
        early.write_all(b"from the guest").await.unwrap();
        let (response, _sender) = host.begin("GET", "/accept", true).await;
        let mut lines = response.await.unwrap().into_body();
        let line = next(&mut lines).await.unwrap();
        assert_eq!(line, "{\"id\":1,\"purpose\":\"ssh-agent\"}\n");
        let (status, mut sender, mut body) = host.open("/offers/1").await;
        assert_eq!(status.as_u16(), 200);
        assert_eq!(next(&mut body).await.unwrap(), "from the guest");
        send(&mut sender, Bytes::from_static(b"from the host")).await.unwrap();
        sender.send_data(Bytes::new(), true).unwrap();
        let mut text = String::new();
        early.read_to_string(&mut text).await.unwrap();
        assert_eq!(text, "from the host");
        drop(early);
        assert!(next(&mut body).await.is_none());
        assert_eq!(host.ask("POST", "/offers/1", None).await.0.as_u16(), 404, "it is taken once");
        let _late = offer(&agent, "reverse-forward").await;
        assert_eq!(next(&mut lines).await.unwrap(), "{\"id\":2,\"purpose\":\"reverse-forward\"}\n");
    });
}

#[test]
fn an_offer_is_withdrawn_by_closing_it() {
    in_runtime(async {
        let agent = Agent::listening();
        let host = Host::connect(&agent.wire()).await;
        let (response, _sender) = host.begin("GET", "/accept", true).await;
        let mut lines = response.await.unwrap().into_body();
        drop(offer(&agent, "gone").await);
        let line = next(&mut lines).await;
        // Told or not, it cannot be taken.
        drop(line);
        for _ in 0..200 {
            if host.ask("POST", "/offers/1", None).await.0.as_u16() == 404 {
                return;
            }
        }
        panic!("a withdrawn offer can be taken");
    });
}

#[test]
fn the_newest_accept_stream_wins() {
    in_runtime(async {
        let agent = Agent::listening();
        let host = Host::connect(&agent.wire()).await;
        let (first, _first_sender) = host.begin("GET", "/accept", true).await;
        let mut first = first.await.unwrap().into_body();
        let (second, _second_sender) = host.begin("GET", "/accept", true).await;
        let mut second = second.await.unwrap().into_body();
        assert!(next(&mut first).await.is_none(), "the older one ends");
        let _offer = offer(&agent, "x").await;
        assert!(next(&mut second).await.is_some());
    });
}

#[test]
fn a_purpose_is_one_word() {
    in_runtime(async {
        let agent = Agent::listening();
        for purpose in ["", "two words", "UPPER", "a\"b", &"x".repeat(65)] {
            let mut socket = offer(&agent, purpose).await;
            let mut byte = [0];
            // Closed, or closed with bytes unread.
            assert!(!matches!(socket.read(&mut byte).await, Ok(1)), "{purpose:?}");
        }
    });
}

#[test]
fn only_its_owner_may_offer() {
    let agent = Agent::listening();
    wait_until("the door is open", || agent.offers().exists());
    let mode = std::os::unix::fs::MetadataExt::mode(&std::fs::metadata(agent.offers()).unwrap());
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn power_off_answers_ends_commands_and_goes() {
    in_runtime(async {
        let mut agent = Agent::listening();
        let host = Host::connect(&agent.wire()).await;
        let mut exec =
            Exec::start(&host, &shell("trap 'echo asked; exit 5' TERM; echo up; while :; do sleep 0.01; done")).await;
        let pid = exec.started().await;
        exec.until("up").await;
        assert_eq!(host.ask("POST", "/power-off", None).await.0.as_u16(), 202);
        let outcome = exec.finish().await;
        assert_eq!(outcome.end, json!({"code": 5}), "the client is told how its command ended");
        assert_eq!(agent.wait().code(), Some(0));
        assert!(!is_alive(pid));
    });
}

#[test]
fn termination_takes_the_commands_along() {
    in_runtime(async {
        let mut agent = Agent::listening();
        let host = Host::connect(&agent.wire()).await;
        let mut exec = Exec::start(&host, &shell("trap '' TERM; echo up; sleep 100 & wait")).await;
        let pid = exec.started().await;
        exec.until("up").await;
        std::process::Command::new("kill").arg(agent.pid().to_string()).status().unwrap();
        assert_eq!(agent.wait().code(), Some(0));
        wait_until("the command is gone", || !is_alive(pid));
    });
}

#[test]
fn a_guest_is_amended_after_its_plan() {
    in_runtime(async {
        let agent = Agent::listening();
        let host = Host::connect(&agent.wire()).await;
        let (early, why) = host.ask("POST", "/amend", Some("{}")).await;
        assert_eq!((early.as_u16(), &why["code"]), (409, &json!("waiting")));
        host.ask("POST", "/plan", Some(&plan().to_string())).await;
        for body in [json!({"surprise": 1}), json!({"disks": [{"serial": "work", "bytes": 1}]})] {
            let (status, answer) = host.ask("POST", "/amend", Some(&body.to_string())).await;
            assert_eq!((status.as_u16(), &answer["code"]), (400, &json!("invalid")), "{body}");
        }
        let (status, nothing) = host.ask("POST", "/amend", Some("{}")).await;
        assert_eq!((status.as_u16(), nothing), (200, json!({"clockBehindMs": null})));
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_millis();
        let amendment =
            json!({"time": {"unixMs": now as u64 + 60_000}, "hostname": "other", "env": {"FROM": "amendment"}});
        let (status, answer) = host.ask("POST", "/amend", Some(&amendment.to_string())).await;
        let behind = answer["clockBehindMs"].as_i64().unwrap();
        assert!(status.as_u16() == 200 && (20_000..=60_000).contains(&behind), "{answer}");
        let spec = json!({"argv": ["sh", "-c", "echo $FROM $BOTH"], "env": {}});
        assert_eq!(run(&host, &spec).await.stdout, b"amendment\n");
    });
}
