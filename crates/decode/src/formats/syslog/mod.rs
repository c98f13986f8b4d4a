//! Syslog, as RFC 5424 and RFC 3164 have it: by line, or with the length in front (RFC 6587).
//!
//! The priority gives severity and facility; files that a daemon has written may lack it. RFC 3164 knows
//! neither year nor zone: the zone is the workspace's, and counted; the year follows from when the source
//! was written ([`crate::Origin::modified_at`]), and without that the message is rejected.

mod bsd;
mod ietf;

use chrono_tz::Tz;
use fupan_model::Micros;

use super::embedded;
use super::log_builder::LogBuilder;
use super::log_fields::{Field, KeyCache, Target};
use super::walk_text;
use crate::framing::{octet_count, unpadded};
use crate::json::Value;
use crate::{Chunk, DecodeOptions, Decoder, Framing, Origin, RecordSink};

pub(crate) struct Syslog {
    framing: Framing,
    zone: Tz,
    modified_at: Option<Micros>,
}

/// What was assumed for a message.
#[derive(Debug, Clone, Copy, Default)]
struct Assumed {
    year: bool,
}

/// Codes of RFC 5424, section 6.2.1.
const SEVERITIES: [&str; 8] = ["emerg", "alert", "crit", "err", "warning", "notice", "info", "debug"];
const FACILITIES: [&str; 24] = [
    "kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron", "authpriv", "ftp",
    "ntp", "audit", "alert", "clock", "local0", "local1", "local2", "local3", "local4", "local5", "local6",
    "local7",
];

impl Syslog {
    pub(crate) fn open(head: &[u8], options: &DecodeOptions, origin: Origin) -> Self {
        let framing = if is_octet_counted(head) { Framing::OctetCounted } else { Framing::Lines };
        Self { framing, zone: options.zone, modified_at: origin.modified_at }
    }
}

/// `123 <34>1 …`.
pub(crate) fn is_octet_counted(head: &[u8]) -> bool {
    let head = unpadded(head).trim_ascii_start();
    octet_count(head).is_some_and(|(digits, _)| {
        head.get(digits + 1..).is_some_and(|message| priority_end(message).is_some())
    })
}

/// Whether a line is a message of syslog: it has a priority, or is what daemons write to their files.
pub(crate) fn looks_like(line: &str) -> bool {
    match priority_end(line.as_bytes()) {
        Some(end) => {
            let rest = line.get(end..).unwrap_or_default();
            ietf::is_version(rest) || bsd::has_time(rest)
        }
        None => bsd::is_from_file(line),
    }
}

/// Where `<34>` ends.
fn priority_end(message: &[u8]) -> Option<usize> {
    let digits = message.strip_prefix(b"<")?.iter().take_while(|byte| byte.is_ascii_digit()).count();
    ((1..=3).contains(&digits) && message.get(digits + 1) == Some(&b'>')).then_some(digits + 2)
}

impl Decoder for Syslog {
    fn framing(&self) -> Framing {
        self.framing
    }

    fn decode(&self, chunk: Chunk<'_>, sink: &mut dyn RecordSink) {
        let mut keys = KeyCache::default();
        walk_text(self.framing, 0, chunk, self.record_bytes_max(), sink, &mut |place, text, sink| {
            let message = self.counted(text.trim_start())?;
            let mut builder = LogBuilder::new();
            let assumed = self.message(message, &mut builder, &mut keys)?;
            builder.log_to(sink, place, self.zone)?;
            if assumed.year {
                sink.assumed_year();
            }
            Ok(())
        });
    }
}

impl Syslog {
    /// The message behind its length.
    fn counted<'a>(&self, text: &'a str) -> Result<&'a str, String> {
        if self.framing != Framing::OctetCounted {
            return Ok(text);
        }
        let Some((digits, length)) = octet_count(text.as_bytes()) else { return Ok(text) };
        let message = text.get(digits + 1..).unwrap_or_default();
        // A line end of its own was cut off by the framing.
        if message.len() + 2 < length {
            return Err(format!(
                "the message says it has {length} bytes and ends after {} (cut off?)",
                message.len()
            ));
        }
        Ok(message)
    }

    fn message<'a>(
        &self,
        text: &'a str,
        builder: &mut LogBuilder<'a>,
        keys: &mut KeyCache,
    ) -> Result<Assumed, String> {
        let text = text.strip_prefix('\u{FEFF}').unwrap_or(text);
        let end = priority_end(text.as_bytes());
        if let Some(end) = end {
            put_priority(builder, text.get(1..end - 1).unwrap_or_default())?;
        }
        let rest = text.get(end.unwrap_or(0)..).unwrap_or_default();
        if end.is_some() && ietf::is_version(rest) {
            ietf::put(builder, keys, rest)?;
            return Ok(Assumed::default());
        }
        let year = bsd::put(builder, keys, rest, self.zone, self.modified_at)?;
        Ok(Assumed { year })
    }
}

fn put_priority<'a>(builder: &mut LogBuilder<'a>, digits: &'a str) -> Result<(), String> {
    let number: usize = digits.parse().map_err(|_| "the priority is no number".to_owned())?;
    let facility = FACILITIES.get(number / 8).ok_or_else(|| format!("the priority {number} is above 191"))?;
    let severity = SEVERITIES.get(number % 8).copied().unwrap_or_default();
    put(builder, Field::Severity, "severity_text", severity);
    builder.put(None, "syslog.facility".into(), Value::Text((*facility).into()));
    Ok(())
}

/// The message itself, or the fields of the JSON that it is.
fn put_message<'a>(builder: &mut LogBuilder<'a>, keys: &mut KeyCache, message: &'a str) {
    let message = message.strip_prefix('\u{FEFF}').unwrap_or(message).trim_end();
    if !embedded::put_json(builder, keys, message) {
        embedded::put_body(builder, message);
    }
}

fn put<'a>(builder: &mut LogBuilder<'a>, field: Field, key: &'static str, text: &'a str) {
    if !text.is_empty() && text != "-" {
        builder.put(Some(Target::mapped(field)), key.into(), Value::Text(text.into()));
    }
}

#[cfg(test)]
mod tests;
