//! `Nov  5 11:05:03 host tag[pid]: message`: RFC 3164, and what daemons make of it.
//!
//! Files of rsyslog and journald have an ISO time instead; local senders leave out the host; some write a
//! year before or behind the clock.

use chrono_tz::Tz;
use fupan_model::{Micros, severity};

use super::{put as put_column, put_message};
use crate::formats::log_builder::LogBuilder;
use crate::formats::log_fields::{Field, KeyCache};
use crate::formats::text_of;
use crate::json::Value;
use crate::time::yearless::{Yearless, month_of};
use crate::time::{ParsedInstant, parse_instant};

/// The time of a message, and what follows it.
struct Stamp<'a> {
    month: u32,
    day: u32,
    clock: &'a str,
    year: Option<&'a str>,
    rest: &'a str,
}

impl<'a> Stamp<'a> {
    /// `Nov  5 11:05:03`, with a fraction, and with a year before or behind the clock.
    fn read(text: &'a str) -> Option<Self> {
        let month = month_of(text.get(..3)?)?;
        let rest = text.get(3..)?.strip_prefix(' ')?.trim_start_matches(' ');
        let (day, rest) = rest.split_once(' ')?;
        let day = day.parse().ok().filter(|day| (1..=31).contains(day))?;
        let (first, after) = rest.split_once(' ').unwrap_or((rest, ""));
        let (year, clock, rest) = if is_year(first) {
            let (clock, rest) = after.split_once(' ').unwrap_or((after, ""));
            (Some(first), clock, rest)
        } else if let Some((year, rest)) = after.split_once(' ').filter(|(word, _)| is_year(word)) {
            (Some(year), first, rest)
        } else {
            (None, first, after)
        };
        let clock = clock.trim_end_matches(':');
        let is_clock = clock.len() >= 8
            && clock.bytes().all(|byte| byte.is_ascii_digit() || b":.".contains(&byte))
            && clock.bytes().filter(|byte| *byte == b':').count() == 2;
        is_clock.then_some(Self { month, day, clock, year, rest })
    }

    fn instant(&self, zone: Tz, modified_at: Option<Micros>) -> Result<ParsedInstant, String> {
        match self.year {
            Some(year) => parse_instant(&format!("{year}-{}-{} {}", self.month, self.day, self.clock), zone)
                .map_err(|error| error.to_string()),
            None => Yearless { month: self.month, day: self.day, clock: self.clock }.read(zone, modified_at),
        }
    }
}

fn is_year(word: &str) -> bool {
    word.len() == 4 && word.bytes().all(|byte| byte.is_ascii_digit())
}

/// An ISO time, and what follows it.
fn iso(text: &str) -> Option<(&str, &str)> {
    let (word, rest) = text.split_once(' ')?;
    let is_iso = word.len() >= 19
        && word.as_bytes().get(10) == Some(&b'T')
        && word.starts_with(|c: char| c.is_ascii_digit());
    is_iso.then_some((word, rest))
}

pub(super) fn has_time(rest: &str) -> bool {
    Stamp::read(rest).is_some() || iso(rest).is_some()
}

/// A line of a file, without its priority: host and tag have to follow the time.
pub(super) fn is_from_file(line: &str) -> bool {
    if let Some(stamp) = Stamp::read(line) {
        return !stamp.rest.is_empty();
    }
    let Some((_, rest)) = iso(line) else { return false };
    let Some((host, rest)) = rest.split_once(' ') else { return false };
    let tag = tag_of(rest);
    severity::number_of(host).is_none()
        && host.bytes().any(|byte| byte.is_ascii_alphabetic())
        && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-_:".contains(&byte))
        && !host.ends_with(':')
        && tag.is_some_and(|tag| severity::number_of(tag.name).is_none())
}

struct Tag<'a> {
    name: &'a str,
    process: &'a str,
    message: &'a str,
}

/// `sshd[123]: `, `kernel: `.
fn tag_of(text: &str) -> Option<Tag<'_>> {
    let end = text.find([' ', ':', '[']).unwrap_or(text.len());
    let (name, rest) = text.split_at_checked(end)?;
    let is_name = !name.is_empty()
        && name.len() <= 100
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-/@+()".contains(&byte));
    let (process, rest) = match rest.strip_prefix('[') {
        Some(inner) => inner.split_once(']')?,
        None => ("", rest),
    };
    let message = rest.strip_prefix(':')?;
    let is_apart = message.is_empty() || message.starts_with(' ');
    (is_name && is_apart && process.len() <= 40).then_some(Tag { name, process, message })
}

/// Puts a message; whether its year was assumed.
pub(super) fn put<'a>(
    builder: &mut LogBuilder<'a>,
    keys: &mut KeyCache,
    text: &'a str,
    zone: Tz,
    modified_at: Option<Micros>,
) -> Result<bool, String> {
    let (rest, assumed_year) = if let Some((time, rest)) = iso(text) {
        put_column(builder, Field::Timestamp, "timestamp", time);
        (rest, false)
    } else {
        let stamp = Stamp::read(text).ok_or("the message has no time of syslog, such as Nov  5 11:05:03")?;
        let shown = text.len() - stamp.rest.len();
        let instant = stamp.instant(zone, modified_at).map_err(|reason| {
            format!("the time {:?} {reason}", text_of(text.get(..shown).unwrap_or_default().trim_end()))
        })?;
        builder.set_timestamp(instant);
        (stamp.rest, stamp.year.is_none())
    };
    // A local sender leaves out its host.
    let (host, rest) = match (tag_of(rest), rest.split_once(' ')) {
        (None, Some((host, rest))) if !host.ends_with(':') => (host, rest),
        _ => ("", rest),
    };
    put_column(builder, Field::Host, "host_name", host);
    match tag_of(rest) {
        Some(tag) => {
            put_column(builder, Field::Service, "service_name", tag.name);
            if !tag.process.is_empty() {
                builder.put(None, "process.pid".into(), Value::Text(tag.process.into()));
            }
            put_message(builder, keys, tag.message.trim_start());
        }
        None => put_message(builder, keys, rest),
    }
    Ok(assumed_year)
}
