//! What is asked, done to the namespace of one user. Nothing here is only in memory but what is said anew by `open`: which slots there
//! are with which grants, and who of this user has them.

use std::collections::BTreeMap;
use std::fs;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::sync::Arc;

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use crate::message::{Answer, GrantedSlot, Grants, Host, Request, VERSION};
use crate::namespace::Namespace;
use crate::numbers::SLOTS;
use crate::refusal::{Code, Outcome, Refusal};
use crate::rules;
use crate::slot::Slot;
use crate::uplink::Uplink;

pub struct Ground {
    namespace: Namespace,
    uplink: Uplink,
    /// Remembers whom pasta asks for names, for a helper that takes it over.
    server_path: String,
    opened: Option<Opened>,
}

/// A connection.
#[derive(Clone)]
pub struct Asker {
    pub number: u64,
    pub stream: Arc<UnixStream>,
}

struct Opened {
    /// Who has it alone.
    by: Asker,
    slots: BTreeMap<Slot, Grants>,
}

impl Asker {
    fn is_gone(&self) -> bool {
        let mut asked = [PollFd::new(&self.stream, PollFlags::RDHUP)];
        let ended = PollFlags::RDHUP | PollFlags::HUP | PollFlags::ERR;
        poll(&mut asked, Some(&Timespec::default())).is_ok() && asked[0].revents().intersects(ended)
    }
}

/// An answer, and what goes along with it.
pub type Reply = Outcome<(Answer, Option<OwnedFd>)>;

impl Ground {
    /// @param `server_path` in a folder of root's.
    pub fn new(uid: u32, server_path: String) -> Self {
        Self { namespace: Namespace::of(uid), uplink: Uplink::new(uid), server_path, opened: None }
    }

    pub fn answer(&mut self, by: &Asker, request: Request) -> Reply {
        // A daemon that was killed, and whose follower is quicker than the news of it.
        self.opened.take_if(|opened| opened.by.number != by.number && opened.by.is_gone());
        match request {
            Request::Hello {} => {
                let slots = self.namespace.cards()?.into_keys().collect();
                Ok((Answer::Hello { version: VERSION, slots }, None))
            }
            Request::Open { host, slots } => self.open(by, &host, &slots).map(done),
            Request::Host(host) => {
                self.opened_by(by)?;
                self.namespace.rules(&rules::host(&host))?;
                self.follow(&host)?;
                Ok((Answer::Uplink { problem: self.uplink.problem() }, None))
            }
            Request::Slots { make, retire } => self.change(by, &make, &retire).map(done),
            Request::Grants(granted) => self.grant(by, granted).map(done),
            Request::Traffic { slot } => {
                let cards = self.namespace.cards()?;
                let traffic = cards.get(&slot).ok_or_else(|| no_such(slot))?;
                Ok((Answer::Traffic { received_bytes: traffic.received, sent_bytes: traffic.sent }, None))
            }
            Request::Tap { slot } => Ok((Answer::Done {}, Some(self.namespace.attach(slot)?))),
            Request::Close {} => {
                if self.opened.is_some() {
                    self.opened_by(by)?;
                }
                self.refuse_held(&[])?;
                self.remove().map(done)
            }
        }
    }

    /// A connection has ended.
    pub fn leave(&mut self, by: &Asker) {
        self.opened.take_if(|opened| opened.by.number == by.number);
    }

    /// We are told to end: what nobody has open ends with us.
    pub fn end(&mut self) -> Outcome {
        match self.refuse_held(&[]) {
            Ok(()) => self.remove(),
            Err(_) => Ok(()),
        }
    }

