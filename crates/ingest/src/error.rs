//! What stops an ingest as a whole, and what stops one source.

use thiserror::Error;

/// The ingest ended before all sources were read. What was committed stays.
#[derive(Debug, Error)]
pub enum IngestError {
    /// A path, folder or pattern that names nothing.
    #[error("nothing to read at `{path}`: {reason}")]
    NoSource {
        /// As given.
        path: String,
        /// Why.
        reason: String,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] fupan_store::StoreError),
    /// Arrow arrays did not fit together: our bug.
    #[error("arrow: {0}")]
    Arrow(#[from] arrow::error::ArrowError),
    /// A worker thread died: our bug.
    #[error("a background task failed: {0}")]
    Task(String),
}

/// Why one source could not be read to its end. Everything before it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum SourceProblem {
    /// It cannot be opened or read.
    #[error("cannot be read: {reason}; nothing that was read before is lost")]
    Unreadable {
        /// From the operating system.
        reason: String,
    },
    /// The compressed stream is damaged in the middle: where that began, nothing tells.
    #[error(
        "the {compression} data is damaged, at the latest after {bytes} decompressed bytes ({reason}); records before that are kept, and the last of them may be wrong: get the undamaged file and ingest it with --replace, so that it counts instead"
    )]
    Corrupt {
        /// `gzip`, `zstd`, or the archive's kind.
        compression: &'static str,
        /// Bytes that could be decompressed.
        bytes: u64,
        /// From the decoder.
        reason: String,
    },
    /// The compressed stream ends early.
    #[error(
        "the {compression} data ends early after {bytes} decompressed bytes ({reason}); whole records up to there are kept: get the complete file and ingest it again, it goes on from there"
    )]
    Truncated {
        /// `gzip`, `zstd`, or the archive's kind.
        compression: &'static str,
        /// Bytes that could be decompressed.
        bytes: u64,
        /// From the decoder.
        reason: String,
    },
    /// It grows beyond all measure while being decompressed.
    #[error(
        "it decompresses to more than {times} times its size and was stopped after {bytes} bytes; if it is genuine, decompress it first"
    )]
    Bomb {
        /// The limit.
        times: u64,
        /// Decompressed so far.
        bytes: u64,
    },
    /// An archive ends early or is damaged between its members.
    #[error(
        "the {kind} archive cannot be read beyond its first {members} files ({reason}); those are kept: get the complete archive and ingest it again, it goes on from there"
    )]
    Archive {
        /// `tar` or `ZIP`.
        kind: &'static str,
        /// Files before the damage.
        members: u64,
        /// What is wrong.
        reason: String,
    },
    /// An archive holds too many files.
    #[error(
        "the archive holds more than {limit} files; the first {limit} are kept, unpack it and name a smaller folder"
    )]
    TooManyMembers {
        /// The limit.
        limit: usize,
    },
    /// The format is not known or does not fit.
    #[error("{0}")]
    Format(#[from] fupan_decode::DecodeError),
    /// A document is too large to be read as one piece.
    #[error(
        "it is one document of more than {limit_mib} MiB, which does not fit in memory; export it in smaller pieces or as one record per line"
    )]
    DocumentTooLarge {
        /// The limit.
        limit_mib: usize,
    },
}

impl SourceProblem {
    /// What a decoder found after so many decompressed bytes.
    pub(crate) fn of_decompression(compression: &'static str, bytes: u64, error: &std::io::Error) -> Self {
        let reason = error.to_string();
        if error.kind() == std::io::ErrorKind::UnexpectedEof {
            Self::Truncated { compression, bytes, reason }
        } else {
            Self::Corrupt { compression, bytes, reason }
        }
    }
}
