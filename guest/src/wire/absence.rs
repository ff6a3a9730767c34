//! When a host counts as gone: after several looks that all found it hung up, none of them soon after another.

use std::time::Duration;

/// How long nothing must happen between two looks.
pub const LOOK_EVERY: Duration = Duration::from_millis(250);
/// Two seconds for a new host's arrival to get through to us. Looks are counted, not time: of a guest that stood still while
/// the clock went on, nothing can be concluded.
const LOOKS: u32 = 8;

#[derive(Debug, Default)]
pub struct Absence {
    looks: u32,
}

impl Absence {
    /// To be called after each look that found the host hung up. `true`: it is gone.
    pub fn lasts(&mut self) -> bool {
        self.looks += 1;
        self.looks >= LOOKS
    }

    /// A look found a host.
    pub fn ends(&mut self) {
        self.looks = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_gone_after_looks_in_a_row() {
        let mut absence = Absence::default();
        for _ in 1..LOOKS {
            assert!(!absence.lasts());
        }
        absence.ends();
        for _ in 1..LOOKS {
            assert!(!absence.lasts());
        }
        assert!(absence.lasts());
    }
}
