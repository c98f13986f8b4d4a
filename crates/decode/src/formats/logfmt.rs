//! `key=value` pairs, one record per line.
//!
//! Keys mean what they mean in JSON lines. Values may be quoted, with the escapes of Go and JSON; a key
//! without a value is true. Source: <https://brandur.org/logfmt>, and what `go-logfmt/logfmt` writes.

use std::borrow::Cow;

use chrono_tz::Tz;

use super::log_builder::LogBuilder;
use super::log_fields::{Field, KeyCache, default_target, means};
use super::walk_text;
use crate::json::Value;
use crate::{Chunk, DecodeOptions, Decoder, Framing, RecordSink, limits};

pub(crate) struct Logfmt {
    zone: Tz,
}

impl Logfmt {
    pub(crate) fn open(options: &DecodeOptions) -> Self {
        Self { zone: options.zone }
    }
}

impl Decoder for Logfmt {
    fn framing(&self) -> Framing {
        Framing::Lines
    }

    fn decode(&self, chunk: Chunk<'_>, sink: &mut dyn RecordSink) {
        let mut builder = LogBuilder::new();
        let mut keys = KeyCache::default();
        walk_text(Framing::Lines, 0, chunk, limits::LINE_BYTES_MAX, sink, &mut |place, line, sink| {
            keys.restart();
            let mut read = Ok(());
            for pair in (Pairs { rest: line }) {
                match pair {
                    Ok((key, value)) => builder.put(keys.target(key), key.into(), value),
                    Err(reason) => read = Err(reason),
                }
            }
            // Finishing empties the builder also where the line is bad.
            read.inspect_err(|_| builder.clear())?;
            builder.log_to(sink, place, self.zone)
        });
    }
}

/// Puts the pairs of a message that is nothing but pairs; false where it is something else.
pub(super) fn put<'a>(builder: &mut LogBuilder<'a>, keys: &mut KeyCache, text: &'a str) -> bool {
    if !is_logfmt(text) {
        return false;
    }
    keys.restart();
    for (key, value) in (Pairs { rest: text }).flatten() {
        builder.put(keys.target(key), key.into(), value);
    }
    true
}

/// Several pairs, all with a value, and a message, a level or a time among them.
pub(crate) fn is_logfmt(text: &str) -> bool {
    let first_equals = text.find('=').unwrap_or(text.len());
    let begins_with_key = text.get(..first_equals).is_some_and(is_key);
    if !begins_with_key || text.contains('\n') {
        return false;
    }
    let mut pairs = 0;
    let mut is_known = false;
    for pair in (Pairs { rest: text }) {
        let Ok((key, value)) = pair else { return false };
        if value == Value::Bool(true) {
            return false;
        }
        pairs += 1;
        let field = default_target(key).map(|target| target.field);
        is_known |= matches!(field, Some(Field::Body | Field::Severity | Field::Timestamp));
    }
    pairs >= 2 && is_known
}

/// Whether a line is a record of logfmt on its own: it has a time.
pub(crate) fn is_record(line: &str) -> bool {
    let has_time = (Pairs { rest: line })
        .flatten()
        .any(|(key, value)| value != Value::Bool(true) && means(key, Field::Timestamp));
    has_time
        && line.split('=').next().is_some_and(|key| is_key(key.trim()))
        && (Pairs { rest: line })
            .filter(|pair| pair.as_ref().is_ok_and(|(_, value)| *value != Value::Bool(true)))
            .count()
            >= 2
}

fn is_key(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= 64
        && text.chars().all(|letter| letter.is_alphanumeric() || "_-./@".contains(letter))
}

/// Walks the pairs of a line.
struct Pairs<'a> {
    rest: &'a str,
}

impl<'a> Iterator for Pairs<'a> {
    type Item = Result<(&'a str, Value<'a>), String>;

