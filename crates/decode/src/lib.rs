//! Bytes → records or reasons.
//!
//! Each format is one module below [`formats`]. A source is looked at once ([`detect`]), opened once
//! ([`open`]), cut at record boundaries ([`last_boundary`]) and decoded chunk by chunk, in any order
//! and in parallel ([`Decoder::decode`]). Every input record ends in the sink exactly once: as rows
//! or as one reject with its reason; nothing is dropped in silence.
//!
//! This crate opens no files, reads no clock and never panics on input.

mod csv_text;
mod decimal;
mod decoder;
mod detect;
mod encoding;
mod error;
mod format;
mod formats;
mod framing;
mod header;
mod json;
pub mod limits;
mod line_time;
mod mapping;
mod options;
pub mod time;

pub use decoder::{Chunk, DeclaredDocument, Decoder, Place, RecordSink, SeriesPoint};
pub use detect::{Detection, detect};
pub use encoding::{DetectedEncoding, Encoding, Transcoding};
pub use error::DecodeError;
pub use format::{Framing, InputFormat, LINE_NANOSECONDS, RecordIdentity, RecordStart};
pub use formats::timeline::timeline_json_schema;
pub use formats::{open, open_from};
pub use framing::{count_records, last_boundary};
pub use header::Header;
pub use mapping::suggest::{mapping_name, suggest_mapping, suggest_mapping_in};
pub use mapping::{Mapping, mapping_json_schema};
pub use options::{DecodeOptions, Origin};
