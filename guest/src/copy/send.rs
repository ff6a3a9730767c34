//! The sending side: names go ahead, and contents follow in the same order, for those that the receiver wants.

use std::collections::VecDeque;

use super::messages::{Answer, Message};
use super::receive::{MAX_ANNOUNCED, MAX_ENTRIES};
use super::source::Source;
use super::walk::{Step, Walk};
use super::wire::{Stop, Wire};
use crate::exec::user::Account;

/// `from` are paths in the guest; those that do not begin at the root begin at the home of the agent's user.
pub fn send(wire: &mut Wire, from: &[String], follow: bool) -> Result<(), Stop> {
    let home = Account::find(None).map_err(|failure| Stop::failed("bad_user", failure.message))?.home;
    let absolute = |path: &String| if path.starts_with('/') { path.clone() } else { format!("{home}/{path}") };
    let mut walk = Walk::new(from.iter().map(absolute).collect(), follow);
    let mut announced = VecDeque::new();
    let mut entries = 0;
    let mut is_over = false;
    loop {
        // Whole answers are waited for with as many files under way as may be: a tree of small ones costs no round trip each.
        while !is_over && announced.len() < MAX_ANNOUNCED {
            match walk.next() {
                Some(step) => announce(wire, step, &mut announced, &mut entries)?,
                None => is_over = true,
            }
        }
        let Some(source) = announced.pop_front() else { break };
        let answer = next_answer(wire)?;
        source.serve(answer, wire)?;
    }
    wire.send(&Message::Finish)?;
    match wire.receive()? {
        Message::Done(_) => Ok(()),
        _ => Err(Stop::Protocol),
    }
}

fn announce(wire: &mut Wire, step: Step, announced: &mut VecDeque<Source>, entries: &mut u64) -> Result<(), Stop> {
    let message = match step {
        Step::Problem { path, why: (code, why) } => return wire.tell(code, &path, why),
        Step::Leave => return wire.send(&Message::Leave),
        Step::Folder { meta, name } => Message::Folder { meta, name: name.into() },
        Step::Link { mtime, name, target } => Message::Link { mtime, name: name.into(), target: target.into() },
        Step::File { name, source } => {
            let message = Message::File { meta: source.meta, size: source.size, name: name.into() };
            announced.push_back(source);
            message
        }
    };
    *entries += 1;
    if *entries > MAX_ENTRIES {
        return Err(Stop::failed("too_many", format!("cannot copy more than {MAX_ENTRIES} files and folders at once")));
    }
    wire.send(&message)
}

fn next_answer(wire: &mut Wire) -> Result<Answer, Stop> {
    match wire.receive()? {
        Message::Answer(answer) => Ok(answer),
        _ => Err(Stop::Protocol),
    }
}
