//! Answers of an HTTP API with log entries inside: where are the entries, and what is around them?

use super::json_records::{elements_or_rest, framing_of};
use super::{document_text, reject, walk_text};
use crate::framing::Records;
use crate::{Chunk, Framing, Place, RecordSink, limits};

/// An entry as it is written, and what its answer says about it.
pub(super) struct Entry<'a, T> {
    pub(super) raw: &'a str,
    pub(super) around: T,
}

/// The entries of an answer, in order; one that cannot be told apart from what follows is a reason and
/// the rest of the text.
pub(super) type Entries<'a, T> = Vec<Result<Entry<'a, T>, (String, &'a str)>>;

/// What reads one entry and sends its row; an error makes it a reject.
pub(super) type ReadEntry<'r, 'a, T> =
    &'r mut dyn FnMut(Place, &Entry<'a, T>, &mut dyn RecordSink) -> Result<(), String>;

/// Several answers, one per line, or a single one as a document, however it is laid out.
pub(super) fn framing(head: &[u8]) -> Framing {
    let is_lines = framing_of(head, &[]) == Framing::Lines;
    let has_several = Records::new(Framing::Lines, head).nth(1).is_some();
    if is_lines && has_several { Framing::Lines } else { Framing::Document }
}

/// The elements of a list as entries.
pub(super) fn entries_of<'a, T: Clone>(list: &'a str, around: &T, entries: &mut Entries<'a, T>) {
    let found = elements_or_rest(list);
    entries.extend(found.map(|element| element.map(|raw| Entry { raw, around: around.clone() })));
}

/// What says whether an entry can be read, without sending its row.
pub(super) type CheckEntry<'r, 'a, T> = &'r dyn Fn(&Entry<'a, T>) -> Result<(), String>;

/// Calls `read` for each entry. A line of its own is one record: all of its rows, or one reject, so that
/// all of its entries are checked before the first one is read; in a document each entry is a record.
pub(super) fn walk<'a, T>(
    framing: Framing,
    chunk: Chunk<'a>,
    sink: &mut dyn RecordSink,
    entries: &dyn Fn(&'a str) -> Result<Entries<'a, T>, String>,
    check: CheckEntry<'_, 'a, T>,
    read: ReadEntry<'_, 'a, T>,
) {
    if framing == Framing::Lines {
        walk_text(framing, 0, chunk, limits::OTLP_LINE_BYTES_MAX, sink, &mut |place, line, sink| {
            let found = entries(line)?;
            let found: Vec<Entry<'a, T>> =
                found.into_iter().collect::<Result<_, _>>().map_err(|(reason, _)| reason)?;
            if found.len() > 1 {
                found.iter().try_for_each(check)?;
            }
            found.iter().try_for_each(|entry| read(place, entry, sink))
        });
        return;
    }
    let Some(text) = document_text(&chunk, sink) else { return };
    let mut place = Place { record: chunk.first_record, byte_offset: chunk.byte_offset };
    let found = match entries(text) {
        Ok(found) => found,
        // A first line longer than the head looked like a document.
        Err(_) if self::framing(text.as_bytes()) == Framing::Lines => {
            return walk(Framing::Lines, chunk, sink, entries, check, read);
        }
        Err(reason) => return reject(sink, place, reason, chunk.bytes),
    };
    for entry in found {
        let raw = entry.as_ref().map_or_else(|(_, rest)| *rest, |entry| entry.raw);
        place.byte_offset = chunk.offset_of(raw);
        let outcome = entry.map_err(|(reason, _)| reason).and_then(|entry| read(place, &entry, sink));
        if let Err(reason) = outcome {
            reject(sink, place, reason, raw.as_bytes());
        }
        place.record += 1;
    }
}

/// The value of a key, as it is written; of duplicates the last.
pub(super) fn member<'a>(object: &'a str, key: &str) -> Result<Option<&'a str>, String> {
    let mut found = None;
    crate::json::visit_members(object, &mut |name, raw| {
        if name == key {
            found = Some(raw);
        }
    })?;
    Ok(found)
}
