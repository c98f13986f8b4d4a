//! What an ingest did: per source and in all. `read = accepted + rejected + duplicate`.

use std::collections::BTreeMap;
use std::fmt;

use fupan_model::{Micros, Table};

use crate::SourceProblem;

/// Records of a source.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Found in the source.
    pub read: u64,
    /// Became rows.
    pub accepted: u64,
    /// Went to quarantine.
    pub rejected: u64,
    /// Were in already.
    pub duplicate: u64,
}

impl Counts {
    pub(crate) fn add(&mut self, other: Self) {
        self.read += other.read;
        self.accepted += other.accepted;
        self.rejected += other.rejected;
        self.duplicate += other.duplicate;
        assert_eq!(
            self.read,
            self.accepted + self.rejected + self.duplicate,
            "every record is accounted for"
        );
    }
}

/// A record that could not be read, for display.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShownReject {
    /// 1-based record.
    pub record: u64,
    /// Byte offset in the decompressed source.
    pub byte_offset: u64,
    /// Why.
    pub reason: String,
}

/// What a source has to do with what was read before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SourceHistory {
    /// All of it is in already.
    Unchanged,
    /// It begins with what is in and goes on.
    Grown {
        /// Bytes that are in already.
        known_bytes: u64,
        /// The source that they are in from, where it has another name.
        other: Option<String>,
    },
    /// It is a beginning of what is in: cut off, or an earlier copy.
    CutCopy {
        /// The source that went further.
        of: String,
    },
    /// The same source was read before and held something else: rotated or overwritten.
    StartedAnew,
    /// Its bytes are in already, and more of them could be read now.
    Mended {
        /// Records that could not be read before.
        records: u64,
    },
    /// It takes the place of an earlier version of it, which held something else.
    Replaced {
        /// Records of that version.
        records: u64,
    },
}

impl fmt::Display for SourceHistory {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unchanged => write!(formatter, "unchanged: all of it is in already"),
            Self::Grown { known_bytes, other: None } => {
                write!(formatter, "it has grown: went on after {known_bytes} bytes that are in already")
            }
            Self::Grown { known_bytes, other: Some(other) } => {
                let other = if other == "-" { "standard input" } else { other };
                write!(
                    formatter,
                    "it begins like {other}: {known_bytes} bytes are in already and count once (renamed, grown, or two logs that begin alike)"
                )
            }
            Self::CutCopy { of } => {
                write!(formatter, "it is shorter than before: a beginning of {of}, which is in already")
            }
            Self::StartedAnew => {
                write!(
                    formatter,
                    "it starts anew: it was read before with other content (rotated or overwritten?); both are kept, and where it was edited, --replace has this version count instead"
                )
            }
            Self::Mended { records } => {
                write!(
                    formatter,
                    "it was in, and {records} records are read now that could not be read before"
                )
            }
            Self::Replaced { records } => {
                write!(
                    formatter,
                    "it takes the place of its earlier version, of which {records} records counted"
                )
            }
        }
    }
}

/// What became of one source.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SourceReport {
    /// Its name.
    pub source: String,
    /// Named on the command line, rather than found in a folder.
    pub is_explicit: bool,
    /// Detected or given format; none where it could not be told.
    pub input_format: Option<String>,
    /// Why this format.
    pub reason: String,
    /// Mapping, where one was used.
    pub mapping: Option<String>,
    /// What its rows are called after it, as nothing in it names them: a metric.
    pub name_of_source: Option<String>,
    /// Records that stand before those of its format; they are among the rejected ones.
    pub banner_records: u64,
    /// Decompressed bytes read.
    pub bytes: u64,
    /// Records.
    pub counts: Counts,
    /// Rows by table.
    pub rows: BTreeMap<Table, u64>,
    /// Records whose time had no zone.
    pub assumed_zone_records: u64,
    /// Records whose time had no year: it is that of when the source was last written.
    pub assumed_year_records: u64,
    /// Points of metrics that were in from another source with the same value, by that source: left out.
    pub samples_repeated: BTreeMap<String, u64>,
    /// Points of metrics of which another source has another value at the same instant: both are in.
    pub samples_differing: BTreeMap<String, u64>,
    /// Rows of logs and spans that were in from another source under the same id, the same in every column, by that
    /// source: left out.
    pub records_repeated: BTreeMap<String, u64>,
    /// Rows of logs and spans whose id another source has with another content: both are in.
    pub records_changed: BTreeMap<String, u64>,
    /// Events that it once declared and has no more: they count no more.
    pub retracted: u64,
    /// What was taken out of its texts.
    pub redacted: fupan_redact::Counts,
    /// The first few rejects.
    pub rejects: Vec<ShownReject>,
    /// Earliest and latest instant in it.
    pub first: Option<Micros>,
    /// See `first`.
    pub last: Option<Micros>,
    /// What it has to do with what was read before; none where it is simply new.
    pub history: Option<SourceHistory>,
    /// Why it could not be read to its end.
    pub problem: Option<SourceProblem>,
}

/// What became of all sources.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct IngestReport {
    /// In the order in which they were read.
    pub sources: Vec<SourceReport>,
}

impl IngestReport {
    /// Sums over all sources.
    pub fn totals(&self) -> (Counts, u64, BTreeMap<Table, u64>) {
        let mut counts = Counts::default();
        let mut bytes = 0;
        let mut rows = BTreeMap::new();
        for source in &self.sources {
            counts.add(source.counts);
            bytes += source.bytes;
            for (table, count) in &source.rows {
                *rows.entry(*table).or_default() += count;
            }
        }
        (counts, bytes, rows)
    }
}
