//! JSON as a list, as a document with a list in it, or line by line: where are the records?

use std::borrow::Cow;

use fupan_model::{Change, IncidentEvent, LogRecord, MetricPoint, SpanRecord};

use super::{ReadText, document_text, reject, walk_text};
use crate::json::{Scan, check_depth, reason, visit_members, visit_object};
use crate::{Chunk, Framing, Place, RecordSink};

/// Lines if the first line is a whole JSON object, else one document. A single line that holds a list of
/// records is a document too.
pub(crate) fn framing_of(head: &[u8], list_keys: &[&str]) -> Framing {
    let head = crate::framing::unpadded(head).trim_ascii();
    let mut lines = head.splitn(2, |byte| *byte == b'\n');
    let first = std::str::from_utf8(lines.next().unwrap_or_default()).unwrap_or_default().trim();
    if visit_object(first, &mut |_, _| {}).is_err() {
        return Framing::Document;
    }
    let is_alone = lines.next().is_none();
    if is_alone && list_of(first, list_keys).is_ok_and(|list| list.is_some()) {
        return Framing::Document;
    }
    Framing::Lines
}

/// Calls `read` for each record's JSON text. In a document the records are the elements of the list,
/// or of the first of `list_keys` that the document has, or the document itself.
pub(crate) fn walk_json<'a>(
    framing: Framing,
    list_keys: &[&str],
    chunk: Chunk<'a>,
    bytes_max: usize,
    sink: &mut dyn RecordSink,
    read: ReadText<'_, 'a>,
) {
    if framing == Framing::Lines {
        walk_text(framing, 0, chunk, bytes_max, sink, &mut |place, line, sink| {
            match list_of(line, list_keys)? {
                // A line that is a document of its own stays one record: either all of its rows or one
                // reject, so that it is read for faults first.
                Some(list) => {
                    elements(list).try_for_each(|element| read(place, element?, &mut Discard))?;
                    elements(list).try_for_each(|element| read(place, element?, sink))
                }
                None => read(place, line, sink),
            }
        });
        return;
    }
    let Some(text) = document_text(&chunk, sink) else { return };
    let mut place = Place { record: chunk.first_record, byte_offset: chunk.byte_offset };
    // A first line longer than the head looked like a document.
    if is_lines_after_all(text) && document_list(text, list_keys).is_err() {
        return walk_json(Framing::Lines, list_keys, chunk, bytes_max, sink, read);
    }
    for document in documents(text, list_keys) {
        place.byte_offset = chunk.offset_of(document);
        match document_list(document, list_keys) {
            Err(reason) => {
                reject(sink, place, reason, document.as_bytes());
                place.record += 1;
            }
            Ok(None) => {
                if let Err(reason) = read(place, document, sink) {
                    reject(sink, place, reason, document.as_bytes());
                }
                place.record += 1;
            }
            Ok(Some(list)) => walk_list(list, &chunk, &mut place, sink, read),
        }
    }
}

/// The list in a document; none where the document is a record by itself.
fn document_list<'a>(document: &'a str, list_keys: &[&str]) -> Result<Option<&'a str>, String> {
    if document.trim_start().starts_with('[') {
        return check_depth(document).map(|()| Some(document.trim()));
    }
    list_of(document, list_keys)
}

/// Reads the elements of a list, and of those that follow it: pages of an export, one behind the other.
fn walk_list<'a>(
    list: &'a str,
    chunk: &Chunk<'_>,
    place: &mut Place,
    sink: &mut dyn RecordSink,
    read: ReadText<'_, 'a>,
) {
    let mut lists = Some(list);
    while let Some(list) = lists.take() {
        for element in elements_or_rest(list) {
            if let Err((_, rest)) = &element {
                lists = next_list(rest);
                if lists.is_some() {
                    break;
                }
            }
            let piece = element.as_ref().map_or_else(|(_, rest)| *rest, |element| *element);
            place.byte_offset = chunk.offset_of(piece);
            let outcome =
                element.map_err(|(reason, _)| reason).and_then(|element| read(*place, element, sink));
            if let Err(reason) = outcome {
                reject(sink, *place, reason, piece.as_bytes());
            }
            place.record += 1;
        }
    }
}

