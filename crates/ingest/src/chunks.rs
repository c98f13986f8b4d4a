//! Cutting a decompressed stream into chunks by a fixed rule, and recognising those that are in.
//!
//! A chunk is known by the length and digest of the whole prefix up to its end, so the same bytes
//! are recognised renamed, re-compressed, from standard input or grown. A file that grew is cut
//! where it ended last time, if that was a record boundary; if the last record was unfinished then,
//! the chunk that now holds it whole takes the place of the piece.

use fupan_decode::{Decoder, Framing, last_boundary};
use fupan_model::events::event_id;
use fupan_store::{Ledger, LedgerRow};

use crate::reader::Decompressed;
use crate::{SourceProblem, limits};

/// A piece of a source, ready to be decoded or recognised.
#[derive(Debug)]
pub(crate) struct Cut {
    /// Whole records; empty for a runaway record.
    pub(crate) bytes: Vec<u8>,
    /// Where the piece begins.
    pub(crate) byte_offset: u64,
    /// Length of the piece in the source.
    pub(crate) length: u64,
    /// Number of its first record.
    pub(crate) first_record: u64,
    /// Records in it; 1 for a document.
    pub(crate) records: u64,
    /// Prefix length and digest at its end.
    pub(crate) prefix_bytes: u64,
    pub(crate) prefix_digest: String,
    /// Identity of the bytes.
    pub(crate) chunk_key: String,
    /// The chunk that holds these bytes already.
    pub(crate) known: Option<LedgerRow>,
    /// Chunks whose place this one takes.
    pub(crate) supersedes: Vec<LedgerRow>,
    /// A record too long to be read: its first bytes.
    pub(crate) runaway: Option<Vec<u8>>,
}

/// Live chunks by the prefix length at which they end.
#[derive(Debug, Default, Clone)]
pub(crate) struct KnownPrefixes {
    by_length: std::collections::BTreeMap<u64, Vec<LedgerRow>>,
}

impl KnownPrefixes {
    pub(crate) fn new(ledger: &Ledger) -> Self {
        let mut known = Self::default();
        for row in ledger.live() {
            known.by_length.entry(row.prefix_bytes.unsigned_abs()).or_default().push(row.clone());
        }
        known
    }

    /// Chunks of this run are known to the sources that follow, as if they had been in before.
    pub(crate) fn learn(&mut self, rows: &[LedgerRow], superseded: &[LedgerRow]) {
        for old in superseded {
            if let Some(known) = self.by_length.get_mut(&old.prefix_bytes.unsigned_abs()) {
                known.retain(|row| row.chunk_id != old.chunk_id);
            }
        }
        for row in rows {
            self.by_length.entry(row.prefix_bytes.unsigned_abs()).or_default().push(row.clone());
        }
    }

    /// Chunks that end within `(from, to]`.
    fn ending_within(&self, from: u64, to: u64) -> impl Iterator<Item = (&u64, &Vec<LedgerRow>)> {
        self.by_length.range(from + 1..=to.max(from + 1)).filter(move |(length, _)| **length <= to)
    }
}

pub(crate) struct Chunker<'a> {
    reader: Decompressed,
    decoder: &'a dyn Decoder,
    known: &'a KnownPrefixes,
    /// Read again even what is known, and take its place.
    replace: bool,
    buffer: Vec<u8>,
    at_end: bool,
    offset: u64,
    next_record: u64,
    prefix: blake3::Hasher,
    problem: Option<SourceProblem>,
}

impl<'a> Chunker<'a> {
    /// `head` is what was read already for detection.
    pub(crate) fn new(
        reader: Decompressed,
        head: Vec<u8>,
        decoder: &'a dyn Decoder,
        known: &'a KnownPrefixes,
        replace: bool,
    ) -> Self {
        Self {
            reader,
            decoder,
            known,
            replace,
            buffer: head,
            at_end: false,
            offset: 0,
            next_record: 1,
            prefix: blake3::Hasher::new(),
            problem: None,
        }
    }

    /// The stream could not be read beyond its head.
    pub(crate) fn stop_at_head(&mut self, problem: SourceProblem) {
        self.at_end = true;
        self.problem = Some(problem);
    }

    /// What ended the stream early, once [`Self::next`] has returned none.
    pub(crate) fn problem(&mut self) -> Option<SourceProblem> {
        self.problem.take()
    }

    /// Compressed bytes taken so far.
    pub(crate) fn compressed(&self) -> u64 {
        self.reader.compressed()
    }

