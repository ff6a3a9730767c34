//! The keys of those who may come in, and whether somebody has one.

use base64ct::{Base64, Encoding};
use ring::digest::{SHA256, digest};
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ED25519, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA512,
    RsaParameters, RsaPublicKeyComponents, UnparsedPublicKey, VerificationAlgorithm,
};

use crate::wire::{Malformed, Reader, Writer};

/// What a signature may be made with, as clients are told.
pub const ALGORITHMS: &str = "ssh-ed25519,sk-ssh-ed25519@openssh.com,ecdsa-sha2-nistp256,ecdsa-sha2-nistp384,sk-ecdsa-sha2-nistp256@openssh.com,rsa-sha2-512,rsa-sha2-256";
/// Somebody has touched the key.
const PRESENT: u8 = 1;

/// Public keys by their blobs.
#[derive(Default)]
pub struct Authorized(Vec<Vec<u8>>);

impl Authorized {
    /// A line each: type, key, and perhaps a comment. Lines that are none mean nobody.
    pub fn parse(text: &str) -> Self {
        Self(text.lines().filter_map(parse_line).collect())
    }

    pub fn has(&self, blob: &[u8]) -> bool {
        self.0.iter().any(|known| known == blob)
    }
}

fn parse_line(line: &str) -> Option<Vec<u8>> {
    let mut words = line.split_ascii_whitespace();
    let (kind, key) = (words.next()?, words.next()?);
    let blob = Base64::decode_vec(key).ok()?;
    (Reader::new(&blob).text() == Ok(kind)).then_some(blob)
}

/// The type of key that an algorithm needs; none for one that is not taken, such as RSA with SHA-1.
pub fn type_of(algorithm: &str) -> Option<&str> {
    match algorithm {
        "rsa-sha2-256" | "rsa-sha2-512" => Some("ssh-rsa"),
        other => ALGORITHMS.split(',').find(|known| *known == other),
    }
}

/// Whether `signature` is of `data`, by `algorithm` and the key of `blob`.
pub fn has_signed(algorithm: &str, blob: &[u8], signature: &[u8], data: &[u8]) -> bool {
    verify(algorithm, blob, signature, data) == Ok(())
}

fn verify(algorithm: &str, blob: &[u8], signature: &[u8], data: &[u8]) -> Result<(), Malformed> {
    let (mut key, mut signature) = (Reader::new(blob), Reader::new(signature));
    let kind = type_of(algorithm).ok_or(Malformed)?;
    if key.text()? != kind || signature.text()? != algorithm {
        return Err(Malformed);
    }
    match algorithm {
        "ssh-ed25519" => {
            let (public, value) = (key.string()?, signature.string()?);
            key.end()?;
            signature.end()?;
            check(&ED25519, public, value, data)
        }
        "rsa-sha2-256" => rsa(&RSA_PKCS1_2048_8192_SHA256, key, signature, data),
        "rsa-sha2-512" => rsa(&RSA_PKCS1_2048_8192_SHA512, key, signature, data),
        "ecdsa-sha2-nistp256" => {
            let public = point(&mut key, "nistp256")?;
            let value = fixed(signature.string()?, 32)?;
            key.end()?;
            signature.end()?;
            check(&ECDSA_P256_SHA256_FIXED, public, &value, data)
        }
        "ecdsa-sha2-nistp384" => {
            let public = point(&mut key, "nistp384")?;
            let value = fixed(signature.string()?, 48)?;
            key.end()?;
            signature.end()?;
            check(&ECDSA_P384_SHA384_FIXED, public, &value, data)
        }
        "sk-ssh-ed25519@openssh.com" => {
            let (public, value) = (key.string()?, signature.string()?);
            check(&ED25519, public, value, &touched(key, signature, data)?)
        }
        "sk-ecdsa-sha2-nistp256@openssh.com" => {
            let public = point(&mut key, "nistp256")?;
            let value = fixed(signature.string()?, 32)?;
            check(&ECDSA_P256_SHA256_FIXED, public, &value, &touched(key, signature, data)?)
        }
        _ => Err(Malformed),
    }
}

fn check(how: &'static dyn VerificationAlgorithm, public: &[u8], value: &[u8], data: &[u8]) -> Result<(), Malformed> {
    UnparsedPublicKey::new(how, public).verify(data, value).map_err(|_| Malformed)
}

fn rsa(how: &'static RsaParameters, mut key: Reader, mut signature: Reader, data: &[u8]) -> Result<(), Malformed> {
    let (e, n, value) = (key.magnitude()?, key.magnitude()?, signature.string()?);
    key.end()?;
    signature.end()?;
    RsaPublicKeyComponents { n, e }.verify(how, data, value).map_err(|_| Malformed)
}

fn point<'a>(key: &mut Reader<'a>, curve: &str) -> Result<&'a [u8], Malformed> {
    if key.text()? == curve { key.string() } else { Err(Malformed) }
}

/// Two numbers, each with as many bytes as the curve has.
fn fixed(numbers: &[u8], bytes: usize) -> Result<Vec<u8>, Malformed> {
    let mut reader = Reader::new(numbers);
    let mut both = Vec::with_capacity(2 * bytes);
    for _ in 0..2 {
        let number = reader.magnitude()?;
        both.resize(both.len() + bytes.checked_sub(number.len()).ok_or(Malformed)?, 0);
        both.extend_from_slice(number);
    }
    reader.end().map(|()| both)
}

/// What a key in hardware has signed, behind its signature: it says of itself how it was asked.
fn touched(mut key: Reader, mut signature: Reader, data: &[u8]) -> Result<Vec<u8>, Malformed> {
    let application = key.string()?;
    let (flags, counter) = (signature.byte()?, signature.u32()?);
    key.end()?;
    signature.end()?;
    if flags & PRESENT == 0 {
        return Err(Malformed);
    }
    let signed = Writer::default().raw(digest(&SHA256, application).as_ref()).byte(flags).u32(counter);
    Ok(signed.raw(digest(&SHA256, data).as_ref()).done())
}

#[cfg(test)]
#[path = "user_key_test.rs"]
mod tests;
