//! How is a value written? Never a number without its unit, never an instant without its zone.

mod number;

use chrono::{DateTime, Offset, TimeZone, Timelike, Utc};
use chrono_tz::Tz;
use fupan_model::Micros;

use crate::{
    lang::Lang,
    model::{Figure, FigureValue, MilestoneName, Unknown},
    terms::{term, word},
};
use number::{bytes, percent_digits};
pub use number::{grouped, number};

/// A language and a zone: all that formatting depends on.
#[derive(Debug, Clone, Copy)]
pub struct Locale {
    /// Language.
    pub lang: Lang,
    /// Zone of the workspace.
    pub zone: Tz,
}

/// What a count counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Noun {
    /// The column or sentence says it.
    None,
    /// Users.
    Users,
    /// Requests.
    Requests,
    /// Orders.
    Orders,
    /// Records of data.
    Records,
    /// Log lines.
    Lines,
}

impl Locale {
    /// A locale; a zone that is not an IANA name becomes UTC.
    pub fn new(lang: Lang, zone: &str) -> Self {
        Self { lang, zone: zone.parse().unwrap_or(Tz::UTC) }
    }

    /// The term of that key.
    pub fn term(self, key: &str) -> &str {
        term(self.lang, key)
    }

    /// The words for a type of event or change; a source's own type stays as it is.
    pub fn event_type(self, event_type: &str) -> &str {
        word(self.lang, "event", event_type)
    }

    fn local(self, at: Micros) -> Option<DateTime<Tz>> {
        at.to_datetime().map(|utc: DateTime<Utc>| utc.with_timezone(&self.zone))
    }

    /// `2026-10-01 11:05:20 +08:00`, with a fraction where there is one.
    pub fn instant(self, at: Micros) -> String {
        let Some(local) = self.local(at) else { return at.to_rfc3339() };
        format!("{} {} {}", local.format("%Y-%m-%d"), clock(&local), offset(&local))
    }

    /// `11:05:20`, with the date before it where it is not the day of `day`.
    pub fn time_of_day(self, at: Micros, day: Option<Micros>) -> String {
        let Some(local) = self.local(at) else { return at.to_rfc3339() };
        let same =
            day.and_then(|day| self.local(day)).is_some_and(|day| day.date_naive() == local.date_naive());
        if same { clock(&local) } else { format!("{} {}", local.format("%Y-%m-%d"), clock(&local)) }
    }

    /// `10:55:00 – 11:48:00`: dates where they are not the day of `day`, and the end's always where
    /// it is not the start's.
    pub fn span(self, start: Option<Micros>, end: Option<Micros>, day: Option<Micros>) -> String {
        let start_text = start.map(|at| self.time_of_day(at, day));
        self.range(start_text, end.map(|at| self.time_of_day(at, start.or(day))))
    }

    /// `11:05` for axes.
    pub fn hour_minute(self, at: Micros) -> String {
        self.local(at).map_or_else(|| at.to_rfc3339(), |local| local.format("%H:%M").to_string())
    }

    /// `10-01` for axes.
    pub fn month_day(self, at: Micros) -> String {
        self.local(at).map_or_else(|| at.to_rfc3339(), |local| local.format("%m-%d").to_string())
    }

    /// `2026-10-01`.
    pub fn date(self, at: Micros) -> String {
        self.local(at).map_or_else(|| at.to_rfc3339(), |local| local.format("%Y-%m-%d").to_string())
    }

    /// Microseconds from midnight in the zone to the instant; what axes align their ticks to.
    pub fn micros_of_day(self, at: Micros) -> i64 {
        self.local(at).map_or(0, |local| {
            i64::from(local.num_seconds_from_midnight()) * Micros::PER_SECOND
                + i64::from(local.nanosecond() / 1_000)
        })
    }

    /// The zone with its offset at that instant: `Asia/Shanghai (UTC+08:00)`.
    pub fn zone_at(self, at: Option<Micros>) -> String {
        let at = at.and_then(|at| self.local(at)).or_else(|| self.zone.timestamp_opt(0, 0).single());
        match at {
            Some(local) if self.zone != Tz::UTC => format!("{} (UTC{})", self.zone.name(), offset(&local)),
            _ => self.zone.name().to_owned(),
        }
    }

