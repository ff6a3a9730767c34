use bytes::BytesMut;
use proptest::prelude::*;
use serde::Deserialize;

use super::super::lines::Hello;
use super::*;

const NONCE: &str = "0123456789abcdef0123456789abcdef";
const OTHER: &str = "ffffffffffffffffffffffffffffffff";

fn sync(nonce: &str) -> Vec<u8> {
    let mut bytes = vec![0; 32_768];
    bytes.extend_from_slice(format!("banger-sync {nonce}\n").as_bytes());
    bytes
}

fn begin(nonce: &str) -> Event {
    Event::Begin(Nonce::parse(nonce.as_bytes()).unwrap())
}

fn frame(kind: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let mut bytes = (payload.len() as u32).to_be_bytes()[1..].to_vec();
    bytes.extend_from_slice(&[kind, 0]);
    bytes.extend_from_slice(&stream.to_be_bytes());
    bytes.extend_from_slice(payload);
    bytes
}

/// Feeds `bytes` in pieces that end where `cuts` say; joins neighbouring data.
fn events(cutter: &mut Cutter, bytes: &[u8], cuts: &[usize]) -> Vec<Event> {
    let mut all: Vec<Event> = Vec::new();
    let mut joined = BytesMut::new();
    let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut % (bytes.len() + 1)).collect();
    cuts.push(bytes.len());
    cuts.sort_unstable();
    let mut from = 0;
    for cut in cuts {
        cutter.push(Bytes::copy_from_slice(&bytes[from..cut]), |event| match event {
            Event::Data(data) => joined.extend_from_slice(&data),
            other => {
                if !joined.is_empty() {
                    all.push(Event::Data(joined.split().freeze()));
                }
                all.push(other);
            }
        });
        from = cut;
    }
    if !joined.is_empty() {
        all.push(Event::Data(joined.freeze()));
    }
    all
}

/// Only where sessions begin and end, which does not depend on how the bytes were cut.
fn turns(events: &[Event]) -> Vec<Event> {
    events.iter().filter(|event| !matches!(event, Event::Data(_))).cloned().collect()
}

#[test]
fn a_first_sync_begins_a_session_whose_bytes_pass_through() {
    let session = [PREFACE.as_slice(), &frame(4, 0, &[]), &frame(0, 1, b"hello")].concat();
    let bytes = [sync(NONCE), session.clone()].concat();
    assert_eq!(events(&mut Cutter::default(), &bytes, &[]), [begin(NONCE), Event::Data(session.into())]);
}

#[test]
fn a_sync_line_without_zeros_is_nothing() {
    let line = format!("banger-sync {NONCE}\n");
    assert_eq!(events(&mut Cutter::default(), line.as_bytes(), &[]), []);
    let eight = [vec![0; 8], line.clone().into_bytes()].concat();
    assert_eq!(events(&mut Cutter::default(), &eight, &[]), []);
    let nine = [vec![0; 9], line.into_bytes()].concat();
    assert_eq!(events(&mut Cutter::default(), &nine, &[]), [begin(NONCE)]);
}

#[test]
fn an_orderly_next_host_ends_the_session_at_its_first_zeros() {
    let first = [PREFACE.as_slice(), &frame(1, 1, b"headers")].concat();
    let bytes = [sync(NONCE), first.clone(), sync(OTHER), PREFACE.to_vec()].concat();
    let expected =
        [begin(NONCE), Event::Data(first.into()), Event::End, begin(OTHER), Event::Data(PREFACE.to_vec().into())];
    assert_eq!(events(&mut Cutter::default(), &bytes, &[]), expected);
}

#[test]
fn a_frame_above_the_agreed_size_ends_the_session() {
    let mut huge = frame(0, 1, &[]);
    huge[..3].copy_from_slice(&[0, 0x40, 1]);
    let bytes = [sync(NONCE), PREFACE.to_vec(), huge, vec![1; 100_000], sync(OTHER)].concat();
    let seen = events(&mut Cutter::default(), &bytes, &[]);
    assert_eq!(turns(&seen), [begin(NONCE), Event::End, begin(OTHER)]);
}

#[test]
fn a_preface_that_is_not_http_2_ends_the_session() {
    let bytes = [sync(NONCE), b"GET / HTTP/1.1\r\n\r\n".to_vec(), sync(OTHER)].concat();
    assert_eq!(turns(&events(&mut Cutter::default(), &bytes, &[])), [begin(NONCE), Event::End, begin(OTHER)]);
}

