//! Files with holes, in the four forms that GNU tar has written over the years.

use std::io::Read;

use super::extended::{MAP, Records};
use super::header::Block;
use super::{BLOCK, number};
use crate::limits;
use crate::refusal::{Outcome, Refusal};

/// A part of a file that has content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Piece {
    pub offset: u64,
    pub bytes: u64,
}

/// A file as it will be, in place of how it lies in the archive.
pub struct Sparse {
    pub size: u64,
    pub pieces: Vec<Piece>,
}

impl Sparse {
    /// Pieces that overlap, go backwards or beyond the end mean two things to two readers.
    fn check(self, stored: u64) -> Outcome<Self> {
        let odd = || Refusal::damaged("the pieces of a sparse file do not fit together");
        let mut end = 0_u64;
        let mut sum = 0_u64;
        for piece in &self.pieces {
            if piece.offset < end {
                return Err(odd());
            }
            end = piece.offset.checked_add(piece.bytes).ok_or_else(odd)?;
            sum += piece.bytes;
        }
        if end > self.size || sum != stored { Err(odd()) } else { Ok(self) }
    }
}

fn too_many() -> Refusal {
    Refusal::too_large(format_args!("a sparse file has more than {} pieces", limits::PIECES))
}

fn unsigned(value: i64) -> Outcome<u64> {
    u64::try_from(value).map_err(|_| Refusal::damaged("a sparse file has a negative length"))
}

/// The form of a type of its own: some pieces in the header, and more in blocks behind it.
pub fn in_header(block: &Block, stored: u64, archive: &mut impl Read) -> Outcome<Sparse> {
    let mut pieces = Vec::new();
    let mut is_more = take_pieces(&block[386..482], &mut pieces)? && block[482] != 0;
    while is_more {
        let mut more: Block = [0; BLOCK];
        archive.read_exact(&mut more)?;
        is_more = take_pieces(&more[..504], &mut pieces)? && more[504] != 0;
    }
    Sparse { size: unsigned(number::parse(&block[483..495])?)?, pieces }.check(stored)
}

/// False where the list ended early.
fn take_pieces(fields: &[u8], pieces: &mut Vec<Piece>) -> Outcome<bool> {
    for pair in fields.chunks_exact(24) {
        if pair[0] == 0 {
            return Ok(false);
        }
        let (offset, bytes) = (number::parse(&pair[..12])?, number::parse(&pair[12..])?);
        pieces.push(Piece { offset: unsigned(offset)?, bytes: unsigned(bytes)? });
        if pieces.len() > limits::PIECES {
            return Err(too_many());
        }
    }
    Ok(true)
}

/// The forms of extended headers. `stored` becomes what is left of the content when the list of pieces stood before it.
pub fn in_records(records: &Records, stored: &mut u64, archive: &mut impl Read) -> Outcome<Option<Sparse>> {
    let record = |key: &str| records.get(key.as_bytes()).map(Vec::as_slice).filter(|value| !value.is_empty());
    let numbered = |key: &str| {
        record(key)
            .map(|value| number::decimal(value).ok_or_else(|| Refusal::damaged("a sparse file's size is no number")))
            .transpose()
    };
    match (record("GNU.sparse.major"), record("GNU.sparse.minor")) {
        (Some(b"1"), Some(b"0")) => {
            let pieces = before_content(stored, archive)?;
            let size = numbered("GNU.sparse.realsize")?.ok_or_else(|| Refusal::damaged("a sparse file has no size"))?;
            Sparse { size, pieces }.check(*stored).map(Some)
        }
        (None | Some(b"0"), None | Some(b"0" | b"1")) => {
            let Some(map) = records.get(MAP) else { return Ok(None) };
            let size = numbered("GNU.sparse.size")?.or(numbered("GNU.sparse.realsize")?);
            let size = size.ok_or_else(|| Refusal::damaged("a sparse file has no size"))?;
            Sparse { size, pieces: listed(map)? }.check(*stored).map(Some)
        }
        _ => Err(Refusal::unsupported("a sparse file is of a form that is not known")),
    }
}

/// `offset,length,offset,length`.
fn listed(map: &[u8]) -> Outcome<Vec<Piece>> {
    let mut numbers = Vec::new();
    for text in map.split(|&byte| byte == b',') {
        numbers
            .push(number::decimal(text).ok_or_else(|| Refusal::damaged("the pieces of a sparse file are no numbers"))?);
        if numbers.len() > 2 * limits::PIECES {
            return Err(too_many());
        }
    }
    if !numbers.len().is_multiple_of(2) {
        return Err(Refusal::damaged("the pieces of a sparse file are not listed in pairs"));
    }
    Ok(numbers.chunks_exact(2).map(|pair| Piece { offset: pair[0], bytes: pair[1] }).collect())
}

/// Lines of digits at the start of the content, which is filled up to a whole block: how many, and then the pairs.
fn before_content(stored: &mut u64, archive: &mut impl Read) -> Outcome<Vec<Piece>> {
    let odd = || Refusal::damaged("the list of a sparse file's pieces is none");
    let mut block: Block = [0; BLOCK];
    let mut at = BLOCK;
    let mut next = || -> Outcome<u64> {
        let mut value = 0_u64;
        for digits in 0..20 {
            if at == BLOCK {
                *stored = stored.checked_sub(BLOCK as u64).ok_or_else(odd)?;
                archive.read_exact(&mut block)?;
                at = 0;
            }
            let byte = block[at];
            at += 1;
            match byte {
                b'\n' if digits > 0 => return Ok(value),
                b'0'..=b'9' => {
                    let digit = u64::from(byte - b'0');
                    value = value.checked_mul(10).and_then(|value| value.checked_add(digit)).ok_or_else(odd)?;
                }
                _ => return Err(odd()),
            }
        }
        Err(odd())
    };
    let count = next()?;
    if count > limits::PIECES as u64 {
        return Err(too_many());
    }
    (0..count).map(|_| Ok(Piece { offset: next()?, bytes: next()? })).collect()
}
