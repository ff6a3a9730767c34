//! The table of routes.

use std::rc::Rc;

use h2::RecvStream;
use http::{Method, Request, StatusCode};
use serde::Serialize;

use super::answer::{self, Refusal, Respond};
use super::session::Over;
use crate::agent::{Agent, State};
use crate::plan::schema::Init;
use crate::{amend, copy, dial, exec, export, install, listen, look, offers, plan, power, requirement, ssh};

pub async fn handle(agent: Rc<Agent>, over: Over, request: Request<RecvStream>, mut respond: Respond) {
    let (head, body) = request.into_parts();
    let path = head.uri.path();
    let parts: Vec<&str> = path.split('/').skip(1).collect();
    match (&head.method, parts.as_slice()) {
        (&Method::GET, ["healthz"]) => health(&agent, &mut respond),
        (&Method::GET, ["stats"]) => look::route::stats(&agent, &mut respond).await,
        (&Method::GET, ["ports"]) => look::route::ports(&agent, &mut respond).await,
        (&Method::POST, ["plan"]) => plan::route::handle(&agent, body, &mut respond).await,
        (&Method::POST, ["install"]) => install::route::handle(&agent, over, respond).await,
        (&Method::POST, ["amend"]) => amend::route::handle(&agent, body, &mut respond).await,
        (&Method::POST, ["exec"]) => exec::route::handle(&agent, over, body, respond).await,
        (&Method::POST, ["await"]) => requirement::route::handle(&agent, over, body, &mut respond).await,
        (&Method::POST, ["copy"]) => copy::route::handle(&agent, over, body, respond).await,
        (&Method::POST, ["export"]) => export::route::export(&agent, over, body, respond).await,
        (&Method::POST, ["forget"]) => export::route::forget(&agent, body, &mut respond).await,
        (&Method::POST, ["power-off"]) => power::handle(&agent, &mut respond),
        (&Method::GET, ["accept"]) => offers::accept(&agent.offers, over, &mut respond).await,
        (&Method::POST, ["offers", id]) => offers::take(&agent.offers, id, over, body, &mut respond).await,
        (&Method::POST, ["dial", "tcp", port]) => dial::tcp::handle(port, over, body, &mut respond).await,
        (&Method::POST, ["dial", "udp", port]) => dial::udp::handle(port, over, body, &mut respond).await,
        (&Method::POST, ["listen", "tcp", port]) => listen::tcp(&agent, port, over, &mut respond).await,
        (&Method::POST, ["ssh", "prepare"]) => ssh::route::prepare(&agent, body, &mut respond).await,
        (&Method::POST, ["ssh", "server", sha256]) => {
            ssh::route::take_server(&agent, sha256, body, &mut respond).await;
        }
        (&Method::GET, ["ssh"]) => ssh::route::which(&agent, &mut respond),
        (&Method::POST, ["ssh"]) => ssh::route::connect(&agent, over, body, &mut respond).await,
        (
            _,
            [
                "healthz" | "stats" | "ports" | "plan" | "install" | "amend" | "await" | "exec" | "copy" | "export"
                | "forget" | "power-off" | "accept" | "ssh",
            ]
            | ["offers", _]
            | ["dial", "tcp" | "udp", _]
            | ["listen", "tcp", _]
            | ["ssh", "prepare"]
            | ["ssh", "server", _],
        ) => {
            let message = format!("{path} is not asked for with {}", head.method);
            Refusal::new(StatusCode::METHOD_NOT_ALLOWED, "wrong_method", message).send(&mut respond);
        }
        _ => Refusal::not_found(format!("there is no {path} here")).send(&mut respond),
    }
}

fn health(agent: &Agent, respond: &mut Respond) {
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Health {
        state: State,
        uptime_ms: u64,
        init: Init,
    }
    let uptime_ms = u64::try_from(agent.uptime().as_millis()).unwrap_or(u64::MAX);
    let health = Health { state: agent.state.get(), uptime_ms, init: agent.init.get() };
    answer::json(respond, StatusCode::OK, &health);
}
