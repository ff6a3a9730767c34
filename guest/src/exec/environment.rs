//! The environment of a command: what a login would give it, below that of the plan, below that of its spec.

use std::collections::BTreeMap;

use super::spec::Spec;
use super::user::Account;

const ROOT_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
const USER_PATH: &str = "/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin";

pub type Environment = BTreeMap<String, String>;

pub fn merge(account: &Account, plan: &Environment, spec: &Spec) -> Environment {
    let path = if account.uid == 0 { ROOT_PATH } else { USER_PATH };
    let login = [
        ("PATH", path),
        ("HOME", &account.home),
        ("USER", &account.name),
        ("LOGNAME", &account.name),
        ("SHELL", &account.shell),
        ("LANG", "C.UTF-8"),
    ];
    let mut merged: Environment = login.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    merged.extend(plan.clone());
    if let Some(tty) = &spec.tty {
        merged.insert("TERM".to_owned(), tty.term.clone());
    }
    merged.extend(spec.env.clone());
    merged
}
