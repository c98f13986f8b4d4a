//! One chunk → its rows, on whichever core is free.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::compute::cast;
use arrow::error::ArrowError;
use fupan_decode::{Chunk, Decoder, Framing, Place, RecordSink};
use fupan_model::events::event_id;
use fupan_model::ledger::LedgerAction;
use fupan_model::{IncidentEvent, Micros, Table};
use fupan_store::{ChunkRows, LedgerRow};

use crate::chunks::Cut;
use crate::guard::Privacy;
use crate::identified::NewRecords;
use crate::keyed::Keys;
use crate::known::{rejects_id, rejects_mark};
use crate::report::{Counts, ShownReject};
use crate::rows::columns::same;
use crate::samples::NewSamples;
use crate::sink::ChunkSink;

/// What all chunks of one source share.
#[derive(Debug, Clone)]
pub(crate) struct SourceFacts {
    pub(crate) source: String,
    /// Digits of where it lies; see [`crate::source::Source::place_digits`].
    pub(crate) source_place: Option<String>,
    pub(crate) input_format: String,
    pub(crate) mapping: Option<String>,
    /// Its records carry keys of their own; see [`fupan_decode::InputFormat::has_own_keys`].
    pub(crate) has_own_keys: bool,
    pub(crate) zone: String,
    pub(crate) reading: String,
    /// As `reading`, in other encodings: the same records, of other bytes.
    pub(crate) in_other_encodings: Arc<HashSet<String>>,
    pub(crate) privacy: Privacy,
    pub(crate) ingested_at: Micros,
    pub(crate) software_version: String,
}

/// A decoded chunk; events and changes wait for their keys to be looked at, in order.
pub(crate) struct Decoded {
    pub(crate) cut: Cut,
    pub(crate) chunk_id: String,
    pub(crate) telemetry: BTreeMap<Table, RecordBatch>,
    /// What of its rows was left out; none while nobody has looked.
    pub(crate) repeated: Option<Repeated>,
    /// All of its points.
    pub(crate) samples: Option<NewSamples>,
    /// All of its rows of the table whose records have ids.
    pub(crate) records_with_ids: Option<NewRecords>,
    sink: ChunkSink,
    read: u64,
}

/// Points of metrics and records with ids that other sources have brought.
#[derive(Debug, Default)]
pub(crate) struct Repeated {
    /// Records of which nothing is left.
    pub(crate) records: u64,
    /// Rows that were left out.
    pub(crate) left_out: BTreeMap<Table, BTreeSet<usize>>,
    /// Points that were left out, by the source that had them.
    pub(crate) samples: BTreeMap<String, u64>,
    /// Points that have another value there; kept.
    pub(crate) differing: BTreeMap<String, u64>,
    /// Rows of records with ids that were left out, by the source that had them.
    pub(crate) with_ids: BTreeMap<String, u64>,
    /// Rows whose id has another content there; kept.
    pub(crate) changed_under_id: BTreeMap<String, u64>,
}

impl Repeated {
    /// How many rows were left out.
    pub(crate) fn rows(&self) -> u64 {
        self.left_out.values().map(|rows| rows.len() as u64).sum()
    }

    /// Adds rows that were left out.
    pub(crate) fn leave_out(&mut self, table: Table, rows: &HashSet<usize>) {
        if !rows.is_empty() {
            self.left_out.entry(table).or_default().extend(rows);
        }
    }

    /// Tells which rows were left out; none where none were.
    fn digest(&self) -> Option<String> {
        let rows =
            self.left_out.iter().flat_map(|(table, rows)| rows.iter().map(move |row| (table.name(), row)));
        let mut hasher = blake3::Hasher::new();
        for (table, row) in rows {
            hasher.update(table.as_bytes()).update(&row.to_le_bytes());
        }
        (!self.left_out.is_empty()).then(|| hasher.finalize().to_hex().to_string())
    }
}

