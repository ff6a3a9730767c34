//! What the agent wants to say on one byte stream, on its way from the HTTP/2 task to the writer's thread. Bounded: a full
//! outbox holds HTTP/2 back. It outlives sessions, because the byte stream does.

use std::sync::{Condvar, Mutex, MutexGuard};
use std::task::{Context, Poll, Waker};

const CAPACITY: usize = 256 * 1024;

#[derive(Default)]
pub struct Outbox {
    state: Mutex<State>,
    filled: Condvar,
}

#[derive(Default)]
struct State {
    pending: Vec<u8>,
    /// How much of it no session may drop: the stream's first line.
    kept: usize,
    /// The writer's thread has taken bytes and not come back for more.
    writing: bool,
    closed: bool,
    waker: Option<Waker>,
}

impl Outbox {
    /// An outbox whose first words are `line`, whoever comes first.
    pub fn beginning_with(line: Vec<u8>) -> Self {
        let state = State { kept: line.len(), pending: line, ..State::default() };
        Self { state: Mutex::new(state), filled: Condvar::new() }
    }

    /// Begins a session: what an earlier one left unsaid is dropped. What the writer has already taken will still arrive.
    pub fn restart_with(&self, line: &[u8]) {
        let mut state = self.lock();
        let kept = state.kept;
        state.pending.truncate(kept);
        state.pending.extend_from_slice(line);
        self.filled.notify_one();
    }

    pub fn poll_write(&self, context: &mut Context<'_>, bytes: &[u8]) -> Poll<std::io::Result<usize>> {
        let mut state = self.lock();
        if state.closed {
            return Poll::Ready(Err(std::io::ErrorKind::BrokenPipe.into()));
        }
        let room = CAPACITY.saturating_sub(state.pending.len());
        if room == 0 {
            state.waker = Some(context.waker().clone());
            return Poll::Pending;
        }
        let part = room.min(bytes.len());
        state.pending.extend_from_slice(&bytes[..part]);
        self.filled.notify_one();
        Poll::Ready(Ok(part))
    }

    /// Ready when the writer has written everything, or never will.
    pub fn poll_drained(&self, context: &mut Context<'_>) -> Poll<()> {
        let mut state = self.lock();
        if state.closed || (state.pending.is_empty() && !state.writing) {
            return Poll::Ready(());
        }
        state.waker = Some(context.waker().clone());
        Poll::Pending
    }

    /// Waits for bytes; `None` when the stream is over. `spare` gives its memory back for reuse.
    pub fn take(&self, mut spare: Vec<u8>) -> Option<Vec<u8>> {
        spare.clear();
        let mut state = self.lock();
        state.writing = false;
        if state.pending.is_empty() {
            // A burst may have grown the buffers; an idle stream keeps none.
            spare = Vec::new();
            wake(&mut state);
        }
        while state.pending.is_empty() && !state.closed {
            state = self.filled.wait(state).unwrap_or_else(|poisoned| poisoned.into_inner());
        }
        if state.closed {
            return None;
        }
        state.writing = true;
        state.kept = 0;
        std::mem::swap(&mut state.pending, &mut spare);
        wake(&mut state);
        Some(spare)
    }

    pub fn close(&self) {
        let mut state = self.lock();
        state.closed = true;
        state.pending = Vec::new();
        self.filled.notify_all();
        wake(&mut state);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

fn wake(state: &mut State) {
    if let Some(waker) = state.waker.take() {
        waker.wake();
    }
}
