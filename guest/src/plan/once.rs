//! One plan per boot: the first is applied, the same again gets the same answer, another is refused.

use std::cell::RefCell;

use http::StatusCode;
use serde::Serialize;
use tokio::sync::watch;

use super::schema::{Init, Plan};
use crate::http::answer::Refusal;
use crate::install::family::Family;
use crate::install::job::Job;
use crate::successor::Kind;

/// What was done, and how long each part of it took.
#[derive(Debug, Clone, Serialize)]
pub struct Applied {
    pub stages: Vec<Stage>,
    pub kernel: String,
    /// What is not there, and is to be installed before PID 1 can become it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub installs: Option<Installs>,
    #[serde(skip)]
    pub job: Option<Box<Job>>,
    /// Who becomes PID 1, when not our own program.
    #[serde(skip)]
    pub successor: Option<Kind>,
}

#[derive(Debug, Clone, Copy, Serialize)]
pub struct Installs {
    pub init: Init,
    pub family: Family,
}

#[derive(Debug, Clone, Serialize)]
pub struct Stage {
    pub name: &'static str,
    pub ms: u64,
}

pub type Outcome = Result<Applied, Refusal>;

#[derive(Default)]
pub struct PlanOnce(RefCell<Option<Entry>>);

struct Entry {
    plan: Plan,
    outcome: watch::Receiver<Option<Outcome>>,
}

/// What to do about a plan that has come.
pub enum Turn {
    /// It is the first: apply it, and tell the outcome here.
    Apply(watch::Sender<Option<Outcome>>),
    /// It is being applied, or was.
    Wait(watch::Receiver<Option<Outcome>>),
    Refuse(Refusal),
}

impl PlanOnce {
    pub fn turn(&self, plan: &Plan) -> Turn {
        let mut entry = self.0.borrow_mut();
        match &*entry {
            Some(entry) if entry.plan == *plan => Turn::Wait(entry.outcome.clone()),
            Some(_) => {
                let message = "another plan has been given to this guest since it booted";
                Turn::Refuse(Refusal::new(StatusCode::CONFLICT, "exists", message))
            }
            None => {
                let (tell, outcome) = watch::channel(None);
                *entry = Some(Entry { plan: plan.clone(), outcome });
                Turn::Apply(tell)
            }
        }
    }
}
