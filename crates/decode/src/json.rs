//! How is JSON read without building a tree?
//!
//! Keys and values borrow from the text; nested objects come out flattened as `a.b`; numbers stay as
//! written, so that nothing is rounded and `1e400` spoils nothing.

mod alike;
mod plain;

use std::borrow::Cow;

use memchr::memchr;
use sonic_rs::LazyValue;

pub(crate) use plain::PlainKeys;

use crate::decimal::short_decimal;
use crate::limits;

/// A value as a source wrote it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Value<'a> {
    /// A string, unescaped; or a cell of a table, whose kind is unknown.
    Text(Cow<'a, str>),
    /// A number, as written.
    Number(&'a str),
    /// True or false.
    Bool(bool),
    /// An array, or an object nested too deep: its JSON.
    Json(&'a str),
}

impl<'a> Value<'a> {
    /// The text that is stored for it.
    #[inline]
    pub(crate) fn into_text(self) -> Cow<'a, str> {
        match self {
            Self::Text(text) => text,
            Self::Json(text) => on_one_line(text),
            Self::Number(text) => Cow::Borrowed(text),
            Self::Bool(true) => Cow::Borrowed("true"),
            Self::Bool(false) => Cow::Borrowed("false"),
        }
    }

    /// The text, without taking it.
    pub(crate) fn as_text(&self) -> &str {
        match self {
            Self::Text(text) => text,
            Self::Number(text) | Self::Json(text) => text,
            Self::Bool(true) => "true",
            Self::Bool(false) => "false",
        }
    }

    /// A finite number, also one written as text.
    pub(crate) fn as_f64(&self) -> Option<f64> {
        match self {
            Self::Number(text) => short_decimal(text.as_bytes()).or_else(|| text.parse().ok()),
            Self::Text(text) => text.trim().parse().ok(),
            Self::Bool(_) | Self::Json(_) => None,
        }
        .filter(|number: &f64| number.is_finite())
    }

    /// A whole number, also one written as text or as `200.0`.
    pub(crate) fn as_i64(&self) -> Option<i64> {
        let text = match self {
            Self::Number(text) => text,
            Self::Text(text) => text.trim(),
            Self::Bool(_) | Self::Json(_) => return None,
        };
        text.parse().ok().or_else(|| {
            let number = self.as_f64()?;
            (number.fract() == 0.0 && number.abs() < 9e15).then_some(number as i64)
        })
    }
}

/// The same JSON without the line breaks of a pretty document.
fn on_one_line(text: &str) -> Cow<'_, str> {
    if memchr(b'\n', text.as_bytes()).is_none() {
        return Cow::Borrowed(text);
    }
    serde_json::from_str(text)
        .map_or(Cow::Borrowed(text), |value: serde_json::Value| Cow::Owned(value.to_string()))
}

/// Why a text is not the JSON that was expected.
pub(crate) fn reason(error: &sonic_rs::Error, text: &str) -> String {
    // At the end of its input the reader names the last byte.
    if error.is_eof()
        || (error.offset() + 1 >= text.trim_end().len() && depth_at_end(text).is_none_or(|depth| depth > 0))
    {
        return "the JSON ends in the middle (cut off?)".to_owned();
    }
    let text = error.to_string();
    let first = text.lines().next().unwrap_or_default();
    let first = first.split(" at line ").next().unwrap_or(first).trim_end_matches(':');
    format!("not valid JSON at byte {}: {first}", error.offset())
}

/// Calls `visit` for each scalar of the object in `text`, nested ones with their path. Nulls are left
/// out. Duplicate keys come in source order.
pub(crate) fn visit_object<'a>(
    text: &'a str,
    visit: &mut dyn FnMut(Cow<'a, str>, Value<'a>),
) -> Result<(), String> {
    visit_members(text, &mut |key, raw| visit_value(key, raw, 1, visit))
}

/// Calls `visit` for each key of the object in `text` with its value as it is written; an error where
/// the text is anything but one object.
pub(crate) fn visit_members<'a>(
    text: &'a str,
    visit: &mut dyn FnMut(Cow<'a, str>, &'a str),
) -> Result<(), String> {
    check_depth(text)?;
    let mut end = memchr(b'{', text.as_bytes()).map_or(0, |at| at + 1);
    for entry in sonic_rs::to_object_iter(text) {
        let (key, value) = entry.map_err(|error| reason(&error, text))?;
        let Some(raw) = raw_text(&value) else { continue };
        end = raw.as_ptr() as usize + raw.len() - text.as_ptr() as usize;
        visit(key, raw);
    }
    match text.as_bytes().get(end..).map(<[u8]>::trim_ascii) {
        Some(b"}") => Ok(()),
        _ => Err("there is text after the JSON object".to_owned()),
    }
}

/// The value's JSON text, borrowed from the input.
pub(crate) fn raw_text<'a>(value: &LazyValue<'a>) -> Option<&'a str> {
    match value.as_raw_cow() {
        Cow::Borrowed(raw) => Some(raw),
        Cow::Owned(_) => None,
    }
}

