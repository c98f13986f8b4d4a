//! Rows for eyes: aligned columns, or a markdown table.

use arrow::array::{Array, AsArray};
use arrow::datatypes::{DataType, Float64Type, Int64Type, TimeUnit, TimestampMicrosecondType};
use chrono_tz::Tz;
use comfy_table::{Cell, CellAlignment, ContentArrangement, Row, Table};
use fupan_model::Micros;
use fupan_report::escape;

use super::{Rows, cells};
use crate::{instants, numbers};

/// No frame, a rule below the header.
const PRESET: &str = "     ──            ";

/// Lines that a wrapped cell may have on a terminal; longer text is cut with `…`.
const CELL_LINES_MAX: usize = 4;

/// Characters of a cell in a pipe, where nothing is wrapped.
const CELL_CHARS_MAX: usize = 400;

/// More columns than that are read downwards where the rows are few.
const COLUMNS_ACROSS_MAX: usize = 12;

/// Rows that may be read downwards.
const ROWS_DOWN_MAX: usize = 5;

/// Aligned columns; without a width, lines are as long as they need to be. Few rows of many columns
/// become one line per cell.
pub(super) fn table(rows: &Rows, zone: Tz, width: Option<u16>) -> String {
    if rows.schema.fields().is_empty() {
        return String::new();
    }
    if rows.schema.fields().len() > COLUMNS_ACROSS_MAX && (1..=ROWS_DOWN_MAX).contains(&rows.count()) {
        return downwards(rows, zone);
    }
    let mut table = Table::new();
    table.load_preset(PRESET).set_truncation_indicator("…");
    match width {
        Some(width) => table.set_content_arrangement(ContentArrangement::Dynamic).set_width(width),
        None => table.set_content_arrangement(ContentArrangement::Disabled),
    };
    table.set_header(rows.schema.fields().iter().map(|field| escape::visible(field.name())));
    for (at, field) in rows.schema.fields().iter().enumerate() {
        if let Some(column) = table.column_mut(at) {
            column.set_padding((0, 1));
            if is_number(field.data_type()) {
                column.set_cell_alignment(CellAlignment::Right);
            }
        }
    }
    for batch in &rows.batches {
        for row in 0..batch.num_rows() {
            let mut line =
                Row::from(batch.columns().iter().map(|column| Cell::new(shown(column.as_ref(), row, zone))));
            line.max_height(CELL_LINES_MAX);
            table.add_row(line);
        }
    }
    let mut text = String::new();
    for line in table.lines() {
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

/// One line per cell, rows apart.
fn downwards(rows: &Rows, zone: Tz) -> String {
    let names: Vec<String> = rows.schema.fields().iter().map(|field| escape::visible(field.name())).collect();
    let width = names.iter().map(|name| name.chars().count()).max().unwrap_or_default();
    let mut text = String::new();
    for batch in &rows.batches {
        for row in 0..batch.num_rows() {
            if !text.is_empty() {
                text.push('\n');
            }
            for (name, column) in names.iter().zip(batch.columns()) {
                text.push_str(&format!("{name:<width$}  {}\n", shown(column.as_ref(), row, zone)));
            }
        }
    }
    text
}

fn is_number(data_type: &DataType) -> bool {
    data_type.is_numeric()
}

/// Groups of three from five digits on: a year stays a year. Longer than any count is an id.
fn whole(number: i64) -> String {
    if (10_000..1_000_000_000_000_000).contains(&number.unsigned_abs()) {
        numbers::grouped_signed(number)
    } else {
        number.to_string()
    }
}

/// The cell as people read it; `–` where there is nothing.
fn shown(column: &dyn Array, row: usize, zone: Tz) -> String {
    if column.is_null(row) {
        return "–".to_owned();
    }
    match column.data_type() {
        DataType::Timestamp(TimeUnit::Microsecond, _) => {
            instants::local(Micros(column.as_primitive::<TimestampMicrosecondType>().value(row)), zone)
        }
        DataType::Int64 => whole(column.as_primitive::<Int64Type>().value(row)),
        DataType::Float64 => numbers::double(column.as_primitive::<Float64Type>().value(row)),
        _ => escape::shortened(&escape::visible(&cells::text(column, row)), CELL_CHARS_MAX),
    }
}

/// A markdown table in which no cell can be anything but text.
pub(super) fn markdown(rows: &Rows) -> String {
    let line = |cells: Vec<String>| format!("| {} |\n", cells.join(" | "));
    let fields = rows.schema.fields();
    let mut text = line(fields.iter().map(|field| escape::markdown(field.name())).collect());
    let rule =
        fields.iter().map(|field| if is_number(field.data_type()) { "---:" } else { "---" }.to_owned());
    text.push_str(&line(rule.collect()));
    for batch in &rows.batches {
        for row in 0..batch.num_rows() {
            let cells =
                batch.columns().iter().map(|column| escape::markdown(&cells::text(column.as_ref(), row)));
            text.push_str(&line(cells.collect()));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chinese_columns_are_as_wide_as_they_look() {
        let rows = vec![["下单".to_owned(), "a".to_owned()], ["pay".to_owned(), "b".to_owned()]];
        let rows = Rows::of_text(["name", "x"], rows).unwrap();
        assert_eq!(table(&rows, Tz::UTC, None), "name  x\n────────\n下单  a\npay   b\n");
    }

    #[test]
    fn text_from_data_stays_text() {
        let rows = Rows::of_text(["a|b"], vec![["<img> | [x](y)\u{1b}[2J".to_owned()]]).unwrap();
        let text = markdown(&rows);
        assert!(!text.contains("<img>") && !text.contains('\u{1b}'), "{text}");
        assert!(!table(&rows, Tz::UTC, Some(40)).contains('\u{1b}'));
    }
}
