//! Who comes in, from the guest's `/etc/passwd` and `/etc/group`, read by our own code: the name service of a static binary would
//! load the guest's libraries.

use std::fs::File;
use std::io::{self, Read};

use rustix::process::{Gid, Uid, getegid, geteuid};
use rustix::thread::{set_thread_groups, set_thread_res_gid, set_thread_res_uid};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    pub name: String,
    pub uid: u32,
    pub gid: u32,
    /// All groups, the main one included.
    pub groups: Vec<u32>,
    pub home: String,
    pub shell: String,
}

/// A file of accounts larger than this is not one.
const MAX_FILE_BYTES: u64 = 16 * 1024 * 1024;

impl Account {
    pub fn find(name: &str) -> Option<Self> {
        Self::find_in(name, &read("/etc/passwd"), &read("/etc/group"))
    }

    pub fn find_in(name: &str, passwd: &str, group: &str) -> Option<Self> {
        let found = passwd.lines().filter_map(parse_user).find(|account| account.name == name);
        // An image may have no file of accounts; root there is everywhere.
        let mut account = found.or_else(|| (name == "root").then(root))?;
        account.groups = groups_of(&account, group);
        Some(account)
    }

    /// From here on this process is theirs, and so is whatever it starts, opens or connects to. There is one thread yet.
    pub fn become_it(&self) -> io::Result<()> {
        let (uid, gid) = (Uid::from_raw(self.uid), Gid::from_raw(self.gid));
        if !geteuid().is_root() && uid == geteuid() && gid == getegid() {
            return Ok(());
        }
        let groups: Vec<Gid> = self.groups.iter().map(|gid| Gid::from_raw(*gid)).collect();
        set_thread_groups(&groups)?;
        set_thread_res_gid(gid, gid, gid)?;
        Ok(set_thread_res_uid(uid, uid, uid)?)
    }
}

fn root() -> Account {
    let groups = Vec::new();
    Account { name: "root".into(), uid: 0, gid: 0, groups, home: "/root".into(), shell: "/bin/sh".into() }
}

fn parse_user(line: &str) -> Option<Account> {
    let mut fields = line.split(':');
    let (name, _password) = (fields.next()?, fields.next()?);
    let (uid, gid) = (number(fields.next()?)?, number(fields.next()?)?);
    let (_gecos, home, shell) = (fields.next()?, fields.next()?, fields.next().unwrap_or(""));
    let or = |text: &str, default: &str| if text.is_empty() { default.to_owned() } else { text.to_owned() };
    let (home, shell) = (or(home, "/"), or(shell, "/bin/sh"));
    Some(Account { name: name.to_owned(), uid, gid, groups: Vec::new(), home, shell })
}

fn groups_of(account: &Account, group: &str) -> Vec<u32> {
    let others = group.lines().filter_map(|line| {
        let mut fields = line.split(':');
        let (_name, _password, gid) = (fields.next()?, fields.next()?, number(fields.next()?)?);
        fields.next()?.split(',').any(|member| member == account.name).then_some(gid)
    });
    let mut groups: Vec<u32> = others.chain([account.gid]).collect();
    groups.sort_unstable();
    groups.dedup();
    groups
}

/// A plain decimal number; 4294967295 is `-1` to the kernel and means "leave as it is".
fn number(text: &str) -> Option<u32> {
    let digits = !text.is_empty() && text.bytes().all(|c| c.is_ascii_digit());
    text.parse().ok().filter(|&number| digits && number != u32::MAX)
}

/// What cannot be read has no accounts.
fn read(path: &str) -> String {
    let mut bytes = Vec::new();
    let _ = File::open(path).and_then(|file| file.take(MAX_FILE_BYTES).read_to_end(&mut bytes));
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    const PASSWD: &str = "root:x:0:0:root:/root:/bin/bash\nbad:x:-1:0::/:\nweb:x:1000:1001::/home/web:\n";
    const GROUP: &str = "root:x:0:\nweb:x:1001:\ndocker:x:990:other,web\nbad:x:z:web\nsudo:x:27:website\n";

    #[test]
    fn a_user_has_a_home_a_shell_and_groups() {
        let web = Account::find_in("web", PASSWD, GROUP).unwrap();
        assert_eq!((web.uid, web.gid, web.groups.as_slice()), (1000, 1001, [990, 1001].as_slice()));
        assert_eq!((web.home.as_str(), web.shell.as_str()), ("/home/web", "/bin/sh"));
        assert_eq!(Account::find_in("root", PASSWD, GROUP).unwrap().shell, "/bin/bash");
    }

    #[test]
    fn whoever_is_not_in_the_file_is_nobody_but_root() {
        assert_eq!(Account::find_in("bad", PASSWD, GROUP), None);
        assert_eq!(Account::find_in("1000", PASSWD, GROUP), None);
        assert_eq!(Account::find_in("", PASSWD, GROUP), None);
        assert_eq!(Account::find_in("root", "", "").unwrap().home, "/root");
    }
}
