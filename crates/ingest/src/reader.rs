//! Plain, gzip or zstd bytes → decompressed text in UTF-8; the compression is told by its magic number.

use std::cell::Cell;
use std::fmt;
use std::io::{BufRead, BufReader, Chain, Cursor, Read};
use std::rc::Rc;

use flate2::read::MultiGzDecoder;
use fupan_decode::{Encoding, Transcoding};

use crate::SourceProblem;
use crate::holes::Holes;
use crate::limits;

type Bytes<'a> = Box<dyn Read + 'a>;
type Raw<'a> = Counted<BufReader<Chain<Cursor<Vec<u8>>, Bytes<'a>>>>;

/// Bytes taken from the disk and bytes given to decoders, over all members of an archive: layers of
/// compression multiply, and members may share their bytes.
#[derive(Debug, Clone, Default)]
pub(crate) struct Inflation {
    taken: Rc<Cell<u64>>,
    given: Rc<Cell<u64>>,
}

impl Inflation {
    /// All bytes on disk are known beforehand.
    pub(crate) fn of_size(size: u64) -> Self {
        let inflation = Self::default();
        inflation.taken.set(size);
        inflation
    }

    fn take(&self, bytes: u64) {
        self.taken.set(self.taken.get() + bytes);
    }

    fn give(&self, bytes: u64) -> Result<(), SourceProblem> {
        self.given.set(self.given.get() + bytes);
        check(self.given.get(), self.taken.get())
    }

    /// Compressed bytes taken so far.
    pub(crate) fn taken(&self) -> u64 {
        self.taken.get()
    }
}

fn check(given: u64, taken: u64) -> Result<(), SourceProblem> {
    if given > limits::INFLATION_FREE_BYTES && given / taken.max(1) > limits::INFLATION_MAX {
        return Err(SourceProblem::Bomb { times: limits::INFLATION_MAX, bytes: given });
    }
    Ok(())
}

/// Counts what comes from the disk.
pub(crate) struct FromDisk<'a> {
    inner: Bytes<'a>,
    inflation: Inflation,
}

impl<'a> FromDisk<'a> {
    pub(crate) fn new(inner: Bytes<'a>, inflation: Inflation) -> Self {
        Self { inner, inflation }
    }
}

impl Read for FromDisk<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.inflation.take(count as u64);
        Ok(count)
    }
}

/// A decompressing reader. Its errors say what is wrong with which layer: see [`problem_of`].
pub(crate) struct Decompressed<'a> {
    stream: Stream<'a>,
    read: u64,
}

enum Stream<'a> {
    Plain(Raw<'a>),
    Gzip(Box<BufReader<MultiGzDecoder<Raw<'a>>>>),
    Zstd(Box<BufReader<zstd::stream::read::Decoder<'static, BufReader<Raw<'a>>>>>),
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

impl<R: BufRead> BufRead for Counted<R> {
    fn fill_buf(&mut self) -> std::io::Result<&[u8]> {
        self.inner.fill_buf()
    }

    fn consume(&mut self, count: usize) {
        self.inner.consume(count);
        self.count += count as u64;
    }
}

impl<'a> Decompressed<'a> {
    pub(crate) fn new(mut source: Bytes<'a>) -> Result<Self, SourceProblem> {
        let mut magic = Vec::new();
        source.by_ref().take(4).read_to_end(&mut magic).map_err(|error| problem_of(&error))?;
        let is_gzip = magic.starts_with(&[0x1f, 0x8b]);
        let is_zstd = magic.starts_with(&[0x28, 0xb5, 0x2f, 0xfd]);
        let raw = Counted { inner: stepwise(Cursor::new(magic).chain(source)), count: 0 };
        let stream = if is_gzip {
            Stream::Gzip(Box::new(stepwise(MultiGzDecoder::new(raw))))
        } else if is_zstd {
            let decoder = zstd::stream::read::Decoder::new(raw).map_err(|error| problem_of(&error))?;
            Stream::Zstd(Box::new(stepwise(decoder)))
        } else {
            Stream::Plain(raw)
        };
        Ok(Self { stream, read: 0 })
    }

    fn compressed(&self) -> u64 {
        match &self.stream {
            Stream::Plain(raw) => raw.count,
            Stream::Gzip(decoder) => decoder.get_ref().get_ref().count,
            Stream::Zstd(decoder) => decoder.get_ref().get_ref().get_ref().count,
        }
    }

    fn describe(&self, error: std::io::Error) -> std::io::Error {
        if find_problem(&error).is_some() {
            return error;
        }
        let compression = match &self.stream {
            Stream::Plain(_) => return error,
            Stream::Gzip(_) => "gzip",
            Stream::Zstd(_) => "zstd",
        };
        into_error(SourceProblem::of_decompression(compression, self.read, &error))
    }
}

impl Decompressed<'_> {
    fn stream(&mut self) -> &mut dyn BufRead {
        match &mut self.stream {
            Stream::Plain(raw) => raw,
            Stream::Gzip(decoder) => decoder,
            Stream::Zstd(decoder) => decoder,
        }
    }
}

impl BufRead for Decompressed<'_> {
    fn fill_buf(&mut self) -> std::io::Result<&[u8]> {
        match self.stream().fill_buf().map(<[u8]>::len) {
            Ok(count) => check(self.read + count as u64, self.compressed()).map_err(into_error)?,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => return Err(error),
            Err(error) => return Err(self.describe(error)),
        }
        // What is there already, again.
        self.stream().fill_buf()
    }

    fn consume(&mut self, count: usize) {
        self.stream().consume(count);
        self.read += count as u64;
    }
}

