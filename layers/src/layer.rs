//! One layer: its entries to the tree, its content to blocks.

use std::io::Read;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::SyncSender;

use crate::blob::Blob;
use crate::job::{self, Compression, Report};
use crate::refusal::{Outcome, Refusal, shown};
use crate::space::{Run, Space, Writer};
use crate::tar::{Archive, Entry, Kind, Piece};
use crate::tree::Put;

/// Entries that go to the tree at once.
pub const BATCH: usize = 256;
pub const COPY_BYTES: usize = 256 * 1024;

/// What all layers have in common.
pub struct Common<'a> {
    pub space: Space<'a>,
    pub report: &'a Report,
    /// How many more entries are allowed.
    pub entries: AtomicU64,
    /// Something failed: what is read is of no use any more.
    pub over: AtomicBool,
}

impl Common<'_> {
    pub fn is_over(&self) -> bool {
        self.over.load(Ordering::Relaxed)
    }

    /// One more of those that are allowed.
    pub fn count_entry(&self) -> Outcome {
        self.entries
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1))
            .map(drop)
            .map_err(|_| Refusal::too_large("it holds more entries than are allowed"))
    }
}

/// Reads the blob to its end. What it says comes out in batches before it is known to be what its digest says.
/// Ends early, without a word, when all is over.
pub fn read(layer: &job::Layer, common: &Common<'_>, to: &SyncSender<Vec<Put>>) -> Outcome {
    let mut archive = Archive::new(Blob::open(layer, common.report)?);
    let mut writer = Writer::new(&common.space);
    let mut buffer = vec![0; COPY_BYTES];
    let mut batch = Vec::with_capacity(BATCH);
    let mut is_empty = true;
    while let Some(entry) = archive.next_entry()? {
        common.count_entry()?;
        is_empty = false;
        let content = write_content(&entry, &mut archive, &mut writer, &mut buffer, common)
            .map_err(|refusal| refusal.of(shown(&entry.path)))?;
        batch.push(Put { entry: Entry { pieces: None, ..entry }, content });
        if batch.len() == BATCH {
            let _ = to.send(std::mem::replace(&mut batch, Vec::with_capacity(BATCH)));
        }
        if common.is_over() {
            return Ok(());
        }
    }
    if layer.compression == Compression::Detect {
        require_whole(&archive, is_empty)?;
    }
    let _ = to.send(batch);
    writer.flush()?;
    archive.into_inner().finish()
}

/// Of what no digest vouches for.
fn require_whole(archive: &Archive<Blob<'_>>, is_empty: bool) -> Outcome {
    match (archive.is_whole(), is_empty) {
        (false, _) => Err(Refusal::damaged("it is cut short: the end of the archive is missing")),
        (true, true) => Err(Refusal::damaged("it holds nothing")),
        (true, false) => Ok(()),
    }
}

fn write_content(
    entry: &Entry,
    archive: &mut Archive<Blob<'_>>,
    writer: &mut Writer<'_>,
    buffer: &mut [u8],
    common: &Common<'_>,
) -> Outcome<Option<Run>> {
    if entry.kind != Kind::File || entry.size == 0 {
        return Ok(None);
    }
    let place = writer.open(entry.size)?;
    let whole = [Piece { offset: 0, bytes: entry.size }];
    for piece in entry.pieces.as_deref().unwrap_or(&whole) {
        let mut done = 0;
        while done < piece.bytes && !common.is_over() {
            let wanted = usize::try_from(piece.bytes - done).unwrap_or(usize::MAX).min(buffer.len());
            let got = archive.read(&mut buffer[..wanted])?;
            writer.write(&place, piece.offset + done, &buffer[..got])?;
            done += got as u64;
        }
    }
    Ok(Some(place.run))
}
