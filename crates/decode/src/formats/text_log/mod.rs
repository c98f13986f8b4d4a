//! Plain text whose records begin with a time: what does the rest of the line say?
//!
//! log4j, logback, Python, Go, klog, Rust, nginx, `PostgreSQL`, `MySQL`, Redis and their like, mixed in one
//! file as they come. Level, logger, thread, process and trace ids are taken where they stand in a place
//! that loggers agree on; whatever is not recognised stays in the message, so that nothing is lost.
//! Lines without a time belong to the record before ([`crate::RecordStart::TimeOrRecord`]), but for lines that are
//! records of another kind ([`super::other_line`]); a stack trace among
//! them goes to the attribute `exception.stacktrace`, so that the message stays one line.

mod head;
mod nginx_error;
mod trace;

use std::borrow::Cow;

use chrono_tz::Tz;
use fupan_model::Micros;

use self::head::Head;
use super::embedded;
use super::log_builder::LogBuilder;
use super::log_fields::{Field, KeyCache, Target};
use super::other_line::OtherLine;
use super::walk_text;
use crate::json::Value;
use crate::line_time::{LineTime, container_line, zone_behind};
use crate::{Chunk, DecodeOptions, Decoder, Framing, Origin, Place, RecordSink, RecordStart, limits};

pub(crate) struct TextLog {
    zone: Tz,
    modified_at: Option<Micros>,
}

impl TextLog {
    pub(crate) fn open(options: &DecodeOptions, origin: Origin) -> Self {
        Self { zone: options.zone, modified_at: origin.modified_at }
    }
}

impl Decoder for TextLog {
    fn framing(&self) -> Framing {
        Framing::JoinedLines { start: RecordStart::TimeOrRecord }
    }

    fn decode(&self, chunk: Chunk<'_>, sink: &mut dyn RecordSink) {
        let mut keys = KeyCache::default();
        let mut builder = LogBuilder::new();
        walk_text(
            self.framing(),
            0,
            chunk,
            limits::LINE_BYTES_MAX,
            sink,
            &mut |place, text, sink| match plain(text) {
                Cow::Borrowed(text) => self.record(text, &mut builder, &mut keys, place, sink),
                Cow::Owned(text) => self.record(&text, &mut LogBuilder::new(), &mut keys, place, sink),
            },
        );
    }
}

impl TextLog {
    fn record<'a>(
        &self,
        text: &'a str,
        builder: &mut LogBuilder<'a>,
        keys: &mut KeyCache,
        place: Place,
        sink: &mut dyn RecordSink,
    ) -> Result<(), String> {
        let assumed_year = self.read(text, builder, keys)?;
        builder.log_to(sink, place, self.zone)?;
        if assumed_year {
            sink.assumed_year();
        }
        Ok(())
    }

    /// Puts a record into the builder; whether its year was assumed.
    fn read<'a>(
        &self,
        text: &'a str,
        builder: &mut LogBuilder<'a>,
        keys: &mut KeyCache,
    ) -> Result<bool, String> {
        let Some(time) = LineTime::find(text.as_bytes()) else {
            return put_other(builder, keys, text).map(|()| false);
        };
        let rest = text.get(time.end..).unwrap_or_default();
        let (line, following) = split_line(rest);
        let mut instant = time.read(text, self.zone, self.modified_at)?;
        let named = zone_behind(line).filter(|_| instant.parsed.assumed_zone);
        if let Some((_, Some(zone))) = named {
            instant = time.read(text, zone, self.modified_at)?;
            instant.parsed.assumed_zone = false;
        }
        builder.set_timestamp(instant.parsed);
        if let Some(container) = container_line(line.as_bytes()) {
            builder.put(None, "log.iostream".into(), Value::Text(container.stream.into()));
            let start = line.len() - container.text.len();
            embedded::put_message(builder, keys, rest.get(start..).unwrap_or_default().trim_end());
            return Ok(instant.assumed_year);
        }
        let behind = named.map_or(0, |(end, _)| end);
        let level = time.level.and_then(|range| text.get(range));
        let inner = rest.get(behind..).unwrap_or_default().trim();
        if embedded::put_json(builder, keys, inner) {
            return Ok(instant.assumed_year);
        }
        // The program wrote a time of its own behind that of its runtime.
        if text.get(..time.end).is_some_and(is_of_runtime) && LineTime::find(inner.as_bytes()).is_some() {
            put_untimed(builder, keys, inner);
            return Ok(instant.assumed_year);
        }
        let line = line.get(behind..).unwrap_or(line);
        put_line(builder, keys, line, level, following);
        Ok(instant.assumed_year)
    }
}

/// A time as `docker logs -t` and `kubectl logs --timestamps` put it in front: in UTC, with nanoseconds.
fn is_of_runtime(time: &str) -> bool {
    time.ends_with('Z') && time.contains('T') && time.len() >= "2026-11-05T03:05:03.123456Z".len()
}

