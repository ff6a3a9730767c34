//! A secret that both sides know and nobody who listens: two curves, and one of them together with a lattice, which is what
//! clients of today ask for and warn about where it is missing.

use ml_kem::kem::KeyExport as _;
use ml_kem::{B32, EncapsulationKey768};
use ring::agreement::{ECDH_P256, EphemeralPrivateKey, UnparsedPublicKey, X25519, agree_ephemeral};
use ring::digest::{Context, SHA256};
use ring::rand::{SecureRandom, SystemRandom};

use crate::broken::{Broken, Outcome, Reason};
use crate::packet::no_randomness;
use crate::wire::Writer;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    MlKem768X25519,
    X25519,
    NistP256,
}

const LATTICE_KEY_BYTES: usize = 1184;

pub struct Agreed {
    /// What the other side needs to know the same.
    pub answer: Vec<u8>,
    /// As it goes into digests: a number, or of the lattice a string.
    pub secret: Vec<u8>,
}

pub fn agree(method: Method, theirs: &[u8]) -> Outcome<Agreed> {
    match method {
        Method::X25519 | Method::NistP256 => {
            let (answer, secret) = on_curve(method, theirs)?;
            Ok(Agreed { answer, secret: Writer::default().number(&secret).done() })
        }
        Method::MlKem768X25519 => {
            let (lattice, curve) = theirs.split_at_checked(LATTICE_KEY_BYTES).ok_or_else(wrong)?;
            let (cipher_text, first) = on_lattice(lattice)?;
            let (answer, second) = on_curve(Method::X25519, curve)?;
            let mut both = Context::new(&SHA256);
            both.update(&first);
            both.update(&second);
            let secret = Writer::default().string(both.finish()).done();
            Ok(Agreed { answer: [cipher_text, answer].concat(), secret })
        }
    }
}

fn on_curve(method: Method, theirs: &[u8]) -> Outcome<(Vec<u8>, Vec<u8>)> {
    let curve = if method == Method::NistP256 { &ECDH_P256 } else { &X25519 };
    let ours = EphemeralPrivateKey::generate(curve, &SystemRandom::new()).map_err(|_| no_randomness())?;
    let answer = ours.compute_public_key().map_err(|_| no_randomness())?.as_ref().to_vec();
    let theirs = UnparsedPublicKey::new(curve, theirs);
    let secret = agree_ephemeral(ours, &theirs, <[u8]>::to_vec).map_err(|_| wrong())?;
    Ok((answer, secret))
}

fn on_lattice(theirs: &[u8]) -> Outcome<(Vec<u8>, Vec<u8>)> {
    let key = theirs.try_into().map_err(|_| wrong())?;
    let key = EncapsulationKey768::new(&key).map_err(|_| wrong())?;
    debug_assert_eq!(key.to_bytes().as_slice(), theirs);
    let mut seed = B32::default();
    SystemRandom::new().fill(&mut seed).map_err(|_| no_randomness())?;
    let (cipher_text, secret) = key.encapsulate_deterministic(&seed);
    Ok((cipher_text.to_vec(), secret.to_vec()))
}

fn wrong() -> Broken {
    Broken::new(Reason::KeyExchange, "the client's half of the key exchange is none")
}

#[cfg(test)]
mod tests {
    use ml_kem::kem::Decapsulate as _;
    use ml_kem::{DecapsulationKey768, Seed};

    use super::*;

    #[test]
    fn both_sides_know_the_same_on_a_curve() {
        for (method, curve) in [(Method::X25519, &X25519), (Method::NistP256, &ECDH_P256)] {
            let mine = EphemeralPrivateKey::generate(curve, &SystemRandom::new()).unwrap();
            let agreed = agree(method, mine.compute_public_key().unwrap().as_ref()).unwrap();
            let theirs = UnparsedPublicKey::new(curve, &agreed.answer);
            let secret = agree_ephemeral(mine, &theirs, |secret| Writer::default().number(secret).done()).unwrap();
            assert_eq!(secret, agreed.secret);
        }
    }

    #[test]
    fn both_sides_know_the_same_with_a_lattice() {
        let lattice = DecapsulationKey768::from_seed(Seed::default());
        let curve = EphemeralPrivateKey::generate(&X25519, &SystemRandom::new()).unwrap();
        let public = lattice.encapsulation_key().to_bytes().to_vec();
        let offer = [public, curve.compute_public_key().unwrap().as_ref().to_vec()].concat();
        let agreed = agree(Method::MlKem768X25519, &offer).unwrap();
        let (cipher_text, theirs) = agreed.answer.split_at(1088);
        let first = lattice.decapsulate(&cipher_text.try_into().unwrap());
        let theirs = UnparsedPublicKey::new(&X25519, theirs);
        let second = agree_ephemeral(curve, &theirs, <[u8]>::to_vec).unwrap();
        let both = ring::digest::digest(&SHA256, &[first.as_slice(), &second].concat());
        assert_eq!(Writer::default().string(both).done(), agreed.secret);
    }

    #[test]
    fn what_is_no_half_of_an_exchange_is_refused() {
        for length in [0, 31, 32, 33, 65, 1184, 1216, 4096] {
            for method in [Method::X25519, Method::NistP256, Method::MlKem768X25519] {
                // Nothing but zeros is a point that would make the secret known to everybody.
                assert!(agree(method, &vec![0; length]).is_err(), "{method:?} {length}");
            }
        }
        assert!(agree(Method::MlKem768X25519, &[0xff; 1216]).is_err());
    }
}
