//! `1 TIMESTAMP HOSTNAME APP-NAME PROCID MSGID [structured data] message`: RFC 5424.

use std::borrow::Cow;

use super::put_message;
use crate::formats::log_builder::LogBuilder;
use crate::formats::log_fields::{Field, KeyCache, default_target};
use crate::json::Value;

/// Behind the priority stands the version, so far always 1.
pub(super) fn is_version(rest: &str) -> bool {
    rest.starts_with("1 ")
}

pub(super) fn put<'a>(
    builder: &mut LogBuilder<'a>,
    keys: &mut KeyCache,
    rest: &'a str,
) -> Result<(), String> {
    let mut words = rest.splitn(7, ' ');
    let mut word = || words.next().ok_or("the header has fewer than six fields (cut off?)");
    let (_version, time, host, app, process, message_id, rest) =
        (word()?, word()?, word()?, word()?, word()?, word()?, word()?);
    if time == "-" {
        return Err("the message has no time: its sender wrote -".to_owned());
    }
    super::put(builder, Field::Timestamp, "timestamp", time);
    super::put(builder, Field::Host, "host_name", host);
    super::put(builder, Field::Service, "service_name", app);
    super::put(builder, Field::Event, "event_name", message_id);
    if process != "-" {
        builder.put(None, "process.pid".into(), Value::Text(process.into()));
    }
    let rest = match rest.strip_prefix('-') {
        Some(rest) => rest,
        None => structured_data(builder, rest)?,
    };
    put_message(builder, keys, rest.strip_prefix(' ').unwrap_or(rest));
    Ok(())
}

/// `[id key="value" …][id …]`; what follows it.
fn structured_data<'a>(builder: &mut LogBuilder<'a>, text: &'a str) -> Result<&'a str, String> {
    const CUT: &str = "the structured data is never closed (cut off?)";
    if !text.starts_with('[') {
        return Err("neither - nor structured data stands behind the header".to_owned());
    }
    let mut rest = text;
    while let Some(element) = rest.strip_prefix('[') {
        let end = element.find([' ', ']']).ok_or(CUT)?;
        let (id, mut params) = element.split_at_checked(end).ok_or(CUT)?;
        loop {
            params = params.trim_start_matches(' ');
            if let Some(after) = params.strip_prefix(']') {
                rest = after;
                break;
            }
            let (name, value) = params.split_once("=\"").ok_or(CUT)?;
            let length = closing_quote(value).ok_or(CUT)?;
            let (value, after) = value.split_at_checked(length).ok_or(CUT)?;
            put_param(builder, id, name, value);
            params = after.get(1..).unwrap_or_default();
        }
    }
    Ok(rest)
}

fn put_param<'a>(builder: &mut LogBuilder<'a>, id: &'a str, name: &'a str, value: &'a str) {
    let value = if value.contains('\\') { Cow::Owned(unescape(value)) } else { Cow::Borrowed(value) };
    let is_id = |field| {
        matches!(
            field,
            Field::Trace | Field::Span | Field::User | Field::Session | Field::Tenant | Field::Order
        )
    };
    let target = default_target(name).filter(|target| is_id(target.field));
    builder.put(target, format!("{id}.{name}").into(), Value::Text(value));
}

/// Only `\"`, `\\` and `\]` are escapes; any other backslash stands for itself.
fn unescape(value: &str) -> String {
    let mut plain = String::with_capacity(value.len());
    let mut letters = value.chars().peekable();
    while let Some(letter) = letters.next() {
        let escaped = letters.peek().filter(|next| letter == '\\' && "\"\\]".contains(**next)).copied();
        plain.push(escaped.unwrap_or(letter));
        if escaped.is_some() {
            letters.next();
        }
    }
    plain
}

fn closing_quote(text: &str) -> Option<usize> {
    let mut is_escaped = false;
    text.bytes().position(|byte| {
        let closes = byte == b'"' && !is_escaped;
        is_escaped = byte == b'\\' && !is_escaped;
        closes
    })
}
