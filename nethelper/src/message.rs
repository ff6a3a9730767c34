//! What may be asked, and what is answered: one JSON document a line, both ways. The list is closed, and so is each verb's.

use serde::{Deserialize, Deserializer, Serialize, de::Error};

use crate::address::{Address, Network};
use crate::numbers::{GRANTS, HOST_NETWORKS, SLOTS};
use crate::refusal::{Code, Outcome, Refusal};
use crate::slot::Slot;

/// Of this form of messages.
pub const VERSION: u32 = 1;

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub enum Request {
    /// Which version this is, and which slots have a TAP.
    Hello {},
    /// The namespace is to have these slots, those of them that have a TAP, and no others, and a way out. Whoever asks has it from
    /// then on alone, until the connection ends.
    Open {
        host: Host,
        #[serde(deserialize_with = "few::<SLOTS, _, _>")]
        slots: Vec<GrantedSlot>,
    },
    /// What the host is now.
    Host(Host),
    /// Makes slots, without grants, and takes others down. Those that are not there are no failure.
    Slots {
        #[serde(deserialize_with = "few::<SLOTS, _, _>")]
        make: Vec<Slot>,
        #[serde(deserialize_with = "few::<SLOTS, _, _>")]
        retire: Vec<Slot>,
    },
    /// What a slot may reach, instead of what it might.
    Grants(GrantedSlot),
    /// Bytes over a TAP.
    Traffic { slot: Slot },
    /// A descriptor of a TAP, which comes with the answer. Nobody is to have one already.
    Tap { slot: Slot },
    /// Takes down everything.
    Close {},
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Host {
    /// Every address of the host but its loopback's.
    #[serde(deserialize_with = "few::<HOST_NETWORKS, _, _>")]
    pub own: Vec<Address>,
    /// The networks that it is in.
    #[serde(deserialize_with = "few::<HOST_NETWORKS, _, _>")]
    pub near: Vec<Network>,
    /// Whom it asks for names: pasta, which looks for itself, is to look again when this is another.
    #[serde(deserialize_with = "Option::deserialize")]
    pub server: Option<Address>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GrantedSlot {
    pub slot: Slot,
    pub grants: Grants,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Grants {
    /// Ports of the host's loopback.
    #[serde(deserialize_with = "few::<GRANTS, _, _>")]
    pub host_ports: Vec<std::num::NonZeroU16>,
    #[serde(deserialize_with = "few::<GRANTS, _, _>")]
    pub lan: Vec<Network>,
    pub outward: bool,
    /// The number of the named network; none of it is 0.
    #[serde(deserialize_with = "Option::deserialize")]
    pub network: Option<std::num::NonZeroU32>,
}

impl Grants {
    /// The internet alone.
    pub fn none() -> Self {
        Self { host_ports: Vec::new(), lan: Vec::new(), outward: true, network: None }
    }
}

/// What is answered when it was done.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Answer {
    Done {},
    Hello {
        version: u32,
        slots: Vec<Slot>,
    },
    Uplink {
        problem: Option<String>,
    },
    #[serde(rename_all = "camelCase")]
    Traffic {
        received_bytes: u64,
        sent_bytes: u64,
    },
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
enum Line<'a> {
    Ok(&'a Answer),
    Error(&'a Refusal),
}

/// @param line without its end.
pub fn parse(line: &[u8]) -> Outcome<Request> {
    serde_json::from_slice(line).map_err(|error| Refusal::new(Code::Malformed, error))
}

/// With its end.
pub fn render(answer: &Outcome<Answer>) -> Vec<u8> {
    let line = match answer {
        Ok(answer) => Line::Ok(answer),
        Err(refusal) => Line::Error(refusal),
    };
    let mut text = serde_json::to_vec(&line).unwrap_or_default();
    text.push(b'\n');
    text
}

/// No more than so many.
fn few<'de, const MOST: usize, T: Deserialize<'de>, D: Deserializer<'de>>(from: D) -> Result<Vec<T>, D::Error> {
    let all = Vec::<T>::deserialize(from)?;
    if all.len() > MOST { Err(D::Error::custom(format_args!("more than {MOST}"))) } else { Ok(all) }
}
