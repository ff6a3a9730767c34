//! Why an image is not made.

use std::fmt::{self, Display};
use std::io;

/// What is wrong with a layer, or with the place that is written to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    pub code: Code,
    pub message: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Code {
    /// The blob or what it holds is not what its digest says.
    DigestMismatch,
    /// It is no layer: cut short, or not in the form that it should be.
    DamagedLayer,
    /// It is one, of a kind that has no place in an image.
    UnsupportedLayer,
    /// It holds more than is allowed.
    LayerTooLarge,
    /// Something in a folder may not be read.
    FileUnreadable,
    /// Somebody changed a folder while it was read.
    FolderChanged,
    /// There is no room for what is made.
    DiskFull,
    /// The output, or a blob that should be there.
    System,
}

impl Refusal {
    pub fn new(code: Code, message: impl Display) -> Self {
        Self { code, message: message.to_string() }
    }

    pub fn damaged(message: impl Display) -> Self {
        Self::new(Code::DamagedLayer, message)
    }

    pub fn unsupported(message: impl Display) -> Self {
        Self::new(Code::UnsupportedLayer, message)
    }

    pub fn too_large(message: impl Display) -> Self {
        Self::new(Code::LayerTooLarge, message)
    }

    pub fn system(what: impl Display, error: impl Display) -> Self {
        Self::new(Code::System, format_args!("{what}: {error}"))
    }

    /// The image cannot be written.
    pub fn write(error: io::Error) -> Self {
        let code = match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Code::DiskFull,
            _ => Code::System,
        };
        Self::new(code, format_args!("cannot write the image: {error}"))
    }

    /// The same, told of something.
    #[must_use]
    pub fn of(self, what: impl Display) -> Self {
        Self { message: format!("{what}: {}", self.message), ..self }
    }
}

impl Display for Refusal {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.message)
    }
}

impl std::error::Error for Refusal {}

/// Through a reader a refusal travels as an error of its kind, and comes out again as it was.
impl From<Refusal> for io::Error {
    fn from(refusal: Refusal) -> Self {
        Self::other(refusal)
    }
}

impl From<io::Error> for Refusal {
    /// Whatever else a reader says is the words of who inflates.
    fn from(error: io::Error) -> Self {
        match error.downcast::<Self>() {
            Ok(refusal) => refusal,
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Self::damaged("it is cut short"),
            Err(error) => Self::damaged(format_args!("it cannot be inflated: {error}")),
        }
    }
}

pub type Outcome<T = ()> = Result<T, Refusal>;

/// Bytes that somebody else wrote, as one line of text.
pub fn shown(bytes: &[u8]) -> String {
    const MOST: usize = 200;
    let text: String =
        bytes.iter().take(MOST).flat_map(|&byte| std::ascii::escape_default(byte)).map(char::from).collect();
    if bytes.len() > MOST { format!("{text}...") } else { text }
}
