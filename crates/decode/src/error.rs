//! Why can a source not be opened, and what can be done about it?
//!
//! A record that cannot be read is not an error but a reject; these are about the source as a whole.

/// A source cannot be opened.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// No bytes, or white space only.
    #[error("the input is empty: there is nothing to read; check that the export finished")]
    Empty,
    /// Known or unknown binary data.
    #[error("the input is {kind}, not text; {hint}")]
    Binary {
        /// What it is, with its article.
        kind: String,
        /// What to do.
        hint: String,
        /// A form of data, which is no picture and no program.
        is_data: bool,
    },
    /// Text in an encoding other than UTF-8.
    #[error(
        "the input is text in {encoding}, not UTF-8, and was not transcoded; convert it: iconv -f {encoding} -t UTF-8"
    )]
    Encoding {
        /// The encoding's name for iconv.
        encoding: String,
    },
    /// Text of no known format.
    #[error("cannot tell the format of the input: {seen}; {hint}")]
    Unrecognised {
        /// What was seen instead.
        seen: String,
        /// What to do.
        hint: String,
    },
    /// A mapping is asked for, for what is read without one.
    #[error("it is read without a mapping, as {format}: {reason}; try it with fupan ingest --dry-run")]
    NoMappingNeeded {
        /// The format's name.
        format: &'static str,
        /// How it was told.
        reason: String,
    },
    /// The source is not what its format or mapping needs.
    #[error("the input cannot be read as {format}: {reason}")]
    Mismatch {
        /// The format's name.
        format: &'static str,
        /// What is missing, and what to do.
        reason: String,
    },
    /// A mapping file is wrong.
    #[error("mapping {name}: {reason}")]
    Mapping {
        /// The mapping's name, or `?` where it has none yet.
        name: String,
        /// What is wrong, where, and what to do.
        reason: String,
    },
}
