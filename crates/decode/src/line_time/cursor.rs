//! Which letters of a line are a time, and which stand before it?

use std::ops::Range;

use fupan_model::severity;

use super::Layout;
use crate::time::yearless::month_of;

/// Where a time stands, how it is written, and whether klog's letter stands before it.
pub(super) type Found = (Range<usize>, Layout, bool);

/// A place in a line; what does not fit leaves it where it was.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cursor<'a> {
    line: &'a [u8],
    pub(super) at: usize,
}

impl<'a> Cursor<'a> {
    pub(super) const fn new(line: &'a [u8]) -> Self {
        Self { line, at: 0 }
    }

    pub(super) fn peek(&self) -> Option<u8> {
        self.line.get(self.at).copied()
    }

    pub(super) fn rest(&self) -> &'a [u8] {
        self.line.get(self.at..).unwrap_or_default()
    }

    pub(super) fn byte(&mut self, wanted: u8) -> bool {
        let fits = self.peek() == Some(wanted);
        self.at += usize::from(fits);
        fits
    }

    fn one_of(&mut self, wanted: &[u8]) -> Option<u8> {
        let found = self.peek().filter(|byte| wanted.contains(byte))?;
        self.at += 1;
        Some(found)
    }

    fn letter(&mut self, wanted: &str) -> Option<()> {
        self.rest().starts_with(wanted.as_bytes()).then(|| self.at += wanted.len())
    }

    fn count(&self, is_in: impl Fn(&u8) -> bool) -> usize {
        self.rest().iter().take_while(|byte| is_in(byte)).count()
    }

    /// `min..=max` digits, and no more.
    fn digits(&mut self, min: usize, max: usize) -> Option<()> {
        let length = self.count(u8::is_ascii_digit);
        if !(min..=max).contains(&length) {
            return None;
        }
        self.at += length;
        Some(())
    }

    fn spaces(&mut self) -> usize {
        let length = self.count(|byte| matches!(byte, b' ' | b'\t'));
        self.at += length;
        length
    }

    /// Colours of a terminal: `ESC [ … m`.
    pub(super) fn colours(&mut self) {
        while let [0x1B, b'[', code @ ..] = self.rest() {
            let length = code.iter().take_while(|byte| byte.is_ascii_digit() || **byte == b';').count();
            if code.get(length) != Some(&b'm') {
                return;
            }
            self.at += length + 3;
        }
    }

    /// `INFO `, `[INFO] `, `WARN: `: only where a time follows.
    pub(super) fn level_before_time(&mut self) -> Option<Range<usize>> {
        let mut probe = *self;
        let is_open = probe.byte(b'[');
        let start = probe.at;
        let length = probe.count(u8::is_ascii_alphabetic);
        if !(3..=9).contains(&length) {
            return None;
        }
        probe.at += length;
        let word = std::str::from_utf8(self.line.get(start..probe.at)?).ok()?;
        severity::number_of(word)?;
        if is_open && probe.spaces() < 9 && !probe.byte(b']') {
            return None;
        }
        probe.colours();
        probe.byte(b':');
        while probe.spaces() > 0 || probe.one_of(b"|-").is_some() {}
        *self = probe;
        Some(start..start + length)
    }

    /// `12345:M ` in front of a time of Redis.
    pub(super) fn redis_role(&mut self) {
        let mut probe = *self;
        let is_process = probe.digits(1, 9).is_some() && probe.byte(b':');
        if is_process && probe.one_of(b"MSCX").is_some() && probe.byte(b' ') {
            *self = probe;
        }
    }

    /// The time, how it is written, and whether klog's letter stands before it.
    pub(super) fn time(&mut self) -> Option<Found> {
        let before = *self;
        for probe in
            [Self::year_first, Self::chinese, Self::glog, Self::day_first, Self::month_day, Self::by_name]
        {
            *self = before;
            if let Some(found) = probe(self) {
                return Some(found);
            }
        }
        *self = before;
        None
    }

    fn done(self, start: usize, layout: Layout) -> Found {
        (start..self.at, layout, false)
    }

    /// `2026-11-05T11:05:03.123+08:00` and its relatives.
    fn year_first(&mut self) -> Option<Found> {
        let start = self.at;
        if self.count(u8::is_ascii_digit) == 8 {
            self.digits(8, 8)?;
            self.one_of(b"T -")?;
            self.clock(true)?;
            self.zone();
            return Some(self.done(start, Layout::Compact));
        }
        self.digits(4, 4)?;
        let separator = self.one_of(b"-/.")?;
        self.digits(1, 2)?;
        self.one_of(&[separator])?;
        self.digits(1, 2)?;
        if self.one_of(b"T_").is_none() && self.spaces() == 0 {
            return None;
        }
        self.clock(false)?;
        self.zone();
        Some(self.done(start, Layout::Known))
    }

    /// `2026年11月5日 11:05:03`, `2026年11月05日11时05分03秒`.
    fn chinese(&mut self) -> Option<Found> {
        let start = self.at;
        self.digits(4, 4)?;
        self.letter("年")?;
        self.digits(1, 2)?;
        self.letter("月")?;
        self.digits(1, 2)?;
        self.letter("日")?;
        self.spaces();
        let before = *self;
        if self.clock(false).is_none() {
            *self = before;
            self.digits(1, 2)?;
            self.letter("时")?;
            self.digits(1, 2)?;
            self.letter("分")?;
            let before_seconds = *self;
            if self.digits(1, 2).is_none() || self.letter("秒").is_none() {
                *self = before_seconds;
            }
        }
        Some(self.done(start, Layout::Known))
    }

    /// `I1105 11:05:03.123456` of klog, `I20261105 11:05:03.123456` of glog.
    fn glog(&mut self) -> Option<Found> {
        self.one_of(b"IWEFD")?;
        let start = self.at;
        let layout = if self.count(u8::is_ascii_digit) == 8 { Layout::Compact } else { Layout::MonthDay };
        self.digits(4, 8).filter(|()| matches!(self.at - start, 4 | 8))?;
        self.byte(b' ').then_some(())?;
        self.clock(true)?;
        Some((start..self.at, layout, true))
    }

    /// `05/Nov/2026:11:05:03 +0800`, `05-Nov-2026 11:05:03.123`, `05 Nov 2026 11:05:03.123`.
    fn day_first(&mut self) -> Option<Found> {
        let start = self.at;
        self.digits(1, 2)?;
        let separator = self.one_of(b"/- ")?;
        self.month_name()?;
        self.one_of(&[separator])?;
        self.digits(4, 4)?;
        self.one_of(b": ")?;
        self.clock(true)?;
        self.zone();
        Some(self.done(start, Layout::Known))
    }

    /// `11-05 11:05:03.123`.
    fn month_day(&mut self) -> Option<Found> {
        let start = self.at;
        self.digits(2, 2)?;
        self.byte(b'-').then_some(())?;
        self.digits(2, 2)?;
        self.byte(b' ').then_some(())?;
        self.clock(true)?;
        Some(self.done(start, Layout::MonthDay))
    }

    /// `Thu Nov 05 11:05:03.123456 2026`, `Nov 05, 2026 11:05:03 AM`.
    fn by_name(&mut self) -> Option<Found> {
        const DAYS: [&[u8; 3]; 7] = [b"Mon", b"Tue", b"Wed", b"Thu", b"Fri", b"Sat", b"Sun"];
        let start = self.at;
        if DAYS.iter().any(|day| self.rest().starts_with(*day)) {
            self.at += 3;
            self.byte(b' ').then_some(())?;
            self.month_name()?;
            (self.spaces() > 0).then_some(())?;
            self.digits(1, 2)?;
            self.byte(b' ').then_some(())?;
            self.clock(true)?;
            self.byte(b' ').then_some(())?;
            self.digits(4, 4)?;
            return Some(self.done(start, Layout::YearLast));
        }
        self.month_name()?;
        self.byte(b' ').then_some(())?;
        self.digits(1, 2)?;
        (self.byte(b',') && self.byte(b' ')).then_some(())?;
        self.digits(4, 4)?;
        self.byte(b' ').then_some(())?;
        self.clock(true)?;
        self.byte(b' ').then_some(())?;
        self.one_of(b"AP")?;
        self.byte(b'M').then_some(())?;
        Some(self.done(start, Layout::HalfDay))
    }

    fn month_name(&mut self) -> Option<()> {
        let name = std::str::from_utf8(self.rest().get(..3)?).ok()?;
        month_of(name)?;
        self.at += 3;
        Some(())
    }

    /// `11:05:03.123`; without its seconds unless they are needed.
    fn clock(&mut self, needs_seconds: bool) -> Option<()> {
        self.digits(1, 2)?;
        self.byte(b':').then_some(())?;
        self.digits(2, 2)?;
        let before_seconds = *self;
        if !self.byte(b':') || self.digits(2, 2).is_none() {
            *self = before_seconds;
            return (!needs_seconds).then_some(());
        }
        let before_fraction = *self;
        if self.one_of(b".,").is_none() || self.digits(1, 9).is_none() {
            *self = before_fraction;
        }
        Some(())
    }

    /// `Z`, `+0800`, ` +08:00`, ` UTC`. An abbreviation such as ` CST` means several zones: it is passed over.
    fn zone(&mut self) {
        let before = *self;
        if self.byte(b'Z') {
            return;
        }
        self.byte(b' ');
        if self.one_of(b"+-").is_some() {
            let hours = self.count(u8::is_ascii_digit);
            let is_offset = match hours {
                4 => self.digits(4, 4).is_some(),
                2 => {
                    let _ = self.digits(2, 2);
                    !self.byte(b':') || self.digits(2, 2).is_some()
                }
                _ => false,
            };
            if is_offset {
                return;
            }
        }
        *self = before;
        let is_utc = [b" UTC".as_slice(), b" GMT"].iter().any(|name| self.rest().starts_with(name));
        if is_utc && !self.rest().get(4).is_some_and(u8::is_ascii_alphanumeric) {
            self.at += 4;
        }
    }
}
