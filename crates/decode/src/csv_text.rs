//! Which cells does a row of a table hold?

use std::borrow::Cow;

use crate::framing::quoted_end;

/// Splits a row into its cells, unquoting them; false where the last one's quote is never closed. A quote opens only at
/// the start of a cell.
pub(crate) fn cells<'a>(row: &'a str, delimiter: u8, cells: &mut Vec<Cow<'a, str>>) -> bool {
    cells.clear();
    let bytes = row.as_bytes();
    let (mut at, mut is_closed) = (0, true);
    loop {
        let (cell, end) = if bytes.get(at) == Some(&b'"') {
            let (cell, end, closed) = quoted_cell(row, at, delimiter);
            is_closed &= closed;
            (cell, end)
        } else {
            let end = next(bytes, at, delimiter);
            (Cow::Borrowed(row.get(at..end).unwrap_or_default()), end)
        };
        cells.push(cell);
        if end >= bytes.len() {
            return is_closed;
        }
        at = end + 1;
    }
}

fn next(bytes: &[u8], at: usize, delimiter: u8) -> usize {
    let rest = bytes.get(at..).unwrap_or_default();
    at + memchr::memchr(delimiter, rest).unwrap_or(rest.len())
}

/// The cell, where it ends, and whether its quote is closed.
fn quoted_cell(row: &str, at: usize, delimiter: u8) -> (Cow<'_, str>, usize, bool) {
    let bytes = row.as_bytes();
    // The quote of the last cell is the last byte, where framing cannot know what follows.
    let close = quoted_end(bytes, at + 1).unwrap_or(bytes.len());
    let is_closed = close > at + 1 && bytes.get(close - 1) == Some(&b'"');
    let inner_end = if is_closed { close - 1 } else { close };
    let inner = row.get(at + 1..inner_end).unwrap_or_default();
    let end = next(bytes, close, delimiter);
    let tail = row.get(close..end).unwrap_or_default();
    let mut cell =
        if inner.contains("\"\"") { Cow::Owned(inner.replace("\"\"", "\"")) } else { Cow::Borrowed(inner) };
    if !tail.is_empty() {
        cell.to_mut().push_str(tail);
    }
    (cell, end, is_closed)
}

/// The delimiter that a header row uses: the one that occurs most outside of quotes.
pub(crate) fn sniff_delimiter(header: &str) -> u8 {
    let mut counts = [(b',', 0usize), (b'\t', 0), (b';', 0), (b'|', 0)];
    let mut in_quotes = false;
    for byte in header.bytes() {
        if byte == b'"' {
            in_quotes = !in_quotes;
        } else if !in_quotes && let Some(count) = counts.iter_mut().find(|count| count.0 == byte) {
            count.1 += 1;
        }
    }
    // On a draw the first of the list wins.
    counts.into_iter().rev().max_by_key(|count| count.1).map_or(b',', |count| count.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(row: &str) -> Vec<String> {
        let mut found = Vec::new();
        cells(row, b',', &mut found);
        found.into_iter().map(Cow::into_owned).collect()
    }

    #[test]
    fn quotes_and_empty_cells() {
        assert_eq!(split("a,\"b,c\",,\"say \"\"hi\"\"\""), ["a", "b,c", "", "say \"hi\""]);
        assert_eq!(split("5\" pipe,\"x\"y,"), ["5\" pipe", "xy", ""]);
        assert_eq!(split("\"never closed,1"), ["never closed,1"]);
        assert_eq!(split("\"\""), [""]);
        assert_eq!(split("\""), [""]);
        assert_eq!(split(""), [""]);
        assert_eq!(split("\"two\nlines\",x"), ["two\nlines", "x"]);
        for (row, is_closed) in [
            ("a,\"b\"", true),
            ("\"\"", true),
            ("a,\"b", false),
            ("a,\"", false),
            ("a,\"b\"\"\"", true),
            ("5\"", true),
        ] {
            assert_eq!(cells(row, b',', &mut Vec::new()), is_closed, "{row}");
        }
    }

    #[test]
    fn delimiters_are_seen_in_the_header() {
        assert_eq!(sniff_delimiter("time;\"a,b,c\";value"), b';');
        assert_eq!(sniff_delimiter("time\tvalue"), b'\t');
        assert_eq!(sniff_delimiter("time"), b',');
    }
}
