//! From the command's sources to committed chunks, in a pipeline of bounded queues.

use std::sync::Arc;

use chrono_tz::Tz;
use fupan_decode::{DecodeOptions, Decoder, InputFormat, Mapping};
use fupan_model::Micros;
use fupan_model::events::event_id;
use fupan_store::{ChunkRows, LedgerRow, Store};
use tokio::sync::mpsc::{Sender, channel};
use tokio::task::JoinHandle;

use crate::chunks::{Chunker, Cut, KnownPrefixes};
use crate::decode::{Decoded, SourceFacts, decode};
use crate::keyed::Keys;
use crate::reader::Decompressed;
use crate::report::{Counts, IngestReport, SourceReport};
use crate::source::Source;
use crate::{IngestError, SourceProblem, limits};

/// What the caller decides.
#[derive(Debug, Clone)]
pub struct IngestSettings {
    /// Zone for times without one.
    pub zone: Tz,
    /// `--input-format`.
    pub format: Option<InputFormat>,
    /// Mappings in order of precedence, with their text's fingerprint in the name's place.
    pub mappings: Vec<Mapping>,
    /// Read again what is in already in another way, and take its place.
    pub replace: bool,
    /// Read and count only; nothing is written.
    pub dry_run: bool,
    /// Decoding threads.
    pub threads: usize,
    /// The instant of the ingest.
    pub now: Micros,
    /// Version of the software, for the ledger.
    pub software_version: String,
}

/// Told how far an ingest is. Called from several threads.
pub trait Progress: Send + Sync {
    /// A source begins; its size on disk where known.
    fn source(&self, name: &str, size: Option<u64>);
    /// Bytes on disk taken from it so far.
    fn position(&self, compressed_bytes: u64);
}

/// Reads all sources into the store. A source that cannot be read is reported and does not stop the
/// others; what was read before an error stays.
pub async fn ingest(
    store: &Store,
    sources: &[Source],
    settings: &IngestSettings,
    progress: Arc<dyn Progress>,
) -> Result<IngestReport, IngestError> {
    let ledger = store.ledger().await?;
    let mut run = Run {
        store,
        settings,
        known: Arc::new(KnownPrefixes::new(&ledger)),
        fresh: Vec::new(),
        stale: Vec::new(),
        keys: None,
        group: Group::default(),
        progress,
    };
    let mut report = IngestReport::default();
    for source in sources {
        report.sources.push(run.source(source).await?);
    }
    run.flush().await?;
    Ok(report)
}

/// Chunks that wait for their common commit.
#[derive(Default)]
struct Group {
    chunks: Vec<ChunkRows>,
    seen: Vec<LedgerRow>,
    bytes: usize,
}

struct Run<'a> {
    store: &'a Store,
    settings: &'a IngestSettings,
    known: Arc<KnownPrefixes>,
    /// Chunks of the source that is being read: known to the next ones.
    fresh: Vec<LedgerRow>,
    stale: Vec<LedgerRow>,
    keys: Option<Keys>,
    group: Group,
    progress: Arc<dyn Progress>,
}

/// What the reading thread sends: pieces in order, and at last why it stopped.
enum Piece {
    Opened(Box<SourceFacts>, String, Arc<dyn Decoder>),
    Cut(Box<Cut>),
    End(Option<SourceProblem>),
}

type Decoding = JoinHandle<Result<Decoded, arrow::error::ArrowError>>;

