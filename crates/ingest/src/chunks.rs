//! Cutting a decompressed stream into chunks by a fixed rule, and recognising those that are in.
//!
//! A chunk is known by the length and digest of the whole prefix up to its end, so the same bytes
//! are recognised renamed, re-compressed, from standard input or grown. A file that grew is cut
//! where it ended last time, if that was a record boundary; if the last record was unfinished then,
//! the chunk that now holds it whole takes the place of the piece. A file that ends inside of a chunk
//! that is in cannot be told by digests: [`Cut::may_be_inside`] names what to compare it with.

use std::sync::Arc;

use fupan_decode::{Decoder, Framing, count_records, last_boundary};
use fupan_model::events::event_id;
use fupan_store::LedgerRow;

use crate::collect::PiecePlace;
use crate::decode::SourceFacts;
use crate::known::{self, KnownChunks, KnownEnd, NO_HEAD, head_digits, is_declarative};
use crate::reader::Text;
use crate::{SourceProblem, limits};

/// Why what is in is read again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Again {
    /// Something else was read of the document since: it went back to an earlier wording.
    WentBack,
    /// Not all of it became rows, and it may be better now.
    MayBeBetter,
}

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
    /// Identity of the bytes, and the digits of the first line in front of it.
    pub(crate) identity: String,
    pub(crate) head: String,
    /// The chunk that holds these bytes already.
    pub(crate) known: Option<Arc<LedgerRow>>,
    /// Why it is read all the same.
    pub(crate) again: Option<Again>,
    /// The stream ends here. Chunks that begin at the same place and go on: this may be a beginning of one
    /// of them.
    pub(crate) may_be_inside: Vec<Arc<LedgerRow>>,
    /// It is all of the stream.
    pub(crate) is_whole: bool,
    /// The stream ends in what may be the middle of a record.
    pub(crate) is_unfinished: bool,
    /// Chunks whose place this one takes.
    pub(crate) supersedes: Vec<LedgerRow>,
    /// A record too long to be read: its first bytes.
    pub(crate) runaway: Option<Vec<u8>>,
}

impl Cut {
    /// Where it ends.
    pub(crate) fn place(&self) -> PiecePlace {
        PiecePlace {
            length: self.length,
            prefix_bytes: self.prefix_bytes,
            prefix_digest: self.prefix_digest.clone(),
        }
    }
}

pub(crate) struct Chunker<'a> {
    reader: Text<'a>,
    decoder: &'a dyn Decoder,
    known: &'a KnownChunks,
    /// The source, where it is a declarative document.
    document: Option<&'a str>,
    /// The way of reading.
    facts: &'a SourceFacts,
    /// Read again even what is known, and take its place.
    replace: bool,
    buffer: Vec<u8>,
    at_end: bool,
    offset: u64,
    next_record: u64,
    prefix: blake3::Hasher,
    /// The bytes so far are the beginning of what is in.
    is_known_so_far: bool,
    problem: Option<SourceProblem>,
}

