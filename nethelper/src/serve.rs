//! The socket, and who may speak at it: the one user, and root.

use std::fs;
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, chown};
use std::os::unix::net::{UnixListener, UnixStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use rustix::fs::{FlockOperation, Mode, OFlags, flock, open};
use rustix::net::{SendAncillaryBuffer, SendAncillaryMessage, SendFlags, sendmsg};

use crate::ground::{Asker, Ground, Reply};
use crate::message::{Answer, parse, render};
use crate::numbers::{CONNECTIONS, LINE_BYTES, LOCK, WRITE};
use crate::refusal::{Code, Outcome, Refusal};
use crate::sys::{self, capability};

/// Of root's, as is everything in it but the sockets.
pub const FOLDER: &str = "/run/banger-network";

/// What is done here takes these, in part by the programs that are run.
const RIGHTS: [sys::Capability; 7] = [
    capability::CHOWN,
    capability::KILL,
    capability::SETGID,
    capability::SETUID,
    capability::SETPCAP,
    capability::NET_ADMIN,
    capability::SYS_ADMIN,
];

pub fn socket_path(uid: u32) -> String {
    format!("{FOLDER}/{uid}.sock")
}

/// Serves one user until we are told to end.
pub fn serve(uid: u32) -> Outcome {
    sys::hold_back_ends().map_err(|error| Refusal::failed("signals", error))?;
    sys::keep_only(&RIGHTS).map_err(|error| Refusal::failed("cannot give up rights", error))?;
    make_folder()?;
    let _lock = lock(uid)?;
    let listener = listen(uid)?;
    let ground = Arc::new(Mutex::new(Ground::new(uid, format!("{FOLDER}/{uid}.server"))));
    let answering = Arc::clone(&ground);
    thread::spawn(move || accept(&listener, uid, &answering));
    println!("serving uid {uid} at {}", socket_path(uid));
    sys::wait_for_end();
    // Whoever asks from now on waits for an answer that never comes, and is cut off.
    let mut ground = ground.lock().unwrap_or_else(PoisonError::into_inner);
    let _ = fs::remove_file(socket_path(uid));
    ground.end()
}

fn make_folder() -> Outcome {
    let failed = |error: io::Error| Refusal::failed(FOLDER, error);
    match fs::DirBuilder::new().mode(0o755).create(FOLDER) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(failed(error)),
        _ => {}
    }
    let found = fs::symlink_metadata(FOLDER).map_err(failed)?;
    if found.is_dir() && found.uid() == 0 && found.mode() & 0o022 == 0 {
        return Ok(());
    }
    Err(Refusal::new(Code::Failed, format_args!("{FOLDER} is not root's alone to write; remove it")))
}

/// One helper for each user. A child of one that was killed has its lock, too, until it has become another program.
fn lock(uid: u32) -> Outcome<OwnedFd> {
    let path = format!("{FOLDER}/{uid}.lock");
    let flags = OFlags::RDWR | OFlags::CREATE | OFlags::CLOEXEC | OFlags::NOFOLLOW;
    let file = open(&path, flags, Mode::from_raw_mode(0o600)).map_err(|error| Refusal::failed(&path, error))?;
    let deadline = Instant::now() + LOCK;
    while flock(&file, FlockOperation::NonBlockingLockExclusive).is_err() {
        if Instant::now() > deadline {
            return Err(Refusal::new(Code::Busy, format_args!("another helper serves uid {uid} already")));
        }
        thread::sleep(LOCK / 100);
    }
    Ok(file)
}

/// Nobody else ever may connect: it is root's alone until it is the user's alone.
fn listen(uid: u32) -> Outcome<UnixListener> {
    let path = socket_path(uid);
    let failed = |error: io::Error| Refusal::failed(&path, error);
    match fs::remove_file(&path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(failed(error)),
        _ => {}
    }
    rustix::process::umask(Mode::from_raw_mode(0o177));
    let listener = UnixListener::bind(&path).map_err(failed)?;
    rustix::process::umask(Mode::from_raw_mode(0o022));
    chown(&path, Some(uid), None).map_err(failed)?;
    Ok(listener)
}

fn accept(listener: &UnixListener, uid: u32, ground: &Arc<Mutex<Ground>>) {
    let open = Arc::new(());
    for (number, stream) in (0_u64..).zip(listener.incoming()) {
        let Ok(stream) = stream else {
            // No descriptor is left: others will end.
            thread::sleep(Duration::from_millis(50));
            continue;
        };
        let is_known = sys::peer_uid(&stream).is_some_and(|peer| [uid, 0].contains(&peer));
        if !is_known {
            continue;
        }
        if Arc::strong_count(&open) > CONNECTIONS {
            let refusal = Refusal::new(Code::TooMany, format_args!("more than {CONNECTIONS} connections"));
            let _ = stream.set_nonblocking(true);
            let _ = (&stream).write_all(&render(&Err(refusal)));
            continue;
        }
        let (ground, counted) = (Arc::clone(ground), Arc::clone(&open));
        let spawned = thread::Builder::new().spawn(move || {
            let by = Asker { number, stream: Arc::new(stream) };
            converse(&by, &ground);
            ground.lock().unwrap_or_else(PoisonError::into_inner).leave(&by);
            drop(counted);
        });
        drop(spawned);
    }
}

/// Answers line after line. Descriptors that are sent along are closed by the kernel, as nobody takes them.
fn converse(by: &Asker, ground: &Mutex<Ground>) {
    let mut stream = &*by.stream;
    let _ = stream.set_write_timeout(Some(WRITE));
    let mut held = Vec::new();
    let mut part = [0; 4096];
    loop {
        while let Some(end) = held.iter().position(|&byte| byte == b'\n') {
            let line: Vec<u8> = held.drain(..=end).collect();
            let reply = parse(&line[..end])
                .and_then(|request| ground.lock().unwrap_or_else(PoisonError::into_inner).answer(by, request));
            if send(stream, reply).is_err() {
                return;
            }
        }
        if held.len() >= LINE_BYTES {
            let refusal = Refusal::new(Code::TooLong, format_args!("a message has at most {LINE_BYTES} bytes"));
            let _ = send(stream, Err(refusal));
            return;
        }
        match stream.read(&mut part) {
            Ok(0) | Err(_) => return,
            Ok(count) => held.extend_from_slice(&part[..count]),
        }
    }
}

fn send(mut stream: &UnixStream, reply: Reply) -> io::Result<()> {
    let (answer, descriptor) = match reply {
        Ok((answer, descriptor)) => (Ok(answer), descriptor),
        Err(refusal) => (Err::<Answer, _>(refusal), None),
    };
    let text = render(&answer);
    let Some(descriptor) = descriptor else { return stream.write_all(&text) };
    let descriptors = [descriptor.as_fd()];
    let mut space = [std::mem::MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut along = SendAncillaryBuffer::new(&mut space);
    along.push(SendAncillaryMessage::ScmRights(&descriptors));
    let sent = sendmsg(stream, &[io::IoSlice::new(&text)], &mut along, SendFlags::NOSIGNAL)?;
    stream.write_all(&text[sent..])
}
