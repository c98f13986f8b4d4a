//! How do bytes go in, and how do records come out?

use fupan_model::{Change, IncidentEvent, LogRecord, MetricPoint, Micros, SpanRecord};

use crate::{Framing, Header, framing, limits};

/// Turns whole records into rows. Stateless between calls, so that chunks can be decoded in
/// parallel and in any order.
pub trait Decoder: Send + Sync {
    /// How the stream is cut into records.
    fn framing(&self) -> Framing;

    /// Decodes whole records; the last one may lack its line feed (end of the stream).
    fn decode(&self, chunk: Chunk<'_>, sink: &mut dyn RecordSink);

    /// The longest record that this decoder accepts. A reader that has buffered more than this
    /// without seeing a [`crate::last_boundary`] rejects the record itself (keeping a truncated
    /// piece of it) and goes on after the next line feed.
    fn record_bytes_max(&self) -> usize {
        match self.framing() {
            Framing::Lines | Framing::CsvRecords { .. } | Framing::JoinedLines { .. } => {
                limits::LINE_BYTES_MAX
            }
            // The count stands before the message.
            Framing::OctetCounted => limits::LINE_BYTES_MAX + 16,
            Framing::Document => limits::DOCUMENT_BYTES_MAX,
        }
    }

    /// How many records a chunk of whole records holds, without decoding it; a header is not a record.
    /// `byte_offset` is where the chunk begins in the decompressed source. For
    /// [`Framing::Document`] this is 1: the decoder numbers what it finds inside from 1.
    fn count_records(&self, bytes: &[u8], byte_offset: u64) -> u64 {
        let _ = byte_offset;
        framing::count_records(self.framing(), bytes)
    }

    /// How many of the records stand before those of the format and are rejects by themselves: that they cannot
    /// be read says nothing against the others.
    fn banner_records(&self) -> u64 {
        0
    }

    /// What the cells of a record are, where records are rows of a table.
    fn header(&self) -> Option<Header<'_>> {
        None
    }

    /// What the rows are called after the source, where their bytes do not say it: two files of the same
    /// bytes are then two, not one that was read twice.
    fn name_of_source(&self) -> Option<&str> {
        None
    }
}

/// Whole records out of a source.
#[derive(Debug, Clone, Copy)]
pub struct Chunk<'a> {
    /// The bytes, beginning at a record boundary.
    pub bytes: &'a [u8],
    /// Number of the first record in `bytes`, 1-based within the source; headers and blank lines
    /// do not count.
    pub first_record: u64,
    /// Where `bytes` begins in the decompressed source; decoders of tables know from it which record is
    /// the header.
    pub byte_offset: u64,
}

impl Chunk<'_> {
    /// Where a piece of the chunk's text begins in the decompressed source.
    pub(crate) fn offset_of(&self, piece: &str) -> u64 {
        self.byte_offset + (piece.as_ptr() as usize - self.bytes.as_ptr() as usize) as u64
    }
}

/// Where a record stood in its source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// 1-based number of the record.
    pub record: u64,
    /// Where it begins, in the decompressed source.
    pub byte_offset: u64,
}

/// A point of a series that is known by a number.
#[derive(Clone, Copy)]
pub struct SeriesPoint<'p, 'a> {
    /// Number of the series within the chunk, counted from 0: under one number stands one description.
    pub series: u32,
    /// What describes the series; its times and value do not count.
    pub describe: &'p dyn Fn() -> MetricPoint<'a>,
    /// When it was measured.
    pub timestamp: Micros,
    /// Start of the interval that it covers.
    pub start_timestamp: Option<Micros>,
    /// The value.
    pub value: f64,
}

impl<'a> SeriesPoint<'_, 'a> {
    /// The point with all that describes it.
    pub fn to_metric(&self) -> MetricPoint<'a> {
        let Self { timestamp, start_timestamp, value, .. } = *self;
        MetricPoint { timestamp, start_timestamp, value, ..(self.describe)() }
    }
}

/// Takes what a decoder finds.
///
/// One input record gives any number of rows of the same [`Place::record`], or exactly one reject. A
/// record that holds nothing (an empty OTLP batch) gives neither.
pub trait RecordSink {
    /// A log record.
    fn log(&mut self, place: Place, record: LogRecord<'_>);
    /// A metric point.
    fn metric(&mut self, place: Place, point: MetricPoint<'_>);
    /// A point of a series that comes again and again. Ingest overrides this: it looks at what describes the
    /// series once.
    fn series_point(&mut self, place: Place, point: SeriesPoint<'_, '_>) {
        self.metric(place, point.to_metric());
    }
    /// A trace span.
    fn span(&mut self, place: Place, span: SpanRecord<'_>);
    /// Something that happened to an incident.
    fn event(&mut self, place: Place, event: IncidentEvent);
    /// A change to the running system.
    fn change(&mut self, place: Place, change: Change);
    /// What is rejected from now on is of this table: a spreadsheet has several.
    fn rows_of(&mut self, _header: Option<Header<'_>>) {}
    /// A record that cannot be read: why, and its bytes (at most
    /// [`limits::REJECTED_BYTES_MAX`]; shorter than the record if it was longer).
    fn reject(&mut self, place: Place, reason: String, bytes: &[u8]);
    /// Called once per record whose time had no zone, so that the assumption can be counted.
    fn assumed_zone(&mut self);
    /// Called once per record whose time had no year: it was taken from [`crate::Origin::modified_at`].
    fn assumed_year(&mut self) {}
    /// A declarative document was read completely: what it no longer holds is to be retracted.
    fn declared(&mut self, _document: DeclaredDocument) {}
}

/// A timeline file declares all that it has to say about an incident.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeclaredDocument {
    /// The incident.
    pub incident_id: String,
    /// The document: equal to [`IncidentEvent::source`] of the events that came from it.
    pub document: String,
    /// All events that the document declares now. Events from the same document and incident that
    /// are not among them were changed (an event with the same attribute `entry_id` takes their
    /// place) or are gone.
    pub event_ids: Vec<String>,
}
