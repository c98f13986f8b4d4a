//! Which parts of a file are generated, and which are people's?

use sha2::{Digest, Sha256};

/// A part of a file; all `raw` and `Human` texts together are the file.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Segment<'a> {
    /// People's.
    Human(&'a str),
    /// Between two markers.
    Block {
        /// Its id.
        id: String,
        /// The hash that the marker carries.
        sha256: String,
        /// What is between the markers.
        body: &'a str,
        /// With the markers.
        raw: &'a str,
    },
    /// The list of rendered blocks.
    Manifest {
        /// Their ids.
        ids: Vec<String>,
        /// The line.
        raw: &'a str,
    },
}

#[derive(Debug)]
pub(super) struct Parsed<'a> {
    pub(super) segments: Vec<Segment<'a>>,
    /// Ids of markers without a partner.
    pub(super) unpaired: Vec<String>,
}

/// SHA-256, in hex, of a block's body with line ends as `\n`.
pub fn body_sha256(body: &str) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digest = Sha256::digest(body.replace("\r\n", "\n").as_bytes());
    let digit = |nibble: u8| char::from(DIGITS.get(usize::from(nibble)).copied().unwrap_or(b'?'));
    digest.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

enum Marker<'a> {
    Begin { id: &'a str, sha256: &'a str },
    End { id: &'a str },
    Rendered { ids: Vec<String> },
}

/// A line that is a marker and nothing else.
fn marker(line: &str) -> Option<Marker<'_>> {
    let inner = line.trim().strip_prefix("<!-- fupan:")?.strip_suffix("-->")?;
    let mut words = inner.split_ascii_whitespace();
    match words.next()? {
        "begin" => {
            let id = words.next()?;
            let sha256 = words.next()?.strip_prefix("sha256=")?;
            words.next().is_none().then_some(Marker::Begin { id, sha256 })
        }
        "end" => {
            let id = words.next()?;
            words.next().is_none().then_some(Marker::End { id })
        }
        "rendered" => Some(Marker::Rendered { ids: words.map(ToOwned::to_owned).collect() }),
        _ => None,
    }
}

/// An open block: its id and hash, where it begins, where its body begins.
struct Open<'a> {
    id: &'a str,
    sha256: &'a str,
    start: usize,
    body_start: usize,
}

/// Cuts a file into its parts. A begin that meets another begin before its end is people's text.
pub(super) fn parse(text: &str) -> Parsed<'_> {
    let mut segments = Vec::new();
    let mut unpaired = Vec::new();
    let mut open: Option<Open<'_>> = None;
    let mut human_start = 0;
    let mut offset = 0;
    for line in text.split_inclusive('\n') {
        let (line_start, line_stop) = (offset, offset + line.len());
        offset = line_stop;
        match marker(line) {
            Some(Marker::Begin { id, sha256 }) => {
                unpaired.extend(open.map(|block| block.id.to_owned()));
                open = Some(Open { id, sha256, start: line_start, body_start: line_stop });
            }
            Some(Marker::End { id }) => match open.take() {
                Some(block) if block.id == id => {
                    push_human(&mut segments, text, human_start, block.start);
                    segments.push(Segment::Block {
                        id: id.to_owned(),
                        sha256: block.sha256.to_owned(),
                        body: text.get(block.body_start..line_start).unwrap_or_default(),
                        raw: text.get(block.start..line_stop).unwrap_or_default(),
                    });
                    human_start = line_stop;
                }
                other => {
                    unpaired.extend(other.map(|block| block.id.to_owned()));
                    unpaired.push(id.to_owned());
                }
            },
            Some(Marker::Rendered { ids }) if open.is_none() => {
                push_human(&mut segments, text, human_start, line_start);
                segments.push(Segment::Manifest {
                    ids,
                    raw: text.get(line_start..line_stop).unwrap_or_default(),
                });
                human_start = line_stop;
            }
            _ => {}
        }
    }
    unpaired.extend(open.map(|block| block.id.to_owned()));
    push_human(&mut segments, text, human_start, text.len());
    Parsed { segments, unpaired }
}

fn push_human<'a>(segments: &mut Vec<Segment<'a>>, text: &'a str, start: usize, stop: usize) {
    match text.get(start..stop) {
        Some(human) if !human.is_empty() => segments.push(Segment::Human(human)),
        _ => {}
    }
}
