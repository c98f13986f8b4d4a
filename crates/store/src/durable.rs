//! Is a local write on disk when we say so?
//!
//! `object_store`'s local file system never syncs, and its `PutMode::Create` links a file that has
//! not been synced: after a power loss the newest log entry can be empty or torn. This store writes
//! stage → fsync → link (or rename) → fsync of the folder. What somebody else made visible may not be
//! durable yet, or never (its process was killed): before this store builds upon it, it syncs that itself.
//! Reading and deleting are left to the inner store, and listing but for what comes behind a name in a folder.

use std::collections::HashSet;
use std::fmt;
use std::future::ready;
use std::io::ErrorKind;
use std::ops::Range;
use std::path::{Path as FsPath, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::{self, BoxStream};
use futures::{StreamExt, TryStreamExt};
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{
    CopyMode, CopyOptions, Error, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta,
    ObjectStore, ObjectStoreExt, PutMode, PutMultipartOptions, PutOptions, PutPayload, PutResult, Result,
    UploadPart,
};
use tokio::sync::{Semaphore, SemaphorePermit};

use crate::disk::{Disk, LocalDisk};
use crate::limits;

/// The local file system, rooted at `/`, with writes that survive a power loss.
#[derive(Debug, Clone)]
pub struct DurableLocalStore {
    inner: Arc<LocalFileSystem>,
    disk: Arc<dyn Disk>,
    synced: SyncedFolders,
    turns: Arc<Semaphore>,
}

/// Folders whose own entries, up to the root, this store has synced.
type SyncedFolders = Arc<Mutex<HashSet<PathBuf>>>;

/// Makes staged names unique within this process; the process id does so between processes.
static STAGED: AtomicU64 = AtomicU64::new(0);

impl DurableLocalStore {
    /// The whole local file system.
    pub fn new() -> Self {
        Self::on(Arc::new(LocalDisk))
    }

    /// As [`Self::new`], writing through a disk that the caller made (one that fails, for example).
    pub fn on(disk: Arc<dyn Disk>) -> Self {
        Self {
            inner: Arc::new(LocalFileSystem::new()),
            disk,
            synced: Arc::default(),
            turns: Arc::new(Semaphore::new(limits::FILES_AT_ONCE)),
        }
    }

    /// Waits until one more file may be opened or written: each takes a thread, and whoever reads a log asks for
    /// all of its entries at once. What waits holds nothing that another one needs.
    async fn turn(&self) -> Result<SemaphorePermit<'_>> {
        let turn = self.turns.acquire().await;
        turn.map_err(|source| Error::Generic { store: "DurableLocalStore", source: source.into() })
    }

    async fn write(&self, location: &Path, payload: PutPayload, mode: PutMode) -> Result<PutResult> {
        let target = self.inner.path_to_filesystem(location)?;
        let create = match mode {
            PutMode::Create => true,
            PutMode::Overwrite => false,
            PutMode::Update(_) => {
                return Err(Error::NotImplemented {
                    operation: "conditional update of a local file".to_owned(),
                    implementer: self.to_string(),
                });
            }
        };
        let _turn = self.turn().await?;
        let (disk, synced) = (Arc::clone(&self.disk), Arc::clone(&self.synced));
        let written = tokio::task::spawn_blocking(move || {
            write_durably(disk.as_ref(), &synced, &target, &payload, create)
        })
        .await
        .map_err(|source| Error::Generic { store: "DurableLocalStore", source: source.into() })?;
        written.map_err(|error| describe(error, location))?;
        Ok(PutResult { e_tag: None, version: None })
    }
}

impl Default for DurableLocalStore {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Display for DurableLocalStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DurableLocalStore")
    }
}

fn describe(error: std::io::Error, location: &Path) -> Error {
    match error.kind() {
        ErrorKind::AlreadyExists => Error::AlreadyExists { path: location.to_string(), source: error.into() },
        ErrorKind::PermissionDenied => {
            Error::PermissionDenied { path: location.to_string(), source: error.into() }
        }
        _ => Error::Generic { store: "DurableLocalStore", source: error.into() },
    }
}

/// Writes `payload` to `target` so that either nothing or all of it is there after a power loss.
fn write_durably(
    disk: &dyn Disk,
    synced: &SyncedFolders,
    target: &FsPath,
    payload: &PutPayload,
    create: bool,
) -> std::io::Result<()> {
    let Some(folder) = target.parent() else {
        return Err(std::io::Error::new(ErrorKind::InvalidInput, "a file needs a folder"));
    };
    create_folders(disk, synced, folder)?;
    if create && target.exists() {
        // Whoever is told so relies upon it.
        disk.sync_folder(folder)?;
        return Err(ErrorKind::AlreadyExists.into());
    }
    let staged = staged_name(target);
    let outcome = stage(disk, &staged, payload)
        .and_then(|()| if create { disk.link(&staged, target) } else { disk.rename(&staged, target) });
    if create || outcome.is_err() {
        // A left-over staged file is invisible to readers; failing to remove it loses nothing.
        let _ = disk.remove_file(&staged);
    }
    outcome?;
    disk.sync_folder(folder)
}

