//! Which log lines say the same thing about different values?
//!
//! [`mask_body`] replaces what varies (numbers, ids, addresses, times, quoted values) by named
//! placeholders and keeps the words, Chinese ones too. [`shape_id`] is a hash of that text,
//! computed in one pass and without allocating, because it runs on every ingested record. It is
//! stateless: the same body has the same shape in every process, file order and thread. Which
//! shapes belong to one template is decided later ([`crate::templates`]) and may change; shapes
//! change only with [`MINER_VERSION`].
//!
//! | what | becomes | example |
//! |---|---|---|
//! | numbers, also with unit, sign, `.`, `,`, `:` inside | `<*>` | `5003ms` → `<*>ms` |
//! | digits after letters | `<*>` | `order-1002` → `order-<*>` |
//! | hex from 6 characters, mixed ids | `<*>` | `7f9c6d`, `x2k4z`, `10m30s` |
//! | UUID, IPv4, IPv6, email | `<uuid>`, `<ip>`, `<email>` | |
//! | date, date and time, time of day with seconds | `<time>` | `2026-11-11T00:00:03.5+08:00` |
//! | `<phone>`, `<card>`, `<id-card>`, which stand for numbers that were taken out | `<*>` | |
//! | quoted value of at most two words | `<str>` | `user "alice"` → `user "<str>"` |
//! | value in a query string | `<*>` | `/s?q=tea` → `/s?q=<*>` |
//!
//! Kept: quoted text of three words or more (an error message; numbers inside are masked) and
//! quoted keys (`"user":`). Only the first [`SHAPE_BYTES_MAX`] bytes count, white space around the
//! body does not.

use std::hash::Hasher;

use memchr::{memchr, memchr2, memmem};
use twox_hash::XxHash64;

use crate::limits::{EMAIL_LOCAL_BYTES_MAX, QUOTED_BYTES_MAX, SHAPE_BYTES_MAX};

mod tokens;

use tokens::{Word, ip_v6_bytes, number_bytes, time_bytes, uuid_bytes};

/// Names the rules by which shapes are made. Shapes of two versions must not be compared; it
/// changes whenever any body could get another shape.
pub const MINER_VERSION: &str = "shape-2";

/// The body with everything that varies replaced by placeholders.
///
/// ```
/// use fupan_analysis::mask_body;
/// assert_eq!(mask_body("获取连接超时 5003ms"), "获取连接超时 <*>ms");
/// assert_eq!(mask_body("GET /orders/1002 from 10.0.0.7:5123"), "GET /orders/<*> from <ip>:<*>");
/// ```
pub fn mask_body(body: &str) -> String {
    let mut masked = Vec::with_capacity(body.len().min(SHAPE_BYTES_MAX) + 16);
    mask(body, &mut |piece| masked.extend_from_slice(piece));
    // Pieces are placeholders and parts of `body` cut at ASCII bytes, so this never replaces.
    String::from_utf8(masked).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}

/// The hash of [`mask_body`]'s result, without making it: XXH64 with seed 0, read as a signed
/// integer so that it fits a BIGINT column.
///
/// ```
/// use fupan_analysis::shape_id;
/// assert_eq!(shape_id("获取连接超时 5003ms"), shape_id("获取连接超时 4877ms"));
/// assert_ne!(shape_id("获取连接超时 5003ms"), shape_id("获取连接成功 5003ms"));
/// ```
pub fn shape_id(body: &str) -> i64 {
    let mut hash = BufferedHash { buffer: [0; HASH_BUFFER_BYTES], filled: 0, hasher: None };
    mask(body, &mut |piece| hash.write(piece));
    hash.finish().cast_signed()
}

/// [`shape_id`] of a body that [`mask_body`] has masked already.
pub fn shape_id_of_masked(masked: &str) -> i64 {
    XxHash64::oneshot(0, masked.as_bytes()).cast_signed()
}

/// Most masked bodies fit, and are hashed at once instead of piece by piece.
const HASH_BUFFER_BYTES: usize = 512;

