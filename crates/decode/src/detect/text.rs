//! Which table is it, or is it a timeline in YAML?

use super::{Detection, HINT, banner, lines};
use crate::formats::csv_metrics::{long_roles, wide_roles};
use crate::formats::log_fields::{Field, canonical, default_target};
use crate::formats::timeline::table as timeline_table;
use crate::formats::{Table, changes, text_of, traces};
use crate::framing::Records;
use crate::{DecodeError, DecodeOptions, Framing, InputFormat};

pub(super) fn detect(
    head: &[u8],
    head_is_whole: bool,
    options: &DecodeOptions,
) -> Result<Detection, DecodeError> {
    if let Some(line) = timeline_line(head) {
        return Ok(Detection::new(
            InputFormat::Timeline,
            format!("line {line} begins with `incident:`, as in a fupan timeline"),
        ));
    }
    let table = Table::read(head, "csv");
    if let Ok(table) = &table
        && table.names.len() >= 2
        && let Some(detection) = by_header(table, head)
    {
        return Ok(detection);
    }
    // Rows that begin with a time would pass for lines of text.
    if let Some(detection) = banner::detect(head, head_is_whole, options) {
        return Ok(detection);
    }
    if let Some(detection) = lines::text(head, head_is_whole, 2) {
        return Ok(detection);
    }
    let table = table?;
    let line = Records::new(Framing::Lines, head)
        .next()
        .map(|line| String::from_utf8_lossy(line.bytes).into_owned());
    let line = line.unwrap_or_default();
    let seen = if table.names.len() >= 2 && table.names.iter().all(|name| name.len() < 64) {
        let columns = table.names.iter().take(8).map(String::as_str).collect::<Vec<_>>().join(", ");
        format!("perhaps a table with the columns {columns}, but without a time and values that are known")
    } else {
        format!("text that begins with {:?}", text_of(&line))
    };
    Err(DecodeError::Unrecognised { seen, hint: HINT.to_owned() })
}

/// The line on which `incident:` stands at the left margin, before any row of a table.
fn timeline_line(head: &[u8]) -> Option<usize> {
    let text = String::from_utf8_lossy(head);
    let mut lines = text.lines().enumerate().take(200);
    lines
        .find(|(_, line)| {
            line.strip_prefix("incident:").is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
        })
        .map(|(at, _)| at + 1)
}

/// What the columns of a table say that it holds.
pub(super) fn by_header(table: &Table, head: &[u8]) -> Option<Detection> {
    let names: Vec<String> = table.names.iter().map(|name| canonical(name)).collect();
    let any = |known: &[&str]| names.iter().any(|name| known.contains(&name.as_str()));
    let has = |field| {
        table.names.iter().filter_map(|name| default_target(name)).any(|target| target.field == field)
    };
    if any(&timeline_table::INCIDENT_NAMES)
        && any(&timeline_table::TYPE_NAMES)
        && any(&timeline_table::AT_NAMES)
    {
        return Some(Detection::new(
            InputFormat::TimelineCsv,
            "its columns are those of a fupan timeline: incident, at, type",
        ));
    }
    let is_span = any(&traces::TRACE_NAMES)
        && any(&["spanid"])
        && any(&traces::PARENT_NAMES)
        && any(&traces::START_NAMES);
    if is_span {
        return Some(Detection::new(
            InputFormat::CsvTraces,
            "its columns are those of spans: trace, span, parent, start",
        ));
    }
    if long_roles(&table.names).is_some() {
        return Some(Detection::new(InputFormat::CsvMetricsLong, "its columns are time, metric and value"));
    }
    let is_log =
        has(Field::Severity) || any(&["msg", "body", "log"]) || has(Field::Status) || has(Field::Trace);
    let by_keys =
        changes::type_by_keys(|known| any(known)).or_else(|| any(&changes::OWN_NAMES).then_some("change"));
    let has_start = has(Field::Timestamp) || any(&changes::START_NAMES);
    if let Some(kind) =
        by_keys.filter(|kind| !is_log && has_start && (*kind == "commit" || !has(Field::Body)))
    {
        return Some(Detection::new(
            InputFormat::ChangesCsv,
            format!("its columns are those of changes, such as a {kind}"),
        ));
    }
    let sample = table.sample(head);
    let type_column = names.iter().position(|name| changes::TYPE_NAMES.contains(&name.as_str()));
    let stated =
        type_column.and_then(|at| sample.first()?.get(at)).and_then(|word| changes::known_type(word));
    if let Some(kind) = stated.filter(|_| !is_log && any(&changes::START_NAMES)) {
        return Some(Detection::new(
            InputFormat::ChangesCsv,
            format!("its rows are changes, the first one a {kind}"),
        ));
    }
    if has(Field::Timestamp) && (is_log || has(Field::Body) || has(Field::Event)) {
        return Some(Detection::new(InputFormat::CsvLogs, "its columns are a time and what loggers write"));
    }
    if !sample.is_empty() && wide_roles(&table.names, &sample).is_some() {
        return Some(Detection::new(
            InputFormat::CsvMetricsWide,
            "its columns are a time and numbers, one metric each",
        ));
    }
    None
}
