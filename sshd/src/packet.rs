//! Packets (RFC 4253, 6): a payload with its padding, in the clear or sealed.

use bytes::{Bytes, BytesMut};
use ring::aead::chacha20_poly1305_openssh::{KEY_LEN as CHACHA_KEY_BYTES, OpeningKey, SealingKey};
use ring::aead::{AES_128_GCM, AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use ring::rand::{SecureRandom, SystemRandom};

use crate::broken::{Broken, Outcome, Reason};
use crate::numbers::limit;

const LENGTH_BYTES: usize = 4;
const TAG_BYTES: usize = 16;
const NONCE_BYTES: usize = 12;
const LEAST_PADDING: usize = 4;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cipher {
    ChaCha20Poly1305,
    Aes256Gcm,
    Aes128Gcm,
}

impl Cipher {
    pub fn key_bytes(self) -> usize {
        match self {
            Self::ChaCha20Poly1305 => CHACHA_KEY_BYTES,
            Self::Aes256Gcm => 32,
            Self::Aes128Gcm => 16,
        }
    }

    pub fn iv_bytes(self) -> usize {
        if self == Self::ChaCha20Poly1305 { 0 } else { NONCE_BYTES }
    }

    fn block_bytes(self) -> usize {
        if self == Self::ChaCha20Poly1305 { 8 } else { 16 }
    }

    fn gcm(self, key: &[u8], iv: &[u8]) -> Gcm {
        let algorithm = if self == Self::Aes128Gcm { &AES_128_GCM } else { &AES_256_GCM };
        let key = UnboundKey::new(algorithm, key).expect("a key of its own length");
        Gcm { key: LessSafeKey::new(key), nonce: iv.try_into().expect("an IV of its own length") }
    }
}

struct Gcm {
    key: LessSafeKey,
    nonce: [u8; NONCE_BYTES],
}

impl Gcm {
    /// RFC 5647, 7.1: the last eight bytes count.
    fn nonce(&mut self) -> Nonce {
        let now = Nonce::assume_unique_for_key(self.nonce);
        let (_, counter) = self.nonce.split_last_chunk_mut::<8>().expect("twelve bytes");
        *counter = u64::from_be_bytes(*counter).wrapping_add(1).to_be_bytes();
        now
    }
}

enum Sealer {
    Clear,
    ChaCha(Box<SealingKey>),
    Gcm(Box<Gcm>),
}

enum Opener {
    Clear,
    ChaCha(Box<OpeningKey>),
    Gcm(Box<Gcm>),
}

/// Seals what goes out.
pub struct Outbound {
    sealer: Sealer,
    block: usize,
    sequence: u32,
    random: SystemRandom,
    /// Sent under these keys.
    pub bytes: u64,
}

impl Default for Outbound {
    fn default() -> Self {
        Self { sealer: Sealer::Clear, block: 8, sequence: 0, random: SystemRandom::new(), bytes: 0 }
    }
}

impl Outbound {
    pub fn set_keys(&mut self, cipher: Cipher, key: &[u8], iv: &[u8], starts_over: bool) {
        self.sealer = match cipher {
            Cipher::ChaCha20Poly1305 => Sealer::ChaCha(Box::new(SealingKey::new(key.try_into().expect("its length")))),
            cipher => Sealer::Gcm(Box::new(cipher.gcm(key, iv))),
        };
        self.block = cipher.block_bytes();
        self.bytes = 0;
        if starts_over {
            self.sequence = 0;
        }
    }

    pub fn seal(&mut self, payload: &[u8], out: &mut BytesMut) -> Outcome<()> {
        // Only in the clear is the length part of what is filled up.
        let ahead = if matches!(self.sealer, Sealer::Clear) { LENGTH_BYTES } else { 0 };
        let mut padding = self.block - (ahead + 1 + payload.len()) % self.block;
        if padding < LEAST_PADDING {
            padding += self.block;
        }
        let length = 1 + payload.len() + padding;
        let start = out.len();
        out.extend_from_slice(&u32::try_from(length).map_err(|_| Broken::protocol("too long"))?.to_be_bytes());
        out.extend_from_slice(&[padding as u8]);
        out.extend_from_slice(payload);
        let filled = out.len();
        out.resize(filled + padding, 0);
        self.random.fill(&mut out[filled..]).map_err(|_| no_randomness())?;
        let mut tag = [0; TAG_BYTES];
        match &mut self.sealer {
            Sealer::Clear => {}
            Sealer::ChaCha(key) => {
                key.seal_in_place(self.sequence, &mut out[start..], &mut tag);
                out.extend_from_slice(&tag);
            }
            Sealer::Gcm(gcm) => {
                let nonce = gcm.nonce();
                let (length, content) = out[start..].split_at_mut(LENGTH_BYTES);
                let tag = gcm.key.seal_in_place_separate_tag(nonce, Aad::from(length), content);
                out.extend_from_slice(tag.map_err(|_| no_randomness())?.as_ref());
            }
        }
        self.sequence = self.sequence.wrapping_add(1);
        self.bytes += (out.len() - start) as u64;
        Ok(())
    }
}

pub fn no_randomness() -> Broken {
    Broken::new(Reason::ByApplication, "the system gives no random numbers")
}

/// Opens what comes in.
pub struct Inbound {
    pub buffer: BytesMut,
    opener: Opener,
    block: usize,
    sequence: u32,
    /// Of the packet that is under way, once it is known.
    length: Option<usize>,
    /// Received under these keys.
    pub bytes: u64,
}

impl Default for Inbound {
    fn default() -> Self {
        Self { buffer: BytesMut::new(), opener: Opener::Clear, block: 8, sequence: 0, length: None, bytes: 0 }
    }
}

impl Inbound {
    pub fn set_keys(&mut self, cipher: Cipher, key: &[u8], iv: &[u8], starts_over: bool) {
        self.opener = match cipher {
            Cipher::ChaCha20Poly1305 => Opener::ChaCha(Box::new(OpeningKey::new(key.try_into().expect("its length")))),
            cipher => Opener::Gcm(Box::new(cipher.gcm(key, iv))),
        };
        self.block = cipher.block_bytes();
        self.bytes = 0;
        if starts_over {
            self.sequence = 0;
        }
    }

    /// The next whole packet of what has arrived: its number and its payload.
    pub fn next_packet(&mut self) -> Outcome<Option<(u32, Bytes)>> {
        let Some(length) = self.read_length()? else { return Ok(None) };
        let tag_bytes = if matches!(self.opener, Opener::Clear) { 0 } else { TAG_BYTES };
        let whole = LENGTH_BYTES + length + tag_bytes;
        if self.buffer.len() < whole {
            self.buffer.reserve(whole - self.buffer.len());
            return Ok(None);
        }
        let mut packet = self.buffer.split_to(whole);
        self.length = None;
        self.open(&mut packet, length)?;
        let padding = usize::from(packet[LENGTH_BYTES]);
        let payload = length.checked_sub(1 + padding).filter(|left| padding >= LEAST_PADDING && *left > 0);
        let payload = payload.ok_or_else(|| Broken::protocol("a packet's padding is wrong"))?;
        let sequence = self.sequence;
        self.sequence = self.sequence.wrapping_add(1);
        self.bytes += whole as u64;
        let packet = packet.freeze();
        Ok(Some((sequence, packet.slice(LENGTH_BYTES + 1..LENGTH_BYTES + 1 + payload))))
    }

    fn read_length(&mut self) -> Outcome<Option<usize>> {
        if self.length.is_some() {
            return Ok(self.length);
        }
        let Some(bytes) = self.buffer.first_chunk::<LENGTH_BYTES>() else { return Ok(None) };
        let bytes = match &self.opener {
            Opener::ChaCha(key) => key.decrypt_packet_length(self.sequence, *bytes),
            Opener::Clear | Opener::Gcm(_) => *bytes,
        };
        let length = u32::from_be_bytes(bytes) as usize;
        let ahead = if matches!(self.opener, Opener::Clear) { LENGTH_BYTES } else { 0 };
        if !(1 + LEAST_PADDING..=limit::PACKET_BYTES).contains(&length) || !(ahead + length).is_multiple_of(self.block)
        {
            return Err(Broken::protocol("a packet's length is wrong"));
        }
        self.length = Some(length);
        Ok(self.length)
    }

    fn open(&mut self, packet: &mut [u8], length: usize) -> Outcome<()> {
        let damaged = |_| Broken::new(Reason::Mac, "a packet was damaged on its way");
        match &mut self.opener {
            Opener::Clear => {}
            Opener::ChaCha(key) => {
                let (content, tag) = packet.split_at_mut(LENGTH_BYTES + length);
                let tag = (&*tag).try_into().expect("it was counted");
                key.open_in_place(self.sequence, content, tag).map_err(damaged)?;
            }
            Opener::Gcm(gcm) => {
                let nonce = gcm.nonce();
                let (length, content) = packet.split_at_mut(LENGTH_BYTES);
                gcm.key.open_in_place(nonce, Aad::from(length), content).map_err(damaged)?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
#[path = "packet_test.rs"]
mod tests;
