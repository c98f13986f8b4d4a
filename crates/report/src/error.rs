//! What can go wrong when a report is rendered?

/// Errors of this crate. All of them but [`ReportError::Svg`] are faults of ours, not of the input.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// A template names something that is not there.
    #[error("a built-in report template failed: {0}; please report this as a bug of fupan")]
    Template(#[from] minijinja::Error),
    /// A chart could not be drawn.
    #[error("the chart `{chart}` could not be drawn: {reason}; please report this as a bug of fupan")]
    Chart {
        /// Which.
        chart: &'static str,
        /// What the drawing library said.
        reason: String,
    },
    /// The built-in fonts could not be read.
    #[error("the built-in font could not be read; please report this as a bug of fupan")]
    Font,
    /// A table could not be written.
    #[error("a table could not be written as CSV: {0}; please report this as a bug of fupan")]
    Csv(#[from] csv::Error),
    /// Receipts could not be written.
    #[error("receipts could not be written as JSON: {0}; please report this as a bug of fupan")]
    Json(#[from] serde_json::Error),
    /// An SVG file could not be turned into pixels.
    #[error("the SVG could not be turned into PNG: {0}; was it edited by hand?")]
    Svg(String),
}
