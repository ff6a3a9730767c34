//! `KEXINIT`: what both sides can do, and what is chosen of it.

use crate::broken::{Broken, Outcome, Reason};
use crate::exchange::agree::Method;
use crate::host_key;
use crate::numbers::message;
use crate::packet::Cipher;
use crate::wire::{Malformed, Reader, Writer};

const METHODS: [(&str, Method); 4] = [
    ("mlkem768x25519-sha256", Method::MlKem768X25519),
    ("curve25519-sha256", Method::X25519),
    ("curve25519-sha256@libssh.org", Method::X25519),
    ("ecdh-sha2-nistp256", Method::NistP256),
];
const CIPHERS: [(&str, Cipher); 3] = [
    ("chacha20-poly1305@openssh.com", Cipher::ChaCha20Poly1305),
    ("aes256-gcm@openssh.com", Cipher::Aes256Gcm),
    ("aes128-gcm@openssh.com", Cipher::Aes128Gcm),
];
/// Said because the list must not be empty; every cipher has one of its own.
const MACS: &str = "hmac-sha2-256-etm@openssh.com";
/// Both sides count anew with new keys, and nothing may come between (CVE-2023-48795).
const OUR_STRICTNESS: &str = "kex-strict-s-v00@openssh.com";
const THEIR_STRICTNESS: &str = "kex-strict-c-v00@openssh.com";
const WANTS_EXTENSIONS: &str = "ext-info-c";
const COOKIE_BYTES: usize = 16;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Choice {
    pub method: Method,
    pub to_us: Cipher,
    pub to_them: Cipher,
    /// Both sides; counts in the first exchange alone.
    pub is_strict: bool,
    pub wants_extensions: bool,
    /// They have guessed wrong and sent something already.
    pub ignore_next: bool,
}

/// Our own `KEXINIT`.
pub fn offer(cookie: &[u8; COOKIE_BYTES]) -> Vec<u8> {
    let methods = names(&METHODS.map(|(name, _)| name)) + "," + OUR_STRICTNESS;
    let ciphers = names(&CIPHERS.map(|(name, _)| name));
    let offer = Writer::message(message::KEXINIT).raw(cookie).string(methods).string(host_key::TYPE);
    let offer = offer.string(&ciphers).string(&ciphers).string(MACS).string(MACS).string("none").string("none");
    offer.string("").string("").boolean(false).u32(0).done()
}

fn names(all: &[&str]) -> String {
    all.join(",")
}

struct Theirs<'a> {
    methods: &'a str,
    host_keys: &'a str,
    to_us: &'a str,
    to_them: &'a str,
    compression: [&'a str; 2],
    has_guessed: bool,
}

fn parse(payload: &[u8]) -> Result<Theirs<'_>, Malformed> {
    let mut reader = Reader::new(payload);
    if reader.byte()? != message::KEXINIT {
        return Err(Malformed);
    }
    reader.take(COOKIE_BYTES)?;
    let (methods, host_keys) = (reader.text()?, reader.text()?);
    let (to_us, to_them) = (reader.text()?, reader.text()?);
    reader.text()?;
    reader.text()?;
    let compression = [reader.text()?, reader.text()?];
    reader.text()?;
    reader.text()?;
    let has_guessed = reader.boolean()?;
    reader.u32()?;
    reader.end()?;
    Ok(Theirs { methods, host_keys, to_us, to_them, compression, has_guessed })
}

/// Of each list the first that they name and we know.
pub fn choose(payload: &[u8]) -> Outcome<Choice> {
    let theirs = parse(payload)?;
    let method = find(theirs.methods, &METHODS).ok_or_else(|| nothing("key exchange", theirs.methods))?;
    if !has(theirs.host_keys, host_key::TYPE) {
        return Err(nothing("host key", theirs.host_keys));
    }
    let cipher = |list| find(list, &CIPHERS).ok_or_else(|| nothing("cipher", list));
    if let Some(list) = theirs.compression.iter().find(|list| !has(list, "none")) {
        return Err(nothing("compression", list));
    }
    let is_right = first(theirs.methods) == METHODS[0].0 && first(theirs.host_keys) == host_key::TYPE;
    Ok(Choice {
        method,
        to_us: cipher(theirs.to_us)?,
        to_them: cipher(theirs.to_them)?,
        is_strict: has(theirs.methods, THEIR_STRICTNESS),
        wants_extensions: has(theirs.methods, WANTS_EXTENSIONS),
        ignore_next: theirs.has_guessed && !is_right,
    })
}

