//! Every limit of this crate, with its reason.

/// Longest line or table row. Loggers cut far below; longer ones are runaway output.
pub const LINE_BYTES_MAX: usize = 1 << 20;

/// Longest OTLP line: collectors write whole batches (default 8,192 records) into one.
pub const OTLP_LINE_BYTES_MAX: usize = 32 << 20;

/// Largest document that has to be in memory as one piece (a list of spans, a query's answer).
pub const DOCUMENT_BYTES_MAX: usize = 256 << 20;

/// How much of a rejected record is kept: enough to see what it was.
pub const REJECTED_BYTES_MAX: usize = 4 << 10;

/// How much of the head of a source is looked at in order to tell its format.
pub const HEAD_BYTES_MAX: usize = 64 << 10;

/// How many lines or rows of the head are looked at.
pub const HEAD_RECORDS_MAX: usize = 20;

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
