//! Does the server really refuse a second creator?
//!
//! A commit is the creation of the log's next entry: of two writers exactly one may succeed. Some
//! servers that speak S3 do not look at the condition and let the second overwrite the first, which
//! loses rows in silence. So before the first conditional put of a process the server has to show
//! that it honours them, on an object of no importance.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::BoxStream;
use object_store::path::Path;
use object_store::{
    CopyOptions, Error, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore, PutMode,
    PutMultipartOptions, PutOptions, PutPayload, PutResult, Result,
};
use tokio::sync::OnceCell;

use crate::trouble::NotConditional;

const PROBE: &str = "_conditional_put";
const PROBE_TEXT: &str =
    "fupan puts this here once, and relies on the server to refuse to put it here twice.\n";

/// An object store whose conditional puts are relied on only when they have been seen to work.
#[derive(Debug)]
pub(crate) struct ConditionalPuts {
    inner: Arc<dyn ObjectStore>,
    probe: Path,
    proof: OnceCell<()>,
}

impl ConditionalPuts {
    /// `root` is the folder of the store.
    pub(crate) fn new(inner: Arc<dyn ObjectStore>, root: &Path) -> Self {
        Self { inner, probe: root.clone().join(PROBE), proof: OnceCell::new() }
    }

    async fn prove(&self) -> Result<()> {
        let create = || self.inner.put_opts(&self.probe, PROBE_TEXT.into(), PutMode::Create.into());
        let proof = || async {
            for _ in 0..2 {
                match create().await {
                    Err(Error::AlreadyExists { .. }) => return Ok(()),
                    Err(error) => return Err(error),
                    // The first one; or the server does not care.
                    Ok(_) => {}
                }
            }
            Err(Error::NotSupported { source: Box::new(NotConditional) })
        };
        self.proof.get_or_try_init(proof).await?;
        Ok(())
    }
}

impl fmt::Display for ConditionalPuts {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(formatter)
    }
}

#[async_trait]
impl ObjectStore for ConditionalPuts {
    async fn put_opts(&self, location: &Path, payload: PutPayload, opts: PutOptions) -> Result<PutResult> {
        if opts.mode != PutMode::Overwrite {
            self.prove().await?;
        }
        self.inner.put_opts(location, payload, opts).await
    }

    async fn put_multipart_opts(
        &self,
        location: &Path,
        opts: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        self.inner.put_multipart_opts(location, opts).await
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        self.inner.get_opts(location, options).await
    }

    async fn get_ranges(&self, location: &Path, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
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
        self.inner.list_with_offset(prefix, offset)
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.inner.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.inner.copy_opts(from, to, options).await
    }
}
