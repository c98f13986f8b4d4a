//! An object store that does something else than it is asked for.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use futures::future::BoxFuture;
use futures::stream::BoxStream;
use futures::{StreamExt, stream};
use object_store::path::Path;
use object_store::{
    CopyOptions, Error, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore,
    PutMultipartOptions, PutOptions, PutPayload, PutResult, Result,
};

/// What becomes of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    Done,
    /// Not done, and says so.
    Failed,
    /// Done, and says that it failed.
    DoneAndFailed,
    /// Done, and says that somebody else had done it: a request that was sent twice.
    DoneAndTaken,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Read,
    Put,
}

type Judge = dyn Fn(Kind, String) -> BoxFuture<'static, Fate> + Send + Sync;

/// Asks for the fate of each request.
#[derive(Clone)]
pub(crate) struct Between {
    inner: Arc<dyn ObjectStore>,
    judge: Arc<Judge>,
}

impl Between {
    pub(crate) fn new(
        inner: Arc<dyn ObjectStore>,
        judge: impl Fn(Kind, String) -> BoxFuture<'static, Fate> + Send + Sync + 'static,
    ) -> Arc<Self> {
        Arc::new(Self { inner, judge: Arc::new(judge) })
    }

    async fn read(&self, what: &Path) -> Result<()> {
        match (self.judge)(Kind::Read, what.to_string()).await {
            Fate::Done => Ok(()),
            _ => Err(failed()),
        }
    }
}

fn failed() -> Error {
    Error::Generic { store: "Between", source: std::io::Error::from_raw_os_error(5).into() }
}

impl fmt::Debug for Between {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Between")
    }
}

impl fmt::Display for Between {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Between")
    }
}

#[async_trait]
impl ObjectStore for Between {
    async fn put_opts(&self, location: &Path, payload: PutPayload, options: PutOptions) -> Result<PutResult> {
        let fate = (self.judge)(Kind::Put, location.to_string()).await;
        if fate == Fate::Failed {
            return Err(failed());
        }
        let done = self.inner.put_opts(location, payload, options).await?;
        match fate {
            Fate::DoneAndFailed => Err(failed()),
            Fate::DoneAndTaken => {
                Err(Error::AlreadyExists { path: location.to_string(), source: "sent twice".into() })
            }
            _ => Ok(done),
        }
    }

    async fn put_multipart_opts(
        &self,
        location: &Path,
        options: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        self.inner.put_multipart_opts(location, options).await
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        self.read(location).await?;
        self.inner.get_opts(location, options).await
    }

    async fn get_ranges(&self, location: &Path, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        self.read(location).await?;
        self.inner.get_ranges(location, ranges).await
    }

    fn delete_stream(&self, locations: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        self.inner.delete_stream(locations)
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.list_with_offset(prefix, &Path::default())
    }

    fn list_with_offset(
        &self,
        prefix: Option<&Path>,
        offset: &Path,
    ) -> BoxStream<'static, Result<ObjectMeta>> {
        let (this, prefix, offset) = (self.clone(), prefix.cloned(), offset.clone());
        let listed = async move {
            match this.read(&prefix.clone().unwrap_or_default()).await {
                Ok(()) => this.inner.list_with_offset(prefix.as_ref(), &offset),
                Err(error) => stream::once(async { Err(error) }).boxed(),
            }
        };
        stream::once(listed).flatten().boxed()
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.read(&prefix.cloned().unwrap_or_default()).await?;
        self.inner.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.inner.copy_opts(from, to, options).await
    }
}
