//! What is said of a request.

use std::io::{self, ErrorKind};

use super::packet;
use crate::wire::{Malformed, Writer};

const OK: u32 = 0;
const EOF: u32 = 1;
const NO_SUCH_FILE: u32 = 2;
const PERMISSION_DENIED: u32 = 3;
const FAILURE: u32 = 4;
const BAD_MESSAGE: u32 = 5;
const UNSUPPORTED: u32 = 8;

/// Why a request was not done.
#[derive(Debug)]
pub enum Refusal {
    End,
    Malformed,
    Unsupported,
    Io(io::Error),
}

impl From<Malformed> for Refusal {
    fn from(_: Malformed) -> Self {
        Self::Malformed
    }
}

impl From<io::Error> for Refusal {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl From<rustix::io::Errno> for Refusal {
    fn from(errno: rustix::io::Errno) -> Self {
        Self::Io(errno.into())
    }
}

pub fn done(id: u32) -> Vec<u8> {
    status(id, OK, "")
}

pub fn refused(id: u32, refusal: &Refusal) -> Vec<u8> {
    match refusal {
        Refusal::End => status(id, EOF, "there is no more"),
        Refusal::Malformed => status(id, BAD_MESSAGE, "the request is none"),
        Refusal::Unsupported => status(id, UNSUPPORTED, "that is not done here"),
        Refusal::Io(error) => {
            let code = match error.kind() {
                ErrorKind::NotFound | ErrorKind::NotADirectory => NO_SUCH_FILE,
                ErrorKind::PermissionDenied => PERMISSION_DENIED,
                _ => FAILURE,
            };
            status(id, code, &error.to_string())
        }
    }
}

fn status(id: u32, code: u32, message: &str) -> Vec<u8> {
    Writer::message(packet::STATUS).u32(id).u32(code).string(message).string("en").done()
}
