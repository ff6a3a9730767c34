//! How often to look where nothing tells: soon at first, then less and less often.

use std::time::Duration;

use tokio::time::sleep;

pub struct Pace {
    next: Duration,
    longest: Duration,
}

impl Pace {
    pub fn new(first: Duration, longest: Duration) -> Self {
        Self { next: first, longest }
    }

    pub async fn wait(&mut self) {
        let now = self.next;
        self.next = (now * 3 / 2).min(self.longest);
        sleep(now).await;
    }
}
