//! What does the beginning of a source look like, as text?

use std::io::Read;

use fupan_decode::{DecodeOptions, Encoding, Transcoding};

use crate::reader::Decompressed;
use crate::{Source, SourceProblem};

/// The head of a source, decompressed and in UTF-8, as detection sees it. Of an archive only its members
/// have a head worth looking at: unpack one.
pub fn sample(source: &Source, options: &DecodeOptions) -> Result<Vec<u8>, SourceProblem> {
    let unreadable = |error: std::io::Error| SourceProblem::Unreadable { reason: error.to_string() };
    let raw = source.open().map_err(unreadable)?;
    let wanted = fupan_decode::limits::HEAD_BYTES_MAX;
    let mut head = Vec::new();
    let read = Decompressed::new(raw)?.take(wanted as u64).read_to_end(&mut head);
    if let Some(error) = read.err().filter(|_| head.is_empty()) {
        return Err(unreadable(error));
    }
    let Some(told) = Encoding::of_source(&head, head.len() < wanted, None, options) else { return Ok(head) };
    let mut text = Vec::new();
    Transcoding::new(head.as_slice(), told.encoding).read_to_end(&mut text).map_err(unreadable)?;
    Ok(text)
}
