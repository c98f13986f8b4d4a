//! What kind of source is this? Told from the content, never from the name.
//!
//! What cannot be told is an error that says what was seen and what to do; nothing is guessed.

mod banner;
mod binary;
mod columns;
mod exports;
mod json;
mod lines;
mod text;

pub(crate) use self::binary::has_lone_nul;
use crate::framing::{is_blank, unpadded};
use crate::{DecodeError, DecodeOptions, InputFormat, Mapping, limits};

/// What a source was found to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Detection {
    /// The format.
    pub format: InputFormat,
    /// Name of the mapping that applies, out of [`DecodeOptions::mappings`].
    pub mapping: Option<String>,
    /// Why, in words for people.
    pub reason: String,
    /// Bytes at the beginning, after a byte order mark, that hold lines of something else.
    pub banner_bytes: usize,
}

impl Detection {
    /// A format that the whole source has, told without a mapping.
    pub fn new(format: InputFormat, reason: impl Into<String>) -> Self {
        Self { format, mapping: None, reason: reason.into(), banner_bytes: 0 }
    }
}

/// What to do about text that is not recognised.
pub(crate) const HINT: &str = "name the format with --input-format, or let `fupan mapping suggest FILE` write a first mapping that says which field is the time";

/// Looks at the head of a source (the first [`limits::HEAD_BYTES_MAX`] bytes, decompressed) and says
/// what it is; `head_is_whole` if there is no more of it.
pub fn detect(head: &[u8], head_is_whole: bool, options: &DecodeOptions) -> Result<Detection, DecodeError> {
    let head = head.get(..limits::HEAD_BYTES_MAX).unwrap_or(head);
    if is_blank(head) && (head_is_whole || head.len() < limits::HEAD_BYTES_MAX) {
        return Err(DecodeError::Empty);
    }
    // A spreadsheet is binary data that can be read all the same.
    if crate::formats::xlsx::looks_like(head) {
        return Ok(Detection::new(InputFormat::Xlsx, "it is a spreadsheet: a package with sheets"));
    }
    binary::refuse(head, options.zone)?;
    let head = unpadded(head);
    // A mapping refines the format that was told; it never contradicts it.
    let agrees = |mapping: &&Mapping| options.format.is_none_or(|format| format == mapping.format());
    let mut mappings = options.mappings_for_source().filter(agrees);
    if let Some(detection) = mappings.find_map(|mapping| by_mapping(mapping, head, head_is_whole)) {
        return Ok(detection);
    }
    if let Some(format) = options.format {
        return Ok(Detection::new(format, "as told by --input-format"));
    }
    if let Some(detection) = exports::detect(head) {
        return Ok(detection);
    }
    if let Some(detection) = lines::detect(head, head_is_whole) {
        return Ok(detection);
    }
    let told = match head.trim_ascii_start().first() {
        Some(b'{' | b'[') => json::detect(head, head_is_whole),
        _ => text::detect(head, head_is_whole, options),
    };
    told.map_err(|error| name_encoding(error, head))
}

/// Text in another encoding that nothing tells from others (Latin-1 and its kin) can only be declared.
fn name_encoding(error: DecodeError, head: &[u8]) -> DecodeError {
    // A letter that the head cuts in half is no error.
    let is_utf8 = std::str::from_utf8(head).map_or_else(|error| error.error_len().is_none(), |_| true);
    match error {
        DecodeError::Unrecognised { seen, .. } if !is_utf8 => DecodeError::Unrecognised {
            seen: format!("{seen}, and not all of it is UTF-8"),
            hint: "name its encoding: --encoding latin1, or `encoding` in a mapping file".to_owned(),
        },
        other => other,
    }
}

/// The mapping applies if its test holds.
fn by_mapping(mapping: &Mapping, head: &[u8], head_is_whole: bool) -> Option<Detection> {
    fits(mapping, head, head_is_whole).then(|| Detection {
        format: mapping.format(),
        mapping: Some(mapping.name.clone()),
        reason: format!("it passes the test of the mapping {}", mapping.name),
        banner_bytes: 0,
    })
}

/// Whether the mapping's test on the content holds.
pub(crate) fn fits(mapping: &Mapping, head: &[u8], head_is_whole: bool) -> bool {
    let head = unpadded(head);
    if mapping.is_text() {
        return mapping.fits_text(head);
    }
    let is_json = matches!(head.trim_ascii_start().first(), Some(b'{' | b'['));
    if mapping.is_csv() {
        let table = crate::formats::Table::read(head, "csv");
        return !is_json && table.is_ok_and(|table| mapping.fits_header(&table.names));
    }
    json::first_keys(head, head_is_whole).is_some_and(|keys| mapping.fits_keys(&keys.written))
}

#[cfg(test)]
mod tests;
