//! From the command's sources to committed chunks, in a pipeline of bounded queues.

use std::sync::Arc;

use chrono_tz::Tz;
use fupan_decode::{Encoding, InputFormat, Mapping};
use fupan_model::Micros;
use fupan_redact::KeySource;
use fupan_store::Store;
use tokio::sync::mpsc::channel;

use crate::IngestError;
use crate::collect::Collector;
use crate::named::told_apart;
use crate::read::{Piece, Reading};
use crate::report::IngestReport;
use crate::source::Source;

/// What the caller decides.
#[derive(Debug, Clone)]
pub struct IngestSettings {
    /// Zone for times without one.
    pub zone: Tz,
    /// `--input-format`.
    pub format: Option<InputFormat>,
    /// `--encoding`: what all texts are in; none means told by their bytes, or by a mapping.
    pub encoding: Option<Encoding>,
    /// Mappings in order of precedence, with their text's fingerprint in the name's place.
    pub mappings: Vec<Mapping>,
    /// Read again what is in already in another way, and take its place.
    pub replace: bool,
    /// Write texts as they are, personal data included.
    pub keep_raw: bool,
    /// Makes pseudonyms of personal values.
    pub pseudonyms: KeySource,
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
    let ledger = store.ledger_to_build_upon().await?;
    let mut collector = Collector::new(store, settings, &ledger)?;
    let sources = told_apart(sources, &ledger);
    // Who holds it while it grows has it copied.
    drop(ledger);
    for source in &sources {
        read_source(&mut collector, source, &progress).await?;
    }
    collector.finish().await
}

/// One source, or all members of an archive.
async fn read_source(
    collector: &mut Collector<'_>,
    source: &Source,
    progress: &Arc<dyn Progress>,
) -> Result<(), IngestError> {
    progress.source(&source.name, source.size());
    let (sender, mut receiver) = channel(1);
    let reading = {
        let (source, settings) = (source.clone(), collector.settings().clone());
        let (known, progress) = (collector.known(), Arc::clone(progress));
        tokio::task::spawn_blocking(move || {
            let mut reading =
                Reading { settings: &settings, known, progress: progress.as_ref(), pieces: sender };
            reading.source(&source);
        })
    };
    while let Some(piece) = collector.beside_commits(receiver.recv()).await? {
        match piece {
            Piece::Begin { name, is_explicit } => collector.begin(name, is_explicit),
            Piece::Opened(facts, reason, decoder) => collector.opened(*facts, reason, decoder),
            Piece::Cut(cut) => collector.cut(*cut).await?,
            Piece::End { problem, known } => {
                collector.end(problem).await?;
                // The reading thread has gone only where the whole ingest has ended.
                let _ = known.send(collector.known());
            }
        }
    }
    reading.await.map_err(|error| IngestError::Task(error.to_string()))
}
