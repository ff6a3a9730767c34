//! An init that takes the guest down asks every process to end, the agent as well, before it forces them. The agent then says
//! goodbye to the host and goes, so that the init need not wait for it.

use std::rc::Rc;

use tokio::sync::watch;
use tokio::task::spawn_local;

use super::Kind;
use crate::agent::Agent;
use crate::runtime;
use crate::sys::signals;

/// Becomes true once an init of the guest's own has asked, which also begins the agent's end. The signal has been held back since
/// before the agent was started. systemd and our own PID 1 send it without meaning the agent.
pub fn listen(agent: Rc<Agent>) -> watch::Receiver<bool> {
    let (tell, told) = watch::channel(false);
    spawn_local(async move {
        while runtime::in_thread("dismissal", || signals::wait(&[libc::SIGTERM])).await.is_ok() {
            if !matches!(agent.successor.get(), None | Some(Kind::Systemd)) {
                tell.send_replace(true);
                agent.going_down.send_replace(true);
            }
        }
        // Whoever listens must not take the end of this for a word.
        tell.closed().await;
    });
    told
}