    /// `41 min 00 s`, `1 h 05 min 00 s`, `45 s`, `0.35 s`.
    pub fn duration(self, seconds: f64) -> String {
        if !seconds.is_finite() {
            return self.term("unknown").to_owned();
        }
        let sign = if seconds < 0.0 { "−" } else { "" };
        let seconds = seconds.abs();
        let (d, h, m, s) = match self.lang {
            Lang::En => (" d", " h", " min", " s"),
            Lang::Zh => (" 天", " 小时", " 分", " 秒"),
        };
        if seconds < 60.0 {
            let digits = match seconds {
                _ if seconds.fract() == 0.0 => 0,
                _ if seconds < 1.0 => 2,
                _ => 1,
            };
            let text = format!("{seconds:.digits$}");
            if text != "60.0" {
                return format!("{sign}{text}{s}");
            }
        }
        let whole = seconds.round() as u64;
        let (days, hours, minutes, rest) = (whole / 86_400, whole / 3600 % 24, whole / 60 % 60, whole % 60);
        match (days, hours) {
            (0, 0) => format!("{sign}{minutes}{m} {rest:02}{s}"),
            (0, _) => format!("{sign}{hours}{h} {minutes:02}{m} {rest:02}{s}"),
            _ => format!("{sign}{days}{d} {hours:02}{h} {minutes:02}{m} {rest:02}{s}"),
        }
    }

    /// `38.2 %`, `0.42 %`, `0.0031 %`: never rounded to 0 or 100 where it is not.
    pub fn share(self, share: f64) -> String {
        let percent = share * 100.0;
        let sign = if percent < 0.0 { "−" } else { "" };
        let text = percent_digits(percent.abs());
        match self.lang {
            Lang::En => format!("{sign}{text} %"),
            Lang::Zh => format!("{sign}{text}%"),
        }
    }

    /// A width of time in words: `minute`, `15 min 00 s`.
    pub fn width(self, seconds: f64) -> String {
        for (width, en, zh) in [(1.0, "second", "秒"), (60.0, "minute", "分钟"), (3600.0, "hour", "小时")]
        {
            if (seconds - width).abs() < f64::EPSILON {
                return self.lang.pick(en, zh).to_owned();
            }
        }
        if seconds > 60.0 && seconds < 3600.0 && seconds % 60.0 == 0.0 {
            return format!("{}{}", number(seconds / 60.0), self.lang.pick(" min", " 分钟"));
        }
        self.duration(seconds)
    }

    /// A difference of shares: `2 percentage points`.
    pub fn points(self, share: f64) -> String {
        let sign = if share < 0.0 { "−" } else { "" };
        let text = percent_digits((share * 100.0).abs());
        match self.lang {
            Lang::En if text == "1" => format!("{sign}1 percentage point"),
            Lang::En => format!("{sign}{text} percentage points"),
            Lang::Zh => format!("{sign}{text} 个百分点"),
        }
    }

    /// ` (text)` as this language writes it.
    pub fn in_brackets(self, text: &str) -> String {
        match self.lang {
            Lang::En => format!(" ({text})"),
            Lang::Zh => format!("（{text}）"),
        }
    }

    /// `name: text` as this language writes it.
    pub fn labelled(self, name: &str, text: &str) -> String {
        match self.lang {
            Lang::En => format!("{name}: {text}"),
            Lang::Zh => format!("{name}：{text}"),
        }
    }

    /// `p = 0.012`, `p < 0.001`.
    pub fn probability(self, p: f64) -> String {
        if p < 0.001 { "p < 0.001".to_owned() } else { format!("p = {p:.3}") }
    }

    /// A number with its unit.
    pub fn quantity(self, value: f64, unit: &str) -> String {
        let unit = unit.trim().trim_matches(['{', '}']).replace(['{', '}'], "");
        match unit.as_str() {
            "" | "1" => number(value),
            "By" | "bytes" | "B" => bytes(value),
            "%" => format!("{} %", number(value)),
            "user·min" => format!("{} {}", number(value), self.lang.pick("user·min", "用户·分钟")),
            other => format!("{} {other}", number(value)),
        }
    }

    /// `12,345.60 CNY`.
    pub fn money(self, amount: f64, currency: &str) -> String {
        let sign = if amount < 0.0 { "−" } else { "" };
        let cents = format!("{:.2}", amount.abs());
        let (whole, fraction) = cents.split_once('.').unwrap_or((&cents, "00"));
        format!("{sign}{}.{fraction} {currency}", grouped(whole))
    }

    /// `12,345 users`.
    pub fn count(self, count: u64, noun: Noun) -> String {
        self.counted(grouped(&count.to_string()), noun, count == 1)
    }

    fn counted(self, number: String, noun: Noun, is_one: bool) -> String {
        let (en, en_one, zh) = match noun {
            Noun::None => return number,
            Noun::Users => ("users", "user", "名用户"),
            Noun::Requests => ("requests", "request", "次请求"),
            Noun::Orders => ("orders", "order", "单"),
            Noun::Records => ("records", "record", "条记录"),
            Noun::Lines => ("lines", "line", "条日志"),
        };
        match self.lang {
            Lang::En => format!("{number} {}", if is_one { en_one } else { en }),
            Lang::Zh => format!("{number} {zh}"),
        }
    }