/// The list that begins behind the end of one: `][`, `], [`.
fn next_list(rest: &str) -> Option<&str> {
    let rest = rest.trim_start().strip_prefix(']')?.trim_start();
    let rest = rest.strip_prefix(',').unwrap_or(rest).trim_start();
    rest.starts_with('[').then_some(rest)
}

/// The text as one document, or as the objects that stand in it one after the other, however many lines
/// each takes: what a program prints that formats each of its records.
pub(super) fn documents<'a>(text: &'a str, list_keys: &[&str]) -> Vec<&'a str> {
    let is_object = text.trim_start().starts_with('{');
    let is_one = !is_object
        || match list_keys {
            [] => visit_members(text, &mut |_, _| {}).is_ok(),
            keys => list_of(text, keys).is_ok(),
        };
    if is_one {
        return vec![text];
    }
    let mut found = Vec::new();
    let (mut rest, mut broken) = (text, 0);
    while let Some(start) = rest.find(|letter: char| !letter.is_whitespace() && letter != ',') {
        rest = rest.get(start..).unwrap_or_default();
        let end = if rest.starts_with('{') && broken < BROKEN_MAX { object_end(rest) } else { None };
        let end = end.or_else(|| {
            broken += 1;
            rest.find("\n{").map(|at| at + 1).filter(|_| broken < BROKEN_MAX)
        });
        let (object, after) = rest.split_at_checked(end.unwrap_or(rest.len())).unwrap_or((rest, ""));
        found.push(object);
        rest = after;
    }
    // Text that is no object behind a single one: neither can be trusted.
    let is_several = found.iter().filter(|object| object.starts_with('{')).count() > 1;
    if is_several { found } else { vec![text] }
}

/// Objects that never end, after which what is left stays one piece: each is looked for to the end of the text.
const BROKEN_MAX: usize = 16;

/// Where the object ends with which the text begins; none where it does not. A text that is never closed
/// ends before a line that begins an object at the margin.
fn object_end(text: &str) -> Option<usize> {
    let mut scan = Scan::default();
    let mut is_after_line_feed = false;
    for (at, byte) in text.bytes().enumerate() {
        if byte == b'{' && is_after_line_feed && scan.in_string {
            return Some(at);
        }
        scan.take(byte);
        if scan.depth == 0 && !scan.in_string {
            return Some(at + 1);
        }
        is_after_line_feed = byte == b'\n';
    }
    None
}

/// The flat fields of the first records of a source of JSON, as far as its head goes.
pub(crate) fn sample_json(head: &[u8]) -> Vec<Vec<(String, String)>> {
    let framing = framing_of(head, &[]);
    let whole = if framing == Framing::Lines { crate::last_boundary(framing, head) } else { None };
    let bytes = head.get(..whole.unwrap_or(head.len())).unwrap_or(head);
    let chunk = Chunk { bytes, first_record: 1, byte_offset: 0 };
    let mut records = Vec::new();
    walk_json(framing, &[], chunk, crate::limits::LINE_BYTES_MAX, &mut Discard, &mut |_, text, _| {
        let record = flat_fields(text)?;
        if records.len() < crate::limits::HEAD_RECORDS_MAX {
            records.push(record);
        }
        Ok(())
    });
    records
}

/// The flat fields of a record, as texts.
pub(crate) fn flat_fields(record: &str) -> Result<Vec<(String, String)>, String> {
    let mut fields = Vec::new();
    visit_object(record, &mut |key, value| fields.push((key.into_owned(), value.into_text().into_owned())))?;
    Ok(fields)
}

fn is_lines_after_all(text: &str) -> bool {
    text.trim_start().starts_with('{') && framing_of(text.as_bytes(), &[]) == Framing::Lines
}

/// Takes rows that nobody keeps.
pub(super) struct Discard;

