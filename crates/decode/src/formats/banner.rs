//! Records of a source that begins with lines of something else.
//!
//! Those lines are rejects like any line that cannot be read; what follows is read as if it stood alone.

use fupan_model::{Change, IncidentEvent, LogRecord, MetricPoint, SpanRecord};

use super::reject;
use crate::framing::Records;
use crate::{Chunk, DeclaredDocument, Decoder, Framing, Header, Place, RecordSink, SeriesPoint};

/// Why a line of the banner is no record.
pub(crate) const BANNER_REASON: &str = "the line stands before the records and is none of them";

/// Rejects the first lines and gives the others to the decoder of the format.
pub(crate) struct BehindBanner {
    inner: Box<dyn Decoder>,
    /// Where the banner ends.
    banner_end: u64,
    /// How many records it makes.
    records: u64,
}

impl BehindBanner {
    pub(crate) fn new(inner: Box<dyn Decoder>, banner: &[u8]) -> Self {
        let records = Records::new(inner.framing(), banner).count() as u64;
        Self { inner, banner_end: banner.len() as u64, records }
    }

    /// The bytes of a chunk that belong to the banner, and those behind it.
    fn split<'a>(&self, bytes: &'a [u8], byte_offset: u64) -> (&'a [u8], &'a [u8]) {
        let left = usize::try_from(self.banner_end.saturating_sub(byte_offset)).unwrap_or(usize::MAX);
        bytes.split_at(left.min(bytes.len()))
    }
}

impl Decoder for BehindBanner {
    fn framing(&self) -> Framing {
        self.inner.framing()
    }

    fn record_bytes_max(&self) -> usize {
        self.inner.record_bytes_max()
    }

    fn count_records(&self, bytes: &[u8], byte_offset: u64) -> u64 {
        let (banner, rest) = self.split(bytes, byte_offset);
        let rest_offset = (byte_offset + banner.len() as u64).saturating_sub(self.banner_end);
        let of_rest = if rest.is_empty() { 0 } else { self.inner.count_records(rest, rest_offset) };
        Records::new(self.framing(), banner).count() as u64 + of_rest
    }

    fn banner_records(&self) -> u64 {
        self.records
    }

    fn header(&self) -> Option<Header<'_>> {
        self.inner.header()
    }

    fn name_of_source(&self) -> Option<&str> {
        self.inner.name_of_source()
    }

    fn decode(&self, chunk: Chunk<'_>, sink: &mut dyn RecordSink) {
        let (banner, rest) = self.split(chunk.bytes, chunk.byte_offset);
        let mut next_record = chunk.first_record;
        for line in Records::new(self.framing(), banner) {
            let place = Place { record: next_record, byte_offset: chunk.byte_offset + line.offset as u64 };
            reject(sink, place, BANNER_REASON.to_owned(), line.bytes);
            next_record += 1;
        }
        if !rest.is_empty() {
            let byte_offset = (chunk.byte_offset + banner.len() as u64).saturating_sub(self.banner_end);
            let chunk = Chunk { bytes: rest, first_record: next_record, byte_offset };
            self.inner.decode(chunk, &mut Shifted { sink, by: self.banner_end });
        }
    }
}

/// Gives places as they are in the whole source.
struct Shifted<'s> {
    sink: &'s mut dyn RecordSink,
    by: u64,
}

impl Shifted<'_> {
    const fn place(&self, place: Place) -> Place {
        Place { record: place.record, byte_offset: place.byte_offset + self.by }
    }
}

impl RecordSink for Shifted<'_> {
    fn log(&mut self, place: Place, record: LogRecord<'_>) {
        self.sink.log(self.place(place), record);
    }

    fn metric(&mut self, place: Place, point: MetricPoint<'_>) {
        self.sink.metric(self.place(place), point);
    }

    fn series_point(&mut self, place: Place, point: SeriesPoint<'_, '_>) {
        self.sink.series_point(self.place(place), point);
    }

    fn span(&mut self, place: Place, span: SpanRecord<'_>) {
        self.sink.span(self.place(place), span);
    }

    fn event(&mut self, place: Place, event: IncidentEvent) {
        self.sink.event(self.place(place), event);
    }

    fn change(&mut self, place: Place, change: Change) {
        self.sink.change(self.place(place), change);
    }

    fn rows_of(&mut self, header: Option<Header<'_>>) {
        self.sink.rows_of(header);
    }

    fn reject(&mut self, place: Place, reason: String, bytes: &[u8]) {
        self.sink.reject(self.place(place), reason, bytes);
    }

    fn assumed_zone(&mut self) {
        self.sink.assumed_zone();
    }

    fn assumed_year(&mut self) {
        self.sink.assumed_year();
    }

    fn declared(&mut self, document: DeclaredDocument) {
        self.sink.declared(document);
    }
}
