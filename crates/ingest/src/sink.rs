//! Takes what a decoder finds in one chunk and sorts it into the tables.

use arrow::error::ArrowError;
use fupan_decode::{DeclaredDocument, Header, Place, RecordSink, SeriesPoint, limits};
use fupan_model::{Change, IncidentEvent, LogRecord, MetricPoint, Micros, SpanRecord};

use crate::guard::{Guard, Privacy};
use crate::rows::{ChangeRows, EventRows, LogRows, MetricRows, QuarantineRows, SpanRows};

/// Everything that one chunk gave. Builders are made when the first row of their kind arrives.
pub(crate) struct ChunkSink {
    expected_rows: usize,
    pub(crate) guard: Guard,
    pub(crate) logs: Option<LogRows>,
    pub(crate) metrics: Option<MetricRows>,
    pub(crate) spans: Option<SpanRows>,
    pub(crate) events: EventRows,
    pub(crate) changes: ChangeRows,
    pub(crate) quarantine: QuarantineRows,
    pub(crate) documents: Vec<DeclaredDocument>,
    /// Records that gave rows.
    pub(crate) records_with_rows: u64,
    /// Rows of telemetry.
    pub(crate) telemetry_rows: u64,
    pub(crate) assumed_zone_records: u64,
    pub(crate) assumed_year_records: u64,
    pub(crate) first: Option<Micros>,
    pub(crate) last: Option<Micros>,
    /// Our bug, if ever: a builder refused a row.
    pub(crate) failure: Option<ArrowError>,
    last_record: Option<u64>,
}

impl ChunkSink {
    /// With room for so many rows, once the first of a kind arrives.
    pub(crate) fn new(privacy: Privacy, expected_rows: usize) -> Self {
        Self {
            expected_rows,
            guard: Guard::new(privacy),
            logs: None,
            metrics: None,
            spans: None,
            events: EventRows::default(),
            changes: ChangeRows::default(),
            quarantine: QuarantineRows::default(),
            documents: Vec::new(),
            records_with_rows: 0,
            telemetry_rows: 0,
            assumed_zone_records: 0,
            assumed_year_records: 0,
            first: None,
            last: None,
            failure: None,
            last_record: None,
        }
    }

    fn saw(&mut self, place: Place, at: Option<Micros>) {
        if self.last_record != Some(place.record) {
            self.last_record = Some(place.record);
            self.records_with_rows += 1;
        }
        if let Some(at) = at {
            self.first = Some(self.first.map_or(at, |first| first.min(at)));
            self.last = Some(self.last.map_or(at, |last| last.max(at)));
        }
    }

    fn note(&mut self, outcome: Result<(), ArrowError>) {
        self.telemetry_rows += 1;
        if let Err(error) = outcome {
            self.failure.get_or_insert(error);
        }
    }
}

impl RecordSink for ChunkSink {
    fn log(&mut self, place: Place, record: LogRecord<'_>) {
        self.saw(place, Some(record.timestamp));
        let outcome = self
            .logs
            .get_or_insert_with(|| LogRows::with_room(self.expected_rows))
            .push(&record, place.record);
        self.note(outcome);
    }

    fn metric(&mut self, place: Place, point: MetricPoint<'_>) {
        self.saw(place, Some(point.timestamp));
        if is_missing(point.value) {
            return;
        }
        let outcome = self.metrics.get_or_insert_with(|| MetricRows::with_room(self.expected_rows)).push(
            point,
            place.record,
            &mut self.guard,
        );
        self.note(outcome);
    }

    fn series_point(&mut self, place: Place, point: SeriesPoint<'_, '_>) {
        self.saw(place, Some(point.timestamp));
        if is_missing(point.value) {
            return;
        }
        let outcome = self
            .metrics
            .get_or_insert_with(|| MetricRows::with_room(self.expected_rows))
            .push_known(point, place.record, &mut self.guard);
        self.note(outcome);
    }

    fn span(&mut self, place: Place, mut span: SpanRecord<'_>) {
        self.guard.span(&mut span);
        self.saw(place, Some(span.timestamp));
        let outcome = self
            .spans
            .get_or_insert_with(|| SpanRows::with_room(self.expected_rows))
            .push(&span, place.record);
        self.note(outcome);
    }

    fn event(&mut self, place: Place, mut event: IncidentEvent) {
        self.guard.event(&mut event);
        self.saw(place, event.occurred_at);
        self.events.0.push((event, place.record));
    }

    fn change(&mut self, place: Place, mut change: Change) {
        self.guard.change(&mut change);
        self.saw(place, Some(change.occurred_at));
        self.changes.0.push((change, place.record));
    }

    fn rows_of(&mut self, header: Option<Header<'_>>) {
        self.guard.rows_of(header);
    }

    fn reject(&mut self, place: Place, reason: String, bytes: &[u8]) {
        // What the rules take makes it shorter, and is not what is missing.
        let is_truncated = bytes.len() >= limits::REJECTED_BYTES_MAX;
        let (reason, bytes) = self.guard.reject(reason, bytes);
        self.quarantine.push(place, reason, &bytes, is_truncated);
    }

    fn assumed_zone(&mut self) {
        self.assumed_zone_records += 1;
    }

    fn assumed_year(&mut self) {
        self.assumed_year_records += 1;
    }

    fn declared(&mut self, document: DeclaredDocument) {
        self.documents.push(document);
    }
}

/// Not a number: how exporters write a value that is missing (a stale series, an empty summary). It is no row:
/// the least of values of which one is none is none, or wrong.
const fn is_missing(value: f64) -> bool {
    value.is_nan()
}
