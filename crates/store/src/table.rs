//! One Delta table below the root: creating, loading and committing at exactly the next version.
//!
//! A commit is made against the state that its decision was read from. If anybody committed in
//! between, the answer is [`StoreError::Conflict`] and the caller reads again and decides anew; delta-rs'
//! own rebasing is switched off, because two appends never conflict there and the same chunk would
//! be written twice.

use std::collections::HashMap;
use std::sync::Arc;

use bytes::Bytes;
use deltalake_core::kernel::transaction::{CommitBuilder, CommitProperties, TransactionError};
use deltalake_core::kernel::{Action, Add, Remove, StructField, StructType};
use deltalake_core::operations::create::CreateBuilder;
use deltalake_core::protocol::{DeltaOperation, SaveMode};
use deltalake_core::{DeltaTable, DeltaTableBuilder, DeltaTableError};
use fupan_model::Table;
use object_store::memory::InMemory;
use object_store::{ObjectStore, ObjectStoreExt};
use serde_json::{Value, json};
use url::Url;
use uuid::Uuid;

use crate::seal::{SealingStore, open_seal};
use crate::{StoreError, location};

/// Add-action tag that holds the BLAKE3 of the file, hex.
pub(crate) const TAG_DIGEST: &str = "fupan.blake3";
/// Add-action tag that holds the ids of the chunks in the file, separated by commas.
pub(crate) const TAG_CHUNKS: &str = "fupan.chunks";

/// Key of a log entry's commit information that holds what tells one commit from all others.
const COMMIT_MARK: &str = "fupanCommit";

/// A handle without state.
pub(crate) fn handle(
    object_store: &Arc<dyn ObjectStore>,
    root: &Url,
    table: Table,
) -> Result<DeltaTable, StoreError> {
    let url = table_url(root, table)?;
    Ok(DeltaTableBuilder::from_url(url.clone())?
        .with_storage_backend(Arc::clone(object_store), url)
        .build()?)
}

fn table_url(root: &Url, table: Table) -> Result<Url, StoreError> {
    root.join(&format!("{}/", table.name()))
        .map_err(|error| StoreError::BadLocation { location: root.to_string(), reason: error.to_string() })
}

/// Whether the table is there.
pub(crate) async fn exists(
    object_store: &Arc<dyn ObjectStore>,
    root: &Url,
    table: Table,
) -> Result<bool, StoreError> {
    // Its first entry stays for ever, and asking for it is cheaper than listing the log of a year.
    let log = location::prefix(root)?.join(table.name()).join("_delta_log");
    match object_store.head(&log.join(format!("{:020}.json", 0))).await {
        Ok(_) => Ok(true),
        Err(object_store::Error::NotFound { .. }) => {
            Ok(handle(object_store, root, table)?.verify_deltatable_existence().await?)
        }
        Err(error) => Err(error.into()),
    }
}