fn find<T: Copy>(list: &str, known: &[(&str, T)]) -> Option<T> {
    list.split(',').find_map(|name| known.iter().find(|(ours, _)| *ours == name)).map(|(_, what)| *what)
}

fn has(list: &str, name: &str) -> bool {
    list.split(',').any(|one| one == name)
}

fn first(list: &str) -> &str {
    list.split(',').next().unwrap_or_default()
}

fn nothing(what: &str, list: &str) -> Broken {
    let list: String = list.chars().filter(char::is_ascii_graphic).take(400).collect();
    Broken::new(Reason::KeyExchange, format!("no {what} that both sides know: the client has {list}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(methods: &str, host_keys: &str, ciphers: &str, compression: &str, guessed: bool) -> Vec<u8> {
        let offer = Writer::message(message::KEXINIT).raw(&[0; 16]).string(methods).string(host_keys);
        let offer = offer.string(ciphers).string(ciphers).string("a").string("a").string(compression);
        offer.string(compression).string("").string("").boolean(guessed).u32(0).done()
    }

    #[test]
    fn the_first_that_the_client_names_and_we_know_is_chosen() {
        let methods = "new-thing,curve25519-sha256,mlkem768x25519-sha256,ext-info-c,kex-strict-c-v00@openssh.com";
        let ciphers = "aes256-ctr,aes256-gcm@openssh.com,chacha20-poly1305@openssh.com";
        let choice = choose(&client(methods, "ssh-rsa,ssh-ed25519", ciphers, "zlib,none", false)).unwrap();
        let expected = Choice {
            method: Method::X25519,
            to_us: Cipher::Aes256Gcm,
            to_them: Cipher::Aes256Gcm,
            is_strict: true,
            wants_extensions: true,
            ignore_next: false,
        };
        assert_eq!(choice, expected);
    }

    #[test]
    fn a_wrong_guess_is_known() {
        let guess = |methods, keys| choose(&client(methods, keys, "aes128-gcm@openssh.com", "none", true)).unwrap();
        assert!(guess("curve25519-sha256", "ssh-ed25519").ignore_next);
        assert!(guess("mlkem768x25519-sha256", "ssh-rsa,ssh-ed25519").ignore_next);
        assert!(!guess("mlkem768x25519-sha256", "ssh-ed25519").ignore_next);
    }

    #[test]
    fn where_nothing_is_in_common_it_is_said_what_the_client_has() {
        let good = ("curve25519-sha256", "ssh-ed25519", "aes128-gcm@openssh.com", "none");
        let why = |(methods, keys, ciphers, compression)| {
            choose(&client(methods, keys, ciphers, compression, false)).err().map(|broken| broken.message)
        };
        assert_eq!(why(good), None);
        assert!(
            why(("dh\u{1b}[2J", good.1, good.2, good.3))
                .unwrap()
                .ends_with("key exchange that both sides know: the client has dh[2J")
        );
        assert!(why((good.0, "ssh-rsa", good.2, good.3)).unwrap().contains("host key"));
        assert!(why((good.0, good.1, "aes128-ctr", good.3)).unwrap().contains("cipher"));
        assert!(why((good.0, good.1, good.2, "zlib")).unwrap().contains("compression"));
    }

    #[test]
    fn our_own_offer_is_understood() {
        let choice = choose(&offer(&[0; 16])).unwrap();
        assert_eq!((choice.method, choice.to_us), (Method::MlKem768X25519, Cipher::ChaCha20Poly1305));
    }
}
