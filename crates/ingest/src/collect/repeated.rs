//! Points of metrics that another source has brought already are left out, and told.

use std::collections::{BTreeSet, HashSet};

use arrow::array::BooleanArray;
use arrow::compute::filter_record_batch;
use fupan_model::Table;

use super::Collector;
use crate::IngestError;
use crate::decode::{Decoded, Repeated};
use crate::samples::{NewSamples, in_common};

/// What the store is asked for of each chunk, first and then.
const SERIES: [&str; 2] = ["series_id", "chunk_id"];
const POINTS: [&str; 4] = ["timestamp", "value", "series_id", "chunk_id"];

impl Collector<'_> {
    /// Leaves out of a piece what is in from elsewhere.
    pub(super) async fn leave_out_repeated(&mut self, decoded: &mut Decoded) -> Result<(), IngestError> {
        if decoded.repeated.is_some() {
            return Ok(());
        }
        let Some(new) = decoded.telemetry.get(&Table::Metrics).and_then(NewSamples::of) else {
            return Ok(());
        };
        let sharing = self.sharing_with(&new, decoded).await?;
        let mut repeated = Repeated::default();
        if !sharing.is_empty() {
            if sharing.iter().any(|id| self.waits(id)) {
                // Only what is in can be read.
                self.flush().await?;
            }
            self.commit_all().await?;
            let read = self.store.read_columns(Table::Metrics, &POINTS, &sharing, Some(new.range())).await;
            let keys = new.by_key();
            let mut dropped: HashSet<usize> = HashSet::new();
            // What cannot be read proves nothing.
            for (chunk, common) in in_common(&new, &keys, &read.unwrap_or_default()) {
                let source = self.samples.source_of(&chunk);
                if common.is_same_data() {
                    let fresh = common.same.iter().filter(|row| dropped.insert(**row)).count() as u64;
                    *repeated.samples.entry(source.clone()).or_default() += fresh;
                }
                let other = if common.is_same_data() {
                    common.other
                } else {
                    common.other + common.same.len() as u64
                };
                if other > 0 {
                    *repeated.differing.entry(source).or_default() += other;
                }
            }
            repeated.records = new.records_within(&dropped);
            if let Some(batch) =
                decoded.telemetry.remove(&Table::Metrics).filter(|_| dropped.len() < new.len())
            {
                let kept: BooleanArray = (0..new.len()).map(|row| Some(!dropped.contains(&row))).collect();
                decoded.telemetry.insert(Table::Metrics, filter_record_batch(&batch, &kept)?);
            }
        }
        decoded.repeated = Some(repeated);
        decoded.samples = Some(new);
        Ok(())
    }

    /// Chunks of other sources that hold points of the same series and time.
    async fn sharing_with(
        &mut self,
        new: &NewSamples,
        decoded: &Decoded,
    ) -> Result<BTreeSet<String>, IngestError> {
        let then = self.of_the_time_of(new, decoded);
        let missing = self.samples.not_loaded(&then);
        if !missing.is_empty() {
            self.commit_all().await?;
            let read = self.store.read_columns(Table::Metrics, &SERIES, &missing, None).await;
            self.samples.load(&missing, &read.unwrap_or_default());
        }
        Ok(self.samples.sharing(then, new))
    }

    /// Chunks of other sources that hold points of the same time and stay.
    fn of_the_time_of(&self, new: &NewSamples, decoded: &Decoded) -> BTreeSet<String> {
        let Some(stream) = &self.stream else { return BTreeSet::new() };
        let Some((facts, _)) = &stream.opened else { return BTreeSet::new() };
        let mut left_out: HashSet<&str> =
            stream.stale.iter().chain(&decoded.cut.supersedes).map(|row| row.chunk_id.as_str()).collect();
        if self.settings.replace {
            // It may take the place of what was read of this source.
            let own = self.known.of_source(&facts.source, facts.source_place.as_deref());
            left_out.extend(own.map(|row| row.chunk_id.as_str()));
        }
        let is_left_out = |id: &str| left_out.contains(id) || stream.seen.contains(id);
        let of_run = self.report.sources.len();
        self.samples.of_the_time_of(new, of_run, &is_left_out)
    }
}
