//! What holds for everything that a decoder gives.

use fupan_decode::{Chunk, Decoder, Detection, Framing, InputFormat, Place, last_boundary, limits};

use crate::random::Random;
use crate::rows::Rows;

pub(crate) fn check(
    decoder: &dyn Decoder,
    detection: &Detection,
    input: &[u8],
    random: &mut Random,
) -> Result<(), String> {
    let whole = decode(decoder, input, input.len());
    places(decoder, detection, input, &whole)?;
    if random.one_in(8) && decode(decoder, input, input.len()).digest() != whole.digest() {
        return Err("the same bytes gave other rows the second time".to_owned());
    }
    if decoder.framing() != Framing::Document {
        let chunk_bytes = 1 + random.below(input.len().min(4096) + 1);
        let parts = decode(decoder, input, chunk_bytes);
        if parts.digest() != whole.digest() {
            return Err(format!("chunks of about {chunk_bytes} bytes gave other rows"));
        }
    }
    Ok(())
}

/// Decodes as an ingest does, cut at the last boundary of about so many bytes.
fn decode(decoder: &dyn Decoder, input: &[u8], chunk_bytes: usize) -> Rows {
    let mut found = Rows::default();
    let (mut start, mut first_record) = (0, 1);
    while start < input.len() {
        let rest = &input[start..];
        let mut size = chunk_bytes.min(rest.len());
        let cut = loop {
            if size == rest.len() {
                break size;
            }
            match last_boundary(decoder.framing(), &rest[..size]) {
                Some(cut) => break cut,
                None => size = (size * 2).min(rest.len()),
            }
        };
        let chunk = Chunk { bytes: &rest[..cut], first_record, byte_offset: start as u64 };
        decoder.decode(chunk, &mut found);
        first_record += decoder.count_records(chunk.bytes, chunk.byte_offset);
        start += cut;
    }
    found
}

/// Each record gives rows or exactly one reject, in order, at a place that exists.
fn places(decoder: &dyn Decoder, detection: &Detection, input: &[u8], found: &Rows) -> Result<(), String> {
    let mut all: Vec<(Place, bool)> = found.rows.iter().map(|place| (*place, false)).collect();
    all.extend(found.rejects.iter().map(|reject| (reject.place, true)));
    all.sort_unstable_by_key(|(place, _)| place.record);
    for pair in all.windows(2) {
        if pair[0].0.record == pair[1].0.record && (pair[0].1 || pair[1].1) {
            let reject = found.rejects.iter().find(|reject| reject.place.record == pair[0].0.record);
            let reason = reject.map(|reject| reject.reason.as_str()).unwrap_or_default();
            return Err(format!("record {} gave a reject and something else: {reason}", pair[0].0.record));
        }
    }
    if let Some((place, _)) = all.iter().find(|(place, _)| place.byte_offset > input.len() as u64) {
        return Err(format!("{place:?} is behind the end"));
    }
    if decoder.framing() != Framing::Document {
        let count = decoder.count_records(input, 0);
        if let Some((place, _)) = all.iter().find(|(place, _)| place.record < 1 || place.record > count) {
            return Err(format!("{place:?} is not among the {count} records"));
        }
        all.dedup_by_key(|(place, _)| place.record);
        if (all.len() as u64) < count && !may_hold_nothing(detection, input) {
            return Err(format!(
                "{} of {count} records gave neither rows nor a reject",
                count - all.len() as u64
            ));
        }
    }
    for reject in &found.rejects {
        if reject.reason.is_empty() || reject.reason.len() > 2_000 {
            return Err(format!("a reason of {} bytes", reject.reason.len()));
        }
        if reject.bytes.len() > limits::REJECTED_BYTES_MAX {
            return Err(format!("{} bytes of a reject are kept", reject.bytes.len()));
        }
        let from_there = input.get(reject.place.byte_offset as usize..).unwrap_or_default();
        // A byte order mark belongs to a document, and is no part of its text.
        let is_there = from_there.starts_with(&reject.bytes)
            || from_there.strip_prefix(b"\xEF\xBB\xBF").is_some_and(|rest| rest.starts_with(&reject.bytes));
        if !is_there && detection.format != InputFormat::Xlsx {
            return Err(format!("{:?} does not lead to the rejected bytes: {}", reject.place, reject.reason));
        }
    }
    Ok(())
}

/// Formats in which a record may say nothing: an empty batch, a row without values, a comment, the action
/// line of a bulk file. In all others only a line that is a document with an empty list does.
fn may_hold_nothing(detection: &Detection, input: &[u8]) -> bool {
    let has_empty_list = input
        .split(|byte| *byte == b'[')
        .skip(1)
        .any(|after| after.trim_ascii_start().first() == Some(&b']'));
    let may = matches!(
        detection.format,
        InputFormat::OtlpJson
            | InputFormat::CsvMetricsLong
            | InputFormat::CsvMetricsWide
            | InputFormat::Loki
            | InputFormat::Elasticsearch
            | InputFormat::CloudwatchLogs
            | InputFormat::CloudwatchMetrics
            | InputFormat::Openmetrics
            | InputFormat::InfluxLine
    );
    may || has_empty_list || detection.mapping.is_some()
}
