use proptest::prelude::*;
use serde::Deserialize;
use serde_json::Value;

use super::*;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Example {
    name: String,
    #[serde(rename = "type")]
    kind: String,
    hex: String,
    payload_json: Option<Value>,
    payload_hex: Option<String>,
    valid: bool,
}

fn unhex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}

#[test]
fn the_golden_frames_are_ours() {
    let examples: Vec<Example> = serde_json::from_str(include_str!("../../golden/frames.json")).unwrap();
    for Example { name, kind, hex, payload_json, payload_hex, valid } in examples {
        let bytes = unhex(&hex);
        let mut reader = FrameReader::<Type>::default();
        reader.push(&bytes);
        let read = reader.next_raw();
        assert_eq!(matches!(read, Ok(Some(_))), valid, "{name}: {read:?}");
        if let Ok(Some((read_kind, payload))) = read {
            assert!(reader.is_between_frames(), "{name}");
            assert_eq!(format!("{read_kind:?}").to_lowercase(), kind.to_lowercase(), "{name}");
            assert_eq!(encode(read_kind, &payload), bytes, "{name}");
            if let Some(json) = payload_json {
                assert_eq!(serde_json::from_slice::<Value>(&payload).unwrap(), json, "{name}");
            }
            if let Some(hex) = payload_hex {
                assert_eq!(payload, unhex(&hex), "{name}");
            }
        }
    }
}

#[test]
fn a_client_may_not_say_what_the_agent_says() {
    for kind in [Type::Started, Type::Stdout, Type::Stderr, Type::Exited, Type::Failed] {
        let mut reader = FrameReader::<Type>::default();
        reader.push(&encode(kind, b""));
        assert!(reader.next().is_err(), "{kind:?}");
    }
}

#[test]
fn sizes_and_signals_have_their_exact_length() {
    for (kind, payload) in [(Type::Resize, &b"123"[..]), (Type::Signal, b"")] {
        let mut reader = FrameReader::<Type>::default();
        reader.push(&encode(kind, payload));
        assert!(reader.next().is_err(), "{kind:?}");
    }
}

proptest! {
    #[test]
    fn any_bytes_in_any_pieces_are_frames_or_an_error(pieces in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..40), 0..40)) {
        let mut reader = FrameReader::<Type>::default();
        for piece in pieces {
            reader.push(&piece);
            loop {
                match reader.next() {
                    Ok(Some(_)) => {}
                    Ok(None) => break,
                    Err(_) => return Ok(()),
                }
            }
        }
    }

    #[test]
    fn frames_come_out_as_they_went_in(payloads in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..200), 0..20), size in 1_usize..50) {
        let bytes: Vec<u8> = payloads.iter().flat_map(|payload| encode(Type::Stdin, payload).to_vec()).collect();
        let (mut reader, mut seen) = (FrameReader::<Type>::default(), Vec::new());
        for piece in bytes.chunks(size) {
            reader.push(piece);
            while let Some(FromClient::Stdin(payload)) = reader.next().unwrap() {
                seen.push(payload.to_vec());
            }
        }
        prop_assert_eq!(seen, payloads);
        prop_assert!(reader.is_between_frames());
    }
}
