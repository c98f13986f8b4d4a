//! Takes the pieces of a source in order, has them decoded on all cores, and commits them in groups.

mod history;
mod repeated;
mod reread;
mod versions;

use std::collections::{BTreeMap, HashSet, VecDeque};
use std::pin::pin;
use std::sync::Arc;

use fupan_decode::{Decoder, Framing};
use fupan_model::ledger::LedgerAction;
use fupan_store::{Ledger, LedgerRow, Store};
use tokio::task::JoinHandle;

use crate::chunks::{Again, Cut};
use crate::commits::{Commits, Counted, Group};
use crate::decode::{Decoded, Finished, SourceFacts, decode};
use crate::identified::KnownRecords;
use crate::inside::Comparison;
use crate::keyed::Keys;
use crate::known::{KnownChunks, is_declarative};
use crate::pipeline::IngestSettings;
use crate::report::{Counts, IngestReport, SourceReport};
use crate::samples::KnownSamples;
use crate::workers::Workers;
use crate::{IngestError, SourceProblem, limits};

/// All that a run has collected so far.
pub(crate) struct Collector<'a> {
    store: &'a Store,
    settings: &'a IngestSettings,
    known: Arc<KnownChunks>,
    keys: Option<Keys>,
    samples: KnownSamples,
    records: KnownRecords,
    group: Group,
    commits: Commits<'a>,
    workers: Workers,
    stream: Option<Stream>,
    report: IngestReport,
}

type Decoding = JoinHandle<Result<Decoded, arrow::error::ArrowError>>;

/// The source that is being read.
struct Stream {
    report: SourceReport,
    opened: Option<(SourceFacts, Arc<dyn Decoder>)>,
    decoding: VecDeque<Decoding>,
    /// Chunks that came again.
    seen: HashSet<String>,
    /// Bytes in them.
    seen_bytes: u64,
    /// The source from which the last of these bytes are in.
    seen_in: Option<String>,
    /// The chunk of which the end of this source is a beginning.
    inside: Option<Arc<LedgerRow>>,
    /// Unfinished ends of other copies, all of which is in otherwise.
    redundant: Vec<LedgerRow>,
    /// What is new, and what it takes the place of: known to the next source.
    fresh: Vec<LedgerRow>,
    stale: Vec<LedgerRow>,
    /// Records of earlier versions whose place it takes.
    replaced_records: u64,
    /// Records that could not be read before, and can be now.
    mended_records: u64,
}

impl<'a> Collector<'a> {
    pub(crate) fn new(
        store: &'a Store,
        settings: &'a IngestSettings,
        ledger: &Ledger,
    ) -> Result<Self, IngestError> {
        Ok(Self {
            store,
            settings,
            known: Arc::new(KnownChunks::new(ledger)),
            keys: None,
            samples: KnownSamples::new(ledger),
            records: KnownRecords::new(ledger),
            group: Group::default(),
            commits: Commits::new(store, settings),
            workers: Workers::new(settings.threads)?,
            stream: None,
            report: IngestReport::default(),
        })
    }

    pub(crate) fn settings(&self) -> &IngestSettings {
        self.settings
    }

    /// What is in, including what this run brought.
    pub(crate) fn known(&self) -> Arc<KnownChunks> {
        Arc::clone(&self.known)
    }

    /// A source begins.
    pub(crate) fn begin(&mut self, name: String, is_explicit: bool) {
        let report = SourceReport { source: name, is_explicit, ..SourceReport::default() };
        self.stream = Some(Stream {
            report,
            opened: None,
            decoding: VecDeque::new(),
            seen: HashSet::new(),
            seen_bytes: 0,
            seen_in: None,
            inside: None,
            redundant: Vec::new(),
            fresh: Vec::new(),
            stale: Vec::new(),
            replaced_records: 0,
            mended_records: 0,
        });
    }

    /// Its format is known.
    pub(crate) fn opened(&mut self, facts: SourceFacts, reason: String, decoder: Arc<dyn Decoder>) {
        let Some(stream) = &mut self.stream else { return };
        stream.report.input_format = Some(facts.input_format.clone());
        stream.report.mapping.clone_from(&facts.mapping);
        stream.report.reason = reason;
        stream.report.banner_records = decoder.banner_records();
        stream.report.name_of_source = decoder.name_of_source().map(str::to_owned);
        stream.opened = Some((facts, decoder));
    }

