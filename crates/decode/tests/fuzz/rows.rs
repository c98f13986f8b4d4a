//! What came out of a decoder, small enough to compare a million times.

use std::fmt::{Debug, Write};

use fupan_decode::{DeclaredDocument, Place, RecordSink};
use fupan_model::{Change, IncidentEvent, LogRecord, MetricPoint, SpanRecord};

/// Rows and rejects as a digest, and where they stood.
#[derive(Debug, Default)]
pub(crate) struct Rows {
    digest: Digest,
    /// Of rows, without repetition.
    pub(crate) rows: Vec<Place>,
    pub(crate) rejects: Vec<Reject>,
    pub(crate) assumed: (usize, usize),
}

#[derive(Debug)]
pub(crate) struct Reject {
    pub(crate) place: Place,
    pub(crate) reason: String,
    pub(crate) bytes: Vec<u8>,
}

impl Rows {
    pub(crate) fn digest(&self) -> (u64, usize, (usize, usize)) {
        (self.digest.0, self.rejects.len(), self.assumed)
    }

    fn take(&mut self, place: Place, row: &dyn Debug) {
        if self.rows.last() != Some(&place) {
            self.rows.push(place);
        }
        let _ = write!(self.digest, "{place:?}{row:?}");
    }
}

impl RecordSink for Rows {
    fn log(&mut self, place: Place, record: LogRecord<'_>) {
        self.take(place, &record);
    }
    fn metric(&mut self, place: Place, point: MetricPoint<'_>) {
        self.take(place, &point);
    }
    fn span(&mut self, place: Place, span: SpanRecord<'_>) {
        self.take(place, &span);
    }
    fn event(&mut self, place: Place, event: IncidentEvent) {
        self.take(place, &event);
    }
    fn change(&mut self, place: Place, change: Change) {
        self.take(place, &change);
    }
    fn reject(&mut self, place: Place, reason: String, bytes: &[u8]) {
        let _ = write!(self.digest, "{place:?}{reason}");
        self.rejects.push(Reject { place, reason, bytes: bytes.to_vec() });
    }
    fn assumed_zone(&mut self) {
        self.assumed.0 += 1;
    }
    fn assumed_year(&mut self) {
        self.assumed.1 += 1;
    }
    fn declared(&mut self, document: DeclaredDocument) {
        let _ = write!(self.digest, "{document:?}");
    }
}

/// Eight bytes at a time, as `FxHash` does: nothing here has to withstand an attack.
#[derive(Debug, Clone, Copy, Default)]
struct Digest(u64);

impl Digest {
    fn take(&mut self, bytes: u64) {
        self.0 = (self.0.rotate_left(5) ^ bytes).wrapping_mul(0x517C_C1B7_2722_0A95);
    }
}

impl Write for Digest {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        let (words, rest) = text.as_bytes().as_chunks::<8>();
        for word in words {
            self.take(u64::from_le_bytes(*word));
        }
        for byte in rest {
            self.take(u64::from(*byte));
        }
        self.take(text.len() as u64);
        Ok(())
    }
}
