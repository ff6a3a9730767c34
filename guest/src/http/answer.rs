//! Answers, and the sending half of a stream with its flow control.

use std::future::poll_fn;

use bytes::Bytes;
use h2::server::SendResponse;
use h2::{Reason, SendStream};
use http::{Response, StatusCode};
use serde::Serialize;

pub type Respond = SendResponse<Bytes>;

/// The host has no more use for the stream: it was reset, or its session is over.
#[derive(Debug)]
pub struct Gone;

/// Why a request was not done, as the host will read it.
#[derive(Debug, Clone)]
pub struct Refusal {
    pub status: StatusCode,
    pub code: &'static str,
    pub message: String,
}

impl Refusal {
    pub fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into() }
    }

    pub fn invalid(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "invalid", message)
    }

    pub fn not_found(message: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", message)
    }

    pub fn send(&self, respond: &mut Respond) {
        #[derive(Serialize)]
        struct Body<'a> {
            code: &'a str,
            message: &'a str,
        }
        json(respond, self.status, &Body { code: self.code, message: &self.message });
    }
}

/// A whole answer. A host that is gone does not get it, and that is all that can be done.
pub fn json(respond: &mut Respond, status: StatusCode, body: &impl Serialize) {
    let text = serde_json::to_vec(body).expect("answers are plain data");
    let head = Response::builder().status(status).header("content-type", "application/json");
    if let Ok(mut stream) = respond.send_response(head.body(()).expect("constant header"), false) {
        // Small, so it may wait in the stream's buffer for the host's window.
        let _ = stream.send_data(text.into(), true);
    }
}

pub fn empty(respond: &mut Respond, status: StatusCode) {
    let head = Response::builder().status(status).body(()).expect("no headers");
    let _ = respond.send_response(head, true);
}

/// Begins a 200 whose body is a stream.
pub fn stream(respond: &mut Respond) -> Result<Sink, Gone> {
    respond.send_response(Response::new(()), false).map(|stream| Sink { stream }).map_err(|_| Gone)
}

/// Sends bytes no faster than the host takes them.
pub struct Sink {
    stream: SendStream<Bytes>,
}

impl Sink {
    /// Returns once the last piece is within what the host has allowed; so at most one piece waits in memory.
    pub async fn send(&mut self, mut bytes: Bytes) -> Result<(), Gone> {
        while !bytes.is_empty() {
            self.stream.reserve_capacity(bytes.len());
            let room = match self.stream.capacity() {
                0 => poll_fn(|context| self.stream.poll_capacity(context)).await,
                room => Some(Ok(room)),
            };
            let Some(Ok(room)) = room else { return Err(Gone) };
            let piece = bytes.split_to(room.min(bytes.len()));
            if !piece.is_empty() {
                self.stream.send_data(piece, false).map_err(|_| Gone)?;
            }
        }
        Ok(())
    }

    pub fn finish(mut self) {
        let _ = self.stream.send_data(Bytes::new(), true);
    }

    pub fn reset(mut self, reason: Reason) {
        self.stream.send_reset(reason);
    }

    /// Waits until the host resets the stream.
    pub async fn gone(&mut self) {
        let _ = poll_fn(|context| self.stream.poll_reset(context)).await;
    }
}
