//! Ports on the guest's loopback, for the host: `POST /dial/tcp/:port` and `POST /dial/udp/:port`.

use std::io;

use http::StatusCode;

use crate::http::answer::Refusal;

pub mod tcp;
pub mod udp;

/// A port as it is written in a path, in its one form.
pub fn port(text: &str) -> Result<u16, Refusal> {
    let number = text.parse::<u16>().ok().filter(|&number| number > 0 && number.to_string() == text);
    number.ok_or_else(|| Refusal::invalid(format!("{text:?} is not a port")))
}

fn unreachable(number: u16, code: &'static str, why: impl std::fmt::Display) -> Refusal {
    let message = format!("cannot connect to 127.0.0.1:{number} in the guest: {why}");
    Refusal::new(StatusCode::BAD_GATEWAY, code, message)
}

fn is_refused(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::ConnectionRefused
}
