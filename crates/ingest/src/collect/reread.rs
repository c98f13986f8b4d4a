//! Bytes that are in, of which not all could be read: does this reading get more out of them?
//!
//! The year was not known (standard input), a mapping was missing, the software was older; or points of metrics were
//! left out that another source had brought, which was taken back since. The new reading takes
//! the place of the old one only if it reads more and loses nothing; otherwise the bytes were seen again.

use fupan_decode::Framing;

use super::Collector;
use crate::IngestError;
use crate::decode::{Decoded, Repeated};
use crate::known::is_in_own_row;

impl Collector<'_> {
    /// Prepares the piece to take the place of what was read of its bytes; or counts it as seen.
    pub(super) async fn reads_better(&mut self, decoded: &mut Decoded) -> Result<bool, IngestError> {
        let Some(before) = decoded.cut.known.clone() else { return Ok(true) };
        // Records with keys of their own stay where they are; only the rejects go.
        let is_replaced = !is_in_own_row(&before);
        if is_replaced {
            decoded.cut.supersedes.push(before.as_ref().clone());
        }
        self.leave_out_repeated(decoded).await?;
        let Some(stream) = &mut self.stream else { return Ok(true) };
        let repeated = decoded.repeated.as_ref().map_or(0, Repeated::rows);
        let (rejected, rejected_before) = (decoded.rejected(), self.known.rejected_of(&before));
        let was_read = (before.records_accepted + before.records_duplicate).unsigned_abs();
        let is_read = decoded.records().saturating_sub(rejected);
        let is_better = rejected < rejected_before || repeated < before.samples_repeated.unsigned_abs();
        if !is_better || rejected > rejected_before || is_read < was_read {
            let is_document = stream.opened.as_ref().is_some_and(|(_, by)| by.framing() == Framing::Document);
            let records = if is_document { self.known.records_of(&before) } else { decoded.cut.records };
            decoded.cut.supersedes.retain(|old| old.chunk_id != before.chunk_id);
            stream.redundant.append(&mut decoded.cut.supersedes);
            self.group.seen.push(stream.seen(&before, records, &decoded.cut, self.settings));
            return Ok(false);
        }
        stream.mended_records += rejected_before - rejected;
        Ok(true)
    }
}
