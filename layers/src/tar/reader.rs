//! Entry after entry.

use std::io::{self, Read};

use super::extended::{self, Records};
use super::header::{Block, Entry, Fields, Kind, Times, text};
use super::{BLOCK, number, sparse};
use crate::limits;
use crate::refusal::{Outcome, Refusal, shown};

/// An archive that is read front to back. As a reader it gives the content of the entry that it is at, without holes.
pub struct Archive<R> {
    inner: R,
    /// Of the content of the entry that it is at.
    left: u64,
    /// That fills up its last block.
    padding: u64,
    /// Its end was seen, and not just the end of all.
    is_whole: bool,
}

/// What headers in front of an entry say of it.
#[derive(Default)]
struct Ahead {
    records: Records,
    path: Option<Vec<u8>>,
    link: Option<Vec<u8>>,
}

impl<R: Read> Archive<R> {
    pub fn new(inner: R) -> Self {
        Self { inner, left: 0, padding: 0, is_whole: false }
    }

    /// Whether what was read so far has the end that whoever writes an archive puts behind it.
    pub fn is_whole(&self) -> bool {
        self.is_whole
    }

    pub fn into_inner(self) -> R {
        self.inner
    }

    /// The next entry, behind whatever was not read of the last one.
    pub fn next_entry(&mut self) -> Outcome<Option<Entry>> {
        let mut ahead = Ahead::default();
        loop {
            self.skip()?;
            let Some(block) = self.header()? else { return Ok(None) };
            let fields = Fields::open(&block)?;
            match fields.type_flag() {
                b'x' => ahead.records = extended::parse(&self.read_extended(&fields)?)?,
                // Meant for all that follow; nobody who unpacks images heeds them.
                b'g' => drop(extended::parse(&self.read_extended(&fields)?)?),
                b'L' => ahead.path = Some(text(&self.read_extended(&fields)?).to_vec()),
                b'K' => ahead.link = Some(text(&self.read_extended(&fields)?).to_vec()),
                _ => return self.entry(&block, &fields, ahead).map(Some),
            }
        }
    }

    fn entry(&mut self, block: &Block, fields: &Fields<'_>, ahead: Ahead) -> Outcome<Entry> {
        let Ahead { records, path: long_path, link: long_link } = ahead;
        let record = |key: &str| records.get(key.as_bytes()).filter(|value| !value.is_empty());
        let flag = fields.type_flag();
        let path = long_path.or_else(|| record("path").cloned()).unwrap_or_else(|| fields.path());
        let kind = kind_of(flag, &path)?;
        let link = long_link.or_else(|| record("linkpath").cloned()).unwrap_or_else(|| fields.link());
        let size = match record("size") {
            Some(value) => number::decimal(value).and_then(|size| i64::try_from(size).ok()),
            None => Some(fields.size()?),
        };
        let size = size.filter(|&size| size >= 0).ok_or_else(|| Refusal::damaged("an entry's size is no size"))?;
        // Others have no content, whatever they say.
        let mut stored = if kind == Kind::File { size.cast_unsigned() } else { 0 };
        self.padding = stored.next_multiple_of(BLOCK as u64) - stored;
        let sparse = match (kind, flag) {
            (Kind::File, b'S') => Some(sparse::in_header(block, stored, &mut self.inner)?),
            (Kind::File, _) => sparse::in_records(&records, &mut stored, &mut self.inner)?,
            _ => None,
        };
        self.left = stored;
        let path = if sparse.is_some() { record("GNU.sparse.name").cloned().unwrap_or(path) } else { path };
        let (major, minor) = fields.device()?;
        let mut attributes: Vec<_> = records
            .iter()
            .filter_map(|(key, value)| Some((key.strip_prefix(b"SCHILY.xattr.")?.to_vec(), value.clone())))
            .collect();
        attributes.sort();
        Ok(Entry {
            path,
            kind,
            link,
            mode: (fields.mode()? & 0o7777) as u16,
            user: owner(record("uid"), || fields.user())?,
            group: owner(record("gid"), || fields.group())?,
            modified: match record("mtime") {
                Some(value) => time(value)?,
                None => Times { seconds: fields.modified()?, nanoseconds: 0 },
            },
            device: (device_number(major)?, device_number(minor)?),
            size: sparse.as_ref().map_or(stored, |sparse| sparse.size),
            pieces: sparse.map(|sparse| sparse.pieces),
            attributes,
        })
    }

    /// A header block; none at the end, which two blocks of zeros are, or the end of all.
    fn header(&mut self) -> Outcome<Option<Block>> {
        for _ in 0..2 {
            let Some(block) = self.block()? else { return Ok(None) };
            if block.iter().any(|&byte| byte != 0) {
                return Ok(Some(block));
            }
            self.is_whole = true;
        }
        Ok(None)
    }

