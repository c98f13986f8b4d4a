//! Groups of chunks on their way to the disk: their files are encoded and committed in order, beside what is
//! decoded.

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::pin::Pin;
use std::sync::Arc;

use fupan_model::Table;
use fupan_store::{ChunkRows, EncodedChunks, LedgerRow, Store};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinHandle;

use crate::contested::{self, may_overlap};
use crate::decode::Finished;
use crate::known::KnownChunks;
use crate::pipeline::IngestSettings;
use crate::report::Counts;
use crate::workers::Workers;
use crate::{IngestError, limits};

/// Chunks that wait for their common commit.
#[derive(Default)]
pub(crate) struct Group {
    pub(crate) chunks: Vec<ChunkRows>,
    pub(crate) chunk_ids: HashSet<String>,
    pub(crate) seen: Vec<LedgerRow>,
    /// Chunks that no longer count once the others are in.
    pub(crate) redundant: Vec<LedgerRow>,
    bytes: usize,
    rows: u64,
    /// What was counted for each chunk, and for which source.
    counted: HashMap<String, Counted>,
}

/// What was counted for a chunk.
pub(crate) struct Counted {
    /// The number of its source.
    pub(crate) source: usize,
    pub(crate) counts: Counts,
    pub(crate) by_table: BTreeMap<Table, u64>,
}

impl Group {
    pub(crate) fn is_full(&self) -> bool {
        self.bytes >= limits::GROUP_BYTES
            || self.rows >= limits::GROUP_ROWS
            || self.chunks.len() >= limits::GROUP_CHUNKS
    }

    pub(crate) fn add(&mut self, finished: Finished, bytes: usize, source: usize) {
        let Some(chunk) = finished.rows.first() else { return };
        self.rows += finished.by_table.values().sum::<u64>();
        let counted = Counted { source, counts: finished.counts, by_table: finished.by_table };
        self.counted.insert(chunk.ledger_row.chunk_id.clone(), counted);
        self.bytes += bytes;
        self.chunk_ids.extend(finished.rows.iter().map(|chunk| chunk.ledger_row.chunk_id.clone()));
        self.chunks.extend(finished.rows);
    }
}

/// A group that takes no more chunks.
struct ClosedGroup {
    chunk_ids: HashSet<String>,
    /// Encoded, and most often on disk.
    files: JoinHandle<Result<EncodedChunks, IngestError>>,
    seen: Vec<LedgerRow>,
    redundant: Vec<LedgerRow>,
    counted: HashMap<String, Counted>,
}

/// Of a group that is committed: what was in already, by another writer.
type AlreadyIn = Result<Vec<Counted>, IngestError>;

/// The groups whose commit is under way.
struct UnderWay<'a> {
    chunk_ids: HashSet<String>,
    commit: Pin<Box<dyn Future<Output = AlreadyIn> + Send + 'a>>,
}

/// Groups that are not in the store yet, in the order in which they are committed.
pub(crate) struct Commits<'a> {
    store: &'a Store,
    settings: &'a IngestSettings,
    /// For groups whose rows are in memory.
    room: Arc<Semaphore>,
    /// Groups of the next commit. What is ready when plays no part in it: versions are the same in every run.
    groups: usize,
    under_way: Option<UnderWay<'a>>,
    waiting: VecDeque<ClosedGroup>,
}

impl<'a> Commits<'a> {
    pub(crate) fn new(store: &'a Store, settings: &'a IngestSettings) -> Self {
        let room = Arc::new(Semaphore::new(limits::GROUPS_ENCODING_MAX));
        Self { store, settings, room, groups: 1, under_way: None, waiting: VecDeque::new() }
    }

    /// Waits until one more group may be encoded.
    pub(crate) fn room(&self) -> impl Future<Output = Option<OwnedSemaphorePermit>> + use<> {
        let room = Arc::clone(&self.room).acquire_owned();
        async { room.await.ok() }
    }

