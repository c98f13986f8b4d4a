//! How does a report come up to date without touching what people wrote?
//!
//! Generated blocks stand between two lines of their own:
//!
//! ```text
//! <!-- fupan:begin impact sha256=… -->
//! …
//! <!-- fupan:end impact -->
//! ```
//!
//! with the SHA-256 of what is between them (line ends as `\n`). Everything else belongs to people
//! and survives to the byte. A block that people edited is kept and the new one is put beside it as
//! `impact~new`, with a warning; delete either of the two. A block that people deleted stays
//! deleted: a last line, `<!-- fupan:rendered … -->`, lists the blocks that were there (take an id
//! out of it to get the block back). A block that people moved stays where it is; one that fupan
//! learns to write later follows its predecessor.

mod parse;
mod warning;

use std::collections::{BTreeMap, BTreeSet};

pub use parse::body_sha256;
use parse::{Segment, parse};
pub use warning::MergeWarning;

/// A generated block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    /// Its id, such as `impact`.
    pub id: String,
    /// Markdown between the two markers, ending with a line end.
    pub body: String,
}

/// A part of a rendered report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    /// Written by fupan, over and over.
    Generated(Block),
    /// Written by people; fupan puts a heading and a question there once.
    Human {
        /// Its id.
        id: String,
        /// Markdown.
        text: String,
    },
}

/// A report brought up to date.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Merged {
    /// The file's new text.
    pub text: String,
    /// What people should look at.
    pub warnings: Vec<MergeWarning>,
}

/// Brings `existing` up to date with `pieces`; without `existing`, writes a new file.
///
/// Merging the result again with the same pieces changes nothing.
pub fn merge(existing: Option<&str>, pieces: &[Piece]) -> Merged {
    match existing {
        None => Merged { text: compose(pieces), warnings: Vec::new() },
        Some(text) if text.trim().is_empty() => Merged { text: compose(pieces), warnings: Vec::new() },
        Some(text) => Merger::new(text, pieces).run(),
    }
}

/// A new file.
fn compose(pieces: &[Piece]) -> String {
    let mut out = String::new();
    for piece in pieces {
        match piece {
            Piece::Generated(block) => out.push_str(&written(&block.id, &block.body, "\n")),
            Piece::Human { text, .. } => out.push_str(text),
        }
        out.push('\n');
    }
    out.push_str(&manifest(generated(pieces).map(|block| block.id.as_str()), "\n"));
    out
}

fn generated(pieces: &[Piece]) -> impl Iterator<Item = &Block> {
    pieces.iter().filter_map(|piece| match piece {
        Piece::Generated(block) => Some(block),
        Piece::Human { .. } => None,
    })
}

/// A block with its markers.
fn written(id: &str, body: &str, line_end: &str) -> String {
    let body = body.replace("\r\n", "\n");
    let body = if body.ends_with('\n') || body.is_empty() { body } else { body + "\n" };
    let hash = body_sha256(&body);
    let text = format!("<!-- fupan:begin {id} sha256={hash} -->\n{body}<!-- fupan:end {id} -->\n");
    if line_end == "\n" { text } else { text.replace('\n', line_end) }
}

fn manifest<'a>(ids: impl Iterator<Item = &'a str>, line_end: &str) -> String {
    let ids: Vec<&str> = ids.collect();
    format!("<!-- fupan:rendered {} -->{line_end}", ids.join(" "))
}

fn new_id(id: &str) -> String {
    format!("{id}~new")
}

/// What becomes of a segment of the existing file.
enum Output<'a> {
    /// As it was.
    Kept(&'a str),
    /// A block as it was.
    KeptBlock { id: String, raw: &'a str, edited: bool },
    /// Written by fupan.
    Written { id: String, text: String },
    /// The list of rendered blocks goes here.
    Manifest,
}

impl Output<'_> {
    fn id(&self) -> Option<&str> {
        match self {
            Self::KeptBlock { id, .. } | Self::Written { id, .. } => Some(id),
            _ => None,
        }
    }
}

struct Merger<'a> {
    outputs: Vec<Output<'a>>,
    blocks: Vec<&'a Block>,
    known: BTreeSet<String>,
    had_manifest: bool,
    had_blocks: bool,
    line_end: &'static str,
    warnings: Vec<MergeWarning>,
}

