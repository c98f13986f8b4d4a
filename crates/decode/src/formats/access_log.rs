//! Access logs of nginx and Apache, common or combined: who asked for what, and how did it end?
//!
//! `host ident user [time] "request" status bytes "referer" "user agent"`, optionally behind `vhost:port`
//! and in front of further fields. Among those, nginx's times in seconds with three decimals are taken:
//! the first one is the request's, further ones its upstreams' (several, where it tried several). Whole
//! numbers may be anything (Apache's `%D` is in microseconds, `%T` in seconds), so that they stay
//! attributes. Escaped quotes, `\x22` and `-` are read. Source: `ngx_http_log_module`, `mod_log_config`.

mod further;

use std::borrow::Cow;

use chrono_tz::Tz;

use super::log_builder::LogBuilder;
use super::log_fields::{Field, Target};
use super::walk_text;
use crate::json::Value;
use crate::{Chunk, DecodeOptions, Decoder, Framing, RecordSink, limits};

pub(crate) struct AccessLog {
    zone: Tz,
}

impl AccessLog {
    pub(crate) fn open(options: &DecodeOptions) -> Self {
        Self { zone: options.zone }
    }
}

impl Decoder for AccessLog {
    fn framing(&self) -> Framing {
        Framing::Lines
    }

    fn decode(&self, chunk: Chunk<'_>, sink: &mut dyn RecordSink) {
        let mut builder = LogBuilder::new();
        walk_text(Framing::Lines, 0, chunk, limits::LINE_BYTES_MAX, sink, &mut |place, line, sink| {
            let entry = Entry::read(line)?;
            entry.put(&mut builder);
            builder.log_to(sink, place, self.zone)
        });
    }
}

/// One line, cut at its fields.
#[derive(Debug, PartialEq)]
pub(crate) struct Entry<'a> {
    virtual_host: Option<&'a str>,
    client: &'a str,
    ident: &'a str,
    user: &'a str,
    time: &'a str,
    request: &'a str,
    status: &'a str,
    bytes: &'a str,
    /// Referer and user agent, quoted.
    agents: Option<(&'a str, &'a str)>,
    further: &'a str,
}

impl<'a> Entry<'a> {
    /// Cuts a line; why it is none of an access log.
    pub(crate) fn read(line: &'a str) -> Result<Self, String> {
        let shape =
            || "not a line of an access log: host, user, [time], \"request\", status, bytes".to_owned();
        let (head, rest) = line.split_once(" [").ok_or_else(shape)?;
        let (time, rest) = rest.split_once("] \"").ok_or_else(shape)?;
        let mut words = head.splitn(3, ' ');
        let (Some(mut client), Some(mut ident), mut user) =
            (words.next(), words.next(), words.next().unwrap_or("-"))
        else {
            return Err(shape());
        };
        let mut virtual_host = None;
        // vhost_combined of Apache has one word more.
        if let Some((third, fourth)) = user.split_once(' ')
            && client.rsplit_once(':').is_some_and(|(_, port)| is_digits(port))
            && third == "-"
        {
            (virtual_host, client, ident, user) = (Some(client), ident, third, fourth);
        }
        let (request, rest) =
            quoted_rest(rest).ok_or("the quote of the request is never closed (cut off?)")?;
        let mut words = rest.trim_start().splitn(3, ' ');
        let (status, bytes) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        if status.len() != 3 || !is_digits(status) || !(is_digits(bytes) || bytes == "-") {
            return Err(format!("status and bytes are {status:?} and {bytes:?} (cut off?)"));
        }
        let rest = words.next().unwrap_or_default();
        let agents = rest.strip_prefix('"').and_then(|rest| {
            let (referer, rest) = quoted_rest(rest)?;
            let (agent, rest) = quoted_rest(rest.trim_start().strip_prefix('"')?)?;
            Some((referer, agent, rest))
        });
        let (agents, further) = match agents {
            Some((referer, agent, rest)) => (Some((referer, agent)), rest),
            None if rest.starts_with('"') => return Err("the line is cut off behind the bytes".to_owned()),
            None => (None, rest),
        };
        Ok(Self { virtual_host, client, ident, user, time, request, status, bytes, agents, further })
    }

