//! Every limit of the rules, with its reason.

/// Shorter texts hold nothing that a rule takes: `a@b.cn` is the shortest address.
pub const TEXT_BYTES_MIN: usize = 6;

/// Fewer digits in a whole text cannot be a phone number that a rule takes (`+65 6123 4567`), let alone
/// an identity or card number.
pub const DIGITS_MIN: usize = 10;

/// The part of an address before its `@` (RFC 5321).
pub const EMAIL_LOCAL_BYTES_MAX: usize = 64;

/// The name of a host (RFC 1035).
pub const EMAIL_DOMAIN_BYTES_MAX: usize = 253;

/// How far before a value the word that names it may begin.
pub const LABEL_BYTES_MAX: usize = 48;

/// Groups of one number: a card of 19 digits has five.
pub const GROUPS_MAX: usize = 6;

/// A secret without a mark at its end goes so far; long enough for signed tokens and certificates of
/// sessions, short enough that a text does not vanish.
pub const SECRET_BYTES_MAX: usize = 16 << 10;

/// Passes over one text. Each one leaves less of it; two are enough for all texts but those made to need
/// more.
pub const PASSES_MAX: usize = 16;

/// Bytes at the end of a text that was cut off there: part of a number or address could stand in them.
pub const CUT_BYTES_MAX: usize = 64;

/// Bytes before a separator in which the member stands that names what is behind it.
pub(crate) const PAIR_BYTES_MAX: usize = 256;
