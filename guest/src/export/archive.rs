//! One entry after the other, in POSIX tar: 512 bytes of header, and before it pax records of what does not fit into those.

use std::io::{self, Write};

const BLOCK: usize = 512;
const NAME: usize = 100;
/// Eleven octal digits.
const MOST_SIZE: u64 = 0o777_7777_7777;
/// Seven.
const MOST_ID: u32 = 0o777_7777;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    File,
    HardLink,
    Symlink,
    CharDevice,
    BlockDevice,
    Folder,
    Fifo,
}

impl Kind {
    fn letter(self) -> u8 {
        match self {
            Kind::File => b'0',
            Kind::HardLink => b'1',
            Kind::Symlink => b'2',
            Kind::CharDevice => b'3',
            Kind::BlockDevice => b'4',
            Kind::Folder => b'5',
            Kind::Fifo => b'6',
        }
    }
}

/// What stands in the header of one.
#[derive(Debug, Clone)]
pub struct Entry {
    pub kind: Kind,
    /// From the root, without a slash before; of the root itself `.`.
    pub path: Vec<u8>,
    /// Of links.
    pub target: Vec<u8>,
    pub mode: u32,
    pub uid: u32,
    pub gid: u32,
    /// Seconds since 1970.
    pub mtime: i64,
    pub device: (u32, u32),
    pub attributes: Vec<(Vec<u8>, Vec<u8>)>,
    /// Of a file as it lies in the archive.
    pub size: u64,
    /// Of a file with holes: its whole length. A list of its parts is then the first of what lies in the archive.
    pub real_size: Option<u64>,
}

/// Writes headers and contents; the caller says how long a content is, and then gives as much.
pub struct Archive<W: Write> {
    out: W,
    /// Bytes of content that have been written of the entry at hand.
    written: u64,
}

impl<W: Write> Archive<W> {
    pub fn new(out: W) -> Self {
        Self { out, written: 0 }
    }

    pub fn header(&mut self, entry: &Entry) -> io::Result<()> {
        let records = records_of(entry);
        if !records.is_empty() {
            let mut header = plain(b'x', b"pax", b"", 0o644, records.len() as u64);
            finish(&mut header);
            self.out.write_all(&header)?;
            self.out.write_all(&records)?;
            self.pad(records.len() as u64)?;
        }
        let mut header = plain(entry.kind.letter(), &entry.path, &entry.target, entry.mode, entry.size);
        octal(&mut header[108..116], u64::from(entry.uid.min(MOST_ID)));
        octal(&mut header[116..124], u64::from(entry.gid.min(MOST_ID)));
        octal(&mut header[136..148], u64::try_from(entry.mtime).unwrap_or(0).min(MOST_SIZE));
        octal(&mut header[329..337], u64::from(entry.device.0.min(MOST_ID)));
        octal(&mut header[337..345], u64::from(entry.device.1.min(MOST_ID)));
        finish(&mut header);
        self.written = 0;
        self.out.write_all(&header)
    }

    pub fn content(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.written += bytes.len() as u64;
        self.out.write_all(bytes)
    }

    /// After the content of an entry.
    pub fn end_of_entry(&mut self) -> io::Result<()> {
        self.pad(self.written)
    }

    pub fn finish(mut self) -> io::Result<W> {
        self.out.write_all(&[0; 2 * BLOCK])?;
        Ok(self.out)
    }

    fn pad(&mut self, written: u64) -> io::Result<()> {
        let over = usize::try_from(written % BLOCK as u64).unwrap_or(0);
        if over == 0 { Ok(()) } else { self.out.write_all(&[0; BLOCK][over..]) }
    }
}

/// How a content begins of which only some parts are there: how many, and offset and length of each, a line each, in whole blocks.
pub fn parts_list(parts: &[(u64, u64)]) -> Vec<u8> {
    let mut list = format!("{}\n", parts.len());
    for (offset, bytes) in parts {
        list += &format!("{offset}\n{bytes}\n");
    }
    let mut list = list.into_bytes();
    list.resize(list.len().next_multiple_of(BLOCK), 0);
    list
}

