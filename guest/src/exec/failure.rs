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

/// Messages quote names that others chose; a frame has a cap, and JSON writes some characters in six.
const MAX_MESSAGE_BYTES: usize = 600;

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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exec::frames::{Type, encode_json};

    #[test]
    fn a_failure_fits_its_frame_whatever_it_quotes() {
        let failure = Failure::new(Code::NotFound, "\u{1}".repeat(5000));
        assert!(encode_json(Type::Failed, &failure).len() > 3000);
    }
}
