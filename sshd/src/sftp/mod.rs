//! The server of files (draft-ietf-secsh-filexfer-02, version 3, which is what OpenSSH speaks), with OpenSSH's extensions.
//! Names are bytes, as they are for the kernel. It runs as the user who has come in, and the kernel says what that one may.

pub mod answer;
pub mod attributes;
pub mod date;
pub mod handles;
pub mod packet;
pub mod requests;

use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;

use packet::MAX_PACKET_BYTES;
use requests::Server;

/// Until the client ends it, or says what is none.
pub fn serve(socket: &UnixStream, home: &str) {
    let _ = serve_all(&mut io::BufReader::with_capacity(64 * 1024, socket), &mut &*socket, home);
}

fn serve_all(from: &mut impl Read, into: &mut impl Write, home: &str) -> io::Result<()> {
    let mut server = Server::new(home);
    let mut packet = Vec::new();
    loop {
        let mut length = [0; 4];
        from.read_exact(&mut length)?;
        let length = u32::from_be_bytes(length) as usize;
        if length == 0 || length > MAX_PACKET_BYTES {
            return Err(io::ErrorKind::InvalidData.into());
        }
        packet.resize(length, 0);
        from.read_exact(&mut packet)?;
        let answer = server.answer(&packet).ok_or(io::ErrorKind::InvalidData)?;
        let length = u32::try_from(answer.len()).map_err(|_| io::ErrorKind::InvalidData)?;
        into.write_all(&[&length.to_be_bytes(), answer.as_slice()].concat())?;
    }
}