impl Read for Decompressed<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let count = self.fill_buf()?.read(buffer)?;
        self.consume(count);
        Ok(count)
    }
}

fn stepwise<R: Read>(reader: R) -> BufReader<R> {
    BufReader::with_capacity(limits::READ_STEP_BYTES, reader)
}

/// How a package of compressed parts begins: a ZIP archive, a spreadsheet.
pub(crate) const PACKAGE: &[u8] = b"PK\x03\x04";

/// What decoders read: decompressed, in UTF-8, and without holes.
pub(crate) struct Text<'a> {
    text: Layer<'a>,
    /// None of binary data, to which they belong.
    holes: Option<Holes>,
    inflation: Inflation,
}

type Whole<'a> = Chain<Cursor<Vec<u8>>, Decompressed<'a>>;

enum Layer<'a> {
    AsItIs(Whole<'a>),
    Transcoded(Box<BufReader<Transcoding<Whole<'a>>>>),
}

impl<'a> Text<'a> {
    /// `head` is what was taken off `rest` already. A spreadsheet is read as it is.
    pub(crate) fn new(
        head: Vec<u8>,
        rest: Decompressed<'a>,
        encoding: Option<Encoding>,
        inflation: Inflation,
    ) -> Self {
        let holes = (!head.starts_with(PACKAGE)).then(Holes::default);
        let mut head = head;
        // An editor's byte order mark makes no other text of it.
        if encoding.is_none() && head.starts_with(b"\xEF\xBB\xBF") {
            head.drain(..3);
        }
        let whole = Cursor::new(head).chain(rest);
        let text = match encoding {
            None => Layer::AsItIs(whole),
            Some(encoding) => Layer::Transcoded(Box::new(stepwise(Transcoding::new(whole, encoding)))),
        };
        Self { text, holes, inflation }
    }

    /// Compressed bytes taken so far.
    pub(crate) fn compressed(&self) -> u64 {
        self.inflation.taken()
    }

    /// Appends `limit` bytes to `buffer`, or a few more; fewer only at the end of the stream, or before damage.
    pub(crate) fn fill(&mut self, buffer: &mut Vec<u8>, limit: usize) -> Result<usize, SourceProblem> {
        let before = buffer.len();
        loop {
            let from = buffer.len();
            let missing = (before + limit).saturating_sub(from);
            let outcome = match &mut self.text {
                Layer::AsItIs(text) => fill(text, buffer, missing),
                Layer::Transcoded(text) => fill(text.as_mut(), buffer, missing),
            };
            self.inflation.give((buffer.len() - from) as u64)?;
            if let Some(holes) = &mut self.holes {
                holes.take_out(buffer, from);
            }
            if outcome? < missing || buffer.len() >= before + limit {
                return Ok(buffer.len() - before);
            }
        }
    }
}

/// As [`Text::fill`], of any reader. The bytes are appended from the reader's own buffer: room that is made for
/// them first is cleared first.
pub(crate) fn fill(
    source: &mut dyn BufRead,
    buffer: &mut Vec<u8>,
    limit: usize,
) -> Result<usize, SourceProblem> {
    let before = buffer.len();
    loop {
        let wanted = before + limit - buffer.len();
        if wanted == 0 {
            return Ok(limit);
        }
        let found = match source.fill_buf() {
            Ok([]) => return Ok(buffer.len() - before),
            Ok(found) => found.get(..wanted).unwrap_or(found),
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(problem_of(&error)),
        };
        // Most files are smaller than a step; whatever is longer is read as far as it may be.
        if buffer.len() > before {
            buffer.reserve(wanted);
        }
        buffer.extend_from_slice(found);
        let count = found.len();
        source.consume(count);
    }
}

/// A problem on its way through layers that know input errors only.
#[derive(Debug)]
struct Problem(SourceProblem);

impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

impl std::error::Error for Problem {}

/// See [`problem_of`].
pub(crate) fn into_error(problem: SourceProblem) -> std::io::Error {
    std::io::Error::other(Problem(problem))
}

/// What a lower layer found, or that the source cannot be read.
pub(crate) fn problem_of(error: &std::io::Error) -> SourceProblem {
    find_problem(error).cloned().unwrap_or_else(|| SourceProblem::Unreadable { reason: error.to_string() })
}

/// What a lower layer found; archive readers wrap it.
pub(crate) fn find_problem(error: &std::io::Error) -> Option<&SourceProblem> {
    let mut inner: Option<&(dyn std::error::Error + 'static)> =
        error.get_ref().map(|inner| inner as &(dyn std::error::Error + 'static));
    while let Some(error) = inner {
        if let Some(Problem(problem)) = error.downcast_ref::<Problem>() {
            return Some(problem);
        }
        // An input error shows what it holds only through itself, not as its source.
        inner = match error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref) {
            Some(held) => Some(held),
            None => error.source(),
        };
    }
    None
}
