//! Somebody else brought records of this chunk meanwhile: which of the two counts?
//!
//! Two runs at once, one with the beginning of a file and one with more of it, know nothing of each
//! other, and their chunks have different digests. The ledger sees the second one come: both begin at the
//! same place with the same line. Then their rows tell. The longer chunk takes the place of the shorter
//! one if it holds all of its records; otherwise they are different files, and both count.

use std::collections::BTreeSet;

use arrow::array::{AsArray, RecordBatch};
use arrow::compute::max;
use arrow::datatypes::Int64Type;
use fupan_model::{Micros, Table};
use fupan_store::{Appended, Contested, IsRival, LedgerRow, Store, StoreError};

use crate::inside::{TABLES, first_body, only, texts};
use crate::known::{NO_HEAD, head_of, is_in_own_row, start_of};
use crate::{IngestError, limits};

/// Whether a chunk that counts may hold records of one that is about to.
pub(crate) fn may_overlap(own: &LedgerRow, other: &LedgerRow) -> bool {
    start_of(own) == start_of(other)
        && own.prefix_bytes != other.prefix_bytes
        && own.reading == other.reading
        && head_of(own) == head_of(other)
        && head_of(own) != NO_HEAD
        && !is_in_own_row(own)
        && !is_in_own_row(other)
}

/// What two chunks have to do with each other.
enum Relation {
    /// The first is a beginning of the second.
    IsInside,
    /// The second is a beginning of the first.
    Holds,
    None,
}

/// Decides about what is contested; answers which chunks were in already.
pub(crate) async fn settle(
    store: &Store,
    appended: Appended,
    is_rival: &IsRival<'_>,
    now: Micros,
) -> Result<BTreeSet<String>, IngestError> {
    let Appended { mut already_in, mut contested, .. } = appended;
    let mut strangers: BTreeSet<(String, String)> = BTreeSet::new();
    for _ in 0..limits::CONTESTS_MAX {
        if contested.is_empty() {
            return Ok(already_in);
        }
        let (mut undecided, mut halves) = (Vec::new(), Vec::new());
        for Contested { row, mut supersedes, rivals } in contested {
            let mut is_inside = false;
            for rival in rivals {
                match relation(store, &row, &rival).await? {
                    Relation::IsInside => {
                        is_inside = true;
                        halves.extend(half_lines_behind(store, &row, &rival).await?);
                    }
                    Relation::Holds => {
                        supersedes.extend(half_lines_behind(store, &rival, &row).await?);
                        supersedes.push(rival);
                    }
                    Relation::None => {
                        strangers.insert((row.chunk_id.clone(), rival.chunk_id));
                    }
                }
            }
            if is_inside {
                already_in.insert(row.chunk_id);
            } else {
                undecided.push((row, supersedes));
            }
        }
        if !halves.is_empty() {
            store.forget(&halves, now).await?;
            already_in.extend(halves.into_iter().map(|row| row.chunk_id));
        }
        let is_rival = |own: &LedgerRow, other: &LedgerRow| {
            is_rival(own, other) && !strangers.contains(&(own.chunk_id.clone(), other.chunk_id.clone()))
        };
        let appended = store.append_settled(undecided, &is_rival, now).await?;
        already_in.extend(appended.already_in);
        contested = appended.contested;
    }
    let table = Table::Ingests.name().to_owned();
    Err(StoreError::Contended { table, attempts: limits::CONTESTS_MAX }.into())
}

/// The half of a line in which a file ended whose whole lines a longer chunk holds: that chunk holds the whole of
/// it. It is a piece of its own, which begins where no other does, and could not be read.
async fn half_lines_behind(
    store: &Store,
    shorter: &LedgerRow,
    longer: &LedgerRow,
) -> Result<Vec<LedgerRow>, IngestError> {
    let ledger = store.ledger().await?;
    let is_half = |row: &&LedgerRow| {
        start_of(row) == shorter.prefix_bytes.unsigned_abs()
            && row.prefix_bytes < longer.prefix_bytes
            && (&row.source, &row.source_place) == (&shorter.source, &shorter.source_place)
            && head_of(row) == NO_HEAD
            && (row.records_read, row.records_rejected) == (1, 1)
    };
    Ok(ledger.live().filter(is_half).cloned().collect())
}

async fn relation(store: &Store, own: &LedgerRow, other: &LedgerRow) -> Result<Relation, IngestError> {
    let is_longer = own.prefix_bytes > other.prefix_bytes;
    let (shorter, longer) = if is_longer { (other, own) } else { (own, other) };
    Ok(match (is_beginning(store, shorter, longer).await?, is_longer) {
        (false, _) => Relation::None,
        (true, true) => Relation::Holds,
        (true, false) => Relation::IsInside,
    })
}

/// The rows of a chunk, table by table.
async fn rows_of(store: &Store, row: &LedgerRow) -> Result<Vec<(Table, Vec<RecordBatch>)>, IngestError> {
    let mut rows = Vec::new();
    for table in TABLES {
        rows.push((table, store.read_chunk(table, &row.chunk_id).await?));
    }
    Ok(rows)
}

/// Whether all records of the one are the first of the other. The last one may have been cut: then there
/// have to be whole ones before it.
async fn is_beginning(store: &Store, shorter: &LedgerRow, longer: &LedgerRow) -> Result<bool, IngestError> {
    let (of_shorter, of_longer) = (rows_of(store, shorter).await?, rows_of(store, longer).await?);
    let batches = of_shorter.iter().flat_map(|(_, batches)| batches);
    let Some(last) = batches.filter_map(last_record).max() else { return Ok(false) };
    let (mut before, mut is_last_equal) = (0, true);
    for ((_, short), (_, long)) in of_shorter.iter().zip(&of_longer) {
        let cut = |batches: &[RecordBatch], records| {
            let kept: Result<Vec<_>, _> = batches.iter().map(|batch| only(batch, &records)).collect();
            texts(&kept?)
        };
        let whole = cut(short, 0..last)?;
        if whole != cut(long, 0..last)? {
            return Ok(false);
        }
        before += whole.len();
        is_last_equal &= cut(short, last..last + 1)? == cut(long, last..last + 1)?;
    }
    Ok(is_last_equal || (before > 0 && may_be_cut(&of_shorter, &of_longer, last)?))
}

fn last_record(batch: &RecordBatch) -> Option<u64> {
    let numbers = batch.column_by_name("source_record")?.as_primitive_opt::<Int64Type>()?;
    max(numbers).map(i64::unsigned_abs)
}

/// Whether a record of the one may be the first bytes of the record of the other: it could not be read, or
/// its text goes on there.
fn may_be_cut(
    of_shorter: &[(Table, Vec<RecordBatch>)],
    of_longer: &[(Table, Vec<RecordBatch>)],
    record: u64,
) -> Result<bool, IngestError> {
    let find =
        |rows: &[(Table, Vec<RecordBatch>)], wanted: Table| -> Result<Option<RecordBatch>, IngestError> {
            for (_, batches) in rows.iter().filter(|(table, _)| *table == wanted) {
                for batch in batches {
                    let found = only(batch, &(record..record + 1))?;
                    if found.num_rows() > 0 {
                        return Ok(Some(found));
                    }
                }
            }
            Ok(None)
        };
    if find(of_shorter, Table::Quarantine)?.is_some() {
        return Ok(true);
    }
    let short = find(of_shorter, Table::Logs)?.as_ref().and_then(first_body);
    let long = find(of_longer, Table::Logs)?.as_ref().and_then(first_body);
    Ok(short.zip(long).is_some_and(|(short, long)| long.starts_with(&short)))
}
