//! Numbers in fixed fields: octal text, or binary where the first bit says so.

use crate::refusal::{Outcome, Refusal, shown};

/// A number of at most 63 bits and a sign.
pub fn parse(field: &[u8]) -> Outcome<i64> {
    match field.first() {
        Some(first) if first & 0x80 != 0 => binary(field),
        _ => octal(field),
    }
}

fn odd(field: &[u8]) -> Refusal {
    Refusal::damaged(format_args!("a header has no number where one should be: {}", shown(field)))
}

/// Two's complement, behind the first bit.
fn binary(field: &[u8]) -> Outcome<i64> {
    let is_negative = field[0] & 0x40 != 0;
    let mut value: i128 = if is_negative { -1 } else { 0 };
    for (at, &byte) in field.iter().enumerate() {
        let byte = if at == 0 { (byte & 0x7f) | if is_negative { 0x80 } else { 0 } } else { byte };
        value = (value << 8) | i128::from(byte);
        if i64::try_from(value).is_err() {
            return Err(odd(field));
        }
    }
    i64::try_from(value).map_err(|_| odd(field))
}

/// Spaces and NULs around it are padding; nothing at all is zero.
fn octal(field: &[u8]) -> Outcome<i64> {
    let text = field.trim_with(|byte| matches!(byte, b' ' | 0));
    // What stands behind a NUL is not of the number.
    let text = &text[..text.iter().position(|&byte| byte == 0).unwrap_or(text.len())];
    let mut value: i64 = 0;
    for &byte in text {
        let digit = match byte {
            b'0'..=b'7' => i64::from(byte - b'0'),
            _ => return Err(odd(field)),
        };
        value = value.checked_mul(8).and_then(|value| value.checked_add(digit)).ok_or_else(|| odd(field))?;
    }
    Ok(value)
}

/// Decimal digits alone, as in the records of extended headers.
pub fn decimal(text: &[u8]) -> Option<u64> {
    let is_plain = (1..=19).contains(&text.len()) && text.iter().all(u8::is_ascii_digit);
    if is_plain { std::str::from_utf8(text).ok()?.parse().ok() } else { None }
}

trait TrimWith {
    fn trim_with(&self, is_padding: impl Fn(u8) -> bool) -> &Self;
}

impl TrimWith for [u8] {
    fn trim_with(&self, is_padding: impl Fn(u8) -> bool) -> &Self {
        let Some(begin) = self.iter().position(|&byte| !is_padding(byte)) else { return &[] };
        let end = self.iter().rposition(|&byte| !is_padding(byte)).unwrap_or(begin);
        &self[begin..=end]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_forms_of_a_number() {
        for (field, value) in [
            (b"0000644\0".as_slice(), Some(0o644)),
            (b"   644 \0", Some(0o644)),
            (b"\0\0\0\0\0\0\0\0", Some(0)),
            (b"", Some(0)),
            (b"77777777777\0", Some(0o77_777_777_777)),
            (b"\x80\0\0\0\0\0\x01\0", Some(256)),
            (b"\xff\xff\xff\xff\xff\xff\xff\xff", Some(-1)),
            (b"\x80\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", None),
            (b"0000648\0", None),
            (b"-000001\0", None),
            (b"12 34567", None),
        ] {
            assert_eq!(parse(field).ok(), value, "{field:?}");
        }
    }
}
