//! A table with a header: which columns are there, and what does a row hold?

use std::borrow::Cow;
use std::collections::HashMap;

use super::log_fields::canonical;
use super::walk_text;
use crate::csv_text::{cells, sniff_delimiter};
use crate::decimal::short_decimal;
use crate::framing::Records;
use crate::{Chunk, DecodeError, Framing, Header, Place, RecordSink, limits};

/// What reads one row's cells and sends its rows; an error makes it a reject.
pub(crate) type ReadRow<'r, 'a> =
    &'r mut dyn FnMut(Place, &[Cow<'a, str>], &mut dyn RecordSink) -> Result<(), String>;

/// The header of a table.
#[derive(Debug, Clone)]
pub(crate) struct Table {
    pub(crate) names: Vec<String>,
    /// The names without case and punctuation.
    pub(crate) canonical: Vec<String>,
    pub(crate) delimiter: u8,
    /// Where the rows begin in the source: after the header, however many blank lines stand before it.
    pub(crate) rows_start: u64,
    /// The columns of a date and of the time of that day, where it has both.
    date_and_clock: Option<(usize, usize)>,
    /// The columns of a date and of the hour of that day.
    date_and_hour: Option<(usize, usize)>,
}

/// Names of columns of dates, without case and punctuation.
const DATES: [&str; 6] = ["日期", "date", "day", "logdate", "发生日期", "事件日期"];

/// Names of columns that may hold the time of a day alone.
const CLOCKS: [&str; 6] = ["时间", "time", "clock", "logtime", "发生时间", "时刻"];

/// Names of columns that may hold the hour of a day.
const HOURS: [&str; 6] = ["小时", "hour", "hr", "时段", "hourofday", "小时段"];

/// The first column of a date, and the first of these.
fn date_and(others: &[&str], canonical: &[String]) -> Option<(usize, usize)> {
    let at = |names: &[&str]| canonical.iter().position(|name| names.contains(&name.as_str()));
    at(&DATES).zip(at(others))
}

/// The hour of a day: `9`, `09`, `9时`, `09:00-10:00`.
fn hour_of(cell: &str) -> Option<u8> {
    let digits = cell.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(cell.len());
    let (hour, rest) = cell.split_at_checked(digits)?;
    let is_rest = |rest: &str| rest.is_empty() || rest.starts_with([':', '-', '~', '时', '点']);
    hour.parse().ok().filter(|hour| *hour < 24 && is_rest(rest))
}

/// `11:05`, `11:05:03.250`.
fn is_clock(cell: &str) -> bool {
    let digits = |part: &str, most: usize| {
        (1..=most).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit())
    };
    let mut parts = cell.splitn(3, ':');
    let (hour, minute, second) = (parts.next(), parts.next(), parts.next());
    let is_second = |second: &str| {
        let (whole, fraction) = second.split_once(['.', ',']).unwrap_or((second, "0"));
        digits(whole, 2) && digits(fraction, 9)
    };
    hour.is_some_and(|hour| digits(hour, 2))
        && minute.is_some_and(|minute| digits(minute, 2))
        && second.is_none_or(is_second)
}

