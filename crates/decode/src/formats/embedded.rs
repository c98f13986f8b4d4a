//! A message inside of something else (an event of `CloudWatch`, a line of Loki or journald, the output of a
//! container): what did its program write?
//!
//! The time is that of the wrapping record; one inside of the message stays an attribute.

use super::log_builder::LogBuilder;
use super::log_fields::{Field, KeyCache, Target};
use super::{logfmt, text_log};
use crate::json::{Value, visit_object};

/// Puts the message: the fields of a JSON object or of `key=value` pairs, or text with its level.
pub(super) fn put_message<'a>(builder: &mut LogBuilder<'a>, keys: &mut KeyCache, text: &'a str) {
    if put_json(builder, keys, text) || logfmt::put(builder, keys, text) {
        return;
    }
    text_log::put_untimed(builder, keys, text);
}

/// Puts the fields of a JSON object; false where the text is none, or broken.
pub(super) fn put_json<'a>(builder: &mut LogBuilder<'a>, keys: &mut KeyCache, text: &'a str) -> bool {
    let text = text.trim();
    // Cookies of syslog in front of JSON: `@cee:`.
    let text = text.strip_prefix("@cee:").map_or(text, str::trim_start);
    if !text.starts_with('{') || !text.ends_with('}') {
        return false;
    }
    let mut fields = Vec::new();
    if visit_object(text, &mut |key, value| fields.push((key, value))).is_err() {
        return false;
    }
    keys.restart();
    for (key, value) in fields {
        builder.put(keys.target(&key), key, value);
    }
    true
}

/// Puts text as the body, as it is.
pub(super) fn put_body<'a>(builder: &mut LogBuilder<'a>, text: &'a str) {
    builder.put(Some(Target::mapped(Field::Body)), "body".into(), Value::Text(text.into()));
}
