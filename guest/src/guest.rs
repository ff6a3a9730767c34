//! The agent in a microVM: child of its own PID 1, at the end of a virtio-serial port.

use std::convert::Infallible;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use rustix::system::{RebootCommand, reboot};

use crate::agent::{Agent, Place};
use crate::http::session;
use crate::init::steer;
use crate::offers::door;
use crate::plan::schema::Init;
use crate::port::Port;
use crate::sys::memory;
use crate::wire::link::Link;

const OFFERS: &str = "/run/banger/offer.sock";
/// How long streams that go on may keep the end waiting.
const LAST_WORDS: Duration = Duration::from_millis(500);
/// How long systemd may take to stop everything; and how often it is reminded, for while it starts it does not hear.
const SYSTEMD_PATIENCE: Duration = Duration::from_secs(90);
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
        power_off(agent.init.get()).await
    })
}

/// Asks PID 1; and if that is a systemd that does not get there, does it ourselves.
async fn power_off(init: Init) -> io::Result<Infallible> {
    steer::ask_to_power_off()?;
    if init == Init::Agent {
        return std::future::pending().await;
    }
    let deadline = tokio::time::Instant::now() + SYSTEMD_PATIENCE;
    while tokio::time::Instant::now() < deadline {
        tokio::time::sleep(REMINDER).await;
        steer::ask_to_power_off()?;
    }
    rustix::fs::sync();
    Err(reboot(RebootCommand::Restart).err().map_or(io::ErrorKind::Other.into(), Into::into))
}
