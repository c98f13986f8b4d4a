//! Which of what was read from a source is an earlier version of it, whose place `--replace` takes?
//!
//! One source may have been read in several versions: before and after somebody mended it, but also before
//! and after it was rotated, and what a rotated log held is not mended by the next one. What speaks of the same
//! time is a version of the same; what speaks of another time is kept, and told.
//!
//! What was read in another encoding is replaced without being asked: its bytes were others, so nothing else tells that
//! it is the same.

use std::sync::Arc;

use fupan_model::Micros;
use fupan_store::LedgerRow;

use super::{Collector, Stream};
use crate::IngestError;
use crate::decode::Decoded;
use crate::known::{KnownChunks, is_declarative, start_of};

/// What a time may be off by where it was read in another zone.
const ZONES_APART: i64 = 26 * 3_600 * Micros::PER_SECOND;

/// From when to when records are, and the zone that was assumed for it.
#[derive(Debug, Clone, Copy, Default)]
struct Span<'a> {
    range: Option<(i64, i64)>,
    zone: Option<&'a str>,
}

impl Span<'_> {
    fn add(&mut self, first: Option<Micros>, last: Option<Micros>) {
        let Some((first, last)) = first.zip(last) else { return };
        let (low, high) = self.range.unwrap_or((first.0, last.0));
        self.range = Some((low.min(first.0), high.max(last.0)));
    }

    /// Whether both speak of the same time: more than half of the shorter one. A rotated log begins where the
    /// one before ended, give or take a few records.
    fn is_of_the_time_of(&self, new: &Self) -> bool {
        // Of what could never be read nothing is lost.
        let (Some((low, high)), Some((first, last))) = (self.range, new.range) else {
            return self.range.is_none();
        };
        let is_zone_other = self.zone.is_some() && self.zone != new.zone;
        let apart = if is_zone_other { ZONES_APART } else { 0 };
        // The one record of a new log, at the instant at which the rotated one ended.
        let begins_behind = first == last && high == first && low < high;
        let common = high.min(last.saturating_add(apart)) - low.max(first.saturating_sub(apart));
        common >= 0 && !begins_behind && common.saturating_mul(2) >= (high - low).min(last - first)
    }
}

/// One reading of a source from its beginning, with what was added as it grew.
#[derive(Default)]
struct Version<'a> {
    chunks: Vec<&'a Arc<LedgerRow>>,
    end: i64,
    span: Span<'a>,
}

impl<'a> Version<'a> {
    fn add(&mut self, row: &'a Arc<LedgerRow>) {
        self.end = row.prefix_bytes;
        self.span.add(row.first_timestamp, row.last_timestamp);
        self.span.zone = self.span.zone.or(row.assumed_zone.as_deref());
        self.chunks.push(row);
    }
}

/// The chunks of a source, each with those that it goes on from.
fn versions<'a>(chunks: impl Iterator<Item = &'a Arc<LedgerRow>>) -> Vec<Version<'a>> {
    let mut in_order: Vec<_> = chunks.filter(|row| row.chunk_bytes > 0).collect();
    in_order.sort_by_key(|row| start_of(row));
    let mut versions: Vec<Version<'a>> = Vec::new();
    for row in in_order {
        let start = row.prefix_bytes - row.chunk_bytes;
        let before = versions.iter_mut().rev().find(|version| start > 0 && version.end == start);
        if let Some(version) = before {
            version.add(row);
        } else {
            versions.push(Version::default());
            if let Some(version) = versions.last_mut() {
                version.add(row);
            }
        }
    }
    versions
}

impl Stream {
    /// The chunks of earlier versions that count and are not replaced already.
    fn earlier_versions(&self, known: &KnownChunks, new: Span<'_>, is_replacing: bool) -> Vec<LedgerRow> {
        let Some((facts, _)) = &self.opened else { return Vec::new() };
        let new = Span { zone: Some(&facts.zone), ..new };
        let is_stale = |row: &LedgerRow| self.stale.iter().any(|old| old.chunk_id == row.chunk_id);
        let of_source = known.of_source(&facts.source, facts.source_place.as_deref());
        let of_source =
            of_source.filter(|row| is_replacing || facts.in_other_encodings.contains(&row.reading));
        let mut earlier = Vec::new();
        for version in versions(of_source) {
            // Of one that is replaced in part, the rest goes too; one that begins alike is the same.
            let is_told = |row: &LedgerRow| is_stale(row) || self.seen.contains(&row.chunk_id);
            if version.chunks.iter().any(|row| is_told(row)) || version.span.is_of_the_time_of(&new) {
                earlier.extend(version.chunks.into_iter().map(|row| row.as_ref().clone()));
            }
        }
        earlier.retain(|row| !is_stale(row) && !self.seen.contains(&row.chunk_id));
        earlier
    }

