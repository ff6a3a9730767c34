//! `POST /power-off`: the answer first, then the end.

use http::StatusCode;

use crate::agent::Agent;
use crate::http::answer::{self, Respond};

pub fn handle(agent: &Agent, respond: &mut Respond) {
    answer::empty(respond, StatusCode::ACCEPTED);
    agent.going_down.send_replace(true);
}
