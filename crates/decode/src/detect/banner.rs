//! Do a few lines of other text stand before a table or before lines of JSON?
//!
//! Exports begin with a title, a query or comments that belong to no record. They are looked past only where
//! what follows is plain beyond doubt: a header that is known with rows that fit it, or lines of objects.

use super::{Detection, columns, exports, json};
use crate::csv_text::cells;
use crate::formats::Table;
use crate::framing::{Records, unpadded};
use crate::{DecodeOptions, Framing, InputFormat, last_boundary, limits};

/// Share of the lines behind the banner that must have the shape of the format.
const SHARE_MIN: f64 = 0.6;

/// A format that begins on one of the first lines, but not on the first.
pub(super) fn detect(head: &[u8], head_is_whole: bool, options: &DecodeOptions) -> Option<Detection> {
    let head = unpadded(head);
    let lines = Records::new(Framing::Lines, head).skip(1).take(limits::BANNER_LINES_MAX);
    for (lines_before, line) in lines.enumerate() {
        let rest = head.get(line.offset..).unwrap_or_default();
        let found = match line.bytes.first() {
            Some(b'{') => objects(rest, head_is_whole),
            _ => table(rest, head_is_whole, options),
        };
        let Some(found) = found else { continue };
        // A quote that is open where the format begins would swallow it.
        let banner = head.get(..line.offset).unwrap_or_default();
        if last_boundary(framing(&found, rest), banner) != Some(banner.len()) || are_rows(banner, rest) {
            continue;
        }
        // An object above is a record like those below, whatever stands between them.
        let is_object = line.bytes.first() == Some(&b'{');
        let mut above = Records::new(Framing::Lines, banner).enumerate().filter(|_| is_object);
        let first = above.find(|(_, line)| json::keys_of(line.bytes, true).is_some());
        let (lines_before, offset) = match first {
            Some((0, _)) => continue,
            Some((at, object)) => (at - 1, object.offset),
            None => (lines_before, line.offset),
        };
        let what = match lines_before {
            0 => "line does".to_owned(),
            _ => format!("{} lines do", lines_before + 1),
        };
        let reason = format!("{}; the first {what} not belong to it", found.reason);
        return Some(Detection { reason, banner_bytes: offset, ..found });
    }
    None
}

/// Lines like those behind them that may be rows of a table of their own, which nobody must lose.
const ROWS_MAX: usize = 2;

/// Whether the banner is a table: it has the header that follows it, or lines of as many cells.
fn are_rows(banner: &[u8], rest: &[u8]) -> bool {
    let Ok(table) = Table::read(rest, "csv") else { return false };
    let header = Records::new(Framing::Lines, rest).next().map(|line| line.bytes);
    let mut rows = 0;
    for line in Records::new(Framing::Lines, banner) {
        if Some(line.bytes) == header {
            return true;
        }
        let (text, mut found) = (String::from_utf8_lossy(line.bytes), Vec::new());
        cells(&text, table.delimiter, &mut found);
        rows += usize::from(found.len() == table.names.len());
    }
    table.names.len() >= 2 && rows > ROWS_MAX
}

fn framing(found: &Detection, rest: &[u8]) -> Framing {
    let is_table = !matches!(rest.first(), Some(b'{'));
    let table = Table::read(rest, found.format.as_str()).ok().filter(|_| is_table);
    table.map_or(Framing::Lines, |table| table.framing())
}

fn table(rest: &[u8], head_is_whole: bool, options: &DecodeOptions) -> Option<Detection> {
    let table = Table::read(rest, "csv").ok().filter(|table| table.names.len() >= 2)?;
    let by_mapping = || {
        let mut mappings = options.mappings_for_source().filter(|mapping| mapping.is_csv());
        mappings.find_map(|mapping| super::by_mapping(mapping, rest, head_is_whole))
    };
    let found = by_mapping().or_else(|| columns::by_header(&table, rest))?;
    let rows = table.sample(rest);
    let fitting = rows.iter().filter(|row| row.len() == table.names.len()).count();
    (fitting > 0 && fitting as f64 >= SHARE_MIN * rows.len() as f64).then_some(found)
}

/// Lines of objects; what is a document has to begin its file.
fn objects(rest: &[u8], head_is_whole: bool) -> Option<Detection> {
    let end = if head_is_whole { rest.len() } else { memchr::memrchr(b'\n', rest)? + 1 };
    let whole = rest.get(..end).unwrap_or_default();
    let lines: Vec<_> = Records::new(Framing::Lines, whole).take(limits::HEAD_RECORDS_MAX).collect();
    let objects = lines.iter().filter(|line| json::keys_of(line.bytes, true).is_some()).count();
    if objects == 0 || (objects as f64) < SHARE_MIN * lines.len() as f64 {
        return None;
    }
    let first = lines.first()?.bytes;
    json::keys_of(first, true)?;
    exports::detect(first)
        .or_else(|| json::detect(rest, head_is_whole).ok())
        .filter(|found| !matches!(found.format, InputFormat::Timeline))
}

