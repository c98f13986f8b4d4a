//! Where does a record end?
//!
//! The same scanner cuts chunks at record boundaries, counts records and walks them for decoding, so
//! that the three can never disagree. `bytes` always begins at a record boundary; the answer for a
//! prefix never changes when more bytes arrive.

use memchr::{memchr, memchr2, memrchr};

use crate::{Framing, RecordStart, limits};

/// End of the last whole record in `bytes`, or none if there is no whole one yet.
///
/// A document has no boundary: it ends with its stream.
pub fn last_boundary(framing: Framing, bytes: &[u8]) -> Option<usize> {
    match framing {
        Framing::Lines => memrchr(b'\n', bytes).map(|at| at + 1),
        Framing::CsvRecords { delimiter } => last_end(bytes, |rest| csv_record_end(rest, delimiter)),
        Framing::JoinedLines { start } => last_end(bytes, |rest| joined_end(rest, start, false)),
        Framing::OctetCounted => last_end(bytes, octet_counted_end),
        Framing::Document => None,
    }
}

/// End of the last record of which `record_end` knows the end.
fn last_end(bytes: &[u8], record_end: impl Fn(&[u8]) -> Option<usize>) -> Option<usize> {
    let mut end = None;
    let mut start = 0;
    while let Some(length) = record_end(bytes.get(start..).unwrap_or_default()) {
        start += length;
        end = Some(start);
    }
    end
}

/// Number of records in whole-record bytes; the last one may lack its line feed.
///
/// The header of a table counts here: [`crate::Decoder::count_records`] knows where it stands.
pub fn count_records(framing: Framing, bytes: &[u8]) -> u64 {
    match framing {
        Framing::Document => u64::from(!is_blank(bytes)),
        Framing::Lines | Framing::CsvRecords { .. } | Framing::JoinedLines { .. } | Framing::OctetCounted => {
            Records::new(framing, bytes).count() as u64
        }
    }
}

/// One record's bytes without its line end, and where it begins in the bytes that are walked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Framed<'a> {
    pub(crate) bytes: &'a [u8],
    pub(crate) offset: usize,
}

/// Walks the records in whole-record bytes, leaving out blank ones.
#[derive(Debug)]
pub(crate) struct Records<'a> {
    framing: Framing,
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Records<'a> {
    pub(crate) fn new(framing: Framing, bytes: &'a [u8]) -> Self {
        Self { framing, bytes, at: 0 }
    }

    /// Where the last record ended, with its line end and holes behind it.
    pub(crate) fn end(&self) -> usize {
        self.at
    }
}

impl<'a> Iterator for Records<'a> {
    type Item = Framed<'a>;

    fn next(&mut self) -> Option<Framed<'a>> {
        loop {
            let rest = self.bytes.get(self.at..).filter(|rest| !rest.is_empty())?;
            let length = match self.framing {
                Framing::Lines => memchr(b'\n', rest).map(|at| at + 1),
                // Whole records only: what ends here has ended.
                Framing::CsvRecords { delimiter } => csv_end(rest, delimiter).or_stray(rest, delimiter),
                Framing::JoinedLines { start } => joined_end(rest, start, true),
                Framing::OctetCounted => octet_counted_end(rest),
                Framing::Document => None,
            }
            .unwrap_or(rest.len());
            let offset = self.at;
            self.at += length;
            let record = rest.get(..length).unwrap_or(rest);
            if !is_blank(record) {
                let unpadded = unpadded(record);
                let offset = offset + (record.len() - unpadded.len());
                return Some(Framed { bytes: without_line_end(unpadded), offset });
            }
        }
    }
}

/// White space only (a byte order mark and NULs count as such).
pub(crate) fn is_blank(bytes: &[u8]) -> bool {
    unpadded(bytes).iter().all(u8::is_ascii_whitespace)
}

/// The bytes after a UTF-8 byte order mark, which editors and concatenated exports leave behind, and after NULs: a hole
/// in a log that was truncated while its program wrote on (`copytruncate`), or that a power cut left.
pub(crate) fn unpadded(bytes: &[u8]) -> &[u8] {
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    if bytes.first() != Some(&0) {
        return bytes;
    }
    let hole = bytes.iter().take_while(|byte| **byte == 0).count();
    bytes.get(hole..).unwrap_or_default()
}

