//! Columns whose rows have numbers: of a series, of a chunk, of a word that comes again and again.
//!
//! What stands behind a number is looked at once, however many rows have it. In memory such columns are
//! Arrow's dictionaries, in a file those of Parquet; any reader sees plain columns.

mod column;
mod hybrid;
mod leaf;
mod pages;

pub use column::plain;
pub(crate) use column::{are_numbered, encode as encode_column, used, used_values};
pub(crate) use leaf::{Leaf, Run, entries, map_texts, numbers, runs_of, texts};
pub(crate) use pages::{Value, encode};
