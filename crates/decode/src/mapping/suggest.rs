//! What could a first mapping for a source look like?
//!
//! Reads a sample and writes a mapping file that reads it, with the reason for each choice as a comment
//! and a list of what was left alone. A start for people to correct: nothing is mapped by it in silence.

mod columns;
mod listed;
mod piped;
mod text;
mod times;
mod wide;

use self::columns::{Choice, Column, choose};
use self::times::TimeLayout;
use crate::formats::counts::{are_counts, tells_apart};
use crate::formats::csv_metrics::is_of_ids;
use crate::formats::json_records::framing_of;
use crate::formats::{Table, sample_json, text_of};
use crate::framing::unpadded;
use crate::{DecodeError, DecodeOptions, DetectedEncoding, Detection, Framing, InputFormat, limits};

/// Writes a first mapping for the source of which this is the head.
pub fn suggest_mapping(head: &[u8], options: &DecodeOptions) -> Result<String, DecodeError> {
    let head = unpadded(head.get(..limits::HEAD_BYTES_MAX).unwrap_or(head));
    if crate::framing::is_blank(head) {
        return Err(DecodeError::Empty);
    }
    let told = crate::detect(head, head.len() < limits::HEAD_BYTES_MAX, options);
    // Events, alerts and changes have columns of their own: a mapping to logs would make messages of them. So would one
    // for what other systems answer lose what their answers mean.
    let has_own = |found: &&Detection| found.format.has_own_keys() || is_answer(found.format);
    if let Some(found) = told.as_ref().ok().filter(has_own) {
        return Err(no_mapping_needed(found));
    }
    // Others may be refined by one; of tables, JSON and text that have no time, nothing is read without one either.
    suggest_for(head, options).map_err(|error| match told {
        Ok(found) if !is_general(found.format) => no_mapping_needed(&found),
        _ => error,
    })
}

const fn is_answer(format: InputFormat) -> bool {
    matches!(
        format,
        InputFormat::Elasticsearch
            | InputFormat::Loki
            | InputFormat::CloudwatchLogs
            | InputFormat::CloudwatchMetrics
            | InputFormat::PrometheusQueryRange
            | InputFormat::OtlpJson
            | InputFormat::TracesJson
            | InputFormat::CsvTraces
            | InputFormat::CsvMetricsLong
    )
}

const fn is_general(format: InputFormat) -> bool {
    matches!(
        format,
        InputFormat::JsonLines | InputFormat::CsvLogs | InputFormat::CsvMetricsWide | InputFormat::TextLog
    )
}

fn no_mapping_needed(found: &Detection) -> DecodeError {
    DecodeError::NoMappingNeeded { format: found.format.as_str(), reason: found.reason.clone() }
}

fn suggest_for(head: &[u8], options: &DecodeOptions) -> Result<String, DecodeError> {
    let starts_as_json = matches!(head.trim_ascii_start().first(), Some(b'{' | b'['));
    if starts_as_json {
        let is_one = |listed: &listed::Listed| framing_of(head, &[&listed.path]) == Framing::Document;
        if let Some(listed) = listed::find(head).filter(is_one) {
            let at = Some((listed.path.as_str(), listed.document_keys.as_slice()));
            return suggest_columns("json-lines", &listed.columns, at, options);
        }
        let columns = sample_json(head).iter().fold(Vec::new(), columns::add_record);
        if !columns.is_empty() {
            return suggest_columns("json-lines", &columns, None, options);
        }
    }
    let text = String::from_utf8_lossy(head);
    // A header holds names; a line that begins with a time is none, however many commas it has.
    let columns = table_columns(head).filter(|_| !text::begins_with_time(&text));
    // Nor is one in which the time itself stands where its name should.
    let time_as_name = columns.as_deref().and_then(times::find).map(|(time, _)| time.name.clone());
    let time_as_name = time_as_name.filter(|name| TimeLayout::of(&[name]).is_some());
    if let Some(columns) = columns.filter(|_| time_as_name.is_none()) {
        return suggest_columns("csv", &columns, None, options);
    }
    if let Some(suggested) = text::suggest(&text, &options.source) {
        return Ok(suggested);
    }
    Err(match time_as_name {
        Some(time) => DecodeError::Unrecognised {
            seen: format!("a table without a header: {:?} in its first line is a time", text_of(&time)),
            hint: "write a line with the names of the columns before it, and ask again".to_owned(),
        },
        None => DecodeError::Unrecognised {
            seen: format!(
                "text without times, such as {:?}",
                text_of(text.lines().next().unwrap_or_default())
            ),
            hint: "write a mapping by hand: format = \"text\" with a pattern that names the time".to_owned(),
        },
    })
}

