//! The route itself.

use std::path::Path;
use std::rc::Rc;

use h2::RecvStream;
use http::StatusCode;

use super::apply;
use super::once::{Applied, Outcome, Turn};
use super::schema::Plan;
use crate::agent::{Agent, Place, State};
use crate::http::answer::{self, Refusal, Respond};
use crate::http::body;
use crate::init::steer;
use crate::initctl;
use crate::install::route::Install;
use crate::runtime;
use crate::successor::Kind;

pub async fn handle(agent: &Rc<Agent>, body: RecvStream, respond: &mut Respond) {
    let Some(json) = body::read_all(body).await else { return };
    match json.and_then(|json| parse(agent, &json)) {
        Err(refusal) => refusal.send(respond),
        Ok(plan) => match outcome(agent, plan).await {
            Ok(applied) => answer::json(respond, StatusCode::OK, &applied),
            Err(refusal) => refusal.send(respond),
        },
    }
}

fn parse(agent: &Agent, json: &[u8]) -> Result<Plan, Refusal> {
    let plan = Plan::parse(json).map_err(Refusal::invalid)?;
    match (agent.place, &plan.root) {
        (Place::Guest, None) => Err(Refusal::invalid("a guest needs a root")),
        (Place::Process, Some(_)) => Err(Refusal::invalid("this agent is an ordinary process: root must be null")),
        _ => Ok(plan),
    }
}

async fn outcome(agent: &Rc<Agent>, plan: Plan) -> Outcome {
    let mut outcome = match agent.plan.turn(&plan) {
        Turn::Refuse(refusal) => return Err(refusal),
        Turn::Wait(outcome) => outcome,
        Turn::Apply(tell) => {
            let outcome = tell.subscribe();
            // A task of its own: a host that goes away in the middle must not leave a guest half made.
            let agent = agent.clone();
            tokio::task::spawn_local(async move { tell.send_replace(Some(apply(&agent, plan).await)) });
            outcome
        }
    };
    let told = outcome.wait_for(Option::is_some).await.ok().and_then(|outcome| outcome.clone());
    told.unwrap_or_else(|| Err(Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, "failed", "the plan was not applied")))
}

async fn apply(agent: &Rc<Agent>, plan: Plan) -> Outcome {
    agent.env.borrow_mut().clone_from(&plan.env);
    agent.defaults.borrow_mut().clone_from(&plan.commands);
    agent.init.set(plan.init);
    let home = plan.work.as_ref().map(|work| work.mount.clone());
    let applied = match agent.place {
        Place::Process => Applied { stages: Vec::new(), kernel: kernel(), installs: None, job: None, successor: None },
        Place::Guest => in_thread(plan.clone()).await?,
    };
    agent.home.replace(home);
    agent.state.set(State::Configured);
    if let Some(job) = &applied.job {
        agent.install.replace(Install::Wanted(job.clone()));
    }
    agent.successor.set(applied.successor);
    // One that is to be installed has no pipe before.
    if agent.place == Place::Guest && applied.job.is_none() {
        open_pipe(applied.successor);
    }
    if applied.successor.is_some() {
        hand_over(agent)?;
    }
    Ok(applied)
}

/// As at the end of a plan, for an init that was not there before.
pub fn hand_over_to(agent: &Agent, kind: Kind) -> Result<(), Refusal> {
    agent.successor.set(Some(kind));
    open_pipe(kind.into());
    hand_over(agent)
}

/// It mounts, and waits for devices; the event loop goes on meanwhile.
async fn in_thread(plan: Plan) -> Outcome {
    let applied = runtime::in_thread("plan", move || apply::apply(&plan)).await;
    applied.unwrap_or_else(|error| {
        Err(Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, "failed", format!("the plan was not applied: {error}")))
    })
}

fn open_pipe(successor: Option<Kind>) {
    // Others have commands of their own for it, or the pipe itself.
    if matches!(successor, None | Some(Kind::Openrc | Kind::S6 | Kind::Busybox)) {
        // Without it the commands that end a guest say that there is no init; the guest itself is as it should be.
        let _ = initctl::open(Path::new(initctl::PIPE), successor);
    }
}

fn hand_over(agent: &Agent) -> Result<(), Refusal> {
    steer::ask_to_hand_over()
        .map_err(|error| Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, "failed", format!("PID 1: {error}")))?;
    agent.state.set(State::HandedOver);
    Ok(())
}

fn kernel() -> String {
    rustix::system::uname().release().to_string_lossy().into_owned()
}