fn visit_value<'a>(
    key: Cow<'a, str>,
    raw: &'a str,
    depth: usize,
    visit: &mut dyn FnMut(Cow<'a, str>, Value<'a>),
) {
    if raw.starts_with('{') && depth < limits::FLATTEN_DEPTH_MAX {
        let mut is_empty = true;
        for entry in sonic_rs::to_object_iter(raw) {
            let Ok((inner, value)) = entry else { break };
            is_empty = false;
            let Some(raw) = raw_text(&value) else { continue };
            visit_value(Cow::Owned([key.as_ref(), ".", inner.as_ref()].concat()), raw, depth + 1, visit);
        }
        if is_empty {
            visit(key, Value::Json(raw));
        }
    } else if let Some(value) = scalar(raw) {
        visit(key, value);
    }
}

/// The value of valid JSON text; none for null.
///
/// On the hot path: called once per value.
#[inline]
pub(crate) fn scalar(raw: &str) -> Option<Value<'_>> {
    match raw.as_bytes().first()? {
        b'"' => Some(Value::Text(unescape(raw))),
        b't' => Some(Value::Bool(true)),
        b'f' => Some(Value::Bool(false)),
        b'n' => None,
        b'[' | b'{' => Some(Value::Json(raw)),
        _ => Some(Value::Number(raw)),
    }
}

/// The text of a JSON string; lone surrogates and the like leave it as it was written.
fn unescape(raw: &str) -> Cow<'_, str> {
    let inner = raw.get(1..raw.len().saturating_sub(1)).unwrap_or_default();
    if memchr(b'\\', inner.as_bytes()).is_none() {
        return Cow::Borrowed(inner);
    }
    sonic_rs::from_str::<String>(raw).map_or(Cow::Borrowed(inner), Cow::Owned)
}

/// Refuses nesting that would exhaust the stack of a recursive reader.
pub(crate) fn check_depth(text: &str) -> Result<(), String> {
    let bytes = text.as_bytes();
    let mut openings = memchr::memchr2_iter(b'{', b'[', bytes);
    if openings.nth(limits::JSON_DEPTH_MAX).is_none() {
        return Ok(());
    }
    let mut scan = Scan::default();
    for byte in bytes {
        scan.take(*byte);
        if scan.depth > limits::JSON_DEPTH_MAX {
            return Err(format!("the JSON is nested deeper than {} levels", limits::JSON_DEPTH_MAX));
        }
    }
    Ok(())
}

/// How many brackets are open at the end; none inside a string.
fn depth_at_end(text: &str) -> Option<usize> {
    let mut scan = Scan::default();
    text.bytes().for_each(|byte| scan.take(byte));
    (!scan.in_string).then_some(scan.depth)
}

/// Brackets and strings, byte by byte.
#[derive(Debug, Default)]
pub(crate) struct Scan {
    pub(crate) depth: usize,
    pub(crate) in_string: bool,
    is_escaped: bool,
}

impl Scan {
    pub(crate) fn take(&mut self, byte: u8) {
        match byte {
            _ if self.is_escaped => self.is_escaped = false,
            b'\\' if self.in_string => self.is_escaped = true,
            b'"' => self.in_string = !self.in_string,
            b'{' | b'[' if !self.in_string => self.depth += 1,
            b'}' | b']' if !self.in_string => self.depth = self.depth.saturating_sub(1),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flat(text: &str) -> Result<Vec<String>, String> {
        let mut found = Vec::new();
        visit_object(text, &mut |key, value| found.push(format!("{key}={}", value.into_text())))?;
        Ok(found)
    }

    #[test]
    fn nested_objects_are_flattened_and_numbers_stay_as_written() {
        let text =
            r#"{"a":{"b":1.10,"c":{"d":"x\ny"},"e":{}},"n":null,"l":[1,{"z":2}],"big":1e400,"t":true}"#;
        assert_eq!(
            flat(text).unwrap(),
            ["a.b=1.10", "a.c.d=x\ny", "a.e={}", "l=[1,{\"z\":2}]", "big=1e400", "t=true"]
        );
    }

    #[test]
    fn what_is_no_object_says_why() {
        for cut in [
            r#"{"a":1"#,
            r#"{"a":"half"#,
            r#"{"a":[1,"#,
            r#"{"a":{"b":1}"#,
            r#"{"a""#,
            r#"{"a":1,"#,
            "{",
            r#"{"a":tr"#,
        ] {
            let told = flat(cut).unwrap_err();
            assert!(told.contains("cut off"), "{cut}: {told}");
        }
        assert!(flat(r#"{"a":1} {"b":2}"#).unwrap_err().contains("after the JSON object"));
        assert!(flat(r#"{"a" 1}"#).unwrap_err().contains("byte"));
        assert!(flat("[1]").is_err());
        assert_eq!(flat(" {} ").unwrap(), Vec::<String>::new());
    }

    #[test]
    fn deep_nesting_does_not_exhaust_the_stack() {
        let text = format!("{{\"a\":{}", "[".repeat(1 << 20));
        assert!(flat(&text).unwrap_err().contains("nested"));
        let brackets_in_text = format!("{{\"a\":\"{}\"}}", "[".repeat(1000));
        assert_eq!(flat(&brackets_in_text).unwrap().len(), 1);
    }

    #[test]
    fn numbers_also_as_text() {
        assert_eq!(Value::Text("200".into()).as_i64(), Some(200));
        assert_eq!(Value::Number("200.0").as_i64(), Some(200));
        assert_eq!(Value::Number("1e400").as_f64(), None);
        assert_eq!(Value::Bool(true).as_f64(), None);
    }
}
