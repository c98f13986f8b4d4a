//! Does a line of text begin with a time, and where does the rest begin?
//!
//! Logs without a format of their own agree in one thing: a record begins with its time, behind a level
//! or a bracket at most. The same test frames the records and reads them, so that the two can never
//! disagree. It looks at shapes only; whether 30 February is a day is for the decoder to say.

mod cursor;

use std::ops::Range;

use chrono_tz::Tz;
use fupan_model::Micros;

use self::cursor::Cursor;
use crate::limits;
use crate::time::yearless::{Yearless, month_of};
use crate::time::{ParsedInstant, parse_instant, zone_of_word};

/// Where the time stands in a line. All places are bytes of the line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LineTime {
    /// A level in front of the time, or the letter in which klog writes it.
    pub(crate) level: Option<Range<usize>>,
    time: Range<usize>,
    layout: Layout,
    /// Where the rest begins.
    pub(crate) end: usize,
}

/// How the time is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Layout {
    /// As [`parse_instant`] reads it.
    Known,
    /// `20261105 11:05:03`.
    Compact,
    /// `1105 11:05:03.123456` of klog and `11-05 11:05:03.123` of Android: no year.
    MonthDay,
    /// `Thu Nov 05 11:05:03.123456 2026` of C and Apache.
    YearLast,
    /// `Nov 05, 2026 11:05:03 AM` of Java.
    HalfDay,
}

/// An instant, and what was assumed for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct LineInstant {
    pub(crate) parsed: ParsedInstant,
    pub(crate) assumed_year: bool,
}

/// Whether a record begins with this line.
pub(crate) fn begins_record(line: &[u8]) -> bool {
    LineTime::find(line).is_some_and(|time| {
        let rest = line.get(time.end..).unwrap_or_default();
        // Container runtimes put a time in front of each line that a program writes, stack traces too.
        container_line(rest).is_none_or(|container| !is_continuation(container.text))
    })
}

/// Whether the line continues what stood before it, whatever it is.
pub(crate) fn is_continuation(line: &[u8]) -> bool {
    const BEGINNINGS: [&[u8]; 9] = [
        b"Caused by:",
        b"Suppressed:",
        b"Traceback (most recent call last)",
        b"During handling of the above",
        b"The above exception was",
        b"...",
        b"}",
        b")",
        b"goroutine ",
    ];
    let line = line.trim_ascii_end();
    match line.first() {
        None => true,
        Some(first) => {
            first.is_ascii_whitespace() || BEGINNINGS.iter().any(|beginning| line.starts_with(beginning))
        }
    }
}

/// What a container runtime writes behind the time: `stdout F text`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ContainerLine<'a> {
    pub(crate) stream: &'static str,
    /// The line was too long for the runtime: its rest is on the next one.
    pub(crate) is_partial: bool,
    /// What the program wrote.
    pub(crate) text: &'a [u8],
}

/// Reads what stands behind the time of a line of a container runtime (the CRI log format of Kubernetes).
pub(crate) fn container_line(rest: &[u8]) -> Option<ContainerLine<'_>> {
    let rest = rest.trim_ascii_start();
    let (stream, rest) = ["stdout", "stderr"]
        .into_iter()
        .find_map(|stream| Some((stream, rest.strip_prefix(stream.as_bytes())?)))?;
    match rest {
        [b' ', tag @ (b'F' | b'P'), b' ', text @ ..] => {
            Some(ContainerLine { stream, is_partial: *tag == b'P', text })
        }
        _ => None,
    }
}

/// Whether a container runtime goes on with this line on the next one.
pub(crate) fn is_partial(line: &[u8]) -> bool {
    let head = line.get(..limits::LINE_TIME_BYTES_MAX).unwrap_or(line);
    memchr::memmem::find(head, b" P ").is_some()
        && LineTime::find(line)
            .and_then(|time| container_line(line.get(time.end..)?))
            .is_some_and(|container| container.is_partial)
}

