//! Which numbers stand where in a date and time?

use chrono_tz::Tz;
use fupan_model::Precision;

use super::TimeError;
use super::zone::{zone_by_name, zone_of_word};

/// A date and time as written, before its zone is applied.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scanned {
    /// Microseconds since the epoch as if the clock were in UTC.
    pub(super) local_micros: i64,
    /// Seconds east of UTC, where the text says so.
    pub(super) offset_seconds: Option<i32>,
    /// A zone by name.
    pub(super) zone: Option<Tz>,
    pub(super) precision: Precision,
}

/// Days since 1970-01-01 of a date of the proleptic Gregorian calendar.
///
/// Source: Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms", `days_from_civil`.
pub(super) const fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year - era * 400;
    let month_from_march = (month + 9) % 12;
    let day_of_year = (153 * month_from_march + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

const fn days_in_month(year: i64, month: i64) -> i64 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        _ => 31,
    }
}

/// Year, month, day, hour, minute, second.
type Fields = [i64; 6];

fn micros_of([year, month, day, hour, minute, second]: Fields, fraction: i64) -> Result<i64, TimeError> {
    let is_date = (1..=12).contains(&month) && day >= 1 && day <= days_in_month(year, month);
    // 24:00 is the end of the day (ISO 8601).
    let is_hour = hour <= 23 || (hour, minute, second, fraction) == (24, 0, 0, 0);
    // Second 60 is a leap second and reads as the first of the next minute.
    if !is_date || !is_hour || minute > 59 || second > 60 {
        return Err(TimeError::Calendar);
    }
    let seconds = days_from_civil(year, month, day) * 86_400 + hour * 3_600 + minute * 60 + second;
    Ok(seconds * 1_000_000 + fraction)
}

/// The hot path: `YYYY-MM-DDTHH:MM:SS[.fraction]` and `Z`, `±HH:MM` or nothing. None for any other shape.
pub(super) fn fixed(text: &[u8]) -> Option<Result<Scanned, TimeError>> {
    let (head, tail) = text.split_first_chunk::<19>()?;
    let [y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2, b'T' | b' ', h1, h2, b':', n1, n2, b':', s1, s2] = *head
    else {
        return None;
    };
    let two = |tens: u8, ones: u8| i64::from(tens - b'0') * 10 + i64::from(ones - b'0');
    if ![y1, y2, y3, y4, m1, m2, d1, d2, h1, h2, n1, n2, s1, s2].iter().all(u8::is_ascii_digit) {
        return None;
    }
    let year = two(y1, y2) * 100 + two(y3, y4);
    let fields = [year, two(m1, m2), two(d1, d2), two(h1, h2), two(n1, n2), two(s1, s2)];
    let (fraction, tail) = fraction_micros(tail);
    let offset_seconds = match tail {
        [] => None,
        [b'Z' | b'z'] => Some(0),
        [sign @ (b'+' | b'-'), h1, h2, b':', m1, m2] => {
            let digits = [*h1, *h2, *m1, *m2];
            if !digits.iter().all(u8::is_ascii_digit) {
                return None;
            }
            let [h1, h2, m1, m2] = digits.map(|digit| i32::from(digit - b'0'));
            let seconds = (h1 * 10 + h2) * 3_600 + (m1 * 10 + m2) * 60;
            Some(if *sign == b'-' { -seconds } else { seconds })
        }
        _ => return None,
    };
    let precision = Precision::Exact;
    Some(micros_of(fields, fraction).map(|local_micros| Scanned {
        local_micros,
        offset_seconds,
        zone: None,
        precision,
    }))
}

/// Microseconds of `.123456789` or `,123`; what follows the digits.
fn fraction_micros(text: &[u8]) -> (i64, &[u8]) {
    let [b'.' | b',', digits @ ..] = text else { return (0, text) };
    let length = digits.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (fraction, rest) = digits.split_at(length);
    let mut micros = 0;
    for at in 0..6 {
        micros = micros * 10 + fraction.get(at).map_or(0, |digit| i64::from(digit - b'0'));
    }
    (micros, rest)
}

/// Seconds since 1970 begin with a 2 from here on: until then, ten digits that do are a date and an hour.
const HOURS_UNTIL_YEAR: i64 = 2033;

