//! Which objects does a URL mean, and what is in them? The sources of an ingest that are not files.
//!
//! An object is read in parts of some megabytes, each a request of its own that is tried again where
//! the connection breaks off: an object of any size needs the memory of a few parts, and no reply has
//! to last as long as the ingest does.

mod ahead;
mod find;

use std::fmt;
use std::io::Read;
use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use fupan_model::Micros;
use futures::{StreamExt, TryStreamExt, stream};
use object_store::path::Path;
use object_store::{Error, GetOptions, GetRange, ObjectMeta, ObjectStore, ObjectStoreExt};
use tokio::runtime::Handle;
use tokio::sync::mpsc;
use url::Url;

use crate::remote;
use crate::trouble::RemoteTrouble;
use crate::{StoreError, limits};

use ahead::Ahead;
pub use find::{FoundObject, find_objects};

/// An object that can be read.
#[derive(Clone)]
pub struct RemoteObject {
    /// Its whole address. May hold a signature: not to be shown.
    url: String,
    store: Arc<dyn ObjectStore>,
    path: Path,
    /// Bytes in it, where the server says so.
    size: Option<u64>,
    modified_at: Option<Micros>,
    /// What it was found together with.
    ahead: Option<Ahead>,
}

impl fmt::Debug for RemoteObject {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let url = self.url.split('?').next().unwrap_or_default();
        formatter.debug_struct("RemoteObject").field("url", &url).finish_non_exhaustive()
    }
}

/// The same address is the same object.
impl PartialEq for RemoteObject {
    fn eq(&self, other: &Self) -> bool {
        self.url == other.url
    }
}

impl Eq for RemoteObject {}

impl RemoteObject {
    /// What tells it from other objects.
    pub fn address(&self) -> &str {
        &self.url
    }

    /// The last part of its key, as a file has a name.
    pub fn name(&self) -> String {
        if let Some(name) = self.path.filename() {
            return name.to_owned();
        }
        let url = Url::parse(&self.url).ok();
        let path = url.as_ref().and_then(|url| Path::from_url_path(url.path()).ok());
        let name = path.as_ref().and_then(Path::filename).map(str::to_owned);
        name.or_else(|| url.and_then(|url| url.host_str().map(str::to_owned))).unwrap_or_default()
    }

    /// Bytes in it when it was found.
    pub const fn size(&self) -> Option<u64> {
        self.size
    }

    /// When it was last written.
    pub const fn modified_at(&self) -> Option<Micros> {
        self.modified_at
    }

    /// Its bytes, for a thread that may block. Reading ahead happens on `runtime`, and ends when the
    /// reader is dropped.
    pub fn reader(&self, runtime: &Handle) -> ObjectReader {
        let (sender, parts) = mpsc::channel(1);
        runtime.spawn(self.clone().send_all(sender));
        ObjectReader { parts, current: Bytes::new() }
    }

    async fn send_all(self, sender: mpsc::Sender<std::io::Result<Bytes>>) {
        if let Err(error) = self.send_parts(&sender).await {
            // Nobody listens any more: nobody wants to know.
            let _ = sender.send(Err(error)).await;
        }
    }

    async fn send_parts(&self, sender: &mpsc::Sender<std::io::Result<Bytes>>) -> std::io::Result<()> {
        if self.size == Some(0) {
            return Ok(());
        }
        let (first, meta) = match self.first_part().await {
            Err(Error::NotSupported { .. }) => return self.send_whole(sender).await,
            part => part.map_err(|error| unreadable(&error))?,
        };
        let mut at = first.len() as u64;
        if sender.send(Ok(first)).await.is_err() {
            return Ok(());
        }
        let starts = stream::iter(std::iter::successors(Some(at), |at| Some(at + limits::OBJECT_PART_BYTES)))
            .take_while(|start| std::future::ready(*start < meta.size));
        let mut parts = starts
            .map(|start| self.part(start..(start + limits::OBJECT_PART_BYTES).min(meta.size)))
            .buffered(limits::OBJECT_PARTS_AHEAD);
        while let Some((bytes, of_part)) = parts.try_next().await.map_err(|error| unreadable(&error))? {
            if !is_same(&meta, &of_part) {
                let reason = "it was replaced while it was read; ingest it again, it goes on from there";
                return Err(std::io::Error::other(reason));
            }
            at += bytes.len() as u64;
            if sender.send(Ok(bytes)).await.is_err() {
                return Ok(());
            }
        }
        if at < meta.size {
            return Err(std::io::Error::other(format!("{} bytes are missing", meta.size - at)));
        }
        Ok(())
    }

