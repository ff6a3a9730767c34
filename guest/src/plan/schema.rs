//! The guest plan, parsed strictly: unknown keys are refused, and so is what would break a file that it is written into.

use std::collections::BTreeMap;
use std::fmt::{self, Display, Formatter};
use std::net::{IpAddr, Ipv4Addr};

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};

use crate::exec::defaults::Defaults;
use crate::exec::spec::is_env_name;

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    #[serde(deserialize_with = "hostname")]
    pub hostname: String,
    pub init: Init,
    pub time: Time,
    #[serde(deserialize_with = "entropy")]
    pub entropy: [u8; 32],
    pub root: Option<Root>,
    pub work: Option<Work>,
    pub network: Option<Network>,
    #[serde(default, deserialize_with = "env")]
    pub env: BTreeMap<String, String>,
    #[serde(default, deserialize_with = "commands")]
    pub commands: Defaults,
    /// Other guests, which this one is to know by name.
    #[serde(default, deserialize_with = "peers")]
    pub peers: Vec<Peer>,
}

/// Another guest of the same network.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Peer {
    pub address: Ipv4Addr,
    pub names: Vec<String>,
}

/// Who is PID 1 once the plan is applied.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Init {
    Agent,
    Systemd,
    Openrc,
    Runit,
    S6,
    Busybox,
    /// Whatever the image has where the kernel itself would look.
    Image,
}

