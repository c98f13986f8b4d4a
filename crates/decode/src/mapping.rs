//! What does a mapping file say about one kind of source?
//!
//! A mapping tells which source it is for (`match`), how its cells are unwrapped, where the time is and
//! which field becomes which column. What it does not name is read by the defaults. Everything is
//! checked and compiled when the file is read, so that a mistake shows before the first record.

mod grok;
mod spec;

use chrono_tz::Tz;
use regex::Regex;

use self::spec::{FieldSpec, MappingSpec, UnwrapSpec};
use crate::formats::log_fields::field_by_column;
use crate::formats::timeline::did_you_mean;
use crate::time::{EpochUnit, ParsedInstant, TimeError, parse_epoch, parse_instant, parse_with_format};
use crate::{DecodeError, InputFormat, limits};

/// How one kind of source becomes records, read from a TOML file.
#[derive(Debug, Clone)]
pub struct Mapping {
    /// Its name, as the ledger records it.
    pub name: String,
    target: MappingTarget,
    is_csv: bool,
    test: Option<Test>,
    personal: Vec<String>,
    pub(crate) unwrap: Vec<Unwrap>,
    pub(crate) time: Option<TimeField>,
    pub(crate) fields: Vec<FieldRule>,
    pub(crate) wide: Option<Wide>,
    pub(crate) zone: Option<Tz>,
}

/// The table that a mapping fills.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum MappingTarget {
    Logs,
    Metrics,
    Spans,
}

/// A test on the content of a source.
#[derive(Debug, Clone, PartialEq)]
struct Test {
    header: Vec<String>,
    keys: Vec<String>,
}

/// One step that opens what is wrapped in a field.
#[derive(Debug, Clone)]
pub(crate) enum Unwrap {
    /// The field holds JSON: all of its keys, or one of them.
    Json { field: String, take: Option<String> },
    /// The field holds text of a known shape: the named groups.
    Pattern { field: String, regex: Regex },
}

/// Where a column's value comes from.
#[derive(Debug, Clone)]
pub(crate) struct FieldRule {
    /// The column, or the name of an attribute.
    pub(crate) column: String,
    pub(crate) from: String,
    /// The first group, or the whole match, is the value.
    pub(crate) regex: Option<Regex>,
}

/// Where the time is and how it is written.
#[derive(Debug, Clone)]
pub(crate) struct TimeField {
    pub(crate) field: String,
    reading: TimeReading,
    /// For layouts without a year.
    reference_year: Option<i32>,
}

#[derive(Debug, Clone)]
enum TimeReading {
    Known,
    Epoch(EpochUnit),
    Format(String),
}

/// A table with a column per metric.
#[derive(Debug, Clone)]
pub(crate) struct Wide {
    /// Which headers are metrics; groups name the metric, its unit, its service and labels.
    pub(crate) header: Regex,
}

impl Mapping {
    /// Reads a mapping file.
    pub fn parse(text: &str) -> Result<Self, DecodeError> {
        let spec: MappingSpec = toml::from_str(text).map_err(|error| DecodeError::Mapping {
            name: name_in(text),
            reason: error.to_string().trim_end().to_owned(),
        })?;
        let name = spec.name.clone();
        Self::compile(spec).map_err(|reason| DecodeError::Mapping { name, reason })
    }

    fn compile(spec: MappingSpec) -> Result<Self, String> {
        let target = match spec.table.as_str() {
            "logs" => MappingTarget::Logs,
            "metrics" => MappingTarget::Metrics,
            "spans" => MappingTarget::Spans,
            other => {
                let hint = did_you_mean(other, &["logs", "metrics", "spans"]);
                return Err(format!("table {other:?} is none of logs, metrics, spans{hint}"));
            }
        };
        let test = spec.matches.map(|test| Test { header: test.header, keys: test.first_key.into_vec() });
        let is_csv = match spec.format.as_deref() {
            Some("csv") => true,
            Some("json" | "json-lines") => false,
            // A header can only be one of a table.
            None => test.as_ref().is_none_or(|test| test.keys.is_empty()),
            Some(other) => {
                let hint = did_you_mean(other, &["csv", "json-lines"]);
                return Err(format!("format {other:?} is none of csv, json-lines{hint}"));
            }
        };
        let mut fields = Vec::new();
        let mut add = |column: &str, source: FieldSpec| -> Result<(), String> {
            let (from, regex) = source.into_parts();
            let regex =
                regex.map(|regex| compile_regex(&format!("fields.{column}.regex"), &regex)).transpose()?;
            fields.push(FieldRule { column: column.to_owned(), from, regex });
            Ok(())
        };
        for (column, source) in spec.fields {
            check_column(target, &column)?;
            add(&column, source)?;
        }
        if let Some(severity) = spec.severity {
            add("severity_text", FieldSpec::Name(severity.field))?;
        }
        let wide = match spec.wide {
            None => None,
            Some(_) if target != MappingTarget::Metrics => {
                return Err("wide is for table = \"metrics\"".to_owned());
            }
            Some(wide) => {
                for (column, source) in wide.fields {
                    add(&column, source)?;
                }
                let header = compile_regex("wide.header", &wide.header)?;
                if !header.capture_names().any(|group| group == Some("metric_name")) {
                    return Err("wide.header needs a group (?<metric_name>…)".to_owned());
                }
                Some(Wide { header })
            }
        };
        let zone = spec
            .zone
            .map(|zone| zone.parse().map_err(|_| format!("zone {zone:?} is no zone of the IANA database")))
            .transpose()?;
        Ok(Self {
            name: spec.name,
            target,
            is_csv,
            test,
            personal: spec.personal,
            unwrap: spec.unwrap.into_iter().map(compile_unwrap).collect::<Result<_, _>>()?,
            time: spec.time.map(|time| compile_time(time, spec.reference_year)).transpose()?,
            fields,
            wide,
            zone,
        })
    }

