//! What another source has brought already is left out, and told: points of metrics, and records that have ids.

use std::collections::{BTreeSet, HashSet};

use arrow::array::BooleanArray;
use arrow::compute::filter_record_batch;
use fupan_model::Table;

use super::Collector;
use crate::IngestError;
use crate::decode::{Decoded, Repeated};
use crate::identified::{NewRecords, content_columns, id_columns};
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
        let mut repeated = Repeated::default();
        self.leave_out_samples(decoded, &mut repeated).await?;
        self.leave_out_records(decoded, &mut repeated).await?;
        Ok(decoded.set_repeated(repeated)?)
    }

    /// Records of logs or spans that another source has brought under the same id, with the same content.
    async fn leave_out_records(
        &mut self,
        decoded: &mut Decoded,
        repeated: &mut Repeated,
    ) -> Result<(), IngestError> {
        let Some(format) = self.input_format() else { return Ok(()) };
        let Some(new) = NewRecords::of(&decoded.telemetry, format)? else { return Ok(()) };
        let sharing = self.sharing_records(&new, decoded).await?;
        if !sharing.is_empty() {
            self.commit_those(&sharing).await?;
            let table = new.table();
            let names = content_columns(table);
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            let read = self.store.read_columns(table, &names, &sharing, Some(new.range())).await;
            // What cannot be read proves nothing.
            let common = self.records.in_common(&new, &read.unwrap_or_default())?;
            repeated.records += new.records_within(&common.dropped);
            repeated.leave_out(table, &common.dropped);
            if !common.dropped.is_empty() {
                decoded.telemetry.remove(&table);
                if let Some(left) = new.without(&common.dropped)? {
                    decoded.telemetry.insert(table, left);
                }
            }
            repeated.with_ids = common.same;
            repeated.changed_under_id = common.other;
        }
        decoded.records_with_ids = Some(new);
        Ok(())
    }

    /// Chunks of other sources that hold records with the same ids and of the same time.
    async fn sharing_records(
        &mut self,
        new: &NewRecords,
        decoded: &Decoded,
    ) -> Result<BTreeSet<String>, IngestError> {
        let known = self.records.of_kind(new);
        let mut then = known.beside(self.report.sources.len(), new.first, new.last);
        self.without_own(&mut then, decoded);
        let missing = self.records.of_kind(new).not_loaded(&then);
        if !missing.is_empty() {
            self.commit_all().await?;
            let read = self.store.read_columns(new.table(), id_columns(new.table()), &missing, None).await;
            self.records.load(new, &missing, &read.unwrap_or_default())?;
        }
        Ok(self.records.sharing(then, new))
    }

    /// Has these chunks in the store: only what is in can be read.
    async fn commit_those(&mut self, chunks: &BTreeSet<String>) -> Result<(), IngestError> {
        if chunks.iter().any(|id| self.waits(id)) {
            self.flush().await?;
        }
        self.commit_all().await
    }

    /// Points of metrics that another source has brought with the same value.
    async fn leave_out_samples(
        &mut self,
        decoded: &mut Decoded,
        repeated: &mut Repeated,
    ) -> Result<(), IngestError> {
        let Some(new) = decoded.telemetry.get(&Table::Metrics).and_then(NewSamples::of) else {
            return Ok(());
        };
        let sharing = self.sharing_with(&new, decoded).await?;
        if !sharing.is_empty() {
            self.commit_those(&sharing).await?;
            let read = self.store.read_columns(Table::Metrics, &POINTS, &sharing, Some(new.range())).await;
            let keys = new.by_key();
            let mut dropped: HashSet<usize> = HashSet::new();
            // What cannot be read proves nothing.
            for (chunk, common) in in_common(&new, &keys, &read.unwrap_or_default()) {
                let source = self.samples.chunks.source_of(&chunk);
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
            repeated.records += new.records_within(&dropped);
            repeated.leave_out(Table::Metrics, &dropped);
            if let Some(batch) =
                decoded.telemetry.remove(&Table::Metrics).filter(|_| dropped.len() < new.len())
            {
                let kept: BooleanArray = (0..new.len()).map(|row| Some(!dropped.contains(&row))).collect();
                decoded.telemetry.insert(Table::Metrics, filter_record_batch(&batch, &kept)?);
            }
        }
        decoded.samples = Some(new);
        Ok(())
    }

    /// Chunks of other sources that hold points of the same series and time.
    async fn sharing_with(
        &mut self,
        new: &NewSamples,
        decoded: &Decoded,
    ) -> Result<BTreeSet<String>, IngestError> {
        let mut then = self.samples.chunks.beside(self.report.sources.len(), new.first, new.last);
        self.without_own(&mut then, decoded);
        let missing = self.samples.chunks.not_loaded(&then);
        if !missing.is_empty() {
            self.commit_all().await?;
            let read = self.store.read_columns(Table::Metrics, &SERIES, &missing, None).await;
            self.samples.load(&missing, &read.unwrap_or_default());
        }
        Ok(self.samples.sharing(then, new))
    }

    /// Leaves out chunks whose place is taken, and those that this source holds itself.
    fn without_own(&self, chunks: &mut BTreeSet<String>, decoded: &Decoded) {
        let Some(stream) = self.stream.as_ref().filter(|_| !chunks.is_empty()) else { return };
        let Some((facts, _)) = &stream.opened else { return };
        for replaced in stream.stale.iter().chain(&decoded.cut.supersedes) {
            chunks.remove(&replaced.chunk_id);
        }
        chunks.retain(|id| !stream.seen.contains(id));
        if self.settings.replace {
            // It may take the place of what was read of this source.
            for own in self.known.of_source(&facts.source, facts.source_place.as_deref()) {
                chunks.remove(&own.chunk_id);
            }
        }
    }

    fn input_format(&self) -> Option<&str> {
        let (facts, _) = self.stream.as_ref()?.opened.as_ref()?;
        Some(&facts.input_format)
    }
}
