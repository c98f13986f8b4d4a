//! Instants: microseconds since the epoch, in UTC, and how exact a source was about them.

use chrono::{DateTime, SecondsFormat, Utc};
use serde::{Deserialize, Serialize};

/// Microseconds since 1970-01-01T00:00:00Z.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Micros(pub i64);

impl Micros {
    /// Microseconds in a second.
    pub const PER_SECOND: i64 = 1_000_000;

    /// From whole seconds since the epoch.
    pub const fn from_seconds(seconds: i64) -> Self {
        Self(seconds.saturating_mul(Self::PER_SECOND))
    }

    /// From a chrono instant; fractions below a microsecond are cut off.
    pub fn from_datetime(at: DateTime<Utc>) -> Self {
        Self(at.timestamp_micros())
    }

    /// As a chrono instant; none outside of chrono's range of years.
    pub fn to_datetime(self) -> Option<DateTime<Utc>> {
        DateTime::from_timestamp_micros(self.0)
    }

    /// Days since the epoch, rounded towards the past: the value of a `date` partition.
    pub const fn date_days(self) -> i64 {
        self.0.div_euclid(86_400 * Self::PER_SECOND)
    }

    /// Seconds from `earlier` to this instant.
    pub fn seconds_since(self, earlier: Self) -> f64 {
        (self.0 - earlier.0) as f64 / Self::PER_SECOND as f64
    }

    /// RFC 3339 in UTC with as many digits as needed.
    pub fn to_rfc3339(self) -> String {
        self.to_datetime()
            .map_or_else(|| format!("{} µs", self.0), |at| at.to_rfc3339_opts(SecondsFormat::AutoSi, true))
    }
}

/// How exact a source was about an instant.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Precision {
    /// To the second or finer.
    #[default]
    Exact,
    /// To the minute.
    Minute,
    /// To the day.
    Day,
    /// The source gives a range or says "about".
    Range,
    /// The source does not say.
    Unknown,
}

impl Precision {
    /// The value in the column.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Exact => "exact",
            Self::Minute => "minute",
            Self::Day => "day",
            Self::Range => "range",
            Self::Unknown => "unknown",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_before_the_epoch_round_towards_the_past() {
        assert_eq!(Micros(-1).date_days(), -1);
        assert_eq!(Micros(0).date_days(), 0);
        assert_eq!(Micros(86_400_000_000).date_days(), 1);
    }

    #[test]
    fn rfc3339_keeps_the_microseconds() {
        assert_eq!(Micros(1_500_000).to_rfc3339(), "1970-01-01T00:00:01.500Z");
        assert_eq!(Micros(i64::MAX).to_rfc3339(), format!("{} µs", i64::MAX));
    }
}
