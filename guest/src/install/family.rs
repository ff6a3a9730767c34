//! Which package manager a guest has, by what its `/etc/os-release` calls it.

use serde::{Deserialize, Serialize};

use crate::plan::new_root::NewRoot;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Family {
    Debian,
    Alpine,
    Fedora,
    Arch,
    Opensuse,
}

const PLACES: [&str; 2] = ["/etc/os-release", "/usr/lib/os-release"];

/// By its own name first, and then by those of the ones that it says it is like, the nearest first.
pub fn of(root: &NewRoot) -> Option<Family> {
    PLACES.iter().map(|place| root.read(place)).find(|text| !text.is_empty()).and_then(|text| of_text(&text))
}

fn of_text(text: &str) -> Option<Family> {
    let words =
        |key: &str| -> Vec<String> { value(text, key).split_whitespace().map(str::to_ascii_lowercase).collect() };
    words("ID").iter().chain(&words("ID_LIKE")).find_map(|name| called(name))
}

fn called(name: &str) -> Option<Family> {
    match name {
        "debian" | "ubuntu" => Some(Family::Debian),
        "alpine" => Some(Family::Alpine),
        "fedora" | "rhel" | "centos" => Some(Family::Fedora),
        "arch" | "archarm" => Some(Family::Arch),
        "opensuse" | "suse" | "sles" => Some(Family::Opensuse),
        name if name.starts_with("opensuse-") => Some(Family::Opensuse),
        _ => None,
    }
}

/// The value of the last assignment, without its quotes.
fn value<'a>(text: &'a str, key: &str) -> &'a str {
    let line = text.lines().rev().find_map(|line| line.trim().strip_prefix(key)?.strip_prefix('='));
    let bare = line.unwrap_or("").trim();
    ['"', '\''].iter().find_map(|&quote| bare.strip_prefix(quote)?.strip_suffix(quote)).unwrap_or(bare)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_distribution_goes_by_its_name_and_then_by_what_it_is_like() {
        for (text, family) in [
            ("PRETTY_NAME=\"Debian GNU/Linux 12\"\nID=debian\n", Some(Family::Debian)),
            ("ID=ubuntu\nID_LIKE=debian\n", Some(Family::Debian)),
            ("ID=linuxmint\nID_LIKE=\"ubuntu debian\"\n", Some(Family::Debian)),
            ("NAME=\"Alpine Linux\"\nID=alpine\n", Some(Family::Alpine)),
            ("ID=postmarketos\nID_LIKE='alpine'\n", Some(Family::Alpine)),
            ("ID=fedora\n", Some(Family::Fedora)),
            ("ID=\"rocky\"\nID_LIKE=\"rhel centos fedora\"\n", Some(Family::Fedora)),
            ("ID=arch\n", Some(Family::Arch)),
            ("ID=manjaro\nID_LIKE=arch\n", Some(Family::Arch)),
            ("ID=\"opensuse-leap\"\nID_LIKE=\"suse opensuse\"\n", Some(Family::Opensuse)),
            ("ID=\"opensuse-slowroll\"\n", Some(Family::Opensuse)),
            ("ID_LIKE=fedora\nID=debian\n", Some(Family::Debian)),
            ("ID=old\nID=arch\n", Some(Family::Arch)),
            ("ID=void\n", None),
            ("VARIANT_ID=debian\n", None),
            ("ID=\nID_LIKE=\"\"\n", None),
            ("", None),
            ("ID=\"debian\nID\n=\n", None),
        ] {
            assert_eq!(of_text(text), family, "{text:?}");
        }
    }
}
