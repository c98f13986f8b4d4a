//! Prometheus' text exposition and `OpenMetrics`: what did a scrape, or a dump of the database, see?
//!
//! Source: <https://prometheus.io/docs/instrumenting/exposition_formats/> and the `OpenMetrics`
//! specification 1.0. The first counts time in milliseconds, the second in seconds; the magnitude tells
//! which. Histograms and summaries are series with the labels `le` and `quantile`, as Prometheus stores
//! them. `NaN` is what a stale series or an empty summary shows: a missing value, no zero, and no row.
//! An exemplar becomes a point of its own (`…_exemplar`) so that its trace id stays and the series does
//! not fall apart.
//!
//! One scrape says no time: its samples are rejected unless the caller knows when it was made.

mod sample;

use std::borrow::Cow;
use std::collections::HashMap;

use fupan_model::{MetricPoint, Micros};

pub(crate) use self::sample::series as series_of;
use self::sample::{Line, Sample};
use super::log_fields::KeyCache;
use super::metric_labels::series;
use super::{reject, text_of, walk_text};
use crate::framing::Records;
use crate::time::{EpochUnit, parse_epoch};
use crate::{Chunk, Decoder, Framing, Place, RecordSink, limits};

pub(crate) struct OpenMetrics {
    framing: Framing,
    scraped_at: Option<Micros>,
}

/// What `# TYPE` and `# UNIT` say about a family of series.
#[derive(Debug, Default, Clone)]
struct Family<'a> {
    kind: Option<&'a str>,
    unit: Option<&'a str>,
}

/// Endings that a family's series carry.
const SUFFIXES: [&str; 8] = ["_total", "_bucket", "_sum", "_count", "_created", "_info", "_gsum", "_gcount"];

impl OpenMetrics {
    pub(crate) fn open(head: &[u8], scraped_at: Option<Micros>) -> Self {
        // What a family is stands before its series, maybe far before: such a source is read as a whole.
        // A dump without types is read line by line and may be of any size.
        let has_types = memchr::memmem::find(head, b"# TYPE ").is_some();
        Self { framing: if has_types { Framing::Document } else { Framing::Lines }, scraped_at }
    }
}

impl Decoder for OpenMetrics {
    fn framing(&self) -> Framing {
        self.framing
    }

    fn decode(&self, chunk: Chunk<'_>, sink: &mut dyn RecordSink) {
        if chunk.bytes.len() > limits::DOCUMENT_BYTES_MAX {
            let place = Place { record: chunk.first_record, byte_offset: chunk.byte_offset };
            let limit = limits::DOCUMENT_BYTES_MAX >> 20;
            let reason = format!(
                "the exposition is larger than {limit} MiB; leave out its # TYPE lines to read it line by line"
            );
            return reject(sink, place, reason, chunk.bytes);
        }
        let mut keys = KeyCache::default();
        let mut families: HashMap<Cow<'_, str>, Family<'_>> = HashMap::new();
        walk_text(Framing::Lines, 0, chunk, limits::LINE_BYTES_MAX, sink, &mut |place, text, sink| {
            match sample::read(text)? {
                // Read line by line, a chunk knows nothing of what stood before it.
                _ if text.starts_with('#') && self.framing == Framing::Lines => {}
                Line::Type { family, kind } => families.entry(family).or_default().kind = Some(kind),
                Line::Unit { family, unit } => families.entry(family).or_default().unit = Some(unit),
                Line::Comment => {}
                Line::Sample(sample) => self.send(*sample, &families, &mut keys, place, sink)?,
            }
            Ok(())
        });
    }
}

