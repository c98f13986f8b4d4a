//! Which decoder reads which format? One module per format, and what they share.

pub(crate) mod alerts;
pub(crate) mod changes;
mod csv_logs;
pub(crate) mod csv_metrics;
mod json_lines;
pub(crate) mod json_records;
mod log_builder;
pub(crate) mod log_fields;
mod log_values;
mod mapped;
mod otlp;
mod pairs;
mod prometheus;
pub(crate) mod statuspage;
mod table;
pub(crate) mod timeline;
pub(crate) mod traces;

#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;

use std::borrow::Cow;

pub(crate) use self::table::Table;
use crate::framing::{Records, is_blank, without_bom};
use crate::{
    Chunk, DecodeError, DecodeOptions, Decoder, Detection, Framing, InputFormat, Place, RecordSink, limits,
};

/// Makes the decoder for a source of which the head is known.
pub fn open(
    detection: &Detection,
    head: &[u8],
    options: &DecodeOptions,
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
    let whole = std::str::from_utf8(chunk.bytes).ok();
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
            Err(error) => Err(format!("not UTF-8 text: byte {} cannot be read", error.valid_up_to())),
        };
        if let Err(reason) = outcome {
            reject(sink, place, reason, record.bytes);
        }
    }
}

/// Rejects a record with at most [`limits::REJECTED_BYTES_MAX`] of its bytes.
pub(crate) fn reject(sink: &mut dyn RecordSink, place: Place, reason: String, bytes: &[u8]) {
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
    match std::str::from_utf8(without_bom(chunk.bytes)) {
        Ok(text) => Some(text),
        Err(error) => {
            reject(
                sink,
                place,
                format!("not UTF-8 text: byte {} cannot be read", error.valid_up_to()),
                chunk.bytes,
            );
            None
        }
    }
}

/// A piece of input for a message: not too long.
pub(crate) fn text_of(text: &str) -> Cow<'_, str> {
    const SHOWN: usize = 60;
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => Cow::Owned(format!("{}…", text.get(..end).unwrap_or_default())),
        None => Cow::Borrowed(text),
    }
}
