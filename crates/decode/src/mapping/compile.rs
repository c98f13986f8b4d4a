//! Is what a mapping file says possible, and what does it compile to?

use regex::Regex;

use super::spec::{self, UnwrapSpec};
use super::{MappingTarget, MultiLine, Shape, Test, TextShape, TimeField, TimeReading, Unwrap, grok};
use crate::formats::log_fields::field_by_column;
use crate::formats::timeline::{did_you_mean, known_type};
use crate::time::EpochUnit;
use crate::{Encoding, InputFormat, RecordStart, limits};

/// The table that a mapping fills.
pub(super) fn compile_target(table: &str) -> Result<MappingTarget, String> {
    Ok(match table {
        "logs" => MappingTarget::Logs,
        "metrics" => MappingTarget::Metrics,
        "spans" => MappingTarget::Spans,
        "incident_events" => MappingTarget::Events,
        "alerts" => MappingTarget::Alerts,
        "changes" => MappingTarget::Changes,
        other => {
            let known = ["logs", "metrics", "spans", "incident_events", "alerts", "changes"];
            let hint = did_you_mean(other, &known);
            return Err(format!("table {other:?} is none of {}{hint}", known.join(", ")));
        }
    })
}

/// What its sources look like; a test on keys can only be one of JSON, on a header one of a table.
pub(super) fn compile_shape(
    format: Option<&str>,
    (pattern, multi_line): (Option<String>, Option<&str>),
    target: MappingTarget,
    has_keys: bool,
) -> Result<Shape, String> {
    let format = format.unwrap_or(if has_keys { "json" } else { "csv" });
    if format != "text" && (pattern.is_some() || multi_line.is_some()) {
        return Err("pattern and multi_line are for format = \"text\"".to_owned());
    }
    match format {
        "text" => compile_text(pattern, multi_line).map(Shape::Text),
        "csv" => Ok(Shape::Csv),
        "json" | "json-lines" => Ok(Shape::Json),
        "incident-io" if target == MappingTarget::Events => Ok(Shape::Own(InputFormat::IncidentIo)),
        other => {
            let hint = did_you_mean(other, &["csv", "json-lines", "text"]);
            Err(format!("format {other:?} is none of csv, json-lines, text{hint}"))
        }
    }
}

pub(super) fn compile_time(time: spec::TimeSpec, reference_year: Option<i32>) -> Result<TimeField, String> {
    let reading = match (time.epoch, time.format) {
        (Some(_), Some(_)) => return Err("time has both `epoch` and `format`; keep one".to_owned()),
        (Some(unit), None) => TimeReading::Epoch(
            EpochUnit::by_name(&unit)
                .ok_or_else(|| format!("time.epoch {unit:?} is none of s, ms, us, ns, auto"))?,
        ),
        (None, Some(format)) => {
            let is_bad = chrono::format::StrftimeItems::new(format.trim_end_matches("%*"))
                .any(|item| item == chrono::format::Item::Error);
            if is_bad {
                return Err(format!("time.format {format:?} is no layout of strftime"));
            }
            TimeReading::Format(format)
        }
        (None, None) => TimeReading::Known,
    };
    Ok(TimeField { field: time.field, reading, reference_year })
}

pub(super) fn compile_test(wanted: spec::MatchSpec) -> Result<Test, String> {
    let pattern = wanted.pattern.map(|source| compile_pattern("match.pattern", &source)).transpose()?;
    let bad = |name: &str, error: glob::PatternError| format!("match.source {name:?}: {error}");
    let sources = wanted.source.into_vec().into_iter();
    let sources = sources.map(|name| glob::Pattern::new(&name).map_err(|error| bad(&name, error)));
    let test = Test {
        sources: sources.collect::<Result<_, _>>()?,
        header: wanted.header,
        keys: wanted.first_key.into_vec(),
        text: pattern,
    };
    let is_nothing =
        test.sources.is_empty() && test.header.is_empty() && test.keys.is_empty() && test.text.is_none();
    if is_nothing {
        return Err(
            "match tests nothing, and would take every source; name a source, header, first_key or pattern"
                .to_owned(),
        );
    }
    Ok(test)
}