/// Creates the table where it is missing; another creator at the same time is no error.
pub(crate) async fn create(
    object_store: &Arc<dyn ObjectStore>,
    root: &Url,
    table: Table,
) -> Result<(), StoreError> {
    if exists(object_store, root, table).await? {
        return Ok(());
    }
    let delta = handle(object_store, root, table)?;
    let created = CreateBuilder::new()
        .with_log_store(delta.log_store())
        .with_table_name(table.name())
        .with_columns(delta_columns(table))
        .with_partition_columns(table.partition_columns().iter().map(ToString::to_string))
        .with_save_mode(SaveMode::Ignore)
        .with_raise_if_key_not_exists(false)
        .with_configuration(properties(table))
        .with_commit_properties(commit_properties(&Uuid::new_v4().to_string()))
        .await;
    match created {
        Ok(_) => Ok(()),
        // Whoever was first at the same time has created the same (how the second is told so varies), or our
        // own request came through and its reply did not.
        Err(_) if exists(object_store, root, table).await? => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// The entry that a new table begins with: what the table is.
pub(crate) async fn first_entry(table: Table) -> Result<Bytes, StoreError> {
    let memory: Arc<dyn ObjectStore> = Arc::new(InMemory::new());
    let sealing: Arc<dyn ObjectStore> = Arc::new(SealingStore::new(Arc::clone(&memory)));
    let location = "memory:///anew/";
    let root = Url::parse(location).map_err(|error| StoreError::BadLocation {
        location: location.to_owned(),
        reason: error.to_string(),
    })?;
    create(&sealing, &root, table).await?;
    let path = location::prefix(&root)?.join(table.name()).join("_delta_log").join(format!("{:020}.json", 0));
    Ok(memory.get(&path).await?.bytes().await?)
}

/// Every commit of ours is made with them: its log entry is sealed, and by its mark it is known again where the
/// reply to writing it is lost.
fn commit_properties(mark: &str) -> CommitProperties {
    CommitProperties::default()
        .with_max_retries(0)
        .with_cleanup_expired_logs(Some(false))
        .with_metadata([open_seal(), (COMMIT_MARK.to_owned(), json!(mark))])
}

/// Log clean-up off and retention of centuries: the past must stay readable. Statistics on the
/// columns that are filtered by, not on bodies.
fn properties(table: Table) -> HashMap<String, Option<String>> {
    let statistics: Vec<_> =
        table.statistics_columns().iter().filter(|column| **column != "date").copied().collect();
    [
        ("delta.enableExpiredLogCleanup", "false".to_owned()),
        ("delta.logRetentionDuration", "interval 36500 days".to_owned()),
        ("delta.deletedFileRetentionDuration", "interval 36500 days".to_owned()),
        ("delta.checkpointInterval", "50".to_owned()),
        ("delta.dataSkippingStatsColumns", statistics.join(",")),
    ]
    .into_iter()
    .map(|(key, value)| (key.to_owned(), Some(value)))
    .collect()
}

fn delta_columns(table: Table) -> Vec<StructField> {
    let fields: Vec<Value> = table
        .schema()
        .fields()
        .iter()
        .map(|field| {
            json!({
                "name": field.name(), "nullable": true, "metadata": {}, "type": delta_type(field.data_type()),
            })
        })
        .collect();
    let schema: StructType = serde_json::from_value(json!({"type": "struct", "fields": fields}))
        .unwrap_or_else(|error| unreachable!("the table contract is a Delta schema: {error}"));
    schema.fields().cloned().collect()
}

fn delta_type(kind: &arrow::datatypes::DataType) -> Value {
    use arrow::datatypes::DataType as T;
    match kind {
        T::Date32 => json!("date"),
        T::Timestamp(..) => json!("timestamp"),
        T::Int8 => json!("byte"),
        T::Int16 => json!("short"),
        T::Int64 => json!("long"),
        T::Float64 => json!("double"),
        T::Boolean => json!("boolean"),
        T::Binary => json!("binary"),
        T::Map(..) => {
            json!({"type": "map", "keyType": "string", "valueType": "string", "valueContainsNull": true})
        }
        _ => json!("string"),
    }
}

/// What one commit does to a table.
#[derive(Debug)]
pub(crate) struct Change {
    /// Files that come in.
    pub(crate) adds: Vec<Add>,
    /// Files that go out of the table's newest state; earlier versions still list them.
    pub(crate) removes: Vec<Remove>,
    /// What the log says about it.
    pub(crate) operation: DeltaOperation,
}

/// Adds files at exactly the version after the handle's state, and moves the handle's state on.
pub(crate) async fn commit(delta: &mut DeltaTable, table: Table, adds: Vec<Add>) -> Result<u64, StoreError> {
    let operation = DeltaOperation::Write {
        mode: SaveMode::Append,
        partition_by: Some(table.partition_columns().iter().map(ToString::to_string).collect()),
        predicate: None,
    };
    commit_change(delta, table, &Change { adds, removes: Vec::new(), operation }).await
}

/// As [`commit`], where files go out as well.
pub(crate) async fn commit_change(
    delta: &mut DeltaTable,
    table: Table,
    change: &Change,
) -> Result<u64, StoreError> {
    let mark = Uuid::new_v4().to_string();
    let properties = commit_properties(&mark);
    let actions = change.removes.iter().cloned().map(Action::Remove);
    let actions = actions.chain(change.adds.iter().cloned().map(Action::Add)).collect();
    let committed = {
        let state = delta.snapshot()?.snapshot();
        CommitBuilder::from(properties)
            .with_actions(actions)
            .build(Some(state), delta.log_store(), change.operation.clone())
            .await
    };
    match committed {
        Ok(done) => {
            // The commit brought the state with it; reading it again costs as much as the commit.
            delta.state = Some(done.snapshot());
            Ok(done.version())
        }
        Err(error) => settle(delta, table, &mark, error).await,
    }
}

/// Whether this says that the version was taken.
fn is_conflict(error: &DeltaTableError) -> bool {
    matches!(
        error,
        DeltaTableError::VersionAlreadyExists(_)
            | DeltaTableError::Transaction {
                source: TransactionError::MaxCommitAttempts(_)
                    | TransactionError::CommitConflict(_)
                    | TransactionError::VersionAlreadyExists(_),
            }
    )
}

/// "Commit failed" is not "not committed", and "somebody was first" may be ourselves: a request whose
/// reply is lost is sent again. The log decides, where the entry that was to be written has our mark or not.
async fn settle(
    delta: &mut DeltaTable,
    table: Table,
    mark: &str,
    error: DeltaTableError,
) -> Result<u64, StoreError> {
    if let Some(full) = crate::error::full(&error) {
        return Err(full);
    }
    let unknown = |reason: String| StoreError::OutcomeUnknown { table: table.name().to_owned(), reason };
    let version = delta.version().unwrap_or_default() + 1;
    let entry = delta.log_store().read_commit_entry(version).await;
    let entry = entry.map_err(|again| unknown(format!("{error}; reading the log again: {again}")))?;
    // On a disk of our own it may be visible and not durable: the sync itself may have failed.
    let is_local = delta.table_url().scheme() == "file";
    match entry {
        Some(entry) if String::from_utf8_lossy(&entry).contains(mark) => {
            if is_local {
                return Err(unknown(error.to_string()));
            }
            delta.update_state().await?;
            Ok(version)
        }
        Some(_) => Err(StoreError::Conflict { table: table.name().to_owned() }),
        None if is_conflict(&error) => Err(StoreError::Conflict { table: table.name().to_owned() }),
        None => Err(match StoreError::from(error) {
            StoreError::Remote(trouble) if trouble.is_final() => StoreError::Remote(trouble),
            other => unknown(other.to_string()),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_table_of_the_contract_is_a_delta_schema() {
        for table in Table::ALL {
            assert_eq!(delta_columns(table).len(), table.schema().fields().len());
        }
    }
}