#[test]
fn a_host_that_is_known_to_be_gone_leaves_nothing_behind() {
    let mut cutter = Cutter::default();
    assert_eq!(cutter.host_gone(), None);
    events(&mut cutter, &[sync(NONCE), PREFACE.to_vec(), vec![0, 0, 50]].concat(), &[]);
    assert_eq!(cutter.host_gone(), Some(Event::End));
    assert_eq!(events(&mut cutter, &sync(OTHER), &[]), [begin(OTHER)]);
}

/// The longest frame, all of whose bytes are still missing, swallows the fewest zeros that must suffice.
#[test]
fn the_zeros_always_suffice() {
    for filled in 0..9 {
        let half = &frame(0, 1, &[7; MAX_FRAME_BYTES])[..filled];
        let bytes = [sync(NONCE), PREFACE.to_vec(), half.to_vec(), sync(OTHER)].concat();
        let turns = turns(&events(&mut Cutter::default(), &bytes, &[]));
        assert_eq!(turns, [begin(NONCE), Event::End, begin(OTHER)], "died {filled} bytes into a header");
    }
}

#[derive(Deserialize)]
struct Example {
    name: String,
    kind: String,
    text: String,
    valid: bool,
    nonce: Option<String>,
    hello: Option<Hello>,
}

#[test]
fn the_golden_lines_are_ours() {
    let examples: Vec<Example> = serde_json::from_str(include_str!("../../golden/sessions.json")).unwrap();
    for Example { name, kind, text, valid, nonce, hello } in examples {
        match kind.as_str() {
            "sync" => {
                let bytes = [vec![0; 9], text.into_bytes()].concat();
                let expected: Vec<Event> = nonce.iter().map(|nonce| begin(nonce)).collect();
                assert_eq!(turns(&events(&mut Cutter::default(), &bytes, &[])), expected, "{name}");
            }
            "hello" if valid => assert_eq!(hello.unwrap().line(), text.into_bytes(), "{name}"),
            "synced" if valid => {
                let nonce = Nonce::parse(nonce.unwrap().as_bytes()).unwrap();
                assert_eq!(hello.unwrap().synced_line(&nonce), text.into_bytes(), "{name}");
            }
            // What the host must refuse is the host's to test.
            _ => {}
        }
    }
}

fn any_frames() -> impl Strategy<Value = Vec<u8>> {
    let payload = prop_oneof![prop::collection::vec(any::<u8>(), 0..300), Just(vec![0; MAX_FRAME_BYTES])];
    let one = (0_u8..10, 1_u32..9, payload).prop_map(|(kind, stream, payload)| frame(kind, stream, &payload));
    prop::collection::vec(one, 0..8).prop_map(|frames| frames.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn cuts_do_not_matter(frames in any_frames(), cuts in prop::collection::vec(any::<usize>(), 0..20)) {
        let session = [PREFACE.to_vec(), frames].concat();
        let bytes = [sync(NONCE), session.clone(), sync(OTHER)].concat();
        let expected = [begin(NONCE), Event::Data(session.into()), Event::End, begin(OTHER)];
        // The zeros that look like a header are given to the session when a cut goes through them; HTTP/2 never sees them
        // whole, for the session is over.
        let seen = events(&mut Cutter::default(), &bytes, &cuts);
        prop_assert_eq!(turns(&seen), turns(&expected));
        let (Event::Data(seen), Event::Data(expected)) = (&seen[1], &expected[1]) else { unreachable!() };
        prop_assert!(seen.starts_with(expected) && seen.len() < expected.len() + HEADER_BYTES);
    }

    #[test]
    fn a_host_that_dies_anywhere_is_followed_by_another(frames in any_frames(), at in any::<usize>(), cut in any::<usize>()) {
        let mut bytes = [sync(NONCE), PREFACE.to_vec(), frames].concat();
        bytes.truncate(at % (bytes.len() + 1));
        let next = [sync(OTHER), PREFACE.to_vec(), frame(4, 0, &[])].concat();
        bytes.extend_from_slice(&next);
        let seen = events(&mut Cutter::default(), &bytes, &[cut]);
        let last = seen.iter().position(|event| *event == begin(OTHER)).expect("the next host is heard");
        prop_assert_eq!(&seen[last + 1..], [Event::Data(next[next.len() - 33..].to_vec().into())]);
    }

    #[test]
    fn junk_never_stops_the_next_host(junk in prop::collection::vec(any::<u8>(), 0..5000), begun in any::<bool>(), cut in any::<usize>()) {
        let before = if begun { [sync(NONCE), PREFACE.to_vec()].concat() } else { Vec::new() };
        let bytes = [before, junk, sync(OTHER)].concat();
        let seen = turns(&events(&mut Cutter::default(), &bytes, &[cut]));
        prop_assert_eq!(seen.last(), Some(&begin(OTHER)));
    }
}