fn records_of(entry: &Entry) -> Vec<u8> {
    let mut records = Vec::new();
    let mut add = |key: &[u8], value: &[u8]| records.extend_from_slice(&record(key, value));
    let number = |number: i128| number.to_string().into_bytes();
    if let Some(real_size) = entry.real_size {
        add(b"GNU.sparse.major", b"1");
        add(b"GNU.sparse.minor", b"0");
        add(b"GNU.sparse.name", &entry.path);
        add(b"GNU.sparse.realsize", &number(real_size.into()));
    }
    if entry.path.len() > NAME {
        add(b"path", &entry.path);
    }
    if entry.target.len() > NAME {
        add(b"linkpath", &entry.target);
    }
    if entry.size > MOST_SIZE {
        add(b"size", &number(entry.size.into()));
    }
    for (key, id) in [(&b"uid"[..], entry.uid), (b"gid", entry.gid)] {
        if id > MOST_ID {
            add(key, &number(id.into()));
        }
    }
    if !u64::try_from(entry.mtime).is_ok_and(|mtime| mtime <= MOST_SIZE) {
        add(b"mtime", &number(entry.mtime.into()));
    }
    for (name, value) in &entry.attributes {
        add(&[b"SCHILY.xattr.", name.as_slice()].concat(), value);
    }
    records
}

/// `LENGTH KEY=VALUE\n`, where the length counts itself.
fn record(key: &[u8], value: &[u8]) -> Vec<u8> {
    let rest = key.len() + value.len() + 3;
    let mut length = rest + rest.to_string().len();
    if length.to_string().len() > rest.to_string().len() {
        length += 1;
    }
    [length.to_string().as_bytes(), b" ", key, b"=", value, b"\n"].concat()
}

/// A text that is too long for its field stands in a record, and here as far as it fits.
fn plain(letter: u8, path: &[u8], target: &[u8], mode: u32, size: u64) -> [u8; BLOCK] {
    let mut header = [0; BLOCK];
    let put = |field: &mut [u8], text: &[u8]| {
        let length = text.len().min(field.len());
        field[..length].copy_from_slice(&text[..length]);
    };
    put(&mut header[..NAME], path);
    octal(&mut header[100..108], u64::from(mode));
    octal(&mut header[108..116], 0);
    octal(&mut header[116..124], 0);
    octal(&mut header[124..136], size.min(MOST_SIZE));
    octal(&mut header[136..148], 0);
    header[156] = letter;
    put(&mut header[157..257], target);
    header[257..265].copy_from_slice(b"ustar\x0000");
    header
}

/// Octal digits, and a zero byte behind.
fn octal(field: &mut [u8], number: u64) {
    let width = field.len() - 1;
    let text = format!("{number:0width$o}");
    field[..width].copy_from_slice(&text.as_bytes()[text.len() - width..]);
}

fn finish(header: &mut [u8; BLOCK]) {
    header[148..156].fill(b' ');
    let sum: u64 = header.iter().map(|&byte| u64::from(byte)).sum();
    octal(&mut header[148..155], sum);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_counts_its_own_length() {
        for length in 0..2000 {
            let record = record(b"path", &vec![b'x'; length]);
            let said = record.iter().position(|&byte| byte == b' ').unwrap();
            assert_eq!(std::str::from_utf8(&record[..said]).unwrap(), record.len().to_string());
        }
    }

    #[test]
    fn parts_fill_whole_blocks() {
        assert_eq!(&parts_list(&[(0, 5), (4096, 1)])[..12], b"2\n0\n5\n4096\n1");
        assert_eq!(parts_list(&[]).len(), BLOCK);
        assert_eq!(parts_list(&vec![(u64::MAX, 1); 100]).len() % BLOCK, 0);
    }
}
