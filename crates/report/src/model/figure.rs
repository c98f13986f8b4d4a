//! What is a figure? A value with its unit, a short name, and a receipt that can be re-run.

use fupan_model::Micros;
use serde::{Deserialize, Serialize};

/// A number (or instant) in the report, a citation that anyone can re-run.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Figure {
    /// Short name such as `n7`. Leave it empty: [`crate::IncidentReport::number_figures`] gives
    /// the names in reading order, the same in every language.
    #[serde(default)]
    pub id: String,
    /// The value.
    pub value: FigureValue,
    /// Key of the [`crate::Receipt`] it comes from; empty where there is none.
    #[serde(default)]
    pub receipt: String,
    /// A remark printed beside the value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<Words>,
}

/// A value with its unit. Ranges stay ranges; an end that is none is open.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum FigureValue {
    /// A duration.
    Seconds {
        /// Seconds, never truncated.
        seconds: f64,
    },
    /// A duration made from vague instants.
    SecondsRange {
        /// Shortest.
        low: Option<f64>,
        /// Longest.
        high: Option<f64>,
    },
    /// A whole number of things: users, requests, incidents (the place says which).
    Count {
        /// How many.
        count: u64,
    },
    /// Bounds of a count.
    CountRange {
        /// Fewest.
        low: Option<u64>,
        /// Most.
        high: Option<u64>,
    },
    /// A part of a whole, 0–1; printed as per cent.
    Share {
        /// 0–1.
        share: f64,
    },
    /// Bounds of a share.
    ShareRange {
        /// Smallest, 0–1.
        low: Option<f64>,
        /// Largest, 0–1.
        high: Option<f64>,
    },
    /// Any other quantity with its unit (UCUM or the reader's word); an empty unit is a pure number.
    Quantity {
        /// The number.
        value: f64,
        /// Unit, printed after it.
        unit: String,
    },
    /// Bounds of a quantity, such as a loss of 1.2 to 1.5 million CNY.
    QuantityRange {
        /// Smallest.
        low: Option<f64>,
        /// Largest.
        high: Option<f64>,
        /// Unit, printed after it.
        unit: String,
    },
    /// Money in units of a currency, printed to the cent.
    Money {
        /// Amount in the currency's main unit.
        amount: f64,
        /// ISO 4217.
        currency: String,
    },
    /// Bounds of an amount of money.
    MoneyRange {
        /// Smallest.
        low: Option<f64>,
        /// Largest.
        high: Option<f64>,
        /// ISO 4217.
        currency: String,
    },
    /// A probability value of a test; printed as `p < 0.001` where it is tiny.
    Probability {
        /// 0–1.
        p: f64,
    },
    /// An instant.
    Instant {
        /// UTC.
        at: Micros,
    },
    /// A vague instant.
    InstantRange {
        /// Earliest.
        low: Option<Micros>,
        /// Latest.
        high: Option<Micros>,
    },
    /// A word or name.
    Text {
        /// From data; rendered inert.
        text: String,
    },
    /// Not known, and why.
    Unknown {
        /// Why.
        reason: Unknown,
    },
}

impl Default for FigureValue {
    fn default() -> Self {
        Self::Unknown { reason: Unknown::NotComputed }
    }
}

/// Why something is not known.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(tag = "why", rename_all = "snake_case")]
pub enum Unknown {
    /// Nobody asked.
    #[default]
    NotComputed,
    /// No event sets the milestone that it needs.
    MilestoneMissing {
        /// Which.
        milestone: super::MilestoneName,
    },
    /// No telemetry covers that time or service.
    NoTelemetry,
    /// No record is request-shaped.
    NoRequests,
    /// Fewer requests than prove anything.
    TooFewRequests,
    /// No comparable time to hold it against.
    NoBaseline,
    /// Records carry no user and no session.
    NoIdentity,
    /// Users are still being hurt, so the duration is not over.
    StillHurting,
    /// The waiting time for late successes is not over.
    GraceNotOver,
    /// The end would come before the beginning; the instants contradict each other.
    Contradictory,
    /// Needs a setting that the workspace does not have.
    NotConfigured {
        /// The setting, such as `actions.pay.amount`.
        setting: String,
    },
    /// Nothing of that kind was recorded.
    NotRecorded,
    /// Any other reason.
    Other {
        /// In both languages.
        words: Words,
    },
}

/// A sentence in both languages.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Words {
    /// English.
    pub en: String,
    /// Chinese.
    pub zh: String,
}

impl Words {
    /// The sentence in both languages.
    pub fn new(en: impl Into<String>, zh: impl Into<String>) -> Self {
        Self { en: en.into(), zh: zh.into() }
    }

    /// Words of people or data, which are not translated.
    pub fn same(text: impl Into<String>) -> Self {
        let text = text.into();
        Self { en: text.clone(), zh: text }
    }
}

impl Figure {
    fn of(value: FigureValue, receipt: &str) -> Self {
        Self { id: String::new(), value, receipt: receipt.to_owned(), note: None }
    }