/// The bytes before the line end, and before a hole behind it.
fn without_line_end(bytes: &[u8]) -> &[u8] {
    let hole = bytes.iter().rev().take_while(|byte| **byte == 0).count();
    let bytes = bytes.get(..bytes.len() - hole).unwrap_or_default();
    let bytes = bytes.strip_suffix(b"\n").unwrap_or(bytes);
    bytes.strip_suffix(b"\r").unwrap_or(bytes)
}

/// Length of the first record, its line feed included.
pub(crate) fn csv_record_end(bytes: &[u8], delimiter: u8) -> Option<usize> {
    match csv_end(bytes, delimiter) {
        CsvEnd::At(end) => Some(end),
        CsvEnd::InCell(_) | CsvEnd::Missing => None,
    }
}

/// What is known about the end of a record of a table.
enum CsvEnd {
    At(usize),
    /// The quotes of a cell, whose text begins there, are not closed.
    InCell(usize),
    Missing,
}

/// A quote opens only at the start of a cell. One that is never closed would swallow the rest of
/// the file: beyond [`limits::LINE_BYTES_MAX`] the record ends at its next line feed whatever the
/// quotes say, or with its first line where rows follow, so that a stray quote costs one megabyte at most. Where it
/// seems to be closed rows later, in the midst of a text, the quote that stands there opens a cell of its own.
fn csv_end(bytes: &[u8], delimiter: u8) -> CsvEnd {
    let mut at = if bytes.starts_with(b"\xEF\xBB\xBF") { 3 } else { 0 };
    let mut cell_start = at;
    loop {
        let Some(next) = bytes.get(at..).and_then(|rest| memchr2(b'"', b'\n', rest)) else {
            return CsvEnd::Missing;
        };
        let next = at + next;
        if bytes.get(next) == Some(&b'\n') {
            return CsvEnd::At(next + 1);
        }
        let before = next.checked_sub(1).and_then(|before| bytes.get(before));
        let opens = next == cell_start || before == Some(&delimiter);
        at = next + 1;
        if opens {
            let after = quoted_end(bytes, at).filter(|after| *after <= limits::LINE_BYTES_MAX);
            let Some(after) = after else {
                let in_cell = CsvEnd::InCell(at);
                let Some(decisive) = bytes.get(..=limits::LINE_BYTES_MAX) else { return in_cell };
                let end = in_cell.or_stray(decisive, delimiter).or_else(|| runaway_end(bytes));
                return end.map_or(CsvEnd::InCell(at), CsvEnd::At);
            };
            let ends_cell = |byte: &u8| *byte == delimiter || byte.is_ascii_whitespace();
            if !bytes.get(after).is_some_and(ends_cell) {
                let before_it = bytes.get(..after).unwrap_or_default();
                let whole_lines = memrchr(b'\n', before_it).and_then(|end| bytes.get(..=end));
                if let Some(end) = whole_lines.and_then(|lines| stray_end(lines, at, delimiter)) {
                    return CsvEnd::At(end);
                }
            }
            at = after;
            // Text between the closing quote and the delimiter belongs to the cell and opens nothing.
            cell_start = usize::MAX;
        }
    }
}

impl CsvEnd {
    /// Where no more bytes come. A quote that is still open is a stray one if the lines behind it are rows of their own;
    /// otherwise a cell was cut.
    fn or_stray(self, bytes: &[u8], delimiter: u8) -> Option<usize> {
        match self {
            Self::At(end) => Some(end),
            Self::InCell(start) if is_closed_by_last(bytes, start) => None,
            Self::InCell(start) => stray_end(bytes, start, delimiter),
            Self::Missing => None,
        }
    }
}

/// Lines by which it is told whether what follows an open quote is text or rows.
const LINES_TOLD_BY: usize = 3;

