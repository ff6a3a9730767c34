//! The network namespace of one user: it lasts by its name, and is what root sees by `ip netns`.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::MetadataExt;
use std::thread;

use rustix::fs::{Mode, OFlags, open, statfs};
use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};

use crate::cards::{self, SWITCHED_OFF, SWITCHED_ON, SWITCHED_ON_IPV6};
use crate::program::{command, run};
use crate::refusal::{Code, Outcome, Refusal};
use crate::slot::{Slot, uplink};
use crate::sys::{self, Who, capability};

/// What changes cards and rules.
const OVER_NETWORK: Who = Who::Root(&[capability::NET_ADMIN]);
/// What makes a namespace and mounts it.
const OVER_NAMESPACES: Who = Who::Root(&[capability::SYS_ADMIN]);
/// What `statfs` says of a namespace that is mounted.
const NSFS: u64 = 0x6e73_6673;

pub struct Namespace {
    name: String,
}

/// Bytes over a card, as the namespace sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Traffic {
    pub received: u64,
    pub sent: u64,
}

impl Namespace {
    pub fn of(uid: u32) -> Self {
        Self { name: format!("banger-{uid}") }
    }

    pub fn path(&self) -> String {
        format!("/run/netns/{}", self.name)
    }

    /// Undefined where there is none.
    fn find(&self) -> Outcome<Option<OwnedFd>> {
        let system = match statfs(self.path()) {
            Ok(system) => system,
            Err(rustix::io::Errno::NOENT) => return Ok(None),
            Err(error) => return Err(Refusal::failed(self.path(), error)),
        };
        // Whoever made it was killed before it was mounted. What is there then may not even be opened.
        if system.f_type as u64 != NSFS {
            return Ok(None);
        }
        let opened = open(self.path(), OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NOFOLLOW, Mode::empty())
            .map_err(|error| Refusal::failed(self.path(), error))?;
        let ours = fs::metadata("/proc/self/ns/net").map_err(|error| Refusal::failed("/proc/self/ns/net", error))?;
        let its = rustix::fs::fstat(&opened).map_err(|error| Refusal::failed(self.path(), error))?;
        if (ours.dev(), ours.ino()) == (its.st_dev, its.st_ino) {
            return Err(Refusal::new(
                Code::Failed,
                format_args!("{} is the namespace of the computer itself", self.path()),
            ));
        }
        Ok(Some(opened))
    }

    fn get(&self) -> Outcome<OwnedFd> {
        self.find()?.ok_or_else(|| Refusal::new(Code::Failed, format_args!("{} is gone", self.path())))
    }

    pub fn is_there(&self) -> Outcome<bool> {
        Ok(self.find()?.is_some())
    }

    /// Makes it when there is none: a router that lets nothing pass.
    pub fn make(&self) -> Outcome {
        if !self.is_there()? {
            self.remove()?;
            run(command("ip")?.args(["netns", "add", &self.name]), OVER_NAMESPACES, None, "")?;
        }
        self.within(set_up)?.map_err(|error| Refusal::failed("/proc/sys/net", error))
    }

    /// With all cards and rules in it. Again: nothing.
    pub fn remove(&self) -> Outcome {
        if fs::symlink_metadata(self.path()).is_err() {
            return Ok(());
        }
        run(command("ip")?.args(["netns", "delete", &self.name]), OVER_NAMESPACES, None, "")
    }

    /// One transaction.
    pub fn rules(&self, text: &str) -> Outcome {
        if text.is_empty() {
            return Ok(());
        }
        run(command("nft")?.args(["-f", "-"]), OVER_NETWORK, Some(self.get()?.as_fd()), text)
    }

    /// Whole cards: what is left of one is taken away before.
    pub fn add_cards(&self, slots: &[Slot]) -> Outcome {
        self.remove_cards(slots)?;
        self.batch(&cards::add(slots))
    }

