//! What does a query file promise, in its header?
//!
//! ```sql
//! -- question: How long do users wait for each service to stop hurting?
//! -- grain:    one row per service_name
//! -- reads:    incidents
//! -- param:    window_start TIMESTAMP required   inclusive, UTC
//! -- param:    service_name TEXT default null    only this one
//! -- column:   service_name TEXT                 OpenTelemetry service.name
//! -- column:   time_to_mitigate_seconds_p50 DOUBLE s
//! -- order:    time_to_mitigate_seconds_p50 desc nulls last, service_name
//! -- pii:      none
//! ```
//!
//! The header is the run of `-- key: value` lines at the top; the first other line ends it. It is
//! parsed, not decoration: a test fails where it differs from the planned schema.

use arrow::datatypes::DataType;

use crate::answer::ParamValue;
use crate::error::QueryError;

/// The type of a parameter or column, as headers spell it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "the words of SQL")]
pub enum SqlType {
    Text,
    BigInt,
    Int,
    SmallInt,
    TinyInt,
    Double,
    Boolean,
    Timestamp,
    Date,
    Binary,
    Map,
    TextList,
    DoubleList,
    BigIntList,
}

impl SqlType {
    const NAMES: [(&'static str, Self); 14] = [
        ("TEXT", Self::Text),
        ("BIGINT", Self::BigInt),
        ("INT", Self::Int),
        ("SMALLINT", Self::SmallInt),
        ("TINYINT", Self::TinyInt),
        ("DOUBLE", Self::Double),
        ("BOOLEAN", Self::Boolean),
        ("TIMESTAMP", Self::Timestamp),
        ("DATE", Self::Date),
        ("BINARY", Self::Binary),
        ("MAP", Self::Map),
        ("TEXT[]", Self::TextList),
        ("DOUBLE[]", Self::DoubleList),
        ("BIGINT[]", Self::BigIntList),
    ];

    /// The type of that name.
    pub fn by_name(name: &str) -> Option<Self> {
        Self::NAMES.into_iter().find(|(word, _)| *word == name).map(|(_, sql_type)| sql_type)
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        Self::NAMES.into_iter().find(|(_, sql_type)| *sql_type == self).map_or("", |(word, _)| word)
    }

    /// The type of a column that left a session; none where headers have no word for it.
    pub fn of(data_type: &DataType) -> Option<Self> {
        Some(match data_type {
            DataType::Utf8 | DataType::Utf8View | DataType::LargeUtf8 => Self::Text,
            DataType::Int64 | DataType::UInt64 | DataType::UInt32 => Self::BigInt,
            DataType::Int32 => Self::Int,
            DataType::Int16 => Self::SmallInt,
            DataType::Int8 => Self::TinyInt,
            DataType::Float64 | DataType::Float32 => Self::Double,
            DataType::Boolean => Self::Boolean,
            DataType::Timestamp(..) => Self::Timestamp,
            DataType::Date32 => Self::Date,
            DataType::Binary | DataType::LargeBinary | DataType::BinaryView => Self::Binary,
            DataType::Map(..) => Self::Map,
            DataType::List(item) | DataType::LargeList(item) => match Self::of(item.data_type())? {
                Self::Text => Self::TextList,
                Self::Double => Self::DoubleList,
                Self::BigInt => Self::BigIntList,
                _ => return None,
            },
            _ => return None,
        })
    }
}

/// A parameter of a query.
#[derive(Debug, Clone, PartialEq)]
pub struct Param {
    /// Without the `$`.
    pub name: String,
    /// Its type.
    pub sql_type: SqlType,
    /// What it is when it is not given; none where it must be given.
    pub default: Option<ParamValue>,
    /// Unit, meaning, bounds.
    pub description: String,
}

/// A column of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// Its type.
    pub sql_type: SqlType,
    /// Unit and meaning.
    pub description: String,
}

/// The parsed header.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Header {
    /// The question that the query answers.
    pub question: String,
    /// What a row is.
    pub grain: String,
    /// The tables and views that it names.
    pub reads: Vec<String>,
    /// Parameters, in order.
    pub params: Vec<Param>,
    /// Columns, in order.
    pub columns: Vec<Column>,
    /// The total order; empty for views.
    pub order: String,
    /// Columns that hold personal data, or `none`.
    pub pii: String,
}

/// Reads the header of `text`; `file` is named in errors.
pub fn parse(file: &str, text: &str) -> Result<Header, QueryError> {
    let mut header = Header::default();
    for (index, line) in text.lines().enumerate() {
        let Some((key, value)) = line.strip_prefix("-- ").and_then(|rest| rest.split_once(':')) else {
            break;
        };
        let value = value.trim();
        let result = match key.trim() {
            "question" => set(&mut header.question, value),
            "grain" => set(&mut header.grain, value),
            "order" => set(&mut header.order, value),
            "pii" => set(&mut header.pii, value),
            "reads" => {
                header.reads = value.split(',').map(|name| name.trim().to_owned()).collect();
                Ok(())
            }
            "param" => param(value).map(|param| header.params.push(param)),
            "column" => column(value).map(|column| header.columns.push(column)),
            // An ordinary comment that happens to hold a colon ends the header.
            _ => break,
        };
        result.map_err(|message| error(file, index + 1, message))?;
    }
    let missing = [
        ("question", header.question.is_empty()),
        ("grain", header.grain.is_empty()),
        ("reads", header.reads.is_empty()),
        ("column", header.columns.is_empty()),
        ("pii", header.pii.is_empty()),
    ];
    match missing.into_iter().find(|(_, is_missing)| *is_missing) {
        Some((key, _)) => Err(error(file, 1, format!("the header has no `{key}:` line"))),
        None => Ok(header),
    }
}

