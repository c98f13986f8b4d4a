//! How does OTLP write a number? As a number or as a string, with 64 bits as a string above all.

use std::borrow::Cow;
use std::fmt;

use fupan_model::Micros;
use serde::Deserialize;
use serde::de::{self, Deserializer, Visitor};

use crate::time::{EpochUnit, parse_epoch};

/// A number that JSON writes as a number or as a string. A string borrows from the input: most are times
/// and counts, of which a batch has thousands.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Number<'a> {
    Text(Cow<'a, str>),
    Int(i64),
    Unsigned(u64),
    Float(f64),
}

impl Default for Number<'_> {
    fn default() -> Self {
        Self::Text(Cow::Borrowed(""))
    }
}

impl Number<'_> {
    pub(super) fn text(&self) -> Cow<'_, str> {
        match self {
            Self::Text(text) => Cow::Borrowed(text),
            Self::Int(number) => Cow::Owned(number.to_string()),
            Self::Unsigned(number) => Cow::Owned(number.to_string()),
            Self::Float(number) => Cow::Owned(number.to_string()),
        }
    }

    pub(super) fn as_f64(&self) -> Option<f64> {
        match self {
            Self::Text(text) => match text.as_ref() {
                "Infinity" => Some(f64::INFINITY),
                "-Infinity" => Some(f64::NEG_INFINITY),
                text => text.parse().ok(),
            },
            Self::Int(number) => Some(*number as f64),
            Self::Unsigned(number) => Some(*number as f64),
            Self::Float(number) => Some(*number),
        }
    }

    /// A whole number that is not negative.
    pub(super) fn as_u64(&self) -> Option<u64> {
        match self {
            Self::Unsigned(number) => Some(*number),
            number => number.text().parse().ok(),
        }
    }

    /// Nanoseconds since the epoch; none where it is 0, which means "not known".
    pub(super) fn as_instant(&self) -> Result<Option<Micros>, String> {
        let text = self.text();
        if matches!(text.as_ref(), "" | "0") {
            return Ok(None);
        }
        parse_epoch(&text, EpochUnit::Nanos).map(Some).map_err(|error| format!("the time {text:?} {error}"))
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Number<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct NumberVisitor;
        impl<'de> Visitor<'de> for NumberVisitor {
            type Value = Number<'de>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a number, also as a string")
            }
            fn visit_i64<E: de::Error>(self, value: i64) -> Result<Number<'de>, E> {
                Ok(Number::Int(value))
            }
            fn visit_u64<E: de::Error>(self, value: u64) -> Result<Number<'de>, E> {
                Ok(Number::Unsigned(value))
            }
            fn visit_f64<E: de::Error>(self, value: f64) -> Result<Number<'de>, E> {
                Ok(Number::Float(value))
            }
            fn visit_borrowed_str<E: de::Error>(self, value: &'de str) -> Result<Number<'de>, E> {
                Ok(Number::Text(Cow::Borrowed(value)))
            }
            fn visit_str<E: de::Error>(self, value: &str) -> Result<Number<'de>, E> {
                Ok(Number::Text(Cow::Owned(value.to_owned())))
            }
            fn visit_unit<E: de::Error>(self) -> Result<Number<'de>, E> {
                Ok(Number::default())
            }
        }
        deserializer.deserialize_any(NumberVisitor)
    }
}
