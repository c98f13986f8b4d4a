//! How does a sheet become a table of text?
//!
//! The header is the first row with at least two filled cells: what stands above is a title. A header
//! cell that is merged over others is the parent of the names below it and shows only where they would
//! be ambiguous. Merged cells of rows count for each row that they cover. Dates are numbers of days and
//! become text, also in a column of times that nobody formatted as such.
//!
//! A spreadsheet keeps 15 digits of a number. An id with more is damaged for good: its cell is emptied,
//! so that it joins with no other's, and the column `damaged_by_spreadsheet` says which and what was left.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::io::Cursor;

use calamine::{DataRef, Dimensions, ExcelDateTime, Reader, Xlsx};

use crate::formats::changes::START_NAMES;
use crate::formats::log_fields::{Field, canonical, means, names_id};
use crate::formats::timeline::table::AT_NAMES;
use crate::limits;

/// The column that tells of damaged ids.
pub(super) const DAMAGED: &str = "damaged_by_spreadsheet";
/// The first whole number with more digits than a spreadsheet keeps.
const EXACT_BELOW: f64 = 1e15;
/// Days that a number in a column of times may mean: 1954 to 2119.
const DAYS: std::ops::Range<f64> = 20_000.0..80_000.0;
/// How many rows a header may have.
const HEADER_ROWS_MAX: u32 = 3;

/// A cell as it is written.
#[derive(Debug, Clone, PartialEq)]
enum Cell {
    Text(String),
    Number(f64),
}

type Rows = BTreeMap<u32, BTreeMap<u32, Cell>>;
/// Where the value of a covered cell stands.
type Merged = HashMap<(u32, u32), (u32, u32)>;

/// The sheets of a workbook as CSV, with their names; sheets without a table are left out.
pub(super) fn tables(bytes: &[u8]) -> Result<Vec<(String, String)>, String> {
    let broken = |error: calamine::XlsxError| {
        format!("the spreadsheet cannot be read: {error}; save the sheet as CSV")
    };
    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(bytes)).map_err(broken)?;
    let names = book.sheet_names();
    if names.len() > limits::SHEETS_MAX {
        return Err(format!("the workbook has {} sheets, more than {}", names.len(), limits::SHEETS_MAX));
    }
    let mut tables = Vec::new();
    let (mut cells_left, mut bytes_left) = (limits::SHEET_CELLS_MAX, limits::DOCUMENT_BYTES_MAX);
    for name in names {
        let mut rows = match read_rows(&mut book, &name, &mut cells_left) {
            Ok(rows) => rows,
            // A chart or a macro sheet has no cells.
            Err(Problem::NoCells) => continue,
            Err(Problem::Other(reason)) => return Err(format!("sheet {name}: {reason}")),
        };
        let regions = book.merge_cells_by_sheet_name(&name).map_err(broken)?;
        let merged = covered(&regions, &rows);
        if let Some(csv) =
            to_csv(&mut rows, &merged, &mut bytes_left).map_err(|reason| format!("sheet {name}: {reason}"))?
        {
            tables.push((name, csv));
        }
    }
    Ok(tables)
}

enum Problem {
    NoCells,
    Other(String),
}

fn read_rows(book: &mut Xlsx<Cursor<&[u8]>>, name: &str, cells_left: &mut usize) -> Result<Rows, Problem> {
    let problem = |error: calamine::XlsxError| match error {
        calamine::XlsxError::NotAWorksheet(_) | calamine::XlsxError::WorksheetNotFound(_) => Problem::NoCells,
        other => Problem::Other(format!("it cannot be read: {other}; save it as CSV")),
    };
    let mut reader = book.worksheet_cells_reader(name).map_err(problem)?;
    let mut rows = Rows::new();
    while let Some(cell) = reader.next_cell().map_err(problem)? {
        let (row, column) = cell.get_position();
        let value = match cell.get_value() {
            DataRef::Empty | DataRef::Error(_) => continue,
            DataRef::String(text) if text.trim().is_empty() => continue,
            DataRef::SharedString(text) if text.trim().is_empty() => continue,
            DataRef::String(text) | DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => {
                Cell::Text(text.clone())
            }
            DataRef::SharedString(text) => Cell::Text((*text).to_owned()),
            DataRef::Int(number) => Cell::Number(*number as f64),
            DataRef::Float(number) => Cell::Number(*number),
            DataRef::Bool(value) => Cell::Text(value.to_string()),
            DataRef::DateTime(at) => Cell::Text(clock(*at)),
        };
        *cells_left = cells_left.checked_sub(1).ok_or_else(|| {
            Problem::Other(format!(
                "the workbook has more than {} cells; save it as CSV",
                limits::SHEET_CELLS_MAX
            ))
        })?;
        rows.entry(row).or_default().insert(column, value);
    }
    Ok(rows)
}

