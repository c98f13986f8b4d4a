//! What can be done about damage? Moved aside, never deleted; and said, chunk by chunk.
//!
//! A torn log entry is moved aside, so that the store opens again. A damaged file that was merged from others
//! is put back from those. Any other one is taken out of its table, together with all rows of its chunks, and
//! the ledger notes that these chunks no longer count: ingesting their sources again brings them back.
//! Everything that goes is moved below `_aside/DAY/`, with its path.

mod log;
mod parts;

use std::collections::{BTreeMap, BTreeSet};

use fupan_model::ledger::LedgerAction;
use fupan_model::{Micros, Table};
use object_store::ObjectStoreExt;
use object_store::path::Path;

use crate::state::files_of;
use crate::verify::Damage;
use crate::{Ledger, LedgerRow, Store, StoreError, limits};

/// Where files go that are moved aside.
pub(crate) const ASIDE: &str = "_aside";

/// What a repair did, or would do.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Repair {
    /// What was done, in order: the file or chunk, and what became of it.
    pub steps: Vec<(String, String)>,
    /// Names of sources to ingest again.
    pub sources: BTreeSet<String>,
    /// What has to be done by hand.
    pub open: Vec<(String, String)>,
}

impl Repair {
    fn step(&mut self, subject: impl Into<String>, what: impl Into<String>) {
        self.steps.push((subject.into(), what.into()));
    }
}

impl Store {
    /// Repairs a store that may not even open. With `dry_run` nothing is changed.
    pub async fn repair(location: &str, dry_run: bool, now: Micros) -> Result<(Self, Repair), StoreError> {
        let store = Self::open_unchecked(location).await?;
        let mut repair = Repair::default();
        store.repair_logs(dry_run, now, &mut repair).await?;
        if dry_run && !repair.steps.is_empty() {
            // What the tables hold can be told once their logs can be read.
            return Ok((store, repair));
        }
        store.repair_ledger(dry_run, now, &mut repair).await?;
        if dry_run && !repair.steps.is_empty() {
            return Ok((store, repair));
        }
        store.repair_tables(dry_run, now, &mut repair).await?;
        Ok((store, repair))
    }

    /// Files of the ledger that cannot be read are put back from what they were merged from; else their
    /// rows are lost, and what they named is recognised when its source is ingested again.
    async fn repair_ledger(&self, dry_run: bool, now: Micros, repair: &mut Repair) -> Result<(), StoreError> {
        let mut found = crate::Verification::default();
        self.verify_table(Table::Ingests, None, &mut found).await?;
        let mut lost = BTreeSet::new();
        for finding in found.findings {
            let Damage::File { table, path } = finding.damage else { continue };
            if self.put_back(table, &path, dry_run, now, repair).await? {
                continue;
            }
            repair.step(
                finding.subject.clone(),
                format!("{}: the notes in it are lost; sources that were read then have to be ingested again, which adds nothing twice", first_clause(&finding.problem)),
            );
            lost.insert(path);
        }
        if dry_run || lost.is_empty() {
            return Ok(());
        }
        self.take_out(Table::Ingests, &BTreeSet::new(), &lost, now).await?;
        for path in &lost {
            self.move_aside(&format!("{}/{path}", Table::Ingests.name()), now, repair).await?;
        }
        Ok(())
    }

