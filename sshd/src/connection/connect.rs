//! Connections to somewhere in the guest, made as the user who has come in.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use tokio::net::{TcpStream, UnixStream};
use tokio::time::timeout;

use crate::numbers::limit;

pub async fn tcp(host: &str, port: u32) -> Result<OwnedFd, String> {
    let port = u16::try_from(port).map_err(|_| format!("there is no port {port}"))?;
    let mut why = String::new();
    for address in addresses(host)? {
        match timeout(limit::CONNECT, TcpStream::connect(SocketAddr::new(address, port))).await {
            Ok(Ok(socket)) => {
                let _ = socket.set_nodelay(true);
                return socket.into_std().map(Into::into).map_err(|error| error.to_string());
            }
            Ok(Err(error)) => why = error.to_string(),
            Err(_) => why = "it does not answer".into(),
        }
    }
    Err(why)
}

/// A static program cannot ask the guest's name service; the names that forwards are made for mean the guest itself.
fn addresses(host: &str) -> Result<Vec<IpAddr>, String> {
    if host.eq_ignore_ascii_case("localhost") {
        return Ok(vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()]);
    }
    let address = host.trim_matches(['[', ']']).parse();
    address
        .map(|address| vec![address])
        .map_err(|_| "only localhost and addresses are known here, no other names".into())
}

pub async fn unix(path: &[u8]) -> Result<OwnedFd, String> {
    let path = Path::new(std::ffi::OsStr::from_bytes(path));
    let socket =
        timeout(limit::CONNECT, UnixStream::connect(path)).await.map_err(|_| "it does not answer".to_owned())?;
    socket.and_then(UnixStream::into_std).map(Into::into).map_err(|error| error.to_string())
}
