//! The route itself.

use std::rc::Rc;
use std::time::{SystemTime, UNIX_EPOCH};

use h2::RecvStream;
use http::StatusCode;
use serde::Serialize;

use super::apply;
use super::schema::Amendment;
use crate::agent::{Agent, Place, State};
use crate::http::answer::{self, Refusal, Respond};
use crate::http::body;
use crate::plan::schema::Time;
use crate::plan::stages::Trouble;
use crate::runtime;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Amended {
    /// How far the clock was behind the time that was told; nothing when none was.
    clock_behind_ms: Option<i64>,
}

pub async fn handle(agent: &Rc<Agent>, body: RecvStream, respond: &mut Respond) {
    let Some(json) = body::read_all(body).await else { return };
    match json.and_then(|json| parse(agent, &json)) {
        Err(refusal) => refusal.send(respond),
        Ok(amendment) => match amend(agent, amendment).await {
            Ok(amended) => answer::json(respond, StatusCode::OK, &amended),
            Err(refusal) => refusal.send(respond),
        },
    }
}

fn parse(agent: &Agent, json: &[u8]) -> Result<Amendment, Refusal> {
    let amendment = Amendment::parse(json).map_err(Refusal::invalid)?;
    if agent.state.get() == State::Waiting {
        let message = "this guest has not been told its plan, so there is nothing to amend";
        return Err(Refusal::new(StatusCode::CONFLICT, "waiting", message));
    }
    if agent.place == Place::Process && !amendment.disks.is_empty() {
        return Err(Refusal::invalid("this agent is an ordinary process: it has no disks"));
    }
    Ok(amendment)
}

async fn amend(agent: &Agent, mut amendment: Amendment) -> Result<Amended, Refusal> {
    let clock_behind_ms = amendment.time.map(behind);
    if let Some(env) = amendment.env.take() {
        *agent.env.borrow_mut() = env;
    }
    if agent.place == Place::Guest {
        let done = runtime::in_thread("amend", move || apply::apply(&amendment)).await;
        done.map_err(|error| failed(error.to_string()))?.map_err(|Trouble(message)| failed(message))?;
    }
    Ok(Amended { clock_behind_ms })
}

fn behind(Time { unix_ms }: Time) -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis());
    let told = i128::from(unix_ms) - i128::try_from(now).unwrap_or(i128::MAX);
    i64::try_from(told).unwrap_or(i64::MAX)
}

fn failed(why: String) -> Refusal {
    Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, "failed", why)
}
