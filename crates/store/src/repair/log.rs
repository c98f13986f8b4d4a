//! What can be done about a log entry that is torn, or missing?
//!
//! A checkpoint that is as new says what the entry said: the difference between it and the other entries is written
//! in its place, and nothing is lost. Without one, the newest entry is moved aside: its commit was never whole, and the
//! next one takes its number; an older one, or a missing one, is replaced by an entry that changes nothing, so that
//! those after it can be read, and what it brought is told by the verification that follows. The first entry is the same in
//! all stores. A checkpoint that is damaged repeats what the entries say and is only moved aside.

use std::collections::BTreeMap;

use bytes::Bytes;
use fupan_model::{Micros, Table};
use object_store::PutMode;
use object_store::path::Path;
use serde_json::{Value, json};

use super::Repair;
use crate::compact::removed;
use crate::log_files::{LogEntry, checkpoint_version, entry_path, log_folder};
use crate::seal::open_seal;
use crate::state::adds_of;
use crate::verify::replay;
use crate::{DataFile, Store, StoreError, table};

/// The entry that takes the place of a damaged one.
fn in_place(actions: Vec<Value>) -> String {
    let (seal, digest) = open_seal();
    let parameters = json!({"reason": "the entry was damaged"});
    let remarks = json!({"operation": "REPAIR", "operationParameters": parameters, (seal): digest});
    let lines = std::iter::once(json!({"commitInfo": remarks})).chain(actions);
    lines.map(|line| line.to_string()).collect::<Vec<_>>().join("\n")
}

/// What comes in place of an entry of which nothing is known, and what that means.
const fn nothing_in_its_place(table: Table) -> &'static str {
    match table {
        Table::Ingests => {
            "an entry that changes nothing takes its place; what it noted is lost: what was read then has to be ingested again, which adds nothing twice, and what was forgotten then counts again"
        }
        _ => "an entry that changes nothing takes its place",
    }
}

/// Versions whose entry is torn or missing, and how; missing too are those behind the last one that a checkpoint
/// repeats.
fn broken(entries: &[LogEntry], checkpoint: Option<u64>) -> BTreeMap<u64, String> {
    // Log clean-up is off; who cleaned it up all the same, left a checkpoint.
    let first = entries.first().filter(|_| checkpoint.is_some()).map_or(0, |entry| entry.version);
    let newest = entries.last().map(|entry| entry.version).max(checkpoint).unwrap_or_default();
    let mut broken: BTreeMap<u64, String> =
        (first..=newest).map(|version| (version, "it is missing".to_owned())).collect();
    for entry in entries {
        match entry.actions() {
            Ok(_) => broken.remove(&entry.version),
            Err(problem) => broken.insert(entry.version, problem),
        };
    }
    broken
}

impl Store {
    pub(super) async fn repair_logs(
        &self,
        dry_run: bool,
        now: Micros,
        repair: &mut Repair,
    ) -> Result<(), StoreError> {
        for table in Table::ALL {
            self.repair_checkpoints(table, dry_run, now, repair).await?;
            let entries = self.log_entries(table).await?;
            let checkpoint = self.newest_whole_checkpoint(table).await?;
            let broken = broken(&entries, checkpoint);
            let newest = entries.last().map(|entry| entry.version).max(checkpoint);
            // The difference to the checkpoint is what all entries together said that it repeats: the last one says it.
            let repeated =
                broken.keys().filter(|version| checkpoint.is_some_and(|checkpoint| **version <= checkpoint));
            let told = repeated.max().copied().filter(|version| *version > 0);
            for (version, problem) in &broken {
                let path = entry_path(table, *version);
                if *version == 0 {
                    repair.step(
                        path.to_string(),
                        format!("{problem}; it says what the table is, and is written anew: nothing is lost"),
                    );
                    if !dry_run {
                        self.move_aside(path.as_ref(), now, repair).await?;
                        self.put_entry(&path, table::first_entry(table).await?).await?;
                    }
                    continue;
                }
                let is_repeated = checkpoint.is_some_and(|checkpoint| *version <= checkpoint);
                let is_newest = Some(*version) == newest;
                let place = match checkpoint.filter(|_| is_repeated) {
                    Some(checkpoint) => format!(
                        "what the checkpoint of version {checkpoint} says takes its place; nothing is lost"
                    ),
                    None if is_newest && table == Table::Ingests => {
                        "its commit never was whole; where it noted that a source was forgotten, that counts again".to_owned()
                    }
                    None if is_newest => "its commit never was whole".to_owned(),
                    None => nothing_in_its_place(table).to_owned(),
                };
                repair.step(path.to_string(), format!("{problem}; {place}"));
                if dry_run {
                    continue;
                }
                self.move_aside(path.as_ref(), now, repair).await?;
                let actions = match checkpoint.filter(|_| told == Some(*version)) {
                    Some(checkpoint) => self.said_by_checkpoint(table, checkpoint, now).await?,
                    None => Vec::new(),
                };
                if is_repeated || !is_newest {
                    self.put_entry(&path, in_place(actions).into()).await?;
                }
            }
        }
        Ok(())
    }

    async fn put_entry(&self, path: &Path, entry: Bytes) -> Result<(), StoreError> {
        self.object_store().put_opts(path, entry.into(), PutMode::Create.into()).await?;
        Ok(())
    }

    async fn newest_whole_checkpoint(&self, table: Table) -> Result<Option<u64>, StoreError> {
        let damaged = self.damaged_checkpoints(table).await?;
        let whole = self.log_files(table).await?.into_iter().map(|object| object.location);
        let whole = whole.filter(|path| damaged.iter().all(|(damaged, _)| damaged != path.as_ref()));
        Ok(whole.filter_map(|path| checkpoint_version(path.filename()?)).max())
    }

    /// Actions that lead from what the entries up to a checkpoint say to what it says.
    async fn said_by_checkpoint(
        &self,
        table: Table,
        checkpoint: u64,
        now: Micros,
    ) -> Result<Vec<Value>, StoreError> {
        let mut said: BTreeMap<String, DataFile> = BTreeMap::new();
        for entry in self.log_entries(table).await?.iter().filter(|entry| entry.version <= checkpoint) {
            for action in entry.actions().unwrap_or_default() {
                replay(action, &mut said);
            }
        }
        let delta = self.delta_at(table, checkpoint).await?;
        let mut adds = Vec::new();
        for add in adds_of(&delta)? {
            if said.remove(&add.path).is_none() {
                adds.push(json!({"add": add}));
            }
        }
        let removes = said.values().map(|file| json!({"remove": removed(table, file, true, now)}));
        Ok(removes.chain(adds).collect())
    }

    async fn repair_checkpoints(
        &self,
        table: Table,
        dry_run: bool,
        now: Micros,
        repair: &mut Repair,
    ) -> Result<(), StoreError> {
        let damaged = self.damaged_checkpoints(table).await?;
        let is_damaged = !damaged.is_empty();
        for (path, problem) in damaged {
            repair.step(path.clone(), format!("{problem}; the log says the same without it"));
            if !dry_run {
                self.move_aside(&path, now, repair).await?;
            }
        }
        if is_damaged && !dry_run {
            // It may name the one that is gone.
            let pointer = Path::from(format!("{}/_last_checkpoint", log_folder(table)));
            self.move_aside(pointer.as_ref(), now, repair).await?;
        }
        Ok(())
    }
}