/// Decodes and builds columns; runs on a worker thread.
pub(crate) fn decode(decoder: &dyn Decoder, cut: Cut, facts: &SourceFacts) -> Result<Decoded, ArrowError> {
    let chunk_id = event_id(&[&cut.identity, &facts.reading]);
    let expected_rows = usize::try_from(cut.records).unwrap_or_default();
    let mut sink = ChunkSink::new(facts.privacy.clone(), expected_rows);
    sink.rows_of(decoder.header());
    if let Some(first_bytes) = &cut.runaway {
        let place = Place { record: cut.first_record, byte_offset: cut.byte_offset };
        sink.reject(
            place,
            format!("a record of {} bytes is longer than all limits", cut.length),
            first_bytes,
        );
    } else {
        let chunk = Chunk { bytes: &cut.bytes, first_record: cut.first_record, byte_offset: cut.byte_offset };
        decoder.decode(chunk, &mut sink);
    }
    let mut telemetry = BTreeMap::new();
    if let Some(mut rows) = sink.logs.take() {
        telemetry.insert(Table::Logs, rows.finish(&chunk_id, &mut sink.guard)?);
    }
    if let Some(error) = sink.guard.failure.take().or_else(|| sink.failure.take()) {
        return Err(error);
    }
    if let Some(rows) = sink.metrics.take() {
        telemetry.insert(Table::Metrics, rows.finish(&chunk_id)?);
    }
    if let Some(mut rows) = sink.spans.take() {
        telemetry.insert(Table::Spans, rows.finish(&chunk_id)?);
    }
    let found = sink.records_with_rows + sink.quarantine.0.len() as u64;
    // A document's records are numbered by its decoder; a line that holds nothing (an empty batch)
    // was read and accepted all the same.
    let read = if decoder.framing() == Framing::Document { found } else { found.max(cut.records) };
    Ok(Decoded {
        cut,
        chunk_id,
        telemetry,
        repeated: None,
        samples: None,
        records_with_ids: None,
        sink,
        read,
    })
}

/// What the ledger says about personal data: how often each rule took something, or that it was kept.
pub(crate) fn redactions(counts: &fupan_redact::Counts, keep_raw: bool) -> BTreeMap<String, u64> {
    let rules = counts.found().map(|(rule, count)| (rule.name(), count));
    let others = [("pseudonym", counts.pseudonyms()), ("kept_raw", u64::from(keep_raw))];
    let all = rules.chain(others).filter(|(_, count)| *count > 0);
    all.map(|(name, count)| (name.to_owned(), count)).collect()
}

/// What the collector gets of a chunk.
pub(crate) struct Finished {
    /// The chunk, and its rejects where they stand in a row of their own.
    pub(crate) rows: Vec<ChunkRows>,
    pub(crate) counts: Counts,
    pub(crate) by_table: BTreeMap<Table, u64>,
    pub(crate) rejects: Vec<ShownReject>,
    pub(crate) redacted: fupan_redact::Counts,
    pub(crate) repeated: Repeated,
    /// Events of a document that it no longer has.
    pub(crate) retracted: u64,
    pub(crate) samples: Option<NewSamples>,
    pub(crate) records_with_ids: Option<NewRecords>,
    pub(crate) assumed_zone_records: u64,
    pub(crate) assumed_year_records: u64,
    pub(crate) first: Option<Micros>,
    pub(crate) last: Option<Micros>,
}

impl Finished {
    /// The chunks whose place it takes.
    pub(crate) fn supersedes(&self) -> impl Iterator<Item = &str> {
        self.rows.iter().flat_map(|chunk| &chunk.supersedes).map(|old| old.chunk_id.as_str())
    }

    /// Neither rows nor rejects.
    pub(crate) fn is_nothing_new(&self) -> bool {
        self.by_table.is_empty() && self.counts.rejected == 0
    }
}

impl Decoded {
    /// Whether keys have to be loaded before [`Self::finish`].
    pub(crate) fn has_keys(&self) -> bool {
        !self.sink.events.0.is_empty() || !self.sink.changes.0.is_empty() || !self.sink.documents.is_empty()
    }

