//! `POST /dial/tcp/:port`: a connection to a port on the guest's loopback, made by the agent.

use std::net::Ipv4Addr;
use std::time::Duration;

use h2::RecvStream;
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::http::answer::{self, Refusal, Respond};
use crate::http::join::join_tcp;
use crate::http::session::Over;

/// Loopback answers at once; only a full backlog or a packet filter that drops makes it wait.
const PATIENCE: Duration = Duration::from_secs(10);

pub async fn handle(port: &str, over: Over, body: RecvStream, respond: &mut Respond) {
    match connect(port).await {
        Ok(socket) => {
            // Interactive protocols come through here, one keystroke a piece.
            let _ = socket.set_nodelay(true);
            if let Ok(sink) = answer::stream(respond) {
                join_tcp(sink, body, socket, &over).await;
            }
        }
        Err(refusal) => refusal.send(respond),
    }
}

async fn connect(port: &str) -> Result<TcpStream, Refusal> {
    let number = super::port(port)?;
    match timeout(PATIENCE, TcpStream::connect((Ipv4Addr::LOCALHOST, number))).await {
        Ok(Ok(socket)) => Ok(socket),
        Ok(Err(error)) if super::is_refused(&error) => {
            Err(super::unreachable(number, "refused", "nothing listens there"))
        }
        Ok(Err(error)) => Err(super::unreachable(number, "unreachable", error)),
        Err(_) => Err(super::unreachable(number, "timeout", format!("no answer within {} s", PATIENCE.as_secs()))),
    }
}
