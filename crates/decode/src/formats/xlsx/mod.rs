//! Spreadsheets (XLSX): which table does each sheet hold?
//!
//! A sheet becomes the CSV that it would be saved as, and is recognised and read like one: timelines,
//! changes, metrics, logs, whatever a mapping names. Records are numbered through all sheets. A sheet
//! that holds a table nobody knows is one reject; a sheet without a table is none.

mod inflate;
mod package;
mod sheet;

use std::panic::{AssertUnwindSafe, catch_unwind};

use fupan_model::{Change, IncidentEvent, LogRecord, MetricPoint, SpanRecord};

pub(crate) use self::package::looks_like;
use super::reject;
use crate::{
    Chunk, DeclaredDocument, DecodeOptions, Decoder, Framing, Header, InputFormat, Place, RecordSink, limits,
};

pub(crate) struct Xlsx {
    options: DecodeOptions,
}

impl Xlsx {
    pub(crate) fn open(options: &DecodeOptions) -> Self {
        // What was told of the format is about its tables.
        let format = options.format.filter(|format| *format != InputFormat::Xlsx);
        Self { options: DecodeOptions { format, ..options.clone() } }
    }
}

impl Decoder for Xlsx {
    fn framing(&self) -> Framing {
        Framing::Document
    }

    fn decode(&self, chunk: Chunk<'_>, sink: &mut dyn RecordSink) {
        if chunk.bytes.is_empty() {
            return;
        }
        let mut place = Place { record: chunk.first_record, byte_offset: chunk.byte_offset };
        let tables = match tables(chunk.bytes) {
            Ok(tables) if tables.is_empty() => {
                Err("no sheet holds a table with a header of names".to_owned())
            }
            other => other,
        };
        let tables = match tables {
            Ok(tables) => tables,
            Err(reason) => return reject(sink, place, reason, chunk.bytes),
        };
        let are_several = tables.len() > 1;
        for (name, csv) in tables {
            place.record = self.decode_sheet(&name, &csv, are_several, place, sink);
        }
    }
}

impl Xlsx {
    /// Sends the rows of a sheet; the number of the record after its last one. Metrics of one among several sheets have its
    /// name as a label: sheets of one service each have the same columns.
    fn decode_sheet(
        &self,
        name: &str,
        csv: &str,
        is_of_several: bool,
        place: Place,
        sink: &mut dyn RecordSink,
    ) -> u64 {
        let options =
            DecodeOptions { source: format!("{}#{name}", self.options.source), ..self.options.clone() };
        let head = csv.as_bytes().get(..limits::HEAD_BYTES_MAX).unwrap_or(csv.as_bytes());
        let opened = crate::detect(head, head.len() == csv.len(), &options)
            .and_then(|detection| super::open(&detection, head, &options));
        match opened {
            Ok(decoder) => {
                sink.rows_of(decoder.header());
                let label = is_of_several.then_some(name);
                let mut sheet =
                    Sheet { inner: sink, label, byte_offset: place.byte_offset, next: place.record };
                let chunk = Chunk { bytes: csv.as_bytes(), first_record: place.record, byte_offset: 0 };
                decoder.decode(chunk, &mut sheet);
                // A row that gave nothing has a number all the same.
                sheet.next.max(place.record + decoder.count_records(csv.as_bytes(), 0))
            }
            Err(error) => {
                let table = super::Table::read(head, "xlsx").ok();
                sink.rows_of(table.as_ref().map(super::Table::header));
                reject(sink, place, format!("sheet {name}: {error}"), csv.as_bytes());
                place.record + 1
            }
        }
    }
}

/// The tables of a workbook that is safe to unpack.
fn tables(bytes: &[u8]) -> Result<Vec<(String, String)>, String> {
    package::check(bytes)?;
    // The reader is made for files that people save; one that nobody could have saved must not end the run.
    catch_unwind(AssertUnwindSafe(|| sheet::tables(bytes)))
        .unwrap_or_else(|_| Err("the spreadsheet cannot be read; save the sheet as CSV".to_owned()))
}

/// Takes the rows of one sheet: they stand in the workbook as a whole.
struct Sheet<'s> {
    inner: &'s mut dyn RecordSink,
    label: Option<&'s str>,
    byte_offset: u64,
    next: u64,
}

impl Sheet<'_> {
    fn place(&mut self, place: Place) -> Place {
        self.next = self.next.max(place.record + 1);
        Place { record: place.record, byte_offset: self.byte_offset }
    }
}

impl RecordSink for Sheet<'_> {
    fn log(&mut self, place: Place, record: LogRecord<'_>) {
        let place = self.place(place);
        self.inner.log(place, record);
    }
    fn metric(&mut self, place: Place, mut point: MetricPoint<'_>) {
        let place = self.place(place);
        if let Some(label) = self.label {
            point.attributes.push(("sheet".into(), label.to_owned().into()));
        }
        self.inner.metric(place, point);
    }
    fn span(&mut self, place: Place, span: SpanRecord<'_>) {
        let place = self.place(place);
        self.inner.span(place, span);
    }
    fn event(&mut self, place: Place, event: IncidentEvent) {
        let place = self.place(place);
        self.inner.event(place, event);
    }
    fn change(&mut self, place: Place, change: Change) {
        let place = self.place(place);
        self.inner.change(place, change);
    }
    fn rows_of(&mut self, header: Option<Header<'_>>) {
        self.inner.rows_of(header);
    }
    fn reject(&mut self, place: Place, reason: String, bytes: &[u8]) {
        let place = self.place(place);
        self.inner.reject(place, reason, bytes);
    }
    fn assumed_zone(&mut self) {
        self.inner.assumed_zone();
    }
    fn assumed_year(&mut self) {
        self.inner.assumed_year();
    }
    fn declared(&mut self, document: DeclaredDocument) {
        self.inner.declared(document);
    }
}

#[cfg(test)]
mod tests;
