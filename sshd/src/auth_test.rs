use base64ct::{Base64, Encoding};
use ring::signature::{Ed25519KeyPair, KeyPair};

use super::*;

const SESSION: &[u8] = b"the digest of the first exchange";

fn pair(seed: u8) -> Ed25519KeyPair {
    Ed25519KeyPair::from_seed_unchecked(&[seed; 32]).unwrap()
}

fn blob(pair: &Ed25519KeyPair) -> Vec<u8> {
    Writer::default().string("ssh-ed25519").string(pair.public_key()).done()
}

fn find(name: &str) -> Option<Account> {
    Account::find_in(name, "web:x:1:1::/:/bin/sh\n", "")
}

/// Knows the key of seed 1.
fn auth() -> Auth {
    let line = format!("ssh-ed25519 {}", Base64::encode_string(&blob(&pair(1))));
    let mut auth = Auth::new(Authorized::parse(&line), find);
    let ask = Writer::message(message::SERVICE_REQUEST).string("ssh-userauth").done();
    assert!(matches!(auth.receive(SESSION, &ask), Ok(Answer::Say(_))));
    auth
}

fn request(user: &str, key: &Ed25519KeyPair, is_signed: bool) -> Writer {
    let request = Writer::message(message::USERAUTH_REQUEST).string(user).string(SERVICE).string(METHOD);
    request.boolean(is_signed).string("ssh-ed25519").string(blob(key))
}

fn sign(user: &str, key: &Ed25519KeyPair, session: &[u8]) -> Vec<u8> {
    let request = request(user, key, true);
    let signed = Writer::default().string(session).raw(&request.clone().done()).done();
    let signature = Writer::default().string("ssh-ed25519").string(key.sign(&signed)).done();
    request.string(signature).done()
}

fn said(answer: Outcome<Answer>) -> u8 {
    match answer {
        Ok(Answer::Say(bytes)) => bytes[0],
        Ok(Answer::Accepted(_)) => message::USERAUTH_SUCCESS,
        Err(_) => message::DISCONNECT,
    }
}

#[test]
fn whoever_has_the_key_comes_in_as_a_user_that_there_is() {
    let mut auth = auth();
    assert_eq!(said(auth.receive(SESSION, &request("web", &pair(1), false).done())), message::USERAUTH_PK_OK);
    let Ok(Answer::Accepted(account)) = auth.receive(SESSION, &sign("web", &pair(1), SESSION)) else {
        panic!("not let in");
    };
    assert_eq!(account.name, "web");
}

#[test]
fn nobody_else_does() {
    let mut auth = auth();
    let mut refuses = |payload: &[u8]| assert_eq!(said(auth.receive(SESSION, payload)), message::USERAUTH_FAILURE);
    refuses(&request("web", &pair(2), false).done());
    refuses(&sign("web", &pair(2), SESSION));
    refuses(&request("nobody", &pair(1), false).done());
    refuses(&sign("nobody", &pair(1), SESSION));
    // Signed for another connection.
    refuses(&sign("web", &pair(1), b"another"));
    // Signed for another user.
    let mut other = sign("wez", &pair(1), SESSION);
    other[7] = b'b';
    refuses(&other);
    // The right key named, another's signature.
    let mut mixed = request("web", &pair(1), true).done();
    let stranger = sign("web", &pair(2), SESSION);
    mixed.extend_from_slice(&stranger[stranger.len() - 87..]);
    refuses(&mixed);
    for method in ["none", "password", "keyboard-interactive", "hostbased"] {
        refuses(&Writer::message(message::USERAUTH_REQUEST).string("web").string(SERVICE).string(method).done());
    }
}

#[test]
fn what_is_not_asked_in_its_order_ends_the_connection() {
    let payload = sign("web", &pair(1), SESSION);
    let mut fresh = Auth::new(Authorized::default(), find);
    assert_eq!(said(fresh.receive(SESSION, &payload)), message::DISCONNECT);
    assert_eq!(said(auth().receive(SESSION, &[message::CHANNEL_OPEN])), message::DISCONNECT);
    let mut longer = payload;
    longer.push(0);
    assert_eq!(said(auth().receive(SESSION, &longer)), message::DISCONNECT);
}

#[test]
fn keys_are_not_tried_for_ever() {
    let mut auth = auth();
    let payload = request("web", &pair(2), false).done();
    let answers: Vec<u8> = (0..=limit::AUTH_REQUESTS).map(|_| said(auth.receive(SESSION, &payload))).collect();
    let (last, others) = answers.split_last().unwrap();
    assert!(others.iter().all(|answer| *answer == message::USERAUTH_FAILURE));
    assert_eq!(*last, message::DISCONNECT);
}
