//! What does a mapping file say about one kind of source?
//!
//! A mapping tells which source it is for (`match`), how its cells are unwrapped, where the time is and
//! which field becomes which column. What it does not name is read by the defaults. Everything is
//! checked and compiled when the file is read, so that a mistake shows before the first record.

mod compile;
mod grok;
pub(crate) mod personal;
mod spec;
pub(crate) mod suggest;

use chrono_tz::Tz;
use regex::Regex;

use self::compile::{
    check_column, check_event_type, compile_regex, compile_shape, compile_target, compile_test, compile_time,
    compile_unwrap, known_encoding,
};
use self::spec::{FieldSpec, MappingSpec};
use crate::framing::Records;
use crate::time::{EpochUnit, ParsedInstant, TimeError, parse_epoch, parse_instant, parse_with_format};
use crate::{DecodeError, Encoding, Framing, InputFormat, RecordStart, limits};

/// How one kind of source becomes records, read from a TOML file.
#[derive(Debug, Clone)]
pub struct Mapping {
    /// Its name, as the ledger records it.
    pub name: String,
    target: MappingTarget,
    shape: Shape,
    test: Option<Test>,
    personal: Vec<String>,
    encoding: Option<Encoding>,
    pub(crate) unwrap: Vec<Unwrap>,
    pub(crate) time: Option<TimeField>,
    pub(crate) fields: Vec<FieldRule>,
    pub(crate) wide: Option<Wide>,
    pub(crate) zone: Option<Tz>,
    /// Words of the source, and the event types that they are.
    pub(crate) event_types: Vec<(String, String)>,
    /// Columns whose value the mapping says itself.
    pub(crate) constants: Vec<(String, String)>,
    /// Where in a JSON document the list of records is, such as `data.list`.
    pub(crate) list: Option<String>,
}

/// The table that a mapping fills.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum MappingTarget {
    Logs,
    Metrics,
    Spans,
    Events,
    Alerts,
    Changes,
}

/// What sources of a mapping look like.
#[derive(Debug, Clone)]
enum Shape {
    Csv,
    Json,
    Text(TextShape),
    /// A format that has a decoder of its own, which asks the mapping for words.
    Own(InputFormat),
}

/// How plain text is cut into records, and a record into fields.
#[derive(Debug, Clone)]
pub(crate) struct TextShape {
    /// Its groups become fields.
    pub(crate) pattern: Regex,
    pub(crate) multi_line: MultiLine,
}

/// Which lines of a plain text begin a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum MultiLine {
    /// Told by the head of the source.
    Auto,
    /// Every line.
    EachLine,
    /// Those that the rule says.
    Joined(RecordStart),
}

