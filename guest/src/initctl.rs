//! The pipe at which `poweroff`, `reboot`, `halt` and `shutdown` find the init of a guest whose PID 1 is ours, or has no such pipe of its
//! own: that of System V, for which systemd's own commands look, too, once they have not found systemd. (Those of busybox send
//! signals: see `init::steer`.)

use std::io;
use std::path::Path;

use rustix::fs::{CWD, FileType, Mode, mknodat};
use tokio::io::AsyncReadExt;
use tokio::net::unix::pipe;
use tokio::task::spawn_local;

use crate::successor::{Kind, Wish, ask};

pub const PIPE: &str = "/run/initctl";

/// `struct init_request`: magic, command, run level and a time, each an `int`, and then what does not concern us.
const REQUEST_BYTES: usize = 384;
const MAGIC: u32 = 0x0309_1969;
const CHANGE_RUN_LEVEL: u32 = 1;

/// Opens the pipe at `path`, for root alone, and has PID 1 do what is asked there for as long as the agent lives.
pub fn open(path: &Path, successor: Option<Kind>) -> io::Result<()> {
    mknodat(CWD, path, FileType::Fifo, Mode::from_raw_mode(0o600), 0)?;
    // For writing, too, so that the end of one who asks is not the end of the pipe.
    let mut pipe = pipe::OpenOptions::new().read_write(true).open_receiver(path)?;
    spawn_local(async move {
        // Requests are shorter than what a pipe takes in one piece, so each read begins with one.
        let mut request = [0; REQUEST_BYTES];
        while let Ok(length) = pipe.read(&mut request).await {
            if let Some(wish) = parse(&request[..length]) {
                // Not here: one that starts may not hear it for a while.
                spawn_local(ask::until_heard(successor, wish));
            }
        }
    });
    Ok(())
}

/// The run level that a wish is.
pub fn level(wish: Wish) -> &'static str {
    match wish {
        Wish::PowerOff => "0",
        Wish::Reboot => "6",
    }
}

/// What an init of System V is asked with.
pub fn request(wish: Wish) -> [u8; REQUEST_BYTES] {
    let mut request = [0; REQUEST_BYTES];
    let level = u32::from(level(wish).as_bytes()[0]);
    for (at, word) in [MAGIC, CHANGE_RUN_LEVEL, level].into_iter().enumerate() {
        request[4 * at..4 * at + 4].copy_from_slice(&word.to_ne_bytes());
    }
    request
}

/// None for what means nothing to us: single-user mode, a change of the environment, noise.
fn parse(request: &[u8]) -> Option<Wish> {
    let int =
        |at: usize| request.get(at..at + 4).map(|bytes| u32::from_ne_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]));
    if request.len() != REQUEST_BYTES || int(0) != Some(MAGIC) || int(4) != Some(CHANGE_RUN_LEVEL) {
        return None;
    }
    match u8::try_from(int(8)?) {
        Ok(b'0') => Some(Wish::PowerOff),
        Ok(b'6') => Some(Wish::Reboot),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(magic: u32, command: u32, level: u8) -> Vec<u8> {
        let mut request: Vec<u8> = [magic, command, level.into(), 0].into_iter().flat_map(u32::to_ne_bytes).collect();
        request.resize(REQUEST_BYTES, 0);
        request
    }

    #[test]
    fn knows_the_two_run_levels_that_end_a_guest() {
        assert_eq!(parse(&request(Wish::PowerOff)), Some(Wish::PowerOff));
        assert_eq!(parse(&request(Wish::Reboot)), Some(Wish::Reboot));
        for level in (0..=255).filter(|level| !b"06".contains(level)) {
            assert_eq!(parse(&words(MAGIC, CHANGE_RUN_LEVEL, level)), None);
        }
    }

    #[test]
    fn takes_nothing_else_for_a_request() {
        assert_eq!(parse(&words(MAGIC + 1, CHANGE_RUN_LEVEL, b'0')), None);
        assert_eq!(parse(&words(MAGIC, 2, b'0')), None);
        let whole = words(MAGIC, CHANGE_RUN_LEVEL, b'0');
        for length in 0..REQUEST_BYTES {
            assert_eq!(parse(&whole[..length]), None);
        }
    }
}
