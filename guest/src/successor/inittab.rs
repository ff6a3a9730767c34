//! `/etc/inittab` without terminals that this guest does not have: its init would try to open them for ever, and say so each time.
//! The lines stay in the file as comments, and are lines again when the terminal is there at a later boot.

use std::path::Path;

use crate::plan::new_root::NewRoot;
use crate::plan::stages::{Doing, Done};

const PLACE: &str = "/etc/inittab";
const MARK: &str = "#banger: no such terminal# ";
/// Busybox without an inittab wants shells on terminals that are not there; with an empty one it wants nothing.
const MINIMAL: &str = "# Written by banger, because the image has none.\n";
const START_SCRIPT: &str = "/etc/init.d/rcS";

pub fn adapt(root: &NewRoot) -> Done {
    let old = root.read(PLACE);
    let new = without_absent(&old, |name| Path::new("/dev").join(name).exists());
    if new == old { Ok(()) } else { root.write(PLACE, &new).doing(format_args!("write {PLACE}")) }
}

/// For busybox, which does without one.
pub fn make_missing(root: &NewRoot) -> Done {
    if !root.read(PLACE).is_empty() {
        return Ok(());
    }
    let start = match root.find_program(START_SCRIPT) {
        Some(_) => format!("::sysinit:{START_SCRIPT}\n"),
        None => String::new(),
    };
    root.write(PLACE, &format!("{MINIMAL}{start}")).doing(format_args!("write {PLACE}"))
}

fn without_absent(text: &str, is_there: impl Fn(&str) -> bool) -> String {
    let adapt = |line: &str| {
        let plain = line.strip_prefix(MARK).unwrap_or(line);
        match terminal_of(plain) {
            Some(name) if !is_there(&name) => format!("{MARK}{plain}"),
            _ => plain.to_owned(),
        }
    };
    text.split('\n').map(adapt).collect::<Vec<_>>().join("\n")
}

/// The terminal of a line that keeps a program on one: with busybox it is the line's name, with System V an argument.
fn terminal_of(line: &str) -> Option<String> {
    let [id, _, action, process] = line.splitn(4, ':').collect::<Vec<_>>().try_into().ok()?;
    if id.trim_start().starts_with('#') || !matches!(action, "respawn" | "askfirst" | "ondemand") {
        return None;
    }
    std::iter::once(id).chain(process.split_whitespace().skip(1)).find_map(|word| {
        let name = word.strip_prefix("/dev/").unwrap_or(word);
        let number = ["tty", "hvc", "xvc", "vc/"].into_iter().find_map(|kind| name.strip_prefix(kind))?;
        let is_name = number.ends_with(|end: char| end.is_ascii_digit())
            && number.bytes().all(|byte| byte.is_ascii_alphanumeric());
        is_name.then(|| name.to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn absent_terminals_become_comments_and_come_back() {
        let old = "id:2:initdefault:\n# 3:23:respawn:/sbin/getty 38400 tty3\n1:2345:respawn:/sbin/getty --noclear 38400 tty1\n\
            T0:23:respawn:/sbin/getty -L ttyS0 9600 vt100\ntty2::askfirst:/bin/sh\n::respawn:/sbin/syslogd -n\n";
        let new = without_absent(old, |name| name == "ttyS0");
        assert_eq!(
            new,
            format!(
                "id:2:initdefault:\n# 3:23:respawn:/sbin/getty 38400 tty3\n{MARK}1:2345:respawn:/sbin/getty --noclear 38400 \
                 tty1\nT0:23:respawn:/sbin/getty -L ttyS0 9600 vt100\n{MARK}tty2::askfirst:/bin/sh\n::respawn:/sbin/syslogd \
                 -n\n"
            )
        );
        assert_eq!(without_absent(&new, |name| name == "ttyS0"), new, "the second boot changes nothing");
        assert_eq!(without_absent(&new, |_| true), old);
    }

    #[test]
    fn what_is_on_no_terminal_stays() {
        for line in
            ["", "x", "a:b:c", "l0:0:wait:/etc/init.d/rc 0", "x:2:respawn:/bin/tty-watch tty", "tty1:2:off:/sbin/getty"]
        {
            assert_eq!(terminal_of(line), None, "{line:?}");
        }
    }
}
