use super::*;

const CIPHERS: [Cipher; 3] = [Cipher::ChaCha20Poly1305, Cipher::Aes256Gcm, Cipher::Aes128Gcm];

fn pair(cipher: Cipher) -> (Outbound, Inbound) {
    let (key, iv) = (vec![7; cipher.key_bytes()], vec![9; cipher.iv_bytes()]);
    let (mut out, mut inbound) = (Outbound::default(), Inbound::default());
    out.set_keys(cipher, &key, &iv, false);
    inbound.set_keys(cipher, &key, &iv, false);
    (out, inbound)
}

fn carries(mut out: Outbound, mut inbound: Inbound) {
    let mut wire = BytesMut::new();
    let payloads: Vec<Vec<u8>> = (1..200).map(|length| vec![length as u8; length]).collect();
    for payload in &payloads {
        out.seal(payload, &mut wire).unwrap();
    }
    let mut got = Vec::new();
    // In pieces that fit nothing.
    for piece in wire.chunks(13) {
        inbound.buffer.extend_from_slice(piece);
        while let Some((sequence, payload)) = inbound.next_packet().unwrap() {
            assert_eq!(sequence as usize, got.len());
            got.push(payload.to_vec());
        }
    }
    assert_eq!(got, payloads);
    assert_eq!(out.bytes, inbound.bytes);
}

#[test]
fn what_is_sealed_is_opened_again_with_every_cipher() {
    carries(Outbound::default(), Inbound::default());
    for cipher in CIPHERS {
        let (out, inbound) = pair(cipher);
        carries(out, inbound);
    }
}

#[test]
fn one_bit_that_was_changed_is_noticed() {
    for cipher in CIPHERS {
        let mut wire = BytesMut::new();
        pair(cipher).0.seal(b"something to say", &mut wire).unwrap();
        for at in 0..wire.len() * 8 {
            let (_, mut inbound) = pair(cipher);
            let mut bytes = wire.clone();
            bytes[at / 8] ^= 1 << (at % 8);
            inbound.buffer = bytes;
            // A length that has grown waits for more; nothing is ever taken for whole.
            assert!(!matches!(inbound.next_packet(), Ok(Some(_))), "{cipher:?}, bit {at}");
        }
    }
}

#[test]
fn a_length_that_no_packet_has_is_refused_before_anything_is_waited_for() {
    for length in [0_u32, 1, 4, 11, 300 * 1024, u32::MAX] {
        let mut inbound = Inbound::default();
        inbound.buffer.extend_from_slice(&length.to_be_bytes());
        assert!(inbound.next_packet().is_err(), "{length}");
    }
}

#[test]
fn padding_that_leaves_no_payload_is_refused() {
    for padding in [0_u8, 3, 11, 12, 255] {
        let mut inbound = Inbound::default();
        inbound.buffer.extend_from_slice(&[0, 0, 0, 12, padding]);
        inbound.buffer.extend_from_slice(&[0; 11]);
        assert!(inbound.next_packet().is_err(), "{padding}");
    }
}
