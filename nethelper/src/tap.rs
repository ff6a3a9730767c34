//! The other side, for a VMM: asks the helper for a TAP as the user that we are, and becomes the VMM, which has it open.

use std::convert::Infallible;
use std::ffi::OsString;
use std::io::{self, IoSliceMut, Write};
use std::os::fd::{OwnedFd, RawFd};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::process::Command;
use std::time::Duration;

use rustix::net::{RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, recvmsg};
use rustix::process::geteuid;

use crate::numbers::LINE_BYTES;
use crate::refusal::{Code, Outcome, Refusal};
use crate::serve::socket_path;
use crate::slot::Slot;
use crate::sys;

/// It may be in the middle of something that takes long.
const ANSWER: Duration = Duration::from_secs(30);

/// Returns only when it cannot be done.
pub fn become_with_tap(slot: Slot, number: RawFd, words: &[OsString]) -> Outcome<Infallible> {
    let tap = ask(slot)?;
    sys::put_at(tap, number).map_err(|error| Refusal::failed("cannot pass the TAP on", error))?;
    sys::gain_nothing().map_err(|error| Refusal::failed("cannot give up rights", error))?;
    let (program, rest) = words.split_first().ok_or_else(|| Refusal::new(Code::Malformed, "there is no program"))?;
    Err(Refusal::failed(program.display(), Command::new(program).args(rest).exec()))
}

fn ask(slot: Slot) -> Outcome<OwnedFd> {
    let path = socket_path(geteuid().as_raw());
    let failed = |error: io::Error| Refusal::failed(format_args!("the network helper at {path}"), error);
    let mut stream = UnixStream::connect(&path).map_err(failed)?;
    if sys::peer_uid(&stream) != Some(0) {
        return Err(Refusal::new(Code::Failed, format_args!("{path} is not root's")));
    }
    stream.set_read_timeout(Some(ANSWER)).map_err(failed)?;
    let question = serde_json::json!({ "tap": { "slot": slot } });
    stream.write_all(format!("{question}\n").as_bytes()).map_err(failed)?;
    let (text, tap) = receive(&stream).map_err(failed)?;
    tap.ok_or_else(|| Refusal::failed("the network helper gives no TAP", String::from_utf8_lossy(&text)))
}

fn receive(stream: &UnixStream) -> io::Result<(Vec<u8>, Option<OwnedFd>)> {
    let (mut text, mut tap) = (Vec::new(), None);
    let mut part = [0; 4096];
    while !text.ends_with(b"\n") && text.len() < LINE_BYTES {
        let mut space = [std::mem::MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
        let mut along = RecvAncillaryBuffer::new(&mut space);
        let got = recvmsg(stream, &mut [IoSliceMut::new(&mut part)], &mut along, RecvFlags::CMSG_CLOEXEC)?;
        for message in along.drain() {
            if let RecvAncillaryMessage::ScmRights(descriptors) = message {
                tap = descriptors.last().or(tap);
            }
        }
        if got.bytes == 0 {
            break;
        }
        text.extend_from_slice(&part[..got.bytes]);
    }
    Ok((text, tap))
}