    fn open(&mut self, by: &Asker, host: &Host, slots: &[GrantedSlot]) -> Outcome {
        if self.opened.as_ref().is_some_and(|opened| opened.by.number != by.number) {
            return Err(Refusal::new(Code::Busy, "another daemon of this user has the network"));
        }
        let wanted: BTreeMap<Slot, Grants> =
            slots.iter().map(|granted| (granted.slot, granted.grants.clone())).collect();
        if wanted.len() < slots.len() {
            return Err(Refusal::new(Code::Malformed, "a slot is named twice"));
        }
        self.refuse_held(&wanted.keys().copied().collect::<Vec<_>>())?;
        self.namespace.make()?;
        self.namespace.rules(&rules::table(host, rules::pairs(slots)))?;
        let strange: Vec<Slot> =
            self.namespace.cards()?.into_keys().filter(|slot| !wanted.contains_key(slot)).collect();
        self.namespace.remove_cards(&strange)?;
        self.follow(host)?;
        self.opened = Some(Opened { by: by.clone(), slots: wanted });
        Ok(())
    }

    fn change(&mut self, by: &Asker, make: &[Slot], retire: &[Slot]) -> Outcome {
        let opened = self.opened_by(by)?;
        let mut slots = opened.slots.clone();
        let none = Grants::none();
        let retired: Vec<(Slot, Grants)> =
            retire.iter().map(|slot| (*slot, slots.remove(slot).unwrap_or_else(|| none.clone()))).collect();
        if let Some(slot) = make.iter().find(|slot| slots.contains_key(slot)) {
            return Err(Refusal::new(Code::InUse, format_args!("the slot {} is there", slot.card())));
        }
        slots.extend(make.iter().map(|slot| (*slot, none.clone())));
        if slots.len() > SLOTS {
            return Err(Refusal::new(Code::TooMany, format_args!("one user can have {SLOTS} slots")));
        }
        self.namespace.rules(&rules::slots(retired.iter().map(|(slot, grants)| (*slot, grants)), make))?;
        self.namespace.remove_cards(retire)?;
        self.namespace.add_cards(make)?;
        self.opened_by(by)?.slots = slots;
        Ok(())
    }

    fn grant(&mut self, by: &Asker, GrantedSlot { slot, grants }: GrantedSlot) -> Outcome {
        let before = self.opened_by(by)?.slots.get(&slot).cloned().ok_or_else(|| no_such(slot))?;
        self.namespace.rules(&rules::changed(slot, &before, &grants))?;
        self.opened_by(by)?.slots.insert(slot, grants);
        Ok(())
    }

    /// pasta runs, and asks the name server that the computer asks.
    fn follow(&mut self, host: &Host) -> Outcome {
        let server = host.server.map(|address| address.to_string()).unwrap_or_default();
        let is_other = fs::read_to_string(&self.server_path).is_ok_and(|before| before != server);
        self.uplink.ensure()?;
        if is_other {
            self.uplink.renew();
        }
        fs::write(&self.server_path, server).map_err(|error| Refusal::failed(&self.server_path, error))
    }

    fn remove(&mut self) -> Outcome {
        self.opened = None;
        self.uplink.end();
        if self.namespace.is_there()? {
            let cards: Vec<Slot> = self.namespace.cards()?.into_keys().collect();
            self.namespace.remove_cards(&cards)?;
        }
        self.namespace.remove()?;
        let _ = fs::remove_file(&self.server_path);
        Ok(())
    }

    /// Of somebody's whom whoever asks does not know: another home of this user's, most likely.
    fn refuse_held(&self, claimed: &[Slot]) -> Outcome {
        let cards = self.namespace.cards()?;
        let held = cards.into_keys().find(|slot| !claimed.contains(slot) && self.namespace.is_held(*slot));
        held.map_or(Ok(()), |slot| {
            let who = "a vm of this user's that whoever asks does not know";
            Err(Refusal::new(Code::InUse, format_args!("{} is in use, by {who}", slot.card())))
        })
    }

    fn opened_by(&mut self, by: &Asker) -> Outcome<&mut Opened> {
        match &mut self.opened {
            Some(opened) if opened.by.number == by.number => Ok(opened),
            Some(_) => Err(Refusal::new(Code::Busy, "another daemon of this user has the network")),
            None => Err(Refusal::new(Code::NotOpen, "it is not opened by this connection")),
        }
    }
}

fn done((): ()) -> (Answer, Option<OwnedFd>) {
    (Answer::Done {}, None)
}

fn no_such(slot: Slot) -> Refusal {
    Refusal::new(Code::NoSuchSlot, format_args!("there is no slot {}", slot.card()))
}
