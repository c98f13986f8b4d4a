//! A table with a header: which columns are there, and what does a row hold?

mod day_time;

use std::borrow::Cow;
use std::collections::HashMap;

use self::day_time::DayTime;
use super::log_fields::{Field, canonical, means};
use super::{text_of, walk_text};
use crate::csv_text::{cells, sniff_delimiter};
use crate::decimal::short_decimal;
use crate::framing::Records;
use crate::{Chunk, DecodeError, Framing, Header, Place, RecordSink, limits};

/// What reads one row's cells and sends its rows; an error makes it a reject.
pub(crate) type ReadRow<'r, 'a> =
    &'r mut dyn FnMut(Place, &[Cow<'a, str>], &mut dyn RecordSink) -> Result<(), String>;

/// What to do about several tables in one file: chunks are read in any order, so that nobody knows of a row below which
/// header it stands.
const APART: &str = "rows below it are read under the first header: put each table into a file of its own";

/// The header of a table.
#[derive(Debug, Clone)]
pub(crate) struct Table {
    pub(crate) names: Vec<String>,
    /// The names without case and punctuation.
    pub(crate) canonical: Vec<String>,
    pub(crate) delimiter: u8,
    /// Where the rows begin in the source: after the header, however many blank lines stand before it.
    pub(crate) rows_start: u64,
    day_time: Option<DayTime>,
    /// Columns that may hold the instant of a row.
    instants: Vec<usize>,
}

fn is_instant(name: &str) -> bool {
    means(name, Field::Timestamp)
}

/// Columns of one name keep their values: `备注`, `备注~2`.
fn kept_apart<'n>(names: impl Iterator<Item = &'n str>) -> Vec<String> {
    let mut counts: HashMap<&str, usize> = HashMap::new();
    names
        .map(|name| {
            let count = counts.entry(name).or_default();
            *count += 1;
            if *count == 1 || name.is_empty() { name.to_owned() } else { format!("{name}~{count}") }
        })
        .collect()
}

impl Table {
    /// Reads the header at the head of a source.
    pub(crate) fn read(head: &[u8], format: &'static str) -> Result<Self, DecodeError> {
        let mismatch = |reason: &str| DecodeError::Mismatch { format, reason: reason.to_owned() };
        let first = Records::new(Framing::Lines, head).next().ok_or(DecodeError::Empty)?;
        let line = String::from_utf8_lossy(first.bytes);
        let delimiter = sniff_delimiter(&line);
        // A header's own cells may hold line feeds: read it as a record.
        let record =
            Records::new(Framing::CsvRecords { delimiter }, head).next().ok_or(DecodeError::Empty)?;
        let text = std::str::from_utf8(record.bytes).map_err(|_| mismatch("its header is not UTF-8 text; name its encoding: --encoding latin1, or `encoding` in a mapping file"))?;
        // Otherwise the whole file would pass for its header, and nothing of it be read.
        if text.contains('\r') && !text.contains('\n') {
            return Err(mismatch(
                "its lines end with carriage returns only; convert them: tr '\\r' '\\n' < FILE",
            ));
        }
        let mut names = Vec::new();
        cells(text, delimiter, &mut names);
        let is_cut = record.offset + record.bytes.len() >= limits::HEAD_BYTES_MAX;
        if is_cut || names.len() > limits::COLUMNS_MAX {
            return Err(mismatch("its header is too long; is it a table at all?"));
        }
        let names = kept_apart(names.iter().map(|name| name.trim()));
        let canonical: Vec<String> = names.iter().map(|name| canonical(name)).collect();
        let day_time = DayTime::of(&canonical);
        let instants =
            names.iter().enumerate().filter(|(_, name)| is_instant(name)).map(|(at, _)| at).collect();
        let rows_start = (record.offset + record.bytes.len()) as u64;
        Ok(Self { names, canonical, delimiter, rows_start, day_time, instants })
    }

