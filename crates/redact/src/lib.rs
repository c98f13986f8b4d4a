//! Which parts of a text must not be written down?
//!
//! [`redact`] replaces e-mail addresses, phone, identity and card numbers and secrets by the name of
//! their kind, such as `<phone>`, and counts them. It takes what a rule is sure of and leaves ids,
//! times, addresses of machines and amounts alone; [`Rule::takes`] and [`Rule::misses`] say where the
//! line is. A text in which nothing can be is told from a few vector instructions and not copied.
//!
//! [`PseudonymKey`] is for fields of which people say that they are personal: the same value gives the
//! same pseudonym as long as the key is the same, so that rows can still be counted and joined.
//!
//! Functions from values to values: no files, no clock, no environment, never a panic on input.

mod column;
mod digits;
mod email;
mod fold;
mod labels;
pub mod limits;
mod marked;
mod numbers;
mod pair;
mod prefilter;
mod pseudonym;
mod rule;
mod scan;
mod secret_names;
mod secrets;
mod statement;
mod urls;
mod values;

pub use column::{suspected_ids, suspects};
pub use pseudonym::{BadKey, KeySource, PseudonymKey};
pub use rule::{Counts, Rule, reference};
pub use scan::{identifies, names_secret, redact, redact_bytes, redact_field};
