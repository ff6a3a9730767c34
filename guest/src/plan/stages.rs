//! Steps with names, failures with steps, and a clock that runs along.

use std::fmt::Display;
use std::time::Instant;

use http::StatusCode;

use super::once::Stage;
use crate::http::answer::Refusal;

/// What could not be done, and why.
#[derive(Debug)]
pub struct Trouble(pub String);

pub type Done<T = ()> = Result<T, Trouble>;

/// Names what was being done when something fails.
pub trait Doing<T> {
    fn doing(self, what: impl Display) -> Done<T>;
}

impl<T, E: Display> Doing<T> for Result<T, E> {
    fn doing(self, what: impl Display) -> Done<T> {
        self.map_err(|error| Trouble(format!("cannot {what}: {error}")))
    }
}

#[derive(Default)]
pub struct Stages {
    pub done: Vec<Stage>,
}

impl Stages {
    pub fn run<T>(&mut self, name: &'static str, step: impl FnOnce() -> Done<T>) -> Result<T, Refusal> {
        let start = Instant::now();
        let result = step();
        self.done.push(Stage { name, ms: u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX) });
        result.map_err(|Trouble(message)| {
            Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, "failed", format!("{name}: {message}"))
        })
    }
}
