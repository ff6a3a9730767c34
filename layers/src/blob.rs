//! A blob, read once: hashed as it is, inflated, and hashed again.

use std::io::{self, BufRead, BufReader, Read};

use flate2::bufread::MultiGzDecoder;
use ring::digest::{Context, SHA256};

use crate::job::{Compression, Layer, Report};
use crate::limits;
use crate::refusal::{Code, Outcome, Refusal};
use crate::source::{self, Packing, Source};

const READ_BYTES: usize = 256 * 1024;

/// Counts and hashes what goes through.
struct Hashed<'a, R> {
    inner: R,
    hash: Option<Context>,
    bytes: u64,
    report: Option<&'a Report>,
}

impl<R: Read> Read for Hashed<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let got = self.inner.read(buffer)?;
        if let Some(hash) = &mut self.hash {
            hash.update(&buffer[..got]);
        }
        self.bytes += got as u64;
        if let Some(report) = self.report {
            report.read(got as u64);
        }
        Ok(got)
    }
}

impl<'a, R: Read> Hashed<'a, R> {
    /// Where nobody named a digest nothing is hashed.
    fn new(inner: R, digest: Option<&str>, report: Option<&'a Report>) -> Self {
        Self { inner, hash: digest.map(|_| Context::new(&SHA256)), bytes: 0, report }
    }

    fn check(&mut self, digest: Option<&str>, what: &str) -> Outcome {
        let (Some(hash), Some(digest)) = (self.hash.take(), digest) else { return Ok(()) };
        let found = format!("sha256:{}", hex(hash.finish().as_ref()));
        if found == digest {
            return Ok(());
        }
        Err(Refusal::new(Code::DigestMismatch, format_args!("{what} {found}, and should be {digest}")))
    }
}

pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

type Raw<'a> = BufReader<Hashed<'a, Source>>;

enum Inflated<'a> {
    Plain(Box<Raw<'a>>),
    Gzip(Box<MultiGzDecoder<Raw<'a>>>),
    Zstd(Box<zstd::stream::read::Decoder<'static, Raw<'a>>>),
}

impl<'a> Inflated<'a> {
    fn raw(&mut self) -> &mut Raw<'a> {
        match self {
            Self::Plain(raw) => raw,
            Self::Gzip(decoder) => decoder.get_mut(),
            Self::Zstd(decoder) => decoder.get_mut(),
        }
    }
}

/// Stops what grows without bound: a bomb is found by how it grows, before its quota is used up.
struct Bounded<'a> {
    inner: Inflated<'a>,
    bytes: u64,
}

impl Read for Bounded<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let got = match &mut self.inner {
            Inflated::Plain(raw) => raw.read(buffer),
            Inflated::Gzip(decoder) => decoder.read(buffer),
            Inflated::Zstd(decoder) => decoder.read(buffer),
        }?;
        self.bytes += got as u64;
        if self.bytes > limits::RATIO_FROM_BYTES {
            let read = self.inner.raw().get_ref().bytes;
            if self.bytes / limits::RATIO > read {
                return Err(Refusal::too_large(format_args!(
                    "it grows to more than {} times its length when it is inflated",
                    limits::RATIO
                ))
                .into());
            }
        }
        Ok(got)
    }
}

/// The archive of a layer, as a reader. To be finished when it was read.
pub struct Blob<'a> {
    archive: BufReader<Hashed<'a, Bounded<'a>>>,
    layer: &'a Layer,
}

impl<'a> Blob<'a> {
    pub fn open(layer: &'a Layer, report: &'a Report) -> Outcome<Self> {
        let (source, compression) = source::open(layer)?;
        let raw = BufReader::with_capacity(READ_BYTES, Hashed::new(source, layer.digest.as_deref(), Some(report)));
        let inner = match compression {
            Packing::None => Inflated::Plain(Box::new(raw)),
            Packing::Gzip => Inflated::Gzip(Box::new(MultiGzDecoder::new(raw))),
            Packing::Zstd => {
                let mut decoder = zstd::stream::read::Decoder::with_buffer(raw)?;
                decoder.window_log_max(limits::ZSTD_WINDOW_LOG)?;
                Inflated::Zstd(Box::new(decoder))
            }
        };
        let bounded = Bounded { inner, bytes: 0 };
        let archive = BufReader::with_capacity(READ_BYTES, Hashed::new(bounded, layer.diff_id.as_deref(), None));
        Ok(Self { archive, layer })
    }

    /// Reads what is left, and says whether all of it was what it should be.
    pub fn finish(mut self) -> Outcome {
        // Where nobody has said how long it is, it may never end.
        let most = if self.layer.compression == Compression::Detect { limits::BEHIND_BYTES } else { u64::MAX };
        drain(&mut self.archive, most)?;
        let archive = self.archive.get_mut();
        let raw = archive.inner.inner.raw();
        // Whoever inflates stops where his format ends; a digest does not.
        drain(raw, most)?;
        raw.get_mut().check(self.layer.digest.as_deref(), "the blob is")?;
        archive.check(self.layer.diff_id.as_deref(), "the archive in it is")
    }
}

impl Read for Blob<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.archive.read(buffer)
    }
}

fn drain(reader: &mut impl BufRead, most: u64) -> Outcome {
    let mut left = most;
    loop {
        let got = reader.fill_buf()?.len();
        if got == 0 {
            return Ok(());
        }
        left = left.checked_sub(got as u64).ok_or_else(|| Refusal::damaged("more and more comes behind its end"))?;
        reader.consume(got);
    }
}