/// `YYYYMMDD`, `YYYYMMDDHHMM` and `YYYYMMDDHHMMSS`, which are no plausible epochs (1970, or after 2200), and `YYYYMMDDHH`.
pub(super) fn compact(text: &str) -> Option<Scanned> {
    let number = |from: usize, to: usize| text.get(from..to)?.parse::<i64>().ok();
    if !(text.starts_with("19") || text.starts_with("20") || text.starts_with("21")) || text.contains('.') {
        return None;
    }
    let (time, precision) = match text.len() {
        8 => ([0, 0, 0], Precision::Day),
        10 if (2000..HOURS_UNTIL_YEAR).contains(&number(0, 4)?) => {
            ([number(8, 10)?, 0, 0], Precision::Minute)
        }
        12 => ([number(8, 10)?, number(10, 12)?, 0], Precision::Minute),
        14 => ([number(8, 10)?, number(10, 12)?, number(12, 14)?], Precision::Exact),
        _ => return None,
    };
    let fields = [number(0, 4)?, number(4, 6)?, number(6, 8)?, time[0], time[1], time[2]];
    let local_micros = micros_of(fields, 0).ok()?;
    Some(Scanned { local_micros, offset_seconds: None, zone: None, precision })
}

/// Days of 2000-01-01 and 2100-01-01 as spreadsheets count them, and of 1970-01-01.
const SERIALS: std::ops::Range<i64> = 36_526..73_051;
const SERIAL_OF_EPOCH: i64 = 25_569;

/// `46331.4`: days since 1899-12-30, as spreadsheets keep an instant and save it where its cell has no format of
/// times. Seconds since 1970 of this size would be of its first day.
pub(super) fn serial(text: &str) -> Option<Scanned> {
    let (days, part) = text.split_once('.').unwrap_or((text, ""));
    let day: i64 = days.parse().ok().filter(|day| SERIALS.contains(day) && days.len() == 5)?;
    let micros_of_day = format!("0.{part}0").parse::<f64>().ok()? * 86_400e6;
    // Eight digits are a millisecond; with fewer, or about that, a second is meant.
    let step = if part.len() > 8 { 1_000.0 } else { 1_000_000.0 };
    let local_micros =
        (day - SERIAL_OF_EPOCH) * 86_400_000_000 + (micros_of_day / step).round() as i64 * step as i64;
    let precision = if part.is_empty() { Precision::Day } else { Precision::Exact };
    Some(Scanned { local_micros, offset_seconds: None, zone: None, precision })
}

/// Everything else that begins with a year, with a day as Apache writes it, or with the name of a month or of a weekday.
pub(super) fn flexible(text: &str) -> Option<Result<Scanned, TimeError>> {
    let normal;
    let text = if text.contains(['年', '时']) {
        normal =
            text.replace(['年', '月'], "-").replace('日', " ").replace(['时', '分'], ":").replace('秒', "");
        normal.trim().trim_end_matches(':')
    } else {
        text.trim_start_matches('[').trim_end_matches(']').trim()
    };
    let mut cursor = Cursor { rest: text };
    let (year, month, day) = if text.starts_with(|first: char| first.is_ascii_alphabetic()) {
        let (month, day) = cursor.named_day()?;
        let Some(year) = cursor.year_behind() else { return cursor.c_time(month, day) };
        (year, month, day)
    } else {
        cursor.date()?
    };
    let after_date = cursor.rest;
    let (hour, minute, second, fraction, mut precision) = match cursor.time() {
        Some(time) => time,
        None if after_date.trim().is_empty() => (0, 0, 0, 0, Precision::Day),
        None => return None,
    };
    let (offset_seconds, zone) = cursor.zone()?;
    if precision == Precision::Day && offset_seconds.is_some() {
        precision = Precision::Day;
    }
    let micros = micros_of([year, month, day, hour, minute, second], fraction);
    Some(micros.map(|local_micros| Scanned { local_micros, offset_seconds, zone, precision }))
}

struct Cursor<'a> {
    rest: &'a str,
}