/// The mapping with the encoding of its sources, which the sample was transcoded from.
pub fn suggest_mapping_in(
    head: &[u8],
    encoding: &DetectedEncoding,
    options: &DecodeOptions,
) -> Result<String, DecodeError> {
    let text = suggest_mapping(head, options)?;
    let mut file = Writer { text: String::new() };
    for line in text.lines() {
        file.text.extend([line, "\n"]);
        // Before any table: a key behind one would belong to it.
        if line.starts_with("format = ") {
            file.comment(&format!("{}: {}", encoding.encoding.name(), encoding.reason));
            file.pair("encoding", &quoted(&encoding.encoding.name().to_lowercase()));
        }
    }
    Ok(file.text)
}

/// The columns of a table, if it is one: its rows have as many cells as its header.
fn table_columns(head: &[u8]) -> Option<Vec<Column>> {
    let table = Table::read(head, "csv").ok().filter(|table| table.names.len() >= 2)?;
    let rows = table.sample(head);
    let fitting = rows.iter().filter(|row| row.len() == table.names.len()).count();
    if fitting == 0 || fitting * 2 < rows.len() {
        return None;
    }
    let column = |(at, name): (usize, &String)| Column {
        name: name.clone(),
        values: rows
            .iter()
            .filter_map(|row| row.get(at))
            .map(|cell| cell.trim().to_owned())
            .filter(|cell| !cell.is_empty())
            .collect(),
    };
    Some(table.names.iter().enumerate().map(column).filter(|column| !column.name.is_empty()).collect())
}

/// `inside` is the list of a document that holds the records, and the keys of the document.
fn suggest_columns(
    format: &str,
    columns: &[Column],
    inside: Option<(&str, &[String])>,
    options: &DecodeOptions,
) -> Result<String, DecodeError> {
    let Some((time, layout)) = times::find(columns) else {
        let names: Vec<&str> = columns.iter().take(12).map(|column| column.name.as_str()).collect();
        return Err(DecodeError::Unrecognised {
            seen: format!("records whose fields ({}) hold no time", names.join(", ")),
            hint: "name the time by hand: time = { field = \"…\", format = \"…\" }".to_owned(),
        });
    };
    let rest: Vec<&Column> = columns.iter().filter(|column| column.name != time.name).collect();
    let choices = choose(&rest);
    let metrics: Vec<&Column> = rest
        .iter()
        .copied()
        .filter(|column| column.is_numeric() && !tells_apart(&column.name) && !is_of_ids(&column.name))
        .collect();
    let is_metrics = !metrics.is_empty() && are_metrics(format, columns, &choices);

    let mut file = Writer::new(&options.source, columns.iter().map(|column| column.values.len()).max());
    file.pair("name", &quoted(&mapping_name(&options.source)));
    file.pair("table", if is_metrics { "\"metrics\"" } else { "\"logs\"" });
    file.pair("format", &quoted(format));
    let tested = match inside {
        Some((_, keys)) if !keys.is_empty() => keys.iter().take(3).cloned().collect(),
        _ => tested_names(columns, &time.name),
    };
    let key = if format == "csv" { "header" } else { "first_key" };
    file.comment("The mapping is for sources that have these fields.");
    file.pair("match", &format!("{{ {key} = [{}] }}", list(&tested)));
    if let Some((path, _)) = inside.filter(|(path, _)| !path.is_empty()) {
        file.comment("Where the records are.");
        file.pair("list", &quoted(path));
    }
    file.time(time, &layout);
    if is_metrics {
        file.metrics(&metrics, &rest);
    } else {
        file.logs(&choices, &rest);
    }
    Ok(file.text)
}

/// Whether records with numbers are measurements. A table without texts is one of them; an object may be a request that
/// says little.
fn are_metrics(format: &str, columns: &[Column], choices: &[Choice]) -> bool {
    let is_text = |choice: &Choice| matches!(choice.column, "body" | "severity_text" | "http_route");
    let is_label = |choice: &Choice| {
        matches!(choice.column, "service_name" | "host_name" | "cloud_region" | "tenant_id")
    };
    are_counts(columns.iter().map(Column::named_values))
        || (format == "csv" && !choices.iter().any(is_text))
        || choices.iter().all(is_label)
}