    fn note_replaced(&mut self, earlier: &[LedgerRow]) {
        self.replaced_records += earlier.iter().map(|row| row.records_accepted.unsigned_abs()).sum::<u64>();
    }

    /// Has a piece that is the whole source take the place of earlier versions, in one commit.
    pub(super) fn replace_by_whole(
        &mut self,
        decoded: &mut Decoded,
        known: &KnownChunks,
        is_replacing: bool,
    ) {
        let Some((facts, _)) = &self.opened else { return };
        // A timeline corrects what it said before, and keeps it readable.
        if !decoded.cut.is_whole || is_declarative(&facts.input_format) || !decoded.has_accepted() {
            return;
        }
        let mut new = Span::default();
        let (first, last) = decoded.range();
        new.add(first, last);
        let replaced =
            |row: &LedgerRow| decoded.cut.supersedes.iter().any(|old| old.chunk_id == row.chunk_id);
        self.stale.extend(decoded.cut.supersedes.iter().cloned());
        let mut earlier = self.earlier_versions(known, new, is_replacing);
        earlier.retain(|row| !replaced(row));
        self.note_replaced(&earlier);
        decoded.cut.supersedes.extend(earlier);
    }
}

impl Collector<'_> {
    /// A source of several pieces was read to its end: it takes the place of earlier versions.
    pub(super) async fn replace_by_pieces(&mut self, stream: &mut Stream) -> Result<(), IngestError> {
        let Some((facts, _)) = &stream.opened else { return Ok(()) };
        // Records with keys of their own were compared with what is in, piece by piece.
        if facts.has_own_keys || stream.report.counts.accepted == 0 || stream.report.problem.is_some() {
            return Ok(());
        }
        let mut new = Span::default();
        new.add(stream.report.first, stream.report.last);
        let earlier = stream.earlier_versions(&self.known, new, self.settings.replace);
        if earlier.is_empty() {
            return Ok(());
        }
        stream.note_replaced(&earlier);
        stream.stale.extend(earlier.iter().cloned());
        if earlier.iter().any(|old| self.waits(&old.chunk_id)) {
            // Only what is in can be superseded.
            self.flush().await?;
        }
        let is_own = |chunk_id: &str| stream.fresh.iter().any(|row| row.chunk_id == chunk_id);
        let last = self.group.chunks.iter_mut().rev().find(|chunk| is_own(&chunk.ledger_row.chunk_id));
        match last {
            Some(last) => last.supersedes.extend(earlier),
            None => self.group.redundant.extend(earlier),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(range: Option<(i64, i64)>, zone: Option<&str>) -> Span<'_> {
        let seconds = |at: i64| at * Micros::PER_SECOND;
        Span { range: range.map(|(low, high)| (seconds(low), seconds(high))), zone }
    }

    #[test]
    fn what_was_rotated_is_no_earlier_version_of_what_follows_it() {
        let new = span(Some((1_000, 2_000)), Some("UTC"));
        for (range, is_earlier) in [
            (Some((1_000, 2_000)), true),
            (Some((1_100, 1_100)), true),
            (Some((900, 1_700)), true),
            (Some((0, 1_000)), false),
            (Some((0, 1_010)), false),
            (Some((2_001, 2_002)), false),
            (None, true),
        ] {
            assert_eq!(span(range, None).is_of_the_time_of(&new), is_earlier, "{range:?}");
        }
        let (old, one) = (span(Some((0, 200)), Some("UTC")), |at| span(Some((at, at)), Some("UTC")));
        assert!(!old.is_of_the_time_of(&one(200)) && old.is_of_the_time_of(&one(100)));
        assert!(
            one(200).is_of_the_time_of(&one(200))
                && one(200).is_of_the_time_of(&span(Some((200, 300)), None))
        );
        let in_another_zone = span(Some((28_000, 28_900)), Some("Asia/Shanghai"));
        assert!(in_another_zone.is_of_the_time_of(&new));
    }
}
