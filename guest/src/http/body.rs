//! The receiving half of a stream.

use bytes::{Bytes, BytesMut};
use h2::RecvStream;
use http::StatusCode;

use super::answer::{Gone, Refusal};

const MAX_JSON_BYTES: usize = 1024 * 1024;

/// Reads a JSON body whole, up to its cap. `None`: the host went away in the middle.
pub async fn read_all(mut body: RecvStream) -> Option<Result<Bytes, Refusal>> {
    let mut all = BytesMut::new();
    while let Some(chunk) = body.data().await {
        let chunk = chunk.ok()?;
        if all.len() + chunk.len() > MAX_JSON_BYTES {
            let message = format!("the body is longer than {MAX_JSON_BYTES} bytes");
            return Some(Err(Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", message)));
        }
        let _ = body.flow_control().release_capacity(chunk.len());
        all.extend_from_slice(&chunk);
    }
    Some(Ok(all.freeze()))
}

/// The next bytes of a raw body; `None` at its end. The caller gives the window back with [`release`] when it is done with them.
pub async fn next(body: &mut RecvStream) -> Result<Option<Bytes>, Gone> {
    body.data().await.transpose().map_err(|_| Gone)
}

/// Lets the host send `count` more.
pub fn release(body: &mut RecvStream, count: usize) {
    // Fails only when the stream is over, and then no window matters.
    let _ = body.flow_control().release_capacity(count);
}