    /// Those that are there.
    pub fn remove_cards(&self, slots: &[Slot]) -> Outcome {
        let there = self.cards()?;
        let slots: Vec<Slot> = slots.iter().copied().filter(|slot| there.contains_key(slot)).collect();
        self.batch(&cards::remove(&slots))
    }

    fn batch(&self, text: &str) -> Outcome {
        if text.is_empty() {
            return Ok(());
        }
        run(command("ip")?.args(["-batch", "-"]), OVER_NETWORK, Some(self.get()?.as_fd()), text)
    }

    /// The TAPs; none where there is no namespace.
    pub fn cards(&self) -> Outcome<BTreeMap<Slot, Traffic>> {
        let cards = self.all_cards()?;
        Ok(cards.iter().filter_map(|(name, traffic)| Some((Slot::of_card(name)?, *traffic))).collect())
    }

    pub fn has_uplink(&self) -> Outcome<bool> {
        Ok(self.all_cards()?.contains_key(uplink::NAME))
    }

    fn all_cards(&self) -> Outcome<BTreeMap<String, Traffic>> {
        if self.find()?.is_none() {
            return Ok(BTreeMap::new());
        }
        let text = self.within(|| fs::read_to_string("/proc/thread-self/net/dev"))?;
        Ok(parse_cards(&text.map_err(|error| Refusal::failed("/proc/net/dev", error))?))
    }

    /// The other end of a TAP. `InUse` when somebody has it.
    pub fn attach(&self, slot: Slot) -> Outcome<OwnedFd> {
        // A card that is not there would be made.
        if !self.cards()?.contains_key(&slot) {
            return Err(Refusal::new(Code::NoSuchSlot, format_args!("there is no TAP {}", slot.card())));
        }
        self.within(|| sys::attach(&slot.card()))?.map_err(|error| match error.kind() {
            io::ErrorKind::ResourceBusy => {
                Refusal::new(Code::InUse, format_args!("a process has {} open", slot.card()))
            }
            _ => Refusal::failed(format_args!("cannot open {}", slot.card()), error),
        })
    }

    /// Whether a process has the TAP open.
    pub fn is_held(&self, slot: Slot) -> bool {
        matches!(self.attach(slot), Err(Refusal { code: Code::InUse, .. }))
    }

    /// In a thread of its own, which is inside and ends: nobody else is ever there by accident.
    fn within<T: Send>(&self, body: impl FnOnce() -> T + Send) -> Outcome<T> {
        let namespace = self.get()?;
        let inside = || {
            move_into_link_name_space(namespace.as_fd(), Some(LinkNameSpaceType::Network))
                .map_err(|error| Refusal::failed(self.path(), error))?;
            Ok(body())
        };
        thread::scope(|scope| scope.spawn(inside).join())
            .unwrap_or_else(|_| Err(Refusal::new(Code::Failed, "a thread has panicked")))
    }
}

fn set_up() -> io::Result<()> {
    let has_ipv6 = fs::exists("/proc/sys/net/ipv6")?;
    let ipv6: &[&str] = if has_ipv6 { &SWITCHED_ON_IPV6 } else { &[] };
    let on = SWITCHED_ON.iter().chain(ipv6).map(|name| (name, "1\n"));
    for (name, value) in on.chain(SWITCHED_OFF.iter().map(|name| (name, "0\n"))) {
        fs::write(format!("/proc/sys/net/{name}"), value)?;
    }
    Ok(())
}

/// Lines of `/proc/net/dev`: a name, then bytes that were received, and as the ninth number bytes that were sent.
fn parse_cards(text: &str) -> BTreeMap<String, Traffic> {
    let lines = text.lines().filter_map(|line| {
        let (name, numbers) = line.split_once(':')?;
        let numbers: Vec<u64> = numbers.split_whitespace().map_while(|number| number.parse().ok()).collect();
        Some((name.trim().to_owned(), Traffic { received: *numbers.first()?, sent: *numbers.get(8)? }))
    });
    lines.collect()
}