    /// A piece of it.
    pub(crate) async fn cut(&mut self, cut: Cut) -> Result<(), IngestError> {
        let Some(stream) = &mut self.stream else { return Ok(()) };
        let Some((facts, decoder)) = &stream.opened else { return Ok(()) };
        stream.report.bytes += cut.length;
        if let Some(known) = cut.known.clone().filter(|_| cut.again.is_none()) {
            // A document is in as a whole, and its decoder numbers what it finds inside.
            let records = match decoder.framing() {
                Framing::Document => self.known.records_of(&known),
                _ => cut.records,
            };
            self.group.seen.push(stream.seen(&known, records, &cut, self.settings));
            stream.redundant.extend(cut.supersedes);
            return Ok(());
        }
        let (facts, decoder) = (facts.clone(), Arc::clone(decoder));
        stream.decoding.push_back(self.workers.spawn(move || decode(decoder.as_ref(), cut, &facts)));
        while self
            .stream
            .as_ref()
            .is_some_and(|stream| stream.decoding.len() > self.settings.threads + limits::DECODED_AHEAD)
        {
            self.collect().await?;
        }
        Ok(())
    }

    /// It has ended.
    pub(crate) async fn end(&mut self, problem: Option<SourceProblem>) -> Result<(), IngestError> {
        while self.stream.as_ref().is_some_and(|stream| !stream.decoding.is_empty()) {
            self.collect().await?;
        }
        let Some(mut stream) = self.stream.take() else { return Ok(()) };
        stream.report.problem = problem;
        stream.redundant.retain(|row| !stream.seen.contains(&row.chunk_id));
        stream.stale.extend(stream.redundant.iter().cloned());
        self.group.redundant.append(&mut stream.redundant);
        self.replace_by_pieces(&mut stream).await?;
        stream.report.history = stream.history(&self.known);
        self.samples.chunks.forget(&stream.stale);
        self.records.forget(&stream.stale);
        Arc::make_mut(&mut self.known).learn(stream.fresh, &stream.stale);
        self.report.sources.push(stream.report);
        Ok(())
    }

    /// Takes the next decoded piece.
    async fn collect(&mut self) -> Result<(), IngestError> {
        let Some(next) = self.stream.as_mut().and_then(|stream| stream.decoding.pop_front()) else {
            return Ok(());
        };
        let mut decoded =
            self.beside_commits(next).await?.map_err(|error| IngestError::Task(error.to_string()))??;
        if decoded.cut.again == Some(Again::MayBeBetter) && !self.reads_better(&mut decoded).await? {
            return Ok(());
        }
        if let Some(row) = self.inside_of(&decoded).await? {
            let Some(stream) = &mut self.stream else { return Ok(()) };
            self.group.seen.push(stream.seen(&row, decoded.records(), &decoded.cut, self.settings));
            stream.inside = Some(row);
            return Ok(());
        }
        if decoded.has_keys() && self.keys.is_none() {
            self.keys = Some(Keys::load(self.store).await?);
        }
        let Some(stream) = &mut self.stream else { return Ok(()) };
        // What holds earlier pieces of this source holds them still.
        decoded.cut.supersedes.retain(|old| !stream.seen.contains(&old.chunk_id));
        stream.replace_by_whole(&mut decoded, &self.known, self.settings.replace);
        self.leave_out_repeated(&mut decoded).await?;
        let Some(stream) = &mut self.stream else { return Ok(()) };
        let Some((facts, _)) = &stream.opened else { return Ok(()) };
        let mut none = Keys::default();
        let length = decoded.cut.bytes.len();
        let before_of = |again| decoded.cut.known.clone().filter(|_| decoded.cut.again == Some(again));
        let before = before_of(Again::WentBack);
        let place = decoded.cut.place();
        let read_better = before_of(Again::MayBeBetter);
        let mut finished = decoded.finish(facts, self.keys.as_mut().unwrap_or(&mut none))?;
        if let Some(before) = before.filter(|_| finished.is_nothing_new()) {
            self.group.seen.push(stream.seen_at(&before, finished.counts.read, place, self.settings));
            return Ok(());
        }
        if let (Some(new), Some(chunk)) = (finished.samples.take(), finished.rows.first()) {
            self.samples.learn(&chunk.ledger_row, self.report.sources.len(), &new);
        }
        if let (Some(new), Some(chunk)) = (finished.records_with_ids.take(), finished.rows.first()) {
            self.records.learn(&chunk.ledger_row, self.report.sources.len(), new);
        }
        stream.take_back_rejects(&mut finished, read_better.as_deref(), &self.known);
        stream.add(&finished);
        if finished.supersedes().any(|old| self.waits(old)) {
            // Only what is in can be superseded.
            self.flush().await?;
        }
        self.group.add(finished, length, self.report.sources.len());
        if self.group.is_full() {
            self.close_group(1).await?;
        }
        Ok(())
    }

