//! Which instant is a number since the epoch?

use fupan_model::Micros;

use super::{TimeError, in_range};

/// Unit of a number since the epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EpochUnit {
    /// Seconds.
    Seconds,
    /// Milliseconds.
    Millis,
    /// Microseconds.
    Micros,
    /// Nanoseconds.
    Nanos,
    /// Seconds below 10¹¹, milliseconds below 10¹⁴, microseconds below 10¹⁷, else nanoseconds:
    /// unambiguous from 1973 to 2200.
    ByMagnitude,
}

impl EpochUnit {
    /// The unit of that name: `s`, `ms`, `us`, `ns`.
    pub fn by_name(name: &str) -> Option<Self> {
        match name {
            "s" => Some(Self::Seconds),
            "ms" => Some(Self::Millis),
            "us" | "µs" => Some(Self::Micros),
            "ns" => Some(Self::Nanos),
            "auto" => Some(Self::ByMagnitude),
            _ => None,
        }
    }

    const fn of(self, whole: i128) -> Self {
        match self {
            Self::ByMagnitude if whole < 100_000_000_000 => Self::Seconds,
            Self::ByMagnitude if whole < 100_000_000_000_000 => Self::Millis,
            Self::ByMagnitude if whole < 100_000_000_000_000_000 => Self::Micros,
            Self::ByMagnitude => Self::Nanos,
            unit => unit,
        }
    }
}

/// The instant that a decimal number means; fractions below a microsecond are cut off.
pub fn parse_epoch(text: &str, unit: EpochUnit) -> Result<Micros, TimeError> {
    let text = text.trim();
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let is_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !is_digits(whole) || !is_digits(fraction) {
        return parse_float(text, unit);
    }
    // More than 30 digits are out of range whatever their unit.
    let whole: i128 =
        whole.get(..whole.len().min(30)).and_then(|digits| digits.parse().ok()).ok_or(TimeError::Range)?;
    let mut nanos: i128 = 0;
    for digit in fraction.bytes().chain(std::iter::repeat(b'0')).take(9) {
        nanos = nanos * 10 + i128::from(digit - b'0');
    }
    // `nanos` are billionths of the unit.
    let micros = match unit.of(whole) {
        EpochUnit::Seconds => whole * 1_000_000 + nanos / 1_000,
        EpochUnit::Millis => whole * 1_000 + nanos / 1_000_000,
        EpochUnit::Micros => whole,
        EpochUnit::Nanos | EpochUnit::ByMagnitude => whole / 1_000,
    };
    in_range(i64::try_from(micros).map_err(|_| TimeError::Range)?)
}

/// Numbers with an exponent or a sign.
fn parse_float(text: &str, unit: EpochUnit) -> Result<Micros, TimeError> {
    let is_number = text.bytes().all(|byte| byte.is_ascii_digit() || b"+-.eE".contains(&byte));
    let value: f64 = text.parse().ok().filter(|_| is_number).ok_or(TimeError::Unknown)?;
    if !value.is_finite() || value < 0.0 {
        return Err(TimeError::Range);
    }
    let micros = match unit.of(value as i128) {
        EpochUnit::Seconds => value * 1e6,
        EpochUnit::Millis => value * 1e3,
        EpochUnit::Micros => value,
        EpochUnit::Nanos | EpochUnit::ByMagnitude => value / 1e3,
    };
    in_range(micros as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_declared_unit_beats_the_magnitude() {
        assert_eq!(parse_epoch("1500", EpochUnit::Millis), Ok(Micros(1_500_000)));
        assert_eq!(parse_epoch("1500", EpochUnit::Seconds), Ok(Micros(1_500_000_000)));
        assert_eq!(parse_epoch("0.000001", EpochUnit::Seconds), Ok(Micros(1)));
        assert_eq!(parse_epoch("1793849103", EpochUnit::Nanos), Ok(Micros(1_793_849)));
    }

    #[test]
    fn whole_numbers_are_exact() {
        // As a double this one would be off by dozens of nanoseconds and could round up.
        assert_eq!(
            parse_epoch("1793849103999999999", EpochUnit::ByMagnitude),
            Ok(Micros(1_793_849_103_999_999))
        );
    }
}
