//! Who a command runs as, from the guest's `/etc/passwd` and `/etc/group`, read by our own code: the name service of a static
//! binary would load the guest's libraries.

use std::fs;
use std::io::{ErrorKind, Read};

use rustix::process::{Gid, Uid, getegid, geteuid};

use super::failure::{Code, Failure};
use crate::reason::reason;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    pub uid: u32,
    pub gid: u32,
    /// All groups, the main one included.
    pub groups: Vec<u32>,
    pub name: String,
    pub home: String,
    pub shell: String,
}

/// A file of accounts larger than this is not one.
const MAX_FILE_BYTES: u64 = 16 * 1024 * 1024;

impl Account {
    /// `wanted` is `user` or `user:group`, each a name or a number; the agent's own user when there is none, which in a
    /// guest is root.
    pub fn find(wanted: Option<&str>) -> Result<Self, Failure> {
        let own = geteuid().as_raw().to_string();
        Self::find_in(wanted.unwrap_or(&own), &read("/etc/passwd")?, &read("/etc/group")?)
    }

    pub fn find_in(wanted: &str, passwd: &str, group: &str) -> Result<Self, Failure> {
        let (user, wanted_group) = match wanted.split_once(':') {
            // As with chown: the user's own group.
            Some((user, "")) => (user, None),
            Some((user, group)) => (user, Some(group)),
            None => (wanted, None),
        };
        let mut account = find_user(user, passwd)?;
        match wanted_group {
            // As with `newgrp` in other tools: naming a group means that group alone.
            Some(name) => {
                account.gid = find_group(name, group)?;
                account.groups = vec![account.gid];
            }
            None => account.groups = groups_of(&account, group),
        }
        Ok(account)
    }

    /// Whether the agent already is who it would have to become.
    pub fn is_own(&self) -> bool {
        Uid::from_raw(self.uid) == geteuid() && Gid::from_raw(self.gid) == getegid()
    }
}

/// The name of a user, or the number of one without.
pub fn name_of(uid: u32, passwd: &str) -> String {
    passwd
        .lines()
        .filter_map(parse_user)
        .find(|account| account.uid == uid)
        .map_or(uid.to_string(), |account| account.name)
}

fn find_user(user: &str, passwd: &str) -> Result<Account, Failure> {
    let number = number(user);
    let entries = passwd.lines().filter_map(parse_user);
    // A name goes before a number: a user may be called `1000`.
    let by_name = entries.clone().find(|account| account.name == user);
    let found = by_name.or_else(|| entries.clone().find(|account| Some(account.uid) == number));
    match (found, number) {
        (Some(account), _) => Ok(account),
        (None, Some(0)) => Ok(unnamed(0, "root", "/root")),
        (None, Some(uid)) => Ok(unnamed(uid, &uid.to_string(), "/")),
        (None, None) if user == "root" => Ok(unnamed(0, "root", "/root")),
        (None, None) => Err(Failure::new(Code::BadUser, format!("there is no user {user:?} in the guest"))),
    }
}

fn unnamed(uid: u32, name: &str, home: &str) -> Account {
    let (name, home, shell) = (name.to_owned(), home.to_owned(), "/bin/sh".to_owned());
    // As docker: images that are made for any user give their files to the group of root.
    Account { uid, gid: 0, groups: Vec::new(), name, home, shell }
}

fn parse_user(line: &str) -> Option<Account> {
    let mut fields = line.split(':');
    let (name, _password) = (fields.next()?, fields.next()?);
    let (uid, gid) = (number(fields.next()?)?, number(fields.next()?)?);
    let (_gecos, home, shell) = (fields.next()?, fields.next()?, fields.next().unwrap_or(""));
    let or = |text: &str, default: &str| if text.is_empty() { default.to_owned() } else { text.to_owned() };
    let (home, shell) = (or(home, "/"), or(shell, "/bin/sh"));
    Some(Account { uid, gid, groups: Vec::new(), name: name.to_owned(), home, shell })
}

fn find_group(wanted: &str, group: &str) -> Result<u32, Failure> {
    let by_name = group.lines().filter_map(parse_group).find(|(name, ..)| *name == wanted);
    by_name
        .map(|(_, gid, _)| gid)
        .or_else(|| number(wanted))
        .ok_or_else(|| Failure::new(Code::BadUser, format!("there is no group {wanted:?} in the guest")))
}

fn groups_of(account: &Account, group: &str) -> Vec<u32> {
    let entries = group.lines().filter_map(parse_group);
    let mut groups = vec![account.gid];
    groups
        .extend(entries.filter(|(_, _, members)| members.split(',').any(|m| m == account.name)).map(|(_, gid, _)| gid));
    groups.sort_unstable();
    groups.dedup();
    groups
}

fn parse_group(line: &str) -> Option<(&str, u32, &str)> {
    let mut fields = line.split(':');
    let (name, _password, gid) = (fields.next()?, fields.next()?, number(fields.next()?)?);
    Some((name, gid, fields.next().unwrap_or("")))
}

/// A plain decimal number; 4294967295 is `-1` to the kernel and means "leave as it is".
fn number(text: &str) -> Option<u32> {
    let digits = !text.is_empty() && text.bytes().all(|c| c.is_ascii_digit());
    text.parse().ok().filter(|&number| digits && number != u32::MAX)
}

fn read(path: &str) -> Result<String, Failure> {
    let mut bytes = Vec::new();
    match fs::File::open(path).and_then(|file| file.take(MAX_FILE_BYTES).read_to_end(&mut bytes)) {
        Ok(_) => Ok(String::from_utf8_lossy(&bytes).into_owned()),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(String::new()),
        Err(error) => Err(Failure::new(Code::BadUser, format!("cannot read {path} in the guest: {}", reason(error)))),
    }
}

#[cfg(test)]
#[path = "user_test.rs"]
mod tests;
