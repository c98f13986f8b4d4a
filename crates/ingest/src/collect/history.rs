//! What has a source to do with what was read before?

use super::Stream;
use crate::known::KnownChunks;
use crate::report::SourceHistory;

impl Stream {
    /// What the source has to do with what was read before.
    pub(super) fn history(&self, known: &KnownChunks) -> Option<SourceHistory> {
        let (report, (facts, _)) = (&self.report, self.opened.as_ref()?);
        if let Some(inside) = &self.inside {
            return Some(SourceHistory::CutCopy { of: inside.source.clone() });
        }
        if report.bytes == 0 {
            return None;
        }
        if self.replaced_records > 0 {
            return Some(SourceHistory::Replaced { records: self.replaced_records });
        }
        if self.mended_records > 0 {
            return Some(SourceHistory::Mended { records: self.mended_records });
        }
        if self.fresh.is_empty() && self.seen_bytes > 0 {
            let mut going_on = known.going_on_after(report.bytes, report.bytes);
            return Some(match going_on.find(|row| row.source == report.source) {
                Some(row) => SourceHistory::CutCopy { of: row.source.clone() },
                None => SourceHistory::Unchanged,
            });
        }
        if self.seen_bytes > 0 {
            let other = self.seen_in.clone().filter(|source| *source != report.source);
            return Some(SourceHistory::Grown { known_bytes: self.seen_bytes, other });
        }
        // Only what has no keys of its own is in twice where two versions share records.
        let goes_on = !facts.has_own_keys && report.source != "-";
        let mut held = known.of_source(&report.source, facts.source_place.as_deref());
        let overlaps = !report.samples_repeated.is_empty() || !report.records_repeated.is_empty();
        let is_other = self.stale.is_empty() && !overlaps;
        (goes_on && is_other && held.next().is_some()).then_some(SourceHistory::StartedAnew)
    }
}
