//! Why something is not done.

use std::fmt::{self, Display};

use serde::Serialize;

use crate::numbers::QUOTED_CHARS;

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Refusal {
    pub code: Code,
    pub message: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Code {
    /// It is no message, or one with a value that it may not have.
    Malformed,
    /// The line is longer than any message.
    TooLong,
    /// More than one user can have.
    TooMany,
    /// Nothing was opened by whoever asks.
    NotOpen,
    /// Somebody else of this user has it open.
    Busy,
    /// A process has a TAP open that whoever asks does not claim.
    InUse,
    NoSuchSlot,
    /// The computer did not do it.
    Failed,
}

pub type Outcome<T = ()> = Result<T, Refusal>;

impl Refusal {
    /// Only so much is said of it: the words may be somebody else's.
    pub fn new(code: Code, message: impl Display) -> Self {
        let text = message.to_string();
        let shown = text.chars().map(|char| if char.is_control() { ' ' } else { char });
        Self { code, message: shown.take(QUOTED_CHARS).collect() }
    }

    pub fn failed(what: impl Display, error: impl Display) -> Self {
        Self::new(Code::Failed, format_args!("{what}: {error}"))
    }
}

impl Display for Refusal {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.message)
    }
}

impl std::error::Error for Refusal {}
