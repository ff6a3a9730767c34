//! Addresses and networks as they come in messages, and as `nft` takes them.

use std::fmt;
use std::net::Ipv4Addr;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, de::Error};

/// One that is written as it always is: four numbers without zeros before them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Address(pub Ipv4Addr);

/// An address and how many bits of it count; the others are zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Network {
    base: Ipv4Addr,
    prefix: u8,
}

impl Network {
    fn parse(text: &str) -> Option<Self> {
        let (base, prefix) = text.split_once('/')?;
        let base = Ipv4Addr::from_str(base).ok()?;
        let is_number = matches!(prefix.len(), 1..=2) && prefix.bytes().all(|byte| byte.is_ascii_digit());
        let prefix: u8 =
            if is_number && (prefix == "0" || !prefix.starts_with('0')) { prefix.parse().ok()? } else { return None };
        let mask = u32::MAX.checked_shl(32 - u32::from(prefix.min(32))).unwrap_or(0);
        (prefix <= 32 && base.to_bits() & !mask == 0).then_some(Self { base, prefix })
    }
}

impl fmt::Display for Address {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(out)
    }
}

impl fmt::Display for Network {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}/{}", self.base, self.prefix)
    }
}

impl<'de> Deserialize<'de> for Address {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        Ipv4Addr::from_str(&text).map(Self).map_err(|_| D::Error::custom("no address of IPv4"))
    }
}

impl<'de> Deserialize<'de> for Network {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        Self::parse(&text).ok_or_else(|| D::Error::custom("no network of IPv4, as 192.168.1.0/24"))
    }
}

#[cfg(test)]
mod test {
    use super::*;

    #[test]
    fn a_network_is_one_way_of_writing_it() {
        for text in ["0.0.0.0/0", "10.0.0.0/8", "192.168.1.0/24", "192.168.1.7/32", "255.255.255.255/32"] {
            assert_eq!(Network::parse(text).map(|network| network.to_string()).as_deref(), Some(text));
        }
        let others = [
            "",
            "/",
            "1.2.3.4",
            "1.2.3.4/",
            "1.2.3.4/33",
            "1.2.3.4/024",
            "1.2.3.4/+8",
            "1.2.3.4/ 8",
            "1.2.3.0/24 ",
            "1.2.3.4/24",
            "01.2.3.0/24",
            "1.2.3/24",
            "1.2.3.0.0/24",
            "::/0",
            "1.2.3.0/24/1",
            "1.2.3.0/1e1",
            "1.2.3.0/255.255.255.0",
            "0x1.2.3.0/24",
            "1.2.3.0/24, 0.0.0.0/0",
            "1.2.3.0/٢٤",
            "1.2.3.0/256",
            "1.2.3.0/-1",
        ];
        for text in others {
            assert_eq!(Network::parse(text), None, "{text}");
        }
    }
}