#[cfg(test)]
mod tests {
    use super::super::*;
    use crate::formats::testing::Collected;

    fn read(text: &str) -> (Detection, Collected) {
        let options = DecodeOptions::new(chrono_tz::UTC, "export");
        let detection = detect(text.as_bytes(), true, &options).unwrap();
        let decoder = crate::open(&detection, text.as_bytes(), &options).unwrap();
        let whole = Collected::from(decoder.as_ref(), text.as_bytes());
        for size in 1..text.len() {
            assert_eq!(Collected::in_chunks(decoder.as_ref(), text.as_bytes(), size), whole, "by {size}");
        }
        let counted = decoder.count_records(text.as_bytes(), 0);
        assert_eq!(decoder.banner_records(), if detection.reason.contains("lines do") { 2 } else { 1 });
        assert_eq!(counted as usize, whole.rejects.len() + whole.logs.len() + whole.metrics.len());
        (detection, whole)
    }

    #[test]
    fn a_table_below_a_title_is_read_and_the_title_counted() {
        let text = concat!(
            "\u{FEFF}Exported by the console, 2 rows\r\n",
            "\r\n",
            "\"service = \"\"pay\"\"\"\r\n",
            "timestamp,level,service,message\r\n",
            "2026-11-05T03:05:03Z,ERROR,pay,pool is full\r\n",
            "2026-11-05T03:05:04Z,INFO,pay,\"two\nlines\"\r\n",
        );
        let (detection, found) = read(text);
        assert_eq!(detection.format, InputFormat::CsvLogs);
        assert!(detection.reason.ends_with("the first 2 lines do not belong to it"), "{}", detection.reason);
        assert_eq!((found.logs.len(), found.rejects.len()), (2, 2));
        assert_eq!(found.rejects[0].1, crate::formats::BANNER_REASON);
        assert_eq!(found.rejects[0].0, crate::Place { record: 1, byte_offset: 3 });
        assert_eq!(found.places.iter().map(|place| place.record).collect::<Vec<_>>(), [1, 2, 3, 4]);
        let at = found.places[2].byte_offset as usize;
        assert!(text[at..].starts_with("2026-11-05T03:05:03Z"));
    }

    #[test]
    fn metrics_and_lines_of_json_below_comments() {
        let (detection, found) = read(
            "# query: cpu\ntime;metric;value\n2026-11-05 03:05:03;cpu;0.5\n2026-11-05 03:05:04;cpu;0.6\n",
        );
        assert_eq!(detection.format, InputFormat::CsvMetricsLong);
        assert_eq!((found.metrics.len(), found.rejects.len()), (2, 1));
        let (detection, found) = read(
            "Connected to pay-7.\n{\"ts\":1793849103,\"msg\":\"a\"}\nnot JSON\n{\"ts\":1793849104,\"msg\":\"b\"}\n",
        );
        assert_eq!(detection.format, InputFormat::JsonLines);
        assert_eq!((found.logs.len(), found.rejects.len()), (2, 2));
        assert_eq!(found.rejects[1].0.record, 3);
        let object = "{\"ts\":1793849103,\"msg\":\"a\"}\n";
        let (detection, found) =
            read(&format!("starting\n{object}warn: x\nwarn: y\n{}", object.replace("\"a\"", "\"b\"")));
        assert_eq!(
            (found.logs.len(), found.rejects.len()),
            (2, 3),
            "an object above the others is one of them"
        );
        assert!(detection.reason.ends_with("the first line does not belong to it"), "{}", detection.reason);
    }

    #[test]
    fn a_header_that_comes_again_is_no_end_of_a_banner() {
        let text = b"time,cpu\n2026-11-05T03:05:03Z,1\ntime,cpu\n2026-11-05T03:05:04Z,1\n";
        let found = detect(text, true, &DecodeOptions::new(chrono_tz::UTC, "a.csv")).unwrap();
        assert_eq!((found.format, found.banner_bytes), (InputFormat::CsvMetricsWide, 0));
    }

    #[test]
    fn an_example_in_prose_and_an_open_quote_are_no_banner() {
        let options = DecodeOptions::new(chrono_tz::UTC, "README");
        for text in [
            "How to export\n\ntime,level,message\n2026-11-05T03:05:03Z,INFO,a\n\nThat is all.\nOr nearly.\n",
            "Send objects such as\n{\"ts\":1793849103,\"msg\":\"a\"}\nto the collector.\nIt answers.\n",
            "when,how,much\na,b,1\nc,d,2\ntime,metric,value\n2026-11-05T03:05:03Z,cpu,1\n",
            "\"never closed\ntime,metric,value\n2026-11-05T03:05:03Z,cpu,1\n",
        ] {
            assert!(detect(text.as_bytes(), true, &options).is_err(), "{text}");
        }
    }
}