    /// The chunk that holds all of the piece already, where the source ends inside of one.
    async fn inside_of(&mut self, decoded: &Decoded) -> Result<Option<Arc<LedgerRow>>, IngestError> {
        let cut = &decoded.cut;
        let inside = self.stream.as_ref().and_then(|stream| stream.inside.clone());
        let follows_inside = inside.filter(|_| cut.is_unfinished);
        if decoded.has_keys() || (cut.may_be_inside.is_empty() && follows_inside.is_none()) {
            return Ok(None);
        }
        self.commit_all().await?;
        let comparison = Comparison { piece: decoded, waiting: &self.group.chunks, store: self.store };
        // What is shorter than before may have been made so, and replaces what it was.
        let mut candidates: Vec<&Arc<LedgerRow>> = follows_inside.iter().chain(&cut.may_be_inside).collect();
        candidates.retain(|row| !self.settings.replace || !self.is_of_this_source(row));
        for row in candidates {
            if comparison.holds(row).await? {
                return Ok(Some(Arc::clone(row)));
            }
        }
        Ok(None)
    }

    fn is_of_this_source(&self, row: &LedgerRow) -> bool {
        let facts = self.stream.as_ref().and_then(|stream| stream.opened.as_ref()).map(|(facts, _)| facts);
        facts.is_some_and(|facts| facts.source == row.source && facts.source_place == row.source_place)
    }

    /// Commits what waits. When it returns, it is on disk.
    async fn flush(&mut self) -> Result<(), IngestError> {
        // Nothing is decoded meanwhile.
        self.close_group(self.settings.threads).await?;
        self.commit_all().await
    }

    /// Has the files of the group encoded, by so many threads, and committed while the next one is decoded.
    async fn close_group(&mut self, threads: usize) -> Result<(), IngestError> {
        let group = std::mem::take(&mut self.group);
        if self.settings.dry_run {
            return Ok(());
        }
        let room = self.beside_commits(self.commits.room()).await?;
        self.commits.add(group, room, &self.workers, threads);
        while self.commits.is_behind() {
            self.commit_next().await?;
        }
        Ok(())
    }

    /// Whether the chunk is of this run and not in the store yet.
    fn waits(&self, chunk_id: &str) -> bool {
        self.commits.hold(chunk_id) || self.group.chunk_ids.contains(chunk_id)
    }

    async fn commit_all(&mut self) -> Result<(), IngestError> {
        while !self.commits.is_empty() {
            self.commit_next().await?;
        }
        Ok(())
    }

    async fn commit_next(&mut self) -> Result<(), IngestError> {
        for counted in self.commits.next(&self.known).await? {
            self.was_in(&counted);
        }
        Ok(())
    }

    /// Goes on committing until the other is there.
    pub(crate) async fn beside_commits<T>(
        &mut self,
        other: impl Future<Output = T>,
    ) -> Result<T, IngestError> {
        let mut other = pin!(other);
        while self.commits.is_due() {
            tokio::select! {
                biased;
                output = &mut other => return Ok(output),
                committed = self.commit_next() => committed?,
            }
        }
        Ok(other.await)
    }

    /// Another writer brought the chunk in meanwhile: its records were in already.
    fn was_in(&mut self, counted: &Counted) {
        let report = match &mut self.stream {
            Some(stream) if counted.source == self.report.sources.len() => Some(&mut stream.report),
            _ => self.report.sources.get_mut(counted.source),
        };
        let Some(report) = report else { return };
        report.counts.accepted -= counted.counts.accepted;
        report.counts.rejected -= counted.counts.rejected;
        report.counts.duplicate += counted.counts.accepted + counted.counts.rejected;
        for (table, rows) in &counted.by_table {
            if let Some(all) = report.rows.get_mut(table) {
                *all -= rows;
            }
        }
        report.rows.retain(|_, rows| *rows > 0);
    }

    /// Commits the rest.
    pub(crate) async fn finish(mut self) -> Result<IngestReport, IngestError> {
        self.flush().await?;
        Ok(self.report)
    }
}