impl Run<'_> {
    async fn source(&mut self, source: &Source) -> Result<SourceReport, IngestError> {
        self.progress.source(&source.name, source.size());
        let (sender, mut receiver) = channel(1);
        let reading = {
            let (source, settings) = (source.clone(), self.settings.clone());
            let (known, progress) = (Arc::clone(&self.known), Arc::clone(&self.progress));
            tokio::task::spawn_blocking(move || read(&source, &settings, &known, progress.as_ref(), &sender))
        };
        let mut report = SourceReport {
            source: source.name.clone(),
            is_explicit: source.is_explicit,
            ..SourceReport::default()
        };
        let mut opened: Option<(SourceFacts, Arc<dyn Decoder>)> = None;
        let mut decoding: std::collections::VecDeque<Decoding> = std::collections::VecDeque::new();
        loop {
            match receiver.recv().await {
                Some(Piece::Opened(facts, reason, decoder)) => {
                    report.input_format = Some(facts.input_format.clone());
                    report.mapping.clone_from(&facts.mapping);
                    report.reason = reason;
                    opened = Some((*facts, decoder));
                }
                Some(Piece::Cut(cut)) => {
                    let Some((facts, decoder)) = &opened else { continue };
                    report.bytes += cut.length;
                    if let Some(known) = cut.known.clone() {
                        self.seen(&mut report, &known);
                        continue;
                    }
                    let (facts, decoder) = (facts.clone(), Arc::clone(decoder));
                    decoding.push_back(tokio::task::spawn_blocking(move || {
                        decode(decoder.as_ref(), *cut, &facts)
                    }));
                    while decoding.len() > self.settings.threads {
                        self.collect(&mut report, &mut decoding, opened.as_ref()).await?;
                    }
                }
                Some(Piece::End(problem)) => {
                    report.problem = problem;
                    break;
                }
                None => break,
            }
        }
        while !decoding.is_empty() {
            self.collect(&mut report, &mut decoding, opened.as_ref()).await?;
        }
        reading.await.map_err(|error| IngestError::Task(error.to_string()))?;
        let (fresh, stale) = (std::mem::take(&mut self.fresh), std::mem::take(&mut self.stale));
        Arc::make_mut(&mut self.known).learn(&fresh, &stale);
        Ok(report)
    }

    /// A chunk that is in already: noted, nothing else.
    fn seen(&mut self, report: &mut SourceReport, known: &LedgerRow) {
        let records = known.records_read.unsigned_abs();
        report.counts.add(Counts { read: records, duplicate: records, ..Counts::default() });
        let mut note = known.clone();
        note.action = fupan_model::ledger::LedgerAction::Seen;
        note.source.clone_from(&report.source);
        note.records_accepted = 0;
        note.records_rejected = 0;
        note.records_duplicate = known.records_read;
        note.rows = 0;
        note.table_versions.clear();
        note.ingested_at = self.settings.now;
        note.software_version.clone_from(&self.settings.software_version);
        self.group.seen.push(note);
    }

    async fn collect(
        &mut self,
        report: &mut SourceReport,
        decoding: &mut std::collections::VecDeque<Decoding>,
        opened: Option<&(SourceFacts, Arc<dyn Decoder>)>,
    ) -> Result<(), IngestError> {
        let (Some(next), Some((facts, _))) = (decoding.pop_front(), opened) else { return Ok(()) };
        let decoded = next.await.map_err(|error| IngestError::Task(error.to_string()))??;
        if decoded.has_keys() && self.keys.is_none() {
            self.keys = Some(Keys::load(self.store).await?);
        }
        let mut none = Keys::default();
        let length = decoded.cut.bytes.len();
        let finished = decoded.finish(facts, self.keys.as_mut().unwrap_or(&mut none))?;
        report.counts.add(finished.counts);
        report.assumed_zone_records += finished.assumed_zone_records;
        for (table, rows) in finished.by_table {
            *report.rows.entry(table).or_default() += rows;
        }
        let room = limits::REJECTS_SHOWN.saturating_sub(report.rejects.len());
        report.rejects.extend(finished.rejects.into_iter().take(room));
        report.first = report.first.into_iter().chain(finished.first).min();
        report.last = report.last.into_iter().chain(finished.last).max();
        self.group.bytes += length;
        self.fresh.push(finished.rows.ledger_row.clone());
        self.stale.extend(finished.rows.supersedes.iter().cloned());
        self.group.chunks.push(finished.rows);
        if self.group.bytes >= limits::GROUP_BYTES || self.group.chunks.len() >= limits::GROUP_CHUNKS {
            self.flush().await?;
        }
        Ok(())
    }

    /// Commits what waits. When it returns, it is on disk.
    async fn flush(&mut self) -> Result<(), IngestError> {
        let group = std::mem::take(&mut self.group);
        if self.settings.dry_run {
            return Ok(());
        }
        if !group.chunks.is_empty() {
            self.store.append(group.chunks, self.settings.now).await?;
        }
        self.store.note_seen(group.seen, self.settings.now).await?;
        Ok(())
    }
}