    /// None where the archive ends between blocks.
    fn block(&mut self) -> Outcome<Option<Block>> {
        let mut block: Block = [0; BLOCK];
        let mut filled = 0;
        while filled < BLOCK {
            match self.inner.read(&mut block[filled..])? {
                0 if filled == 0 => return Ok(None),
                0 => return Err(Refusal::damaged("it is cut short")),
                got => filled += got,
            }
        }
        Ok(Some(block))
    }

    fn read_extended(&mut self, fields: &Fields<'_>) -> Outcome<Vec<u8>> {
        let size =
            u64::try_from(fields.size()?).map_err(|_| Refusal::damaged("an extended header has a negative size"))?;
        if size > limits::EXTENDED_HEADER_BYTES {
            return Err(Refusal::too_large(format_args!(
                "an extended header has more than {} bytes",
                limits::EXTENDED_HEADER_BYTES
            )));
        }
        self.left = size;
        self.padding = size.next_multiple_of(BLOCK as u64) - size;
        let mut text = Vec::with_capacity(size as usize);
        self.read_to_end(&mut text)?;
        Ok(text)
    }

    fn skip(&mut self) -> Outcome {
        let mut rest = self.left + self.padding;
        let mut buffer = [0; 16 * 1024];
        while rest > 0 {
            let wanted = usize::try_from(rest).unwrap_or(usize::MAX).min(buffer.len());
            match self.inner.read(&mut buffer[..wanted])? {
                0 => return Err(Refusal::damaged("it is cut short")),
                got => rest -= got as u64,
            }
        }
        (self.left, self.padding) = (0, 0);
        Ok(())
    }
}

impl<R: Read> Read for Archive<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let wanted = usize::try_from(self.left).unwrap_or(usize::MAX).min(buffer.len());
        if wanted == 0 {
            return Ok(0);
        }
        let got = self.inner.read(&mut buffer[..wanted])?;
        if got == 0 {
            return Err(Refusal::damaged("it is cut short").into());
        }
        self.left -= got as u64;
        Ok(got)
    }
}

fn kind_of(flag: u8, path: &[u8]) -> Outcome<Kind> {
    Ok(match flag {
        // The oldest archives had no other way to say it.
        0 if path.ends_with(b"/") => Kind::Folder,
        0 | b'0' | b'S' => Kind::File,
        b'1' => Kind::HardLink,
        b'2' => Kind::SymbolicLink,
        b'3' => Kind::CharacterDevice,
        b'4' => Kind::BlockDevice,
        b'5' => Kind::Folder,
        b'6' => Kind::Fifo,
        _ => {
            return Err(Refusal::unsupported(format_args!(
                "{} is of a type that is not known: {}",
                shown(path),
                shown(&[flag])
            )));
        }
    })
}

fn owner(record: Option<&Vec<u8>>, field: impl FnOnce() -> Outcome<i64>) -> Outcome<u32> {
    let value = match record {
        Some(value) => number::decimal(value),
        None => u64::try_from(field()?).ok(),
    };
    // The last number means nobody, to those who set owners.
    value
        .and_then(|value| u32::try_from(value).ok())
        .filter(|&value| value != u32::MAX)
        .ok_or_else(|| Refusal::damaged("an entry's owner is no user or group"))
}

fn device_number(value: i64) -> Outcome<u32> {
    u32::try_from(value).map_err(|_| Refusal::damaged("a device's number is none"))
}

/// `[-]SECONDS[.FRACTION]`, cut after nanoseconds.
fn time(value: &[u8]) -> Outcome<Times> {
    let odd = || Refusal::damaged(format_args!("a time is none: {}", shown(value)));
    let (is_negative, rest) = value.strip_prefix(b"-").map_or((false, value), |rest| (true, rest));
    let mut parts = rest.splitn(2, |&byte| byte == b'.');
    let seconds =
        parts.next().and_then(number::decimal).and_then(|seconds| i64::try_from(seconds).ok()).ok_or_else(odd)?;
    let fraction = parts.next().unwrap_or(b"");
    if !fraction.iter().all(u8::is_ascii_digit) {
        return Err(odd());
    }
    let nanoseconds =
        (0..9).fold(0, |sum: u32, at| sum * 10 + fraction.get(at).map_or(0, |&digit| u32::from(digit - b'0')));
    Ok(match (is_negative, nanoseconds) {
        (false, _) => Times { seconds, nanoseconds },
        (true, 0) => Times { seconds: -seconds, nanoseconds },
        (true, _) => Times { seconds: -seconds - 1, nanoseconds: 1_000_000_000 - nanoseconds },
    })
}
