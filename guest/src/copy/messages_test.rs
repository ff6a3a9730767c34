use proptest::prelude::*;
use serde::Deserialize;
use serde_json::{Value, json};

use super::super::frames::{BLOCK_BYTES, MAX_NAME_BYTES, MAX_SIZE};
use super::*;
use crate::exec::frames::FrameReader;

#[derive(Deserialize)]
struct Example {
    name: String,
    hex: String,
    message: Option<Value>,
    valid: bool,
}

fn unhex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn read(bytes: &[u8]) -> Result<Option<Message>, NotAFrame> {
    let mut reader = FrameReader::<Type>::default();
    reader.push(bytes);
    reader.next_raw()?.map(|(kind, payload)| Message::parse(kind, payload)).transpose()
}

/// As the examples write it.
fn describe(message: &Message) -> Value {
    match message {
        Message::Spec(json) => json!({ "type": "spec", "json": hex(json) }),
        Message::Failed(json) => json!({ "type": "failed", "json": hex(json) }),
        Message::Folder { meta, name } => {
            json!({ "type": "folder", "mode": meta.mode, "mtimeNs": meta.mtime.to_string(), "name": hex(name) })
        }
        Message::Leave => json!({ "type": "leave" }),
        Message::Link { mtime, name, target } => {
            json!({ "type": "link", "mtimeNs": mtime.to_string(), "name": hex(name), "target": hex(target) })
        }
        Message::File { meta, size, name } => {
            let (mode, mtime) = (meta.mode, meta.mtime.to_string());
            json!({ "type": "file", "mode": mode, "mtimeNs": mtime, "size": size, "name": hex(name) })
        }
        Message::Start(offset) => json!({ "type": "start", "offset": offset }),
        Message::Data { offset, bytes } => json!({ "type": "data", "offset": offset, "bytes": hex(bytes) }),
        Message::End { grew, digest } => json!({ "type": "end", "grew": grew, "digest": hex(digest) }),
        Message::Abandon => json!({ "type": "abandon" }),
        Message::Same => json!({ "type": "same" }),
        Message::Problem(Problem { code, path, message }) => {
            let code = match code {
                Code::Special => "special",
                Code::Damaged => "damaged",
                other => panic!("no example has {other:?}"),
            };
            json!({ "type": "problem", "code": code, "path": hex(path), "message": message })
        }
        Message::Finish => json!({ "type": "finish" }),
        Message::Answer(answer) => match answer {
            Answer::Send => json!({ "type": "answer", "wants": "send" }),
            Answer::Part { size, digest } => {
                json!({ "type": "answer", "wants": "part", "size": size, "digest": hex(digest) })
            }
            Answer::Whole { size, digest } => {
                json!({ "type": "answer", "wants": "whole", "size": size, "digest": hex(digest) })
            }
            Answer::Unchanged => json!({ "type": "answer", "wants": "unchanged" }),
            Answer::Refused => json!({ "type": "answer", "wants": "refused" }),
        },
        Message::Done(Counts { files, unchanged, folders, links, bytes }) => json!({
            "type": "done", "files": files, "unchanged": unchanged, "folders": folders, "links": links, "bytes": bytes
        }),
    }
}

#[test]
fn the_golden_frames_are_ours() {
    let examples: Vec<Example> = serde_json::from_str(include_str!("../../golden/copy-frames.json")).unwrap();
    for Example { name, hex, message, valid } in examples {
        let bytes = unhex(&hex);
        match read(&bytes) {
            Ok(Some(read)) if valid => {
                assert_eq!(Some(describe(&read)), message, "{name}");
                assert_eq!(read.encode(), bytes, "{name}");
            }
            read => assert!(!valid && read.is_err(), "{name}: {read:?}"),
        }
    }
}

fn name() -> impl Strategy<Value = Bytes> {
    prop::collection::vec(any::<u8>(), 1..=MAX_NAME_BYTES)
        .prop_filter("a step", |name| !matches!(&name[..], b"." | b"..") && !name.contains(&0) && !name.contains(&b'/'))
        .prop_map(Bytes::from)
}

fn meta() -> impl Strategy<Value = Meta> {
    (0..=0o7777_u32, any::<i64>()).prop_map(|(mode, mtime)| Meta { mode, mtime })
}

fn message() -> impl Strategy<Value = Message> {
    let block = (0..=MAX_SIZE / BLOCK_BYTES as u64).prop_map(|number| number * BLOCK_BYTES as u64);
    prop_oneof![
        (meta(), name()).prop_map(|(meta, name)| Message::Folder { meta, name }),
        (any::<i64>(), name(), name()).prop_map(|(mtime, name, target)| Message::Link { mtime, name, target }),
        (meta(), 0..=MAX_SIZE, name()).prop_map(|(meta, size, name)| Message::File { meta, size, name }),
        (block.clone(), prop::collection::vec(any::<u8>(), 1..400))
            .prop_map(|(offset, bytes)| Message::Data { offset, bytes: bytes.into() }),
        (any::<bool>(), any::<Digest>()).prop_map(|(grew, digest)| Message::End { grew, digest }),
        (block, any::<Digest>()).prop_map(|(size, digest)| Message::Answer(Answer::Part { size, digest })),
        (0..=MAX_SIZE, any::<Digest>()).prop_map(|(size, digest)| Message::Answer(Answer::Whole { size, digest })),
        (name(), ".{0,40}").prop_map(|(path, message)| Message::Problem(Problem { code: Code::Busy, path, message })),
        prop::array::uniform5(0..=MAX_SIZE).prop_map(|[files, unchanged, folders, links, bytes]| {
            Message::Done(Counts { files, unchanged, folders, links, bytes })
        }),
    ]
}

proptest! {
    #[test]
    fn messages_come_out_as_they_went_in(message in message()) {
        prop_assert_eq!(read(&message.encode()), Ok(Some(message)));
    }

    #[test]
    fn any_payload_is_a_message_or_an_error_and_a_name_is_one_step(number in 0_u8..40, payload in prop::collection::vec(any::<u8>(), 0..80)) {
        let Some(kind) = <Type as crate::exec::frames::Kind>::from_byte(number) else { return Ok(()) };
        match Message::parse(kind, payload.clone().into()) {
            Ok(Message::Folder { name, .. }) if name.is_empty() => {}
            Ok(Message::Folder { name, .. } | Message::File { name, .. } | Message::Link { name, .. }) => {
                prop_assert!(name != "." && name != ".." && !name.contains(&b'/') && !name.contains(&0) && !name.is_empty());
            }
            // What is read is what was written, whole: nothing in it was passed over.
            Ok(message) => if !matches!(message, Message::Problem(_)) {
                prop_assert_eq!(&message.encode()[HEADER_BYTES..], &payload[..]);
            },
            Err(_) => {}
        }
    }
}