fn error(file: &str, line: usize, message: String) -> QueryError {
    QueryError::Header {
        file: file.to_owned(),
        line,
        message,
        hint: "a header has `-- question:`, `-- grain:`, `-- reads:`, `-- param: NAME TYPE required|default VALUE \
               meaning`, `-- column: NAME TYPE meaning`, `-- order:` and `-- pii:` lines"
            .to_owned(),
    }
}

fn set(target: &mut String, value: &str) -> Result<(), String> {
    if !target.is_empty() {
        return Err("the key is there twice".to_owned());
    }
    value.clone_into(target);
    Ok(())
}

fn name_and_type(value: &str) -> Result<(String, SqlType, &str), String> {
    let (name, rest) = word(value);
    let (type_name, rest) = word(rest);
    if name.is_empty() || !name.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_') {
        return Err(format!("`{name}` is not a name"));
    }
    let sql_type = SqlType::by_name(type_name).ok_or_else(|| format!("`{type_name}` is not a type"))?;
    Ok((name.to_owned(), sql_type, rest))
}

fn param(value: &str) -> Result<Param, String> {
    let (name, sql_type, rest) = name_and_type(value)?;
    let (keyword, rest) = word(rest);
    let (default, description) = match keyword {
        "required" => (None, rest),
        "default" => {
            let (text, rest) = default_word(rest);
            (Some(value_of(sql_type, text)?), rest)
        }
        other => return Err(format!("`{other}`: a parameter is `required` or has a `default`")),
    };
    Ok(Param { name, sql_type, default, description: description.to_owned() })
}

fn column(value: &str) -> Result<Column, String> {
    let (name, sql_type, rest) = name_and_type(value)?;
    Ok(Column { name, sql_type, description: rest.to_owned() })
}

fn word(text: &str) -> (&str, &str) {
    let text = text.trim_start();
    text.split_once(char::is_whitespace).map_or((text, ""), |(word, rest)| (word, rest.trim()))
}

/// A default may be quoted, to hold blanks or nothing.
fn default_word(text: &str) -> (&str, &str) {
    match text.trim_start().strip_prefix('\'').and_then(|rest| rest.split_once('\'')) {
        Some((quoted, rest)) => (quoted, rest.trim()),
        None => word(text),
    }
}

/// Reads a parameter's value from text; `null` is none.
pub fn value_of(sql_type: SqlType, text: &str) -> Result<ParamValue, String> {
    if text == "null" {
        return Ok(ParamValue::Null);
    }
    let not = |what: &str| format!("`{text}` is not {what}");
    Ok(match sql_type {
        SqlType::Text => ParamValue::Text(text.to_owned()),
        SqlType::BigInt => ParamValue::BigInt(text.parse().map_err(|_| not("a whole number"))?),
        SqlType::Double => ParamValue::Double(text.parse().map_err(|_| not("a number"))?),
        SqlType::Boolean => ParamValue::Boolean(text.parse().map_err(|_| not("`true` or `false`"))?),
        SqlType::Timestamp => {
            let at = chrono::DateTime::parse_from_rfc3339(text)
                .map_err(|_| not("an instant with a zone, such as 2026-11-05T03:35:00Z"))?;
            ParamValue::Timestamp(fupan_model::Micros(at.timestamp_micros()))
        }
        SqlType::Date => {
            let date: chrono::NaiveDate = text.parse().map_err(|_| not("a date such as 2026-11-05"))?;
            let days = date.signed_duration_since(chrono::NaiveDate::default()).num_days();
            ParamValue::Date(i32::try_from(days).map_err(|_| not("a date such as 2026-11-05"))?)
        }
        _ => return Err(format!("a parameter cannot be {}", sql_type.name())),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "-- question: How many?\n-- grain:    one row per service_name\n-- reads:    incidents, requests\n\
        -- param:    window_start TIMESTAMP required   inclusive, UTC\n-- param:    service_name TEXT default null only this\n\
        -- param:    days BIGINT default 4\n-- column:   incidents BIGINT {incident} in the window\n-- order:    incidents desc\n\
        -- pii:      none\n-- A note: not part of the header.\nselect 1";

    #[test]
    fn a_header_says_what_a_query_promises() {
        let header = parse("recovery/x.sql", TEXT).unwrap();
        assert_eq!(header.reads, ["incidents", "requests"]);
        assert_eq!(header.params[0].default, None);
        assert_eq!(header.params[1].default, Some(ParamValue::Null));
        assert_eq!(header.params[2].default, Some(ParamValue::BigInt(4)));
        assert_eq!(header.columns[0].description, "{incident} in the window");
        assert_eq!(header.order, "incidents desc");
    }

    #[test]
    fn a_bad_header_is_named_with_its_line() {
        let error = parse("x.sql", &TEXT.replace("BIGINT default 4", "NUMBER default 4")).unwrap_err();
        assert_eq!(error.to_string(), "x.sql:6: `NUMBER` is not a type");
        let error = parse("x.sql", "select 1").unwrap_err();
        assert_eq!(error.to_string(), "x.sql:1: the header has no `question:` line");
    }
}
