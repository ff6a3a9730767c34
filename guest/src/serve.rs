//! `banger-agent serve`: the same agent as an ordinary process, over a unix socket. For tests, and wherever a computer is
//! not the agent's to change.

use std::cell::Cell;
use std::io::{self, Read as _, Write as _};
use std::net::Shutdown;
use std::os::unix::fs::FileTypeExt;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, poll};
use tokio::net::UnixListener;
use tokio::sync::watch;

use crate::agent::{Agent, Place};
use crate::http::session;
use crate::offers::door;
use crate::sys::signals;
use crate::wire::link::{Channel, Link, Read};

pub enum Wire {
    Connect(PathBuf),
    /// One host at a time; each connection is a new byte stream.
    Listen(PathBuf),
}

/// Commands get this long between being asked and being forced.
const GRACE: Duration = Duration::from_secs(2);
/// The host may be slow to take the last answer, but not that slow.
const LAST_WORDS: Duration = Duration::from_secs(1);
/// The host hangs up when it has read to the end. It is not waited for longer.
const HANG_UP_WITHIN: Duration = Duration::from_secs(1);
const ENDING: [i32; 2] = [libc::SIGTERM, libc::SIGINT];

/// Returns when it was told to end, by signal or by the host, or when the connected socket is over.
pub fn run(wire: &Wire, offers: Option<&Path>, root: Option<PathBuf>) -> io::Result<()> {
    // Before any thread exists, so that all of them leave these to one.
    signals::block(&ENDING);
    let terminated = watch::Sender::new(false);
    let told = terminated.subscribe();
    std::thread::Builder::new().name("signals".into()).spawn(move || {
        signals::wait(&ENDING);
        terminated.send_replace(true);
        // Kept, because a receiver takes a dropped sender for news.
        std::thread::park();
    })?;
    crate::runtime::block_on(serve(wire, offers, root, told))
}

async fn serve(
    wire: &Wire,
    offers: Option<&Path>,
    root: Option<PathBuf>,
    mut terminated: watch::Receiver<bool>,
) -> io::Result<()> {
    let agent = Agent::new(Place::Process);
    agent.root.replace(root);
    if let Some(path) = offers {
        door::open(agent.clone(), path)?;
    }
    let mut going_down = agent.going_down.subscribe();
    let said = Cell::new(false);
    // The host goes on being served while its commands end: it is told how they did.
    let power_off = async {
        let _ = going_down.wait_for(|down| *down).await;
        agent.commands.end_all(libc::SIGTERM, GRACE).await;
        say("power off");
        said.set(true);
        tokio::time::sleep(LAST_WORDS).await;
    };
    let result = tokio::select! {
        result = speak(&agent, wire) => result,
        () = power_off => Ok(()),
        _ = terminated.wait_for(|told| *told) => Ok(()),
    };
    agent.commands.end_all(libc::SIGHUP, GRACE).await;
    // A host that hangs up at once is faster than its commands end.
    if agent.is_going_down() && !said.get() {
        say("power off");
    }
    result
}

async fn speak(agent: &Rc<Agent>, wire: &Wire) -> io::Result<()> {
    match wire {
        Wire::Connect(path) => host(agent, UnixStream::connect(path)?).await,
        Wire::Listen(path) => {
            let listener = listen(path)?;
            say("serving");
            loop {
                let (socket, _) = listener.accept().await?;
                let socket = socket.into_std()?;
                socket.set_nonblocking(false)?;
                host(agent, socket).await?;
                if agent.is_going_down() {
                    return Ok(());
                }
            }
        }
    }
}

/// The console of a guest that is none: with the words that PID 1 of a real one has.
fn say(text: &str) {
    let _ = writeln!(io::stdout(), "banger-agent: {text}");
}

async fn host(agent: &Rc<Agent>, socket: UnixStream) -> io::Result<()> {
    let socket = Arc::new(Socket(socket));
    let mut link = Link::open(socket.clone(), agent.hello.line())?;
    session::serve(agent, &mut link).await;
    if agent.is_going_down() && socket.0.shutdown(Shutdown::Write).is_ok() {
        // What a host says into a socket that is closed costs it what it has not read yet, such as the last words.
        let _ = tokio::time::timeout(HANG_UP_WITHIN, link.hung_up()).await;
    }
    Ok(())
}

/// Once there is something at `path`, it answers: the socket gets its name when it listens. What a dead agent left there is
/// replaced; anything else is not ours to replace.
fn listen(path: &Path) -> io::Result<UnixListener> {
    match std::fs::symlink_metadata(path) {
        Ok(found) if !found.file_type().is_socket() => return Err(io::ErrorKind::AlreadyExists.into()),
        Ok(_) if UnixStream::connect(path).is_ok() => return Err(io::ErrorKind::AddrInUse.into()),
        _ => {}
    }
    let mut temporary = path.as_os_str().to_owned();
    temporary.push(".new");
    let _ = std::fs::remove_file(&temporary);
    let listener = UnixListener::bind(&temporary)?;
    std::fs::rename(&temporary, path)?;
    Ok(listener)
}

struct Socket(UnixStream);

impl Channel for Socket {
    fn read(&self, into: &mut [u8]) -> io::Result<Read> {
        loop {
            match (&self.0).read(into) {
                Ok(0) => return Ok(Read::Over),
                Ok(count) => return Ok(Read::Bytes(count)),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    fn write_all(&self, bytes: &[u8]) -> io::Result<()> {
        (&self.0).write_all(bytes)
    }

    fn is_hung_up(&self) -> bool {
        let mut fds = [PollFd::new(&self.0, PollFlags::empty())];
        poll(&mut fds, Some(&rustix::event::Timespec { tv_sec: 0, tv_nsec: 0 })).is_ok()
            && fds[0].revents().contains(PollFlags::HUP)
    }
}