impl<'a> Merger<'a> {
    fn new(text: &'a str, pieces: &'a [Piece]) -> Self {
        let parsed = parse(text);
        let crlf = text.matches("\r\n").count();
        let line_end = if crlf * 2 > text.matches('\n').count() { "\r\n" } else { "\n" };
        let mut merger = Self {
            outputs: Vec::new(),
            blocks: generated(pieces).collect(),
            known: BTreeSet::new(),
            had_manifest: false,
            had_blocks: false,
            line_end,
            warnings: parsed.unpaired.into_iter().map(|id| MergeWarning::Unpaired { id }).collect(),
        };
        let last_manifest =
            parsed.segments.iter().rposition(|segment| matches!(segment, Segment::Manifest { .. }));
        let mut seen = BTreeSet::new();
        for (index, segment) in parsed.segments.into_iter().enumerate() {
            merger.take(segment, Some(index) == last_manifest, &mut seen);
        }
        merger
    }

    fn take(&mut self, segment: Segment<'a>, is_last_manifest: bool, seen: &mut BTreeSet<String>) {
        match segment {
            Segment::Human(text) => self.outputs.push(Output::Kept(text)),
            Segment::Manifest { ids, raw } => {
                self.had_manifest = true;
                self.known.extend(ids);
                self.outputs.push(if is_last_manifest { Output::Manifest } else { Output::Kept(raw) });
            }
            Segment::Block { id, sha256, body, raw } => {
                self.had_blocks = true;
                if seen.insert(id.clone()) {
                    let edited = body_sha256(body) != sha256;
                    self.outputs.push(Output::KeptBlock { id, raw, edited });
                } else {
                    self.warnings.push(MergeWarning::Twice { id });
                    self.outputs.push(Output::Kept(raw));
                }
            }
        }
    }

    fn run(mut self) -> Merged {
        self.settle_what_is_known();
        let blocks = std::mem::take(&mut self.blocks);
        let mut predecessor: Option<String> = None;
        for (index, block) in blocks.iter().enumerate() {
            self.place(block, predecessor.as_deref(), blocks.get(index + 1..).unwrap_or_default());
            if let Some(last) =
                [new_id(&block.id), block.id.clone()].into_iter().find(|id| self.position(id).is_some())
            {
                predecessor = Some(last);
            }
        }
        self.warn_of_obsolete(&blocks);
        self.known.extend(blocks.iter().map(|block| block.id.clone()));
        Merged { text: self.text(&blocks), warnings: self.warnings }
    }

    fn settle_what_is_known(&mut self) {
        if self.had_manifest {
            return;
        }
        if !self.had_blocks {
            self.warnings.push(MergeWarning::NoBlocks);
            return;
        }
        let missing: Vec<String> = self
            .blocks
            .iter()
            .map(|block| block.id.clone())
            .filter(|id| self.position(id).is_none() && self.position(&new_id(id)).is_none())
            .collect();
        self.known.extend(missing.iter().cloned());
        if !missing.is_empty() {
            self.warnings.push(MergeWarning::ListMissing { ids: missing });
        }
    }

    fn position(&self, id: &str) -> Option<usize> {
        self.outputs.iter().position(|output| output.id() == Some(id))
    }

    fn is_edited(&self, position: usize) -> bool {
        matches!(self.outputs.get(position), Some(Output::KeptBlock { edited: true, .. }))
    }

