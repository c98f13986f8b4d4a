//! Every limit of this crate, with its reason.

/// Bytes of a body that decide its shape. Longer bodies are stack traces and dumps: what tells
/// them apart is at their head, and the ingest must not hash megabytes for one record.
pub const SHAPE_BYTES_MAX: usize = 4096;

/// Bytes within which a quote must be closed to count as a quoted value. Beyond it the mark is an
/// apostrophe or an unbalanced quote, and swallowing the text would hide the message.
pub const QUOTED_BYTES_MAX: usize = 256;

/// Bytes of the local part of an email address (RFC 5321, 4.5.3.1.1).
pub const EMAIL_LOCAL_BYTES_MAX: usize = 64;

/// Distinct values that one position must show before the template miner calls it variable. With
/// fewer, `mysql`/`redis` or `login`/`logout` are words of the message, and merging would hide
/// which one it was.
pub const TEMPLATE_VALUES_MIN: usize = 6;

/// Distinct shapes the miner looks at together. More than that means that masking failed; the
/// most frequent ones are mined and the rest stand for themselves.
pub const TEMPLATE_SHAPES_MAX: usize = 50_000;

/// Tokens of a shape the miner compares; the rest of a long shape counts as one token.
pub const TEMPLATE_TOKENS_MAX: usize = 64;

/// Expected count per cell from which the normal approximation of a test on shares is used. At
/// this size it agrees with the exact test to three digits, and the exact one's logarithms of
/// factorials start to lose theirs.
pub const NORMAL_APPROXIMATION_CELL_MIN: f64 = 1_000.0;

/// Hits up to which a hypergeometric probability is multiplied out factor by factor, which keeps
/// all digits; beyond it logarithms of factorials are used, which keep the time short.
pub const FALLING_FACTORS_MAX: f64 = 1_000_000.0;

/// Points that a baseline needs before a departure or an onset is claimed from it.
pub const BASELINE_POINTS_MIN: usize = 3;

/// Seconds that must stay calm before an impact counts as over (definitions: 15 minutes).
pub const CALM_SECONDS: u32 = 900;
