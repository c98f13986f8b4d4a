//! What do the numbers say? Statistics, onsets, impact segments, log shapes and the ranking of
//! candidates.
//!
//! Every function here goes from slices to values: no Arrow, no I/O, no clock, no randomness.
//! The same input gives the same output on every machine and with any number of threads. Missing
//! values are `NaN` (or a gap, where a type says so), never zero; "cannot say" is `None`, never a
//! number.

pub mod candidates;
pub mod departure;
pub mod intervals;
pub mod levels;
pub mod limits;
pub mod onset;
pub mod proportions;
pub mod quantiles;
pub mod segments;
pub mod shape;
pub mod templates;

pub use candidates::{Candidate, CandidateKind, Certainty, Ranked, Ranking, Reason, rank};
pub use departure::{Departure, departure};
pub use intervals::{Interval, QuantileInterval};
pub use onset::onset;
pub use proportions::Share;
pub use quantiles::{iqr, mad, median, percentile_cont};
pub use segments::{Expected, Segment, SegmentInput, SegmentRule, impact_segments};
pub use shape::{MINER_VERSION, mask_body, shape_id};
pub use templates::{Template, mine_templates};
