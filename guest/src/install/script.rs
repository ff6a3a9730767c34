//! How each family installs an init: POSIX shell, run by the guest's own `/bin/sh` as root. `$1` is what goes before every path, empty
//! but in tests; `$2` is `again` when an earlier try was cut off. There is no init while it runs, so nothing may be started.

use super::family::Family;
use crate::plan::schema::Init;

/// None when the family does not have the init, or has it otherwise.
pub fn of(family: Family, init: Init) -> Option<&'static str> {
    match (family, init) {
        (Family::Debian, Init::Systemd) => Some(include_str!("scripts/debian.sh")),
        (Family::Alpine, Init::Openrc) => Some(include_str!("scripts/alpine.sh")),
        (Family::Fedora, Init::Systemd) => Some(include_str!("scripts/fedora.sh")),
        (Family::Arch, Init::Systemd) => Some(include_str!("scripts/arch.sh")),
        (Family::Opensuse, Init::Systemd) => Some(include_str!("scripts/opensuse.sh")),
        _ => None,
    }
}

#[cfg(test)]
#[path = "script_test.rs"]
mod tests;