    /// A range; an open end reads "at least" or "at most".
    pub fn range(self, low: Option<String>, high: Option<String>) -> String {
        match (low, high) {
            (Some(low), Some(high)) if low == high => low,
            (Some(low), Some(high)) => format!("{low} – {high}"),
            (Some(low), None) => format!("≥ {low}"),
            (None, Some(high)) => format!("≤ {high}"),
            (None, None) => self.term("unknown").to_owned(),
        }
    }

    /// A figure's value, without its short name. May hold text from data: escape it.
    pub fn value(self, value: &FigureValue, noun: Noun) -> String {
        match value {
            FigureValue::Seconds { seconds } => self.duration(*seconds),
            FigureValue::SecondsRange { low, high } => {
                self.range(low.map(|end| self.duration(end)), high.map(|end| self.duration(end)))
            }
            FigureValue::Count { count } => self.count(*count, noun),
            FigureValue::CountRange { low, high } => {
                let end = |end: Option<u64>| end.map(|end| grouped(&end.to_string()));
                self.counted(self.range(end(*low), end(*high)), noun, false)
            }
            FigureValue::Share { share } => self.share(*share),
            FigureValue::ShareRange { low, high } => {
                self.range(low.map(|end| self.share(end)), high.map(|end| self.share(end)))
            }
            FigureValue::Quantity { value, unit } => self.quantity(*value, unit),
            FigureValue::QuantityRange { low, high, unit } => {
                self.range(low.map(|end| self.quantity(end, unit)), high.map(|end| self.quantity(end, unit)))
            }
            FigureValue::Money { amount, currency } => self.money(*amount, currency),
            FigureValue::MoneyRange { low, high, currency } => self
                .range(low.map(|end| self.money(end, currency)), high.map(|end| self.money(end, currency))),
            FigureValue::Probability { p } => self.probability(*p),
            FigureValue::Instant { at } => self.instant(*at),
            FigureValue::InstantRange { low, high } => {
                self.range(low.map(|end| self.instant(end)), high.map(|end| self.instant(end)))
            }
            FigureValue::Text { text } => text.clone(),
            FigureValue::Unknown { reason } => self.unknown(reason),
        }
    }

    /// A figure's value and remark, without its short name. May hold text from data: escape it.
    pub fn figure(self, figure: &Figure, noun: Noun) -> String {
        let value = self.value(&figure.value, noun);
        match &figure.note {
            None => value,
            Some(note) => match self.lang {
                Lang::En => format!("{value} ({})", self.lang.words(note)),
                Lang::Zh => format!("{value}（{}）", self.lang.words(note)),
            },
        }
    }

    /// `unknown (no telemetry covers it)`.
    pub fn unknown(self, reason: &Unknown) -> String {
        let why = self.why_unknown(reason);
        match self.lang {
            Lang::En => format!("unknown ({why})"),
            Lang::Zh => format!("未知（{why}）"),
        }
    }

    fn why_unknown(self, reason: &Unknown) -> String {
        let pick = |en: &str, zh: &str| self.lang.pick(en, zh).to_owned();
        match reason {
            Unknown::NotComputed => pick("not computed", "未计算"),
            Unknown::MilestoneMissing { milestone } => match self.lang {
                Lang::En => format!("no event says when: {}", self.milestone(*milestone).to_lowercase()),
                Lang::Zh => format!("没有事件记录：{}", self.milestone(*milestone)),
            },
            Unknown::NoTelemetry => pick("no telemetry covers it", "无遥测数据覆盖"),
            Unknown::NoRequests => pick("no request records", "无请求记录"),
            Unknown::TooFewRequests => pick("too few requests", "请求数过少"),
            Unknown::NoBaseline => pick("no comparable time as baseline", "无可比基线"),
            Unknown::NoIdentity => pick("no user or session in the records", "记录中无用户或会话标识"),
            Unknown::StillHurting => pick("it still hurts where the data end", "数据截止时故障仍在持续"),
            Unknown::GraceNotOver => pick("waiting for late successes", "宽限期未结束"),
            Unknown::Contradictory => pick("the instants contradict each other", "时间互相矛盾"),
            Unknown::NotConfigured { setting } => match self.lang {
                Lang::En => format!("not configured: {setting}"),
                Lang::Zh => format!("未配置：{setting}"),
            },
            Unknown::NotRecorded => pick("not recorded", "无记录"),
            Unknown::Other { words } => self.lang.words(words).to_owned(),
        }
    }

