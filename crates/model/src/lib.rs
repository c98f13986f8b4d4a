//! The words of the domain: what every other crate means by a log record, a metric point, an
//! incident event, a table or a setting.
//!
//! This crate holds values and their schemas. It does no I/O, reads no clock and knows nothing of
//! Delta, SQL or charts.

pub mod config;
pub mod events;
pub mod instant;
pub mod ledger;
pub mod records;
pub mod severity;
pub mod tables;

pub use config::Config;
pub use events::EventType;
pub use instant::{Micros, Precision};
pub use records::{Change, IncidentEvent, LogRecord, MetricPoint, RecordedAtBasis, SpanRecord};
pub use tables::Table;
