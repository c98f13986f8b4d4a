//! Which request does a line of nginx's error log speak of?
//!
//! `… while connecting to upstream, client: 10.0.0.1, server: shop, request: "GET /a HTTP/1.1", …`

use crate::formats::access_log::put_request;
use crate::formats::log_builder::LogBuilder;
use crate::json::Value;

/// The message, and the fields behind it.
pub(super) fn split(message: &str) -> (&str, &str) {
    let bytes = message.as_bytes();
    let client = memchr::memmem::find(bytes, b", client: ");
    let is_nginx =
        |at: &usize| memchr::memmem::find(bytes.get(*at..).unwrap_or_default(), b", server: ").is_some();
    match client.filter(is_nginx) {
        Some(at) => message.split_at_checked(at).unwrap_or((message, "")),
        None => (message, ""),
    }
}

pub(super) fn put<'a>(builder: &mut LogBuilder<'a>, fields: &'a str) {
    for field in fields.split(", ") {
        let Some((key, value)) = field.split_once(": ") else { continue };
        let value = value.strip_prefix('"').and_then(|value| value.strip_suffix('"')).unwrap_or(value);
        match key {
            "request" => put_request(builder, value.into()),
            "client" => builder.put(None, "client.address".into(), Value::Text(value.into())),
            _ => builder.put(None, format!("nginx.{key}").into(), Value::Text(value.into())),
        }
    }
}
