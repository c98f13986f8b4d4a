//! Do the tables' logs still say what was committed, and is what is read from them all that they say?

use std::collections::BTreeMap;

use deltalake_core::kernel::Add;
use fupan_model::Table;
use serde_json::Value;

use super::{Damage, Finding, Verification};
use crate::log_files::{LogEntry, checkpoint_version, entry_path, log_folder};
use crate::seal::{self, Seal};
use crate::state::{data_file, files_of};
use crate::{DataFile, Store, StoreError};

impl Store {
    /// Every entry of a table's log is as it was written, none is missing, and the table is what they make
    /// of it. False where what the table holds is not known.
    pub(super) async fn verify_log(
        &self,
        table: Table,
        result: &mut Verification,
    ) -> Result<bool, StoreError> {
        // Before the entries: each checkpoint that is seen has its entry.
        let listed = self.log_files(table).await?.into_iter();
        let checkpoint = listed.filter_map(|object| checkpoint_version(object.location.filename()?)).max();
        let entries = self.log_entries(table).await?;
        let first = entries.first().map_or(0, |entry| entry.version);
        let mut files: BTreeMap<String, DataFile> = BTreeMap::new();
        let before = result.findings.len();
        for (expected, entry) in (first..).zip(&entries) {
            let Some(problem) = problem_of(entry, expected, &mut files) else { continue };
            result.findings.push(Finding {
                subject: entry.location.to_string(),
                problem: format!("{problem}; `fupan store repair` says what can be done"),
                damage: Damage::Log { path: entry.location.to_string() },
            });
            if entry.version != expected {
                break;
            }
        }
        if let Some(behind) = checkpoint.filter(|at| entries.last().is_some_and(|last| last.version < *at)) {
            let path = entry_path(table, behind).to_string();
            result.findings.push(Finding {
                subject: path.clone(),
                problem: "it is missing, and a checkpoint repeats it; `fupan store repair` writes it anew"
                    .to_owned(),
                damage: Damage::Log { path },
            });
        }
        if first != 0 && checkpoint.is_none() {
            let path = entry_path(table, 0).to_string();
            result.findings.push(Finding {
                subject: path.clone(),
                problem: "it is missing, and says what the table is; `fupan store repair` writes it anew"
                    .to_owned(),
                damage: Damage::Log { path },
            });
        }
        for (path, problem) in self.damaged_checkpoints(table).await? {
            result.findings.push(Finding {
                subject: path.clone(),
                problem: format!("{problem}; `fupan store repair` moves it aside: the log says the same"),
                damage: Damage::Log { path },
            });
        }
        // A table that cannot be loaded says less than its entries do.
        if result.findings.len() > before || first != 0 {
            return Ok(result.findings.len() == before);
        }
        // Somebody may have committed meanwhile: what is compared is the state that these entries make.
        let delta = match entries.last() {
            Some(last) => self.delta_at(table, last.version).await?,
            None => self.delta(table).await?,
        };
        if !files_of(&delta)?.iter().eq(files.values()) {
            let path = log_folder(table).to_string();
            result.findings.push(Finding {
                subject: path.clone(),
                problem: "its checkpoint says something else than its entries; move the checkpoint and `_last_checkpoint` aside: nothing is lost, they are made again".to_owned(),
                damage: Damage::Log { path },
            });
        }
        Ok(true)
    }
}

/// What is wrong with an entry; what it says is applied to the files so far.
fn problem_of(entry: &LogEntry, expected: u64, files: &mut BTreeMap<String, DataFile>) -> Option<String> {
    let actions = match entry.actions() {
        Ok(actions) => actions,
        Err(problem) => return Some(problem),
    };
    if entry.version != expected {
        let before = expected.saturating_sub(1);
        return Some(format!("it follows on version {before}: entries between are missing"));
    }
    if seal::check(&entry.bytes) == Seal::Missing {
        return Some("it was not written by fupan, or it is damaged: compare it with a copy".to_owned());
    }
    for action in actions {
        replay(action, files);
    }
    None
}

/// Applies an action of an entry to the files so far.
pub(crate) fn replay(mut action: Value, files: &mut BTreeMap<String, DataFile>) {
    if let Some(path) = action.pointer("/remove/path").and_then(Value::as_str) {
        files.remove(path);
    } else if let Some(add) = action.get_mut("add").map(Value::take)
        && let Ok(add) = serde_json::from_value::<Add>(add)
    {
        files.insert(add.path.clone(), data_file(add));
    }
}
