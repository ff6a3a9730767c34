//! `POST /listen/tcp/:port`: listens on a port of the guest's loopback for as long as the host keeps the stream. Each connection is an offer, told
//! by a line of the body, which the host takes or lets be.

use std::cell::Cell;
use std::io::ErrorKind;
use std::net::Ipv4Addr;
use std::rc::Rc;
use std::time::Duration;

use bytes::Bytes;
use http::StatusCode;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::spawn_local;
use tokio::time::{sleep, timeout};

use crate::agent::Agent;
use crate::dial;
use crate::http::answer::{self, Refusal, Respond};
use crate::http::session::Over;

/// More than these are closed at once: the host takes no more either, and others have offers to make as well.
const MOST_CONNECTIONS: usize = 128;
/// How long the host may leave a connection waiting. Its own connection has to be made first.
const PATIENCE: Duration = Duration::from_secs(30);

pub async fn tcp(agent: &Rc<Agent>, port: &str, over: Over, respond: &mut Respond) {
    let listener = match open(port).await {
        Ok(listener) => listener,
        Err(refusal) => return refusal.send(respond),
    };
    let Ok(mut sink) = answer::stream(respond) else { return };
    // Dropped with this function, which ends those that were not taken.
    let (_open, is_open) = watch::channel(());
    let count = Rc::new(Cell::new(0));
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = sink.gone() => return,
            () = over.wait() => return,
        };
        let Ok((socket, _)) = accepted else {
            // Out of descriptors: others will close theirs.
            sleep(Duration::from_millis(100)).await;
            continue;
        };
        if count.get() >= MOST_CONNECTIONS {
            continue;
        }
        let Some(line) = offer(agent, port, socket, is_open.clone(), count.clone()) else { continue };
        if sink.send(line).await.is_err() {
            return;
        }
    }
}

async fn open(port: &str) -> Result<TcpListener, Refusal> {
    let number = dial::port(port)?;
    TcpListener::bind((Ipv4Addr::LOCALHOST, number)).await.map_err(|error| {
        let why = match error.kind() {
            ErrorKind::AddrInUse => "something listens there already".into(),
            _ => error.to_string(),
        };
        let message = format!("cannot listen on 127.0.0.1:{number} in the guest: {why}");
        Refusal::new(StatusCode::CONFLICT, "port_in_use", message)
    })
}

/// The line that tells of it; `None`, and the connection is closed, when too many wait.
fn offer(
    agent: &Rc<Agent>,
    port: &str,
    socket: TcpStream,
    mut is_open: watch::Receiver<()>,
    count: Rc<Cell<usize>>,
) -> Option<Bytes> {
    let (id, line, taken) = agent.offers.add_for_one(&format!("reverse-forward-{port}"))?;
    let _ = socket.set_nodelay(true);
    let agent = agent.clone();
    count.set(count.get() + 1);
    spawn_local(async move {
        tokio::select! {
            taken = timeout(PATIENCE, taken) => match taken {
                Ok(Ok(taken)) => taken.join_tcp(socket).await,
                _ => agent.offers.withdraw(id),
            },
            _ = is_open.changed() => agent.offers.withdraw(id),
        }
        count.set(count.get() - 1);
    });
    Some(line)
}
