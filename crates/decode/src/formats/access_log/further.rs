//! What do the fields behind the user agent mean?

use std::borrow::Cow;

use crate::formats::log_builder::LogBuilder;
use crate::formats::log_fields::{Field, Target};
use crate::json::Value;

/// Names of the fields that ingress-nginx of Kubernetes writes, in order.
const INGRESS: [&str; 9] = [
    "request_length",
    "request_time",
    "proxy_upstream_name",
    "proxy_alternative_upstream_name",
    "upstream_addr",
    "upstream_response_length",
    "upstream_response_time",
    "upstream_status",
    "req_id",
];

/// Names that people give to nginx's times in `key=value` fields.
const REQUEST_TIMES: [&str; 3] = ["rt", "request_time", "rtime"];

pub(super) fn put<'a>(builder: &mut LogBuilder<'a>, text: &'a str) {
    let fields = split(text);
    if fields.is_empty() {
        return;
    }
    let is_ingress = fields.len() == INGRESS.len()
        && fields.get(2).is_some_and(|field| field.starts_with('['))
        && fields.get(3).is_some_and(|field| field.starts_with('['));
    let (mut times, mut unnamed) = (0, 0);
    for (at, field) in fields.into_iter().enumerate() {
        let named = field.split_once('=').filter(|(key, _)| is_name(key));
        let (key, value): (Cow<'a, str>, &str) = match named {
            Some((key, value)) => (key.into(), value.trim_matches('"')),
            None if is_ingress => (INGRESS.get(at).copied().unwrap_or_default().into(), field),
            None if is_seconds(field) => {
                times += 1;
                let name = if times == 1 { "request_time" } else { "upstream_response_time" };
                (name.into(), field.trim_matches('"'))
            }
            // nginx's `main` format ends with the quoted X-Forwarded-For.
            None if at == 0 && field.starts_with('"') => {
                ("http.request.header.x-forwarded-for".into(), field)
            }
            None => {
                unnamed += 1;
                (format!("field_{unnamed}").into(), field)
            }
        };
        let value = value.trim_matches(['"', '[', ']']);
        if matches!(value, "-" | "") {
            continue;
        }
        let is_duration = REQUEST_TIMES.contains(&key.as_ref()) && value.parse::<f64>().is_ok();
        let target = is_duration.then_some(Target {
            // nginx writes seconds.
            factor_ms: 1e3,
            ..Target::mapped(Field::Duration)
        });
        builder.put(target, key, Value::Text(Cow::Owned(value.to_owned())));
    }
}

/// Words, quoted texts and bracketed ones; the times of several upstreams are one field: `0.1, 0.2 : 0.3`.
fn split(text: &str) -> Vec<&str> {
    let mut fields: Vec<&str> = Vec::new();
    let mut rest = text.trim();
    let mut goes_on = false;
    while !rest.is_empty() && fields.len() < 64 {
        let end = word_end(rest);
        let (word, after) = rest.split_at_checked(end).unwrap_or((rest, ""));
        let joins = goes_on || word == ":";
        goes_on = word.ends_with(',') || word == ":";
        match fields.last_mut().filter(|_| joins) {
            Some(last) => {
                let start = last.as_ptr() as usize - text.as_ptr() as usize;
                let stop = word.as_ptr() as usize + word.len() - text.as_ptr() as usize;
                *last = text.get(start..stop).unwrap_or(last);
            }
            None => fields.push(word),
        }
        rest = after.trim_start();
    }
    if !rest.is_empty() {
        fields.push(rest);
    }
    fields
}

fn word_end(text: &str) -> usize {
    let close = |from: usize, quote: char| {
        text.get(from..).and_then(|tail| tail.find(quote)).map_or(text.len(), |at| from + at + 1)
    };
    if text.starts_with('[') {
        return close(1, ']');
    }
    let end = text.find(' ').unwrap_or(text.len());
    match text.get(..end).and_then(|word| word.find('"')) {
        // A quote may hold spaces.
        Some(quote) => close(quote + 1, '"'),
        None => end,
    }
}

/// `0.123`, `"0.1, 0.2 : -"`: nginx writes times with three decimals.
fn is_seconds(field: &str) -> bool {
    let field = field.trim_matches('"');
    let mut has_time = false;
    let fits = field.split([',', ':']).map(str::trim).all(|part| {
        let is_time = part
            .split_once('.')
            .is_some_and(|(whole, decimals)| is_digits(whole) && is_digits(decimals) && decimals.len() <= 3);
        has_time |= is_time;
        is_time || part == "-"
    });
    fits && has_time
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_name(key: &str) -> bool {
    !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte))
}