impl<'a> Chunker<'a> {
    /// `head` is what was read already for detection.
    pub(crate) fn new(
        reader: Text<'a>,
        head: Vec<u8>,
        decoder: &'a dyn Decoder,
        known: &'a KnownChunks,
        facts: &'a SourceFacts,
        replace: bool,
    ) -> Self {
        let document = is_declarative(&facts.input_format).then_some(facts.source.as_str());
        let mut prefix = blake3::Hasher::new();
        // Equal bytes under another name are other rows.
        prefix.update(decoder.name_of_source().unwrap_or_default().as_bytes());
        Self {
            reader,
            decoder,
            known,
            document,
            facts,
            replace,
            buffer: head,
            at_end: false,
            offset: 0,
            next_record: 1,
            prefix,
            is_known_so_far: true,
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
        // One more tells whether the stream ends here.
        self.fill_to(limits::CHUNK_BYTES + 1);
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
        let head = self.head();
        let mut supersedes: Vec<(usize, Arc<LedgerRow>)> = Vec::new();
        let mut boundary = None;
        let mut prefix = self.prefix.clone();
        let mut hashed = 0;
        // Where lines are joined, the last record of the stream may have ended before what seems its end.
        let searched = if self.at_end { self.buffer.len() } else { end };
        for (length, ends) in self.known.ending_within(self.offset, self.offset + searched as u64) {
            let may_fit =
                |chunk: &&KnownEnd| chunk.start() != self.offset || known::may_begin_with(&chunk.row, &head);
            if !ends.iter().any(|chunk| may_fit(&chunk)) {
                continue;
            }
            let size = usize::try_from(length - self.offset).unwrap_or(end);
            prefix.update(self.buffer.get(hashed..size).unwrap_or_default());
            hashed = size;
            let digest = prefix.finalize().to_hex();
            let found = || ends.iter().filter(|known| known.row.prefix_digest == digest.as_str());
            if found().next().is_none() {
                continue;
            }
            let live = || found().filter(|known| known.is_live);
            let is_live = live().next().is_some();
            let is_good_cut = is_live || (!self.replace && self.is_gap(size, length, &head));
            if is_good_cut && self.is_boundary(size) {
                // What lies before a chunk that is in was taken back: it is a piece of its own.
                let gap = live().map(|known| known.start().saturating_sub(self.offset)).min().unwrap_or(0);
                let gap = usize::try_from(gap).unwrap_or(size);
                boundary = Some(if gap > 0 && self.is_boundary(gap) { gap } else { size });
                if !self.replace {
                    break;
                }
            }
            // A declarative document that grew corrects what it said, and keeps it readable.
            if self.replace || (size < end && self.document.is_none()) {
                supersedes.extend(live().map(|known| (size, Arc::clone(&known.row))));
            }
        }
        let end = boundary.unwrap_or(end);
        // Of what is replaced, nothing may lie across the end of the piece.
        supersedes.retain(|(size, _)| *size <= end);
        let supersedes = supersedes.into_iter().map(|(_, row)| row.as_ref().clone()).collect();
        let bytes = self.take(end);
        self.finish(bytes, end as u64, head, supersedes, None)
    }

    /// Takes so many bytes off the buffer; what follows gets room for a whole chunk at once.
    fn take(&mut self, end: usize) -> Vec<u8> {
        let rest = self.buffer.get(end..).unwrap_or_default();
        let room = if self.at_end { rest.len() } else { limits::CHUNK_BYTES + 1 };
        let mut buffer = Vec::with_capacity(room.max(rest.len()));
        buffer.extend_from_slice(rest);
        self.buffer.truncate(end);
        std::mem::replace(&mut self.buffer, buffer)
    }

    /// Whether what was taken back ends there, and what counts goes on.
    fn is_gap(&self, size: usize, end: u64, head: &str) -> bool {
        let is_covered =
            self.known.going_on_after(self.offset, end).any(|row| known::may_begin_with(row, head));
        size > 0 && !is_covered && self.known.going_on_after(end, end).next().is_some()
    }

    /// Whether a record ends after `size` bytes of the buffer.
    fn is_boundary(&self, size: usize) -> bool {
        let rest = self.buffer.get(size..).unwrap_or_default();
        if self.framing() == Framing::Document {
            return rest.trim_ascii().is_empty();
        }
        let ends_at = |bytes: &[u8]| last_boundary(self.framing(), bytes) == Some(size);
        if (self.at_end && rest.is_empty()) || self.buffer.get(..size).is_some_and(ends_at) {
            return true;
        }
        // Where lines are joined, the next line tells whether a record has ended, whole or not.
        if !matches!(self.framing(), Framing::JoinedLines { .. }) {
            return false;
        }
        if let Some(at) = rest.iter().position(|byte| *byte == b'\n') {
            return self.buffer.get(..size + at + 1).is_some_and(ends_at);
        }
        let count = |bytes: &[u8]| count_records(self.framing(), bytes);
        let before = self.buffer.get(..size).unwrap_or_default();
        self.at_end && before.ends_with(b"\n") && count(before) + count(rest) == count(&self.buffer)
    }

    /// The digits of the first line in the buffer; of a table also of its first row, since many have the
    /// same header. Messages that say how long they are have no lines.
    fn head(&self) -> String {
        if self.framing() == Framing::OctetCounted {
            return NO_HEAD.to_owned();
        }
        let looked_at = self.buffer.get(..limits::FIRST_LINE_BYTES_MAX).unwrap_or(&self.buffer);
        let lines =
            if matches!(self.framing(), Framing::CsvRecords { .. }) && self.offset == 0 { 2 } else { 1 };
        let ends = looked_at.iter().enumerate().filter(|(_, byte)| **byte == b'\n');
        let end = ends.map(|(at, _)| at + 1).nth(lines - 1);
        end.and_then(|end| looked_at.get(..end)).map_or_else(|| NO_HEAD.to_owned(), head_digits)
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
        self.finish(Vec::new(), length, NO_HEAD.to_owned(), Vec::new(), Some(first))
    }

    fn finish(
        &mut self,
        bytes: Vec<u8>,
        length: u64,
        head: String,
        supersedes: Vec<LedgerRow>,
        runaway: Option<Vec<u8>>,
    ) -> Cut {
        self.prefix.update(&bytes);
        let prefix_digest = self.prefix.finalize().to_hex().to_string();
        let prefix_bytes = self.offset + length;
        let records = if runaway.is_some() { 1 } else { self.decoder.count_records(&bytes, self.offset) };
        let known = if self.replace { None } else { self.known_at(prefix_bytes, &prefix_digest, &bytes) };
        let newest = self.document.and_then(|document| self.known.newest_of_document(document));
        let is_again = known.as_ref().is_some_and(|known| newest.is_some_and(|id| id != known.chunk_id));
        let is_last = self.at_end && last_boundary(self.framing(), &self.buffer).is_none();
        let may_be_inside = if known.is_none() && is_last && runaway.is_none() {
            self.may_be_inside(prefix_bytes, &head)
        } else {
            Vec::new()
        };
        let mut identity = event_id(&["chunk", &prefix_bytes.to_string(), &prefix_digest]);
        // Rows of a chunk that ended here and began elsewhere may still be in the tables, uncounted.
        let mut ends = self.known.ending_at(prefix_bytes).iter();
        if ends.any(|known| known.row.prefix_digest == prefix_digest && known.start() != self.offset) {
            identity = event_id(&["chunk-from", &self.offset.to_string(), &identity]);
        }
        let mut again = None;
        let (reading, version) = (&self.facts.reading, &self.facts.software_version);
        if let (true, Some(newest)) = (is_again, newest) {
            again = Some(Again::WentBack);
            identity = event_id(&["chunk-again", &identity, newest]);
        } else if let Some(known) = known.as_ref()
            && self.known.may_be_read_better(known, reading, version)
        {
            again = Some(Again::MayBeBetter);
            identity = event_id(&["chunk-reread", &identity, &known.chunk_id]);
        }
        self.is_known_so_far = known.is_some();
        let is_unfinished = self.at_end
            && self.buffer.is_empty()
            && last_boundary(self.framing(), &bytes) != Some(bytes.len());
        let is_whole = self.offset == 0 && self.at_end && self.buffer.is_empty() && self.problem.is_none();
        let cut = Cut {
            bytes,
            byte_offset: self.offset,
            length,
            first_record: self.next_record,
            records,
            identity,
            head,
            prefix_bytes,
            prefix_digest,
            known,
            again,
            may_be_inside,
            is_whole,
            is_unfinished,
            supersedes,
            runaway,
        };
        self.offset = prefix_bytes;
        self.next_record += records;
        cut
    }

    /// The chunk that counts and covers the piece that ends there; of several the latest.
    fn known_at(&self, end: u64, digest: &str, bytes: &[u8]) -> Option<Arc<LedgerRow>> {
        let find = |end: u64, digest: &str| {
            let mut covering = self.known.ending_at(end).iter().rev();
            covering
                .find(|known| {
                    known.is_live && known.row.prefix_digest == digest && known.start() <= self.offset
                })
                .map(|known| Arc::clone(&known.row))
        };
        let found = find(end, digest);
        if found.is_some() || self.framing() != Framing::Document {
            return found;
        }
        // A document is the same without the line end behind it; one more is seen by `Self::cut`.
        ["\n", "\r\n"].into_iter().find_map(|line_end| {
            let mut hasher = blake3::Hasher::new();
            hasher.update(bytes).update(line_end.as_bytes());
            find(end + line_end.len() as u64, hasher.finalize().to_hex().as_str())
        })
    }

    fn may_be_inside(&self, end: u64, head: &str) -> Vec<Arc<LedgerRow>> {
        if !self.is_known_so_far || self.framing() == Framing::Document {
            return Vec::new();
        }
        // One that ends before this stream does is grown, not cut.
        let stream_end = end + self.buffer.len() as u64;
        let going_on = self.known.going_on_after(self.offset, end);
        let going_on = going_on.filter(|row| row.prefix_bytes.unsigned_abs() >= stream_end);
        let begins_alike = |row: &&Arc<LedgerRow>| {
            // Behind bytes that are known, a piece of a line needs no more evidence.
            let is_piece_of_line = head == NO_HEAD && self.offset > 0;
            is_piece_of_line || (head != NO_HEAD && known::head_of(row) == head)
        };
        going_on.filter(begins_alike).take(limits::CUT_COPY_CANDIDATES_MAX).cloned().collect()
    }
}
