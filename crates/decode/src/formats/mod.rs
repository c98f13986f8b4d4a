//! Which decoder reads which format? One module per format, and what they share.

pub(crate) mod access_log;
pub(crate) mod alerts;
mod banner;
mod borrowed;
pub(crate) mod changes;
mod cloudwatch_logs;
mod cloudwatch_metrics;
pub(crate) mod counts;
mod csv_logs;
pub(crate) mod csv_metrics;
mod damaged;
mod docker;
pub(crate) mod elasticsearch;
mod embedded;
mod github;
mod grafana;
mod incident_io;
mod incident_record;
pub(crate) mod influx_line;
mod jira;
mod journald;
mod json_lines;
pub(crate) mod json_records;
mod kubernetes_events;
mod log_builder;
pub(crate) mod log_fields;
mod log_values;
pub(crate) mod logfmt;
mod loki;
mod mapped;
mod mapped_events;
mod mapped_metrics;
mod metric_labels;
pub(crate) mod openmetrics;
mod opsgenie;
pub(crate) mod other_line;
mod otlp;
mod pagerduty;
mod pairs;
mod prometheus;
mod quantity;
pub(crate) mod slack;
pub(crate) mod statuspage;
pub(crate) mod syslog;
mod table;
mod text_log;
pub(crate) mod timeline;
pub(crate) mod traces;
mod wrapped;
pub(crate) mod xlsx;

#[cfg(test)]
mod exports_tests;
#[cfg(test)]
mod log_fixtures;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::str::Utf8Error;

#[cfg(test)]
pub(crate) use self::banner::BANNER_REASON;
pub(crate) use self::json_records::sample_json;
pub(crate) use self::table::Table;
use crate::framing::{Records, is_blank, unpadded};
use crate::{
    Chunk, DecodeError, DecodeOptions, Decoder, Detection, Framing, InputFormat, Origin, Place, RecordSink,
    limits,
};

/// Makes the decoder for a source of which the head is known, and nothing of where it lay.
pub fn open(
    detection: &Detection,
    head: &[u8],
    options: &DecodeOptions,
) -> Result<Box<dyn Decoder>, DecodeError> {
    open_from(detection, head, options, Origin::default())
}

/// Makes the decoder for a source of which the head and the origin are known.
pub fn open_from(
    detection: &Detection,
    head: &[u8],
    options: &DecodeOptions,
    origin: Origin,
) -> Result<Box<dyn Decoder>, DecodeError> {
    let decoder = match detection.banner_bytes {
        0 => open_format(detection, head, options, origin)?,
        bytes => {
            let end = bytes + (head.len() - unpadded(head).len());
            let (banner, rest) = head.split_at_checked(end).unwrap_or((head, &[]));
            let inner = open_format(detection, rest, options, origin)?;
            Box::new(banner::BehindBanner::new(inner, banner))
        }
    };
    Ok(match origin.transcoded_from {
        Some(encoding) => Box::new(damaged::RejectDamaged { inner: decoder, encoding }),
        None => decoder,
    })
}

fn open_format(
    detection: &Detection,
    head: &[u8],
    options: &DecodeOptions,
    origin: Origin,
) -> Result<Box<dyn Decoder>, DecodeError> {
    let head = head.get(..limits::HEAD_BYTES_MAX).unwrap_or(head);
    if let Some(name) = &detection.mapping {
        let mapping = options.mappings.iter().find(|mapping| mapping.name == *name).ok_or_else(|| {
            DecodeError::Mapping {
                name: name.clone(),
                reason: "it is not among the mappings given".to_owned(),
            }
        })?;
        return Ok(Box::new(mapped::Mapped::open(mapping, head, options)?));
    }
    Ok(match detection.format {
        InputFormat::JsonLines if docker::looks_like(head) => Box::new(docker::Docker { zone: options.zone }),
        InputFormat::JsonLines => Box::new(json_lines::JsonLines::open(head, options)),
        InputFormat::OtlpJson => Box::new(otlp::Otlp::open(head)),
        InputFormat::CsvLogs => Box::new(csv_logs::CsvLogs::open(head, options)?),
        InputFormat::CsvMetricsLong => Box::new(csv_metrics::CsvMetrics::open(head, false, options)?),
        InputFormat::CsvMetricsWide => Box::new(csv_metrics::CsvMetrics::open(head, true, options)?),
        InputFormat::CsvTraces => Box::new(traces::CsvTraces::open(head, options)?),
        InputFormat::PrometheusQueryRange => Box::new(prometheus::Prometheus),
        InputFormat::Timeline => Box::new(timeline::Timeline::new(options)),
        InputFormat::TimelineCsv => Box::new(timeline::table::TimelineCsv::open(head, options)?),
        InputFormat::Statuspage => Box::new(statuspage::Statuspage::open(head, options)),
        InputFormat::Alerts => Box::new(alerts::Alerts::open(head, options)),
        InputFormat::Changes => Box::new(changes::ChangesJson::open(head, options)),
        InputFormat::ChangesCsv => Box::new(changes::ChangesCsv::open(head, options)?),
        InputFormat::TracesJson => Box::new(traces::TracesJson::open(head, options)),
        InputFormat::Openmetrics => Box::new(openmetrics::OpenMetrics::open(head, origin.scraped_at)),
        InputFormat::InfluxLine => Box::new(influx_line::InfluxLine { written_at: origin.scraped_at }),
        InputFormat::CloudwatchMetrics => {
            Box::new(cloudwatch_metrics::CloudwatchMetrics::open(head, options))
        }
        InputFormat::Pagerduty => Box::new(pagerduty::PagerDuty::open(head, options)),
        InputFormat::Opsgenie => Box::new(opsgenie::Opsgenie::open(head, options)),
        InputFormat::IncidentIo => Box::new(incident_io::IncidentIo::open(head, options)),
        InputFormat::Slack => Box::new(slack::Slack::open(head, options)),
        InputFormat::Jira => Box::new(jira::Jira::open(head, options)),
        InputFormat::Github => Box::new(github::GitHub::open(head, options)),
        InputFormat::GrafanaAnnotations => Box::new(grafana::Grafana::open(head, options)),
        InputFormat::KubernetesEvents => Box::new(kubernetes_events::KubernetesEvents::open(head, options)),
        InputFormat::Xlsx => Box::new(xlsx::Xlsx::open(options)),
        InputFormat::AccessLog => Box::new(access_log::AccessLog::open(options)),
        InputFormat::Syslog => Box::new(syslog::Syslog::open(head, options, origin)),
        InputFormat::Journald => Box::new(journald::Journald),
        InputFormat::Logfmt => Box::new(logfmt::Logfmt::open(options)),
        InputFormat::TextLog => Box::new(text_log::TextLog::open(options, origin)),
        InputFormat::Loki => Box::new(loki::Loki::open(head, options)),
        InputFormat::Elasticsearch => Box::new(elasticsearch::Elasticsearch::open(head, options)),
        InputFormat::CloudwatchLogs => Box::new(cloudwatch_logs::CloudwatchLogs::open(head, options)),
    })
}