/// XXH64 over pieces, gathered on the stack: the hasher costs per call, not per byte.
struct BufferedHash {
    buffer: [u8; HASH_BUFFER_BYTES],
    filled: usize,
    /// Only for bodies longer than the buffer.
    hasher: Option<XxHash64>,
}

impl BufferedHash {
    fn write(&mut self, piece: &[u8]) {
        let end = self.filled + piece.len();
        if let Some(room) = self.buffer.get_mut(self.filled..end) {
            room.copy_from_slice(piece);
            self.filled = end;
            return;
        }
        let hasher = self.hasher.get_or_insert_with(|| XxHash64::with_seed(0));
        hasher.write(&self.buffer[..self.filled]);
        hasher.write(piece);
        self.filled = 0;
    }

    fn finish(self) -> u64 {
        let rest = &self.buffer[..self.filled];
        self.hasher.map_or_else(
            || XxHash64::oneshot(0, rest),
            |mut hasher| {
                hasher.write(rest);
                hasher.finish()
            },
        )
    }
}

/// Bytes at which the scan has to stop and look; all others are copied.
const STOP: [bool; 256] = {
    let mut stop = [false; 256];
    let mut digit = b'0';
    while digit <= b'9' {
        stop[digit as usize] = true;
        digit += 1;
    }
    stop[b'"' as usize] = true;
    stop[b'\'' as usize] = true;
    stop[b'?' as usize] = true;
    stop[b'@' as usize] = true;
    stop[b'<' as usize] = true;
    stop[0xE2] = true; // first byte of “ and ”
    stop[0xE3] = true; // first byte of 「 and 」
    stop
};

/// What `fupan-redact` puts in the place of numbers; addresses and secrets are no numbers and stay apart.
const REDACTED: [&[u8]; 3] = [b"<phone>", b"<card>", b"<id-card>"];

/// Feeds the masked body to `sink`, piece by piece.
fn mask(body: &str, sink: &mut impl FnMut(&[u8])) {
    let trimmed = body.trim_ascii();
    let bytes = &trimmed.as_bytes()[..trimmed.floor_char_boundary(SHAPE_BYTES_MAX)];
    let mut masker =
        Masker { bytes, emitted: 0, sink, has_at: memchr(b'@', bytes).is_some(), closes_at: usize::MAX };
    masker.run();
}

/// One pass over a body: everything before `emitted` has gone to the sink.
struct Masker<'a, S: FnMut(&[u8])> {
    bytes: &'a [u8],
    emitted: usize,
    sink: &'a mut S,
    /// Most bodies hold no `@`: then nothing needs to be looked at as an email address.
    has_at: bool,
    /// Where the closing mark of a quotation stands that is kept: there, nothing opens.
    closes_at: usize,
}

