//! Which files does a table's state list, and what does it say of them?

use std::collections::BTreeSet;

use deltalake_core::DeltaTable;
use deltalake_core::kernel::Add;
use fupan_model::Micros;
use serde_json::Value;

use crate::snapshot::DataFile;
use crate::table::{TAG_CHUNKS, TAG_DIGEST};
use crate::{StoreError, files};

/// All files of a table's state, whether their chunks count or not, ordered by path.
pub(crate) fn files_of(delta: &DeltaTable) -> Result<Vec<DataFile>, StoreError> {
    let mut found: Vec<DataFile> = adds_of(delta)?.into_iter().map(data_file).collect();
    found.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(found)
}

/// The actions that brought the files of a table's state, in no order.
pub(crate) fn adds_of(delta: &DeltaTable) -> Result<Vec<Add>, StoreError> {
    #[expect(deprecated, reason = "the only public way to the tags of an add action")]
    let adds = delta.snapshot()?.log_data().iter().map(|view| view.add_action()).collect();
    Ok(adds)
}

/// Which of these chunks are in files of the state already. Cheaper than [`files_of`], which reads statistics too.
pub(crate) fn present(delta: &DeltaTable, wanted: &BTreeSet<&str>) -> Result<BTreeSet<String>, StoreError> {
    let mut present = BTreeSet::new();
    for view in delta.snapshot()?.log_data().iter() {
        #[expect(deprecated, reason = "the only public way to the tags of an add action")]
        let tags = view.add_action().tags.unwrap_or_default();
        let chunks = tags.get(TAG_CHUNKS).and_then(Option::as_deref).unwrap_or_default();
        present.extend(chunks.split(',').filter(|chunk| wanted.contains(chunk)).map(str::to_owned));
    }
    Ok(present)
}

/// What an add action says of its file.
pub(crate) fn data_file(add: Add) -> DataFile {
    let tags = add.tags.unwrap_or_default();
    let tag = |name: &str| tags.get(name).cloned().flatten();
    let stats: Value =
        add.stats.as_deref().and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
    let instant = |side: &str| -> Option<Micros> {
        let text = stats.get(side)?.get("timestamp")?.as_str()?;
        let at = chrono::DateTime::parse_from_rfc3339(text).ok()?;
        Some(Micros::from_datetime(at.to_utc()))
    };
    let date = add.partition_values.get("date").cloned().flatten();
    DataFile {
        path: add.path,
        size: add.size.unsigned_abs(),
        date_days: date.as_deref().and_then(files::date_days),
        rows: stats.get("numRecords").and_then(Value::as_u64).unwrap_or_default(),
        timestamps: instant("minValues").zip(instant("maxValues")),
        chunks: tag(TAG_CHUNKS).map(|text| text.split(',').map(str::to_owned).collect()).unwrap_or_default(),
        hidden_chunks: Vec::new(),
        digest: tag(TAG_DIGEST),
    }
}
