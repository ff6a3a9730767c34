//! The records of a pax header: `LENGTH KEY=VALUE\n`, each.

use std::collections::BTreeMap;

use super::number;
use crate::refusal::{Outcome, Refusal, shown};

/// The last of several with one key counts; one without a value takes back what was said before.
pub type Records = BTreeMap<Vec<u8>, Vec<u8>>;

/// How the oldest form of sparse files lists its pieces: by keys that come again and again.
const OFFSET: &[u8] = b"GNU.sparse.offset";
const LENGTH: &[u8] = b"GNU.sparse.numbytes";
pub const MAP: &[u8] = b"GNU.sparse.map";

pub fn parse(mut text: &[u8]) -> Outcome<Records> {
    let mut records = Records::new();
    let mut map: Vec<&[u8]> = Vec::new();
    while !text.is_empty() {
        let (key, value, rest) = next(text)?;
        text = rest;
        match key {
            OFFSET | LENGTH => {
                let expected = if map.len().is_multiple_of(2) { OFFSET } else { LENGTH };
                if key != expected || value.contains(&b',') {
                    return Err(Refusal::damaged("the pieces of a sparse file are not listed in pairs"));
                }
                map.push(value);
            }
            _ => {
                records.insert(key.to_vec(), value.to_vec());
            }
        }
    }
    if !map.is_empty() {
        records.insert(MAP.to_vec(), map.join(&b','));
    }
    Ok(records)
}

fn next(text: &[u8]) -> Outcome<(&[u8], &[u8], &[u8])> {
    let odd =
        || Refusal::damaged(format_args!("an extended header has no record where one should be: {}", shown(text)));
    let space = text.iter().take(20).position(|&byte| byte == b' ').ok_or_else(odd)?;
    let length = number::decimal(&text[..space]).and_then(|length| usize::try_from(length).ok()).ok_or_else(odd)?;
    if length <= space + 1 || length > text.len() {
        return Err(odd());
    }
    let (record, rest) = text.split_at(length);
    let record = record[space + 1..].strip_suffix(b"\n").ok_or_else(odd)?;
    let equals = record.iter().position(|&byte| byte == b'=').ok_or_else(odd)?;
    let (key, value) = (&record[..equals], &record[equals + 1..]);
    let has_nul = |bytes: &[u8]| bytes.contains(&0);
    // Two readers would take such a text for two things.
    let is_text = matches!(key, b"path" | b"linkpath" | b"GNU.sparse.name" | b"uname" | b"gname");
    if key.is_empty() || has_nul(key) || (is_text && has_nul(value)) {
        return Err(odd());
    }
    Ok((key, value, rest))
}
