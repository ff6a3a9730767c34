//! What is asked for, and what is answered. One JSON document comes in; lines of JSON go out.

use std::io::Write;
use std::path::PathBuf;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use crate::limits::Limits;
use crate::refusal::{Code, Refusal};
use crate::release::Release;

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Job {
    /// The bottom one first.
    pub layers: Vec<Part>,
    pub limits: Limits,
    /// An ext4 that is made and empty, which gets root's home.
    #[serde(default)]
    pub seed: Option<PathBuf>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub enum Part {
    Archive(Layer),
    Folder(Folder),
}

/// One of this computer.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Folder {
    pub folder: PathBuf,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Layer {
    /// Of a file, or of a pipe where no digest is named. `-` is what follows the job on standard input.
    pub path: PathBuf,
    pub compression: Compression,
    /// Of the blob: `sha256:` and 64 hex digits. Where nobody named one, absent.
    pub digest: Option<String>,
    /// Of the archive in it.
    pub diff_id: Option<String>,
}

impl Layer {
    pub fn is_stream(&self) -> bool {
        self.path.as_os_str() == "-"
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Compression {
    None,
    Gzip,
    Zstd,
    /// Whichever of these its first bytes tell of: nobody has said it, and nobody vouches for the archive being whole. Its end is asked for.
    Detect,
}

/// A file system that is whole and on the disk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Made {
    pub bytes: u64,
    /// Names in it.
    pub entries: u64,
    /// Of the whole file, see [`crate::checksum`].
    pub checksum: String,
    /// What system it says it is.
    pub release: Option<Release>,
    /// Whether root's home is in the seed; without one it is not.
    pub has_seed: bool,
}

/// A file that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Summed {
    pub checksum: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
enum Line<'a> {
    #[serde(rename_all = "camelCase")]
    Progress {
        read_bytes: u64,
    },
    Done(&'a Made),
    Summed(&'a Summed),
    Failed {
        code: Code,
        message: &'a str,
    },
}

/// Tells how far it is, not too often.
pub struct Report {
    state: Mutex<(u64, Instant)>,
}

const PAUSE: Duration = Duration::from_millis(100);

impl Default for Report {
    fn default() -> Self {
        Self { state: Mutex::new((0, Instant::now())) }
    }
}

impl Report {
    /// So many more bytes of blobs were read.
    pub fn read(&self, bytes: u64) {
        let Ok(mut state) = self.state.lock() else { return };
        state.0 += bytes;
        if state.1.elapsed() < PAUSE {
            return;
        }
        state.1 = Instant::now();
        say(&Line::Progress { read_bytes: state.0 });
    }

    pub fn done(&self, made: &Made) {
        say(&Line::Done(made));
    }

    pub fn summed(&self, summed: &Summed) {
        say(&Line::Summed(summed));
    }

    pub fn failed(&self, refusal: &Refusal) {
        say(&Line::Failed { code: refusal.code, message: &refusal.message });
    }
}

/// Who asked may be gone; then there is nobody to tell.
fn say(line: &Line<'_>) {
    let mut text = serde_json::to_vec(line).unwrap_or_default();
    text.push(b'\n');
    let _ = std::io::stdout().lock().write_all(&text);
}
