//! The routes themselves.

use std::io::{self, Write};
use std::os::fd::OwnedFd;
use std::path::PathBuf;

use bytes::{Bytes, BytesMut};
use h2::{Reason, RecvStream};
use http::StatusCode;
use rustix::fs::{CWD, Mode, OFlags, open, openat};
use rustix::mount::{OpenTreeFlags, open_tree};
use serde::Serialize;
use tokio::sync::mpsc::{Sender, channel};

use super::archive::Archive;
use super::forget;
use super::spec::{Export, Forget};
use super::walk::{Home, Walk};
use crate::agent::{Agent, Place};
use crate::http::answer::{self, Refusal, Respond};
use crate::http::body;
use crate::http::session::Over;
use crate::init::console;
use crate::runtime;

/// Pieces that wait for the host, besides the stream's window.
const WAITING: usize = 4;
const PIECE_BYTES: usize = 128 * 1024;

pub async fn export(agent: &Agent, over: Over, body: RecvStream, mut respond: Respond) {
    let Some(json) = body::read_all(body).await else { return };
    let begun = json
        .and_then(|json| Export::parse(&json))
        .and_then(|spec| Ok((open_root(agent)?, open_home(agent, &spec)?, spec)));
    let (root, home, spec) = match begun {
        Ok(begun) => begun,
        Err(refusal) => return refusal.send(&mut respond),
    };
    let Ok(mut sink) = answer::stream(&mut respond) else { return };
    let (to_host, mut from_thread) = channel(WAITING);
    let work = runtime::in_thread("banger-export", move || write(&root, home, &spec, to_host));
    let carry = async {
        while let Some(bytes) = from_thread.recv().await {
            sink.send(bytes).await?;
        }
        Ok::<_, answer::Gone>(())
    };
    let both = async { tokio::join!(work, carry) };
    let (written, carried) = tokio::select! {
        ended = both => ended,
        () = over.wait() => return,
    };
    match (written, carried) {
        (Ok(Ok(())), Ok(())) => sink.finish(),
        (Ok(Err(error)) | Err(error), Ok(())) => {
            // The stream can only be cut off: the host looks here for why.
            console::complain(&format!("the root cannot be exported: {error}"));
            sink.reset(Reason::INTERNAL_ERROR);
        }
        (_, Err(answer::Gone)) => {}
    }
}

pub async fn forget(agent: &Agent, body: RecvStream, respond: &mut Respond) {
    #[derive(Serialize)]
    struct Forgotten {
        removed: Vec<String>,
    }
    let Some(json) = body::read_all(body).await else { return };
    let wanted = json.and_then(|json| Forget::parse(&json)).and_then(|spec| Ok((home(agent)?, spec.paths)));
    let (home, paths) = match wanted {
        Ok(wanted) => wanted,
        Err(refusal) => return refusal.send(respond),
    };
    let done = runtime::in_thread("banger-forget", move || forget::forget(&home, &paths)).await;
    match done.and_then(|removed| removed) {
        Ok(removed) => answer::json(respond, StatusCode::OK, &Forgotten { removed }),
        Err(error) => failed(format!("cannot remove what is to be forgotten: {error}")).send(respond),
    }
}

fn failed(message: String) -> Refusal {
    Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, "failed", message)
}

const FOLDER: OFlags = OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::CLOEXEC);

/// The root alone, without what is mounted in it.
fn open_root(agent: &Agent) -> Result<OwnedFd, Refusal> {
    if agent.place == Place::Process {
        let root = stand_in(agent)?;
        return open(&root, FOLDER, Mode::empty())
            .map_err(|errno| failed(format!("cannot open {}: {errno}", root.display())));
    }
    let flags = OpenTreeFlags::OPEN_TREE_CLONE | OpenTreeFlags::OPEN_TREE_CLOEXEC;
    let tree = open_tree(CWD, "/", flags).map_err(|errno| failed(format!("cannot clone the root: {errno}")))?;
    // What was opened so is a name, and no folder to read from.
    openat(&tree, ".", FOLDER, Mode::empty()).map_err(|errno| failed(format!("cannot open the root: {errno}")))
}

fn home(agent: &Agent) -> Result<PathBuf, Refusal> {
    if agent.place == Place::Process {
        return stand_in(agent);
    }
    let home = agent.home.borrow().clone();
    home.map(PathBuf::from).ok_or_else(|| Refusal::invalid("this guest has no work disk"))
}

/// The work disk, where it is wanted and there is one.
fn open_home(agent: &Agent, spec: &Export) -> Result<Option<Home>, Refusal> {
    let mounted = agent.home.borrow().clone();
    let Some(path) = mounted.filter(|_| spec.home && agent.place != Place::Process) else { return Ok(None) };
    let folder = open(&path, FOLDER, Mode::empty()).map_err(|errno| failed(format!("cannot open {path}: {errno}")))?;
    Ok(Some(Home { path: path.trim_start_matches('/').into(), folder }))
}

/// The computer's root is not for an ordinary process to give away.
fn stand_in(agent: &Agent) -> Result<PathBuf, Refusal> {
    let root = agent.root.borrow().clone();
    let root = root.ok_or_else(|| Refusal::invalid("this agent is an ordinary process: it was given no root"))?;
    std::fs::create_dir_all(&root).map_err(|error| failed(format!("cannot make {}: {error}", root.display())))?;
    Ok(root)
}

fn write(root: &OwnedFd, home: Option<Home>, spec: &Export, to_host: Sender<Bytes>) -> io::Result<()> {
    rustix::fs::sync();
    let mut archive = Archive::new(Pieces { to_host, piece: BytesMut::new() });
    Walk::new(&mut archive, spec).with_home(home).root(root)?;
    archive.finish()?.flush()
}

/// Small writes wait for company.
struct Pieces {
    to_host: Sender<Bytes>,
    piece: BytesMut,
}

impl Write for Pieces {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.piece.extend_from_slice(bytes);
        if self.piece.len() >= PIECE_BYTES {
            self.flush()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        let piece = self.piece.split().freeze();
        self.to_host.blocking_send(piece).map_err(|_| io::Error::other("the host has no more use for it"))
    }
}
