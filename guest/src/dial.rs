//! `POST /dial/tcp/:port`: a connection to a port on the guest's loopback, made by the agent.

use std::io::ErrorKind;
use std::net::Ipv4Addr;
use std::time::Duration;

use h2::RecvStream;
use http::StatusCode;
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::http::answer::{self, Refusal, Respond};
use crate::http::join::join;
use crate::http::session::Over;

/// Loopback answers at once; only a full backlog or a packet filter that drops makes it wait.
const PATIENCE: Duration = Duration::from_secs(10);

pub async fn tcp(port: &str, over: Over, body: RecvStream, respond: &mut Respond) {
    match connect(port).await {
        Ok(socket) => {
            // Interactive protocols come through here, one keystroke a piece.
            let _ = socket.set_nodelay(true);
            if let Ok(sink) = answer::stream(respond) {
                join(sink, body, socket, &over).await;
            }
        }
        Err(refusal) => refusal.send(respond),
    }
}

async fn connect(port: &str) -> Result<TcpStream, Refusal> {
    let number = port.parse::<u16>().ok().filter(|&number| number > 0 && number.to_string() == port);
    let Some(number) = number else { return Err(Refusal::invalid(format!("{port:?} is not a port"))) };
    let (code, why) = match timeout(PATIENCE, TcpStream::connect((Ipv4Addr::LOCALHOST, number))).await {
        Ok(Ok(socket)) => return Ok(socket),
        Ok(Err(error)) if error.kind() == ErrorKind::ConnectionRefused => ("refused", "nothing listens there".into()),
        Ok(Err(error)) => ("unreachable", error.to_string()),
        Err(_) => ("timeout", format!("no answer within {} s", PATIENCE.as_secs())),
    };
    let message = format!("cannot connect to 127.0.0.1:{number} in the guest: {why}");
    Err(Refusal::new(StatusCode::BAD_GATEWAY, code, message))
}