    fn place(&mut self, block: &Block, predecessor: Option<&str>, followers: &[&Block]) {
        let beside = new_id(&block.id);
        match (self.position(&block.id), self.position(&beside)) {
            (Some(at), beside_at) if !self.is_edited(at) => {
                self.rewrite(at, &block.id, &block.body);
                // The edit was taken back: the copy beside it has done its work.
                if let Some(beside_at) = beside_at.filter(|at| !self.is_edited(*at)) {
                    self.outputs.remove(beside_at);
                }
                self.known.remove(&beside);
            }
            (Some(_), Some(beside_at)) => {
                if !self.is_edited(beside_at) {
                    self.rewrite(beside_at, &beside, &block.body);
                }
                self.warnings.push(MergeWarning::Edited { id: block.id.clone() });
            }
            (Some(_), None) if self.known.contains(&beside) => {
                self.warnings.push(MergeWarning::EditedAndAlone { id: block.id.clone() });
            }
            (Some(at), None) => {
                self.insert_after(at, &beside, &block.body);
                self.known.insert(beside);
                self.warnings.push(MergeWarning::Edited { id: block.id.clone() });
            }
            // People chose the new one: it takes the place of the edited one.
            (None, Some(at)) if !self.is_edited(at) => {
                self.rewrite(at, &block.id, &block.body);
                self.known.remove(&beside);
            }
            (None, Some(_)) => self.warnings.push(MergeWarning::EditedAndAlone { id: beside }),
            (None, None) if self.known.contains(&block.id) => {}
            (None, None) => self.insert_new(block, predecessor, followers),
        }
    }

    /// Writes a block in place; one that says the same already keeps its bytes.
    fn rewrite(&mut self, at: usize, id: &str, body: &str) {
        let text = written(id, body, self.line_end);
        let Some(output) = self.outputs.get_mut(at) else { return };
        let normal = |text: &str| text.replace("\r\n", "\n");
        if let Output::KeptBlock { raw, .. } = output
            && normal(raw).trim_end() == normal(&text).trim_end()
        {
            return;
        }
        *output = Output::Written { id: id.to_owned(), text };
    }

    fn insert_after(&mut self, at: usize, id: &str, body: &str) {
        let text = format!("{}{}", self.line_end, written(id, body, self.line_end));
        self.outputs.insert(at + 1, Output::Written { id: id.to_owned(), text });
    }

    fn insert_new(&mut self, block: &Block, predecessor: Option<&str>, followers: &[&Block]) {
        if let Some(at) = predecessor.and_then(|id| self.position(id)) {
            self.insert_after(at, &block.id, &block.body);
            return;
        }
        let text = written(&block.id, &block.body, self.line_end) + self.line_end;
        let before = followers.iter().find_map(|follower| self.position(&follower.id));
        let at = before
            .or_else(|| self.outputs.iter().position(|output| matches!(output, Output::Manifest)))
            .unwrap_or(self.outputs.len());
        self.outputs.insert(at, Output::Written { id: block.id.clone(), text });
    }

    fn warn_of_obsolete(&mut self, blocks: &[&Block]) {
        let current: BTreeSet<String> =
            blocks.iter().flat_map(|block| [block.id.clone(), new_id(&block.id)]).collect();
        let obsolete: Vec<String> = self
            .outputs
            .iter()
            .filter_map(Output::id)
            .filter(|id| !current.contains(*id))
            .map(ToOwned::to_owned)
            .collect();
        self.warnings.extend(obsolete.into_iter().map(|id| MergeWarning::Obsolete { id }));
    }

    fn text(&self, blocks: &[&Block]) -> String {
        let order: BTreeMap<&str, usize> =
            blocks.iter().enumerate().map(|(index, block)| (block.id.as_str(), index)).collect();
        let mut ids: Vec<&String> = self.known.iter().collect();
        ids.sort_by_key(|id| {
            (order.get(id.trim_end_matches("~new")).copied().unwrap_or(usize::MAX), id.as_str())
        });
        let manifest = manifest(ids.into_iter().map(String::as_str), self.line_end);
        let mut out = String::new();
        let mut has_manifest = false;
        for output in &self.outputs {
            let part = match output {
                Output::Kept(text) => *text,
                Output::KeptBlock { raw, .. } => raw,
                Output::Written { text, .. } => {
                    self.end_line(&mut out);
                    text
                }
                Output::Manifest => {
                    has_manifest = true;
                    self.end_line(&mut out);
                    manifest.as_str()
                }
            };
            out.push_str(part);
        }
        if !has_manifest {
            self.end_line(&mut out);
            out.push_str(&manifest);
        }
        out
    }

    /// A marker stands on a line of its own.
    fn end_line(&self, out: &mut String) {
        if !out.is_empty() && !out.ends_with('\n') {
            out.push_str(self.line_end);
        }
    }
}

#[cfg(test)]
mod tests;
