//! One connection on stdin and stdout, in one thread: whoever waits for one thing keeps nothing else waiting.

use std::io;
use std::os::fd::OwnedFd;

use rustix::io::fcntl_dupfd_cloexec;
use tokio::io::Interest;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc::channel;
use tokio::time::{Instant, sleep_until};

use crate::account::Account;
use crate::auth::{Answer, Auth};
use crate::broken::{Broken, Outcome, Reason};
use crate::channel::pump;
use crate::connection::Connection;
use crate::host_key::HostKey;
use crate::numbers::{limit, message};
use crate::session::environment::Environment;
use crate::sys::{Watched, watch};
use crate::transport::Transport;
use crate::user_key::Authorized;

pub struct Options {
    pub host_key: HostKey,
    pub authorized: Authorized,
    /// What every command of this guest gets.
    pub environment: Environment,
    pub rekey_bytes: u64,
}

const READ_BYTES: usize = 64 * 1024;
/// Of channels; each holds a piece of content at most.
const EVENTS: usize = 16;

/// Until the client goes. Must run where local tasks can be spawned.
pub async fn serve(options: Options) -> Outcome<()> {
    let from = watch(duplicate(rustix::stdio::stdin())?, Interest::READABLE)?;
    let into = watch(duplicate(rustix::stdio::stdout())?, Interest::WRITABLE)?;
    let mut transport = Transport::new(options.host_key, options.rekey_bytes)?;
    let auth = Auth::new(options.authorized, Account::find);
    // OpenSSH tells its ProxyCommand to go when it goes itself: that, too, is the end of the client, and not ours alone.
    let (mut hangup, mut terminate) = (signal(SignalKind::hangup())?, signal(SignalKind::terminate())?);
    let served = tokio::select! {
        served = converse(&from, &into, &mut transport, auth, options.environment) => served,
        _ = hangup.recv() => Ok(()),
        _ = terminate.recv() => Ok(()),
    };
    match served {
        // How connections end.
        Err(Broken { reason: Reason::ConnectionLost, .. }) => Ok(()),
        Err(broken) => {
            transport.farewell(&broken);
            // What the client does not take at once it does not get.
            let _ = tokio::time::timeout(limit::LAST_WORDS, flush(&into, &mut transport)).await;
            Err(broken)
        }
        Ok(()) => Ok(()),
    }
}

fn duplicate(fd: std::os::fd::BorrowedFd) -> io::Result<OwnedFd> {
    Ok(fcntl_dupfd_cloexec(fd, 3)?)
}

async fn flush(into: &Watched, transport: &mut Transport) -> io::Result<()> {
    while !transport.out.is_empty() {
        let written = pump::write(into, &transport.out).await?;
        let _ = transport.out.split_to(written);
    }
    Ok(())
}

async fn converse(
    from: &Watched,
    into: &Watched,
    transport: &mut Transport,
    mut auth: Auth,
    environment: Environment,
) -> Outcome<()> {
    let (events, mut told) = channel(EVENTS);
    let deadline = Instant::now() + limit::LOGIN;
    let mut environment = Some(environment);
    let mut connection: Option<Connection> = None;
    let mut chunk = vec![0; READ_BYTES];
    loop {
        while !transport.is_full()
            && let Some(payload) = transport.receive()?
        {
            match &mut connection {
                Some(connection) => connection.receive(&payload)?,
                None => match auth.receive(transport.session().unwrap_or_default(), &payload)? {
                    Answer::Say(payload) => transport.send(payload)?,
                    Answer::Accepted(account) => {
                        let as_whom = account.name.clone();
                        let cannot =
                            |error| Broken::new(Reason::ByApplication, format!("cannot become {as_whom}: {error}"));
                        account.become_it().map_err(cannot)?;
                        transport.send(vec![message::USERAUTH_SUCCESS])?;
                        let guest = environment.take().unwrap_or_default();
                        connection = Some(Connection::new(account, guest, events.clone()));
                    }
                },
            }
            send_all(&mut connection, transport)?;
        }
        tokio::select! {
            read = read_some(from, &mut chunk), if !transport.is_full() => {
                match read? {
                    0 => return Ok(()),
                    count => transport.inbound.buffer.extend_from_slice(&chunk[..count]),
                }
            }
            written = pump::write(into, &transport.out), if !transport.out.is_empty() => {
                let _ = transport.out.split_to(written?);
            }
            Some(event) = told.recv(), if !transport.is_busy() && !transport.is_full() => {
                if let Some(connection) = &mut connection {
                    connection.take(event)?;
                }
                send_all(&mut connection, transport)?;
            }
            () = sleep_until(deadline), if connection.is_none() => {
                return Err(Broken::new(Reason::ByApplication, "nobody has logged in for two minutes"));
            }
        }
    }
}

fn send_all(connection: &mut Option<Connection>, transport: &mut Transport) -> Outcome<()> {
    while let Some(payload) = connection.as_mut().and_then(|connection| connection.out.pop_front()) {
        transport.send(payload)?;
    }
    Ok(())
}

/// Nothing is the end. Safe to drop at any moment: then nothing was read.
async fn read_some(from: &Watched, chunk: &mut [u8]) -> io::Result<usize> {
    loop {
        let mut ready = from.readable().await?;
        match ready.try_io(|fd| Ok(rustix::io::read(fd, &mut *chunk)?)) {
            Ok(Err(error)) if error.kind() == io::ErrorKind::Interrupted => {}
            Ok(result) => return result,
            Err(_would_block) => {}
        }
    }
}
