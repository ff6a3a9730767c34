//! What every route of one agent shares. One thread, so plain cells; nothing here waits.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};
use serde::Serialize;
use tokio::sync::watch;

use crate::exec::defaults::Defaults;
use crate::exec::registry::Commands;
use crate::install::route::Slot;
use crate::look::route::Looks;
use crate::offers::Offers;
use crate::plan::once::PlanOnce;
use crate::plan::schema::Init;
use crate::ssh::carried::Carried;
use crate::successor::Kind;
use crate::wire::lines::Hello;

/// Where the agent lives, and so what it may change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// Below its own PID 1 in a microVM: the computer is its to set up.
    Guest,
    /// An ordinary process: it runs commands and changes nothing of the computer.
    Process,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    Waiting,
    Configured,
    HandedOver,
}

pub struct Agent {
    pub place: Place,
    pub hello: Hello,
    pub commands: Commands,
    /// Held by every copy that is under way.
    pub copies: Arc<()>,
    pub offers: Offers,
    pub plan: PlanOnce,
    pub state: Cell<State>,
    pub init: Cell<Init>,
    /// Who is PID 1, when not our own program.
    pub successor: Cell<Option<Kind>>,
    /// The plan's environment, below what a command's own spec sets.
    pub env: RefCell<BTreeMap<String, String>>,
    /// What is exported of an ordinary process.
    pub root: RefCell<Option<PathBuf>>,
    /// What the image says of commands.
    pub defaults: RefCell<Defaults>,
    /// Where the work disk is mounted.
    pub home: RefCell<Option<String>>,
    /// What the plan has left to be installed.
    pub install: Slot,
    pub looks: Looks,
    /// Held by whoever makes ready for SSH.
    pub ssh: tokio::sync::Mutex<()>,
    /// The SSH server that banger carries, once it has come.
    pub carried: RefCell<Option<Carried>>,
    /// Becomes true when somebody asked for the end, and stays so.
    pub going_down: watch::Sender<bool>,
    started: Duration,
}

impl Agent {
    pub fn new(place: Place) -> Rc<Self> {
        let mut boot = [0; 16];
        // The pool may not be seeded yet in a guest; this only tells two boots apart, and must not wait.
        let _ = rustix::rand::getrandom(&mut boot, rustix::rand::GetRandomFlags::INSECURE);
        Rc::new(Self {
            place,
            hello: Hello::new(boot),
            commands: Commands::default(),
            copies: Arc::default(),
            offers: Offers::default(),
            plan: PlanOnce::default(),
            state: Cell::new(State::Waiting),
            init: Cell::new(Init::Agent),
            successor: Cell::new(None),
            env: RefCell::default(),
            root: RefCell::default(),
            defaults: RefCell::default(),
            home: RefCell::default(),
            install: Slot::default(),
            looks: Looks::default(),
            ssh: tokio::sync::Mutex::default(),
            carried: RefCell::default(),
            going_down: watch::Sender::new(false),
            started: if place == Place::Guest { Duration::ZERO } else { since_boot() },
        })
    }

    pub fn is_going_down(&self) -> bool {
        *self.going_down.borrow()
    }

    pub fn uptime(&self) -> Duration {
        since_boot().saturating_sub(self.started)
    }
}

fn since_boot() -> Duration {
    Duration::try_from(clock_gettime(ClockId::Boottime)).unwrap_or_default()
}