    /// Name of a milestone.
    pub fn milestone(self, name: MilestoneName) -> &'static str {
        term(
            self.lang,
            match name {
                MilestoneName::FirstSignal => "milestone.first_signal",
                MilestoneName::ImpactStarted => "milestone.impact_started",
                MilestoneName::Detected => "milestone.detected",
                MilestoneName::Acknowledged => "milestone.acknowledged",
                MilestoneName::Declared => "milestone.declared",
                MilestoneName::FirstNotice => "milestone.first_notice",
                MilestoneName::Located => "milestone.located",
                MilestoneName::Mitigated => "milestone.mitigated",
                MilestoneName::Recovered => "milestone.recovered",
                MilestoneName::Resolved => "milestone.resolved",
                MilestoneName::Closed => "milestone.closed",
            },
        )
    }
}

fn clock(local: &DateTime<Tz>) -> String {
    let micros = local.nanosecond() / 1_000;
    if micros == 0 {
        local.format("%H:%M:%S").to_string()
    } else {
        format!("{}.{:03}", local.format("%H:%M:%S"), micros / 1_000)
    }
}

fn offset(local: &DateTime<Tz>) -> String {
    let seconds = local.offset().fix().local_minus_utc();
    let sign = if seconds < 0 { '−' } else { '+' };
    format!("{sign}{:02}:{:02}", seconds.abs() / 3600, seconds.abs() / 60 % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn en() -> Locale {
        Locale::new(Lang::En, "Asia/Shanghai")
    }

    #[test]
    fn durations_carry_their_units() {
        for (seconds, text) in [
            (0.0, "0 s"),
            (0.35, "0.35 s"),
            (45.0, "45 s"),
            (59.97, "1 min 00 s"),
            (2460.0, "41 min 00 s"),
            (3900.0, "1 h 05 min 00 s"),
            (183_900.0, "2 d 03 h 05 min 00 s"),
            (-5.0, "−5 s"),
        ] {
            assert_eq!(en().duration(seconds), text);
        }
        assert_eq!(Locale::new(Lang::Zh, "UTC").duration(2460.0), "41 分 00 秒");
    }

    #[test]
    fn shares_never_round_to_nothing_or_everything() {
        for (share, text) in [
            (0.382, "38.2 %"),
            (0.0042, "0.42 %"),
            (0.000_031, "0.0031 %"),
            (0.0, "0 %"),
            (1.0, "100 %"),
            (0.9996, "99.96 %"),
            (0.5, "50 %"),
        ] {
            assert_eq!(en().share(share), text);
        }
    }

    #[test]
    fn an_end_on_another_day_says_which() {
        let at = |text: &str| Some(Micros(DateTime::parse_from_rfc3339(text).unwrap().timestamp_micros()));
        let locale = Locale::new(Lang::En, "UTC");
        let day = at("2026-11-05T11:05:00Z");
        let span = |start, end| locale.span(at(start), at(end), day);
        assert_eq!(span("2026-11-05T10:00:00Z", "2026-11-05T12:00:00Z"), "10:00:00 – 12:00:00");
        assert_eq!(
            span("2026-10-15T10:00:00Z", "2026-11-05T12:00:00Z"),
            "2026-10-15 10:00:00 – 2026-11-05 12:00:00"
        );
        assert_eq!(span("2026-11-04T10:00:00Z", "2026-11-04T12:00:00Z"), "2026-11-04 10:00:00 – 12:00:00");
    }

    #[test]
    fn instants_name_their_offset_across_a_switch() {
        let berlin = Locale::new(Lang::En, "Europe/Berlin");
        // 2026-10-25: 02:30 happens twice.
        assert_eq!(berlin.instant(Micros::from_seconds(1_792_888_200)), "2026-10-25 02:30:00 +02:00");
        assert_eq!(berlin.instant(Micros::from_seconds(1_792_891_800)), "2026-10-25 02:30:00 +01:00");
        assert_eq!(en().zone_at(Some(Micros(0))), "Asia/Shanghai (UTC+08:00)");
        assert_eq!(Locale::new(Lang::En, "Nowhere/Land").zone, Tz::UTC);
    }

    #[test]
    fn numbers_are_grouped_and_have_four_digits() {
        assert_eq!(number(1_234_567.0), "1,234,567");
        assert_eq!(number(0.123_456), "0.1235");
        assert_eq!(number(12.0), "12");
        assert_eq!(en().quantity(1.5e9, "By"), "1.5 GB");
        assert_eq!(en().money(1234.5, "CNY"), "1,234.50 CNY");
        assert_eq!(en().count(1, Noun::Users), "1 user");
    }

    #[test]
    fn the_unknown_says_why() {
        let missing = Unknown::MilestoneMissing { milestone: MilestoneName::Located };
        assert_eq!(en().unknown(&missing), "unknown (no event says when: located)");
        assert_eq!(
            Locale::new(Lang::Zh, "UTC").unknown(&Unknown::NoIdentity),
            "未知（记录中无用户或会话标识）"
        );
    }
}