    /// What of its rows was left out. Without them it is another chunk than the one that has them, which may be in
    /// a table already (taken back since, or written by a run that died).
    pub(crate) fn set_repeated(&mut self, repeated: Repeated) -> Result<(), ArrowError> {
        let left_out = repeated.digest();
        self.repeated = Some(repeated);
        let Some(left_out) = left_out else { return Ok(()) };
        self.chunk_id = event_id(&["chunk-without", &left_out, &self.chunk_id]);
        for batch in self.telemetry.values_mut() {
            let schema = batch.schema();
            let at = schema.index_of("chunk_id")?;
            let mut columns = batch.columns().to_vec();
            let Some(column) = columns.get_mut(at) else { continue };
            *column = cast(&same(&self.chunk_id, batch.num_rows()), column.data_type())?;
            *batch = RecordBatch::try_new(schema, columns)?;
        }
        Ok(())
    }

    /// Whether anything in it could be read.
    pub(crate) fn has_accepted(&self) -> bool {
        self.read > self.rejected()
    }

    /// Records of it that could not be read.
    pub(crate) fn rejected(&self) -> u64 {
        self.sink.quarantine.0.len() as u64
    }

    /// The earliest and the latest instant in it.
    pub(crate) fn range(&self) -> (Option<Micros>, Option<Micros>) {
        (self.sink.first, self.sink.last)
    }

    /// Records in the chunk.
    pub(crate) fn records(&self) -> u64 {
        self.read
    }

    /// The rejects of the chunk, as rows.
    pub(crate) fn rejects(&self) -> Result<RecordBatch, ArrowError> {
        self.sink.quarantine.finish("", &self.chunk_id)
    }

    /// Looks at the keys and builds the ledger rows. Chunks come here in order.
    pub(crate) fn finish(mut self, facts: &SourceFacts, keys: &mut Keys) -> Result<Finished, ArrowError> {
        let replaced = self.cut.supersedes.iter().map(|row| row.chunk_id.as_str()).collect();
        keys.forget_chunks(&replaced);
        let mut duplicates = keys.new_events(&mut self.sink.events.0, &self.sink.documents, &self.chunk_id);
        let is_retraction =
            |event: &IncidentEvent| event.event_type == "retracted" && event.supersedes.is_some();
        let retracted = self.sink.events.0.iter().filter(|(event, _)| is_retraction(event)).count() as u64;
        duplicates.extend(keys.new_changes(&mut self.sink.changes.0, &self.chunk_id));
        let rejected = self.rejected();
        let repeated = self.repeated.take().unwrap_or_default();
        let duplicate = duplicates.len() as u64 + repeated.records;
        let read = self.read.max(rejected + duplicate);
        let accepted = read - rejected - duplicate;
        let counts = Counts { read, accepted, rejected, duplicate };
        let mut batches = self.batches(facts)?;
        let by_table: BTreeMap<Table, u64> = batches
            .iter()
            .map(|(table, batches)| (*table, batches.iter().map(|batch| batch.num_rows() as u64).sum()))
            .collect();
        let mut rows = Vec::new();
        let mut ledger_row = self.ledger_row(facts, &by_table, counts);
        ledger_row.samples_repeated = repeated.rows() as i64;
        if rejected > 0 && facts.has_own_keys {
            // A corrected document leaves its rows where they are and takes its rejects back.
            ledger_row.records_read -= rejected as i64;
            ledger_row.records_rejected = 0;
            rows.push(self.rejects_apart(facts, &ledger_row)?);
        } else if rejected > 0 {
            let batch = self.sink.quarantine.finish(&facts.source, &self.chunk_id)?;
            batches.insert(Table::Quarantine, vec![batch]);
        }
        rows.insert(0, ChunkRows { ledger_row, batches, supersedes: self.cut.supersedes });
        let rejects =
            self.sink.quarantine.0.iter().take(crate::limits::REJECTS_SHOWN).map(|reject| ShownReject {
                record: reject.place.record,
                byte_offset: reject.place.byte_offset,
                reason: reject.reason.clone(),
            });
        Ok(Finished {
            rejects: rejects.collect(),
            rows,
            counts,
            by_table,
            redacted: self.sink.guard.counts,
            repeated,
            retracted,
            samples: self.samples,
            records_with_ids: self.records_with_ids,
            assumed_zone_records: self.sink.assumed_zone_records,
            assumed_year_records: self.sink.assumed_year_records,
            first: self.sink.first,
            last: self.sink.last,
        })
    }