/// The end of the line in which the quote before `start` opens a cell, if all of the next lines have as many
/// delimiters as it. Where none follow, nothing speaks against it: what is left out of a chunk, decides nothing.
fn stray_end(bytes: &[u8], start: usize, delimiter: u8) -> Option<usize> {
    let end = start + memchr(b'\n', bytes.get(start..)?)? + 1;
    let (row, behind) = bytes.split_at_checked(end)?;
    let delimiters = |line: &[u8]| memchr::memchr_iter(delimiter, line).count();
    let expected = delimiters(row);
    let mut lines = behind.split(|byte| *byte == b'\n').filter(|line| !is_blank(line)).take(LINES_TOLD_BY);
    lines.all(|line| expected > 0 && delimiters(line) == expected).then_some(end)
}

/// Whether the last byte closes the cell whose text begins at `at`, where nothing can follow.
fn is_closed_by_last(bytes: &[u8], mut at: usize) -> bool {
    while let Some(quote) = bytes.get(at..).and_then(|rest| memchr(b'"', rest)).map(|quote| at + quote) {
        if bytes.get(quote + 1) != Some(&b'"') {
            return quote + 1 == bytes.len();
        }
        at = quote + 2;
    }
    false
}

/// Position after the quote that closes a cell whose text begins at `at`; doubled quotes stay inside.
pub(crate) fn quoted_end(bytes: &[u8], mut at: usize) -> Option<usize> {
    loop {
        let quote = at + memchr(b'"', bytes.get(at..)?)?;
        if bytes.get(quote + 1) == Some(&b'"') {
            at = quote + 2;
        } else if quote + 1 < bytes.len() {
            return Some(quote + 1);
        } else {
            // The last byte so far: it may turn out to be the first of two.
            return None;
        }
    }
}

fn runaway_end(bytes: &[u8]) -> Option<usize> {
    let tail = bytes.get(limits::LINE_BYTES_MAX..)?;
    memchr(b'\n', tail).map(|at| limits::LINE_BYTES_MAX + at + 1)
}

/// Length of the first record and of the lines that belong to it.
///
/// It ends before a line that begins a record, or that would make it longer than
/// [`limits::JOINED_BYTES_MAX`], so that a file without beginnings costs no memory. A line without its
/// line feed tells nothing yet, unless the stream `is_over`.
fn joined_end(bytes: &[u8], start: RecordStart, is_over: bool) -> Option<usize> {
    let mut at = memchr(b'\n', bytes)? + 1;
    let mut before = bytes.get(..at)?;
    loop {
        let rest = bytes.get(at..).filter(|rest| !rest.is_empty())?;
        let begins = |line: &[u8]| start.begins(line) && !start.goes_on_after(before);
        let Some(length) = memchr(b'\n', rest) else {
            let is_too_long = at + rest.len() > limits::JOINED_BYTES_MAX;
            return (is_too_long || (is_over && begins(rest))).then_some(at);
        };
        let line = rest.get(..length).unwrap_or(rest);
        if at + length >= limits::JOINED_BYTES_MAX || begins(line) {
            return Some(at);
        }
        before = line;
        at += length + 1;
    }
}

/// Length of the first message that says how long it is (RFC 6587, "octet counting"), with the white
/// space before it. What does not say so ends at its line feed, so that one broken count costs one line.
fn octet_counted_end(bytes: &[u8]) -> Option<usize> {
    let blank = bytes.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
    let message = bytes.get(blank..)?;
    match octet_count(message) {
        Some((digits, length)) => {
            let end = blank + digits + 1 + length;
            (end <= bytes.len()).then_some(end)
        }
        // More digits, or the space after them, may still come.
        None if message.len() < COUNT_DIGITS_MAX && message.iter().all(u8::is_ascii_digit) => None,
        None => memchr(b'\n', message).map(|at| blank + at + 1),
    }
}

/// Digits of [`limits::LINE_BYTES_MAX`].
const COUNT_DIGITS_MAX: usize = 7;