/// Where a piece ends, as the ledger says it.
pub(crate) struct PiecePlace {
    pub(crate) length: u64,
    pub(crate) prefix_bytes: u64,
    pub(crate) prefix_digest: String,
}

impl Stream {
    /// A piece that is in already: counted, and the note that the ledger gets.
    fn seen(&mut self, known: &LedgerRow, records: u64, cut: &Cut, settings: &IngestSettings) -> LedgerRow {
        self.seen_at(known, records, cut.place(), settings)
    }

    fn seen_at(
        &mut self,
        known: &LedgerRow,
        records: u64,
        place: PiecePlace,
        settings: &IngestSettings,
    ) -> LedgerRow {
        self.report.counts.add(Counts { read: records, duplicate: records, ..Counts::default() });
        self.seen.insert(known.chunk_id.clone());
        self.seen_bytes += place.length;
        self.seen_in = Some(known.source.clone());
        let facts = self.opened.as_ref().map(|(facts, _)| facts);
        LedgerRow {
            action: LedgerAction::Seen,
            source: self.report.source.clone(),
            source_place: facts.and_then(|facts| facts.source_place.clone()),
            // What was tried on it.
            reading: facts.map_or_else(|| known.reading.clone(), |facts| facts.reading.clone()),
            prefix_bytes: place.prefix_bytes as i64,
            prefix_digest: place.prefix_digest,
            chunk_bytes: place.length as i64,
            records_read: records as i64,
            records_accepted: 0,
            records_rejected: 0,
            records_duplicate: records as i64,
            rows: 0,
            samples_repeated: 0,
            table_versions: BTreeMap::new(),
            ingested_at: settings.now,
            software_version: settings.software_version.clone(),
            ..known.clone()
        }
    }

    /// Rejects of earlier readings that no longer stand: those of chunks that are replaced, and those of a
    /// document that was read again in another version.
    fn take_back_rejects(
        &self,
        finished: &mut Finished,
        read_better: Option<&LedgerRow>,
        known: &KnownChunks,
    ) {
        let Some((facts, _)) = &self.opened else { return };
        let Some(chunk) = finished.rows.first_mut() else { return };
        let replaced = chunk.supersedes.iter().chain(read_better);
        let with_them = replaced.filter_map(|old| known.rejects_of(&old.chunk_id));
        let mut ended: Vec<LedgerRow> = with_them.cloned().collect();
        if facts.has_own_keys {
            let is_same_document = is_declarative(&facts.input_format) || finished.counts.duplicate > 0;
            let of_document = known.standing_rejects(&facts.source).filter(|(chunk_id, _)| {
                // What came again as it was is not repaired; where nothing could be read then, only the name
                // can tell.
                !self.seen.contains(*chunk_id) && (is_same_document || !known.has_records(chunk_id))
            });
            ended.extend(of_document.map(|(_, row)| row.clone()));
        }
        ended.sort_by(|a, b| a.chunk_id.cmp(&b.chunk_id));
        ended.dedup_by(|a, b| a.chunk_id == b.chunk_id);
        chunk.supersedes.extend(ended);
    }

    fn add(&mut self, finished: &Finished) {
        let report = &mut self.report;
        report.counts.add(finished.counts);
        report.assumed_zone_records += finished.assumed_zone_records;
        report.assumed_year_records += finished.assumed_year_records;
        report.redacted += finished.redacted;
        report.retracted += finished.retracted;
        for (all, own) in [
            (&mut report.samples_repeated, &finished.repeated.samples),
            (&mut report.samples_differing, &finished.repeated.differing),
            (&mut report.records_repeated, &finished.repeated.with_ids),
            (&mut report.records_changed, &finished.repeated.changed_under_id),
        ] {
            for (source, count) in own {
                *all.entry(source.clone()).or_default() += count;
            }
        }
        for (table, rows) in &finished.by_table {
            *report.rows.entry(*table).or_default() += rows;
        }
        let room = limits::REJECTS_SHOWN.saturating_sub(report.rejects.len());
        report.rejects.extend(finished.rejects.iter().take(room).cloned());
        report.first = report.first.into_iter().chain(finished.first).min();
        report.last = report.last.into_iter().chain(finished.last).max();
        for chunk in &finished.rows {
            self.fresh.push(chunk.ledger_row.clone());
            self.stale.extend(chunk.supersedes.iter().cloned());
        }
    }
}
