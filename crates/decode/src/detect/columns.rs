//! What do the columns of a table, and the first cells in them, say that it holds?

use std::borrow::Cow;

use fupan_model::severity;

use super::Detection;
use crate::InputFormat;
use crate::formats::csv_metrics::{long_roles, wide_roles};
use crate::formats::log_fields::{Field, means};
use crate::formats::timeline::table as timeline_table;
use crate::formats::{Table, changes, counts, traces};

/// What the columns of a table say that it holds.
pub(super) fn by_header(table: &Table, head: &[u8]) -> Option<Detection> {
    let seen = Columns { table, sample: table.sample(head) };
    let found = |format, reason: &str| Some(Detection::new(format, reason));
    if seen.are_of_timeline() {
        return found(
            InputFormat::TimelineCsv,
            "its columns are those of a fupan timeline: incident, at, type",
        );
    }
    if seen.are_of_spans() {
        return found(InputFormat::CsvTraces, "its columns are those of spans: trace, span, parent, start");
    }
    if long_roles(&table.names, &[]).is_some() {
        return found(InputFormat::CsvMetricsLong, "its columns are time, metric and value");
    }
    if let Some(reason) = seen.change() {
        return found(InputFormat::ChangesCsv, &reason);
    }
    // Each row would pass for one request, or one line.
    if counts::are_counted(&table.names, &seen.sample) && seen.are_wide_metrics() {
        return found(
            InputFormat::CsvMetricsWide,
            "its columns are a time and counts of what they tell apart",
        );
    }
    if seen.has(Field::Timestamp) && (seen.may_be_logs() || seen.has(Field::Body) || seen.has(Field::Event)) {
        return found(InputFormat::CsvLogs, "its columns are a time and what loggers write");
    }
    if seen.are_wide_metrics() {
        return found(InputFormat::CsvMetricsWide, "its columns are a time and numbers, one metric each");
    }
    None
}

struct Columns<'t> {
    table: &'t Table,
    sample: Vec<Vec<Cow<'t, str>>>,
}

impl Columns<'_> {
    fn any(&self, known: &[&str]) -> bool {
        self.table.canonical.iter().any(|name| known.contains(&name.as_str()))
    }

    fn has(&self, field: Field) -> bool {
        self.columns_of(field).next().is_some()
    }

    fn columns_of(&self, field: Field) -> impl Iterator<Item = usize> {
        self.table.names.iter().enumerate().filter(move |(_, name)| means(name, field)).map(|(at, _)| at)
    }

    /// Whether a column of the field holds what it should; one without cells may.
    fn holds(&self, field: Field, fits: fn(&str) -> bool) -> bool {
        self.columns_of(field).any(|at| {
            let cells = self.sample.iter().filter_map(|row| row.get(at)).map(|cell| cell.trim());
            let mut cells = cells.filter(|cell| !cell.is_empty()).peekable();
            cells.peek().is_none() || cells.any(fits)
        })
    }

    fn are_wide_metrics(&self) -> bool {
        !self.sample.is_empty() && wide_roles(&self.table.names, &self.sample).is_some()
    }

    fn are_of_timeline(&self) -> bool {
        self.any(&timeline_table::INCIDENT_NAMES)
            && self.any(&timeline_table::TYPE_NAMES)
            && self.any(&timeline_table::AT_NAMES)
    }

    fn are_of_spans(&self) -> bool {
        self.any(&traces::TRACE_NAMES)
            && self.any(&["spanid"])
            && self.any(&traces::PARENT_NAMES)
            && self.any(&traces::START_NAMES)
    }

    fn may_be_logs(&self) -> bool {
        [Field::Severity, Field::Status, Field::Trace].iter().any(|field| self.has(*field))
            || self.any(&LOGGED)
    }

    /// A status of a change is no code, and its level is none of a logger.
    fn are_logs(&self) -> bool {
        self.holds(Field::Severity, |cell| severity::number_of(cell).is_some())
            || self.holds(Field::Status, counts::is_status_code)
            || self.has(Field::Trace)
            || self.any(&LOGGED)
    }

    /// Why it is a list of changes, where it is.
    fn change(&self) -> Option<String> {
        if self.are_logs() {
            return None;
        }
        let by_keys = changes::type_by_keys(|known| self.any(known))
            .or_else(|| self.any(&changes::OWN_NAMES).then_some("change"));
        let has_start = self.has(Field::Timestamp) || self.any(&changes::START_NAMES);
        if let Some(kind) = by_keys.filter(|kind| has_start && (*kind == "commit" || !self.has(Field::Body)))
        {
            return Some(format!("its columns are those of changes, such as a {kind}"));
        }
        let mut columns = self.table.canonical.iter();
        let column = columns.position(|name| changes::TYPE_NAMES.contains(&name.as_str()))?;
        let kind = changes::known_type(self.sample.first()?.get(column)?)?;
        let is_change = self.any(&changes::START_NAMES);
        is_change.then(|| format!("its rows are changes, the first one a {kind}"))
    }
}

/// What loggers alone call what they write.
const LOGGED: [&str; 3] = ["msg", "body", "log"];
