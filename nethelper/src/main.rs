//! `banger-nethelper serve UID`, as root, serves that user. `banger-nethelper tap SLOT NUMBER -- PROGRAM...`, as the user, becomes the
//! program, which has the TAP of that slot open as descriptor NUMBER.

use std::ffi::OsString;
use std::process::ExitCode;

use banger_nethelper::refusal::{Outcome, Refusal};
use banger_nethelper::serve::serve;
use banger_nethelper::slot::Slot;
use banger_nethelper::tap::become_with_tap;

const USAGE: &str = "usage: banger-nethelper serve UID
       banger-nethelper tap SLOT NUMBER -- PROGRAM...";

fn main() -> ExitCode {
    let words: Vec<OsString> = std::env::args_os().skip(1).collect();
    let Some(done) = run(&words) else {
        eprintln!("{USAGE}");
        return ExitCode::from(2);
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(Refusal { message, .. }) => {
            eprintln!("banger-nethelper: {message}");
            ExitCode::FAILURE
        }
    }
}

/// None for words that mean nothing.
fn run(words: &[OsString]) -> Option<Outcome> {
    let texts: Vec<&str> = words.iter().map(|word| word.to_str().unwrap_or_default()).collect();
    match texts.as_slice() {
        ["serve", uid] => {
            // Root needs nobody; the last number stands for no user.
            let uid: u32 = uid.parse().ok()?;
            (!matches!(uid, 0 | u32::MAX)).then(|| serve(uid))
        }
        ["tap", slot, number, "--", _, ..] => {
            let slot = Slot::new(slot.parse().ok()?)?;
            let number = number.parse().ok().filter(|number| (3..1024).contains(number))?;
            Some(become_with_tap(slot, number, &words[4..]).map(|never| match never {}))
        }
        _ => None,
    }
}
