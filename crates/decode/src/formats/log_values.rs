//! What does a value of a log record mean: a level, a route, a duration?

use std::borrow::Cow;

use fupan_model::severity;

use super::log_fields::{Target, canonical};
use super::quantity::milliseconds;
use crate::json::Value;

/// Levels of bunyan and pino: 10 trace, 20 debug, 30 info, 40 warn, 50 error, 60 fatal.
pub(super) const fn numeric_level(level: i64) -> Option<i8> {
    match level {
        10 => Some(1),
        20 => Some(5),
        30 => Some(9),
        40 => Some(13),
        50 => Some(17),
        60 => Some(21),
        _ => None,
    }
}

/// Levels of syslog, as GELF has them: 0 is an emergency, 7 debugging.
pub(super) fn syslog_level(level: i64) -> Option<i8> {
    let names = ["emergency", "alert", "critical", "error", "warning", "notice", "info", "debug"];
    severity::number_of(names.get(usize::try_from(level).ok()?)?)
}

const METHODS: [&str; 9] = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "CONNECT", "TRACE"];

/// A bare `method` may be one of a class.
#[inline]
pub(super) fn method<'a>(value: &Value<'a>, target: &Target) -> Option<Cow<'a, str>> {
    let Value::Text(text) = value else { return None };
    if METHODS.contains(&text.as_ref()) {
        return Some(text.clone());
    }
    if let Some(known) = METHODS.iter().find(|known| known.eq_ignore_ascii_case(text)) {
        return Some(Cow::Borrowed(known));
    }
    (!target.is_vague && !text.is_empty()).then(|| text.clone())
}

/// The path of a route or URL, without scheme, host, query and fragment.
pub(super) fn route<'a>(value: &Value<'a>) -> Option<Cow<'a, str>> {
    let Value::Text(text) = value else { return None };
    let scheme = if text.starts_with('/') { None } else { text.find("://").filter(|at| *at <= 8) };
    let start = match scheme {
        None => Some(0),
        Some(scheme) => {
            text.get(scheme + 3..).and_then(|host| host.find('/')).map(|slash| scheme + 3 + slash)
        }
    };
    // A host without a path is its root.
    let Some(start) = start else { return Some(Cow::Borrowed("/")) };
    let path = text.get(start..)?;
    let end = start + memchr::memchr2(b'?', b'#', path.as_bytes()).unwrap_or(path.len());
    if start == end {
        return None;
    }
    match text {
        Cow::Borrowed(text) => text.get(start..end).map(Cow::Borrowed),
        Cow::Owned(text) => text.get(start..end).map(|path| Cow::Owned(path.to_owned())),
    }
}

/// Numbers of <https://grpc.io/docs/guides/status-codes/>, also by name.
pub(super) fn grpc_status(value: &Value<'_>) -> Option<i16> {
    const NAMES: [&str; 17] = [
        "ok",
        "cancelled",
        "unknown",
        "invalidargument",
        "deadlineexceeded",
        "notfound",
        "alreadyexists",
        "permissiondenied",
        "resourceexhausted",
        "failedprecondition",
        "aborted",
        "outofrange",
        "unimplemented",
        "internal",
        "unavailable",
        "dataloss",
        "unauthenticated",
    ];
    if let Some(code) = value.as_i64() {
        return i16::try_from(code).ok().filter(|code| (0..=16).contains(code));
    }
    let name = canonical(value.as_text());
    NAMES.iter().position(|known| *known == name).map(|code| code as i16)
}

