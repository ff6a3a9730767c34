//! Why a command could not start: the payload of `failed`.

use serde::Serialize;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Code {
    NotFound,
    NotExecutable,
    BadCwd,
    BadUser,
    BadSpec,
    Io,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Failure {
    pub code: Code,
    pub message: String,
}

/// Messages quote names that others chose; a frame has a cap.
const MAX_MESSAGE_BYTES: usize = 1024;

impl Failure {
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        let mut message: String = message.into();
        message.truncate(message.floor_char_boundary(MAX_MESSAGE_BYTES));
        Self { code, message }
    }

    pub fn io(doing: &str, error: impl std::fmt::Display) -> Self {
        Self::new(Code::Io, format!("cannot {doing}: {error}"))
    }
}
