//! What a host sent in one session, on its way from the reader's thread to the HTTP/2 task. Bounded: a full inbox holds the
//! reader back, and with it the host.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use bytes::{Buf, Bytes};

const CAPACITY: usize = 512 * 1024;

#[derive(Default)]
pub struct Inbox {
    state: Mutex<State>,
    drained: Condvar,
}

#[derive(Default)]
struct State {
    chunks: VecDeque<Bytes>,
    held: usize,
    /// Nobody writes any more, or nobody reads any more.
    closed: bool,
    waker: Option<Waker>,
}

impl Inbox {
    /// Appends `chunk` when there is room. `false`: waited for `patience` and there is still none. A closed inbox swallows.
    pub fn push(&self, chunk: &Bytes, patience: Duration) -> bool {
        let state = self.lock();
        let (mut state, _) = self
            .drained
            .wait_timeout_while(state, patience, |state| state.held >= CAPACITY && !state.closed)
            .unwrap_or_else(|poisoned| poisoned.into_inner());
        if state.closed {
            return true;
        }
        if state.held >= CAPACITY {
            return false;
        }
        state.held += chunk.len();
        state.chunks.push_back(chunk.clone());
        wake(state);
        true
    }

    /// From now on nothing goes in; what is in it is thrown away, for it belongs to a session that is over.
    pub fn close(&self) {
        let mut state = self.lock();
        state.closed = true;
        state.held = 0;
        state.chunks.clear();
        self.drained.notify_all();
        wake(state);
    }

    /// Moves bytes into `into`; none at all means that the inbox is closed.
    pub fn poll_read(&self, context: &mut Context<'_>, into: &mut tokio::io::ReadBuf<'_>) -> Poll<()> {
        let mut state = self.lock();
        while into.remaining() > 0
            && let Some(chunk) = state.chunks.front_mut()
        {
            let part = chunk.len().min(into.remaining());
            into.put_slice(&chunk[..part]);
            chunk.advance(part);
            if chunk.is_empty() {
                state.chunks.pop_front();
            }
            state.held -= part;
        }
        if into.filled().is_empty() && !state.closed {
            state.waker = Some(context.waker().clone());
            return Poll::Pending;
        }
        self.drained.notify_all();
        Poll::Ready(())
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

/// Wakes outside the lock, so that the woken task does not run into it.
fn wake(mut state: MutexGuard<'_, State>) {
    let waker = state.waker.take();
    drop(state);
    if let Some(waker) = waker {
        waker.wake();
    }
}