/// `2026-11-05`, `2026/11/5`, `20261105`, `2026年11月5日`.
fn is_date(cell: &str) -> bool {
    let is_part =
        |letter: char| letter.is_ascii_digit() || matches!(letter, '-' | '/' | '.' | '年' | '月' | '日');
    cell.chars().count() >= 8
        && cell.starts_with(|first: char| first.is_ascii_digit())
        && cell.chars().all(is_part)
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
        let date_and_clock = date_and(&CLOCKS, &canonical);
        let date_and_hour = date_and(&HOURS, &canonical).filter(|_| date_and_clock.is_none());
        let rows_start = (record.offset + record.bytes.len()) as u64;
        Ok(Self { names, canonical, delimiter, rows_start, date_and_clock, date_and_hour })
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
                self.join_clock(&mut found);
                found
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
                cells(text, self.delimiter, &mut row);
                // One delimiter at the end of each row is a habit of some writers.
                if row.len() == self.names.len() + 1 && row.last().is_some_and(|cell| cell.is_empty()) {
                    row.pop();
                }
                if row.len() != self.names.len() {
                    return Err(format!("the row has {} cells, the header {}", row.len(), self.names.len()));
                }
                self.join_clock(&mut row);
                read(place, &row, sink)
            },
        );
    }

    /// Puts the date and the time of a row together, where they stand in two columns.
    fn join_clock(&self, row: &mut [Cow<'_, str>]) {
        self.join_hour(row);
        let Some((date, clock)) = self.date_and_clock else { return };
        let Some((date, time)) = row.get(date).zip(row.get(clock)) else { return };
        let (date, time) = (date.trim(), time.trim());
        if is_clock(time) && is_date(date) {
            let joined = joined(date, time);
            if let Some(cell) = row.get_mut(clock) {
                *cell = Cow::Owned(joined);
            }
        }
    }

    /// An hour that went into the time is no number and no label of its own.
    fn join_hour(&self, row: &mut [Cow<'_, str>]) {
        let Some((date, hour)) = self.date_and_hour else { return };
        let Some((day, cell)) = row.get(date).zip(row.get(hour)) else { return };
        let day = day.trim();
        if let Some(number) = hour_of(cell.trim()).filter(|_| is_date(day)) {
            let joined = joined(day, &format!("{number:02}:00"));
            for (at, text) in [(date, joined), (hour, String::new())] {
                if let Some(cell) = row.get_mut(at) {
                    *cell = Cow::Owned(text);
                }
            }
        }
    }
}

fn joined(date: &str, time: &str) -> String {
    format!("{} {time}", with_hyphens(date).as_deref().unwrap_or(date))
}

/// `20261120` as `2026-11-20`; none for a date that is written otherwise.
fn with_hyphens(date: &str) -> Option<String> {
    let is_bare = date.len() == 8 && date.bytes().all(|byte| byte.is_ascii_digit());
    let (year, rest) = date.split_at_checked(4).filter(|_| is_bare)?;
    let (month, day) = rest.split_at_checked(2)?;
    Some(format!("{year}-{month}-{day}"))
}

/// Words for "no value" in tables.
pub(crate) fn is_missing(cell: &str) -> bool {
    // A number, as nearly always.
    if cell.as_bytes().first().is_some_and(u8::is_ascii_digit) {
        return false;
    }
    matches!(
        cell.trim(),
        "" | "null" | "NULL" | "None" | "N/A" | "n/a" | "NA" | "#N/A" | "-" | "--" | "—" | "\\N"
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
        let bare = cell.trim().trim_end_matches(['%', '％']).trim_end();
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
        _ => return None,
    };
    let bare = cell.get(..at)?.trim_end();
    bare.ends_with(|letter: char| letter.is_ascii_digit()).then_some((bare, factor))
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
            ("10ms", None),
        ] {
            assert_eq!(written_number(cell), value, "{cell}");
        }
    }

    #[test]
    fn columns_of_one_name_are_kept_apart() {
        let table = Table::read("时间,备注,备注,,\n".as_bytes(), "csv").unwrap();
        assert_eq!(table.names, ["时间", "备注", "备注~2", "", ""]);
    }

    #[test]
    fn a_date_and_an_hour_are_one_instant() {
        for (head, joined) in [
            ("日期,小时,n\n2026-11-05,9,1\n", "2026-11-05 09:00"),
            ("date,hour,n\n20261105,00,1\n", "2026-11-05 00:00"),
            ("日期,时段,n\n2026-11-05,11:00-12:00,1\n", "2026-11-05 11:00"),
        ] {
            let table = Table::read(head.as_bytes(), "csv").unwrap();
            assert_eq!(table.sample(head.as_bytes()), [[joined, "", "1"]]);
        }
        let other = "日期,时段,n\n2026-11-05,晚高峰,1\n";
        let table = Table::read(other.as_bytes(), "csv").unwrap();
        assert_eq!(table.sample(other.as_bytes()), [["2026-11-05", "晚高峰", "1"]]);
    }
}