impl<S: FnMut(&[u8])> Masker<'_, S> {
    fn run(&mut self) {
        let bytes = self.bytes;
        let mut at = 0;
        while let Some(skip) = bytes[at..].iter().position(|&byte| STOP[usize::from(byte)]) {
            let stop = at + skip;
            at = match bytes[stop] {
                b'0'..=b'9' => self.digit(stop),
                b'@' => self.email(stop).unwrap_or(stop + 1),
                b'?' => self.query(stop),
                b'<' => self.redacted(stop),
                _ => self.quote(stop),
            };
        }
        self.literal_until(bytes.len());
    }

    fn literal_until(&mut self, end: usize) {
        if end > self.emitted {
            (self.sink)(&self.bytes[self.emitted..end]);
        }
        self.emitted = end;
    }

    /// Emits what stands before `start`, then `placeholder` for `start..end`.
    fn replace(&mut self, start: usize, end: usize, placeholder: &str) -> usize {
        self.literal_until(start);
        (self.sink)(placeholder.as_bytes());
        self.emitted = end;
        end
    }

    /// A digit at `stop`: find the word that it belongs to, and what kind of value that is.
    fn digit(&mut self, stop: usize) -> usize {
        let bytes = self.bytes;
        let letters =
            bytes[self.emitted..stop].iter().rev().take_while(|byte| byte.is_ascii_alphabetic()).count();
        let start = stop - letters;
        // Most digits are plain numbers: nothing behind them that could belong to them.
        let plain = bytes[stop..].iter().take_while(|byte| byte.is_ascii_digit()).count();
        if letters == 0 && !bytes.get(stop + plain).is_some_and(|&byte| may_continue(byte)) {
            return self.number(start, plain);
        }
        if self.has_at {
            let ahead = bytes[stop..].iter().take(EMAIL_LOCAL_BYTES_MAX);
            let at = stop + ahead.take_while(|&&byte| is_email_local(byte)).count();
            if bytes.get(at) == Some(&b'@')
                && let Some(end) = self.email(at)
            {
                return end;
            }
        }
        if let Some(end) = self.uuid(start) {
            return end;
        }
        if let Some(length) = ip_v6_bytes(&bytes[start..]) {
            return self.replace(start, start + length, "<ip>");
        }
        let word = Word::at(&bytes[start..]);
        if letters > 0 || !word.is_number_like() {
            return self.word(start, &word);
        }
        if let Some(length) = time_bytes(&bytes[start..]) {
            return self.replace(start, start + length, "<time>");
        }
        let (length, is_ip_v4) = number_bytes(&bytes[start..]);
        if is_ip_v4 {
            return self.replace(start, start + length, "<ip>");
        }
        self.number(start, length)
    }

    /// A number of `length` bytes, with the sign before it.
    fn number(&mut self, start: usize, length: usize) -> usize {
        let unemitted = &self.bytes[self.emitted..start];
        let signed = match unemitted {
            [.., before, b'-' | b'+'] => matches!(before, b' ' | b'=' | b':' | b'(' | b','),
            [b'-' | b'+'] => self.emitted == 0,
            _ => false,
        };
        self.replace(start - usize::from(signed), start + length, "<*>")
    }

    /// A word with digits that is no plain number: an id as a whole, or letters around digits.
    fn word(&mut self, start: usize, word: &Word) -> usize {
        let end = start + word.bytes;
        if word.is_id() {
            return self.replace(start, end, "<*>");
        }
        let mut at = start;
        while at < end {
            let digits = self.bytes[at..end].iter().take_while(|byte| byte.is_ascii_digit()).count();
            if digits > 0 {
                self.replace(at, at + digits, "<*>");
            }
            at += digits.max(1);
        }
        end
    }

    /// A UUID whose first or second group starts at `start` (the first may hold letters only).
    fn uuid(&mut self, start: usize) -> Option<usize> {
        let second_group = start.checked_sub(9).filter(|&first| first >= self.emitted);
        let first = [Some(start), second_group].into_iter().flatten().find(|&first| {
            let boundary = first == self.emitted || !self.bytes[first - 1].is_ascii_alphanumeric();
            boundary && uuid_bytes(&self.bytes[first..])
        })?;
        Some(self.replace(first, first + 36, "<uuid>"))
    }

    /// An address around the `@` at `at`; `None` where it is none.
    fn email(&mut self, at: usize) -> Option<usize> {
        let before = self.bytes[self.emitted..at].iter().rev().take(EMAIL_LOCAL_BYTES_MAX);
        let local = before.take_while(|&&byte| is_email_local(byte)).count();
        let after = &self.bytes[at + 1..];
        let domain =
            after.iter().take_while(|&&b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-')).count();
        let domain = after[..domain].trim_suffix_dots();
        if local == 0 || memchr(b'.', domain).is_none() {
            return None;
        }
        Some(self.replace(at - local, at + 1 + domain.len(), "<email>"))
    }

    /// A number that was taken out: other numbers of the same message may have stayed.
    fn redacted(&mut self, stop: usize) -> usize {
        let rest = &self.bytes[stop..];
        match REDACTED.iter().find(|placeholder| rest.starts_with(placeholder)) {
            Some(placeholder) => self.replace(stop, stop + placeholder.len(), "<*>"),
            None => stop + 1,
        }
    }

    /// `?key=value&key=value` at the end of a path: the values vary, the keys do not.
    fn query(&mut self, stop: usize) -> usize {
        let bytes = self.bytes;
        let mut at = stop + 1;
        loop {
            let key = bytes[at..]
                .iter()
                .take_while(|&&b| b.is_ascii_alphabetic() || matches!(b, b'_' | b'-' | b'.'));
            let equals = at + key.count();
            if equals == at || bytes.get(equals) != Some(&b'=') {
                return at;
            }
            // White space, quotes and closing marks end a value; so does everything that is not ASCII.
            let is_value =
                |b: u8| b.is_ascii_graphic() && !matches!(b, b'&' | b'"' | b'\'' | b')' | b']' | b'}' | b',');
            let end = equals + 1 + bytes[equals + 1..].iter().take_while(|&&b| is_value(b)).count();
            if end > equals + 1 {
                self.replace(equals + 1, end, "<*>");
            }
            if bytes.get(end) != Some(&b'&') {
                return end;
            }
            at = end + 1;
        }
    }

    /// A quotation mark, ASCII or Chinese, at `stop`.
    fn quote(&mut self, stop: usize) -> usize {
        let bytes = self.bytes;
        if stop == self.closes_at {
            return stop + 1;
        }
        let Some((open, close)) = quotation_mark(&bytes[stop..]) else { return stop + 1 };
        let inner = stop + open;
        let is_apostrophe = open == 1 && bytes[stop] == b'\'' && stop > 0 && is_word(bytes[stop - 1]);
        if is_apostrophe {
            return inner;
        }
        let Some(length) = quoted_bytes(&bytes[inner..], close) else { return inner };
        let value = &bytes[inner..inner + length];
        let after = &bytes[inner + length + close.len()..];
        let is_key = after.trim_ascii_start().first() == Some(&b':') && !after.starts_with(b"://");
        let words = value.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty()).count();
        if is_key || words > 2 || words == 0 {
            self.closes_at = inner + length;
            return inner;
        }
        self.replace(inner, inner + length, "<str>");
        inner + length + close.len()
    }
}