/// How many digits the count in front of a message has, and the length that it says.
pub(crate) fn octet_count(message: &[u8]) -> Option<(usize, usize)> {
    let digits = message.iter().take(COUNT_DIGITS_MAX + 1).take_while(|byte| byte.is_ascii_digit()).count();
    let count = std::str::from_utf8(message.get(..digits)?).ok()?.parse().ok()?;
    let is_count = (1..=COUNT_DIGITS_MAX).contains(&digits)
        && message.first() != Some(&b'0')
        && message.get(digits) == Some(&b' ')
        && count <= limits::LINE_BYTES_MAX;
    is_count.then_some((digits, count))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const CSV: Framing = Framing::CsvRecords { delimiter: b',' };

    fn records(framing: Framing, bytes: &[u8]) -> Vec<&[u8]> {
        Records::new(framing, bytes).map(|record| record.bytes).collect()
    }

    #[test]
    fn blank_lines_are_no_records_and_line_ends_are_cut_off() {
        let text = b"\xEF\xBB\xBF{\"a\":1}\r\n\r\n  \n{\"b\":2}";
        assert_eq!(records(Framing::Lines, text), [b"{\"a\":1}".as_slice(), b"{\"b\":2}"]);
        assert_eq!(count_records(Framing::Lines, text), 2);
        assert_eq!(last_boundary(Framing::Lines, text), Some(text.len() - 7));
        assert_eq!(Records::new(Framing::Lines, text).next().map(|record| record.offset), Some(3));
    }

    #[test]
    fn holes_of_nuls_are_no_part_of_a_record() {
        let hole = [0_u8; 100];
        let text = [&hole[..], b"2026-11-05 11:05:03 a\n", &hole, b"2026-11-05 11:05:04 b\n", &hole].concat();
        for framing in [Framing::Lines, Framing::JoinedLines { start: RecordStart::Time }] {
            assert_eq!(
                records(framing, &text),
                [b"2026-11-05 11:05:03 a".as_slice(), b"2026-11-05 11:05:04 b"]
            );
            assert_eq!(count_records(framing, &text), 2);
            assert_eq!(Records::new(framing, &text).last().map(|record| record.offset), Some(222));
        }
    }

    #[test]
    fn a_line_feed_inside_quotes_ends_no_row() {
        let text = b"a,b\n\"1\n2\",\"say \"\"hi\"\"\"\n5\" pipe,4\nlast";
        assert_eq!(
            records(CSV, text),
            [b"a,b".as_slice(), b"\"1\n2\",\"say \"\"hi\"\"\"", b"5\" pipe,4", b"last"]
        );
        assert_eq!(last_boundary(CSV, text), Some(text.len() - 4));
        assert_eq!(last_boundary(CSV, b"\"open\n"), None);
    }

    #[test]
    fn an_unclosed_quote_costs_one_megabyte_at_most() {
        let mut text = b"\"never closed\n".repeat(limits::LINE_BYTES_MAX / 14 + 1);
        text[14..].iter_mut().filter(|byte| **byte == b'"').for_each(|byte| *byte = b'x');
        text.extend_from_slice(b"next,row\n");
        let found = records(CSV, &text);
        assert_eq!(found.len(), 2);
        assert_eq!(found[1], b"next,row");
    }

    #[test]
    fn a_stray_quote_before_many_rows_costs_its_own_row() {
        let mut text = b"1,2,\"stray\n".to_vec();
        text.extend(b"3,4,5\n".repeat(limits::LINE_BYTES_MAX / 6 + 1));
        assert_eq!(last_boundary(CSV, &text), Some(text.len()));
        assert_eq!(count_records(CSV, &text), (limits::LINE_BYTES_MAX / 6 + 2) as u64);
    }

    #[test]
    fn a_stray_quote_costs_its_own_row() {
        let text = b"a,b,c\n1,2,\"stray\n3,4,5\n6,7,\"quoted\"\n8,9,10\n";
        let rows = [b"a,b,c".as_slice(), b"1,2,\"stray", b"3,4,5", b"6,7,\"quoted\"", b"8,9,10"];
        assert_eq!(records(CSV, text), rows);
        assert_eq!(last_boundary(CSV, text), Some(text.len()));
        // Nothing closes it, and rows follow.
        assert_eq!(
            records(CSV, b"1,2,\"stray\n3,4,5\n6,7,8"),
            [b"1,2,\"stray".as_slice(), b"3,4,5", b"6,7,8"]
        );
        // A cell of several lines that was cut.
        let cut = b"1,2,\"panic\n  at main, line 5\n  at start";
        assert_eq!(records(CSV, cut), [cut.as_slice()]);
        assert_eq!(records(CSV, b"1,2,\"closed\n3,4,here\""), [b"1,2,\"closed\n3,4,here\"".as_slice()]);
    }

    const JOINED: Framing = Framing::JoinedLines { start: RecordStart::Time };

    #[test]
    fn lines_that_begin_no_record_belong_to_the_one_before() {
        let text = b"2026-11-05 11:05:03 ERROR a\n\tat b\n\nCaused by: c\n2026-11-05 11:05:04 INFO d\n";
        assert_eq!(
            records(JOINED, text),
            [
                b"2026-11-05 11:05:03 ERROR a\n\tat b\n\nCaused by: c".as_slice(),
                b"2026-11-05 11:05:04 INFO d"
            ]
        );
        // Whether more lines belong to the last record is known only when the next one begins.
        assert_eq!(last_boundary(JOINED, text), Some(text.len() - 27));
        assert_eq!(last_boundary(JOINED, &text[..text.len() - 1]), None);
        let cut = b"2026-11-05 11:05:03 a\n2026-11-05 11:05:04 b";
        assert_eq!(count_records(JOINED, cut), 2);
    }

    #[test]
    fn joining_has_a_limit() {
        let mut text = b"2026-11-05 11:05:03 ERROR a\n".to_vec();
        text.extend(b" and so on\n".repeat(2 * limits::JOINED_BYTES_MAX / 11));
        text.extend_from_slice(b"2026-11-05 11:05:04 INFO b\n");
        let found = records(JOINED, &text);
        assert_eq!(found.len(), 4);
        assert!(found.iter().all(|record| record.len() <= limits::JOINED_BYTES_MAX));
        // A line that never ends does not take the record before it along.
        let mut text = b"2026-11-05 11:05:03 a\n".to_vec();
        text.extend(vec![b'x'; limits::JOINED_BYTES_MAX]);
        assert_eq!(last_boundary(JOINED, &text), Some(22));
    }

    #[test]
    fn messages_that_say_how_long_they_are() {
        let text = b"11 <34>1 - a\nb5 <13>x\nbroken\n6 <13>cut";
        assert_eq!(
            records(Framing::OctetCounted, text),
            [b"11 <34>1 - a\nb".as_slice(), b"5 <13>x", b"\nbroken", b"6 <13>cu", b"t"]
        );
        assert_eq!(last_boundary(Framing::OctetCounted, b"5 <13"), None);
        assert_eq!(last_boundary(Framing::OctetCounted, b"5 <13>x"), Some(7));
        assert_eq!(last_boundary(Framing::OctetCounted, b"12"), None);
    }

    #[test]
    fn a_document_has_no_boundary() {
        assert_eq!(last_boundary(Framing::Document, b"{\n}\n"), None);
        assert_eq!(count_records(Framing::Document, b"{\n}\n"), 1);
        assert_eq!(count_records(Framing::Document, b" \n"), 0);
    }

    proptest! {
        /// Cutting at any boundary that a prefix shows gives the same records as reading it whole.
        #[test]
        fn any_cut_gives_the_same_records(
            pieces in prop::collection::vec(
                prop::sample::select(vec![
                    "a", "b", ",", "\"", "\n", "\r", " ", "\u{FEFF}", "2026-11-05 11:05:03 ", "2026-11-05 11:05:03 stdout P ", "3 <1", "2 ab", "9",
                ]),
                0..100,
            ),
            at in 0usize..400,
        ) {
            let text = pieces.concat().into_bytes();
            for framing in [Framing::Lines, CSV, JOINED, Framing::OctetCounted] {
                let prefix = &text[..at.min(text.len())];
                let whole = records(framing, &text);
                let cut = last_boundary(framing, prefix).unwrap_or(0);
                let mut parts = records(framing, &text[..cut]);
                parts.extend(records(framing, &text[cut..]));
                prop_assert_eq!(&parts, &whole);
                prop_assert_eq!(count_records(framing, &text), whole.len() as u64);
                if let Some(boundary) = last_boundary(framing, &text) {
                    prop_assert!(boundary >= cut);
                }
            }
        }
    }
}
