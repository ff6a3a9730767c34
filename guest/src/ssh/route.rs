//! `POST /ssh/prepare`, `POST /ssh/server/:sha256`, and `/ssh`.

use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::os::unix::net::UnixStream as Pair;
use std::time::Duration;

use h2::RecvStream;
use http::StatusCode;
use rustix::io::fcntl_dupfd_cloexec;
use serde::{Deserialize, Serialize};
use tokio::net::UnixStream;
use tokio::time::timeout;

use super::carried::{self, Arriving, Carried, Wrong};
use super::prepare::{self, FOLDER, Server};
use crate::agent::{Agent, Place};
use crate::exec::child::Child;
use crate::exec::environment;
use crate::exec::failure::Failure;
use crate::exec::spec::Spec;
use crate::exec::stdio::Theirs;
use crate::exec::user::Account;
use crate::http::answer::{self, Refusal, Respond};
use crate::http::body;
use crate::http::join::join;
use crate::http::session::Over;
use crate::runtime;

/// Longer than any key, and no more than a line of a file should have.
const MOST_KEY_BYTES: usize = 8192;
/// How types of keys begin.
const KINDS: [&str; 4] = ["ssh-", "ecdsa-", "sk-ssh-", "sk-ecdsa-"];
/// For its own last deeds, after the connection.
const GRACE: Duration = Duration::from_secs(5);

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Wanted {
    authorized_key: String,
}

#[derive(Serialize, Default)]
#[serde(rename_all = "camelCase")]
struct Ready {
    /// The path of the sshd; null where there is none.
    server: Option<String>,
    host_key: Option<String>,
    /// The digest of the server that banger carries, where it is that one.
    #[serde(skip_serializing_if = "Option::is_none")]
    carried: Option<String>,
}

#[derive(Serialize)]
struct Which {
    /// The path of the image's sshd; null where it has none.
    image: Option<&'static str>,
}

pub async fn prepare(agent: &Agent, body: RecvStream, respond: &mut Respond) {
    let Some(json) = body::read_all(body).await else { return };
    let ready = match json.and_then(|json| parse(&json)) {
        Ok(key) => make_ready(agent, key).await,
        Err(refusal) => Err(refusal),
    };
    match ready {
        Ok(ready) => answer::json(respond, StatusCode::OK, &ready),
        Err(refusal) => refusal.send(respond),
    }
}

fn parse(json: &[u8]) -> Result<String, Refusal> {
    let wanted: Wanted =
        serde_json::from_slice(json).map_err(|error| Refusal::invalid(format!("this is no wish for SSH: {error}")))?;
    let key = wanted.authorized_key;
    if key.len() <= MOST_KEY_BYTES && is_public_key(&key) {
        return Ok(key);
    }
    Err(Refusal::invalid("the authorized key is not one public key on one line"))
}

/// Type and key, and nothing else: an option in front would be one, too. The host takes the same (`src/ssh/key-pair.ts`).
fn is_public_key(line: &str) -> bool {
    let Some((kind, key)) = line.split_once(' ') else { return false };
    let is_kind = KINDS.iter().any(|begin| kind.len() > begin.len() && kind.starts_with(begin));
    let of_kind = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'@' | b'.' | b'-');
    let body = key.trim_end_matches('=');
    let of_body = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/');
    is_kind && kind.bytes().all(of_kind) && !body.is_empty() && key.len() - body.len() <= 3 && body.bytes().all(of_body)
}

async fn make_ready(agent: &Agent, key: String) -> Result<Ready, Refusal> {
    let _turn = agent.ssh.lock().await;
    let Some(server) = server_of(agent) else { return Ok(Ready::default()) };
    let of = server.clone();
    let made = runtime::in_thread("ssh", move || prepare::prepare(&of, &key)).await;
    match made.and_then(|made| made) {
        Ok(host_key) => {
            let path = server.path().to_owned();
            let carried = match server {
                Server::Carried(carried) => Some(carried.sha256),
                Server::Image(_) => None,
            };
            Ok(Ready { server: Some(path), host_key: Some(host_key), carried })
        }
        Err(error) => Err(failed(format!("cannot make ready for SSH: {error}"))),
    }
}