pub(super) fn compile_text(pattern: Option<String>, multi_line: Option<&str>) -> Result<TextShape, String> {
    let pattern = pattern.ok_or("format = \"text\" needs a pattern with named groups")?;
    let pattern = compile_pattern("pattern", &pattern)?;
    if pattern.capture_names().flatten().next().is_none() {
        return Err("the pattern names no field; write %{GREEDYDATA:message} or (?<message>…)".to_owned());
    }
    let multi_line = match multi_line {
        None => MultiLine::Auto,
        Some("none") => MultiLine::EachLine,
        Some("time") => MultiLine::Joined(RecordStart::Time),
        Some("unindented") => MultiLine::Joined(RecordStart::Unindented),
        Some(other) => return Err(format!("multi_line {other:?} is none of time, unindented, none")),
    };
    Ok(TextShape { pattern, multi_line })
}

/// None for UTF-8, which every source is in unless told otherwise.
pub(super) fn known_encoding(name: &str) -> Result<Option<Encoding>, String> {
    let is_utf8 = ["utf-8", "utf8", "utf_8"].iter().any(|known| known.eq_ignore_ascii_case(name));
    match Encoding::by_name(name) {
        Some(encoding) => Ok(Some(encoding)),
        None if is_utf8 => Ok(None),
        None => Err(format!("encoding {name:?} is not known; use GB18030, GBK, UTF-16LE, UTF-16BE or UTF-8")),
    }
}

pub(super) fn compile_pattern(place: &str, pattern: &str) -> Result<Regex, String> {
    let expanded = grok::expand(pattern).map_err(|reason| format!("{place}: {reason}"))?;
    compile_regex(place, &expanded)
}

/// A word of the source may become an event type of one's own, but no mistyped one.
pub(super) fn check_event_type((word, event_type): (String, String)) -> Result<(String, String), String> {
    let event_type = known_type(event_type).map_err(|reason| format!("event_types.{word}: {reason}"))?;
    Ok((word, event_type))
}

pub(super) fn compile_unwrap(step: UnwrapSpec) -> Result<Unwrap, String> {
    let UnwrapSpec { field, format, take, pattern } = step;
    match (format.as_deref(), pattern) {
        (Some("json"), None) => Ok(Unwrap::Json { field, take }),
        (None, Some(pattern)) if take.is_none() => {
            Ok(Unwrap::Pattern { regex: compile_pattern(&format!("unwrap of {field}"), &pattern)?, field })
        }
        (Some(other), None) => {
            Err(format!("unwrap of {field}: as = {other:?} is not known; use as = \"json\""))
        }
        _ => Err(format!("unwrap of {field} needs either as = \"json\" (and maybe take) or a pattern")),
    }
}

pub(super) fn compile_regex(place: &str, pattern: &str) -> Result<Regex, String> {
    regex::RegexBuilder::new(pattern)
        .size_limit(limits::PATTERN_BYTES_MAX)
        .build()
        .map_err(|error| format!("{place} is no valid pattern: {error}"))
}

/// A name that looks like a mistyped column is a mistake; any other is an attribute.
pub(super) fn check_column(target: MappingTarget, column: &str) -> Result<(), String> {
    let known: &[&str] = match target {
        MappingTarget::Logs => {
            if field_by_column(column).is_some() {
                return Ok(());
            }
            &[
                "severity_text",
                "service_name",
                "host_name",
                "body",
                "trace_id",
                "span_id",
                "user_id",
                "session_id",
                "http_route",
            ]
        }
        MappingTarget::Events => {
            &["incident_id", "event_type", "entry_id", "recorded_at", "actor", "summary", "service_name"]
        }
        MappingTarget::Alerts => {
            &["fired_at", "resolved_at", "alert_id", "monitor", "service_name", "severity", "summary"]
        }
        MappingTarget::Changes => {
            &["change_type", "change_id", "ended_at", "actor", "summary", "service_name"]
        }
        MappingTarget::Metrics => {
            &["metric_name", "value", "unit", "service_name", "host_name", "cloud_region"]
        }
        MappingTarget::Spans => {
            &["trace_id", "span_id", "parent_span_id", "service_name", "span_name", "duration_ms"]
        }
    };
    let near =
        known.iter().find(|known| **known != column && strsim::damerau_levenshtein(known, column) == 1);
    match near {
        Some(near) if !known.contains(&column) => Err(format!("fields.{column}: did you mean `{near}`?")),
        _ => Ok(()),
    }
}
