//! The commands that run, so that the agent's own end can be theirs.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::rc::Rc;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::timeout;

use super::session;
use crate::sys::signals;

#[derive(Default, Clone)]
pub struct Commands(Rc<Inner>);

#[derive(Default)]
struct Inner {
    groups: RefCell<BTreeSet<i32>>,
    running: RefCell<BTreeSet<i32>>,
    fewer: Notify,
}

/// A place in the list, for as long as the command is not reaped: so long its number cannot be another's.
pub struct Entry {
    commands: Commands,
    pid: i32,
}

impl Commands {
    pub fn enter(&self, pid: i32) -> Entry {
        self.0.groups.borrow_mut().insert(pid);
        self.0.running.borrow_mut().insert(pid);
        Entry { commands: self.clone(), pid }
    }

    /// Asks every command with `signal`, and forces those that still run after `grace`.
    pub async fn end_all(&self, signal: i32, grace: Duration) {
        self.signal_all(signal);
        let all_ended = async {
            while !self.0.running.borrow().is_empty() {
                self.0.fewer.notified().await;
            }
        };
        let _ = timeout(grace, all_ended).await;
        for &leader in self.0.groups.borrow().iter() {
            session::kill(leader);
        }
    }

    fn signal_all(&self, signal: i32) {
        for &group in self.0.groups.borrow().iter() {
            // A group that has just emptied needs no signal.
            let _ = signals::send_to_group(group, signal);
        }
    }
}

impl Entry {
    /// The command itself has ended; others of its group may not have.
    pub fn has_ended(&self) {
        self.commands.0.running.borrow_mut().remove(&self.pid);
        self.commands.0.fewer.notify_one();
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        self.has_ended();
        self.commands.0.groups.borrow_mut().remove(&self.pid);
    }
}
