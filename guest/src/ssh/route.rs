//! `POST /ssh/prepare` and `POST /ssh`.

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

use super::prepare;
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
/// For its own last deeds, after the connection.
const GRACE: Duration = Duration::from_secs(5);

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Wanted {
    authorized_key: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Ready {
    /// The path of the sshd; null where there is none.
    server: Option<&'static str>,
    host_key: Option<String>,
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
    let is_line = key.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic());
    // An option in front would be one, too.
    if is_line && key.len() <= MOST_KEY_BYTES && key.starts_with("ssh-") {
        return Ok(key);
    }
    Err(Refusal::invalid("the authorized key is not one public key on one line"))
}

async fn make_ready(agent: &Agent, key: String) -> Result<Ready, Refusal> {
    let Some(server) = server_of(agent) else { return Ok(Ready { server: None, host_key: None }) };
    let _turn = agent.ssh.lock().await;
    let made = runtime::in_thread("ssh", move || prepare::prepare(&key)).await;
    match made.and_then(|made| made) {
        Ok(host_key) => Ok(Ready { server: Some(server), host_key: Some(host_key) }),
        Err(error) => Err(failed(format!("cannot make ready for SSH: {error}"))),
    }
}

/// Of an ordinary process it is none of the agent's business who comes in.
fn server_of(agent: &Agent) -> Option<&'static str> {
    if agent.place == Place::Guest { prepare::find_server() } else { None }
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
    run(agent, server).map_err(|Failure { message, .. }| failed(format!("cannot start {server}: {message}")))
}

fn run(agent: &Agent, server: &str) -> Result<(Child, UnixStream), Failure> {
    let pair = |error: io::Error| Failure::io("make a pair of sockets", error);
    let (ours, theirs) = Pair::pair().map_err(pair)?;
    ours.set_nonblocking(true).map_err(pair)?;
    let ours = UnixStream::from_std(ours).map_err(pair)?;
    let stdout = fcntl_dupfd_cloexec(&theirs, 3).map_err(|error| pair(error.into()))?;
    let null = File::options().write(true).open("/dev/null").map_err(|error| Failure::io("open /dev/null", error))?;
    let spec = Spec {
        argv: prepare::command_line(server),
        env: BTreeMap::new(),
        cwd: Some("/".into()),
        user: None,
        tty: None,
    };
    let account = Account::find(None)?;
    let env = environment::merge(&account, &BTreeMap::new(), &spec);
    let stdio = Theirs { stdin: theirs.into(), stdout, stderr: null.into() };
    Ok((Child::start(agent.place, &agent.commands, &spec, &account, &env, stdio)?, ours))
}

fn failed(message: String) -> Refusal {
    Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, "failed", message)
}
