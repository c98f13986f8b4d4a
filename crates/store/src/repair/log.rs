//! What can be done about a log entry that is torn, or missing?
//!
//! The newest one is moved aside: its commit was never whole, and the next one takes its number. An older one
//! is replaced by an entry that changes nothing, and so is one that is missing between others, so that those after it can be read; what it brought is told
//! by the verification that follows. A checkpoint repeats what the entries say and is only moved aside.

use std::ops::Range;

use fupan_model::{Micros, Table};
use object_store::PutMode;
use object_store::path::Path;
use serde_json::json;

use super::Repair;
use crate::log_files::{LogEntry, entry_path, log_folder};
use crate::seal::open_seal;
use crate::{Store, StoreError};

/// The entry that takes the place of a damaged one.
fn nothing() -> String {
    let (seal, digest) = open_seal();
    let parameters = json!({"reason": "the entry was damaged"});
    let remarks = json!({"operation": "REPAIR", "operationParameters": parameters, (seal): digest});
    json!({"commitInfo": remarks}).to_string()
}

/// What comes in place of an entry, and what that means.
const fn in_its_place(table: Table) -> &'static str {
    match table {
        Table::Ingests => {
            "an entry that changes nothing takes its place; what it noted is lost: what was read then has to be ingested again, which adds nothing twice, and what was forgotten then counts again"
        }
        _ => "an entry that changes nothing takes its place",
    }
}

/// Versions between two entries.
fn between(pair: &[LogEntry]) -> Range<u64> {
    match pair {
        [before, after] => before.version + 1..after.version,
        _ => 0..0,
    }
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
            self.fill_gaps(table, &entries, dry_run, repair).await?;
            let newest = entries.last().map(|entry| entry.version);
            for entry in &entries {
                let Err(problem) = entry.actions() else { continue };
                let path = entry.location.to_string();
                if entry.version == 0 {
                    let what = format!("{problem}; it says what the table is: restore this file from a copy");
                    repair.open.push((path, what));
                    continue;
                }
                let is_newest = Some(entry.version) == newest;
                let place = if is_newest { "its commit never was whole" } else { in_its_place(table) };
                repair.step(path.clone(), format!("{problem}; {place}"));
                if dry_run {
                    continue;
                }
                self.move_aside(&path, now, repair).await?;
                if !is_newest {
                    self.put_nothing(&entry.location).await?;
                }
            }
        }
        Ok(())
    }

    /// Puts an entry that changes nothing where one is missing between others.
    async fn fill_gaps(
        &self,
        table: Table,
        entries: &[LogEntry],
        dry_run: bool,
        repair: &mut Repair,
    ) -> Result<(), StoreError> {
        for missing in entries.windows(2).flat_map(between) {
            let path = entry_path(table, missing);
            repair.step(path.to_string(), format!("it is missing; {}", in_its_place(table)));
            if !dry_run {
                self.put_nothing(&path).await?;
            }
        }
        Ok(())
    }

    async fn put_nothing(&self, path: &Path) -> Result<(), StoreError> {
        self.object_store().put_opts(path, nothing().into(), PutMode::Create.into()).await?;
        Ok(())
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
