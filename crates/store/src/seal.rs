//! Does an entry of a table's log still say what was committed?
//!
//! Delta's log has no checksums: a flipped bit in a file's statistics would hide rows in silence. Each
//! entry that we write holds the BLAKE3 of itself (taken with zeros in the place of the digest) among
//! the remarks that Delta leaves to its writers. It is put in on the way to the object store, so that
//! it covers the bytes as they are written, whoever serialises them.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use futures::StreamExt;
use futures::stream::BoxStream;
use object_store::path::Path;
use object_store::{
    CopyOptions, GetOptions, GetResult, GetResultPayload, ListResult, MultipartUpload, ObjectMeta,
    ObjectStore, PutMultipartOptions, PutOptions, PutPayload, PutResult, Result,
};
use serde_json::{Value, json};

/// Name of the remark.
const REMARK: &str = "fupan.entry";

/// What stands for the digest until it is known.
const OPEN: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// The remark that every commit of ours has to carry; it is filled in when the entry is written.
pub(crate) fn open_seal() -> (String, Value) {
    (REMARK.to_owned(), json!(OPEN))
}

/// What a log entry says of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Seal {
    /// It is as it was written.
    Whole,
    /// It was changed.
    Broken,
    /// Somebody else wrote it, or the seal itself is damaged.
    Missing,
}

/// Compares an entry with its seal.
pub(crate) fn check(entry: &[u8]) -> Seal {
    let Some(at) = digest_at(entry) else { return Seal::Missing };
    let Some(digest) = entry.get(at.clone()) else { return Seal::Missing };
    let Some(expected) = digest_of(entry, &at) else { return Seal::Broken };
    if expected.as_bytes() == digest { Seal::Whole } else { Seal::Broken }
}

/// An entry that was changed on purpose: it is sealed anew when it is written.
pub(crate) fn opened(entry: String) -> String {
    match digest_at(entry.as_bytes()) {
        Some(at) if entry.is_char_boundary(at.start) && entry.is_char_boundary(at.end) => {
            let (before, after) = (entry.get(..at.start), entry.get(at.end..));
            [before.unwrap_or_default(), OPEN, after.unwrap_or_default()].concat()
        }
        _ => entry,
    }
}

/// The entry with its digest in place; none where it has no open seal.
fn sealed(entry: &[u8]) -> Option<Vec<u8>> {
    let at = digest_at(entry)?;
    if entry.get(at.clone())? != OPEN.as_bytes() {
        return None;
    }
    let digest = digest_of(entry, &at)?;
    Some([entry.get(..at.start)?, digest.as_bytes(), entry.get(at.end..)?].concat())
}

/// Where the digest stands.
fn digest_at(entry: &[u8]) -> Option<Range<usize>> {
    let before = format!("\"{REMARK}\":\"");
    let start = entry.windows(before.len()).position(|window| window == before.as_bytes())? + before.len();
    Some(start..start + OPEN.len())
}

fn digest_of(entry: &[u8], at: &Range<usize>) -> Option<String> {
    let mut hasher = blake3::Hasher::new();
    hasher.update(entry.get(..at.start)?).update(OPEN.as_bytes()).update(entry.get(at.end..)?);
    Some(hasher.finalize().to_hex().to_string())
}

/// Whether this is an entry of a table's log.
fn is_entry(location: &Path) -> bool {
    location.extension() == Some("json")
        && location.parts().rev().nth(1).is_some_and(|folder| folder.as_ref() == "_delta_log")
}

/// Seals log entries on their way to the store below, and may look at the seals on the way back.
#[derive(Debug)]
pub(crate) struct SealingStore {
    inner: Arc<dyn ObjectStore>,
    checks: bool,
}

impl SealingStore {
    /// What is read comes as it is.
    pub(crate) fn new(inner: Arc<dyn ObjectStore>) -> Self {
        Self { inner, checks: false }
    }

    /// A log entry that is empty or changed is an error: Delta would take it for one that says less.
    pub(crate) fn checking(inner: Arc<dyn ObjectStore>) -> Self {
        Self { inner, checks: true }
    }

    async fn checked(&self, location: &Path, found: GetResult) -> Result<GetResult> {
        let (meta, range, attributes) = (found.meta.clone(), found.range.clone(), found.attributes.clone());
        let bytes = found.bytes().await?;
        if bytes.iter().all(u8::is_ascii_whitespace) || check(&bytes) == Seal::Broken {
            let source = format!("{location} is empty or was changed after it was written").into();
            return Err(object_store::Error::Generic { store: "fupan", source });
        }
        let payload = GetResultPayload::Stream(futures::stream::once(async { Ok(bytes) }).boxed());
        Ok(GetResult { payload, meta, range, attributes })
    }
}

impl fmt::Display for SealingStore {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(formatter)
    }
}

#[async_trait]
impl ObjectStore for SealingStore {
    async fn put_opts(&self, location: &Path, payload: PutPayload, options: PutOptions) -> Result<PutResult> {
        if !is_entry(location) {
            return self.inner.put_opts(location, payload, options).await;
        }
        let bytes: Bytes = payload.into();
        let bytes = sealed(&bytes).map_or(bytes, Bytes::from);
        self.inner.put_opts(location, bytes.into(), options).await
    }

    async fn put_multipart_opts(
        &self,
        location: &Path,
        options: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        self.inner.put_multipart_opts(location, options).await
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        let is_checked = self.checks && is_entry(location) && options.range.is_none() && !options.head;
        let found = self.inner.get_opts(location, options).await?;
        if is_checked { self.checked(location, found).await } else { Ok(found) }
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

#[cfg(test)]
mod tests {
    use super::*;

    fn entry() -> Vec<u8> {
        let (name, digest) = open_seal();
        let text = json!({"add": {"path": "a.parquet", "size": 3}}).to_string()
            + "\n"
            + &json!({"commitInfo": {name: digest, "timestamp": 1}}).to_string();
        sealed(text.as_bytes()).expect("it is open")
    }

    #[test]
    fn an_entry_is_whole_until_any_bit_of_it_changes() {
        let entry = entry();
        assert_eq!(check(&entry), Seal::Whole);
        for bit in 0..entry.len() * 8 {
            let mut flipped = entry.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert_ne!(check(&flipped), Seal::Whole, "bit {bit}");
        }
        for length in 0..entry.len() {
            assert_ne!(check(&entry[..length]), Seal::Whole, "{length} bytes");
        }
    }

    #[test]
    fn what_is_changed_on_purpose_can_be_sealed_again() {
        let changed = String::from_utf8(entry()).expect("text").replace("a.parquet", "b.parquet");
        assert_eq!(check(changed.as_bytes()), Seal::Broken);
        let again = sealed(opened(changed).as_bytes()).expect("it is open");
        assert_eq!(check(&again), Seal::Whole);
    }

    #[test]
    fn only_entries_of_logs_are_sealed() {
        assert!(is_entry(&Path::from("s/logs/_delta_log/00000000000000000001.json")));
        for other in ["s/logs/_delta_log/_last_checkpoint", "s/logs/a.json", "a.json", ""] {
            assert!(!is_entry(&Path::from(other)), "{other}");
        }
    }
}
