//! Can a damaged file be put together again from the files that it was merged from?

use std::collections::{BTreeMap, BTreeSet};

use deltalake_core::kernel::Add;
use deltalake_core::protocol::DeltaOperation;
use fupan_model::{Micros, Table};
use object_store::ObjectStoreExt;
use object_store::path::Path;
use serde_json::Value;

use super::Repair;
use crate::compact::removed;
use crate::state::files_of;
use crate::table::{Change, TAG_CHUNKS, TAG_DIGEST};
use crate::{Store, StoreError, table};

impl Store {
    /// Puts the files back that a damaged file was merged from, where all of them are there and whole. False
    /// where that cannot be.
    pub(super) async fn put_back(
        &self,
        table: Table,
        path: &str,
        dry_run: bool,
        now: Micros,
        repair: &mut Repair,
    ) -> Result<bool, StoreError> {
        let mut delta = self.delta(table).await?;
        let Some(damaged) = files_of(&delta)?.into_iter().find(|file| file.path == path) else {
            return Ok(false);
        };
        let parts = self.merged_from(table, path).await?;
        let held: BTreeSet<String> = parts.iter().flat_map(chunks_of).collect();
        let is_same_chunks = table == Table::Ingests || held == damaged.chunks.iter().cloned().collect();
        if parts.is_empty() || !is_same_chunks {
            return Ok(false);
        }
        for part in &parts {
            if !self.is_whole(table, part).await? {
                return Ok(false);
            }
        }
        repair.step(
            format!("{}/{path}", table.name()),
            format!("put back from the {} files that it was merged from; nothing is lost", parts.len()),
        );
        if dry_run {
            return Ok(true);
        }
        let change = Change {
            adds: parts,
            removes: vec![removed(table, &damaged, false, now)],
            operation: DeltaOperation::Restore { version: None, datetime: None },
        };
        table::commit_change(&mut delta, table, &change).await?;
        self.keep(table, delta).await;
        self.move_aside(&format!("{}/{path}", table.name()), now, repair).await?;
        Ok(true)
    }

    /// The files that went out in the commit that brought this one, as they were added.
    async fn merged_from(&self, table: Table, path: &str) -> Result<Vec<Add>, StoreError> {
        let mut adds: BTreeMap<String, Add> = BTreeMap::new();
        let mut parts = Vec::new();
        for entry in self.log_entries(table).await? {
            let actions = entry.actions().unwrap_or_default();
            let added: Vec<Add> = actions
                .iter()
                .filter_map(|action| serde_json::from_value(action.get("add")?.clone()).ok())
                .collect();
            if let Some(this) = added.iter().find(|add| add.path == path) {
                // A commit merges several groups: of its parts only those of the same chunks are meant.
                let own: BTreeSet<String> = chunks_of(this).collect();
                parts = actions
                    .iter()
                    .filter_map(|action| action.pointer("/remove/path").and_then(Value::as_str))
                    .filter_map(|removed| adds.get(removed))
                    .filter(|part| {
                        table == Table::Ingests
                            || (part.partition_values == this.partition_values
                                && chunks_of(part).all(|chunk| own.contains(&chunk)))
                    })
                    .map(|part| Add { data_change: false, ..part.clone() })
                    .collect();
            }
            adds.extend(added.into_iter().map(|add| (add.path.clone(), add)));
        }
        Ok(parts)
    }

    async fn is_whole(&self, table: Table, add: &Add) -> Result<bool, StoreError> {
        let path = Path::from(format!("{}/{}", table.name(), add.path));
        let bytes = match self.object_store().get(&path).await {
            Ok(got) => got.bytes().await?,
            Err(object_store::Error::NotFound { .. }) => return Ok(false),
            Err(error) => return Err(error.into()),
        };
        Ok(tag(add, TAG_DIGEST).is_some_and(|digest| digest == blake3::hash(&bytes).to_hex().as_str()))
    }
}

fn tag<'a>(add: &'a Add, name: &str) -> Option<&'a str> {
    add.tags.as_ref()?.get(name)?.as_deref()
}

fn chunks_of(add: &Add) -> impl Iterator<Item = String> + '_ {
    tag(add, TAG_CHUNKS).into_iter().flat_map(|text| text.split(',')).map(str::to_owned)
}