impl OpenMetrics {
    fn send(
        &self,
        sample: Sample<'_>,
        families: &HashMap<Cow<'_, str>, Family<'_>>,
        keys: &mut KeyCache,
        place: Place,
        sink: &mut dyn RecordSink,
    ) -> Result<(), String> {
        let at = match sample.timestamp {
            Some(text) => instant(text)?,
            None => self.scraped_at.ok_or(
                "the sample has no timestamp: a scrape does not say when it was made; give its time, or export from Prometheus with query_range",
            )?,
        };
        let exemplar = sample.exemplar.filter(|exemplar| !exemplar.value.is_nan()).map(|exemplar| {
            let mut labels = sample.labels.clone();
            labels.extend(exemplar.labels);
            let name = Cow::Owned(format!("{}_exemplar", sample.name));
            (name, labels, exemplar.value, exemplar.timestamp)
        });
        let exemplar_at = exemplar.as_ref().and_then(|(.., text)| *text).map(instant).transpose()?;
        if !sample.value.is_nan() {
            let family = family_of(&sample.name, families);
            let (metric_type, temporality) = type_of(family.kind);
            let unit = family.unit.map(|unit| Cow::Owned(unit.to_owned()));
            let template = series(sample.name, sample.labels, keys);
            sink.metric(
                place,
                MetricPoint {
                    timestamp: at,
                    value: sample.value,
                    unit,
                    metric_type,
                    temporality,
                    ..template
                },
            );
        }
        if let Some((name, labels, value, _)) = exemplar {
            sink.metric(
                place,
                MetricPoint { timestamp: exemplar_at.unwrap_or(at), value, ..series(name, labels, keys) },
            );
        }
        Ok(())
    }
}

fn instant(text: &str) -> Result<Micros, String> {
    parse_epoch(text, EpochUnit::ByMagnitude)
        .map_err(|error| format!("the timestamp {:?} {error}", text_of(text)))
}

fn family_of<'f>(name: &str, families: &HashMap<Cow<'_, str>, Family<'f>>) -> Family<'f> {
    let mut candidates =
        std::iter::once(name).chain(SUFFIXES.iter().filter_map(|suffix| name.strip_suffix(suffix)));
    candidates.find_map(|name| families.get(name)).cloned().unwrap_or_default()
}

/// The words of the store for a type of Prometheus.
fn type_of(kind: Option<&str>) -> (Option<Cow<'static, str>>, Option<Cow<'static, str>>) {
    let (metric_type, temporality) = match kind {
        Some("counter") => ("sum", Some("cumulative")),
        Some("histogram") => ("histogram", Some("cumulative")),
        Some("summary") => ("summary", Some("cumulative")),
        Some("gauge" | "stateset" | "info" | "gaugehistogram") => ("gauge", None),
        _ => return (None, None),
    };
    (Some(Cow::Borrowed(metric_type)), temporality.map(Cow::Borrowed))
}

/// One broken line among so many good ones spoils no file.
const BROKEN_SHARE: usize = 3;

/// Why the head is an exposition, if it is one.
pub(crate) fn recognise(head: &[u8]) -> Option<&'static str> {
    let (mut samples, mut labelled, mut typed, mut broken) = (0, 0, 0, 0);
    let end = head.iter().rposition(|byte| *byte == b'\n').map_or(head.len(), |at| at + 1);
    for record in Records::new(Framing::Lines, head.get(..end)?).take(limits::HEAD_RECORDS_MAX) {
        let text = std::str::from_utf8(record.bytes).ok()?;
        match sample::read(text) {
            Ok(Line::Type { .. } | Line::Unit { .. }) => typed += 1,
            Ok(Line::Sample(sample)) => {
                samples += 1;
                // Without types and labels any two words could be a sample.
                labelled += usize::from(!sample.labels.is_empty());
            }
            Ok(Line::Comment) if text.starts_with("# HELP ") || text.trim() == "# EOF" => labelled += 1,
            Ok(Line::Comment) => {}
            Err(_) => broken += 1,
        }
    }
    if samples <= BROKEN_SHARE * broken {
        return None;
    }
    match (typed, labelled) {
        (0, 0) => None,
        (0, _) => Some("its lines are samples of Prometheus: name{labels} value timestamp"),
        _ => Some("it has the # TYPE lines of Prometheus' text format"),
    }
}

#[cfg(test)]
mod tests;
