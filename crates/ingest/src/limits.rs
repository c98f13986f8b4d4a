//! Every limit of an ingest, with its reason.

/// Bytes of decompressed input per chunk, before the cut at the last record boundary. Part of the
/// fixed rule by which chunks are recognised again: changing it makes old input look new.
pub const CHUNK_BYTES: usize = 4 << 20;

/// Bytes of input that go into one commit: fewer commits and larger files, but no more than this is
/// read again after a crash.
pub const GROUP_BYTES: usize = 32 << 20;

/// Chunks that go into one commit, for folders of thousands of small files.
pub const GROUP_CHUNKS: usize = 256;

/// How many rejects of a source are shown; all of them are in quarantine.
pub const REJECTS_SHOWN: usize = 3;

/// Decompressed bytes per compressed byte beyond which a file is taken for a bomb. Logs compress
/// up to about 100 times.
pub const INFLATION_MAX: u64 = 2_000;

/// Decompressed bytes below which inflation is not looked at.
pub const INFLATION_FREE_BYTES: u64 = 64 << 20;

/// Files in one folder or glob; more is most likely the wrong folder.
pub const SOURCES_MAX: usize = 200_000;
