//! The environment of a command: what a login would give it, below what the guest was given, below what the client says.

use std::collections::BTreeMap;

use crate::account::Account;
use crate::numbers::limit;

const ROOT_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
const USER_PATH: &str = "/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin";
/// As sshd says it of a connection that has no addresses.
const CONNECTION: &str = "UNKNOWN 65535 UNKNOWN 65535";

pub type Environment = BTreeMap<String, String>;

/// What a client has said of it, within bounds.
#[derive(Default)]
pub struct Asked {
    variables: Environment,
    bytes: usize,
}

impl Asked {
    /// Whether it was taken. Whoever may run anything may also have it run with any variable.
    pub fn set(&mut self, name: &str, value: &str) -> bool {
        let is_name = !name.is_empty() && !name.contains(['=', '\0']) && !value.contains('\0');
        let bytes = self.bytes + name.len() + value.len();
        if !is_name || self.variables.len() == limit::VARIABLES || bytes > limit::VARIABLE_BYTES {
            return false;
        }
        self.bytes = bytes;
        self.variables.insert(name.to_owned(), value.to_owned());
        true
    }
}

/// @param `guest`: what every command of this guest gets.
pub fn merge(account: &Account, guest: &Environment, asked: &Asked, own: &[(&str, &str)]) -> Environment {
    let path = if account.uid == 0 { ROOT_PATH } else { USER_PATH };
    let login = [
        ("PATH", path),
        ("HOME", &account.home),
        ("USER", &account.name),
        ("LOGNAME", &account.name),
        ("SHELL", &account.shell),
        ("LANG", "C.UTF-8"),
    ];
    let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    let mut merged: Environment = login.iter().map(owned).collect();
    merged.extend(guest.clone());
    merged.extend(asked.variables.clone());
    merged.insert("SSH_CONNECTION".into(), CONNECTION.into());
    merged.insert("SSH_CLIENT".into(), CONNECTION.replace(" UNKNOWN", ""));
    merged.extend(own.iter().map(owned));
    merged
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_client_goes_before_the_guest_and_the_guest_before_the_login() {
        let account = Account::find_in("web", "web:x:5:5::/srv:/bin/ash\n", "").unwrap();
        let guest = Environment::from([("LANG".into(), "de".into()), ("A".into(), "guest".into())]);
        let mut asked = Asked::default();
        assert!(asked.set("A", "client"));
        let merged = merge(&account, &guest, &asked, &[("TERM", "xterm")]);
        let get = |name: &str| merged.get(name).map(String::as_str);
        assert_eq!((get("A"), get("LANG"), get("TERM")), (Some("client"), Some("de"), Some("xterm")));
        assert_eq!((get("HOME"), get("SHELL"), get("PATH")), (Some("/srv"), Some("/bin/ash"), Some(USER_PATH)));
    }

    #[test]
    fn names_that_are_none_and_more_than_fits_are_refused() {
        let mut asked = Asked::default();
        for (name, value) in [("", "x"), ("A=B", "x"), ("A\0", "x"), ("A", "\0")] {
            assert!(!asked.set(name, value));
        }
        assert!(!asked.set("A", &"x".repeat(limit::VARIABLE_BYTES)));
        let taken = (0..1000).filter(|number| asked.set(&format!("A{number}"), "x")).count();
        assert_eq!(taken, limit::VARIABLES);
    }
}
