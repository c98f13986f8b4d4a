//! Plain, gzip or zstd bytes → decompressed bytes; the compression is told by its magic number.

use std::io::{BufReader, Chain, Cursor, Read};

use flate2::read::MultiGzDecoder;

use crate::SourceProblem;
use crate::limits;
use crate::source::SourceReader;

type Raw = Counted<BufReader<Chain<Cursor<Vec<u8>>, SourceReader>>>;

/// A decompressing reader.
pub(crate) struct Decompressed {
    stream: Stream,
    read: u64,
}

enum Stream {
    Plain(Raw),
    Gzip(Box<MultiGzDecoder<Raw>>),
    Zstd(Box<zstd::stream::read::Decoder<'static, BufReader<Raw>>>),
}

/// Counts compressed bytes.
pub(crate) struct Counted<R> {
    inner: R,
    count: u64,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.count += count as u64;
        Ok(count)
    }
}

impl Decompressed {
    pub(crate) fn new(mut source: SourceReader) -> Result<Self, SourceProblem> {
        let unreadable = |error: std::io::Error| SourceProblem::Unreadable { reason: error.to_string() };
        let mut magic = Vec::new();
        source.by_ref().take(4).read_to_end(&mut magic).map_err(unreadable)?;
        let is_gzip = magic.starts_with(&[0x1f, 0x8b]);
        let is_zstd = magic.starts_with(&[0x28, 0xb5, 0x2f, 0xfd]);
        let raw = Counted {
            inner: BufReader::with_capacity(256 << 10, Cursor::new(magic).chain(source)),
            count: 0,
        };
        let stream = if is_gzip {
            Stream::Gzip(Box::new(MultiGzDecoder::new(raw)))
        } else if is_zstd {
            Stream::Zstd(Box::new(zstd::stream::read::Decoder::new(raw).map_err(unreadable)?))
        } else {
            Stream::Plain(raw)
        };
        Ok(Self { stream, read: 0 })
    }

    /// Compressed bytes taken so far.
    pub(crate) fn compressed(&self) -> u64 {
        match &self.stream {
            Stream::Plain(raw) => raw.count,
            Stream::Gzip(decoder) => decoder.get_ref().count,
            Stream::Zstd(decoder) => decoder.get_ref().get_ref().count,
        }
    }

    /// Appends up to `limit` bytes to `buffer`; fewer only at the end of the stream.
    pub(crate) fn fill(&mut self, buffer: &mut Vec<u8>, limit: usize) -> Result<usize, SourceProblem> {
        let before = buffer.len();
        let outcome = self.by_ref().take(limit as u64).read_to_end(buffer);
        let filled = buffer.len() - before;
        self.read += filled as u64;
        if let Err(error) = outcome {
            return Err(self.describe(&error));
        }
        let compressed = self.compressed().max(1);
        if self.read > limits::INFLATION_FREE_BYTES && self.read / compressed > limits::INFLATION_MAX {
            return Err(SourceProblem::Bomb { times: limits::INFLATION_MAX, bytes: self.read });
        }
        Ok(filled)
    }

    fn describe(&self, error: &std::io::Error) -> SourceProblem {
        let compression = match &self.stream {
            Stream::Plain(_) => return SourceProblem::Unreadable { reason: error.to_string() },
            Stream::Gzip(_) => "gzip",
            Stream::Zstd(_) => "zstd",
        };
        SourceProblem::Truncated { compression, bytes: self.read, reason: error.to_string() }
    }
}

impl Read for Decompressed {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        match &mut self.stream {
            Stream::Plain(raw) => raw.read(buffer),
            Stream::Gzip(decoder) => decoder.read(buffer),
            Stream::Zstd(decoder) => decoder.read(buffer),
        }
    }
}