    /// A duration in seconds; one that is not finite is unknown.
    pub fn seconds(seconds: f64, receipt: &str) -> Self {
        Self::of(finite(seconds, |seconds| FigureValue::Seconds { seconds }), receipt)
    }

    /// A duration made from vague instants.
    pub fn seconds_range(low: Option<f64>, high: Option<f64>, receipt: &str) -> Self {
        Self::of(FigureValue::SecondsRange { low, high }, receipt)
    }

    /// A count.
    pub fn count(count: u64, receipt: &str) -> Self {
        Self::of(FigureValue::Count { count }, receipt)
    }

    /// A count between bounds.
    pub fn count_range(low: Option<u64>, high: Option<u64>, receipt: &str) -> Self {
        Self::of(FigureValue::CountRange { low, high }, receipt)
    }

    /// A share, 0–1; one that is not finite is unknown.
    pub fn share(share: f64, receipt: &str) -> Self {
        Self::of(finite(share, |share| FigureValue::Share { share }), receipt)
    }

    /// A share between bounds.
    pub fn share_range(low: Option<f64>, high: Option<f64>, receipt: &str) -> Self {
        Self::of(FigureValue::ShareRange { low, high }, receipt)
    }

    /// A quantity with its unit; one that is not finite is unknown.
    pub fn quantity(value: f64, unit: &str, receipt: &str) -> Self {
        Self::of(finite(value, |value| FigureValue::Quantity { value, unit: unit.to_owned() }), receipt)
    }

    /// An amount of money; one that is not finite is unknown.
    pub fn money(amount: f64, currency: &str, receipt: &str) -> Self {
        Self::of(
            finite(amount, |amount| FigureValue::Money { amount, currency: currency.to_owned() }),
            receipt,
        )
    }

    /// A p-value; one that is not finite is unknown.
    pub fn probability(p: f64, receipt: &str) -> Self {
        Self::of(finite(p, |p| FigureValue::Probability { p }), receipt)
    }

    /// An instant.
    pub fn instant(at: Micros, receipt: &str) -> Self {
        Self::of(FigureValue::Instant { at }, receipt)
    }

    /// A vague instant.
    pub fn instant_range(low: Option<Micros>, high: Option<Micros>, receipt: &str) -> Self {
        Self::of(FigureValue::InstantRange { low, high }, receipt)
    }

    /// A word or name from data.
    pub fn text(text: impl Into<String>, receipt: &str) -> Self {
        Self::of(FigureValue::Text { text: text.into() }, receipt)
    }

    /// Not known.
    pub fn unknown(reason: Unknown, receipt: &str) -> Self {
        Self::of(FigureValue::Unknown { reason }, receipt)
    }

    /// The same figure with a remark.
    #[must_use]
    pub fn with_note(mut self, note: Words) -> Self {
        self.note = Some(note);
        self
    }

    /// Whether there is a value.
    pub fn is_known(&self) -> bool {
        !matches!(self.value, FigureValue::Unknown { .. })
    }

    /// Whether nobody computed it: then it is left out rather than printed as unknown.
    pub fn is_absent(&self) -> bool {
        matches!(self.value, FigureValue::Unknown { reason: Unknown::NotComputed })
    }

    /// The value as one number, the middle of a range; none for words, instants and the unknown.
    pub fn as_f64(&self) -> Option<f64> {
        match self.value {
            FigureValue::Seconds { seconds } => Some(seconds),
            FigureValue::Count { count } => Some(count as f64),
            FigureValue::Share { share } => Some(share),
            FigureValue::Quantity { value, .. } => Some(value),
            FigureValue::Money { amount, .. } => Some(amount),
            FigureValue::Probability { p } => Some(p),
            FigureValue::SecondsRange { low, high }
            | FigureValue::ShareRange { low, high }
            | FigureValue::QuantityRange { low, high, .. }
            | FigureValue::MoneyRange { low, high, .. } => Some(f64::midpoint(low?, high?)),
            FigureValue::CountRange { low, high } => Some(f64::midpoint(low? as f64, high? as f64)),
            FigureValue::Instant { .. }
            | FigureValue::InstantRange { .. }
            | FigureValue::Text { .. }
            | FigureValue::Unknown { .. } => None,
        }
    }

    /// The instant, the earlier end of a range; none for anything else.
    pub fn as_instant(&self) -> Option<Micros> {
        match self.value {
            FigureValue::Instant { at } => Some(at),
            FigureValue::InstantRange { low, high } => low.or(high),
            _ => None,
        }
    }
}

fn finite(value: f64, make: impl FnOnce(f64) -> FigureValue) -> FigureValue {
    if value.is_finite() { make(value) } else { FigureValue::default() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_that_is_none_becomes_unknown() {
        assert!(!Figure::share(f64::NAN, "r").is_known());
        assert!(Figure::share(0.5, "r").is_known());
        assert!(Figure::default().is_absent());
        assert!(!Figure::unknown(Unknown::NoBaseline, "r").is_absent());
    }
}
