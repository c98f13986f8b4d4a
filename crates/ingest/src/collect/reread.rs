//! Bytes that are in, of which not all could be read: does this reading get more out of them?
//!
//! The year was not known (standard input), a mapping was missing, the software was older. The new reading takes
//! the place of the old one only if it reads more and loses nothing; otherwise the bytes were seen again.

use fupan_decode::Framing;

use super::Collector;
use crate::decode::Decoded;
use crate::known::is_in_own_row;

impl Collector<'_> {
    /// Prepares the piece to take the place of what was read of its bytes; or counts it as seen.
    pub(super) fn reads_better(&mut self, decoded: &mut Decoded) -> bool {
        let (Some(stream), Some(before)) = (&mut self.stream, decoded.cut.known.clone()) else { return true };
        let (rejected, rejected_before) = (decoded.rejected(), self.known.rejected_of(&before));
        let was_read = (before.records_accepted + before.records_duplicate).unsigned_abs();
        let is_read = decoded.records().saturating_sub(rejected);
        if rejected >= rejected_before || is_read < was_read {
            let is_document = stream.opened.as_ref().is_some_and(|(_, by)| by.framing() == Framing::Document);
            let records = if is_document { self.known.records_of(&before) } else { decoded.cut.records };
            stream.redundant.append(&mut decoded.cut.supersedes);
            self.group.seen.push(stream.seen(&before, records, &decoded.cut, self.settings));
            return false;
        }
        stream.mended_records += rejected_before - rejected;
        // Records with keys of their own stay where they are; only the rejects go.
        if !is_in_own_row(&before) {
            decoded.cut.supersedes.push(before.as_ref().clone());
        }
        true
    }
}
