//! What the agent was asked to be.

use std::path::PathBuf;

use crate::keep::Options as KeepOptions;
use crate::serve::Wire;

pub const USAGE: &str = "usage:
  banger-agent serve (--connect PATH | --listen PATH) [--offers PATH] [--root PATH]
  banger-agent keep-console --input PATH --log PATH --most BYTES
  banger-agent probe-tsc
  banger-agent --version";

/// Below this a log would be forgotten as it is written.
const LEAST_LOG: u64 = 512 * 1024;

pub enum Mode {
    Version,
    ProbeTsc,
    KeepConsole(KeepOptions),
    /// Started by PID 1 in a microVM, by nobody else.
    Guest,
    Serve {
        wire: Wire,
        offers: Option<PathBuf>,
        /// What is exported in place of the computer's own root.
        root: Option<PathBuf>,
    },
}

pub fn parse(arguments: &[String]) -> Result<Mode, String> {
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["--version"] => Ok(Mode::Version),
        ["guest"] => Ok(Mode::Guest),
        ["probe-tsc"] => Ok(Mode::ProbeTsc),
        ["keep-console", "--input", input, "--log", log, "--most", most] => {
            let most =
                most.parse().ok().filter(|most| *most >= LEAST_LOG).ok_or("--most is too little, or no number")?;
            Ok(Mode::KeepConsole(KeepOptions { input: input.into(), log: log.into(), most }))
        }
        ["serve", options @ ..] => parse_serve(options),
        [] => Err("nothing was asked for".into()),
        [word, ..] => Err(format!("{word:?} is not understood here")),
    }
}

fn parse_serve(options: &[&str]) -> Result<Mode, String> {
    let (mut wire, mut offers, mut root) = (None, None, None);
    for pair in options.chunks(2) {
        match pair {
            ["--connect", path] if wire.is_none() => wire = Some(Wire::Connect(path.into())),
            ["--listen", path] if wire.is_none() => wire = Some(Wire::Listen(path.into())),
            ["--offers", path] if offers.is_none() => offers = Some(PathBuf::from(path)),
            ["--root", path] if root.is_none() => root = Some(PathBuf::from(path)),
            [option, ..] => return Err(format!("{option:?} is unknown, said twice, or lacks its value")),
            [] => {}
        }
    }
    let wire = wire.ok_or("serve needs one of --connect and --listen")?;
    Ok(Mode::Serve { wire, offers, root })
}