/// What reads one record's text and sends its rows; an error makes it a reject.
pub(crate) type ReadText<'r, 'a> =
    &'r mut dyn FnMut(Place, &'a str, &mut dyn RecordSink) -> Result<(), String>;

/// Walks the records of a chunk as text. Those that are too long, no UTF-8 or refused by `read` go to
/// the sink as rejects; what begins before `rows_start` is a table's header.
pub(crate) fn walk_text<'a>(
    framing: Framing,
    rows_start: u64,
    chunk: Chunk<'a>,
    bytes_max: usize,
    sink: &mut dyn RecordSink,
    read: ReadText<'_, 'a>,
) {
    // Validating the whole chunk at once is faster than line by line; a slice of it is then free.
    let whole = simdutf8::basic::from_utf8(chunk.bytes).ok();
    let records = Records::new(framing, chunk.bytes);
    let rows = records.filter(|row| chunk.byte_offset + row.offset as u64 >= rows_start);
    for (at, record) in rows.enumerate() {
        let place = Place {
            record: chunk.first_record + at as u64,
            byte_offset: chunk.byte_offset + record.offset as u64,
        };
        if record.bytes.len() > bytes_max {
            let reason = format!("the record is longer than {bytes_max} bytes");
            reject(sink, place, reason, record.bytes);
            continue;
        }
        let end = record.offset + record.bytes.len();
        let text = match whole.and_then(|whole| whole.get(record.offset..end)) {
            Some(text) => Ok(text),
            None => std::str::from_utf8(record.bytes),
        };
        let outcome = match text {
            Ok(text) => read(place, text, sink),
            Err(error) => Err(not_utf8(error)),
        };
        if let Err(reason) = outcome {
            reject(sink, place, reason, record.bytes);
        }
    }
}

fn not_utf8(error: Utf8Error) -> String {
    let at = error.valid_up_to();
    format!(
        "not UTF-8 text: byte {at} cannot be read; is it another encoding? ingest again with --encoding NAME"
    )
}

/// Rejects a record with at most [`limits::REJECTED_BYTES_MAX`] of its bytes. A reason quotes what it is
/// about, which may be as long as a record.
pub(crate) fn reject(sink: &mut dyn RecordSink, place: Place, mut reason: String, bytes: &[u8]) {
    if reason.len() > limits::REASON_BYTES_MAX {
        reason.truncate(reason.floor_char_boundary(limits::REASON_BYTES_MAX));
        reason.push('…');
    }
    sink.reject(place, reason, bytes.get(..limits::REJECTED_BYTES_MAX).unwrap_or(bytes));
}

/// The whole document as text, or its reject; white space is no document.
pub(crate) fn document_text<'a>(chunk: &Chunk<'a>, sink: &mut dyn RecordSink) -> Option<&'a str> {
    if is_blank(chunk.bytes) {
        return None;
    }
    let place = Place { record: chunk.first_record, byte_offset: chunk.byte_offset };
    if chunk.bytes.len() > limits::DOCUMENT_BYTES_MAX {
        let limit = limits::DOCUMENT_BYTES_MAX >> 20;
        let reason = format!(
            "the document is larger than {limit} MiB and cannot be read in pieces; export it as lines"
        );
        reject(sink, place, reason, chunk.bytes);
        return None;
    }
    match std::str::from_utf8(unpadded(chunk.bytes)) {
        Ok(text) => Some(text),
        Err(error) => {
            reject(sink, place, not_utf8(error), chunk.bytes);
            None
        }
    }
}

/// A piece of input for a message: not too long.
pub(crate) fn text_of(text: &str) -> Cow<'_, str> {
    const SHOWN: usize = 60;
    if text.char_indices().nth(SHOWN).is_none() {
        return Cow::Borrowed(text);
    }
    // The rules for personal data see messages, too, but would not know the head of a secret.
    let clean = fupan_redact::redact(text, &mut fupan_redact::Counts::default());
    match clean.char_indices().nth(SHOWN) {
        Some((end, _)) => Cow::Owned(format!("{}…", clean.get(..end).unwrap_or_default())),
        None => clean,
    }
}
