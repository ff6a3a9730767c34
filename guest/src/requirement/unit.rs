//! A unit that systemd calls active.

use std::cell::RefCell;
use std::time::Duration;

use super::command;
use super::pace::Pace;
use crate::agent::Agent;

/// `Err` when it has failed: systemd has given it up, and so do we.
pub async fn wait(agent: &Agent, unit: &str, seen: &RefCell<String>) -> Result<(), String> {
    let words = ["systemctl", "show", "--property", "ActiveState", "--value", "--", unit];
    let argv = words.map(str::to_owned);
    // A process for each look, and the guest may be emulated.
    let mut pace = Pace::new(Duration::from_millis(200), Duration::from_secs(2));
    loop {
        match command::output_of(agent, &argv).await {
            Ok(text) => match text.trim() {
                "active" | "reloading" => return Ok(()),
                "failed" => return Err("systemd calls it failed".into()),
                "" => *seen.borrow_mut() = "systemd does not answer".into(),
                state => *seen.borrow_mut() = format!("systemd calls it {state}"),
            },
            Err(failure) => *seen.borrow_mut() = failure.message,
        }
        pace.wait().await;
    }
}
