//! What can go wrong in a store, and what to do about it.

use std::error::Error;
use std::io::ErrorKind;

use thiserror::Error as ThisError;

use crate::trouble::RemoteTrouble;

/// Everything that the store reports.
#[derive(Debug, ThisError)]
pub enum StoreError {
    /// A reading command was pointed at nothing.
    #[error(
        "there is no fupan store at {root}\nhint: `fupan ingest FILES` creates one, `fupan demo` makes a sample; or name another with --store"
    )]
    NotFound {
        /// Where it was looked for.
        root: String,
    },
    /// The location cannot be one.
    #[error("`{location}` cannot be a store: {reason}\nhint: give a folder such as .fupan/store")]
    BadLocation {
        /// As given.
        location: String,
        /// Why.
        reason: String,
    },
    /// The newest log entry of a table is empty or torn, as a machine that lost power leaves it.
    #[error(
        "table `{table}`: log entry {entry} is damaged ({reason})\nhint: `fupan store repair` moves that one file aside and says what to ingest again"
    )]
    DamagedLog {
        /// Which table.
        table: String,
        /// File name of the entry.
        entry: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The ledger counts rows of commits that a table's log does not have: its newest entries are gone.
    #[error(
        "table `{table}` is at version {version}, and the ledger counts rows of its version {counted}: newer entries of its log are gone\nhint: restore {table}/_delta_log from a copy; or `fupan store repair` says what to ingest again"
    )]
    LostCommits {
        /// Which table.
        table: String,
        /// Its newest version.
        version: u64,
        /// The version that the ledger names.
        counted: u64,
    },
    /// Somebody else committed to the table first; the caller reads again and decides anew.
    #[error("another writer committed to `{table}` first")]
    Conflict {
        /// Which table.
        table: String,
    },
    /// The commit may or may not be in.
    #[error(
        "it is not known whether the last commit to `{table}` is on disk: {reason}\nhint: run the same command again; what is in already is recognised and not added twice"
    )]
    OutcomeUnknown {
        /// Which table.
        table: String,
        /// What failed.
        reason: String,
    },
    /// Too many writers at once.
    #[error(
        "gave up after {attempts} attempts to commit to `{table}`: other writers were always first\nhint: run the same command again; nothing is added twice"
    )]
    Contended {
        /// Which table.
        table: String,
        /// How often it was tried.
        attempts: usize,
    },
    /// A file of the store does not say what it should.
    #[error(
        "file {path} of the store is damaged: {reason}\nhint: `fupan store verify` lists every damaged file"
    )]
    DamagedFile {
        /// Relative to the root.
        path: String,
        /// What is wrong.
        reason: String,
    },
    /// A pinned version counts rows that are there no more.
    #[error(
        "version {version} of the ledger cannot be read any more: the rows of {source_name} were {what} on {on}\nhint: leave --at-version out, or ask for a version after that day's; ingesting {source_name} again brings its rows back, if it may"
    )]
    Gone {
        /// Asked for.
        version: u64,
        /// Name of the first source that is not whole any more.
        source_name: String,
        /// What became of them.
        what: &'static str,
        /// UTC day.
        on: String,
    },
    /// A pinned version that does not exist.
    #[error("the ledger has no version {version}; its newest is {newest}")]
    NoSuchVersion {
        /// Asked for.
        version: u64,
        /// There is.
        newest: u64,
    },
    /// The disk of the store is full.
    #[error(
        "no space left where the store is: {reason}\nhint: nothing that was acknowledged is lost; make room, then run the same command again: what is in already is recognised and not added twice"
    )]
    DiskFull {
        /// From the operating system.
        reason: String,
    },
    /// Pseudonyms of two keys would not meet.
    #[error(
        "the pseudonyms in this store were made with another key\nhint: bring the key that they were made with: .fupan/pseudonym.key of that workspace, or FUPAN_PSEUDONYM_KEY"
    )]
    OtherKey,
    /// Reading or writing failed below us.
    #[error(
        "storage: {0}\nhint: check free space and permissions of the store's folder; run the same command again, nothing is added twice"
    )]
    Storage(#[source] object_store::Error),
    /// An object store did not do what it should.
    #[error(transparent)]
    Remote(RemoteTrouble),
    /// The Delta log could not be read or written.
    #[error(
        "delta log: {0}\nhint: check the store's disk and permissions; run the same command again, nothing is added twice; `fupan store verify` says whether anything is damaged, `fupan store repair` mends it"
    )]
    Delta(#[from] Box<deltalake_core::DeltaTableError>),
    /// The Delta log is not whole.
    #[error(
        "an entry of a table's log is missing behind {after}\nhint: restore it from a copy, or let `fupan store repair` close the gap: it says what to ingest again"
    )]
    LogGap {
        /// Name of the last entry in front of the gap.
        after: String,
    },
    /// Parquet could not be encoded or decoded.
    #[error("parquet: {0}")]
    Parquet(#[from] parquet::errors::ParquetError),
    /// Arrow arrays did not fit together: our bug.
    #[error("arrow: {0}")]
    Arrow(#[from] arrow::error::ArrowError),
    /// A worker thread died: our bug.
    #[error("a background task failed: {0}")]
    Task(String),
}

impl From<object_store::Error> for StoreError {
    fn from(error: object_store::Error) -> Self {
        full(&error).or_else(|| RemoteTrouble::of(&error).map(Self::Remote)).unwrap_or(Self::Storage(error))
    }
}

impl From<deltalake_core::DeltaTableError> for StoreError {
    fn from(error: deltalake_core::DeltaTableError) -> Self {
        full(&error)
            .or_else(|| RemoteTrouble::of(&error).map(Self::Remote))
            .or_else(|| gap(&error.to_string()))
            .unwrap_or_else(|| Self::Delta(Box::new(error)))
    }
}

/// The engine says so with all that it knows of both neighbours.
fn gap(error: &str) -> Option<StoreError> {
    let (_, neighbours) = error.split_once("contiguous commit files, but found gap")?;
    let (_, name) = neighbours.split_once("filename: \"")?;
    let (after, _) = name.split_once('"')?;
    Some(StoreError::LogGap { after: after.to_owned() })
}

/// Whether a full disk is at the bottom of it.
pub(crate) fn full(error: &(dyn Error + 'static)) -> Option<StoreError> {
    let mut layer = Some(error);
    while let Some(error) = layer {
        let kind = error.downcast_ref::<std::io::Error>().map(std::io::Error::kind);
        if matches!(kind, Some(ErrorKind::StorageFull | ErrorKind::QuotaExceeded)) {
            return Some(StoreError::DiskFull { reason: error.to_string() });
        }
        layer = error.source();
    }
    None
}
