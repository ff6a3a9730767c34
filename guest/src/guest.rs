//! The agent in a microVM: child of its own PID 1, at the end of a virtio-serial port.

use std::convert::Infallible;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::sync::watch;
use tokio::time::Instant;

use crate::agent::{Agent, Place};
use crate::http::session;
use crate::init::ending::{self, Ending};
use crate::offers::door;
use crate::port::Port;
use crate::successor::{Kind, Wish, ask, dismissal};
use crate::sys::memory;
use crate::wire::link::Link;

const OFFERS: &str = "/run/banger/offer.sock";
/// How long streams that go on may keep the end waiting.
const LAST_WORDS: Duration = Duration::from_millis(500);
/// How long an init may take to stop everything; one that could not even be asked; and how often it is reminded, for while it
/// starts it does not hear.
const PATIENCE: Duration = Duration::from_secs(90);
const PATIENCE_WITH_THE_DEAF: Duration = Duration::from_secs(30);
const REMINDER: Duration = Duration::from_secs(5);

/// Ends only with the guest, or by an error that ends the guest.
pub fn run() -> io::Result<Infallible> {
    let _ = rustix::thread::set_name(c"banger-agent");
    // So that no command can have the agent killed by using up the memory.
    let _ = memory::set_own_score(memory::NEVER);
    let maximum = getrlimit(Resource::Nofile).maximum;
    let _ = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum });
    let port = Arc::new(Port::open()?);
    crate::runtime::block_on(async move {
        let agent = Agent::new(Place::Guest);
        let mut link = Link::open(port, agent.hello.line())?;
        std::fs::create_dir_all("/run/banger")?;
        door::open(agent.clone(), Path::new(OFFERS))?;
        let dismissed = dismissal::listen(agent.clone());
        let mut going_down = agent.going_down.subscribe();
        let time_is_up = async {
            let _ = going_down.wait_for(|down| *down).await;
            tokio::time::sleep(LAST_WORDS).await;
        };
        tokio::select! {
            // Goes down by itself as soon as the host has been told everything.
            () = session::serve(&agent, &mut link) => if !agent.is_going_down() {
                return Err(io::Error::other("the port is gone"));
            },
            () = time_is_up => {}
        }
        power_off(agent.successor.get(), dismissed).await
    })
}

/// Asks PID 1; and if that is an init of the guest's own that does not get there, does it ourselves. One that gets there asks us to
/// go before.
async fn power_off(successor: Option<Kind>, mut dismissed: watch::Receiver<bool>) -> io::Result<Infallible> {
    if successor.is_none() {
        ask::ask(None, Wish::PowerOff)?;
        return std::future::pending().await;
    }
    let start = Instant::now();
    while !*dismissed.borrow() {
        let was_asked = ask::ask(successor, Wish::PowerOff).is_ok();
        if start.elapsed() > if was_asked { PATIENCE } else { PATIENCE_WITH_THE_DEAF } {
            ending::end(Ending::PowerOff, std::process::id().cast_signed(), None);
        }
        let pause = if was_asked { REMINDER } else { ask::UNTIL_IT_HEARS };
        let _ = tokio::time::timeout(pause, dismissed.wait_for(|dismissed| *dismissed)).await;
    }
    std::process::exit(0)
}
