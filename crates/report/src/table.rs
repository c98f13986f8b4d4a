//! A table once, as markdown and as CSV: what is read and what is calculated with.

use fupan_model::Micros;

use crate::{
    error::ReportError,
    escape,
    format::{Locale, Noun},
    model::{Figure, FigureValue},
};

/// A table of a report.
#[derive(Debug, Clone, Default)]
pub(crate) struct Table {
    columns: Vec<Column>,
    rows: Vec<Vec<Cell>>,
}

/// A column: its heading in the report's language, its name in CSV.
#[derive(Debug, Clone)]
struct Column {
    title: String,
    csv_name: &'static str,
}

/// A cell, inert in markdown; plain in CSV.
#[derive(Debug, Clone, Default)]
pub(crate) struct Cell {
    markdown: String,
    csv: String,
}

impl Table {
    /// A table with columns of (heading, name in CSV).
    pub(crate) fn new(columns: &[(&str, &'static str)]) -> Self {
        let columns =
            columns.iter().map(|(title, csv_name)| Column { title: (*title).to_owned(), csv_name }).collect();
        Self { columns, rows: Vec::new() }
    }

    pub(crate) fn push(&mut self, row: Vec<Cell>) {
        debug_assert_eq!(row.len(), self.columns.len(), "a row has a cell for every column");
        self.rows.push(row);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The first `limit` rows. Columns in which no row says anything are left out.
    pub(crate) fn markdown(&self, limit: usize) -> String {
        let shown: Vec<usize> = (0..self.columns.len()).filter(|index| self.says_something(*index)).collect();
        let mut out = String::from("|");
        for index in &shown {
            if let Some(column) = self.columns.get(*index) {
                out.extend([format!(" {} |", column.title)]);
            }
        }
        out.push_str("\n|");
        out.push_str(&"---|".repeat(shown.len()));
        for row in self.rows.iter().take(limit) {
            out.push_str("\n|");
            for index in &shown {
                let cell = row.get(*index).map_or("", |cell| cell.markdown.as_str());
                out.extend([format!(" {} |", if cell.is_empty() { "–" } else { cell })]);
            }
        }
        out
    }

    /// How many rows [`Table::markdown`] leaves out.
    pub(crate) fn left_out(&self, limit: usize) -> usize {
        self.rows.len().saturating_sub(limit)
    }

    fn says_something(&self, index: usize) -> bool {
        self.rows.iter().any(|row| row.get(index).is_some_and(|cell| !cell.markdown.is_empty()))
    }

    /// All rows, with every column.
    pub(crate) fn csv(&self) -> Result<Vec<u8>, ReportError> {
        let mut writer = csv::Writer::from_writer(Vec::new());
        writer.write_record(self.columns.iter().map(|column| column.csv_name))?;
        for row in &self.rows {
            writer.write_record(row.iter().map(|cell| cell.csv.as_str()))?;
        }
        writer.into_inner().map_err(|error| ReportError::Csv(error.into_error().into()))
    }
}

impl Cell {
    /// Markdown of our own beside a plain value.
    pub(crate) fn safe(markdown: impl Into<String>, csv: impl Into<String>) -> Self {
        Self { markdown: markdown.into(), csv: csv.into() }
    }

    /// Text from data.
    pub(crate) fn text(text: &str) -> Self {
        Self { markdown: escape::markdown(text), csv: escape::csv_cell(text) }
    }

    /// Text from data that may be long.
    pub(crate) fn long_text(text: &str) -> Self {
        let short = escape::shortened(&escape::visible(text), crate::limits::CELL_CHARS_MAX);
        Self { markdown: escape::markdown(&short), csv: escape::csv_cell(text) }
    }

    /// Text from data, or nothing.
    pub(crate) fn maybe(text: Option<&str>) -> Self {
        text.map(Self::text).unwrap_or_default()
    }

    /// A term of ours; CSV has its key.
    pub(crate) fn term(locale: Locale, group: &str, value: &impl serde::Serialize) -> Self {
        let key = key_of(value);
        Self { markdown: locale.term(&format!("{group}.{key}")).to_owned(), csv: key }
    }

    /// A figure with its short name; nothing where nobody computed it.
    pub(crate) fn figure(locale: Locale, figure: &Figure, noun: Noun) -> Self {
        if figure.is_absent() {
            return Self::default();
        }
        Self { markdown: figure_markdown(locale, figure, noun), csv: figure_csv(figure) }
    }

    /// An instant as the time of day of `day`; CSV has RFC 3339 in UTC.
    pub(crate) fn instant(locale: Locale, at: Option<Micros>, day: Option<Micros>) -> Self {
        at.map(|at| Self { markdown: locale.time_of_day(at, day), csv: at.to_rfc3339() }).unwrap_or_default()
    }

    /// The same cell with other markdown: what is read differs from what is calculated with.
    #[must_use]
    pub(crate) fn with_markdown(mut self, markdown: String) -> Self {
        self.markdown = markdown;
        self
    }

    /// A whole number.
    pub(crate) fn number(number: usize) -> Self {
        Self { markdown: number.to_string(), csv: number.to_string() }
    }
}

/// A figure with its short name, inert in markdown.
pub(crate) fn figure_markdown(locale: Locale, figure: &Figure, noun: Noun) -> String {
    with_id(value_markdown(locale, figure, noun), figure)
}

/// A text with the short name of a figure behind it.
pub(crate) fn with_id(text: String, figure: &Figure) -> String {
    if figure.id.is_empty() { text } else { format!("{text} <sup>{}</sup>", escape::markdown(&figure.id)) }
}

/// Numbers of ours are printed as they are; words, units and remarks may come from data.
fn value_markdown(locale: Locale, figure: &Figure, noun: Noun) -> String {
    let text = locale.figure(figure, noun);
    let is_ours = figure.note.is_none()
        && match &figure.value {
            FigureValue::Text { .. } | FigureValue::Unknown { .. } => false,
            FigureValue::Quantity { unit: word, .. }
            | FigureValue::QuantityRange { unit: word, .. }
            | FigureValue::Money { currency: word, .. }
            | FigureValue::MoneyRange { currency: word, .. } => {
                word.chars().all(|letter| letter.is_alphanumeric() || letter == ' ')
            }
            _ => true,
        };
    if is_ours { text.replace('<', "&lt;") } else { escape::markdown(&text) }
}

/// The name under which serde writes a plain enumeration.
pub(crate) fn key_of(value: &impl serde::Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(key)) => key,
        Ok(serde_json::Value::Object(object)) => {
            object.get("why").and_then(|why| why.as_str()).unwrap_or_default().to_owned()
        }
        _ => String::new(),
    }
}

/// A figure's bare value: seconds, shares 0–1, counts; `low..high` for ranges; empty where unknown.
fn figure_csv(figure: &Figure) -> String {
    fn range<T: ToString>(low: Option<T>, high: Option<T>) -> String {
        let end = |end: Option<T>| end.map(|end| end.to_string()).unwrap_or_default();
        format!("{}..{}", end(low), end(high))
    }
    match &figure.value {
        FigureValue::Seconds { seconds: value }
        | FigureValue::Share { share: value }
        | FigureValue::Quantity { value, .. }
        | FigureValue::Money { amount: value, .. }
        | FigureValue::Probability { p: value } => value.to_string(),
        FigureValue::Count { count } => count.to_string(),
        FigureValue::CountRange { low, high } => range(*low, *high),
        FigureValue::SecondsRange { low, high }
        | FigureValue::ShareRange { low, high }
        | FigureValue::QuantityRange { low, high, .. }
        | FigureValue::MoneyRange { low, high, .. } => range(*low, *high),
        FigureValue::Instant { at } => at.to_rfc3339(),
        FigureValue::InstantRange { low, high } => {
            range(low.map(Micros::to_rfc3339), high.map(Micros::to_rfc3339))
        }
        FigureValue::Text { text } => escape::csv_cell(text),
        FigureValue::Unknown { .. } => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lang::Lang;

    #[test]
    fn one_table_is_markdown_and_csv() {
        let locale = Locale::new(Lang::En, "UTC");
        let mut table = Table::new(&[("Service", "service"), ("Share", "error_share"), ("Empty", "empty")]);
        let share = Figure { id: "n1".to_owned(), ..Figure::share(0.5, "r") };
        table.push(vec![Cell::text("a|b"), Cell::figure(locale, &share, Noun::None), Cell::default()]);
        table.push(vec![Cell::text("=1+1"), Cell::default(), Cell::default()]);
        assert_eq!(
            table.markdown(10),
            "| Service | Share |\n|---|---|\n| a\\|b | 50 % <sup>n1</sup> |\n| \\=1+1 | – |"
        );
        assert_eq!(
            String::from_utf8(table.csv().unwrap()).unwrap(),
            "service,error_share,empty\na|b,0.5,\n'=1+1,,\n"
        );
        assert_eq!(table.left_out(1), 1);
    }
}
