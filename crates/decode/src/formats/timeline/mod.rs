//! fupan's own incident timeline, in YAML or JSON: what did people see, decide and say, and when?
//!
//! A file is declarative: it says all that it has to say about an incident, entries carry an `id`, and
//! reading an edited file again replaces what changed and retracts what is gone. Ingest learns what
//! a file declares through [`crate::RecordSink::declared`], which is called only where every entry could
//! be read, so that a slip of the pen never retracts anything.
//!
//! Records are numbered 1 for the head of a document, then entry by entry.

mod document;
mod emit;
pub(crate) mod node;
pub(crate) mod table;
mod when;

use chrono_tz::Tz;

use self::document::Document;
use self::node::Node;
use crate::formats::{document_text, reject};
use crate::{Chunk, DecodeOptions, Decoder, Framing, Place, RecordSink};

pub(crate) use self::document::{did_you_mean, json_array, known_type};
use self::emit::timeline_source;

/// JSON Schema of timeline files, for editors.
pub fn timeline_json_schema() -> &'static str {
    include_str!("timeline.schema.json")
}

/// Reads timeline files.
pub(crate) struct Timeline {
    zone: Tz,
    source: String,
}

impl Timeline {
    pub(crate) fn new(options: &DecodeOptions) -> Self {
        Self { zone: options.zone, source: timeline_source(&options.source) }
    }
}

impl Decoder for Timeline {
    fn framing(&self) -> Framing {
        Framing::Document
    }

    fn decode(&self, chunk: Chunk<'_>, sink: &mut dyn RecordSink) {
        let Some(text) = document_text(&chunk, sink) else { return };
        // A byte order mark is no part of the text.
        let text_start = chunk.offset_of(text);
        let mut record = chunk.first_record;
        let documents = match Node::parse_all(text) {
            Ok(documents) => documents,
            Err(reason) => {
                let place = Place { record, byte_offset: chunk.byte_offset };
                return reject(sink, place, reason, chunk.bytes);
            }
        };
        for node in &documents {
            match Document::read(node, self.zone) {
                Ok(document) => {
                    let first = Place { record, byte_offset: text_start };
                    record = emit::emit(&document, text, &self.source, first, sink);
                }
                Err(reason) => {
                    let piece = text.get(node.bytes.clone());
                    let start = piece.map_or(0, |_| node.bytes.start as u64);
                    let place = Place { record, byte_offset: text_start + start };
                    reject(sink, place, reason, piece.unwrap_or(text).as_bytes());
                    record += 1;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
