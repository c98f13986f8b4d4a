//! How many bytes a second does one core decode, for each format?
//!
//! `cargo bench -p fupan-decode --bench decoders [FORMAT]`: inputs of half a mebibyte, generated in the
//! shape of real ones, told, opened and decoded as one chunk of an ingest; rows are looked at and dropped.
//! The fastest sample is the one to read: the others shared their core.

#![expect(clippy::expect_used, reason = "a benchmark that cannot go on says so by panicking")]

mod inputs;

use divan::counter::BytesCount;
use divan::{Bencher, black_box};
use fupan_decode::{Chunk, DecodeOptions, Mapping, Origin, Place, RecordSink, detect, open_from};
use fupan_model::{Change, IncidentEvent, LogRecord, MetricPoint, Micros, SpanRecord};

use serde::de::IgnoredAny;

use inputs::Input;

fn main() {
    divan::main();
}

/// Looks at rows and drops them.
#[derive(Default)]
struct Rows {
    rows: u64,
    rejects: u64,
}

impl RecordSink for Rows {
    fn log(&mut self, _: Place, record: LogRecord<'_>) {
        self.rows += 1;
        black_box(record);
    }
    fn metric(&mut self, _: Place, point: MetricPoint<'_>) {
        self.rows += 1;
        black_box(point);
    }
    fn span(&mut self, _: Place, span: SpanRecord<'_>) {
        self.rows += 1;
        black_box(span);
    }
    fn event(&mut self, _: Place, event: IncidentEvent) {
        self.rows += 1;
        black_box(event);
    }
    fn change(&mut self, _: Place, change: Change) {
        self.rows += 1;
        black_box(change);
    }
    fn reject(&mut self, _: Place, _: String, _: &[u8]) {
        self.rejects += 1;
    }
    fn assumed_zone(&mut self) {}
}

#[divan::bench(args = inputs::ALL, sample_count = 40, sample_size = 1)]
fn decode(bencher: Bencher<'_, '_>, input: &Input) {
    let bytes = (input.text)().into_bytes();
    let mut options = DecodeOptions::new(chrono_tz::Asia::Shanghai, "bench");
    if !input.mapping.is_empty() {
        options.mappings.push(Mapping::parse(input.mapping).expect("mapping"));
    }
    let detection = detect(&bytes, false, &options).expect("a format");
    assert_eq!(detection.format.as_str(), input.format, "{}", input.name);
    let origin = Origin { modified_at: Some(Micros(1_794_000_000_000_000)), ..Origin::default() };
    let decoder = open_from(&detection, &bytes, &options, origin).expect("a decoder");
    bencher.counter(BytesCount::new(bytes.len())).bench_local(|| {
        let mut rows = Rows::default();
        decoder.decode(Chunk { bytes: &bytes, first_record: 1, byte_offset: 0 }, &mut rows);
        assert!(rows.rejects == 0 && rows.rows > 300, "{} rows, {} rejects", rows.rows, rows.rejects);
        rows.rows
    });
}

/// What cutting a stream costs on top: the last boundary of a chunk and the number of its records.
#[divan::bench(args = inputs::ALL, sample_count = 40, sample_size = 1)]
fn cut_and_count(bencher: Bencher<'_, '_>, input: &Input) {
    let bytes = (input.text)().into_bytes();
    let mut options = DecodeOptions::new(chrono_tz::Asia::Shanghai, "bench");
    if !input.mapping.is_empty() {
        options.mappings.push(Mapping::parse(input.mapping).expect("mapping"));
    }
    let detection = detect(&bytes, false, &options).expect("a format");
    let decoder = open_from(&detection, &bytes, &options, Origin::default()).expect("a decoder");
    bencher.counter(BytesCount::new(bytes.len())).bench_local(|| {
        let end = fupan_decode::last_boundary(decoder.framing(), &bytes).unwrap_or(bytes.len());
        decoder.count_records(&bytes[..end], 0)
    });
}

/// Inputs that stand for the others beside what their bytes cost at least.
fn measured() -> impl Iterator<Item = &'static Input> {
    inputs::ALL.iter().filter(|input| {
        ["json-lines", "otlp-metrics", "csv-metrics-long", "csv-metrics-wide-200"].contains(&input.name)
    })
}

/// The limit of memory: the bytes copied once.
#[divan::bench(args = measured(), sample_count = 40, sample_size = 1)]
fn limit_copy(bencher: Bencher<'_, '_>, input: &Input) {
    let bytes = (input.text)().into_bytes();
    let mut copy = bytes.clone();
    bencher.counter(BytesCount::new(bytes.len())).bench_local(|| {
        copy.copy_from_slice(black_box(&bytes));
        black_box(&copy);
    });
}

/// The limit of lines: every line feed looked for.
#[divan::bench(args = measured(), sample_count = 40, sample_size = 1)]
fn limit_lines(bencher: Bencher<'_, '_>, input: &Input) {
    let bytes = (input.text)().into_bytes();
    bencher
        .counter(BytesCount::new(bytes.len()))
        .bench_local(|| memchr::memchr_iter(b'\n', black_box(&bytes)).count());
}

/// The limit of JSON: each line parsed and nothing kept of it.
#[divan::bench(args = measured().filter(|input| input.format.contains("json")), sample_count = 40, sample_size = 1)]
fn limit_json(bencher: Bencher<'_, '_>, input: &Input) {
    let text = (input.text)();
    bencher.counter(BytesCount::new(text.len())).bench_local(|| {
        let parsed = text.lines().filter(|line| sonic_rs::from_str::<IgnoredAny>(line).is_ok());
        parsed.count()
    });
}