    /// The next piece, in order.
    pub(crate) fn next(&mut self) -> Option<Cut> {
        if self.decoder.framing() == Framing::Document {
            return self.next_document();
        }
        self.fill_to(limits::CHUNK_BYTES);
        if self.buffer.is_empty() {
            return None;
        }
        loop {
            let window = self.buffer.get(..limits::CHUNK_BYTES).unwrap_or(&self.buffer);
            let searched = if self.buffer.len() > limits::CHUNK_BYTES
                && last_boundary(self.framing(), window).is_none()
            {
                &self.buffer
            } else {
                window
            };
            if let Some(end) = last_boundary(self.framing(), searched) {
                return Some(self.cut(end));
            }
            if self.at_end {
                if self.problem.is_some() {
                    // The last record is cut off by the damage: it is not ours to judge.
                    return None;
                }
                return Some(self.cut(self.buffer.len()));
            }
            if self.buffer.len() > self.decoder.record_bytes_max() {
                return Some(self.runaway());
            }
            let wanted = self.buffer.len().saturating_mul(2);
            self.fill_to(wanted);
        }
    }

    fn framing(&self) -> Framing {
        self.decoder.framing()
    }

    fn fill_to(&mut self, wanted: usize) {
        if self.at_end || self.buffer.len() >= wanted {
            return;
        }
        let missing = wanted - self.buffer.len();
        match self.reader.fill(&mut self.buffer, missing) {
            Ok(filled) => self.at_end = filled < missing,
            Err(problem) => {
                self.at_end = true;
                self.problem = Some(problem);
            }
        }
    }

    fn next_document(&mut self) -> Option<Cut> {
        if self.offset > 0 {
            return None;
        }
        let limit = self.decoder.record_bytes_max();
        self.fill_to(limit + 1);
        if self.buffer.len() > limit {
            self.problem = Some(SourceProblem::DocumentTooLarge { limit_mib: limit >> 20 });
        }
        if self.problem.is_some() || self.buffer.is_empty() {
            return None;
        }
        Some(self.cut(self.buffer.len()))
    }

    /// Takes `end` bytes off the buffer, or fewer where a known chunk ends at a record boundary.
    fn cut(&mut self, end: usize) -> Cut {
        let mut supersedes = Vec::new();
        let mut end = end;
        for (length, rows) in self.known.ending_within(self.offset, self.offset + end as u64) {
            let size = usize::try_from(length - self.offset).unwrap_or(end);
            let digest = self.prefix_digest(size);
            let Some(row) = rows.iter().find(|row| row.prefix_digest == digest) else { continue };
            if !self.replace && self.is_boundary(size) {
                end = size;
                break;
            }
            if self.replace || size < end {
                supersedes.push(row.clone());
            }
        }
        let rest = self.buffer.split_off(end);
        let bytes = std::mem::replace(&mut self.buffer, rest);
        self.finish(bytes, end as u64, supersedes, None)
    }

    /// Whether a record ends after `size` bytes of the buffer.
    fn is_boundary(&self, size: usize) -> bool {
        let piece = self.buffer.get(..size).unwrap_or_default();
        (self.at_end && size == self.buffer.len())
            || self.framing() == Framing::Document
            || last_boundary(self.framing(), piece) == Some(size)
    }

    fn prefix_digest(&self, size: usize) -> String {
        let mut prefix = self.prefix.clone();
        prefix.update(self.buffer.get(..size).unwrap_or_default());
        prefix.finalize().to_hex().to_string()
    }

    /// A record that exceeds all limits: kept are its first bytes, then it is skipped.
    fn runaway(&mut self) -> Cut {
        let first =
            self.buffer.get(..fupan_decode::limits::REJECTED_BYTES_MAX).unwrap_or(&self.buffer).to_vec();
        let mut length = 0_u64;
        loop {
            if let Some(line_end) = self.buffer.iter().position(|byte| *byte == b'\n') {
                let rest = self.buffer.split_off(line_end + 1);
                length += self.buffer.len() as u64;
                self.prefix.update(&self.buffer);
                self.buffer = rest;
                break;
            }
            length += self.buffer.len() as u64;
            self.prefix.update(&self.buffer);
            self.buffer.clear();
            if self.at_end {
                break;
            }
            self.fill_to(limits::CHUNK_BYTES);
        }
        self.finish(Vec::new(), length, Vec::new(), Some(first))
    }

    fn finish(
        &mut self,
        bytes: Vec<u8>,
        length: u64,
        supersedes: Vec<LedgerRow>,
        runaway: Option<Vec<u8>>,
    ) -> Cut {
        self.prefix.update(&bytes);
        let prefix_digest = self.prefix.finalize().to_hex().to_string();
        let prefix_bytes = self.offset + length;
        let records = if runaway.is_some() { 1 } else { self.decoder.count_records(&bytes, self.offset) };
        let known = self
            .known
            .by_length
            .get(&prefix_bytes)
            .and_then(|rows| rows.iter().find(|row| row.prefix_digest == prefix_digest))
            .filter(|row| !supersedes.iter().any(|old: &LedgerRow| old.chunk_id == row.chunk_id))
            .cloned();
        let cut = Cut {
            bytes,
            byte_offset: self.offset,
            length,
            first_record: self.next_record,
            records,
            chunk_key: event_id(&["chunk", &prefix_bytes.to_string(), &prefix_digest]),
            prefix_bytes,
            prefix_digest,
            known,
            supersedes,
            runaway,
        };
        self.offset = prefix_bytes;
        self.next_record += records;
        cut
    }
}
