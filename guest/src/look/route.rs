//! Looking, away from the event loop.

use std::cell::Cell;
use std::thread;

use http::StatusCode;
use serde::Serialize;
use tokio::sync::oneshot;

use super::{ports, stats};
use crate::agent::Agent;
use crate::http::answer::{self, Refusal, Respond};

/// How many looks may be under way. A file system that does not answer holds the thread that asked it, and shall not gather more.
const MOST: usize = 4;

/// The looks that are under way.
#[derive(Default)]
pub struct Looks(Cell<usize>);

pub async fn stats(agent: &Agent, respond: &mut Respond) {
    let home = agent.home.borrow().clone();
    look(agent, respond, move || stats::collect(home.as_deref())).await;
}

pub async fn ports(agent: &Agent, respond: &mut Respond) {
    look(agent, respond, ports::collect).await;
}

async fn look<T: Serialize + Send + 'static>(
    agent: &Agent,
    respond: &mut Respond,
    body: impl FnOnce() -> Result<T, String> + Send + 'static,
) {
    let under_way = &agent.looks.0;
    if under_way.get() >= MOST {
        return busy().send(respond);
    }
    under_way.set(under_way.get() + 1);
    let outcome = in_thread(body).await;
    under_way.set(under_way.get() - 1);
    match outcome {
        Ok(seen) => answer::json(respond, StatusCode::OK, &seen),
        Err(why) => Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, "failed", why).send(respond),
    }
}

async fn in_thread<T: Send + 'static>(body: impl FnOnce() -> Result<T, String> + Send + 'static) -> Result<T, String> {
    let (tell, told) = oneshot::channel();
    let work = move || drop(tell.send(body()));
    thread::Builder::new().name("look".into()).spawn(work).map_err(|error| error.to_string())?;
    told.await.unwrap_or_else(|_| Err("the look was not finished".into()))
}

fn busy() -> Refusal {
    Refusal::new(StatusCode::SERVICE_UNAVAILABLE, "busy", format!("{MOST} earlier questions are not answered yet"))
}
