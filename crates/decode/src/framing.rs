//! Where does a record end?
//!
//! The same scanner cuts chunks at record boundaries, counts records and walks them for decoding, so
//! that the three can never disagree. `bytes` always begins at a record boundary; the answer for a
//! prefix never changes when more bytes arrive.

use memchr::{memchr, memchr2, memrchr};

use crate::{Framing, limits};

/// End of the last whole record in `bytes`, or none if there is no whole one yet.
///
/// A document has no boundary: it ends with its stream.
pub fn last_boundary(framing: Framing, bytes: &[u8]) -> Option<usize> {
    match framing {
        Framing::Lines => memrchr(b'\n', bytes).map(|at| at + 1),
        Framing::CsvRecords { delimiter } => {
            let mut end = None;
            let mut start = 0;
            while let Some(length) = csv_record_end(bytes.get(start..).unwrap_or_default(), delimiter) {
                start += length;
                end = Some(start);
            }
            end
        }
        Framing::Document => None,
    }
}

/// Number of records in whole-record bytes; the last one may lack its line feed.
///
/// The header of a table counts here: [`crate::Decoder::count_records`] knows where it stands.
pub fn count_records(framing: Framing, bytes: &[u8]) -> u64 {
    match framing {
        Framing::Document => u64::from(!is_blank(bytes)),
        Framing::Lines | Framing::CsvRecords { .. } => Records::new(framing, bytes).count() as u64,
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
}

impl<'a> Iterator for Records<'a> {
    type Item = Framed<'a>;

    fn next(&mut self) -> Option<Framed<'a>> {
        loop {
            let rest = self.bytes.get(self.at..).filter(|rest| !rest.is_empty())?;
            let length = match self.framing {
                Framing::Lines => memchr(b'\n', rest).map(|at| at + 1),
                Framing::CsvRecords { delimiter } => csv_record_end(rest, delimiter),
                Framing::Document => None,
            }
            .unwrap_or(rest.len());
            let offset = self.at;
            self.at += length;
            let record = rest.get(..length).unwrap_or(rest);
            if !is_blank(record) {
                let without_bom = without_bom(record);
                let offset = offset + (record.len() - without_bom.len());
                return Some(Framed { bytes: without_line_end(without_bom), offset });
            }
        }
    }
}

/// White space only (a byte order mark counts as such).
pub(crate) fn is_blank(bytes: &[u8]) -> bool {
    without_bom(bytes).iter().all(u8::is_ascii_whitespace)
}

/// The bytes after a UTF-8 byte order mark, which editors and concatenated exports leave behind.
pub(crate) fn without_bom(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes)
}

fn without_line_end(bytes: &[u8]) -> &[u8] {
    let bytes = bytes.strip_suffix(b"\n").unwrap_or(bytes);
    bytes.strip_suffix(b"\r").unwrap_or(bytes)
}

/// Length of the first record, its line feed included.
///
/// A quote opens only at the start of a cell. One that is never closed would swallow the rest of
/// the file: beyond [`limits::LINE_BYTES_MAX`] the record ends at its next line feed whatever the
/// quotes say, so that a stray quote costs one megabyte at most.
pub(crate) fn csv_record_end(bytes: &[u8], delimiter: u8) -> Option<usize> {
    let mut at = if bytes.starts_with(b"\xEF\xBB\xBF") { 3 } else { 0 };
    let mut cell_start = at;
    loop {
        let next = at + memchr2(b'"', b'\n', bytes.get(at..)?)?;
        if bytes.get(next) == Some(&b'\n') {
            return Some(next + 1);
        }
        let before = next.checked_sub(1).and_then(|before| bytes.get(before));
        let opens = next == cell_start || before == Some(&delimiter);
        at = next + 1;
        if opens {
            let Some(after) = quoted_end(bytes, at) else {
                return runaway_end(bytes);
            };
            if after > limits::LINE_BYTES_MAX {
                return runaway_end(bytes);
            }
            at = after;
            // Text between the closing quote and the delimiter belongs to the cell and opens nothing.
            cell_start = usize::MAX;
        }
    }
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
    fn a_document_has_no_boundary() {
        assert_eq!(last_boundary(Framing::Document, b"{\n}\n"), None);
        assert_eq!(count_records(Framing::Document, b"{\n}\n"), 1);
        assert_eq!(count_records(Framing::Document, b" \n"), 0);
    }

    proptest! {
        /// Cutting at any boundary that a prefix shows gives the same records as reading it whole.
        #[test]
        fn any_cut_gives_the_same_records(
            text in prop::collection::vec(prop::sample::select(b"ab,\"\"\n\r \xEF\xBB\xBF".to_vec()), 0..200),
            at in 0usize..200,
        ) {
            for framing in [Framing::Lines, CSV] {
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
