//! Sources → decoded, enriched rows → the store, exactly once, with every record accounted for.
//!
//! A source is decompressed and cut into chunks on one thread, chunks are decoded and turned into
//! columns on all cores, and groups of them are committed in order while the next ones are decoded.
//! Memory is bounded by the chunks in flight, whatever the input's size.

mod archive;
mod chunks;
mod collect;
mod commits;
mod contested;
mod decode;
mod enrich;
mod error;
mod guard;
mod holes;
mod identified;
mod inside;
mod keyed;
mod known;
pub mod limits;
mod named;
mod people;
mod pipeline;
mod read;
mod reader;
mod report;
mod rows;
mod sample;
mod samples;
mod sink;
mod source;
mod timed;
mod workers;

pub use error::{IngestError, SourceProblem};
pub use named::place_digits;
pub use people::{BY_HAND, add_events};
pub use pipeline::{IngestSettings, Progress, ingest};
pub use report::{Counts, IngestReport, ShownReject, SourceHistory, SourceReport};
pub use sample::{Sample, sample};
pub use source::{Source, SourcePlace, find_sources, find_sources_anywhere, without_twins};
