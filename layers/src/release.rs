//! Which system it is, by its own word: `/etc/os-release`, for people to see. Nothing is decided by it.

use std::fs::File;
use std::os::unix::fs::FileExt;

use serde::Serialize;

use crate::space::BLOCK;
use crate::tree::{Body, Tree};

/// The longest of a real system has some hundred bytes.
const MOST_BYTES: u64 = 16 * 1024;
const MOST_CHARACTERS: usize = 48;
const PLACES: [&[&[u8]]; 2] = [&[b"etc", b"os-release"], &[b"usr", b"lib", b"os-release"]];

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Release {
    /// `debian`.
    pub id: String,
    /// `12`.
    pub version: Option<String>,
    /// `bookworm`.
    pub codename: Option<String>,
}

/// Of a tree whose content is in `out`; none where it does not say so in plain words.
pub fn find(tree: &Tree, out: &File) -> Option<Release> {
    PLACES.iter().find_map(|place| {
        let Body::File { size, first } = tree.inodes[tree.find(place)? as usize].body else { return None };
        let mut bytes = vec![0; size.min(MOST_BYTES) as usize];
        out.read_exact_at(&mut bytes, u64::from(first) * BLOCK).ok()?;
        parse(&bytes)
    })
}

fn parse(bytes: &[u8]) -> Option<Release> {
    // The first one counts: nobody writes a name twice.
    let field = |name: &[u8]| {
        let line = bytes.split(|&byte| byte == b'\n').find_map(|line| line.strip_prefix(name)?.strip_prefix(b"="))?;
        word(line)
    };
    Some(Release { id: field(b"ID")?, version: field(b"VERSION_ID"), codename: field(b"VERSION_CODENAME") })
}

/// A value that is one plain word, without the quotes that it may have.
fn word(value: &[u8]) -> Option<String> {
    let value = value.trim_ascii();
    let value = match value {
        [b'"', inner @ .., b'"'] | [b'\'', inner @ .., b'\''] => inner,
        _ => value,
    };
    let is_plain = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    let is_word = value.first().is_some_and(u8::is_ascii_alphanumeric)
        && value.len() <= MOST_CHARACTERS
        && value.iter().all(is_plain);
    is_word.then(|| String::from_utf8_lossy(value).to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_words_are_taken_and_nothing_else() {
        let release = |id: &str, version: Option<&str>, codename: Option<&str>| {
            Some(Release { id: id.into(), version: version.map(Into::into), codename: codename.map(Into::into) })
        };
        for (text, expected) in [
            (
                "ID=debian\nVERSION_ID=\"12\"\nVERSION_CODENAME=bookworm\n",
                release("debian", Some("12"), Some("bookworm")),
            ),
            ("NAME=x\nVERSION_ID=3.20.1\nID='alpine'", release("alpine", Some("3.20.1"), None)),
            ("ID=Arch\n", release("arch", None, None)),
            ("ID_LIKE=debian\n", None),
            ("ID=\n", None),
            ("ID=a b\n", None),
            ("ID=\"\x1b[2J\"\n", None),
            ("ID=$(reboot)\n", None),
            ("ID=../x\n", None),
            ("ID=\"\n", None),
            ("", None),
            ("ID=fedora\nVERSION_CODENAME=\"\"\nVERSION_ID=../../x\n", release("fedora", None, None)),
        ] {
            assert_eq!(parse(text.as_bytes()), expected, "{text:?}");
        }
        assert_eq!(parse(format!("ID={}\n", "a".repeat(49)).as_bytes()), None);
        assert_eq!(parse(b"ID=\xff\n"), None);
    }
}
