//! Where is a store, and which object store reaches it?

use std::path::{Component, Path as FsPath, PathBuf};
use std::sync::Arc;

use deltalake_core::DeltaResult;
use deltalake_core::logstore::{
    LogStore, LogStoreFactory, ObjectStoreRef, StorageConfig, default_logstore, logstore_factories,
};
use fupan_model::Table;
use futures::StreamExt;
use object_store::ObjectStore;
use object_store::path::Path;
use url::Url;

use crate::conditional::ConditionalPuts;
use crate::remote::{self, RemoteOptions};
use crate::{DurableLocalStore, StoreError};

/// Whether a folder is a Delta table.
pub fn is_table_folder(folder: &FsPath) -> bool {
    folder.join("_delta_log").is_dir()
}

/// A folder or a URL → its URL, ending in a slash, and the store that reaches it. A bucket is asked
/// once, so that wrong credentials or a wrong name are told in place of what follows from them.
pub(crate) async fn resolve(
    location: &str,
    options: &RemoteOptions,
) -> Result<(Url, Arc<dyn ObjectStore>), StoreError> {
    if !remote::is_remote(location) {
        return resolve_folder(location);
    }
    let bad =
        |reason: &str| StoreError::BadLocation { location: location.to_owned(), reason: reason.to_owned() };
    let parts = remote::parts(location)?;
    let bucket = remote::connect(&parts, options)?;
    if parts.key.contains(['?', '#', '%', '*']) {
        return Err(bad("the path of a store in a bucket must do without ? # % *"));
    }
    let root = format!("{}/", location.trim_end_matches('/'));
    let root = Url::parse(&root).map_err(|error| bad(&error.to_string()))?;
    know_scheme(parts.scheme)?;
    let prefix = prefix(&root)?;
    let any = bucket.list(Some(&prefix.clone().join(Table::Ingests.name()))).next().await;
    any.transpose()?;
    Ok((root, Arc::new(ConditionalPuts::new(bucket, &prefix))))
}

fn resolve_folder(location: &str) -> Result<(Url, Arc<dyn ObjectStore>), StoreError> {
    let bad =
        |reason: &str| StoreError::BadLocation { location: location.to_owned(), reason: reason.to_owned() };
    let path = match location.strip_prefix("file://") {
        Some(_) => Url::parse(location)
            .map_err(|error| bad(&error.to_string()))?
            .to_file_path()
            .map_err(|()| bad("it is not a local path"))?,
        None => std::path::absolute(location).map_err(|error| bad(&error.to_string()))?,
    };
    let path = without_parents(&path);
    if path.is_file() {
        return Err(bad("it is a file"));
    }
    if has_escape(path.as_os_str().as_encoded_bytes()) {
        return Err(bad(
            "a percent sign before two digits is taken for another letter there: rename the folder",
        ));
    }
    let root = Url::from_directory_path(&path).map_err(|()| bad("it is not an absolute path"))?;
    Ok((root, Arc::new(DurableLocalStore::new())))
}

/// The same path without `..`, which object stores refuse. What is above a folder that is a link is asked of the
/// file system.
fn without_parents(path: &FsPath) -> PathBuf {
    let mut resolved = PathBuf::new();
    for component in path.components() {
        if component == Component::ParentDir {
            resolved = resolved.canonicalize().unwrap_or(resolved);
            resolved.pop();
        } else {
            resolved.push(component);
        }
    }
    resolved
}

/// Whether a percent sign stands before two hexadecimal digits.
fn has_escape(path: &[u8]) -> bool {
    path.windows(3).any(|three| three.starts_with(b"%") && three.iter().skip(1).all(u8::is_ascii_hexdigit))
}

/// The path of a root in its object store.
pub(crate) fn prefix(root: &Url) -> Result<Path, StoreError> {
    Path::from_url_path(root.path())
        .map_err(|error| StoreError::BadLocation { location: root.to_string(), reason: error.to_string() })
}

/// Delta asks by scheme how a log is kept. Ours is kept everywhere in the same way: the next entry is
/// created if it does not exist, on the object store that it is given.
pub(crate) fn know_scheme(scheme: &str) -> Result<(), StoreError> {
    let key = Url::parse(&format!("{scheme}://")).map_err(|error| StoreError::BadLocation {
        location: scheme.to_owned(),
        reason: error.to_string(),
    })?;
    logstore_factories().entry(key).or_insert_with(|| Arc::new(CreatedLogs));
    Ok(())
}

struct CreatedLogs;

impl LogStoreFactory for CreatedLogs {
    fn with_options(
        &self,
        prefixed_store: ObjectStoreRef,
        root_store: ObjectStoreRef,
        location: &Url,
        options: &StorageConfig,
    ) -> DeltaResult<Arc<dyn LogStore>> {
        Ok(default_logstore(prefixed_store, root_store, location, options))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_above_are_found_also_behind_links_and_before_they_exist() {
        let folder = tempfile::tempdir().expect("folder");
        let base = folder.path().canonicalize().expect("real");
        std::fs::create_dir_all(base.join("a/b")).expect("folders");
        assert_eq!(without_parents(&base.join("a/b/../new")), base.join("a/new"));
        assert_eq!(without_parents(&base.join("no/../new")), base.join("new"));
        #[cfg(unix)]
        {
            std::os::unix::fs::symlink(base.join("a/b"), base.join("link")).expect("link");
            assert_eq!(without_parents(&base.join("link/../c")), base.join("a/c"));
        }
    }

    #[test]
    fn a_folder_that_would_be_taken_for_another_is_refused() {
        let refused = resolve_folder("/tmp/a%20b").map(|_| ()).unwrap_err().to_string();
        assert!(refused.contains("rename the folder"), "{refused}");
        assert!(resolve_folder("/tmp/100% 打折").is_ok());
    }
}