    /// The rows by table, without those of quarantine.
    fn batches(&mut self, facts: &SourceFacts) -> Result<BTreeMap<Table, Vec<RecordBatch>>, ArrowError> {
        let mut batches: BTreeMap<Table, Vec<RecordBatch>> = std::mem::take(&mut self.telemetry)
            .into_iter()
            .map(|(table, batch)| (table, vec![batch]))
            .collect();
        if !self.sink.events.0.is_empty() {
            let batch = self.sink.events.finish(&self.chunk_id, facts.ingested_at)?;
            batches.insert(Table::IncidentEvents, vec![batch]);
        }
        if !self.sink.changes.0.is_empty() {
            let batch = self.sink.changes.finish(&self.chunk_id, facts.ingested_at)?;
            batches.insert(Table::Changes, vec![batch]);
        }
        Ok(batches)
    }

    fn ledger_row(&self, facts: &SourceFacts, by_table: &BTreeMap<Table, u64>, counts: Counts) -> LedgerRow {
        LedgerRow {
            action: LedgerAction::Committed,
            chunk_id: self.chunk_id.clone(),
            chunk_key: format!("{}{}", self.cut.head, self.cut.identity),
            reading: facts.reading.clone(),
            source: facts.source.clone(),
            source_place: facts.source_place.clone(),
            input_format: facts.input_format.clone(),
            mapping: facts.mapping.clone(),
            assumed_zone: (self.sink.assumed_zone_records > 0).then(|| facts.zone.clone()),
            assumed_zone_records: self.sink.assumed_zone_records as i64,
            prefix_bytes: self.cut.prefix_bytes as i64,
            prefix_digest: self.cut.prefix_digest.clone(),
            chunk_bytes: self.cut.length as i64,
            records_read: counts.read as i64,
            records_accepted: counts.accepted as i64,
            records_rejected: counts.rejected as i64,
            records_duplicate: counts.duplicate as i64,
            rows: by_table.values().sum::<u64>() as i64,
            samples_repeated: 0,
            first_timestamp: self.sink.first,
            last_timestamp: self.sink.last,
            table_versions: BTreeMap::new(),
            superseded_by: None,
            redactions: redactions(&self.sink.guard.counts, facts.privacy.keep_raw),
            ingested_at: facts.ingested_at,
            software_version: facts.software_version.clone(),
        }
    }

    /// The rejects as a chunk of their own, which a later reading can take back by itself.
    fn rejects_apart(&self, facts: &SourceFacts, of: &LedgerRow) -> Result<ChunkRows, ArrowError> {
        let rejected = self.sink.quarantine.0.len() as i64;
        let chunk_id = rejects_id(&self.chunk_id);
        let batch = self.sink.quarantine.finish(&facts.source, &chunk_id)?;
        let ledger_row = LedgerRow {
            chunk_key: rejects_id(&of.chunk_key),
            chunk_id,
            // It has no bytes, so it can never be taken for the beginning of a file.
            prefix_bytes: 0,
            prefix_digest: rejects_mark(&self.chunk_id),
            chunk_bytes: 0,
            assumed_zone: None,
            assumed_zone_records: 0,
            records_read: rejected,
            records_accepted: 0,
            records_rejected: rejected,
            records_duplicate: 0,
            rows: 0,
            samples_repeated: 0,
            redactions: BTreeMap::new(),
            first_timestamp: None,
            last_timestamp: None,
            ..of.clone()
        };
        let batches = BTreeMap::from([(Table::Quarantine, vec![batch])]);
        Ok(ChunkRows { ledger_row, batches, supersedes: Vec::new() })
    }
}
