//! The route itself.

use std::cell::RefCell;
use std::future::poll_fn;
use std::path::Path;
use std::time::{Duration, Instant};

use h2::RecvStream;
use http::StatusCode;
use serde::Serialize;
use tokio::time::sleep;

use super::schema::{Probe, Wish};
use super::{command, file, tcp, unit};
use crate::agent::Agent;
use crate::http::answer::{self, Refusal, Respond};
use crate::http::body;
use crate::http::session::Over;

#[derive(Serialize)]
struct Waited {
    met: bool,
    ms: u64,
    /// How it was when last looked at; nothing when it was met.
    why: Option<String>,
}

/// Waits no longer than the host does: when that goes away, so does the waiting.
pub async fn handle(agent: &Agent, over: Over, body: RecvStream, respond: &mut Respond) {
    let Some(json) = body::read_all(body).await else { return };
    let wish = match json.and_then(|json| Wish::parse(&json).map_err(Refusal::invalid)) {
        Ok(wish) => wish,
        Err(refusal) => return refusal.send(respond),
    };
    let start = Instant::now();
    let seen = RefCell::new(first_words(&wish.probe));
    let waited = tokio::select! {
        waited = wait(agent, &wish.probe, &seen) => waited.err(),
        () = sleep(Duration::from_millis(wish.patience_ms)) => Some(seen.borrow().clone()),
        () = over.wait() => return,
        _ = poll_fn(|context| respond.poll_reset(context)) => return,
    };
    let ms = u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX);
    answer::json(respond, StatusCode::OK, &Waited { met: waited.is_none(), ms, why: waited });
}

/// `Err` when it will never be so.
async fn wait(agent: &Agent, probe: &Probe, seen: &RefCell<String>) -> Result<(), String> {
    match probe {
        Probe::Tcp { port } => tcp::wait(*port).await,
        Probe::Unit { unit } => return unit::wait(agent, unit, seen).await,
        Probe::Command { argv } => command::wait(agent, argv, seen).await,
        Probe::File { path } => file::wait(Path::new(path)).await,
    }
    Ok(())
}

fn first_words(probe: &Probe) -> String {
    match probe {
        Probe::Tcp { port } => format!("nothing listens on port {port}"),
        Probe::Unit { .. } => "systemd does not answer".into(),
        Probe::Command { .. } => "it has not ended".into(),
        Probe::File { .. } => "there is no such file".into(),
    }
}