/// `2026-11-05 11:05:00`, `2026-11-05` for a whole day, `11:05:00` for a time without a day.
fn clock(at: ExcelDateTime) -> String {
    let (days, seconds) = (at.as_f64().floor(), (at.as_f64().fract() * 86_400.0).round());
    if at.is_duration() || days <= 0.0 {
        let seconds = (at.as_f64() * 86_400.0).round().max(0.0) as u64;
        return format!("{:02}:{:02}:{:02}", seconds / 3_600, seconds / 60 % 60, seconds % 60);
    }
    let (year, month, day, hour, minute, second, milli) = at.to_ymd_hms_milli();
    let date = format!("{year:04}-{month:02}-{day:02}");
    match (seconds == 0.0, milli) {
        (true, _) => date,
        (false, 0) => format!("{date} {hour:02}:{minute:02}:{second:02}"),
        (false, milli) => format!("{date} {hour:02}:{minute:02}:{second:02}.{milli:03}"),
    }
}

/// Which cells a merged one covers, where there is something to cover with and it is no bomb.
fn covered(regions: &[Dimensions], rows: &Rows) -> Merged {
    let mut merged = Merged::new();
    for region in regions {
        let (start, end) = (region.start, region.end);
        let height = u64::from(end.0.saturating_sub(start.0)) + 1;
        let width = u64::from(end.1.saturating_sub(start.1)) + 1;
        let area = height.saturating_mul(width);
        let is_filled = rows.get(&start.0).is_some_and(|row| row.contains_key(&start.1));
        if !is_filled || area + merged.len() as u64 > limits::SHEET_CELLS_MAX as u64 {
            continue;
        }
        for row in start.0..=end.0 {
            merged.extend((start.1..=end.1).map(|column| ((row, column), start)));
        }
    }
    merged
}

fn cell_at<'r>(rows: &'r Rows, merged: &Merged, row: u32, column: u32) -> Option<&'r Cell> {
    let own = rows.get(&row).and_then(|cells| cells.get(&column));
    own.or_else(|| {
        let (row, column) = merged.get(&(row, column))?;
        rows.get(row)?.get(column)
    })
}

/// The table below the header; none where there is no header or nothing below it.
fn to_csv(rows: &mut Rows, merged: &Merged, bytes_left: &mut usize) -> Result<Option<String>, String> {
    let is_header = |cells: &BTreeMap<u32, Cell>| {
        cells.values().filter(|cell| matches!(cell, Cell::Text(_))).count() >= 2
    };
    let Some(first) = rows.iter().find(|(_, cells)| is_header(cells)).map(|(row, _)| *row) else {
        return Ok(None);
    };
    let last = last_header_row(rows, merged, first);
    let (columns, names) = header(rows, merged, first, last);
    if columns.len() > limits::COLUMNS_MAX {
        return Err(format!("it has more than {} columns", limits::COLUMNS_MAX));
    }
    let body: Vec<u32> = rows.range(last + 1..).map(|(row, _)| *row).collect();
    if body.is_empty() {
        return Ok(None);
    }
    let mut lines = Vec::with_capacity(body.len());
    let mut is_damaged = false;
    for row in body {
        let mut damaged = Vec::new();
        let mut line = String::new();
        for (column, name) in columns.iter().zip(&names) {
            let text = cell_at(rows, merged, row, *column).map(|cell| text_of_cell(cell, name, &mut damaged));
            push_cell(&mut line, &text.unwrap_or_default());
        }
        is_damaged |= !damaged.is_empty();
        *bytes_left = bytes_left.checked_sub(line.len() + 2).ok_or_else(|| {
            format!("its table is larger than {} MiB; save it as CSV", limits::DOCUMENT_BYTES_MAX >> 20)
        })?;
        lines.push((line, damaged.join("; ")));
    }
    let mut csv = String::new();
    for name in &names {
        push_cell(&mut csv, name);
    }
    if is_damaged {
        push_cell(&mut csv, DAMAGED);
    }
    for (line, damaged) in lines {
        csv.pop();
        csv.push('\n');
        csv.push_str(&line);
        if is_damaged {
            push_cell(&mut csv, &damaged);
        }
    }
    csv.pop();
    csv.push('\n');
    Ok(Some(csv))
}

