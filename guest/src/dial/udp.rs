//! `POST /dial/udp/:port`: datagrams to and from a port on the guest's loopback. Each travels behind its length, two bytes, the higher first.
//!
//! One stream is one sender: what answers it is sent back through the same. A datagram that nobody takes is lost, which is no end.

use std::net::Ipv4Addr;

use bytes::{Buf, Bytes, BytesMut};
use h2::RecvStream;
use tokio::net::UdpSocket;

use crate::http::answer::{self, Gone, Refusal, Respond, Sink};
use crate::http::body;
use crate::http::session::Over;

const HEAD_BYTES: usize = 2;
/// The most that a datagram holds over IPv4.
const MOST_BYTES: usize = 65_507;

pub async fn handle(port: &str, over: Over, body: RecvStream, respond: &mut Respond) {
    let socket = match connect(port).await {
        Ok(socket) => socket,
        Err(refusal) => return refusal.send(respond),
    };
    let Ok(mut sink) = answer::stream(respond) else { return };
    // The host's end is the end: there is no half of a flow.
    let ended = tokio::select! {
        ended = to_host(&mut sink, &socket) => ended,
        ended = to_socket(body, &socket) => ended,
        () = over.wait() => Err(Gone),
    };
    if ended.is_ok() {
        sink.finish();
    }
}

async fn connect(port: &str) -> Result<UdpSocket, Refusal> {
    let number = super::port(port)?;
    let connected = async {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        socket.connect((Ipv4Addr::LOCALHOST, number)).await?;
        Ok(socket)
    };
    connected.await.map_err(|error: std::io::Error| super::unreachable(number, "unreachable", error))
}

async fn to_host(sink: &mut Sink, socket: &UdpSocket) -> Result<(), Gone> {
    let mut buffer = vec![0; MOST_BYTES];
    loop {
        let received = tokio::select! {
            received = socket.recv(&mut buffer) => received,
            () = sink.gone() => return Err(Gone),
        };
        let count = match received {
            Ok(count) => count,
            // Of what was sent before, to where nobody listens.
            Err(error) if super::is_refused(&error) => continue,
            Err(_) => return Err(Gone),
        };
        let length = u16::try_from(count).expect("it fits into a buffer that is shorter");
        sink.send([&length.to_be_bytes(), &buffer[..count]].concat().into()).await?;
    }
}

async fn to_socket(mut body: RecvStream, socket: &UdpSocket) -> Result<(), Gone> {
    let mut begun = BytesMut::new();
    while let Some(piece) = body::next(&mut body).await? {
        body::release(&mut body, piece.len());
        begun.extend_from_slice(&piece);
        while let Some(datagram) = take(&mut begun) {
            // A full buffer, a refusal of before, one that is longer than a datagram may be: it is lost.
            let _ = socket.send(&datagram).await;
        }
    }
    Ok(())
}

/// The first datagram, once it is whole.
fn take(begun: &mut BytesMut) -> Option<Bytes> {
    let length = usize::from(u16::from_be_bytes(begun.get(..HEAD_BYTES)?.try_into().ok()?));
    if begun.len() < HEAD_BYTES + length {
        return None;
    }
    begun.advance(HEAD_BYTES);
    Some(begun.split_to(length).freeze())
}
