//! What a client has said on a channel and nobody has taken yet. One buffer, so that it takes no more memory than the window allows,
//! however small the pieces are.

use std::cell::{Cell, RefCell};

use bytes::{Bytes, BytesMut};
use tokio::sync::Notify;

#[derive(Default)]
pub struct Inbox {
    bytes: RefCell<BytesMut>,
    has_ended: Cell<bool>,
    changed: Notify,
}

impl Inbox {
    pub fn has_ended(&self) -> bool {
        self.has_ended.get()
    }

    pub fn put(&self, bytes: &[u8]) {
        self.bytes.borrow_mut().extend_from_slice(bytes);
        self.changed.notify_waiters();
    }

    pub fn end(&self) {
        self.has_ended.set(true);
        self.changed.notify_waiters();
    }

    /// All that there is, once there is some; none at the end.
    pub async fn take(&self) -> Option<Bytes> {
        loop {
            let bytes = self.bytes.borrow_mut().split().freeze();
            if !bytes.is_empty() {
                return Some(bytes);
            }
            if self.has_ended() {
                return None;
            }
            self.changed.notified().await;
        }
    }
}