/// Fields that every sampled record has, the time's first.
fn tested_names(columns: &[Column], time: &str) -> Vec<String> {
    // Of nested objects, only the first level can be tested.
    let top = |name: &str| name.splitn(3, '.').take(2).collect::<Vec<_>>().join(".");
    let most = columns.iter().map(|column| column.values.len()).max().unwrap_or(0);
    let others = columns.iter().filter(|column| column.values.len() == most && column.name != time);
    let mut names = vec![top(time)];
    for column in others.take(2) {
        if !names.contains(&top(&column.name)) {
            names.push(top(&column.name));
        }
    }
    names
}

/// The name of a mapping for a source: that of its file, without folders and endings.
pub fn mapping_name(source: &str) -> String {
    let is_plain = |letter: char| letter.is_alphanumeric() || matches!(letter, '-' | '_');
    let stem = file_stem(source).unwrap_or_default();
    let name: String = stem.chars().map(|letter| if is_plain(letter) { letter } else { '-' }).collect();
    let name = name.trim_matches('-');
    if name.is_empty() { "source".to_owned() } else { name.to_owned() }
}

/// The name of a file without folders and endings.
fn file_stem(source: &str) -> Option<&str> {
    file_name(source).split('.').find(|part| !part.is_empty())
}

fn file_name(source: &str) -> &str {
    source.rsplit(['/', '\\', '!']).next().unwrap_or(source)
}

/// A string of TOML.
fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

fn list(names: &[impl AsRef<str>]) -> String {
    names.iter().map(|name| quoted(name.as_ref())).collect::<Vec<_>>().join(", ")
}

/// A value for a comment: on one line, and short.
fn shown(text: &str) -> String {
    let line: String = text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect();
    text_of(&line).into_owned()
}

/// The file as it grows.
struct Writer {
    text: String,
}

impl Writer {
    fn new(source: &str, records: Option<usize>) -> Self {
        let mut file = Self { text: String::new() };
        file.comment(&format!(
            "A first mapping for {}, suggested from its first {} records. Check it, above all the time.",
            shown(file_name(source)),
            records.unwrap_or(0)
        ));
        file
    }

    fn comment(&mut self, text: &str) {
        self.text.extend(["# ", text, "\n"]);
    }

    fn pair(&mut self, key: &str, value: &str) {
        self.text.extend([key, " = ", value, "\n"]);
    }

    fn time(&mut self, column: &Column, layout: &TimeLayout) {
        let example = column.values.first().map(String::as_str).unwrap_or_default();
        self.comment(&format!("{}: {}, such as {}", shown(&column.name), layout.reason(), shown(example)));
        let field = quoted(&column.name);
        self.pair(
            "time",
            &match layout.format() {
                Some(format) => format!("{{ field = {field}, format = {} }}", quoted(format)),
                None => format!("{{ field = {field} }}"),
            },
        );
        if layout.lacks_zone() {
            self.comment("These times name no zone: without this line that of the workspace is assumed.");
            self.comment("zone = \"Asia/Shanghai\"");
        }
    }

    fn logs(&mut self, choices: &[Choice], rest: &[&Column]) {
        let personal: Vec<&str> =
            rest.iter().filter(|column| column.is_personal()).map(|column| column.name.as_str()).collect();
        if !personal.is_empty() {
            self.comment("These look like facts about people; a keyed hash takes their place.");
            self.pair("personal", &format!("[{}]", list(&personal)));
        }
        let mut mapped = choices.iter().filter(|choice| !choice.is_default).peekable();
        if mapped.peek().is_some() {
            self.text.push_str("\n[fields]\n");
        }
        for choice in mapped {
            self.comment(&format!("{}: {}", shown(&choice.from), choice.reason));
            self.pair(choice.column, &quoted(&choice.from));
        }
        self.text.push('\n');
        for choice in choices.iter().filter(|choice| choice.is_default) {
            self.comment(&format!(
                "{} is read as {} without being mapped.",
                shown(&choice.from),
                choice.column
            ));
        }
        for column in rest.iter().filter(|column| !choices.iter().any(|choice| choice.from == column.name)) {
            let example = column.values.first().map(|_| format!(", such as {}", column.example()));
            self.comment(&format!(
                "{} is not mapped and stays an attribute{}.",
                shown(&column.name),
                example.unwrap_or_default()
            ));
        }
    }

    fn metrics(&mut self, metrics: &[&Column], rest: &[&Column]) {
        let names: Vec<&str> = metrics.iter().map(|column| column.name.as_str()).collect();
        let (header, comment) = wide::header(&names);
        self.comment(comment);
        self.pair("wide", &format!("{{ header = {} }}", quoted(&header)));
        for column in rest.iter().filter(|column| !metrics.iter().any(|metric| metric.name == column.name)) {
            self.comment(&format!("{} is a label.", shown(&column.name)));
        }
    }
}

#[cfg(test)]
mod tests;