pub(super) fn outcome(value: &Value<'_>) -> Option<&'static str> {
    let text = value.as_text();
    let is = |words: &[&str]| words.iter().any(|word| word.eq_ignore_ascii_case(text));
    if is(&["ok", "success", "succeeded", "successful", "true", "成功"]) {
        Some("ok")
    } else if is(&["failed", "failure", "fail", "error", "false", "失败"]) {
        Some("failed")
    } else {
        None
    }
}

/// `projects/shop/traces/4bf9…`, as Google Cloud writes a trace: its last part.
#[inline]
pub(super) fn last_of_path(trace: Cow<'_, str>) -> Cow<'_, str> {
    // Most are an id alone: that is seen sooner than a text is searched for.
    if !trace.as_bytes().contains(&b'/') {
        return trace;
    }
    match trace.rsplit_once("/traces/") {
        Some((_, id)) => Cow::Owned(id.to_owned()),
        None => trace,
    }
}

pub(super) fn duration_ms(value: &Value<'_>, target: &Target) -> Option<f64> {
    if let Some(number) = value.as_f64() {
        return (number >= 0.0 && !target.is_vague).then_some(number * target.factor_ms);
    }
    match value {
        Value::Text(text) => duration_text_ms(text),
        _ => None,
    }
}

/// `12.5ms`, `250µs`, `1.5s`, and as Go writes them `1m2.5s`.
pub(crate) fn duration_text_ms(text: &str) -> Option<f64> {
    let mut rest = text.trim();
    let mut total = 0.0;
    while !rest.is_empty() {
        let digits = rest.find(|letter: char| !letter.is_ascii_digit() && letter != '.')?;
        let (number, after) = rest.split_at_checked(digits)?;
        let after = after.trim_start();
        let length = after.find(|letter: char| letter.is_ascii_digit()).unwrap_or(after.len());
        let (unit, after) = after.split_at_checked(length)?;
        let factor = match unit.trim() {
            "m" => 6e4,
            "seconds" => 1e3,
            unit => milliseconds(unit)?,
        };
        total += number.parse::<f64>().ok()? * factor;
        rest = after;
    }
    (!text.trim().is_empty()).then_some(total)
}

#[inline]
pub(super) fn without_line_end(text: Cow<'_, str>) -> Cow<'_, str> {
    if !text.ends_with(['\n', '\r']) {
        return text;
    }
    match text {
        Cow::Borrowed(text) => Cow::Borrowed(text.trim_end_matches(['\n', '\r'])),
        Cow::Owned(mut text) => {
            text.truncate(text.trim_end_matches(['\n', '\r']).len());
            Cow::Owned(text)
        }
    }
}

/// One word such as `TimeoutException` or `ETIMEDOUT`.
pub(super) fn is_identifier(text: &str) -> bool {
    text.len() <= 200 && text.chars().all(|letter| letter.is_alphanumeric() || "._$:-".contains(letter))
}

/// A class name as languages write them: `java.lang.NullPointerException`, `ValueError`.
pub(crate) fn is_class_name(text: &str) -> bool {
    let last = text.rsplit(['.', '$']).next().unwrap_or(text);
    !text.is_empty()
        && is_identifier(text)
        && last.starts_with(char::is_uppercase)
        && ["Exception", "Error", "Timeout", "Fault"].iter().any(|ending| last.ends_with(ending))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_as_text() {
        assert_eq!(duration_text_ms("12.5ms"), Some(12.5));
        assert_eq!(duration_text_ms("1m2.5s"), Some(62_500.0));
        assert_eq!(duration_text_ms("250µs"), Some(0.25));
        assert_eq!(duration_text_ms("1 小时 20 秒"), Some(3_620_000.0));
        assert_eq!(duration_text_ms("250"), None);
        assert_eq!(duration_text_ms("fast"), None);
        assert_eq!(duration_text_ms(""), None);
    }

    #[test]
    fn routes_lose_host_and_query() {
        let read = |text: &'static str| route(&Value::Text(text.into())).map(Cow::into_owned);
        assert_eq!(read("https://shop.example/api/v1/pay?x=1").as_deref(), Some("/api/v1/pay"));
        assert_eq!(read("https://shop.example").as_deref(), Some("/"));
        assert_eq!(read("/api/v1/pay#top").as_deref(), Some("/api/v1/pay"));
        assert_eq!(read("/go?to=http://x/y").as_deref(), Some("/go"));
        assert_eq!(read(""), None);
    }
}
