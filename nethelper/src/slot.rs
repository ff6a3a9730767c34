//! The plan of addresses inside the namespace, as `src/network/slots.ts` has it; a test holds the two together.

use serde::{Deserialize, Deserializer, Serialize, de::Error};

/// The card by which everything leaves.
pub mod uplink {
    pub const NAME: &str = "up0";
    pub const ADDRESS: &str = "198.19.255.2";
    pub const PREFIX: u8 = 24;
    pub const GATEWAY: &str = "198.19.255.1";
    pub const DNS: &str = "198.19.255.53";
    pub const MAC: &str = "0a:62:67:00:00:01";
}

pub const GUEST_PREFIX: u8 = 30;
/// The last /24 is the uplink's.
pub const COUNT: u16 = 255 * 64;

/// The number of a slot: its names and addresses are made of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Slot(u16);

impl Slot {
    pub fn new(number: u16) -> Option<Self> {
        (number < COUNT).then_some(Self(number))
    }

    /// Of the card's name; none for a card that is no slot's.
    pub fn of_card(name: &str) -> Option<Self> {
        let slot = Self::new(name.strip_prefix("bg")?.parse().ok()?)?;
        (slot.card() == name).then_some(slot)
    }

    /// The TAP.
    pub fn card(self) -> String {
        format!("bg{}", self.0)
    }

    /// Of the guest's card.
    pub fn mac(self) -> String {
        format!("52:54:00:13:{:02x}:{:02x}", self.0 / 64, self.0 % 64)
    }

    pub fn gateway(self) -> String {
        self.address(1)
    }

    pub fn guest(self) -> String {
        self.address(2)
    }

    fn address(self, nth: u16) -> String {
        format!("198.19.{}.{}", self.0 / 64, self.0 % 64 * 4 + nth)
    }
}

impl<'de> Deserialize<'de> for Slot {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Self::new(u16::deserialize(from)?).ok_or_else(|| D::Error::custom("no number of a slot"))
    }
}

#[cfg(test)]
mod test {
    use super::*;

    #[test]
    fn a_card_is_found_by_its_own_name_alone() {
        for number in [0, 1, 63, 64, 9999, COUNT - 1] {
            let slot = Slot::new(number).unwrap();
            assert_eq!(Slot::of_card(&slot.card()), Some(slot));
            assert!(slot.card().len() < 16, "it fits the kernel");
        }
        for name in ["", "lo", "up0", "bg", "bg01", "bg+1", "bg-1", "bg1x", "xbg1", "bg16320", "bg65536", "bg1 ", "BG1"]
        {
            assert_eq!(Slot::of_card(name), None, "{name}");
        }
        assert_eq!(Slot::new(COUNT), None);
    }
}
