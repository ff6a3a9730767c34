//! Why a connection cannot go on.

use std::io;

use crate::wire::Malformed;

/// Of RFC 4253, 11.1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    Protocol = 2,
    KeyExchange = 3,
    Mac = 5,
    Service = 7,
    ConnectionLost = 10,
    ByApplication = 11,
    NoMoreMethods = 14,
}

#[derive(Debug)]
pub struct Broken {
    pub reason: Reason,
    pub message: String,
}

impl Broken {
    pub fn new(reason: Reason, message: impl Into<String>) -> Self {
        Self { reason, message: message.into() }
    }

    pub fn protocol(message: impl Into<String>) -> Self {
        Self::new(Reason::Protocol, message)
    }
}

impl From<Malformed> for Broken {
    fn from(_: Malformed) -> Self {
        Self::protocol("a message is not what it should be")
    }
}

impl From<io::Error> for Broken {
    fn from(error: io::Error) -> Self {
        Self::new(Reason::ConnectionLost, error.to_string())
    }
}

pub type Outcome<T> = Result<T, Broken>;
