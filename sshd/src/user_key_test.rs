use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair};

use super::*;

const ED: &str = "ssh-ed25519";
const TOUCHED: &str = "sk-ssh-ed25519@openssh.com";

fn pair() -> Ed25519KeyPair {
    Ed25519KeyPair::from_seed_unchecked(&[3; 32]).unwrap()
}

#[test]
fn lines_that_are_no_keys_mean_nobody() {
    let blob = Writer::default().string(ED).string([1; 32]).done();
    let key = Base64::encode_string(&blob);
    let text = format!("\n# none\nssh-rsa {key}\nssh-ed25519\nssh-ed25519 ???\nno-pty {ED} {key}\n");
    assert!(!Authorized::parse(&text).has(&blob));
    assert!(Authorized::parse(&format!("{text}{ED} {key} me@here\n")).has(&blob));
    assert!(!Authorized::parse("").has(&[]));
}

#[test]
fn an_ed25519_signature_holds_for_its_data_and_its_key_alone() {
    let pair = pair();
    let blob = Writer::default().string(ED).string(pair.public_key()).done();
    let signature = Writer::default().string(ED).string(pair.sign(b"data")).done();
    assert!(has_signed(ED, &blob, &signature, b"data"));
    assert!(!has_signed(ED, &blob, &signature, b"Data"));
    assert!(!has_signed("ssh-rsa", &blob, &signature, b"data"));
    let longer = [blob.clone(), vec![0]].concat();
    assert!(!has_signed(ED, &longer, &signature, b"data"));
    let other = Writer::default().string(ED).string([4; 32]).done();
    assert!(!has_signed(ED, &other, &signature, b"data"));
}

#[test]
fn numbers_of_a_curve_are_taken_with_and_without_zeros_in_front() {
    let random = SystemRandom::new();
    let how = &ECDSA_P256_SHA256_FIXED_SIGNING;
    let pair = EcdsaKeyPair::generate_pkcs8(how, &random).unwrap();
    let pair = EcdsaKeyPair::from_pkcs8(how, pair.as_ref(), &random).unwrap();
    let name = "ecdsa-sha2-nistp256";
    let blob = Writer::default().string(name).string("nistp256").string(pair.public_key()).done();
    for _ in 0..600 {
        let value = pair.sign(&random, b"data").unwrap();
        let (r, s) = value.as_ref().split_at(32);
        let value = Writer::default().number(r).number(s).done();
        let signature = Writer::default().string(name).string(value).done();
        assert!(has_signed(name, &blob, &signature, b"data"));
        assert!(!has_signed(name, &blob, &signature, b"date"));
    }
}

#[test]
fn a_key_in_hardware_has_to_have_been_touched() {
    let pair = pair();
    let blob = Writer::default().string(TOUCHED).string(pair.public_key()).string("ssh:").done();
    let sign = |flags: u8| {
        let application = digest(&SHA256, b"ssh:");
        let signed = Writer::default().raw(application.as_ref()).byte(flags).u32(9);
        let value = pair.sign(&signed.raw(digest(&SHA256, b"data").as_ref()).done());
        Writer::default().string(TOUCHED).string(value).byte(flags).u32(9).done()
    };
    assert!(has_signed(TOUCHED, &blob, &sign(1), b"data"));
    assert!(has_signed(TOUCHED, &blob, &sign(5), b"data"));
    assert!(!has_signed(TOUCHED, &blob, &sign(0), b"data"));
}

#[test]
fn every_algorithm_that_is_told_is_known() {
    assert!(ALGORITHMS.split(',').all(|name| type_of(name).is_some()));
    assert_eq!(type_of("rsa-sha2-512"), Some("ssh-rsa"));
    assert_eq!(type_of("ssh-rsa"), None);
    assert_eq!(type_of("ssh-dss"), None);
}
