//! What do the charts draw?

use fupan_model::Micros;
use serde::{Deserialize, Serialize};

/// All series; one that is missing leaves its chart out.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Series {
    /// Requests over time, over all entry services.
    pub requests: Option<RequestSeries>,
    /// Services × time.
    pub heat_map: Option<HeatMap>,
    /// One per candidate, the strongest first.
    pub candidates: Vec<CandidateSeries>,
}

/// Requests over time, from before the impact to after it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct RequestSeries {
    /// Functions that are counted, in the readers' words; none: all requests where users enter.
    pub functions: Vec<String>,
    /// Width of a bin in seconds, usually 60.
    pub bin_seconds: f64,
    /// In order of time; a bin without data is left out or has none.
    pub points: Vec<RequestPoint>,
}

/// A bin.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct RequestPoint {
    /// Start of the bin.
    pub at: Micros,
    /// Requests; none where there is no data.
    pub requests: Option<f64>,
    /// Failed ones.
    pub failed: Option<f64>,
    /// Usual successes, lower end.
    pub baseline_low: Option<f64>,
    /// Usual successes, median.
    pub baseline_median: Option<f64>,
    /// Usual successes, upper end.
    pub baseline_high: Option<f64>,
}

/// Services × time.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct HeatMap {
    /// Start of the first bin.
    pub start: Micros,
    /// Width of a bin in seconds.
    pub bin_seconds: f64,
    /// In the order in which services fell, usually.
    pub rows: Vec<HeatRow>,
}

/// A service.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct HeatRow {
    /// Its name, as shown.
    pub service: String,
    /// Error share minus its own baseline, per bin (0–1); none where it had no requests.
    pub excess: Vec<Option<f64>>,
}

/// A candidate over time.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct CandidateSeries {
    /// Rank of the candidate it belongs to.
    pub rank: u32,
    /// Metric or template, as shown.
    pub title: String,
    /// The service, as shown.
    pub service: Option<String>,
    /// Unit of the values (UCUM or a word).
    pub unit: String,
    /// In order of time.
    pub points: Vec<SeriesPoint>,
    /// Usual values, lower end.
    pub baseline_low: Option<f64>,
    /// Usual values, upper end.
    pub baseline_high: Option<f64>,
    /// When it departed.
    pub onset: Option<Micros>,
}

/// A value at an instant.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct SeriesPoint {
    /// When.
    pub at: Micros,
    /// None where there is no data.
    pub value: Option<f64>,
}
