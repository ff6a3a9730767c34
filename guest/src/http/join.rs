//! Joins a host's stream to a socket in the guest: bytes both ways, half-closes kept, nothing buffered beyond one piece.

use bytes::Bytes;
use h2::{Reason, RecvStream};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;

use super::answer::{Gone, Sink};
use super::body;
use super::session::Over;

const PIECE_BYTES: usize = 64 * 1024;

/// Returns when both directions have ended or either end is gone; the socket is closed by then.
pub async fn join(sink: Sink, body: RecvStream, socket: impl AsyncRead + AsyncWrite, over: &Over) {
    let _ = pass_on(sink, body, socket, over).await;
}

/// As [`join`]. A connection that broke is reset, so that whoever reads from it does not take what there is for everything.
pub async fn join_tcp(sink: Sink, body: RecvStream, mut socket: TcpStream, over: &Over) {
    if pass_on(sink, body, &mut socket, over).await.is_err() {
        let _ = socket.set_zero_linger();
    }
}

async fn pass_on(sink: Sink, body: RecvStream, socket: impl AsyncRead + AsyncWrite, over: &Over) -> Result<(), Gone> {
    let (from, into) = tokio::io::split(socket);
    tokio::select! {
        // Both halves must end; the first error ends both.
        passed = async { tokio::try_join!(to_host(sink, from), to_socket(body, into)) } => passed.map(|_| ()),
        () = over.wait() => Err(Gone),
    }
}

async fn to_host(mut sink: Sink, mut from: impl AsyncRead + Unpin) -> Result<(), Gone> {
    let mut buffer = vec![0; PIECE_BYTES];
    loop {
        let read = tokio::select! {
            read = from.read(&mut buffer) => read,
            () = sink.gone() => return Err(Gone),
        };
        match read {
            Ok(0) => {
                sink.finish();
                return Ok(());
            }
            Ok(count) => sink.send(Bytes::copy_from_slice(&buffer[..count])).await?,
            Err(_) => {
                // The host learns that this was no orderly end.
                sink.reset(Reason::CANCEL);
                return Err(Gone);
            }
        }
    }
}

async fn to_socket(mut body: RecvStream, mut into: impl AsyncWrite + Unpin) -> Result<(), Gone> {
    let mut listens = true;
    while let Some(bytes) = body::next(&mut body).await? {
        // A socket that no longer listens may still have much to say: go on taking the host's bytes, and drop them.
        listens = listens && into.write_all(&bytes).await.is_ok();
        body::release(&mut body, bytes.len());
    }
    let _ = into.shutdown().await;
    Ok(())
}