    async fn repair_tables(&self, dry_run: bool, now: Micros, repair: &mut Repair) -> Result<(), StoreError> {
        let found = self.verify().await?;
        let ledger = self.ledger().await?;
        let mut lost_files: BTreeMap<Table, BTreeSet<String>> = BTreeMap::new();
        let mut lost_chunks: BTreeSet<String> = BTreeSet::new();
        for finding in found.findings {
            match finding.damage {
                Damage::File { table, path } => {
                    if !self.put_back(table, &path, dry_run, now, repair).await? {
                        lost_chunks.extend(self.chunks_in(table, &path).await?);
                        lost_files.entry(table).or_default().insert(path);
                        repair.step(
                            finding.subject,
                            format!("{}: taken out of its table", first_clause(&finding.problem)),
                        );
                    }
                }
                Damage::Chunk { chunk_id } => {
                    repair.step(finding.subject, format!("{}: taken out", first_clause(&finding.problem)));
                    lost_chunks.insert(chunk_id);
                }
                Damage::Unfinished { chunk_id, .. } if is_damaged(&ledger, &chunk_id) => {
                    repair.step(finding.subject, "an earlier repair was interrupted: its rows are taken out");
                    lost_chunks.insert(chunk_id);
                }
                Damage::Unfinished { .. } | Damage::Log { .. } => {
                    repair.open.push((finding.subject, finding.problem));
                }
            }
        }
        self.repair_orphans(&found.orphans, dry_run, now, repair).await?;
        if lost_chunks.is_empty() && lost_files.is_empty() {
            return Ok(());
        }
        let rows = self.rows_of(&lost_chunks).await?;
        // What was forgotten, or has a successor, is not to come back.
        let counted =
            rows.iter().filter(|row| ledger.is_live(&row.chunk_id) || is_damaged(&ledger, &row.chunk_id));
        repair.sources.extend(counted.map(|row| row.source.clone()));
        if dry_run {
            return Ok(());
        }
        // First the ledger: from here on no answer counts half of a chunk.
        self.note_gone(&rows, LedgerAction::Damaged, now).await?;
        for table in Table::ALL.into_iter().filter(|table| *table != Table::Ingests) {
            let lost = lost_files.remove(&table).unwrap_or_default();
            self.take_out(table, &lost_chunks, &lost, now).await?;
            for path in lost {
                self.move_aside(&format!("{}/{path}", table.name()), now, repair).await?;
            }
        }
        Ok(())
    }

    /// Files that no version names are moved aside once no ingest that runs can be about to name them.
    async fn repair_orphans(
        &self,
        orphans: &[String],
        dry_run: bool,
        now: Micros,
        repair: &mut Repair,
    ) -> Result<(), StoreError> {
        for path in orphans {
            let written = self.object_store().head(&Path::from(path.as_str())).await?.last_modified;
            let age = now.0 - Micros::from_datetime(written).0;
            if age < limits::ORPHAN_AGE_SECONDS * Micros::PER_SECOND {
                repair.step(
                    path.clone(),
                    "no version of the table names it, and it is younger than a day: an ingest may be writing it; left alone",
                );
                continue;
            }
            repair.step(path.clone(), "no version of the table names it: left behind by an ingest that died, or whose rows were there already");
            if !dry_run {
                self.move_aside(path, now, repair).await?;
            }
        }
        Ok(())
    }

    /// Copies a file below `_aside/DAY/` and takes it from its place. What is missing is said, not moved.
    pub(crate) async fn move_aside(
        &self,
        path: &str,
        now: Micros,
        repair: &mut Repair,
    ) -> Result<(), StoreError> {
        let day = now.to_datetime().map(|at| at.format("%Y-%m-%d").to_string()).unwrap_or_default();
        let (from, to) = (Path::from(path), Path::from(format!("{ASIDE}/{day}/{path}")));
        match self.object_store().copy(&from, &to).await {
            Ok(()) => {
                self.object_store().delete(&from).await?;
                repair.step(path, format!("moved to {to}"));
                Ok(())
            }
            Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    async fn chunks_in(&self, table: Table, path: &str) -> Result<Vec<String>, StoreError> {
        let files = files_of(&self.delta(table).await?)?;
        Ok(files.into_iter().filter(|file| file.path == path).flat_map(|file| file.chunks).collect())
    }

    async fn rows_of(&self, chunks: &BTreeSet<String>) -> Result<Vec<LedgerRow>, StoreError> {
        let ledger = self.ledger().await?;
        let committed = ledger.committed();
        Ok(chunks
            .iter()
            .filter_map(|chunk| committed.get(chunk.as_str()))
            .map(|row| (*row).clone())
            .collect())
    }

    /// Notes that these chunks no longer count and that their rows are in no file any more.
    pub(crate) async fn note_gone(
        &self,
        chunks: &[LedgerRow],
        action: LedgerAction,
        now: Micros,
    ) -> Result<(), StoreError> {
        self.append_ledger_rows(now, |current| {
            let mut rows = Vec::new();
            for row in chunks {
                let note =
                    |action| LedgerRow { action, superseded_by: None, ingested_at: now, ..row.clone() };
                if current.is_live(&row.chunk_id) {
                    rows.push(note(LedgerAction::Superseded));
                }
                if current.gone(&row.chunk_id).is_none() {
                    rows.push(note(action));
                }
            }
            rows
        })
        .await
    }
}

fn is_damaged(ledger: &Ledger, chunk_id: &str) -> bool {
    ledger.gone(chunk_id).is_some_and(|row| row.action == LedgerAction::Damaged)
}

/// What is wrong, without what to do.
fn first_clause(problem: &str) -> &str {
    problem.split_once("; ").map_or(problem, |(first, _)| first)
}
