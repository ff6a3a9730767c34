//! Files of `/proc`, as far as anybody should read them.

use std::fs::File;
use std::io::Read;
use std::path::Path;

/// The first `most` bytes of a file as text. What is no UTF-8 in it becomes U+FFFD.
pub fn read(path: &Path, most: u64) -> Result<String, String> {
    let mut bytes = Vec::new();
    let cannot = |error| format!("cannot read {}: {error}", path.display());
    File::open(path).map_err(cannot)?.take(most).read_to_end(&mut bytes).map_err(cannot)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// A plain decimal number, without the sign that `parse` would take.
pub fn number(text: &str) -> Option<u64> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?
}

/// At most `most` bytes of a text, cut between characters.
pub fn cut(text: &str, most: usize) -> &str {
    &text[..(0..=most.min(text.len())).rev().find(|&end| text.is_char_boundary(end)).unwrap_or(0)]
}
