//! Every limit of an ingest, with its reason.

/// Bytes of decompressed input per chunk, before the cut at the last record boundary. Part of the
/// fixed rule by which chunks are recognised again: changing it makes old input look new.
pub const CHUNK_BYTES: usize = 4 << 20;

/// Bytes of input that go into one group of files, whose rows are in memory until they are encoded.
pub const GROUP_BYTES: usize = 32 << 20;

/// Rows that go into one group: a wide table has a point of 44 bytes in memory for each cell of a few bytes.
pub const GROUP_ROWS: u64 = 1 << 20;

/// Chunks that go into one group, for folders of thousands of small files.
pub const GROUP_CHUNKS: usize = 256;

/// Groups of one commit: the first commit has one, each further one twice as many, up to these. Fewer commits, but
/// no more than this is read again after a crash.
pub const COMMIT_GROUPS_MAX: usize = 4;

/// Groups that are encoded while the next one is decoded: one of each keeps the cores busy while the disk is waited
/// for. Each holds its rows in memory.
pub const GROUPS_ENCODING_MAX: usize = 2;

/// Chunks beyond one for each thread that are decoded ahead, so that no core waits for the next one.
pub const DECODED_AHEAD: usize = 2;

/// Stack of a thread that decodes: documents may be deep. Only what is used of it takes memory.
pub const STACK_BYTES: usize = 16 << 20;

/// How many rejects of a source are shown; all of them are in quarantine.
pub const REJECTS_SHOWN: usize = 3;

/// Decompressed bytes per compressed byte beyond which a file is taken for a bomb. Logs compress
/// up to about 100 times, what deflate can do at most is 1,032 times; an archive is measured as a whole.
pub const INFLATION_MAX: u64 = 500;

/// Decompressed bytes below which inflation is not looked at.
pub const INFLATION_FREE_BYTES: u64 = 64 << 20;

/// Files in one folder or glob; more is most likely the wrong folder.
pub const SOURCES_MAX: usize = 200_000;

/// Files in one archive: as with folders, more is most likely the wrong archive, or one that was made to
/// keep a reader busy.
pub const ARCHIVE_MEMBERS_MAX: usize = 100_000;

/// How far into a chunk its first line is looked for, which serves as a filter only.
pub const FIRST_LINE_BYTES_MAX: usize = 64 << 10;

/// Chunks that begin like the end of a file and go on, with which it is compared record by record. More
/// than one is rare; each costs reading a data file.
pub const CUT_COPY_CANDIDATES_MAX: usize = 8;

/// Of the points of two sources at the same instants of the same series, so many per cent have to have the same
/// values for the two to be the same data. An export that ended in the present has a last point that was not whole;
/// two machines whose metrics name neither of them have other values nearly everywhere.
pub const SAME_SAMPLES_PERCENT: u64 = 80;

/// How often it is decided anew which of several overlapping chunks counts, where others keep coming in.
pub const CONTESTS_MAX: usize = 20;

/// Bytes that are asked of a source at once: a layer of readers may clear the room that it is given, each
/// time.
pub const READ_STEP_BYTES: usize = 256 << 10;

/// Different words of a column of a chunk that rows refer to by number. Where there are more, each row has its
/// own: numbers pay where words repeat, and a chunk has some ten thousand rows.
pub const WORDS_MAX: usize = 1024;

/// Bytes of a word for which there is room, where each row has its own.
pub const WORD_BYTES: usize = 24;