/// A test on a source.
#[derive(Debug, Clone, Default)]
struct Test {
    /// Its name, where it has one, fits one of them.
    sources: Vec<glob::Pattern>,
    header: Vec<String>,
    keys: Vec<String>,
    text: Option<Regex>,
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
        let target = compile_target(&spec.table)?;
        let mut test = spec.matches.map(compile_test).transpose()?;
        let has_keys = test.as_ref().is_some_and(|test| !test.keys.is_empty());
        let records = (spec.pattern, spec.multi_line.as_deref());
        let shape = compile_shape(spec.format.as_deref(), records, target, has_keys)?;
        if matches!(shape, Shape::Text(_)) && !target.is_telemetry() {
            return Err(format!("table {:?} is for tables and JSON, not for format = \"text\"", spec.table));
        }
        if matches!(shape, Shape::Own(_)) && !spec.personal.is_empty() {
            return Err(
                "personal is for tables, JSON and text, not for a format with a reader of its own".to_owned()
            );
        }
        // Anything is text: without a test of its own, the pattern has to fit.
        if let Shape::Text(text) = &shape {
            test.get_or_insert_default().text.get_or_insert_with(|| text.pattern.clone());
        }
        let encoding = spec.encoding.map(|name| known_encoding(&name)).transpose()?.flatten();
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
            .map(|zone| {
                crate::time::zone_by_name(&zone).ok_or_else(|| {
                    format!("zone {zone:?} is no zone of the IANA database and no offset such as +08:00")
                })
            })
            .transpose()?;
        Ok(Self {
            name: spec.name,
            target,
            shape,
            test,
            personal: spec.personal,
            encoding,
            unwrap: spec.unwrap.into_iter().map(compile_unwrap).collect::<Result<_, _>>()?,
            time: spec.time.map(|time| compile_time(time, spec.reference_year)).transpose()?,
            fields,
            wide,
            zone,
            event_types: spec.event_types.into_iter().map(check_event_type).collect::<Result<_, _>>()?,
            constants: spec.set.into_iter().collect(),
            list: spec.list,
        })
    }

    /// Fields whose values identify people.
    pub fn personal(&self) -> &[String] {
        &self.personal
    }

    /// The encoding that it says its sources are in, if that is not UTF-8.
    pub fn encoding(&self) -> Option<Encoding> {
        self.encoding
    }

    /// The same mapping for every source: what `--mapping` means.
    #[must_use]
    pub fn for_every_source(mut self) -> Self {
        self.test = None;
        self
    }

    /// The format that sources of this mapping have.
    pub(crate) fn format(&self) -> InputFormat {
        match (self.target, &self.shape) {
            (_, Shape::Text(_)) => InputFormat::TextLog,
            (_, Shape::Own(format)) => *format,
            (MappingTarget::Events, Shape::Csv) => InputFormat::TimelineCsv,
            (MappingTarget::Events, Shape::Json) => InputFormat::Timeline,
            (MappingTarget::Alerts, _) => InputFormat::Alerts,
            (MappingTarget::Changes, Shape::Csv) => InputFormat::ChangesCsv,
            (MappingTarget::Changes, Shape::Json) => InputFormat::Changes,
            (MappingTarget::Logs, Shape::Csv) => InputFormat::CsvLogs,
            (MappingTarget::Metrics, Shape::Csv) if self.wide.is_some() => InputFormat::CsvMetricsWide,
            (MappingTarget::Metrics, Shape::Csv) => InputFormat::CsvMetricsLong,
            (MappingTarget::Spans, Shape::Csv) => InputFormat::CsvTraces,
            (MappingTarget::Spans, Shape::Json) => InputFormat::TracesJson,
            (MappingTarget::Logs | MappingTarget::Metrics, Shape::Json) => InputFormat::JsonLines,
        }
    }

    pub(crate) fn target(&self) -> MappingTarget {
        self.target
    }

    /// Whether it is for sources of that name; standard input has none.
    pub(crate) fn fits_source(&self, name: &str) -> bool {
        let sources = self.test.as_ref().map(|test| test.sources.as_slice()).unwrap_or_default();
        sources.is_empty() || name == "-" || sources.iter().any(|pattern| pattern.matches(name))
    }

    /// Whether it is for a table with these columns.
    pub(crate) fn fits_header(&self, names: &[String]) -> bool {
        self.is_csv()
            && self.test.as_ref().is_none_or(|test| {
                test.keys.is_empty() && test.header.iter().all(|wanted| names.contains(wanted))
            })
    }

    /// Whether it is for JSON objects with these keys.
    pub(crate) fn fits_keys(&self, keys: &[String]) -> bool {
        matches!(self.shape, Shape::Json)
            && self.test.as_ref().is_none_or(|test| {
                test.header.is_empty() && test.keys.iter().all(|wanted| keys.contains(wanted))
            })
    }

    /// Whether it is for plain text that begins so: one of the first lines passes the test.
    pub(crate) fn fits_text(&self, head: &[u8]) -> bool {
        let Some(test) = self.test.as_ref().and_then(|test| test.text.as_ref()) else { return true };
        Records::new(Framing::Lines, head)
            .take(limits::HEAD_RECORDS_MAX)
            .filter_map(|line| std::str::from_utf8(line.bytes).ok())
            .any(|line| test.is_match(line))
    }

    pub(crate) fn is_csv(&self) -> bool {
        matches!(self.shape, Shape::Csv)
    }

    pub(crate) fn is_text(&self) -> bool {
        self.text().is_some()
    }

    /// How plain text is read; none for tables and JSON.
    pub(crate) fn text(&self) -> Option<&TextShape> {
        match &self.shape {
            Shape::Text(text) => Some(text),
            Shape::Csv | Shape::Json | Shape::Own(_) => None,
        }
    }
}

impl MappingTarget {
    /// Whether the rows are many and have no keys of their own.
    const fn is_telemetry(self) -> bool {
        matches!(self, Self::Logs | Self::Metrics | Self::Spans)
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