/// Runs on a thread of its own: opens, detects, decompresses and cuts.
fn read(
    source: &Source,
    settings: &IngestSettings,
    known: &KnownPrefixes,
    progress: &dyn Progress,
    pieces: &Sender<Piece>,
) {
    let problem = read_pieces(source, settings, known, progress, pieces).err();
    // The receiver is gone only when the whole ingest has ended.
    let _ = pieces.blocking_send(Piece::End(problem));
}

fn read_pieces(
    source: &Source,
    settings: &IngestSettings,
    known: &KnownPrefixes,
    progress: &dyn Progress,
    pieces: &Sender<Piece>,
) -> Result<(), SourceProblem> {
    let unreadable = |error: std::io::Error| SourceProblem::Unreadable { reason: error.to_string() };
    let mut reader = Decompressed::new(source.open().map_err(unreadable)?)?;
    let mut head = Vec::new();
    let wanted = fupan_decode::limits::HEAD_BYTES_MAX;
    // A damaged head is told by the decoder only if nothing at all can be read of it.
    let head_problem = reader.fill(&mut head, wanted).err();
    if let Some(problem) = head_problem.clone().filter(|_| head.is_empty()) {
        return Err(problem);
    }
    let options = DecodeOptions {
        zone: settings.zone,
        source: source.name.clone(),
        mappings: settings.mappings.clone(),
        format: settings.format,
    };
    let head_is_whole = head.len() < wanted;
    let detection = fupan_decode::detect(&head, head_is_whole, &options)?;
    let decoder: Arc<dyn Decoder> = fupan_decode::open(&detection, &head, &options)?.into();
    let facts = source_facts(source, &detection, settings);
    let _ = pieces.blocking_send(Piece::Opened(Box::new(facts), detection.reason, Arc::clone(&decoder)));
    let mut chunker = Chunker::new(reader, head, decoder.as_ref(), known, settings.replace);
    if let Some(problem) = head_problem {
        chunker.stop_at_head(problem);
    }
    while let Some(cut) = chunker.next() {
        progress.position(chunker.compressed());
        if pieces.blocking_send(Piece::Cut(Box::new(cut))).is_err() {
            break;
        }
    }
    chunker.problem().map_or(Ok(()), Err)
}

fn source_facts(
    source: &Source,
    detection: &fupan_decode::Detection,
    settings: &IngestSettings,
) -> SourceFacts {
    let zone = settings.zone.name().to_owned();
    // Rows that replace others are rows of their own, also where the way of reading is the same: what
    // they replace may be damaged.
    let again = if settings.replace { settings.now.0.to_string() } else { String::new() };
    let mapping_text = detection
        .mapping
        .as_ref()
        .and_then(|name| settings.mappings.iter().find(|mapping| mapping.name == *name))
        .map(|mapping| format!("{mapping:?}"))
        .unwrap_or_default();
    SourceFacts {
        source: source.name.clone(),
        input_format: detection.format.as_str().to_owned(),
        mapping: detection.mapping.clone(),
        reading: event_id(&["reading", detection.format.as_str(), &mapping_text, &zone, &again]),
        zone,
        ingested_at: settings.now,
        software_version: settings.software_version.clone(),
    }
}