impl Cursor<'_> {
    /// A number of `min..=max` digits.
    fn number(&mut self, min: usize, max: usize) -> Option<i64> {
        let length = self.rest.bytes().take_while(u8::is_ascii_digit).count();
        if length < min || length > max {
            return None;
        }
        let (digits, rest) = self.rest.split_at_checked(length)?;
        self.rest = rest;
        digits.parse().ok()
    }

    fn one_of(&mut self, letters: &[char]) -> Option<()> {
        self.rest = self.rest.strip_prefix(letters)?;
        Some(())
    }

    /// `2026-11-05`, `2026/11/5`, `2026.11.05` or `05/Nov/2026`.
    fn date(&mut self) -> Option<(i64, i64, i64)> {
        let first_digits = self.rest.bytes().take_while(u8::is_ascii_digit).count();
        if first_digits == 4 {
            let year = self.number(4, 4)?;
            self.one_of(&['-', '/', '.'])?;
            let month = self.number(1, 2)?;
            self.one_of(&['-', '/', '.'])?;
            return Some((year, month, self.number(1, 2)?));
        }
        let day = self.number(1, 2)?;
        self.one_of(&['/', '-', ' '])?;
        let (name, rest) = self.rest.split_at_checked(3)?;
        let month = MONTHS.iter().position(|month| is_name_of(name, month))?;
        self.rest = rest;
        self.one_of(&['/', '-', ' '])?;
        Some((self.number(4, 4)?, month as i64 + 1, day))
    }

    /// `Nov 5`, `November 5`, `Thu Nov  5`: the month and the day.
    fn named_day(&mut self) -> Option<(i64, i64)> {
        let mut name = self.word()?;
        if WEEKDAYS.iter().any(|day| is_name_of(name, day)) {
            self.rest = self.rest.strip_prefix(',').unwrap_or(self.rest).trim_start();
            name = self.word()?;
        }
        let month = MONTHS.iter().position(|month| is_name_of(name, month))?;
        self.rest = self.rest.trim_start();
        Some((month as i64 + 1, self.number(1, 2)?))
    }

    /// `, 2026` behind a day; a clock may follow instead.
    fn year_behind(&mut self) -> Option<i64> {
        let before = self.rest;
        self.rest = self.rest.strip_prefix(',').unwrap_or(self.rest).trim_start();
        let year = self.number(4, 4);
        if year.is_none() {
            self.rest = before;
        }
        year
    }

    /// `11:05:03 2026`, `11:05:03 UTC 2026`, as C and `date` write it: the clock, then the year.
    fn c_time(&mut self, month: i64, day: i64) -> Option<Result<Scanned, TimeError>> {
        let (hour, minute, second, fraction, precision) = self.time()?;
        self.rest = self.rest.trim_start();
        let utc = ["UTC ", "GMT "].iter().find_map(|zone| self.rest.strip_prefix(zone));
        self.rest = utc.unwrap_or(self.rest).trim_start();
        let year = self.number(4, 4)?;
        let offset_seconds = utc.map(|_| 0);
        let micros = micros_of([year, month, day, hour, minute, second], fraction);
        self.rest.is_empty().then(|| {
            micros.map(|local_micros| Scanned { local_micros, offset_seconds, zone: None, precision })
        })
    }

    /// Letters; none if there are none.
    fn word(&mut self) -> Option<&str> {
        let length = self.rest.bytes().take_while(u8::is_ascii_alphabetic).count();
        let (word, rest) = self.rest.split_at_checked(length)?;
        self.rest = rest;
        (!word.is_empty()).then_some(word)
    }

    /// `11:05`, `11:05:03`, with a fraction; behind `@` as Kibana writes it.
    fn time(&mut self) -> Option<(i64, i64, i64, i64, Precision)> {
        if self.one_of(&['T', 't', ':', '_', ',']).is_none() {
            let trimmed = self.rest.trim_start();
            if trimmed.len() == self.rest.len() {
                return None;
            }
            self.rest = ["@ ", "at "].iter().find_map(|word| trimmed.strip_prefix(word)).unwrap_or(trimmed);
        }
        self.rest = self.rest.trim_start();
        let half = self.half_of_day(&CHINESE_HALVES);
        self.rest = self.rest.trim_start();
        let hour = self.number(1, 2)?;
        self.one_of(&[':'])?;
        let minute = self.number(1, 2)?;
        let (second, fraction, precision) = match self.one_of(&[':']) {
            None => (0, 0, Precision::Minute),
            Some(()) => (self.number(1, 2)?, self.fraction()?, Precision::Exact),
        };
        let hour = match half.or_else(|| self.half_behind()) {
            None => hour,
            Some(_) if !(1..=12).contains(&hour) => return None,
            Some(is_afternoon) => hour % 12 + if is_afternoon { 12 } else { 0 },
        };
        Some((hour, minute, second, fraction, precision))
    }

    /// Microseconds; some loggers put a colon before milliseconds.
    fn fraction(&mut self) -> Option<i64> {
        let digits =
            self.rest.strip_prefix(':').map_or(0, |rest| rest.bytes().take_while(u8::is_ascii_digit).count());
        if digits == 3 {
            self.one_of(&[':'])?;
            return Some(self.number(3, 3)? * 1000);
        }
        let (fraction, rest) = fraction_micros(self.rest.as_bytes());
        self.rest = self.rest.get(self.rest.len() - rest.len()..)?;
        Some(fraction)
    }

    /// Whether it is the afternoon, where the text says which half of a day it means.
    fn half_of_day(&mut self, words: &[(&str, bool)]) -> Option<bool> {
        let (rest, is_afternoon) = words
            .iter()
            .find_map(|(word, is_afternoon)| Some((self.rest.strip_prefix(word)?, *is_afternoon)))?;
        self.rest = rest;
        Some(is_afternoon)
    }

    /// `11:05:03 AM`.
    fn half_behind(&mut self) -> Option<bool> {
        let before = self.rest;
        self.rest = self.rest.trim_start();
        let half = self.half_of_day(&ENGLISH_HALVES);
        if half.is_none() || self.rest.starts_with(|letter: char| letter.is_alphanumeric()) {
            self.rest = before;
            return None;
        }
        half
    }

    /// `Z`, `UTC`, `+0800`, `+08:00`, `+08`, `+0000 UTC m=+0.1`, `+08:00[Asia/Shanghai]`, a zone's name.
    fn zone(&mut self) -> Option<(Option<i32>, Option<Tz>)> {
        let text = self.rest.trim();
        let text = text.split(" m=").next().unwrap_or(text).trim();
        match text {
            "" => return Some((None, None)),
            "Z" | "z" | "UTC" | "GMT" => return Some((Some(0), None)),
            _ => {}
        }
        let Some(after_sign) = text.strip_prefix(['+', '-']) else {
            let name = text.trim_start_matches(['[', '(']).trim_end_matches([']', ')']);
            let is_offset = name.starts_with("UTC") || name.starts_with("GMT");
            return match zone_of_word(name) {
                Some(word) => Some((None, word.zone())),
                None => zone_by_name(name).filter(|_| is_offset).map(|zone| (None, Some(zone))),
            };
        };
        let mut cursor = Cursor { rest: after_sign };
        let digits = after_sign.bytes().take_while(u8::is_ascii_digit).count();
        let seconds = if digits == 4 {
            let number = cursor.number(4, 4)?;
            (number / 100) * 3_600 + (number % 100) * 60
        } else {
            let hours = cursor.number(1, 2)?;
            let minutes = if cursor.one_of(&[':']).is_some() { cursor.number(2, 2)? } else { 0 };
            hours * 3_600 + minutes * 60
        };
        // What follows an offset only repeats it: `UTC`, `CST`, `[Asia/Shanghai]`.
        let repeats =
            cursor.rest.trim().bytes().all(|byte| byte.is_ascii_alphabetic() || b"[]/_+-".contains(&byte));
        let seconds = i32::try_from(seconds).ok().filter(|seconds| repeats && *seconds <= 18 * 3_600)?;
        Some((Some(if text.starts_with('-') { -seconds } else { seconds }), None))
    }
}

/// 中午 and 晚上 are none: which day twelve belongs to, they leave open.
const CHINESE_HALVES: [(&str, bool); 4] = [("凌晨", false), ("早上", false), ("上午", false), ("下午", true)];
const ENGLISH_HALVES: [(&str, bool); 4] = [("AM", false), ("PM", true), ("am", false), ("pm", true)];

pub(super) const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const WEEKDAYS: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

/// The name itself, or its first three letters (four of September).
fn is_name_of(word: &str, name: &str) -> bool {
    let is_short = word.len() == 3 || word.eq_ignore_ascii_case("Sept");
    name.eq_ignore_ascii_case(word)
        || (is_short && name.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word)))
}
