//! Every limit of this crate, with its reason.

/// Longest line or table row. Loggers cut far below; longer ones are runaway output.
pub const LINE_BYTES_MAX: usize = 1 << 20;

/// Longest OTLP line: collectors write whole batches (default 8,192 records) into one.
pub const OTLP_LINE_BYTES_MAX: usize = 32 << 20;

/// Largest document that has to be in memory as one piece (a list of spans, a query's answer).
pub const DOCUMENT_BYTES_MAX: usize = 256 << 20;

/// How much of a rejected record is kept: enough to see what it was.
pub const REJECTED_BYTES_MAX: usize = 4 << 10;

/// How long the reason of a reject may be: some lines of a terminal.
pub const REASON_BYTES_MAX: usize = 512;

/// How much of the head of a source is looked at in order to tell its format.
pub const HEAD_BYTES_MAX: usize = 64 << 10;

/// How many lines or rows of the head are looked at.
pub const HEAD_RECORDS_MAX: usize = 20;

/// How many lines of something else may stand before a table: a title, the query, when it was exported.
pub const BANNER_LINES_MAX: usize = 20;

/// Nested objects deeper than this stay one attribute with their JSON text.
pub const FLATTEN_DEPTH_MAX: usize = 8;

/// Nesting that is read at all; the JSON skipper must never exhaust the stack.
pub const JSON_DEPTH_MAX: usize = 128;

/// Attributes per record; the rest is folded into one attribute so that no row explodes.
pub const ATTRIBUTES_MAX: usize = 512;

/// Columns of a table. Wide metrics have hundreds; more than this is not a table.
pub const COLUMNS_MAX: usize = 16_384;

/// Compiled size of a user's pattern, so that a mapping file cannot exhaust memory.
pub const PATTERN_BYTES_MAX: usize = 1 << 20;

/// Earliest year of a plausible time: the epoch.
pub const YEAR_MIN: i32 = 1970;

/// Years from this one on are mistakes of unit (milliseconds read as seconds) or garbage.
pub const YEAR_END: i32 = 2201;

/// Longest record of several lines. Nested stack traces reach some dozen kilobytes; a file in which no
/// line begins a record must not become one.
pub const JOINED_BYTES_MAX: usize = 256 << 10;

/// How far into a line its time may begin and end: level, brackets and colours stand before it.
pub const LINE_TIME_BYTES_MAX: usize = 128;

/// Largest spreadsheet. A million rows of a table of incidents are some dozen megabytes.
pub const SHEET_BYTES_MAX: usize = 64 << 20;

/// What a spreadsheet may unpack to: its reader keeps much of it in memory.
pub const SHEET_UNPACKED_BYTES_MAX: u64 = 256 << 20;

/// Files in the package of a spreadsheet; real ones have some dozens.
pub const SHEET_FILES_MAX: usize = 1_024;

/// Sheets of a workbook.
pub const SHEETS_MAX: usize = 256;

/// Filled cells of a workbook, and texts that it may announce: a hundred bytes each while it is read.
pub const SHEET_CELLS_MAX: usize = 2_000_000;