fn stage(disk: &dyn Disk, staged: &FsPath, payload: &PutPayload) -> std::io::Result<()> {
    let mut file = disk.create_file(staged)?;
    for part in payload {
        file.write_all(part)?;
    }
    file.sync()
}

/// `name#<digits>`: the form that the inner store hides from listings.
fn staged_name(target: &FsPath) -> PathBuf {
    let count = STAGED.fetch_add(1, Ordering::Relaxed);
    let mut name = target.as_os_str().to_owned();
    name.push(format!("#{}{count:06}", std::process::id()));
    PathBuf::from(name)
}

/// Creates `folder` and what is missing above it, and syncs the entry of each folder on the way: one that
/// is there already may have been created by somebody who never came to syncing it.
fn create_folders(disk: &dyn Disk, synced: &SyncedFolders, folder: &FsPath) -> std::io::Result<()> {
    let is_there = folder.is_dir();
    if is_there && synced.lock().unwrap_or_else(PoisonError::into_inner).contains(folder) {
        return Ok(());
    }
    let Some(parent) = folder.parent() else { return Ok(()) };
    create_folders(disk, synced, parent)?;
    if !is_there {
        match disk.create_folder(folder) {
            Err(error) if error.kind() != ErrorKind::AlreadyExists => return Err(error),
            _ => {}
        }
    }
    match disk.sync_folder(parent) {
        // Folders above the store are somebody else's: they were there before.
        Err(error) if is_there && error.kind() == ErrorKind::PermissionDenied => {}
        outcome => outcome?,
    }
    synced.lock().unwrap_or_else(PoisonError::into_inner).insert(folder.to_owned());
    Ok(())
}

#[async_trait]
impl ObjectStore for DurableLocalStore {
    async fn put_opts(&self, location: &Path, payload: PutPayload, opts: PutOptions) -> Result<PutResult> {
        self.write(location, payload, opts.mode).await
    }

    async fn put_multipart_opts(
        &self,
        location: &Path,
        _: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        Ok(Box::new(BufferedUpload { store: self.clone(), location: location.clone(), parts: Vec::new() }))
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        let _turn = self.turn().await?;
        self.inner.get_opts(location, options).await
    }

    async fn get_ranges(&self, location: &Path, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        let _turn = self.turn().await?;
        self.inner.get_ranges(location, ranges).await
    }

    fn delete_stream(&self, locations: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        self.inner.delete_stream(locations)
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.inner.list(prefix)
    }

    fn list_with_offset(
        &self,
        prefix: Option<&Path>,
        offset: &Path,
    ) -> BoxStream<'static, Result<ObjectMeta>> {
        // A log of a year has thousands of entries, of which those behind a checkpoint are asked for: the names alone
        // say which, and are told by the folder many times faster than by the inner store.
        let Some((folder, name)) = prefix.and_then(|folder| Some((folder, name_in(offset, folder)?))) else {
            return self.inner.list_with_offset(prefix, offset);
        };
        let (store, folder, name, offset) = (self.clone(), folder.clone(), name.to_owned(), offset.clone());
        let listed = async move {
            let place = store.inner.path_to_filesystem(&folder)?;
            let names = tokio::task::spawn_blocking(move || names_after(&place, &name))
                .await
                .map_err(|source| Error::Generic { store: "DurableLocalStore", source: source.into() })?;
            let Some(names) = names else {
                return Ok::<_, Error>(store.inner.list_with_offset(Some(&folder), &offset));
            };
            let entries = stream::iter(names).then(move |name| {
                let (store, location) = (store.clone(), folder.clone().join(name));
                async move { store.head(&location).await }
            });
            // What was there a moment ago may be gone.
            Ok(entries.filter(|entry| ready(!matches!(entry, Err(Error::NotFound { .. })))).boxed())
        };
        stream::once(listed).try_flatten().boxed()
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.inner.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        let bytes = self.inner.get(from).await?.bytes().await?;
        let mode = match options.mode {
            CopyMode::Overwrite => PutMode::Overwrite,
            CopyMode::Create => PutMode::Create,
        };
        self.write(to, bytes.into(), mode).await.map(|_| ())
    }
}

