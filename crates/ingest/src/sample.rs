//! What does the beginning of a source look like, as text?

use std::io::Read;

use fupan_decode::{DecodeOptions, DetectedEncoding, Encoding, Transcoding};

use crate::holes::fill_head;
use crate::reader::Decompressed;
use crate::{Source, SourceProblem};

/// The head of a source, decompressed and in UTF-8, as detection sees it.
#[derive(Debug, Clone)]
pub struct Sample {
    /// The text.
    pub text: Vec<u8>,
    /// What it was transcoded from, where it was.
    pub encoding: Option<DetectedEncoding>,
}

/// Reads the head of a source in the encoding that is declared, or told by its bytes, or guessed. Of an
/// archive only its members have a head worth looking at: unpack one.
pub fn sample(
    source: &Source,
    declared: Option<Encoding>,
    options: &DecodeOptions,
) -> Result<Sample, SourceProblem> {
    let unreadable = |error: std::io::Error| SourceProblem::Unreadable { reason: error.to_string() };
    let raw = source.open().map_err(unreadable)?;
    let wanted = fupan_decode::limits::HEAD_BYTES_MAX;
    let mut head = Vec::new();
    let read = fill_head(&mut Decompressed::new(raw)?, &mut head, wanted);
    if let Some(problem) = read.err().filter(|_| head.is_empty()) {
        return Err(problem);
    }
    let told = Encoding::of_source(&head, head.len() < wanted, declared, options);
    let Some(encoding) = told.or_else(|| Encoding::guess(&head)) else {
        return Ok(Sample { text: head, encoding: None });
    };
    let mut text = Vec::new();
    Transcoding::new(head.as_slice(), encoding.encoding).read_to_end(&mut text).map_err(unreadable)?;
    Ok(Sample { text, encoding: Some(encoding) })
}