/// Puts a record of another kind, and the lines that follow it.
fn put_other<'a>(builder: &mut LogBuilder<'a>, keys: &mut KeyCache, text: &'a str) -> Result<(), String> {
    let (line, following) = split_line(text);
    let other = OtherLine::of(line).ok_or("the text begins with no time, and no record stands before it")?;
    other.put(builder, keys);
    if !following.is_empty() {
        let is_stack = trace::find("", following).stack.is_some();
        let key = if is_stack { "exception.stacktrace" } else { "log.following_lines" };
        builder.put(None, key.into(), Value::Text(following.into()));
    }
    Ok(())
}

/// Puts what stands behind a time: the rest of its line, and the lines that follow.
fn put_line<'a>(
    builder: &mut LogBuilder<'a>,
    keys: &mut KeyCache,
    line: &'a str,
    level: Option<&'a str>,
    following: &'a str,
) {
    let head = Head::parse(line, level);
    head.put(builder, keys);
    let (message, fields) = nginx_error::split(head.message());
    nginx_error::put(builder, fields);
    put_body(builder, message, following);
}

/// Level, logger and message of a line whose time is known from elsewhere.
pub(super) fn put_untimed<'a>(builder: &mut LogBuilder<'a>, keys: &mut KeyCache, text: &'a str) {
    let (line, following) = split_line(text);
    let time = LineTime::find(line.as_bytes());
    let level = time.as_ref().and_then(|time| line.get(time.level.clone()?));
    let rest = time.as_ref().map_or(line, |time| line.get(time.end..).unwrap_or_default());
    if time.is_some() || Head::has_level(rest) {
        put_line(builder, keys, rest, level, following);
    } else {
        put_body(builder, line, following);
    }
}

fn put_body<'a>(builder: &mut LogBuilder<'a>, message: &'a str, following: &'a str) {
    let put = |builder: &mut LogBuilder<'a>, field, key: &'static str, text: Cow<'a, str>| {
        builder.put(Some(Target::mapped(field)), key.into(), Value::Text(text));
    };
    let trace = trace::find(message, following);
    if let Some(error) = trace.error_type {
        put(builder, Field::ErrorType, "error_type", error.into());
    }
    match trace.stack {
        Some(stack) => builder.put(None, "exception.stacktrace".into(), Value::Text(stack.into())),
        None if !following.is_empty() => {
            let body = [message, "\n", following].concat();
            return put(builder, Field::Body, "body", body.into());
        }
        None => {}
    }
    put(builder, Field::Body, "body", message.into());
}

/// The first line, and the lines after it without blank ones at the end.
fn split_line(text: &str) -> (&str, &str) {
    let text = text.trim_end();
    let (line, following) = text.split_once('\n').unwrap_or((text, ""));
    (line.trim_end(), following)
}

/// The text as its program wrote it: without colours, and without what a container runtime puts in front
/// of each further line.
fn plain(text: &str) -> Cow<'_, str> {
    let text = without_colours(text);
    match container_text(&text) {
        Some(joined) => Cow::Owned(joined),
        None => text,
    }
}

/// Several lines of a container runtime as one record; none where it is something else.
fn container_text(text: &str) -> Option<String> {
    let (first, following) = text.split_once('\n')?;
    let of = |line: &str| {
        let end = LineTime::find(line.as_bytes())?.end;
        let container = container_line(line.get(end..)?.as_bytes())?;
        Some((container.is_partial, line.len() - container.text.len()))
    };
    let (mut is_partial, _) = of(first)?;
    let mut joined = first.trim_end_matches('\r').to_owned();
    for line in following.lines() {
        let (goes_on, start) = of(line).unwrap_or((false, 0));
        if !is_partial {
            joined.push('\n');
        }
        joined.push_str(line.get(start..).unwrap_or_default());
        is_partial = goes_on;
    }
    Some(joined)
}

/// The text without the colours of a terminal (`ESC [ … m`).
pub(super) fn without_colours(text: &str) -> Cow<'_, str> {
    if memchr::memchr(0x1B, text.as_bytes()).is_none() {
        return Cow::Borrowed(text);
    }
    let mut plain = String::with_capacity(text.len());
    let mut pieces = text.split("\u{1B}[");
    plain.push_str(pieces.next().unwrap_or_default());
    for piece in pieces {
        let code = piece.bytes().take_while(|byte| byte.is_ascii_digit() || *byte == b';').count();
        match piece.get(code..).and_then(|rest| rest.strip_prefix('m')) {
            Some(rest) => plain.push_str(rest),
            None => plain.extend(["\u{1B}[", piece]),
        }
    }
    Cow::Owned(plain)
}

#[cfg(test)]
mod tests;