/// Length of the opening mark at the head of `bytes`, and the closing mark that belongs to it.
fn quotation_mark(bytes: &[u8]) -> Option<(usize, &'static [u8])> {
    match bytes.first()? {
        b'"' => Some((1, b"\"")),
        b'\'' => Some((1, b"'")),
        _ if bytes.starts_with("“".as_bytes()) => Some((3, "”".as_bytes())),
        _ if bytes.starts_with("「".as_bytes()) => Some((3, "」".as_bytes())),
        _ => None,
    }
}

/// Bytes until the closing mark; `None` where there is none near enough.
fn quoted_bytes(bytes: &[u8], close: &'static [u8]) -> Option<usize> {
    let near = &bytes[..bytes.len().min(QUOTED_BYTES_MAX)];
    let [mark] = close else { return memmem::find(near, close) };
    let mut at = 0;
    loop {
        let found = at + memchr2(*mark, b'\\', &near[at..])?;
        if near[found] == b'\\' {
            at = (found + 2).min(near.len());
            continue;
        }
        // it's: an apostrophe inside single quotes does not close them.
        if *mark == b'\'' && bytes.get(found + 1).is_some_and(|&byte| is_word(byte)) {
            at = found + 1;
            continue;
        }
        return Some(found);
    }
}

/// Whether a byte behind a digit may make it part of an id, an address, a time or a longer number.
fn may_continue(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(byte, b'.' | b',' | b':' | b'-' | b'/' | b'@' | b'_' | b'%' | b'+')
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
}

fn is_email_local(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'%' | b'+' | b'-')
}

trait TrimSuffixDots {
    fn trim_suffix_dots(&self) -> &Self;
}

impl TrimSuffixDots for [u8] {
    /// A full stop that ends the sentence is no part of the domain.
    fn trim_suffix_dots(&self) -> &Self {
        let kept = self.iter().rposition(|&byte| byte != b'.' && byte != b'-').map_or(0, |last| last + 1);
        &self[..kept]
    }
}

#[cfg(test)]
mod tests;
