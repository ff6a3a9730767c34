//! One session's bytes as the stream that HTTP/2 runs on: its inbox for reading, the link's outbox for writing.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::inbox::Inbox;
use super::outbox::Outbox;

pub struct SessionIo {
    pub inbox: Arc<Inbox>,
    pub outbox: Arc<Outbox>,
}

/// A session that HTTP/2 has given up must not hold the reader back: it still has to find the next one.
impl Drop for SessionIo {
    fn drop(&mut self) {
        self.inbox.close();
    }
}

impl AsyncRead for SessionIo {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        self.inbox.poll_read(context, into).map(Ok)
    }
}

impl AsyncWrite for SessionIo {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.outbox.poll_write(context, bytes)
    }

    /// Handing over is enough: the writer's thread never waits with what it has.
    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    /// The byte stream has no end that a session could use.
    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
