//! Whether an init is to be installed, and how.

use http::StatusCode;

use super::family::{self, Family};
use super::{record, script};
use crate::http::answer::Refusal;
use crate::plan::new_root::NewRoot;
use crate::plan::schema::{Init, Plan};
use crate::plan::stages::Trouble;
use crate::successor::{Successor, find};

const SHELL: &str = "/bin/sh";

#[derive(Debug, Clone)]
pub struct Job {
    pub plan: Plan,
    pub family: Family,
    pub script: &'static str,
    /// An earlier try was cut off.
    pub is_again: bool,
}

/// Who becomes PID 1, none for the agent.
#[derive(Debug)]
pub enum Next {
    Known(Option<Successor>),
    /// It is not there, or not whole.
    Install(Box<Job>),
}

/// Looks for what the plan names; what is not there can be installed, or is refused with why it cannot.
pub fn choose(plan: &Plan, root: &NewRoot) -> Result<Next, Refusal> {
    let is_again = record::was_cut_off(root, plan.init);
    let missing = match find::find(plan.init, root) {
        Ok(found) if !is_again => return Ok(Next::Known(found)),
        Ok(_) => format!("{} was not installed to its end", plan.init),
        Err(Trouble(why)) => why,
    };
    let family = family::of(root);
    let Some((family, script)) = family.and_then(|family| Some((family, script::of(family, plan.init)?))) else {
        return Err(none_of_its_own(plan.init, family, &missing));
    };
    if root.find_program(SHELL).is_none() {
        return Err(refuse("no_init", format!("{missing}; and no {SHELL} by which it could be installed")));
    }
    // One that only reaches its neighbours has nobody to ask for names.
    if plan.network.as_ref().is_none_or(|network| network.dns.is_empty()) {
        let message = format!("{missing}; it can be installed from the internet, to which this vm has no way out");
        return Err(refuse("needs_network", message));
    }
    Ok(Next::Install(Box::new(Job { plan: plan.clone(), family, script, is_again })))
}

fn none_of_its_own(init: Init, family: Option<Family>, missing: &str) -> Refusal {
    match (init, family) {
        (Init::Systemd, Some(Family::Alpine)) => {
            refuse("no_systemd", format!("{missing}; and Alpine has none that could be installed: its init is OpenRC"))
        }
        (Init::Systemd, None) => refuse(
            "no_init",
            format!("{missing}; and its os-release names no distribution whose package manager could install it"),
        ),
        _ => refuse("no_init", missing),
    }
}

fn refuse(code: &'static str, message: impl Into<String>) -> Refusal {
    Refusal::new(StatusCode::BAD_REQUEST, code, message)
}

#[cfg(test)]
#[path = "job_test.rs"]
mod tests;
