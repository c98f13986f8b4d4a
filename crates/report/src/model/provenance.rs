//! What was read, what was assumed, and how does one get the same numbers again?

use std::collections::BTreeMap;

use fupan_model::Micros;
use serde::{Deserialize, Serialize};

use super::{Figure, Words};

/// What was read and what was lost.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct DataQuality {
    /// One row per source.
    pub sources: Vec<SourceQuality>,
    /// Why records could not be read.
    pub quarantine: Vec<QuarantineReason>,
    /// Stretches without data.
    pub gaps: Vec<DataGap>,
    /// Kinds of telemetry that are missing altogether, and what that leaves unknown.
    pub cannot_know: Vec<Words>,
}

/// A source's accounts: read = accepted + rejected + duplicate.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct SourceQuality {
    /// Its name.
    pub source: String,
    /// How it was read: `jsonl`, `csv`, `openmetrics` …
    pub format: String,
    /// Records read.
    pub read: Figure,
    /// Records that count.
    pub accepted: Figure,
    /// Records that could not be read.
    pub rejected: Figure,
    /// Records that were there already.
    pub duplicate: Figure,
    /// First timestamp within.
    pub first: Option<Micros>,
    /// Last timestamp within.
    pub last: Option<Micros>,
    /// Zone assumed for times without one.
    pub assumed_zone: Option<String>,
}

/// Why records could not be read.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct QuarantineReason {
    /// In the decoder's words.
    pub reason: String,
    /// How many.
    pub records: Figure,
}

/// A stretch without data.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct DataGap {
    /// Source, service or metric.
    pub subject: String,
    /// From.
    pub from: Option<Micros>,
    /// To.
    pub to: Option<Micros>,
}

/// Something that had to be assumed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Assumption {
    /// Times without a zone were read in the workspace's, which nobody gave for these sources.
    Zone {
        /// IANA name.
        zone: String,
        /// Sources concerned.
        sources: u64,
        /// All sources.
        of_sources: u64,
    },
    /// Key actions were not configured: requests that are not GET.
    KeyActions,
    /// Entry services were not configured: every service with requests counts as one.
    EntryServices,
    /// What "usual" was compared with.
    Baseline {
        /// From.
        from: Micros,
        /// To.
        to: Micros,
        /// Comparable days beside it.
        days: u32,
    },
    /// When something was known, where the source does not say.
    RecordedAt {
        /// Events concerned.
        events: u64,
    },
    /// What counts as failed, by default.
    FailedByDefault,
    /// The impact's end: the end of the data.
    ImpactEnd,
    /// Anything else.
    Other {
        /// In both languages.
        words: Words,
    },
}

/// A definition that the report uses beyond the usual ones.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct DefinitionUsed {
    /// The term.
    pub term: Words,
    /// What it means here.
    pub meaning: Words,
}

/// Where a number comes from.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Receipt {
    /// Key that figures name.
    pub key: String,
    /// Name in the catalogue, such as `recovery/durations`; none for a computation in code.
    pub query: Option<String>,
    /// What it answers.
    pub question: Option<String>,
    /// Hash of the query's text, views included.
    pub sql_hash: Option<String>,
    /// Bound parameters as text.
    pub params: BTreeMap<String, String>,
    /// Ledger version that pins all tables.
    pub ledger_version: Option<i64>,
    /// What was known at that instant.
    pub as_of: Option<Micros>,
    /// Rows the query read.
    pub rows_read: Option<u64>,
    /// Rows it gave.
    pub rows_returned: Option<u64>,
    /// What was left out and why.
    pub exclusions: Vec<Words>,
    /// Digest of the answer.
    pub digest: Option<String>,
    /// Which rows of which answers a number that was computed in code is made of; none where it
    /// stands in the answer as it is.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub made_of: Vec<RowsUsed>,
}

/// The rows of an answer that a number is made of.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RowsUsed {
    /// Key of the receipt whose answer it is.
    pub receipt: String,
    /// Columns that count; none for all of them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub columns: Vec<String>,
    /// Only rows in which this column has one of these values.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub values: Option<(String, Vec<String>)>,
    /// Only rows in which this column lies in this stretch: its first instant, and the one after its last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub within: Option<(String, Micros, Micros)>,
}

/// Which data and software a report was made from. No clock: the same inputs give the same bytes.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Provenance {
    /// fupan's version.
    pub software_version: String,
    /// Ledger version that pins all tables.
    pub ledger_version: Option<i64>,
    /// What was known at that instant.
    pub as_of: Option<Micros>,
    /// Whether the user gave it; else it is the latest instant in the data.
    pub as_of_given: bool,
    /// Where the telemetry ends that was known then: nobody can say from data what came after.
    pub telemetry_end: Option<Micros>,
}
