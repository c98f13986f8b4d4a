//! Limits, each with its reason.

/// Characters of one text from data in markdown: a pasted log must not become the report.
pub(crate) const TEXT_CHARS_MAX: usize = 2_000;

/// Characters of one text from data in a table of candidates, where whole templates stand.
pub(crate) const CELL_CHARS_MAX: usize = 240;

/// Lines of the timeline table; the CSV file behind it has all of them.
pub(crate) const TIMELINE_ROWS_MAX: usize = 200;

/// Rows of the blast-radius table; the CSV file behind it has all of them.
pub(crate) const BLAST_ROWS_MAX: usize = 60;

/// Rows of a heat map: more cannot be told apart on a page.
pub(crate) const HEAT_ROWS_MAX: usize = 40;

/// Columns of a heat map: below two pixels a cell cannot be seen; more are merged by their highest.
pub(crate) const HEAT_COLUMNS_MAX: usize = 180;

/// Events of the swim-lane chart; milestones are kept first.
pub(crate) const LANE_EVENTS_MAX: usize = 60;

/// Candidates drawn as small multiples.
pub(crate) const CANDIDATE_CHARTS_MAX: usize = 6;

/// Points of one line in a chart; more than pixels are merged.
pub(crate) const LINE_POINTS_MAX: usize = 900;

/// Sources in the data-quality table; the CSV file behind it has all of them.
pub(crate) const SOURCE_ROWS_MAX: usize = 40;

/// Rejected candidates in the table; the CSV file behind it has all of them.
pub(crate) const REJECTED_ROWS_MAX: usize = 20;
