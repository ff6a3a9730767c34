//! What follows from a secret: the digest that is signed, and keys for both directions (RFC 4253, 7.2 and 8).

use ring::digest::{Context, SHA256};

use crate::packet::Cipher;
use crate::wire::Writer;

/// All that both sides have said until they knew the secret.
pub struct Transcript<'a> {
    pub client_version: &'a [u8],
    pub server_version: &'a [u8],
    pub client_offer: &'a [u8],
    pub server_offer: &'a [u8],
    pub host_key: &'a [u8],
    pub client_half: &'a [u8],
    pub server_half: &'a [u8],
    pub secret: &'a [u8],
}

impl Transcript<'_> {
    pub fn digest(&self) -> Vec<u8> {
        let parts = [
            self.client_version,
            self.server_version,
            self.client_offer,
            self.server_offer,
            self.host_key,
            self.client_half,
            self.server_half,
        ];
        let all = parts.iter().fold(Writer::default(), Writer::string).raw(self.secret).done();
        ring::digest::digest(&SHA256, &all).as_ref().to_vec()
    }
}

/// Whom a key is for.
#[derive(Clone, Copy)]
pub enum Direction {
    ToServer,
    ToClient,
}

pub struct Keys {
    pub key: Vec<u8>,
    pub iv: Vec<u8>,
}

pub fn derive(direction: Direction, cipher: Cipher, secret: &[u8], digest: &[u8], session: &[u8]) -> Keys {
    let (iv, key) = match direction {
        Direction::ToServer => (b'A', b'C'),
        Direction::ToClient => (b'B', b'D'),
    };
    let make = |letter, length| stretch(letter, length, secret, digest, session);
    Keys { key: make(key, cipher.key_bytes()), iv: make(iv, cipher.iv_bytes()) }
}

fn stretch(letter: u8, length: usize, secret: &[u8], digest: &[u8], session: &[u8]) -> Vec<u8> {
    let mut made = Vec::new();
    while made.len() < length {
        let mut context = Context::new(&SHA256);
        context.update(secret);
        context.update(digest);
        if made.is_empty() {
            context.update(&[letter]);
            context.update(session);
        } else {
            context.update(&made);
        }
        made.extend_from_slice(context.finish().as_ref());
    }
    made.truncate(length);
    made
}