/// The image's where it has one. Of an ordinary process it is none of the agent's business who comes in.
fn server_of(agent: &Agent) -> Option<Server> {
    if agent.place != Place::Guest {
        return None;
    }
    let carried = || agent.carried.borrow().clone().filter(Carried::is_there).map(Server::Carried);
    prepare::find_server().map(Server::Image).or_else(carried)
}

pub fn which(agent: &Agent, respond: &mut Respond) {
    let image = if agent.place == Place::Guest { prepare::find_server() } else { None };
    answer::json(respond, StatusCode::OK, &Which { image });
}

pub async fn take_server(agent: &Agent, sha256: &str, body: RecvStream, respond: &mut Respond) {
    match receive(agent, sha256, body).await {
        Ok(Some(carried)) => {
            agent.carried.replace(Some(carried));
            answer::json(respond, StatusCode::OK, &());
        }
        // The host has gone in the middle.
        Ok(None) => {}
        Err(refusal) => refusal.send(respond),
    }
}

async fn receive(agent: &Agent, sha256: &str, mut body: RecvStream) -> Result<Option<Carried>, Refusal> {
    if agent.place != Place::Guest {
        return Err(Refusal::not_found("an ordinary process serves no SSH"));
    }
    if !carried::is_sha256(sha256) {
        return Err(Refusal::invalid("that is no sha256"));
    }
    let _turn = agent.ssh.lock().await;
    prepare::make_folder(FOLDER).map_err(not_kept)?;
    let mut arriving = Arriving::begin(FOLDER).map_err(not_kept)?;
    loop {
        let Ok(piece) = body::next(&mut body).await else { return Ok(None) };
        let Some(piece) = piece else { break };
        arriving.add(&piece).map_err(wrong)?;
        body::release(&mut body, piece.len());
    }
    arriving.end(FOLDER, sha256).map(Some).map_err(wrong)
}

fn wrong(wrong: Wrong) -> Refusal {
    match wrong {
        Wrong::TooLarge => Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", "the SSH server is too large"),
        Wrong::Digest => Refusal::invalid("the SSH server is not what its digest says"),
        Wrong::Io(error) => not_kept(error),
    }
}

fn not_kept(error: io::Error) -> Refusal {
    failed(format!("cannot keep the SSH server in {FOLDER}: {error}"))
}

pub async fn connect(agent: &Agent, over: Over, body: RecvStream, respond: &mut Respond) {
    match start(agent) {
        Err(refusal) => refusal.send(respond),
        Ok((child, socket)) => {
            if let Ok(sink) = answer::stream(respond) {
                join(sink, body, socket, &over).await;
            }
            // By then it has heard the end of its connection.
            if timeout(GRACE, child.exited()).await.is_err() {
                child.hang_up().await;
            }
        }
    }
}

fn start(agent: &Agent) -> Result<(Child, UnixStream), Refusal> {
    let Some(server) = server_of(agent) else {
        return Err(Refusal::not_found("there is no sshd in the guest"));
    };
    let cannot = |Failure { message, .. }| failed(format!("cannot start {}: {message}", server.path()));
    run(agent, &server).map_err(cannot)
}

fn run(agent: &Agent, server: &Server) -> Result<(Child, UnixStream), Failure> {
    let pair = |error: io::Error| Failure::io("make a pair of sockets", error);
    let (ours, theirs) = Pair::pair().map_err(pair)?;
    ours.set_nonblocking(true).map_err(pair)?;
    let ours = UnixStream::from_std(ours).map_err(pair)?;
    let stdout = fcntl_dupfd_cloexec(&theirs, 3).map_err(|error| pair(error.into()))?;
    let null = File::options().write(true).open("/dev/null").map_err(|error| Failure::io("open /dev/null", error))?;
    let argv = server.command_line();
    let spec = Spec { argv, env: BTreeMap::new(), cwd: Some("/".into()), user: None, tty: None };
    let account = Account::find(None)?;
    let env = match server {
        Server::Image(_) => environment::merge(&account, &BTreeMap::new(), &spec),
        // It gives to every command what it has itself, beside what a login gives.
        Server::Carried(_) => agent.env.borrow().clone(),
    };
    let stdio = Theirs { stdin: theirs.into(), stdout, stderr: null.into() };
    Ok((Child::start(agent.place, &agent.commands, &spec, &account, &env, stdio)?, ours))
}

fn failed(message: String) -> Refusal {
    Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, "failed", message)
}
