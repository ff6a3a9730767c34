//! Why a command could not start: the payload of `failed`.

use crate::reason::reason;
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

/// Messages quote names that others chose; a frame has a cap. Counted as JSON, where one character can take six bytes.
const MAX_MESSAGE_BYTES: usize = 2048;

impl Failure {
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        let mut message: String = message.into();
        message.truncate(fitting_bytes(&message, MAX_MESSAGE_BYTES));
        Self { code, message }
    }

    pub fn io(doing: &str, error: impl std::fmt::Display) -> Self {
        Self::new(Code::Io, format!("cannot {doing}: {}", reason(error)))
    }
}

/// How many of the first bytes of `text` take at most `room` in a JSON string; whole characters only.
fn fitting_bytes(text: &str, room: usize) -> usize {
    let mut used = 0;
    for (at, character) in text.char_indices() {
        used += match character {
            '"' | '\\' | '\n' | '\r' | '\t' | '\u{8}' | '\u{c}' => 2,
            '\0'..'\u{20}' => 6,
            _ => character.len_utf8(),
        };
        if used > room {
            return at;
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::frames::{MAX_SMALL_BYTES, Type, encode_json};
    use super::*;

    proptest! {
        #[test]
        fn always_fits_its_frame(message in proptest::collection::vec(any::<char>(), 0..5000), controls in 0_usize..5000) {
            let message = "\u{1}".repeat(controls) + &String::from_iter(message);
            let failure = Failure::new(Code::NotExecutable, message.clone());
            prop_assert!(message.starts_with(&failure.message));
            let json = serde_json::to_vec(&failure.message).unwrap().len() - 2;
            prop_assert!(json <= MAX_MESSAGE_BYTES && (failure.message == message || json > MAX_MESSAGE_BYTES - 6));
            prop_assert!(encode_json(Type::Failed, &failure).len() <= MAX_SMALL_BYTES);
        }
    }
}