impl LineTime {
    /// Finds the time at the beginning of a line.
    pub(crate) fn find(line: &[u8]) -> Option<Self> {
        let line = line.get(..limits::LINE_TIME_BYTES_MAX).unwrap_or(line);
        let mut cursor = Cursor::new(line);
        cursor.colours();
        if !cursor.peek().is_some_and(|byte| byte.is_ascii_alphanumeric() || byte == b'[') {
            return None;
        }
        let level = cursor.level_before_time();
        let is_open = cursor.byte(b'[');
        cursor.colours();
        cursor.redis_role();
        let start = cursor.at;
        let (time, layout, letter) = cursor.time()?;
        cursor.colours();
        if is_open {
            cursor.byte(b']');
        } else {
            let next = cursor.peek();
            let ends = next.is_none_or(|next| matches!(next, b' ' | b'\t' | b'|' | b']' | b'\r' | b'\n'));
            let has_colon = next == Some(b':') && cursor.rest().get(1) == Some(&b' ');
            let has_wide_mark =
                || ["，", "：", "　", "【"].iter().any(|mark| cursor.rest().starts_with(mark.as_bytes()));
            if !ends && !has_colon && !has_wide_mark() {
                return None;
            }
        }
        let level = level.or(letter.then_some(start..start + 1));
        Some(Self { level, time, layout, end: cursor.at })
    }

    /// The instant; times without a zone are read in `zone`, those without a year before `modified_at`.
    pub(crate) fn read(
        &self,
        line: &str,
        zone: Tz,
        modified_at: Option<Micros>,
    ) -> Result<LineInstant, String> {
        let text = line.get(self.time.clone()).unwrap_or_default();
        let of = |text: &str| {
            parse_instant(text, zone)
                .map(|parsed| LineInstant { parsed, assumed_year: false })
                .map_err(|error| format!("the time {text:?} {error}"))
        };
        match self.layout {
            Layout::Known => of(text),
            Layout::Compact => {
                let (date, clock) = text.split_at_checked(8).unwrap_or_default();
                let part = |range: Range<usize>| date.get(range).unwrap_or_default();
                of(&format!("{}-{}-{} {}", part(0..4), part(4..6), part(6..8), clock.get(1..).unwrap_or("")))
            }
            Layout::YearLast => {
                let mut words = text.split_ascii_whitespace();
                let (_, month, day) = (words.next(), words.next(), words.next());
                let (clock, year) = (words.next(), words.next_back());
                let month = month.and_then(month_of).unwrap_or_default();
                of(&[
                    year.unwrap_or(""),
                    "-",
                    &month.to_string(),
                    "-",
                    day.unwrap_or(""),
                    " ",
                    clock.unwrap_or(""),
                ]
                .concat())
            }
            Layout::HalfDay => crate::time::parse_with_format(text, "%b %d, %Y %I:%M:%S %p", zone)
                .map(|parsed| LineInstant { parsed, assumed_year: false })
                .map_err(|error| format!("the time {text:?} {error}")),
            Layout::MonthDay => {
                let digits: String = text.chars().filter(|letter| *letter != '-').take(4).collect();
                let (month, day) = digits.split_at_checked(2).unwrap_or_default();
                let clock = text.split_once(' ').map_or("", |(_, clock)| clock);
                Yearless {
                    month: month.parse().unwrap_or_default(),
                    day: day.parse().unwrap_or_default(),
                    clock,
                }
                .read(zone, modified_at)
                .map(|parsed| LineInstant { parsed, assumed_year: true })
                .map_err(|reason| format!("the time {text:?} {reason}"))
            }
        }
    }
}

/// A zone that stands behind a time, and where it ends: an abbreviation, or a name (`America/New_York`, as PHP writes it).
pub(crate) fn zone_behind(rest: &str) -> Option<(usize, Option<Tz>)> {
    let trimmed = rest.trim_start();
    let length = trimmed.find([' ', ':', ']'])?;
    let word = trimmed.get(..length)?;
    let end = rest.len() - trimmed.len() + length;
    zone_of_word(word).map(|word| (end, word.zone()))
}

#[cfg(test)]
mod tests;
