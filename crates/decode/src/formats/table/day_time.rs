//! A day in one column, and the time of that day in others: one instant.

use std::borrow::Cow;

use crate::formats::log_fields::{Field, means};

/// Names of columns of days, without case and punctuation.
const DAYS: [&str; 8] = ["日期", "date", "day", "logdate", "发生日期", "事件日期", "统计日期", "statdate"];

/// Names of columns that may hold the time of a day alone, the best first.
const TIMES: [&str; 19] = [
    "时间",
    "time",
    "clock",
    "logtime",
    "发生时间",
    "时刻",
    "时间点",
    "时间段",
    "时段",
    "小时段",
    "小时",
    "hour",
    "hr",
    "hh",
    "hourofday",
    "统计小时",
    "stathour",
    "timeslot",
    "slot",
];

/// Names of columns of the minute within an hour.
const MINUTES: [&str; 5] = ["分钟", "分", "minute", "min", "mm"];

/// Where the day and the time of a row stand.
#[derive(Debug, Clone, Copy)]
pub(super) struct DayTime {
    day: usize,
    time: usize,
    minute: Option<usize>,
    /// The column of the time is one that is read as an instant anyway; otherwise that of the day is.
    is_instant: bool,
}

impl DayTime {
    /// Of a header that has both.
    pub(super) fn of(canonical: &[String]) -> Option<Self> {
        let at =
            |names: &[&str]| names.iter().find_map(|wanted| canonical.iter().position(|name| name == wanted));
        let (day, time) = at(&DAYS).zip(at(&TIMES))?;
        let is_instant = canonical.get(time).is_some_and(|name| means(name, Field::Timestamp));
        Some(Self { day, time, minute: at(&MINUTES), is_instant })
    }

    /// Puts them together; what went into the instant is no number and no label of its own.
    pub(super) fn join(&self, row: &mut [Cow<'_, str>]) {
        let cell = |at: usize| row.get(at).map(|cell| cell.trim());
        let Some(day) = cell(self.day).filter(|day| is_day(day)) else { return };
        let Some(time) = cell(self.time).and_then(time_of_day) else { return };
        let minute = self.minute.and_then(cell).map(|minute| minute.trim_end_matches('分'));
        let (time, is_by_minute) = match (time, minute.and_then(minute_of)) {
            (TimeOfDay::Hour(hour), Some(minute)) => (format!("{hour:02}:{minute:02}"), true),
            (TimeOfDay::Hour(hour), None) => (format!("{hour:02}:00"), false),
            (TimeOfDay::Clock(clock), _) => (clock, false),
        };
        let joined = format!("{} {time}", with_hyphens(day).as_deref().unwrap_or(day));
        let (instant, other) = if self.is_instant { (self.time, None) } else { (self.day, Some(self.time)) };
        let mut put = |at: usize, text: String| {
            if let Some(cell) = row.get_mut(at) {
                *cell = Cow::Owned(text);
            }
        };
        put(instant, joined);
        for used in other.into_iter().chain(self.minute.filter(|_| is_by_minute)) {
            put(used, String::new());
        }
    }
}

/// What a cell says about the time of a day.
#[derive(Debug, PartialEq)]
enum TimeOfDay {
    Hour(u8),
    Clock(String),
}

/// `11:05:03.250`, `9`, `09时`, `9.0`, `0930`, `9点30分`; of `09:30-10:00` the beginning.
fn time_of_day(cell: &str) -> Option<TimeOfDay> {
    let start = cell.split(['-', '~', '–', '—', '～', '至', '到']).next()?.trim();
    if is_clock(start) {
        return Some(TimeOfDay::Clock(start.to_owned()));
    }
    let digits = start.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(start.len());
    let (number, rest) = start.split_at_checked(digits)?;
    let rest = rest.strip_prefix(['时', '点', 'h', 'H']).unwrap_or(rest);
    let minute = minute_of(rest.strip_suffix('分').unwrap_or(rest));
    match (number.len(), minute) {
        (4, _) if rest.is_empty() => {
            let (hour, minute) = number.split_at_checked(2)?;
            Some(TimeOfDay::Clock(format!("{:02}:{:02}", hour_of(hour)?, minute_of(minute)?)))
        }
        (1 | 2, Some(minute)) if digits + rest.len() < start.len() => {
            Some(TimeOfDay::Clock(format!("{:02}:{minute:02}", hour_of(number)?)))
        }
        (1 | 2, None) if rest.strip_prefix('.').unwrap_or(rest).bytes().all(|byte| byte == b'0') => {
            hour_of(number).map(TimeOfDay::Hour)
        }
        _ => None,
    }
}

/// 24 is the end of the day.
fn hour_of(digits: &str) -> Option<u8> {
    digits.parse().ok().filter(|hour| *hour <= 24)
}

fn minute_of(digits: &str) -> Option<u8> {
    let is_number = (1..=2).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
    digits.parse().ok().filter(|minute| is_number && *minute < 60)
}

/// `11:05`, `11:05:03.250`.
fn is_clock(cell: &str) -> bool {
    let digits = |part: &str, most: usize| {
        (1..=most).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit())
    };
    let mut parts = cell.splitn(3, ':');
    let (hour, minute, second) = (parts.next(), parts.next(), parts.next());
    let is_second = |second: &str| {
        let (whole, fraction) = second.split_once(['.', ',']).unwrap_or((second, "0"));
        digits(whole, 2) && digits(fraction, 9)
    };
    hour.is_some_and(|hour| digits(hour, 2))
        && minute.is_some_and(|minute| digits(minute, 2))
        && second.is_none_or(is_second)
}