    async fn first_part(&self) -> Result<(Bytes, ObjectMeta), Error> {
        let fetched = self.ahead.as_ref().and_then(Ahead::take);
        match fetched {
            Some(fetched) => match fetched.await {
                Ok(part) => part,
                // The runtime ends: what is asked for now will say so.
                Err(_) => self.part(0..limits::OBJECT_PART_BYTES).await,
            },
            None => self.part(0..limits::OBJECT_PART_BYTES).await,
        }
    }

    async fn part(&self, range: Range<u64>) -> Result<(Bytes, ObjectMeta), Error> {
        let options = GetOptions { range: Some(GetRange::Bounded(range)), ..GetOptions::default() };
        let got = self.store.get_opts(&self.path, options).await?;
        let meta = got.meta.clone();
        Ok((got.bytes().await?, meta))
    }

    /// For web servers that give files as a whole only.
    async fn send_whole(&self, sender: &mpsc::Sender<std::io::Result<Bytes>>) -> std::io::Result<()> {
        let url = Url::parse(&self.url).map_err(std::io::Error::other)?;
        let store = remote::connect_http(&url, false).map_err(std::io::Error::other)?;
        let mut bytes = store.get(&self.path).await.map_err(|error| unreadable(&error))?.into_stream();
        while let Some(some) = bytes.try_next().await.map_err(|error| unreadable(&error))? {
            if sender.send(Ok(some)).await.is_err() {
                return Ok(());
            }
        }
        Ok(())
    }
}

/// Whether two replies are about the same content.
fn is_same(one: &ObjectMeta, other: &ObjectMeta) -> bool {
    one.size == other.size
        && match (&one.e_tag, &other.e_tag) {
            (Some(one), Some(other)) => one == other,
            _ => one.last_modified == other.last_modified,
        }
}

fn unreadable(error: &Error) -> std::io::Error {
    let told = RemoteTrouble::of(error).map_or_else(|| error.to_string(), |trouble| trouble.what);
    std::io::Error::other(told)
}

/// The bytes of an object, for a thread that may block.
#[derive(Debug)]
pub struct ObjectReader {
    parts: mpsc::Receiver<std::io::Result<Bytes>>,
    current: Bytes,
}

impl Read for ObjectReader {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        while self.current.is_empty() {
            match self.parts.blocking_recv() {
                Some(part) => self.current = part?,
                None => return Ok(0),
            }
        }
        let taken = self.current.split_to(self.current.len().min(buffer.len()));
        buffer.iter_mut().zip(&taken).for_each(|(to, from)| *to = *from);
        Ok(taken.len())
    }
}

/// What `find` makes of a listing's entry.
fn object(store: &Arc<dyn ObjectStore>, url: String, meta: ObjectMeta) -> RemoteObject {
    // A server that does not say when is given the beginning of time by the library.
    let modified_at = Some(meta.last_modified.timestamp_micros()).filter(|micros| *micros > 0).map(Micros);
    RemoteObject {
        url,
        store: Arc::clone(store),
        path: meta.location,
        size: Some(meta.size),
        modified_at,
        ahead: None,
    }
}

/// A file of a web server, whether it says how large it is or not.
async fn web_file(location: &str) -> Result<RemoteObject, StoreError> {
    let bad = |reason: String| StoreError::Remote(RemoteTrouble::new(reason, "look at the URL"));
    let url = Url::parse(location).map_err(|error| bad(format!("`{location}` is not a URL: {error}")))?;
    let store = remote::connect_http(&url, true)?;
    let path = Path::default();
    match store.head(&path).await {
        Ok(meta) => Ok(object(&store, location.to_owned(), ObjectMeta { location: path, ..meta })),
        Err(error @ Error::NotFound { .. }) => Err(error.into()),
        // Signed URLs are signed for reading alone; reading will tell.
        Err(_) => Ok(RemoteObject {
            url: location.to_owned(),
            store,
            path,
            size: None,
            modified_at: None,
            ahead: None,
        }),
    }
}
