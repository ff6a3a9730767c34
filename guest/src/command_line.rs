//! What the agent was asked to be.

use std::path::PathBuf;

use crate::serve::Wire;

pub const USAGE: &str = "usage:
  banger-agent serve (--connect PATH | --listen PATH) [--offers PATH]
  banger-agent probe-tsc
  banger-agent --version";

pub enum Mode {
    Version,
    ProbeTsc,
    /// Started by PID 1 in a microVM, by nobody else.
    Guest,
    Serve {
        wire: Wire,
        offers: Option<PathBuf>,
    },
}

pub fn parse(arguments: &[String]) -> Result<Mode, String> {
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["--version"] => Ok(Mode::Version),
        ["guest"] => Ok(Mode::Guest),
        ["probe-tsc"] => Ok(Mode::ProbeTsc),
        ["serve", options @ ..] => parse_serve(options),
        [] => Err("nothing was asked for".into()),
        [word, ..] => Err(format!("{word:?} is not understood here")),
    }
}

fn parse_serve(options: &[&str]) -> Result<Mode, String> {
    let (mut wire, mut offers) = (None, None);
    for pair in options.chunks(2) {
        match pair {
            ["--connect", path] if wire.is_none() => wire = Some(Wire::Connect(path.into())),
            ["--listen", path] if wire.is_none() => wire = Some(Wire::Listen(path.into())),
            ["--offers", path] if offers.is_none() => offers = Some(PathBuf::from(path)),
            [option, ..] => return Err(format!("{option:?} is unknown, said twice, or lacks its value")),
            [] => {}
        }
    }
    let wire = wire.ok_or("serve needs one of --connect and --listen")?;
    Ok(Mode::Serve { wire, offers })
}