    fn next(&mut self) -> Option<Self::Item> {
        let text = self.rest.trim_start();
        if text.is_empty() {
            return None;
        }
        let key_end = text.find(|letter: char| letter == '=' || letter.is_whitespace()).unwrap_or(text.len());
        let (key, after) = text.split_at_checked(key_end)?;
        let Some(value) = after.strip_prefix('=') else {
            self.rest = after;
            return Some(Ok((key, Value::Bool(true))));
        };
        if key.is_empty() {
            self.rest = "";
            return Some(Err("there is a value without a key".to_owned()));
        }
        if let Some(quoted) = value.strip_prefix('"') {
            let Some(length) = closing_quote(quoted) else {
                self.rest = "";
                return Some(Err(format!("the quote of {key} is never closed (cut off?)")));
            };
            self.rest = quoted.get(length + 1..).unwrap_or_default();
            return Some(Ok((key, Value::Text(unescape(value.get(..length + 2).unwrap_or(value))))));
        }
        let end = value.find(char::is_whitespace).unwrap_or(value.len());
        let (value, after) = value.split_at_checked(end)?;
        self.rest = after;
        Some(Ok((key, Value::Text(value.into()))))
    }
}

fn closing_quote(text: &str) -> Option<usize> {
    let mut is_escaped = false;
    text.bytes().position(|byte| {
        let closes = byte == b'"' && !is_escaped;
        is_escaped = byte == b'\\' && !is_escaped;
        closes
    })
}

/// The text between quotes; escapes that JSON does not know leave it as it was written.
fn unescape(quoted: &str) -> Cow<'_, str> {
    match crate::json::scalar(quoted) {
        Some(Value::Text(text)) => text,
        _ => Cow::Borrowed(quoted),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::testing::Collected;

    fn decode(text: &str) -> Collected {
        let options = DecodeOptions::new(chrono_tz::Asia::Shanghai, "app.log");
        Collected::from(&Logfmt::open(&options), text.as_bytes())
    }

    #[test]
    fn keys_mean_what_they_mean_in_json() {
        let found = decode(concat!(
            "ts=2026-11-05T03:05:03.250Z level=error caller=pay.go:42 service=pay msg=\"charge \\\"failed\\\"\\n支付\" ",
            "traceID=t1 duration=12.5ms status=502 method=POST path=/pay?x=1 empty= flag q=\"a=b c\"\n",
        ));
        let log = &found.logs[0];
        assert_eq!(log.timestamp.to_rfc3339(), "2026-11-05T03:05:03.250Z");
        assert_eq!((log.severity_number, log.service_name.as_deref()), (Some(17), Some("pay")));
        assert_eq!(log.body.as_deref(), Some("charge \"failed\"\n支付"));
        assert_eq!((log.trace_id.as_deref(), log.duration_ms), (Some("t1"), Some(12.5)));
        assert_eq!((log.http_response_status_code, log.http_route.as_deref()), (Some(502), Some("/pay")));
        assert_eq!(
            found.attributes(0),
            [("caller", "pay.go:42"), ("empty", ""), ("flag", "true"), ("q", "a=b c")]
        );
    }

    #[test]
    fn a_bad_line_spoils_no_other() {
        let found =
            decode("ts=1793849103 msg=\"never closed\nts=1793849103 msg=ok\n=x ts=1793849103\nmsg=x\n");
        assert_eq!((found.logs.len(), found.logs[0].body.as_deref()), (1, Some("ok")));
        assert!(found.rejects[0].1.contains("never closed"));
        assert!(found.rejects[1].1.contains("without a key"));
        assert!(found.rejects[2].1.contains("no time"));
    }

    #[test]
    fn what_is_a_message_of_pairs() {
        assert!(is_logfmt("level=info msg=\"a b\" k=v"));
        assert!(!is_logfmt("charge failed level=info msg=x"));
        assert!(!is_logfmt("a=1 b=2"));
        assert!(!is_logfmt("level=info words and words"));
        assert!(is_record("time=\"2026-11-05T03:05:03Z\" level=info msg=x"));
        assert!(!is_record("level=info msg=x"));
    }
}