/// The name of a path that lies directly in a folder.
fn name_in<'p>(path: &'p Path, folder: &Path) -> Option<&'p str> {
    let name = path.as_ref().strip_prefix(folder.as_ref())?.strip_prefix('/')?;
    (!name.contains('/')).then_some(name)
}

/// The names in a folder that come after one, in order; none where a folder or a link is among them, or a name that is
/// no text: then the inner store has the word.
fn names_after(folder: &FsPath, name: &str) -> Option<Vec<String>> {
    let mut names = Vec::new();
    for entry in std::fs::read_dir(folder).ok()? {
        let entry = entry.ok()?;
        let found = entry.file_name().into_string().ok()?;
        if found.as_str() <= name {
            continue;
        }
        if !entry.file_type().ok()?.is_file() {
            return None;
        }
        // `NAME#7`: staged by the inner store, or by us.
        let is_staged = found.split_once('#').is_some_and(|(_, number)| {
            !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())
        });
        if !is_staged {
            names.push(found);
        }
    }
    names.sort_unstable();
    Some(names)
}

/// A multipart upload that is small enough to be written at once (checkpoints).
#[derive(Debug)]
struct BufferedUpload {
    store: DurableLocalStore,
    location: Path,
    parts: Vec<PutPayload>,
}

#[async_trait]
impl MultipartUpload for BufferedUpload {
    fn put_part(&mut self, payload: PutPayload) -> UploadPart {
        self.parts.push(payload);
        Box::pin(async { Ok(()) })
    }

    async fn complete(&mut self) -> Result<PutResult> {
        let payload: PutPayload = self.parts.drain(..).flatten().collect();
        self.store.write(&self.location, payload, PutMode::Overwrite).await
    }

    async fn abort(&mut self) -> Result<()> {
        self.parts.clear();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(folder: &tempfile::TempDir, name: &str) -> Path {
        Path::from_absolute_path(folder.path().join(name)).expect("absolute")
    }

    #[tokio::test]
    async fn the_second_creator_is_told_and_changes_nothing() {
        let folder = tempfile::tempdir().expect("folder");
        let store = DurableLocalStore::new();
        let path = at(&folder, "a/b/0.json");
        store.put_opts(&path, "first".into(), PutMode::Create.into()).await.expect("first");
        let second = store.put_opts(&path, "second".into(), PutMode::Create.into()).await;
        assert!(matches!(second, Err(Error::AlreadyExists { .. })), "{second:?}");
        let bytes = store.get(&path).await.expect("get").bytes().await.expect("bytes");
        assert_eq!(bytes, "first");
    }

    #[tokio::test]
    async fn a_log_is_listed_as_the_inner_store_lists_it() {
        let folder = tempfile::tempdir().expect("folder");
        let store = DurableLocalStore::new();
        let log = folder.path().join("table/_delta_log");
        std::fs::create_dir_all(&log).expect("folder");
        for name in
            ["00.json", "01.json", "01.checkpoint.parquet", "02.json", "02.json#17", "_last_checkpoint"]
        {
            std::fs::write(log.join(name), name).expect("write");
        }
        let prefix = at(&folder, "table/_delta_log");
        let listed = async |offset: &str, inner: bool| {
            let offset = prefix.clone().join(offset);
            let found = if inner {
                store.inner.list_with_offset(Some(&prefix), &offset)
            } else {
                store.list_with_offset(Some(&prefix), &offset)
            };
            let mut found: Vec<ObjectMeta> = found.try_collect().await.expect("listed");
            found.sort_by(|a, b| a.location.cmp(&b.location));
            found
        };
        for offset in ["", "00.json", "01.json", "02.json", "x"] {
            assert_eq!(listed(offset, false).await, listed(offset, true).await, "{offset}");
        }
        assert_eq!(listed("01.json", false).await.len(), 2);
        std::fs::create_dir(log.join("_sidecars")).expect("folder");
        std::fs::write(log.join("_sidecars/a.parquet"), "").expect("write");
        assert_eq!(listed("01.json", false).await, listed("01.json", true).await);
        let nowhere = at(&folder, "none");
        let none: Vec<ObjectMeta> = store
            .list_with_offset(Some(&nowhere), &nowhere.clone().join("0"))
            .try_collect()
            .await
            .expect("nothing");
        assert!(none.is_empty());
    }

    #[tokio::test]
    async fn nothing_staged_is_left_behind() {
        let folder = tempfile::tempdir().expect("folder");
        let store = DurableLocalStore::new();
        store.put(&at(&folder, "x"), "1".into()).await.expect("put");
        store.put(&at(&folder, "x"), "2".into()).await.expect("put");
        let names: Vec<_> = std::fs::read_dir(folder.path()).expect("dir").collect();
        assert_eq!(names.len(), 1);
    }
}