    pub(super) fn put(&self, builder: &mut LogBuilder<'a>) {
        let attribute = |builder: &mut LogBuilder<'a>, key: &'static str, text: &'a str| {
            if !matches!(text, "-" | "") {
                builder.put(None, key.into(), Value::Text(unescape(text)));
            }
        };
        let column = |builder: &mut LogBuilder<'a>, field, key: &'static str, value| {
            builder.put(Some(Target::mapped(field)), key.into(), value);
        };
        column(builder, Field::Timestamp, "timestamp", Value::Text(self.time.into()));
        column(builder, Field::Status, "http_response_status_code", Value::Number(self.status));
        let request = unescape(self.request);
        column(builder, Field::Body, "body", Value::Text(request.clone()));
        put_request(builder, request);
        if !matches!(self.user, "-" | "" | "\"\"") {
            column(builder, Field::User, "user_id", Value::Text(unescape(self.user)));
        }
        attribute(builder, "client.address", self.client);
        attribute(builder, "ident", self.ident);
        attribute(builder, "server.address", self.virtual_host.unwrap_or_default());
        attribute(builder, "http.response.body.size", self.bytes);
        if let Some((referer, agent)) = self.agents {
            attribute(builder, "http.request.header.referer", referer);
            attribute(builder, "user_agent.original", agent);
        }
        further::put(builder, self.further);
    }
}

/// Method and path of `GET /a?b=c HTTP/1.1`; bytes that are no request (a TLS greeting on a plain port)
/// stay as they are.
pub(super) fn put_request<'a>(builder: &mut LogBuilder<'a>, request: Cow<'a, str>) {
    let Some((method, target, version)) = request_parts(&request) else {
        if !matches!(request.as_ref(), "-" | "") {
            builder.put(None, "request".into(), Value::Text(request));
        }
        return;
    };
    let (method, target, version) = match &request {
        Cow::Borrowed(text) => {
            let piece = |range: std::ops::Range<usize>| Cow::Borrowed(text.get(range).unwrap_or_default());
            (piece(method), piece(target), piece(version))
        }
        Cow::Owned(text) => {
            let piece =
                |range: std::ops::Range<usize>| Cow::Owned(text.get(range).unwrap_or_default().to_owned());
            (piece(method), piece(target), piece(version))
        }
    };
    let mut column = |field, key: &'static str, text| {
        builder.put(Some(Target::mapped(field)), key.into(), Value::Text(text));
    };
    column(Field::Method, "http_request_method", method);
    column(Field::Route, "http_route", target);
    if !version.is_empty() {
        builder.put(None, "network.protocol.version".into(), Value::Text(version));
    }
}

type Piece = std::ops::Range<usize>;

/// Where method, target and version of HTTP stand in a request line.
pub(super) fn request_parts(request: &str) -> Option<(Piece, Piece, Piece)> {
    let (method, rest) = request.split_once(' ')?;
    if method.is_empty()
        || method.len() > 20
        || !method.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_' || byte == b'-')
    {
        return None;
    }
    let start = method.len() + 1;
    // HTTP/0.9 has no version; a target may hold spaces that a client did not encode.
    let (target, version) = match rest.rfind(" HTTP/") {
        Some(at) => (start..start + at, start + at + 6..request.len()),
        None => (start..request.len(), request.len()..request.len()),
    };
    let is_target = request.get(target.clone()).is_some_and(|target| {
        target.starts_with(['/', '*']) || target.contains("://") || method == "CONNECT"
    });
    is_target.then_some((0..method.len(), target, version))
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// What stands before the next quote that is not escaped, and what follows it.
fn quoted_rest(text: &str) -> Option<(&str, &str)> {
    let mut is_escaped = false;
    let end = text.bytes().position(|byte| {
        let closes = byte == b'"' && !is_escaped;
        is_escaped = byte == b'\\' && !is_escaped;
        closes
    })?;
    Some((text.get(..end)?, text.get(end + 1..)?))
}

/// Without escapes: `\"` and `\\` of Apache, `\x22` of both. Bytes that are no UTF-8 stay escaped.
fn unescape(text: &str) -> Cow<'_, str> {
    if !text.contains('\\') {
        return Cow::Borrowed(text);
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let (byte, length) = match (first, after) {
            (b'\\', [b'x', high, low, ..]) => match (hex(*high), hex(*low)) {
                (Some(high), Some(low)) => (high * 16 + low, 4),
                _ => (b'\\', 1),
            },
            (b'\\', [escaped @ (b'"' | b'\\'), ..]) => (*escaped, 2),
            (b'\\', [b't', ..]) => (b'\t', 2),
            (b'\\', [b'n', ..]) => (b'\n', 2),
            (b'\\', [b'r', ..]) => (b'\r', 2),
            _ => (*first, 1),
        };
        bytes.push(byte);
        rest = rest.get(length..).unwrap_or_default();
    }
    String::from_utf8(bytes).map_or(Cow::Borrowed(text), Cow::Owned)
}

fn hex(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

#[cfg(test)]
mod tests;