/// `2026-11-05`, `2026/11/5`, `20261105`, `2026年11月5日`.
fn is_day(cell: &str) -> bool {
    let is_part =
        |letter: char| letter.is_ascii_digit() || matches!(letter, '-' | '/' | '.' | '年' | '月' | '日');
    cell.chars().count() >= 8
        && cell.starts_with(|first: char| first.is_ascii_digit())
        && cell.chars().all(is_part)
}

/// `20261120` as `2026-11-20`; none for a day that is written otherwise.
fn with_hyphens(day: &str) -> Option<String> {
    let is_bare = day.len() == 8 && day.bytes().all(|byte| byte.is_ascii_digit());
    let (year, rest) = day.split_at_checked(4).filter(|_| is_bare)?;
    let (month, day) = rest.split_at_checked(2)?;
    Some(format!("{year}-{month}-{day}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn joined(header: &str, row: &str) -> String {
        let canonical: Vec<String> = header.split(',').map(str::to_owned).collect();
        let mut cells: Vec<Cow<'_, str>> = row.split(',').map(Cow::Borrowed).collect();
        if let Some(day_time) = DayTime::of(&canonical) {
            day_time.join(&mut cells);
        }
        cells.join(",")
    }

    #[test]
    fn a_day_and_its_hour_are_one_instant() {
        for (header, row, expected) in [
            ("日期,小时,n", "2026-11-05,9,1", "2026-11-05 09:00,,1"),
            ("date,hour,n", "20261105,00,1", "2026-11-05 00:00,,1"),
            ("statdate,hh,n", "20261105,24,1", "2026-11-05 24:00,,1"),
            ("日期,小时,n", "2026-11-05,10.0,1", "2026-11-05 10:00,,1"),
            ("日期,小时,n", "2026-11-05,1030,1", "2026-11-05 10:30,,1"),
            ("日期,时段,n", "2026-11-05,11:00-12:00,1", "2026-11-05 11:00,,1"),
            ("日期,时间段,n", "2026-11-05,11:30~12:00,1", "2026-11-05 11:30,,1"),
            ("日期,时间段,n", "2026-11-05,10点-11点,1", "2026-11-05 10:00,,1"),
            ("日期,时刻,n", "2026-11-05,10:30,1", "2026-11-05 10:30,,1"),
            ("日期,时刻,n", "2026-11-05,10时30分,1", "2026-11-05 10:30,,1"),
            ("日期,小时,分钟,n", "2026-11-05,10,5,1", "2026-11-05 10:05,,,1"),
            ("日期,小时,分钟,n", "2026-11-05,10,05分,1", "2026-11-05 10:05,,,1"),
        ] {
            assert_eq!(joined(header, row), expected, "{header}: {row}");
        }
    }

    #[test]
    fn a_time_that_is_read_anyway_takes_the_day() {
        assert_eq!(joined("日期,时间,n", "2026/11/5,11:05:03,1"), "2026/11/5,2026/11/5 11:05:03,1");
        assert_eq!(joined("日期,时间,n", "2026-11-05,9,1"), "2026-11-05,2026-11-05 09:00,1");
    }

    #[test]
    fn what_is_no_time_of_a_day_stays() {
        for (header, row) in [
            ("日期,时段,n", "2026-11-05,晚高峰,1"),
            ("日期,小时,n", "2026-11-05,25,1"),
            ("日期,小时,n", "合计,9,1"),
            ("日期,时间,n", "2026-11-05,1793849103,1"),
            ("日期,小时,n", "2026-11-05,9.5,1"),
            ("日期,n", "2026-11-05,9"),
        ] {
            assert_eq!(joined(header, row), row);
        }
    }
}
