//! The three lines that begin a session: `hello`, `sync` and `synced`. Text only; no I/O.

use serde::{Deserialize, Serialize};

/// The version of everything on the wire: lines, routes and frames together.
pub const PROTOCOL: u32 = 1;
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// What the host writes after its zeros, before the nonce.
pub const SYNC_PREFIX: &[u8] = b"banger-sync ";
pub const NONCE_CHARS: usize = 32;

/// What the agent says of itself, in `hello` and again in `synced`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hello {
    pub protocol: u32,
    pub agent: String,
    /// 32 lower-case hex digits, drawn anew whenever the agent starts.
    pub boot: String,
}

impl Hello {
    pub fn new(boot: [u8; 16]) -> Self {
        let agent = VERSION.to_owned();
        Self { protocol: PROTOCOL, agent, boot: hex(&boot) }
    }

    /// The first line of a byte stream.
    pub fn line(&self) -> Vec<u8> {
        format!("banger-hello {}\n", self.json()).into_bytes()
    }

    /// The answer to `sync`. It begins with a newline because the byte before it may be the middle of a frame that an
    /// earlier host never read: the host looks for a line, so there has to be one.
    pub fn synced_line(&self, nonce: &Nonce) -> Vec<u8> {
        format!("\nbanger-synced {} {}\n", nonce.as_str(), self.json()).into_bytes()
    }

    fn json(&self) -> String {
        serde_json::to_string(self).expect("three plain fields are always JSON")
    }
}

/// A host's nonce: exactly 32 lower-case hex digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Nonce([u8; NONCE_CHARS]);

impl Nonce {
    pub fn parse(text: &[u8]) -> Option<Self> {
        let digits: [u8; NONCE_CHARS] = text.try_into().ok()?;
        digits.iter().all(|&c| is_hex(c)).then_some(Self(digits))
    }

    pub fn as_str(&self) -> &str {
        str::from_utf8(&self.0).expect("hex digits are ASCII")
    }
}

pub fn is_hex(c: u8) -> bool {
    matches!(c, b'0'..=b'9' | b'a'..=b'f')
}

pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
