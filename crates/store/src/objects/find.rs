//! One object, all below a folder, or all that a pattern matches?

use std::collections::HashSet;
use std::sync::Arc;

use futures::TryStreamExt;
use glob::{MatchOptions, Pattern};
use object_store::path::Path;
use object_store::{Error, ObjectMeta, ObjectStore, ObjectStoreExt};

use super::{RemoteObject, ahead, object, web_file};
use crate::StoreError;
use crate::remote::{self, Parts, Provider, RemoteOptions};
use crate::trouble::RemoteTrouble;

/// An object that a URL means.
#[derive(Debug, Clone)]
pub struct FoundObject {
    /// It can be read.
    pub object: RemoteObject,
    /// Meant by its own name or by a pattern, rather than found below a folder.
    pub is_explicit: bool,
}

/// The objects that a URL means, in the order in which a folder of files would be walked: an object,
/// a folder (all below it but hidden ones and Delta tables), or a pattern in the key. At most `objects_max` of them.
pub async fn find_objects(
    location: &str,
    options: &RemoteOptions,
    objects_max: usize,
) -> Result<Vec<FoundObject>, StoreError> {
    let parts = remote::parts(location)?;
    if parts.provider == Provider::Http {
        return Ok(vec![FoundObject { object: web_file(location).await?, is_explicit: true }]);
    }
    let store = remote::connect(&parts, options)?;
    let finding = Finding { store: &store, parts, location, objects_max };
    let key = parts.key.trim_end_matches('/');
    if let Some(first) = key.find(['*', '?', '[']) {
        let folder =
            key.get(..first).and_then(|literal| literal.rsplit_once('/')).map_or("", |(folder, _)| folder);
        return finding.matching(folder, key).await;
    }
    if !key.is_empty() && key == parts.key {
        match store.head(&finding.path(key)?).await {
            Ok(meta) => return Ok(vec![finding.found(meta, true)]),
            Err(Error::NotFound { .. }) => {}
            // The reply to looking at an object says nothing but its status; that to listing says why.
            Err(error) => return Err(finding.list(key).await.err().unwrap_or_else(|| error.into())),
        }
    }
    finding.below(key).await
}

struct Finding<'a> {
    store: &'a Arc<dyn ObjectStore>,
    parts: Parts<'a>,
    location: &'a str,
    objects_max: usize,
}

impl Finding<'_> {
    fn nothing(&self, reason: &str) -> StoreError {
        let advice = "look at the name; s3://BUCKET/FOLDER/ reads all below it, and a pattern such as 's3://BUCKET/logs/*.gz' works too";
        StoreError::Remote(RemoteTrouble::new(
            format!("nothing to read at `{}`: {reason}", self.location),
            advice,
        ))
    }

    fn path(&self, key: &str) -> Result<Path, StoreError> {
        Path::parse(key).map_err(|error| self.nothing(&format!("the key cannot be read ({error})")))
    }

    fn found(&self, meta: ObjectMeta, is_explicit: bool) -> FoundObject {
        let url = format!("{}://{}/{}", self.parts.scheme, self.parts.bucket, meta.location);
        FoundObject { object: object(self.store, url, meta), is_explicit }
    }

    async fn below(&self, folder: &str) -> Result<Vec<FoundObject>, StoreError> {
        let depth = folder.split('/').filter(|part| !part.is_empty()).count();
        let mut listed = self.list(folder).await?;
        listed.retain(|meta| !is_hidden(meta, depth));
        let tables: HashSet<String> =
            listed.iter().filter_map(|meta| table_of(meta.location.as_ref())).map(str::to_owned).collect();
        let is_in = |key: &str, table: &String| {
            table != folder && key.strip_prefix(table.as_str()).is_some_and(|rest| rest.starts_with('/'))
        };
        listed.retain(|meta| !tables.iter().any(|table| is_in(meta.location.as_ref(), table)));
        if listed.is_empty() {
            return Err(self.nothing("there is no such object or folder"));
        }
        Ok(ahead::in_order(listed.into_iter().map(|meta| self.found(meta, false)).collect()))
    }

    async fn matching(&self, folder: &str, pattern: &str) -> Result<Vec<FoundObject>, StoreError> {
        let compiled =
            Pattern::new(pattern).map_err(|error| self.nothing(&format!("the pattern is wrong: {error}")))?;
        let options = MatchOptions { require_literal_separator: true, ..MatchOptions::default() };
        let is_match = |key: &str| key == pattern || compiled.matches_with(key, options);
        let mut found = Vec::new();
        for meta in self.list(folder).await? {
            let key = meta.location.as_ref();
            // A folder that matches is walked, as the shell's patterns find folders too.
            let folder = key.match_indices('/').find(|(at, _)| key.get(..*at).is_some_and(is_match));
            let is_below = folder.is_some_and(|(at, _)| {
                let depth = key.get(..at).unwrap_or_default().split('/').count();
                !is_hidden(&meta, depth)
            });
            let is_explicit = is_match(key);
            if is_explicit || is_below {
                found.push(self.found(meta, is_explicit));
            }
        }
        if found.is_empty() {
            return Err(self.nothing("no object matches the pattern"));
        }
        Ok(ahead::in_order(found))
    }

    /// All objects below a folder; without those that stand for folders.
    async fn list(&self, folder: &str) -> Result<Vec<ObjectMeta>, StoreError> {
        let prefix = if folder.is_empty() { None } else { Some(self.path(folder)?) };
        let mut entries = self.store.list(prefix.as_ref());
        let mut found: Vec<ObjectMeta> = Vec::new();
        while let Some(entry) = entries.try_next().await? {
            found.push(entry);
            if found.len() > self.objects_max {
                let reason =
                    format!("it holds more than {} objects; name a smaller folder", self.objects_max);
                return Err(self.nothing(&reason));
            }
        }
        let folders: HashSet<String> = found
            .iter()
            .flat_map(|meta| {
                let key = meta.location.as_ref();
                key.match_indices('/').filter_map(|(at, _)| key.get(..at)).map(str::to_owned)
            })
            .chain(prefix.map(|prefix| prefix.to_string()))
            .collect();
        found.retain(|meta| meta.size > 0 || !folders.contains(meta.location.as_ref()));
        found.sort_by(|one, other| one.location.parts().cmp(other.location.parts()));
        Ok(found)
    }
}

/// Whether a part of the key beyond so many begins with a dot.
/// The folder of the Delta table of whose log this is an entry.
fn table_of(key: &str) -> Option<&str> {
    key.split_once("/_delta_log/").map(|(table, _)| table)
}

fn is_hidden(meta: &ObjectMeta, depth: usize) -> bool {
    meta.location.as_ref().split('/').skip(depth).any(|part| part.starts_with('.'))
}
