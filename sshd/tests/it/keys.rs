use std::fs;

use crate::client::{World, text};

#[test]
fn every_kind_of_key_that_is_told_comes_in() {
    let world = World::new();
    for kind in ["ed25519", "ecdsa", "rsa"] {
        let name = format!("my-{kind}");
        world.make_key(&name, kind);
        fs::copy(world.path(&format!("{name}.pub")), world.path("authorized")).unwrap();
        let identity = format!("IdentityFile={}", world.path(&name).display());
        let output = world.ssh(&["-o", &identity], &["echo in"], b"");
        assert_eq!(text(&output.stdout), "in", "{kind}: {output:?} {}", world.said());
    }
}

#[test]
fn a_key_that_was_not_told_does_not_come_in_and_neither_does_a_password() {
    let world = World::new();
    world.make_key("stranger", "ed25519");
    fs::rename(world.path("stranger.pub"), world.path("authorized")).unwrap();
    let output = world.ssh(&[], &["true"], b"");
    assert_eq!(output.status.code(), Some(255));
    assert!(text(&output.stderr).contains("Permission denied (publickey)"), "{output:?}");
    let output = world.ssh(&["-o", "PreferredAuthentications=password,keyboard-interactive"], &["true"], b"");
    assert!(text(&output.stderr).contains("Permission denied (publickey)"), "{output:?}");
}

#[test]
fn a_user_that_there_is_not_does_not_come_in() {
    let world = World::new();
    let output = world.ssh(&["-l", "nobody-of-that-name"], &["true"], b"");
    assert!(text(&output.stderr).contains("Permission denied (publickey)"), "{output:?}");
}

#[test]
fn a_host_that_has_another_key_is_not_spoken_to() {
    let world = World::new();
    world.make_key("other", "ed25519");
    let public = fs::read_to_string(world.path("other.pub")).unwrap();
    fs::write(world.path("known"), format!("guest {public}")).unwrap();
    let output = world.ssh(&[], &["true"], b"");
    assert!(text(&output.stderr).contains("Host key verification failed"), "{output:?}");
}

#[test]
fn every_cipher_and_every_exchange_that_is_offered_works() {
    let world = World::new();
    for cipher in ["chacha20-poly1305@openssh.com", "aes256-gcm@openssh.com", "aes128-gcm@openssh.com"] {
        let output = world.ssh(&["-c", cipher], &["echo in"], b"");
        assert_eq!(text(&output.stdout), "in", "{cipher}: {output:?}");
    }
    for method in ["curve25519-sha256", "curve25519-sha256@libssh.org", "ecdh-sha2-nistp256"] {
        let output = world.ssh(&["-o", &format!("KexAlgorithms={method}")], &["echo in"], b"");
        assert_eq!(text(&output.stdout), "in", "{method}: {output:?}");
    }
    let output = world.ssh(&["-c", "aes128-ctr"], &["true"], b"");
    assert!(text(&output.stderr).contains("no matching cipher"), "{output:?}");
}

/// Of an OpenSSH that has it.
#[test]
fn the_exchange_with_a_lattice_works() {
    let world = World::new();
    let known = std::process::Command::new("ssh").args(["-Q", "kex"]).output().unwrap();
    if !text(&known.stdout).contains("mlkem768x25519-sha256") {
        println!("this OpenSSH does not know it");
        return;
    }
    let output = world.ssh(&["-o", "KexAlgorithms=mlkem768x25519-sha256"], &["echo in"], b"");
    assert_eq!(text(&output.stdout), "in", "{output:?}");
}