impl RecordSink for Discard {
    fn log(&mut self, _: Place, _: LogRecord<'_>) {}
    fn metric(&mut self, _: Place, _: MetricPoint<'_>) {}
    fn span(&mut self, _: Place, _: SpanRecord<'_>) {}
    fn event(&mut self, _: Place, _: IncidentEvent) {}
    fn change(&mut self, _: Place, _: Change) {}
    fn reject(&mut self, _: Place, _: String, _: &[u8]) {}
    fn assumed_zone(&mut self) {}
}

/// The list below the first of `keys` that the object has.
fn list_of<'a>(object: &'a str, keys: &[&str]) -> Result<Option<&'a str>, String> {
    if keys.is_empty() {
        return Ok(None);
    }
    let mut found: Option<(usize, &str)> = None;
    visit_members(object, &mut |key, raw| {
        for (rank, known) in
            keys.iter().enumerate().filter(|(rank, _)| found.is_none_or(|(best, _)| *rank < best))
        {
            // `data.list` leads into an object.
            let list = match known.split_once('.') {
                Some((outer, inner)) if outer == key && raw.starts_with('{') => {
                    list_of(raw, &[inner]).ok().flatten()
                }
                _ => (*known == key && raw.starts_with('[')).then_some(raw),
            };
            if let Some(list) = list {
                found = Some((rank, list));
                break;
            }
        }
    })?;
    Ok(found.map(|(_, raw)| raw))
}

/// The elements of a JSON list, the last one maybe an error.
pub(crate) fn elements(list: &str) -> impl Iterator<Item = Result<&str, String>> {
    elements_or_rest(list).map(|element| element.map_err(|(reason, _)| reason))
}

/// The elements of a JSON list; what follows a broken one cannot be told apart from it, and is the rest.
pub(crate) fn elements_or_rest(list: &str) -> impl Iterator<Item = Result<&str, (String, &str)>> {
    let mut is_over = false;
    let mut end = 1;
    let rest = |end| list.get(end..).unwrap_or_default();
    let mut inner = sonic_rs::to_array_iter(list);
    std::iter::from_fn(move || {
        if is_over {
            return None;
        }
        match inner.next() {
            Some(Ok(value)) => match value.as_raw_cow() {
                Cow::Borrowed(raw) => {
                    end = raw.as_ptr() as usize + raw.len() - list.as_ptr() as usize;
                    Some(Ok(raw))
                }
                Cow::Owned(_) => None,
            },
            Some(Err(error)) => {
                is_over = true;
                Some(Err((reason(&error, list), rest(end))))
            }
            None => {
                is_over = true;
                let tail = rest(end);
                let reason = || "there is text after the JSON list".to_owned();
                (tail.trim() != "]").then(|| Err((reason(), tail)))
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::testing::Collected;

    type Seen = Vec<(u64, u64, String)>;

    fn walk(text: &str, keys: &[&str]) -> (Seen, Vec<(u64, String)>) {
        let mut sink = Collected::default();
        let mut seen = Vec::new();
        let framing = framing_of(text.as_bytes(), keys);
        let chunk = Chunk { bytes: text.as_bytes(), first_record: 1, byte_offset: 0 };
        walk_json(framing, keys, chunk, 1 << 20, &mut sink, &mut |place, text, _| {
            seen.push((place.record, place.byte_offset, text.to_owned()));
            Ok(())
        });
        (seen, sink.rejects.into_iter().map(|(place, reason, _)| (place.record, reason)).collect())
    }

    #[test]
    fn lists_documents_and_lines() {
        let texts = |text: &str, keys: &[&str]| -> Vec<String> {
            walk(text, keys).0.into_iter().map(|(.., text)| text).collect()
        };
        assert_eq!(texts("[{\"a\":1},\n {\"a\":2}]", &[]), ["{\"a\":1}", "{\"a\":2}"]);
        assert_eq!(texts("{\n\"x\":0,\"alerts\":[{\"a\":1}]}", &["alerts"]), ["{\"a\":1}"]);
        assert_eq!(texts("{\"a\":1}\n{\"a\":2}\n", &["alerts"]), ["{\"a\":1}", "{\"a\":2}"]);
        assert_eq!(texts("{\n\"a\":1}", &["alerts"]), ["{\n\"a\":1}"]);
    }

    #[test]
    fn lists_stand_one_behind_the_other() {
        for text in [
            "[{\"a\":1}][{\"a\":2},{\"a\":3}]\n",
            "[{\"a\":1}]\n[{\"a\":2},\n{\"a\":3}]",
            "[{\"a\":1}],\n[],[{\"a\":2},{\"a\":3}]",
        ] {
            let (seen, rejects) = walk(text, &[]);
            assert_eq!(seen.iter().map(|(record, ..)| *record).collect::<Vec<_>>(), [1, 2, 3], "{text}");
            assert_eq!(rejects, [], "{text}");
        }
        let (seen, rejects) = walk("[{\"a\":1}]\nno list", &[]);
        assert_eq!((seen.len(), rejects.len()), (1, 1));
        assert_eq!(walk(&"[{\"a\":1}]".repeat(20_000), &[]).0.len(), 20_000);
    }

    #[test]
    fn records_are_numbered_and_placed() {
        let (seen, rejects) = walk("[\n {\"a\":1},\n {\"a\":2}\n]", &[]);
        assert_eq!(
            seen.iter().map(|(record, offset, _)| (*record, *offset)).collect::<Vec<_>>(),
            [(1, 3), (2, 13)]
        );
        assert_eq!(rejects, []);
    }

    #[test]
    fn a_single_line_with_a_list_is_a_document_and_several_are_lines() {
        let line = "{\"alerts\":[{\"a\":1},{\"a\":2}]}";
        let records =
            |text: &str| -> Vec<u64> { walk(text, &["alerts"]).0.iter().map(|seen| seen.0).collect() };
        assert_eq!(records(line), [1, 2]);
        // Every element is read twice: once for faults.
        assert_eq!(records(&format!("{line}\n{line}\n")), [1, 1, 1, 1, 2, 2, 2, 2]);
    }

    #[test]
    fn lines_longer_than_the_head_are_lines_all_the_same() {
        let line = format!("{{\"a\":\"{}\"}}\n", "x".repeat(100_000));
        let head = &line.as_bytes()[..64 << 10];
        assert_eq!(framing_of(head, &["alerts"]), Framing::Document);
        let text = line.repeat(3);
        let mut sink = Collected::default();
        let mut seen = Vec::new();
        let chunk = Chunk { bytes: text.as_bytes(), first_record: 1, byte_offset: 0 };
        walk_json(Framing::Document, &["alerts"], chunk, 1 << 20, &mut sink, &mut |place, _, _| {
            seen.push(place.record);
            Ok(())
        });
        assert_eq!((seen, sink.rejects.len()), (vec![1, 2, 3], 0));
    }

    #[test]
    fn text_after_a_document_is_not_dropped_in_silence() {
        for text in ["{\n\"alerts\":[{\"a\":1}]}\ntail", "{\n\"alerts\":[{\"a\":1}]}\n[1]"] {
            let (seen, rejects) = walk(text, &["alerts"]);
            assert_eq!(seen, []);
            assert!(rejects[0].1.contains("after the JSON object"));
        }
    }

    #[test]
    fn objects_one_after_the_other_are_records_however_many_lines_each_takes() {
        let records = |text: &str, keys: &[&str]| {
            let (seen, rejects) = walk(text, keys);
            let seen: Vec<_> = seen.iter().map(|(at, offset, _)| (*at, *offset)).collect();
            (seen, rejects.into_iter().map(|(at, _)| at).collect::<Vec<_>>())
        };
        assert_eq!(
            records("{\n \"a\":1\n}\n{\n \"a\":\"}{\"\n} {\"a\":3},\n", &[]),
            (vec![(1, 0), (2, 11), (3, 25)], vec![])
        );
        // A list in each, and a broken one between whole ones.
        let text = "{\n\"x\":[{\"a\":1},{\"a\":2}]}\n{\n\"x\":[{\"a\":3}]}";
        assert_eq!(records(text, &["x"]), (vec![(1, 7), (2, 15), (3, 32)], vec![]));
        for broken in ["{\n \"a\":\n", "{\n \"a\":\"open\n"] {
            let text = format!("{{\n \"a\":1\n}}\n{broken}{{\n \"a\":3\n}}\n");
            let (seen, _) = walk(&text, &[]);
            assert_eq!(seen.len(), 3, "{text}");
        }
    }

    #[test]
    fn a_document_cut_in_half_keeps_its_whole_records() {
        let (seen, rejects) = walk("[\n {\"a\":1},\n {\"a\":", &[]);
        assert_eq!(seen.len(), 1);
        assert_eq!(rejects, [(2, "the JSON ends in the middle (cut off?)".to_owned())]);
        let (seen, rejects) = walk("[{\"a\":1}] tail", &[]);
        assert_eq!((seen.len(), rejects.len()), (1, 1));
    }
}