/// A header goes on where a name covers several columns, or several rows.
fn last_header_row(rows: &Rows, merged: &Merged, first: u32) -> u32 {
    let mut last = first;
    while last < first + HEADER_ROWS_MAX - 1 {
        let is_parent = |column: &u32| {
            let covers = |at: (u32, u32)| merged.get(&at) == Some(&(last, *column));
            covers((last, *column + 1)) || covers((last + 1, *column))
        };
        let goes_on = rows.get(&last).is_some_and(|cells| cells.keys().any(is_parent));
        let has_more = rows
            .get(&(last + 1))
            .is_some_and(|cells| cells.values().all(|cell| matches!(cell, Cell::Text(_))));
        if !goes_on || !has_more {
            break;
        }
        last += 1;
    }
    last
}

/// The columns that have a name, and their names: the lowest one, with its parents where it is not alone.
fn header(rows: &Rows, merged: &Merged, first: u32, last: u32) -> (Vec<u32>, Vec<String>) {
    let mut all: BTreeSet<u32> =
        rows.range(first..=last).flat_map(|(_, cells)| cells.keys().copied()).collect();
    all.extend(
        merged.iter().filter(|((row, _), _)| (first..=last).contains(row)).map(|((_, column), _)| *column),
    );
    let mut paths = Vec::new();
    for column in all {
        let mut path: Vec<String> = Vec::new();
        for row in first..=last {
            let text = match cell_at(rows, merged, row, column) {
                Some(Cell::Text(text)) => text.split_whitespace().collect::<Vec<_>>().join(" "),
                Some(Cell::Number(number)) => number.to_string(),
                None => continue,
            };
            if path.last() != Some(&text) {
                path.push(text);
            }
        }
        if !path.is_empty() {
            paths.push((column, path));
        }
    }
    let mut leaves: HashMap<String, usize> = HashMap::new();
    for (_, path) in &paths {
        *leaves.entry(path.last().cloned().unwrap_or_default()).or_default() += 1;
    }
    paths
        .into_iter()
        .map(|(column, path)| {
            let leaf = path.last().cloned().unwrap_or_default();
            let is_alone = leaves.get(&leaf) == Some(&1);
            (column, if is_alone { leaf } else { path.join(".") })
        })
        .unzip()
}

fn text_of_cell(cell: &Cell, name: &str, damaged: &mut Vec<String>) -> String {
    let number = match cell {
        Cell::Text(text) => return text.clone(),
        Cell::Number(number) => *number,
    };
    if DAYS.contains(&number) && is_time(name) {
        return clock(ExcelDateTime::new(number, calamine::ExcelDateTimeType::DateTime, false));
    }
    if number.fract() == 0.0 && number.abs() >= EXACT_BELOW {
        damaged.push(format!("{name}={number}"));
        if names_id(name) {
            return String::new();
        }
    }
    number.to_string()
}

fn is_time(name: &str) -> bool {
    let short = canonical(name);
    means(name, Field::Timestamp)
        || AT_NAMES.contains(&short.as_str())
        || START_NAMES.contains(&short.as_str())
        || ["时间", "日期", "time", "date", "at"].iter().any(|end| short.ends_with(end))
}

/// A cell and the comma behind it.
fn push_cell(line: &mut String, text: &str) {
    if text.contains(['"', ',', '\n', '\r', ';', '\t', '|']) || text.starts_with(char::is_whitespace) {
        line.push('"');
        line.push_str(&text.replace('"', "\"\""));
        line.push('"');
    } else {
        line.push_str(text);
    }
    line.push(',');
}
