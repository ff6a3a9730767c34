//! The key by which a guest is known, in the file format of OpenSSH, so that the image's sshd could serve with it, too.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use base64ct::{Base64, Encoding};
use ring::rand::{SecureRandom, SystemRandom};
use ring::signature::{Ed25519KeyPair, KeyPair};

use crate::numbers::limit;
use crate::wire::{Malformed, Reader, Writer};

pub const TYPE: &str = "ssh-ed25519";
const MAGIC: &[u8] = b"openssh-key-v1\0";
const BEGIN: &str = "-----BEGIN OPENSSH PRIVATE KEY-----";
const END: &str = "-----END OPENSSH PRIVATE KEY-----";
const LINE: usize = 70;
const SEED_BYTES: usize = 32;
const BLOCK_BYTES: usize = 8;

pub struct HostKey {
    pair: Ed25519KeyPair,
    /// As it is told to clients.
    pub blob: Vec<u8>,
}

impl HostKey {
    pub fn from_seed(seed: &[u8; SEED_BYTES]) -> Self {
        let pair = Ed25519KeyPair::from_seed_unchecked(seed).expect("any 32 bytes are a seed");
        let blob = public_blob(pair.public_key().as_ref());
        Self { pair, blob }
    }

    pub fn load(path: &Path) -> io::Result<Self> {
        let mut text = String::new();
        File::open(path)?.take(limit::KEY_FILE_BYTES).read_to_string(&mut text)?;
        parse(&text).map_err(|Malformed| io::Error::new(io::ErrorKind::InvalidData, "it is no ed25519 key of OpenSSH"))
    }

    /// The blob of a signature.
    pub fn sign(&self, data: &[u8]) -> Vec<u8> {
        Writer::default().string(TYPE).string(self.pair.sign(data)).done()
    }
}

/// Makes a key at `path`, for its owner alone, and its public half beside it, which comes last. Replaces what is there.
pub fn make(path: &Path) -> io::Result<()> {
    let (mut seed, mut check) = ([0; SEED_BYTES], [0; 4]);
    let random = SystemRandom::new();
    let fill = |bytes: &mut [u8]| random.fill(bytes).map_err(|_| io::Error::other("no random numbers"));
    fill(&mut seed)?;
    fill(&mut check)?;
    write_new(path, 0o600, &private_text(&seed, u32::from_be_bytes(check)))?;
    let public = format!("{TYPE} {}\n", Base64::encode_string(&HostKey::from_seed(&seed).blob));
    let mut name = path.as_os_str().to_owned();
    name.push(".pub");
    write_new(Path::new(&name), 0o644, &public)
}

fn write_new(path: &Path, mode: u32, text: &str) -> io::Result<()> {
    let _ = fs::remove_file(path);
    let mut file = OpenOptions::new().write(true).create_new(true).mode(mode).open(path)?;
    file.write_all(text.as_bytes())
}

fn public_blob(public: &[u8]) -> Vec<u8> {
    Writer::default().string(TYPE).string(public).done()
}

fn private_text(seed: &[u8; SEED_BYTES], check: u32) -> String {
    let key = HostKey::from_seed(seed);
    let public = key.pair.public_key().as_ref();
    let private = Writer::default().u32(check).u32(check).string(TYPE).string(public);
    let mut private = private.string([seed.as_slice(), public].concat()).string("").done();
    let padding = private.len().next_multiple_of(BLOCK_BYTES) - private.len();
    private.extend((1..=padding).map(|number| number as u8));
    let whole = Writer::default().raw(MAGIC).string("none").string("none").string("").u32(1);
    let text = Base64::encode_string(&whole.string(&key.blob).string(&private).done());
    let lines: Vec<&str> = (0..text.len()).step_by(LINE).map(|at| &text[at..text.len().min(at + LINE)]).collect();
    format!("{BEGIN}\n{}\n{END}\n", lines.join("\n"))
}

fn parse(text: &str) -> Result<HostKey, Malformed> {
    let (_, rest) = text.split_once(BEGIN).ok_or(Malformed)?;
    let (body, _) = rest.split_once(END).ok_or(Malformed)?;
    let body: String = body.split_ascii_whitespace().collect();
    let bytes = Base64::decode_vec(&body).map_err(|_| Malformed)?;
    let mut whole = Reader::new(bytes.strip_prefix(MAGIC).ok_or(Malformed)?);
    // Neither cipher nor passphrase: there is nobody to type one.
    if whole.string()? != b"none" || whole.string()? != b"none" || !whole.string()?.is_empty() || whole.u32()? != 1 {
        return Err(Malformed);
    }
    let (blob, mut private) = (whole.string()?, Reader::new(whole.string()?));
    if private.u32()? != private.u32()? || private.string()? != TYPE.as_bytes() {
        return Err(Malformed);
    }
    let (public, both) = (private.string()?, private.string()?);
    let (seed, again) = both.split_first_chunk::<SEED_BYTES>().ok_or(Malformed)?;
    let key = HostKey::from_seed(seed);
    if again != public || key.blob != blob { Err(Malformed) } else { Ok(key) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_made_is_read_again_and_nothing_that_was_changed() {
        let text = private_text(&[5; SEED_BYTES], 77);
        assert_eq!(parse(&text).unwrap().blob, HostKey::from_seed(&[5; SEED_BYTES]).blob);
        let body = text.find('\n').unwrap() + 1..text.rfind("\n-----END").unwrap();
        for at in body.step_by(3) {
            let mut changed = text.clone().into_bytes();
            changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
            if let Ok(key) = parse(str::from_utf8(&changed).unwrap()) {
                assert_eq!(key.blob, HostKey::from_seed(&[5; SEED_BYTES]).blob, "byte {at}");
            }
        }
    }
}
