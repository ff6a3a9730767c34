//! How much of a channel the client takes yet.

use std::cell::Cell;

use tokio::sync::Notify;

#[derive(Default)]
pub struct Credit {
    left: Cell<u32>,
    grown: Notify,
}

impl Credit {
    pub fn new(bytes: u32) -> Self {
        Self { left: Cell::new(bytes), grown: Notify::new() }
    }

    pub fn left(&self) -> usize {
        self.left.get() as usize
    }

    /// Returns once there is some. Whoever else waits may take it first: what counts is `left` at the moment of reading.
    pub async fn some(&self) {
        while self.left.get() == 0 {
            self.grown.notified().await;
        }
    }

    /// # Panics
    /// Where there is not as much.
    pub fn take(&self, bytes: usize) {
        let bytes = u32::try_from(bytes).expect("no more than was left");
        self.left.set(self.left.get().checked_sub(bytes).expect("no more than was left"));
    }

    /// False where it would be more than the protocol can count.
    #[must_use]
    pub fn grow(&self, bytes: u32) -> bool {
        let Some(left) = self.left.get().checked_add(bytes) else { return false };
        self.left.set(left);
        self.grown.notify_waiters();
        true
    }
}
