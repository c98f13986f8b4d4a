//! Limits, each with its reason.

use std::time::Duration;

/// Longest SQL text of an analyst: planning time grows faster than the text.
pub const SQL_BYTES_MAX: usize = 64 * 1024;

/// Most tokens in it: a flat list of 20,000 ORs is a tree of that depth.
pub const SQL_TOKENS_MAX: usize = 12_000;

/// Most binary operators: a chain of n of them is a tree of depth n.
pub const SQL_OPERATORS_MAX: usize = 1_000;

/// Deepest nesting of parentheses, brackets and CASE.
pub const SQL_DEPTH_MAX: usize = 48;

/// Recursion limit of the parser, which spends several levels on one parenthesis.
pub const PARSER_RECURSION_MAX: usize = 400;

/// Most tables and sub-queries in a text: each join multiplies what the planner tries.
pub const SQL_RELATIONS_MAX: usize = 64;

/// Longest query file; the longest of ours has a tenth of it.
pub const QUERY_FILE_BYTES_MAX: usize = 256 * 1024;

/// Longest condition in `fupan.toml`.
pub const CONDITION_BYTES_MAX: usize = 4 * 1024;

/// Memory that one session's queries may hold, where nothing is configured.
pub const MEMORY_BYTES_DEFAULT: usize = 2 * 1024 * 1024 * 1024;

/// Stack of a thread that runs ad-hoc SQL: deep expressions take deep stacks where the engine is lightly optimised.
pub const STACK_BYTES: usize = 16 * 1024 * 1024;

/// Significant digits of a DOUBLE where rows are taken together: sums of floating-point numbers differ in the
/// last digits with the number of threads, and an answer must not.
pub const SUM_DIGITS: usize = 11;

/// Significant digits of a DOUBLE that comes from one row: every decimal number of so many digits survives being a
/// DOUBLE (IEEE 754, section 5.12.2), and the noise behind them (0.1 + 0.2) is nobody's.
pub const DOUBLE_DIGITS: usize = 15;

/// What ad-hoc SQL may use.
#[derive(Debug, Clone, PartialEq)]
pub struct SqlLimits {
    /// Rows after which the answer is cut off (and says so).
    pub rows_max: usize,
    /// Bytes of the answer in memory after which it ends with an error.
    pub answer_bytes_max: usize,
    /// Time after which it ends with an error.
    pub time_max: Duration,
}

impl Default for SqlLimits {
    fn default() -> Self {
        Self { rows_max: 10_000, answer_bytes_max: 256 * 1024 * 1024, time_max: Duration::from_mins(1) }
    }
}
