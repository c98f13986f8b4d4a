//! OpenTelemetry protocol in JSON: batches of logs, metrics or traces, one object per line or one document.
//!
//! Source: opentelemetry-proto 1.x and its JSON mapping: 64-bit numbers are strings, enums are numbers or
//! names, ids are hex. A line or document is one record, however many rows it holds.

mod logs;
mod metrics;
mod number;
mod proto;
mod traces;

use serde::Deserialize;

use self::proto::{ResourceLogs, ResourceMetrics, ResourceSpans};
use super::json_records::{framing_of, walk_json};
use super::log_fields::KeyCache;
use crate::json::{check_depth, reason};
use crate::{Chunk, Decoder, Framing, RecordSink, limits};

/// A batch of any signal.
#[derive(Deserialize)]
struct Batch<'a> {
    #[serde(borrow, default, rename = "resourceLogs", alias = "resource_logs")]
    logs: Vec<ResourceLogs<'a>>,
    #[serde(borrow, default, rename = "resourceMetrics", alias = "resource_metrics")]
    metrics: Vec<ResourceMetrics<'a>>,
    #[serde(borrow, default, rename = "resourceSpans", alias = "resource_spans")]
    spans: Vec<ResourceSpans<'a>>,
}

pub(crate) struct Otlp {
    framing: Framing,
}

impl Otlp {
    pub(crate) fn open(head: &[u8]) -> Self {
        // A head that a long line fills is that line's beginning.
        let is_one_line = head.starts_with(b"{\"") && !head.contains(&b'\n');
        Self { framing: if is_one_line { Framing::Lines } else { framing_of(head, &[]) } }
    }
}

impl Decoder for Otlp {
    fn framing(&self) -> Framing {
        self.framing
    }

    fn record_bytes_max(&self) -> usize {
        match self.framing {
            Framing::Document => limits::DOCUMENT_BYTES_MAX,
            _ => limits::OTLP_LINE_BYTES_MAX,
        }
    }

    fn decode(&self, chunk: Chunk<'_>, sink: &mut dyn RecordSink) {
        let mut keys = KeyCache::default();
        walk_json(self.framing, &[], chunk, limits::OTLP_LINE_BYTES_MAX, sink, &mut |place, text, sink| {
            check_depth(text)?;
            let batch: Batch<'_> = sonic_rs::from_str(text).map_err(|error| reason(&error, text))?;
            // Either rows or one reject: everything is read before the first row is sent.
            let logs = logs::records(&batch.logs)?;
            let points = metrics::points(&batch.metrics, &mut keys)?;
            let spans = traces::spans(&batch.spans)?;
            for record in logs {
                sink.log(place, record);
            }
            for point in points {
                sink.metric(place, point);
            }
            for span in spans {
                sink.span(place, span);
            }
            Ok(())
        });
    }
}

#[cfg(test)]
mod tests;
