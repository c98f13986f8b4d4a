//! What another source has brought already is left out, and told: points of metrics, and records that have ids.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use arrow::array::BooleanArray;
use arrow::compute::filter_record_batch;
use fupan_model::Table;

use super::Collector;
use crate::IngestError;
use crate::decode::{Decoded, Repeated};
use crate::identified::{NewRecords, TABLES, content_columns, id_columns};
use crate::samples::{NewSamples, in_common};

/// What the store is asked for of each chunk, first and then.
const SERIES: [&str; 2] = ["series_id", "chunk_id"];
const POINTS: [&str; 4] = ["timestamp", "value", "series_id", "chunk_id"];

/// Rows of a piece that were left out.
#[derive(Default)]
struct LeftOut(BTreeMap<Table, BTreeSet<usize>>);

impl LeftOut {
    fn add(&mut self, table: Table, rows: &HashSet<usize>) {
        if !rows.is_empty() {
            self.0.entry(table).or_default().extend(rows);
        }
    }

    /// Tells what was left out; none where nothing was.
    fn digest(&self) -> Option<String> {
        let rows = self.0.iter().flat_map(|(table, rows)| rows.iter().map(move |row| (table.name(), row)));
        let mut hasher = blake3::Hasher::new();
        for (table, row) in rows {
            hasher.update(table.as_bytes()).update(&row.to_le_bytes());
        }
        (!self.0.is_empty()).then(|| hasher.finalize().to_hex().to_string())
    }
}

impl Collector<'_> {
    /// Leaves out of a piece what is in from elsewhere.
    pub(super) async fn leave_out_repeated(&mut self, decoded: &mut Decoded) -> Result<(), IngestError> {
        if decoded.repeated.is_some() {
            return Ok(());
        }
        let mut repeated = Repeated::default();
        let mut left_out = LeftOut::default();
        self.leave_out_samples(decoded, &mut repeated, &mut left_out).await?;
        for table in TABLES {
            self.leave_out_records(table, decoded, &mut repeated, &mut left_out).await?;
        }
        decoded.repeated = Some(repeated);
        if let Some(digest) = left_out.digest() {
            decoded.is_without(&digest)?;
        }
        Ok(())
    }

    /// Records of logs or spans that another source has brought under the same id, with the same content.
    async fn leave_out_records(
        &mut self,
        table: Table,
        decoded: &mut Decoded,
        repeated: &mut Repeated,
        left_out_rows: &mut LeftOut,
    ) -> Result<(), IngestError> {
        let Some(batch) = decoded.telemetry.get(&table) else { return Ok(()) };
        let Some(format) = self.input_format() else { return Ok(()) };
        let Some(new) = NewRecords::of(table, batch, format)? else { return Ok(()) };
        let sharing = self.sharing_records(&new, decoded).await?;
        if !sharing.is_empty() {
            self.commit_those(&sharing).await?;
            let names = content_columns(table);
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            let read = self.store.read_columns(table, &names, &sharing, Some(new.range())).await;
            // What cannot be read proves nothing.
            let common = self.records.in_common(&new, &read.unwrap_or_default())?;
            repeated.records += new.records_within(&common.dropped);
            left_out_rows.add(table, &common.dropped);
            if !common.dropped.is_empty() {
                decoded.telemetry.remove(&table);
                if let Some(left) = new.without(&common.dropped)? {
                    decoded.telemetry.insert(table, left);
                }
            }
            for (all, own) in
                [(&mut repeated.with_ids, common.same), (&mut repeated.changed_under_id, common.other)]
            {
                for (source, rows) in own {
                    *all.entry(source).or_default() += rows;
                }
            }
        }
        decoded.records_with_ids.push(new);
        Ok(())
    }

    /// Chunks of other sources that hold records with the same ids and of the same time.
    async fn sharing_records(
        &mut self,
        new: &NewRecords,
        decoded: &Decoded,
    ) -> Result<BTreeSet<String>, IngestError> {
        let of_run = self.report.sources.len();
        let left_out = self.left_out(decoded);
        let then = self.records.of_the_time_of(new, of_run, &|id| left_out.contains(id));
        let missing = self.records.not_loaded(new.table, &then);
        if !missing.is_empty() {
            self.commit_all().await?;
            let read = self.store.read_columns(new.table, id_columns(new.table), &missing, None).await;
            self.records.load(new.table, &missing, &read.unwrap_or_default())?;
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
        left_out_rows: &mut LeftOut,
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
            repeated.records += new.records_within(&dropped);
            left_out_rows.add(Table::Metrics, &dropped);
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
        let left_out = self.left_out(decoded);
        let of_run = self.report.sources.len();
        let then = self.samples.of_the_time_of(new, of_run, &|id| left_out.contains(id));
        let missing = self.samples.not_loaded(&then);
        if !missing.is_empty() {
            self.commit_all().await?;
            let read = self.store.read_columns(Table::Metrics, &SERIES, &missing, None).await;
            self.samples.load(&missing, &read.unwrap_or_default());
        }
        Ok(self.samples.sharing(then, new))
    }

    /// Chunks whose place is taken, or that this source holds itself.
    fn left_out(&self, decoded: &Decoded) -> HashSet<String> {
        let Some(stream) = &self.stream else { return HashSet::new() };
        let Some((facts, _)) = &stream.opened else { return HashSet::new() };
        let replaced = stream.stale.iter().chain(&decoded.cut.supersedes);
        let mut left_out: HashSet<String> = replaced.map(|row| row.chunk_id.clone()).collect();
        left_out.extend(stream.seen.iter().cloned());
        if self.settings.replace {
            // It may take the place of what was read of this source.
            let own = self.known.of_source(&facts.source, facts.source_place.as_deref());
            left_out.extend(own.map(|row| row.chunk_id.clone()));
        }
        left_out
    }

    fn input_format(&self) -> Option<&str> {
        let (facts, _) = self.stream.as_ref()?.opened.as_ref()?;
        Some(&facts.input_format)
    }
}