    /// Fields whose values identify people.
    pub fn personal(&self) -> &[String] {
        &self.personal
    }

    /// The same mapping for every source: what `--mapping` means.
    #[must_use]
    pub fn for_every_source(mut self) -> Self {
        self.test = None;
        self
    }

    /// The format that sources of this mapping have.
    pub(crate) fn format(&self) -> InputFormat {
        match (self.target, self.is_csv) {
            (MappingTarget::Logs, true) => InputFormat::CsvLogs,
            (MappingTarget::Metrics, true) if self.wide.is_some() => InputFormat::CsvMetricsWide,
            (MappingTarget::Metrics, true) => InputFormat::CsvMetricsLong,
            (MappingTarget::Spans, true) => InputFormat::CsvTraces,
            (MappingTarget::Spans, false) => InputFormat::TracesJson,
            (MappingTarget::Logs | MappingTarget::Metrics, false) => InputFormat::JsonLines,
        }
    }

    pub(crate) fn target(&self) -> MappingTarget {
        self.target
    }

    /// Whether it is for a table with these columns.
    pub(crate) fn fits_header(&self, names: &[String]) -> bool {
        self.is_csv
            && self.test.as_ref().is_none_or(|test| {
                test.keys.is_empty() && test.header.iter().all(|wanted| names.contains(wanted))
            })
    }

    /// Whether it is for JSON objects with these keys.
    pub(crate) fn fits_keys(&self, keys: &[String]) -> bool {
        !self.is_csv
            && self.test.as_ref().is_none_or(|test| {
                test.header.is_empty() && test.keys.iter().all(|wanted| keys.contains(wanted))
            })
    }

    pub(crate) fn is_csv(&self) -> bool {
        self.is_csv
    }
}

impl TimeField {
    /// The instant that the field's text means.
    pub(crate) fn read(&self, text: &str, zone: Tz) -> Result<ParsedInstant, TimeError> {
        match &self.reading {
            TimeReading::Known => parse_instant(text, zone),
            TimeReading::Epoch(unit) => parse_epoch(text, *unit).map(|at| ParsedInstant {
                at,
                assumed_zone: false,
                precision: fupan_model::Precision::Exact,
            }),
            TimeReading::Format(format) => match self.reference_year.filter(|_| !has_year(format)) {
                Some(year) => {
                    parse_with_format(&format!("{year} {}", text.trim()), &format!("%Y {format}"), zone)
                }
                None => parse_with_format(text, format, zone),
            },
        }
    }
}

fn has_year(format: &str) -> bool {
    ["%Y", "%y", "%D", "%F", "%c", "%x", "%s", "%+", "%G"].iter().any(|year| format.contains(year))
}

fn compile_time(time: spec::TimeSpec, reference_year: Option<i32>) -> Result<TimeField, String> {
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

fn compile_unwrap(step: UnwrapSpec) -> Result<Unwrap, String> {
    let UnwrapSpec { field, format, take, pattern } = step;
    match (format.as_deref(), pattern) {
        (Some("json"), None) => Ok(Unwrap::Json { field, take }),
        (None, Some(pattern)) if take.is_none() => {
            let expanded = grok::expand(&pattern).map_err(|reason| format!("unwrap of {field}: {reason}"))?;
            Ok(Unwrap::Pattern { regex: compile_regex(&format!("unwrap of {field}"), &expanded)?, field })
        }
        (Some(other), None) => {
            Err(format!("unwrap of {field}: as = {other:?} is not known; use as = \"json\""))
        }
        _ => Err(format!("unwrap of {field} needs either as = \"json\" (and maybe take) or a pattern")),
    }
}

fn compile_regex(place: &str, pattern: &str) -> Result<Regex, String> {
    regex::RegexBuilder::new(pattern)
        .size_limit(limits::PATTERN_BYTES_MAX)
        .build()
        .map_err(|error| format!("{place} is no valid pattern: {error}"))
}

/// A name that looks like a mistyped column is a mistake; any other is an attribute.
fn check_column(target: MappingTarget, column: &str) -> Result<(), String> {
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

/// The name in a file that cannot be read.
fn name_in(text: &str) -> String {
    let line = text.lines().find_map(|line| line.trim().strip_prefix("name")?.trim().strip_prefix('='));
    line.map_or_else(|| "?".to_owned(), |name| name.trim().trim_matches('"').to_owned())
}

/// JSON Schema of mapping files, for editors.
pub fn mapping_json_schema() -> &'static str {
    include_str!("mapping/mapping.schema.json")
}

#[cfg(test)]
mod tests;
