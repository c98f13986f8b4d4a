//! Every limit of the store, with its reason.

/// How often a commit is tried again when another writer was first. Eight writers with fifty
/// batches each stay far below it.
pub const COMMIT_ATTEMPTS_MAX: usize = 200;

/// Rows in a Parquet row group: large enough for good compression, small enough that a reader of
/// one minute skips most of a file.
pub const ROW_GROUP_ROWS: usize = 128 * 1024;

/// Rows in a page of a row group: what a reader of one series decodes at least.
pub const PAGE_ROWS: usize = 20_000;

/// Bytes of a row in a file, for which there is room: growing step by step copies the file several times.
pub const ROW_BYTES_IN_FILE: usize = 64;

/// Longest text that goes into a file's minimum and maximum statistics; longer columns go without.
pub const STATISTICS_TEXT_BYTES_MAX: usize = 64;

/// Threads that encode columns of a file that is rewritten: nothing else is done meanwhile.
pub const COLUMN_THREADS: usize = 2;

/// Fewer rows for each thread are encoded sooner than it begins.
pub const COLUMN_THREAD_ROWS: usize = 8 * 1024;

/// zstd level of data files: 211 MB/s at 1 against 139 at 3, which is no smaller on our columns.
pub const ZSTD_LEVEL: i32 = 1;

/// Rows of a sample that tells whether values repeat enough for a dictionary.
pub const DICTIONARY_SAMPLE_ROWS: usize = 4096;

/// Texts of at most this mean length are ids rather than prose.
pub const ID_BYTES_MAX: usize = 40;

/// Rows of a file that compaction makes: its rows are in memory at once, and a log record takes about 600
/// bytes there, twice while it is sorted.
pub const COMPACTED_FILE_ROWS: u64 = 512 * 1024;

/// The same for metrics, whose rows take a fifth.
pub const COMPACTED_FILE_METRIC_ROWS: u64 = 2 * 1024 * 1024;

/// Bytes on disk that go into such a file at most, for rows that are longer than usual.
pub const COMPACTED_FILE_BYTES: u64 = 128 << 20;

/// New files that are committed together: a conflict costs their commit again, not their writing.
pub const COMPACTED_GROUPS_PER_COMMIT: usize = 32;

/// Rows of a merged ledger file; larger ones are not read and written again.
pub const LEDGER_FILE_ROWS: u64 = 32 * 1024;

/// A file that no version names may belong to an ingest that is about to commit it; after a day it does not.
pub const ORPHAN_AGE_SECONDS: i64 = 24 * 3600;

/// With so many small ledger files a commit merges them: each command reads the whole ledger, a millisecond a
/// file.
pub const LEDGER_FILES_MAX: usize = 64;

/// With so many small files that could be merged, an ingest merges them at its end: each costs every later
/// commit about a tenth of a millisecond.
pub const TIDY_FILES_MIN: usize = 256;

/// Fewer rows make a file small for that. An ingest of 8 GB has 250 files of a group each: to merge those took as
/// long as to read them.
pub const TIDY_FILE_ROWS: u64 = 8 * 1024;

/// Bytes of such a file.
pub const TIDY_FILE_BYTES: u64 = 1 << 20;

/// How often a request to an object store is tried again: about ten seconds with the pauses in between,
/// after which a person is better told.
pub const REMOTE_RETRIES_MAX: usize = 6;

/// No request to an object store is tried again after this time.
pub const REMOTE_RETRY_SECONDS: u64 = 180;

/// A connection that takes longer leads nowhere.
pub const REMOTE_CONNECT_SECONDS: u64 = 10;

/// A request, its body included, takes no longer: enough for the largest file of a commit at 1 MB/s.
pub const REMOTE_REQUEST_SECONDS: u64 = 120;

/// Bytes of an object that one request reads. Large enough that the wait for the first byte does not count.
pub const OBJECT_PART_BYTES: u64 = 8 << 20;

/// Parts of an object that are on their way at the same time.
pub const OBJECT_PARTS_AHEAD: usize = 2;

/// Small objects of a folder that are fetched while one is read; each is at most a part.
pub const OBJECTS_AHEAD: usize = 4;

/// Files of a small table that are read at the same time: in a bucket each is a wait.
pub const SMALL_FILES_AHEAD: usize = 16;

/// Local files that are opened, read in parts or written at once. Without a bound a log of hundreds of entries starts as
/// many threads, each of which keeps memory of its own from then on.
pub const FILES_AT_ONCE: usize = 4;

/// Tables that are created or looked at at once: most of that is waiting for the disk.
pub const TABLES_AT_ONCE: usize = 4;