    pub(crate) fn header(&self) -> Header<'_> {
        Header { names: &self.names, delimiter: self.delimiter }
    }

    pub(crate) fn framing(&self) -> Framing {
        Framing::CsvRecords { delimiter: self.delimiter }
    }

    /// The number of rows in a chunk; the header is none.
    pub(crate) fn count_rows(&self, bytes: &[u8], byte_offset: u64) -> u64 {
        let rows = Records::new(self.framing(), bytes);
        rows.filter(|row| byte_offset + row.offset as u64 >= self.rows_start).count() as u64
    }

    /// Up to [`limits::HEAD_RECORDS_MAX`] rows of the head; one that the head cuts is left out.
    pub(crate) fn sample<'h>(&self, head: &'h [u8]) -> Vec<Vec<Cow<'h, str>>> {
        let end = crate::last_boundary(self.framing(), head).unwrap_or(head.len());
        let whole = head.get(..end).unwrap_or(head);
        let mut rows: Vec<_> =
            Records::new(self.framing(), whole).skip(1).take(limits::HEAD_RECORDS_MAX).collect();
        if rows.is_empty() {
            rows = Records::new(self.framing(), head).skip(1).take(limits::HEAD_RECORDS_MAX).collect();
        }
        rows.into_iter()
            .filter_map(|row| std::str::from_utf8(row.bytes).ok())
            .map(|row| {
                let mut found = Vec::new();
                cells(row, self.delimiter, &mut found);
                found.iter_mut().for_each(as_meant);
                found
            })
            .take_while(|row| !self.is_other_header(row))
            .filter(|row| !self.is_header_again(row))
            .map(|mut row| {
                self.join_day_time(&mut row);
                row
            })
            .collect()
    }

    /// Calls `read` with the cells of each row of a chunk.
    pub(crate) fn walk<'a>(&self, chunk: Chunk<'a>, sink: &mut dyn RecordSink, read: ReadRow<'_, 'a>) {
        let mut row = Vec::new();
        walk_text(
            self.framing(),
            self.rows_start,
            chunk,
            limits::LINE_BYTES_MAX,
            sink,
            &mut |place, text, sink| {
                if !self.header().split(text, &mut row)? {
                    return Err("the file ends within a quoted cell: it was cut, or a quote is one too many"
                        .to_owned());
                }
                row.iter_mut().for_each(as_meant);
                self.join_day_time(&mut row);
                read(place, &row, sink).map_err(|reason| self.other_header(&row).unwrap_or(reason))
            },
        );
    }

    /// A better reason why a row cannot be read.
    fn other_header(&self, row: &[Cow<'_, str>]) -> Option<String> {
        let told = || format!("a second table begins here ({}); {APART}", text_of(&row.join(", ")));
        self.is_other_header(row).then(told)
    }

    /// Whether another table begins: names where a time should be, and not those of this header.
    fn is_other_header(&self, row: &[Cow<'_, str>]) -> bool {
        let names_time = |cell: &Cow<'_, str>| !begins_with_digit(cell) && is_instant(cell.trim());
        let is_word = |cell: &Cow<'_, str>| !cell.trim().is_empty() && written_number(cell).is_none();
        self.instants.iter().filter_map(|at| row.get(*at)).any(names_time)
            && row.iter().all(is_word)
            && !self.is_header_again(row)
    }

    fn is_header_again(&self, row: &[Cow<'_, str>]) -> bool {
        !self.instants.is_empty() && row.iter().zip(&self.names).all(|(cell, name)| cell.trim() == name)
    }

    fn join_day_time(&self, row: &mut [Cow<'_, str>]) {
        if let Some(day_time) = self.day_time {
            day_time.join(row);
        }
    }
}

/// Takes off what keeps a spreadsheet from reading digits as a number: `="2026…"`, `'2026…`, `` `2026… ``, a tab
/// behind them, as the bills of Chinese payment providers have them.
fn as_meant(cell: &mut Cow<'_, str>) {
    if !matches!(cell.as_bytes(), [b'=' | b'\'' | b'`', ..] | [.., b'\t']) {
        return;
    }
    let bare = cell.trim_end_matches('\t');
    let formula = bare.strip_prefix("=\"").and_then(|inner| inner.strip_suffix('"'));
    let marked = || {
        let inner = bare.strip_prefix(['\'', '`'])?;
        (!inner.is_empty() && inner.bytes().all(|byte| byte.is_ascii_alphanumeric())).then_some(inner)
    };
    let meant = formula.filter(|inner| !inner.contains('"')).or_else(marked).unwrap_or(bare);
    if meant.len() == cell.len() {
        return;
    }
    *cell = Cow::Owned(meant.to_owned());
}

/// As nearly all numbers and times do.
fn begins_with_digit(cell: &str) -> bool {
    cell.as_bytes().first().is_some_and(u8::is_ascii_digit)
}

/// Words for "no value" in tables.
pub(crate) fn is_missing(cell: &str) -> bool {
    if begins_with_digit(cell) {
        return false;
    }
    matches!(
        cell.trim(),
        "" | "null" | "NULL" | "None" | "N/A" | "n/a" | "NA" | "#N/A" | "-" | "--" | "—" | "\\N"
    )
}

/// As [`is_missing`], in a column of numbers, where a label may well be called so.
pub(crate) fn is_no_value(cell: &str) -> bool {
    if begins_with_digit(cell) {
        return false;
    }
    is_missing(cell)
        || matches!(
            cell.trim(),
            "/" | "\\"
                | "无"
                | "暂无"
                | "无数据"
                | "no data"
                | "No data"
                | "#DIV/0!"
                | "#VALUE!"
                | "#REF!"
                | "#NUM!"
                | "#NAME?"
                | "#NULL!"
        )
}

/// A value of a metric; `NaN` and infinities are values.
pub(crate) fn number(cell: &str) -> Option<f64> {
    if let Some(number) = short_decimal(cell.as_bytes()) {
        return Some(number);
    }
    let cell = cell.trim();
    match cell {
        "+Inf" => Some(f64::INFINITY),
        "-Inf" => Some(f64::NEG_INFINITY),
        _ => cell
            .parse::<f64>()
            .ok()
            .filter(|number| number.is_finite() || !cell.bytes().any(|byte| byte.is_ascii_digit())),
    }
}

/// As [`number`], also as people write it: `16%`, `1,000.5`, `20,5`.
pub(crate) fn written_number(cell: &str) -> Option<f64> {
    number(cell).or_else(|| {
        let bare = cell.trim().trim_start_matches(['¥', '￥', '$', '€', '£']);
        let bare = bare.trim_end_matches(['%', '％']).trim();
        if let Some((bare, factor)) = factor_of(bare) {
            return Some(written_number(bare)? * factor);
        }
        if !bare.contains(',') {
            return (bare.len() < cell.trim().len()).then(|| number(bare)).flatten();
        }
        number(&without_groups(bare, ',', '.').or_else(|| without_groups(bare, '.', ','))?)
    })
}

/// `1.2万`: the number and what it counts.
fn factor_of(cell: &str) -> Option<(&str, f64)> {
    let (at, last) = cell.char_indices().next_back()?;
    let factor = match last {
        '千' | 'k' | 'K' => 1e3,
        '万' => 1e4,
        '亿' => 1e8,
        _ => return grafana_factor_of(cell),
    };
    let bare = cell.get(..at)?.trim_end();
    bare.ends_with(|letter: char| letter.is_ascii_digit()).then_some((bare, factor))
}

/// `1.2 Mil`, as Grafana shortens a count.
fn grafana_factor_of(cell: &str) -> Option<(&str, f64)> {
    [(" Mil", 1e6), (" Bil", 1e9), (" Tri", 1e12)]
        .into_iter()
        .find_map(|(word, factor)| Some((cell.strip_suffix(word)?, factor)))
}

/// Whether a cell is a share of a hundred.
pub(crate) fn is_percent(cell: &str) -> bool {
    cell.trim_end().ends_with(['%', '％'])
}

/// Thousands apart, and the decimal part behind a point.
fn without_groups(number: &str, between: char, point: char) -> Option<String> {
    let (whole, decimals) = number.split_once(point).unwrap_or((number, ""));
    let mut groups = whole.trim_start_matches(['-', '+']).split(between);
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let first = groups.next().filter(|first| digits(first) && !first.is_empty())?;
    let mut groups = groups.peekable();
    let is_grouped = groups.peek().is_some();
    let fits = groups.all(|group| group.len() == 3 && digits(group)) && digits(decimals);
    (fits && (!is_grouped || first.len() <= 3)).then(|| format!("{}.{decimals}", whole.replace(between, "")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::DecodeOptions;
    use crate::formats::csv_metrics::CsvMetrics;
    use crate::formats::testing::Collected;

    #[test]
    fn headers_with_marks_quotes_and_tabs() {
        let table = Table::read(b"\xEF\xBB\xBF\"Time\"\t Value \r\n1\t2\r\n", "csv").unwrap();
        assert_eq!(
            (table.names.as_slice(), table.delimiter),
            (&["Time".to_owned(), "Value".to_owned()][..], b'\t')
        );
        assert_eq!(table.sample(b"a\tb\n1\t2\n3\t"), [["1", "2"]]);
    }

    #[test]
    fn carriage_returns_alone_end_no_line() {
        let error = Table::read(b"time,value\r1,2\r3,4\r", "csv").unwrap_err().to_string();
        assert!(error.contains("tr '\\r' '\\n'"), "{error}");
    }

    #[test]
    fn values_and_their_absence() {
        assert_eq!(number(" 1.5 "), Some(1.5));
        assert_eq!(
            (number("5."), number(".5"), number("."), number("-")),
            (Some(5.0), Some(0.5), None, None)
        );
        assert_eq!(number("+Inf"), Some(f64::INFINITY));
        assert!(number("NaN").unwrap().is_nan());
        // Out of range is no value, not an infinite one.
        assert_eq!(number("1e999"), None);
        assert!(is_missing(" ") && is_missing("null") && is_missing("--") && !is_missing("0"));
    }

    #[test]
    fn numbers_as_people_write_them() {
        for (cell, value) in [
            ("16%", Some(16.0)),
            ("99.5 ％", Some(99.5)),
            ("1,000", Some(1000.0)),
            ("-12,345,678.25", Some(-12_345_678.25)),
            ("20,5", Some(20.5)),
            ("1.234,56", Some(1234.56)),
            ("2026,11,22", None),
            ("1000,000", Some(1000.0)),
            ("a,b", None),
            ("1,", Some(1.0)),
            ("%", None),
            ("1.2万", Some(12_000.0)),
            ("3.5 亿", Some(350_000_000.0)),
            ("1.2k", Some(1200.0)),
            ("万", None),
            ("k8s", None),
            ("¥1,234.50", Some(1234.5)),
            ("¥ 3.2万", Some(32_000.0)),
            ("1.20 Mil", Some(1_200_000.0)),
            ("¥", None),
            ("10ms", None),
        ] {
            assert_eq!(written_number(cell), value, "{cell}");
        }
    }

    #[test]
    fn ids_are_read_without_what_spreadsheets_need() {
        for (cell, meant) in [
            ("=\"202611220001\"", "202611220001"),
            ("'202611220001", "202611220001"),
            ("`u2", "u2"),
            ("202611220001\t", "202611220001"),
            ("`u3\t", "u3"),
            ("'quoted'", "'quoted'"),
            ("=SUM(A1)", "=SUM(A1)"),
            ("'", "'"),
            ("a b", "a b"),
        ] {
            let mut read = Cow::Borrowed(cell);
            as_meant(&mut read);
            assert_eq!(read, meant, "{cell}");
        }
    }

    #[test]
    fn columns_of_one_name_are_kept_apart() {
        let table = Table::read("时间,备注,备注,,\n".as_bytes(), "csv").unwrap();
        assert_eq!(table.names, ["时间", "备注", "备注~2", "", ""]);
    }

    #[test]
    fn a_second_table_below_the_first_is_told() {
        let options = DecodeOptions::new(chrono_tz::Tz::UTC, "t.csv");
        let rows = |header: &str| {
            let text = format!(
                "time,cpu\n2026-11-05 10:00,1\ntime,cpu\n2026-11-05 10:01,2\n{header}\n2026-11-05 10:02,3\n"
            );
            Collected::from(&CsvMetrics::open(text.as_bytes(), true, &options).unwrap(), text.as_bytes())
        };
        // Its own header again begins no other table.
        assert_eq!((rows("time,cpu").metrics.len(), rows("time,cpu").rejects.len()), (3, 2));
        let found = rows("时间,错误数");
        assert_eq!((found.metrics.len(), found.rejects.len()), (3, 2));
        assert!(
            found.rejects[1].1.contains("a second table begins here (时间, 错误数)"),
            "{:?}",
            found.rejects[1]
        );
    }
}
