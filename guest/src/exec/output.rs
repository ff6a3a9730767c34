//! From the command to the client: output as it comes, no faster than the client takes it, and then how it ended.

use std::convert::Infallible;
use std::io;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use tokio::time::Instant;

use super::child::{Child, Exit};
use super::frames::{HEADER_BYTES, MAX_CHUNK_BYTES, Type, encode_json, write_header};
use super::pipe::Pipe;
use super::stdio::Ours;
use crate::http::answer::{Gone, Sink};

/// When the command has ended, what it wrote is in the pipes and is delivered, however slow the client. Others may have
/// inherited the pipes and go on writing; they are listened to for this long and no longer.
const INHERITORS: Duration = Duration::from_millis(250);

struct Source<'a> {
    kind: Type,
    /// `None` after its end.
    pipe: Option<&'a Pipe>,
    /// What the ended command still has in the pipe.
    owed: usize,
}

/// Returns after `exited` was sent; or when the client is gone.
pub async fn deliver(sink: &mut Sink, child: &Child, ours: &Ours) -> Result<(), Gone> {
    let mut stdout = Source { kind: Type::Stdout, pipe: Some(&ours.stdout), owed: 0 };
    let mut stderr = Source { kind: Type::Stderr, pipe: ours.stderr.as_ref(), owed: 0 };
    let mut ended: Option<(Exit, Instant)> = None;
    loop {
        let is_over = stdout.pipe.is_none() && stderr.pipe.is_none();
        let owes = stdout.owed > 0 || stderr.owed > 0;
        let (exit, deadline) = match ended {
            Some((exit, _)) if is_over => return send_exit(sink, exit).await,
            Some((exit, deadline)) => (Some(exit), Some(deadline)),
            None => (None, None),
        };
        tokio::select! {
            bytes = stdout.read(), if stdout.pipe.is_some() => stdout.forward(sink, bytes).await?,
            bytes = stderr.read(), if stderr.pipe.is_some() => stderr.forward(sink, bytes).await?,
            exit = child.exited(), if exit.is_none() => {
                // Waiting for our own child by its descriptor does not fail.
                ended = Some((exit.unwrap_or(Exit::Signal(libc::SIGKILL)), Instant::now() + INHERITORS));
                stdout.note_owed();
                stderr.note_owed();
            }
            () = until(deadline), if !owes => {
                if let Some(exit) = exit {
                    return send_exit(sink, exit).await;
                }
            }
            () = sink.gone() => return Err(Gone),
        }
    }
}

/// Reads and forgets, until it is dropped. A command that was hung up on may still say something on its way out, and must not die of that.
pub async fn discard(ours: Ours) -> Infallible {
    let Ours { stdin, stdout, stderr, terminal } = ours;
    drop(stdin);
    // A terminal is closed instead: that is what its users know as hanging up.
    if terminal.is_some() {
        drop((stdout, terminal));
    } else {
        let drain = async |pipe: &Pipe| {
            while matches!(pipe.read_behind(0, MAX_CHUNK_BYTES).await, Ok(bytes) if !bytes.is_empty()) {}
        };
        tokio::join!(drain(&stdout), async {
            if let Some(stderr) = &stderr {
                drain(stderr).await;
            }
        });
    }
    std::future::pending().await
}

async fn send_exit(sink: &mut Sink, exit: Exit) -> Result<(), Gone> {
    sink.send(encode_json(Type::Exited, &exit)).await
}

async fn until(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => tokio::time::sleep_until(deadline).await,
        None => std::future::pending().await,
    }
}

impl Source<'_> {
    async fn read(&self) -> io::Result<BytesMut> {
        match &self.pipe {
            Some(pipe) => pipe.read_behind(HEADER_BYTES, MAX_CHUNK_BYTES).await,
            None => Ok(BytesMut::new()),
        }
    }

    async fn forward(&mut self, sink: &mut Sink, bytes: io::Result<BytesMut>) -> Result<(), Gone> {
        match bytes {
            Ok(mut frame) if !frame.is_empty() => {
                self.owed = self.owed.saturating_sub(frame.len() - HEADER_BYTES);
                write_header(self.kind, &mut frame);
                sink.send(Bytes::from(frame)).await
            }
            // An unreadable pipe has nothing more to say either.
            _ => {
                self.pipe = None;
                self.owed = 0;
                Ok(())
            }
        }
    }

    fn note_owed(&mut self) {
        self.owed = self.pipe.map_or(0, Pipe::waiting);
    }
}