    /// Takes a group, whose files are encoded by so many threads and written at once. It gives back its room when
    /// its rows are no longer in memory.
    pub(crate) fn add(
        &mut self,
        group: Group,
        room: Option<OwnedSemaphorePermit>,
        workers: &Workers,
        threads: usize,
    ) {
        let (chunks, now, writer) = (group.chunks, self.settings.now, self.store.file_writer());
        let encode = workers.spawn(move || {
            let encoded = EncodedChunks::encode(chunks, now, threads);
            drop(room);
            encoded
        });
        // With pseudonyms, the store is first asked whether it knows their key.
        let is_ahead = self.settings.pseudonyms.used().is_none();
        let files = tokio::spawn(async move {
            let encoded = encode.await.map_err(|error| IngestError::Task(error.to_string()))??;
            Ok(if is_ahead { writer.write(encoded).await? } else { encoded })
        });
        self.waiting.push_back(ClosedGroup {
            chunk_ids: group.chunk_ids,
            files,
            seen: group.seen,
            redundant: group.redundant,
            counted: group.counted,
        });
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.under_way.is_none() && self.waiting.is_empty()
    }

    /// Whether there is a whole commit, or one under way.
    pub(crate) fn is_due(&self) -> bool {
        self.under_way.is_some() || self.waiting.len() >= self.groups
    }

    /// Whether more is waiting than one commit takes.
    pub(crate) fn is_behind(&self) -> bool {
        self.waiting.len() > self.groups
    }

    /// Whether the chunk is in one of the groups.
    pub(crate) fn hold(&self, chunk_id: &str) -> bool {
        self.under_way.iter().any(|groups| groups.chunk_ids.contains(chunk_id))
            || self.waiting.iter().any(|group| group.chunk_ids.contains(chunk_id))
    }

    /// Commits the next groups. It may be given up while it waits and be called again.
    pub(crate) async fn next(&mut self, known: &Arc<KnownChunks>) -> AlreadyIn {
        if self.under_way.is_none() {
            let mut groups: Vec<ClosedGroup> =
                self.waiting.drain(..self.groups.min(self.waiting.len())).collect();
            self.groups = (2 * self.groups).min(limits::COMMIT_GROUPS_MAX);
            let chunk_ids = groups.iter_mut().flat_map(|group| group.chunk_ids.drain()).collect();
            let commit = Box::pin(commit(self.store, self.settings, groups, Arc::clone(known)));
            self.under_way = Some(UnderWay { chunk_ids, commit });
        }
        let Some(under_way) = &mut self.under_way else { return Ok(Vec::new()) };
        let already_in = under_way.commit.as_mut().await;
        self.under_way = None;
        already_in
    }
}

/// When it returns, the groups are in the store.
async fn commit(
    store: &Store,
    settings: &IngestSettings,
    groups: Vec<ClosedGroup>,
    known: Arc<KnownChunks>,
) -> AlreadyIn {
    if let Some(key) = settings.pseudonyms.used() {
        store.keep_to_key(&key.fingerprint()).await?;
    }
    let (mut files, mut seen, mut redundant): (Option<EncodedChunks>, _, _) = (None, Vec::new(), Vec::new());
    let mut counted = HashMap::new();
    for group in groups {
        let own = group.files.await.map_err(|error| IngestError::Task(error.to_string()))??;
        files = Some(match files {
            Some(files) => files.and(own),
            None => own,
        });
        seen.extend(group.seen);
        redundant.extend(group.redundant);
        counted.extend(group.counted);
    }
    let Some(files) = files else { return Ok(Vec::new()) };
    let is_rival = |own: &LedgerRow, other: &LedgerRow| may_overlap(own, other) && known.is_news(other);
    let appended = store.append_beside(files, &is_rival).await?;
    let already_in = contested::settle(store, appended, &is_rival, settings.now).await?;
    if !redundant.is_empty() {
        store.forget(&redundant, settings.now).await?;
    }
    store.note_seen(seen, settings.now).await?;
    Ok(already_in.iter().filter_map(|chunk| counted.remove(chunk)).collect())
}