impl Display for Init {
    fn fmt(&self, out: &mut Formatter) -> fmt::Result {
        out.write_str(match self {
            Init::Agent => "agent",
            Init::Systemd => "systemd",
            Init::Openrc => "openrc",
            Init::Runit => "runit",
            Init::S6 => "s6",
            Init::Busybox => "busybox",
            Init::Image => "init of its own",
        })
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Time {
    pub unix_ms: u64,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Root {
    pub base: Base,
    pub layer: Layer,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Base {
    pub serial: String,
    pub format: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    Squashfs,
    Erofs,
    Ext4,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Layer {
    pub serial: String,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Work {
    pub serial: String,
    #[serde(deserialize_with = "mount_point")]
    pub mount: String,
    /// The disk came empty: it gets what the image has in its place.
    pub fill: bool,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Network {
    #[serde(deserialize_with = "mac")]
    pub mac: [u8; 6],
    #[serde(deserialize_with = "prefix")]
    pub address: Prefix,
    pub gateway: Option<Ipv4Addr>,
    pub dns: Vec<IpAddr>,
    #[serde(deserialize_with = "search")]
    pub search: Vec<String>,
    #[serde(deserialize_with = "mtu")]
    pub mtu: u32,
}

/// An address with the length of its network's prefix.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Prefix {
    pub address: Ipv4Addr,
    pub length: u8,
}

impl Plan {
    pub fn parse(json: &[u8]) -> Result<Self, String> {
        serde_json::from_slice(json).map_err(|error| format!("the plan is not one: {error}"))
    }
}

/// Reads a text and then lets `parse` make of it what it should be.
fn checked<'de, D: Deserializer<'de>, T>(
    from: D,
    what: &str,
    parse: impl Fn(&str) -> Option<T>,
) -> Result<T, D::Error> {
    let text = String::deserialize(from)?;
    parse(&text).ok_or_else(|| D::Error::custom(format!("{text:?} is not {what}")))
}

pub fn hostname<'de, D: Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    checked(from, "a host name", |text| (text.len() <= 63 && is_domain(text)).then(|| text.to_owned()))
}

/// Letters, digits, hyphens, dots between; also what keeps a line of a configuration file one line.
fn is_domain(text: &str) -> bool {
    text.len() <= 253 && text.split('.').all(is_label)
}

fn is_label(label: &str) -> bool {
    let allowed = label.bytes().all(|c| c.is_ascii_alphanumeric() || c == b'-');
    allowed && (1..=63).contains(&label.len()) && !label.starts_with('-') && !label.ends_with('-')
}

fn entropy<'de, D: Deserializer<'de>>(from: D) -> Result<[u8; 32], D::Error> {
    // The text is not shown: it is a secret.
    let text = String::deserialize(from)?;
    bytes_of_hex(&text).ok_or_else(|| D::Error::custom("the entropy is not 64 lower-case hex digits"))
}

fn bytes_of_hex<const N: usize>(text: &str) -> Option<[u8; N]> {
    if text.len() != 2 * N || !text.bytes().all(crate::wire::lines::is_hex) {
        return None;
    }
    let mut bytes = [0; N];
    for (at, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&text[2 * at..2 * at + 2], 16).ok()?;
    }
    Some(bytes)
}

fn mount_point<'de, D: Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    checked(from, "an absolute path without `..`", |text| {
        let mut parts = text.split('/').skip(1);
        let plain = text.starts_with('/') && parts.all(|part| !matches!(part, "" | "." | ".."));
        (plain && !text.contains('\0')).then(|| text.to_owned())
    })
}

fn mac<'de, D: Deserializer<'de>>(from: D) -> Result<[u8; 6], D::Error> {
    checked(from, "a MAC address", |text| {
        let parts: Vec<&str> = text.split(':').collect();
        let lower = text.to_ascii_lowercase().replace(':', "");
        (parts.len() == 6 && parts.iter().all(|part| part.len() == 2)).then(|| bytes_of_hex(&lower))?
    })
}

fn prefix<'de, D: Deserializer<'de>>(from: D) -> Result<Prefix, D::Error> {
    checked(from, "an IPv4 address with a prefix length", |text| {
        let (address, length) = text.split_once('/')?;
        let length: u8 = length.parse().ok().filter(|&length| length <= 32)?;
        Some(Prefix { address: address.parse().ok()?, length })
    })
}

fn search<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<String>, D::Error> {
    let domains = Vec::<String>::deserialize(from)?;
    match domains.iter().find(|domain| !is_domain(domain)) {
        Some(domain) => Err(D::Error::custom(format!("{domain:?} is not a domain"))),
        None => Ok(domains),
    }
}

fn mtu<'de, D: Deserializer<'de>>(from: D) -> Result<u32, D::Error> {
    let mtu = u32::deserialize(from)?;
    if (576..=65_535).contains(&mtu) { Ok(mtu) } else { Err(D::Error::custom(format!("{mtu} is not an MTU"))) }
}

pub fn env<'de, D: Deserializer<'de>>(from: D) -> Result<BTreeMap<String, String>, D::Error> {
    let env = BTreeMap::<String, String>::deserialize(from)?;
    match env.iter().find(|(name, value)| !is_env_name(name) || value.contains('\0')) {
        Some((name, _)) => Err(D::Error::custom(format!("{name:?} cannot be an environment variable"))),
        None => Ok(env),
    }
}

pub fn peers<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<Peer>, D::Error> {
    let peers = Vec::<Peer>::deserialize(from)?;
    match peers.iter().flat_map(|peer| &peer.names).find(|name| !is_domain(name)) {
        Some(name) => Err(D::Error::custom(format!("{name:?} is not a domain"))),
        None => Ok(peers),
    }
}

fn commands<'de, D: Deserializer<'de>>(from: D) -> Result<Defaults, D::Error> {
    let commands = Defaults::deserialize(from)?;
    if commands.user.iter().chain(&commands.cwd).any(|text| text.contains('\0')) {
        return Err(D::Error::custom("the commands contain a zero byte"));
    }
    match commands.cwd.as_ref().filter(|cwd| !cwd.starts_with('/') || cwd.split('/').any(|part| part == "..")) {
        Some(cwd) => Err(D::Error::custom(format!("{cwd:?} is not an absolute path without `..`"))),
        None => Ok(commands),
    }
}

#[cfg(test)]
#[path = "schema_test.rs"]
mod tests;
