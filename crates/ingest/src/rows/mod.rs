//! Decoded records → Arrow columns of the table contract, one builder per table.

mod changes;
pub(crate) mod columns;
mod events;
mod logs;
mod metrics;
mod quarantine;
mod spans;
mod words;

pub(crate) use changes::ChangeRows;
pub(crate) use events::EventRows;
pub(crate) use logs::LogRows;
pub(crate) use metrics::MetricRows;
pub(crate) use quarantine::QuarantineRows;
pub(crate) use spans::SpanRows;
