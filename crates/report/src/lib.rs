//! Answers in, markdown, charts and receipts out.
//!
//! A report is a pure function of an [`IncidentReport`] and a language: no SQL, no files, no clock,
//! so the same answers give the same bytes. Whatever text comes from data is inert in markdown,
//! SVG and CSV by construction (see [`escape`]). What people wrote into an earlier report survives
//! re-rendering to the byte (see [`mod@merge`]).
//!
//! This is the only crate that knows templates and charts.

mod charts;
mod error;
pub mod escape;
mod findings;
pub mod format;
mod lang;
mod limits;
pub mod merge;
pub mod model;
mod phrases;
mod png;
mod receipts;
mod render;
mod table;
mod template;
pub mod terms;
mod view;

pub use error::ReportError;
pub use format::{Locale, Noun};
pub use lang::Lang;
pub use merge::{Block, MergeWarning, Merged, Piece, merge};
pub use model::*;
pub use png::svg_to_png;
pub use receipts::{PlacedFigure, RECEIPTS_FORMAT, ReceiptBook};
pub use render::{Rendered, render};
