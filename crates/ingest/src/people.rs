//! Events that a person adds by hand, one at a time: what happens at an incident while it happens.
//!
//! Such an event is a source of its own with one record. Its id comes from what it says, not from
//! when it was said, so that a command that is run again (its outcome was unknown) adds nothing.

use std::collections::BTreeMap;

use fupan_model::events::event_id;
use fupan_model::ledger::LedgerAction;
use fupan_model::{IncidentEvent, Micros, Table};
use fupan_store::{ChunkRows, LedgerRow, Store};

use crate::IngestError;
use crate::decode::redactions;
use crate::guard::{Guard, Privacy};
use crate::keyed::Keys;
use crate::rows::EventRows;

/// The `source` of such events, in the ledger and in `incident_events`.
pub const BY_HAND: &str = "by hand";

/// Adds events to `incident_events` and answers those that are new, with the ids under which they
/// are kept. `event_id` and `source` of the given events are set here.
pub async fn add_events(
    store: &Store,
    events: Vec<IncidentEvent>,
    now: Micros,
    software_version: &str,
) -> Result<Vec<IncidentEvent>, IngestError> {
    let mut keys = Keys::load(store).await?;
    let mut guard = Guard::new(Privacy { keep_raw: false, has_personal_fields: false, pseudonyms: no_key() });
    let events = events.into_iter().map(|mut event| {
        guard.event(&mut event);
        event
    });
    let mut rows: Vec<(IncidentEvent, u64)> = events.map(identified).zip(1..).collect();
    // The instant is part of the chunk's identity: the same words after a retraction are another
    // chunk. Exactly once comes from the events' own ids.
    let at = now.0.to_string();
    let mut parts = vec!["by-hand", at.as_str()];
    parts.extend(rows.iter().map(|(event, _)| event.event_id.as_str()));
    let chunk_key = event_id(&parts);
    let chunk_id = event_id(&["chunk", &chunk_key]);
    keys.new_events(&mut rows, &[], &chunk_id);
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let events = EventRows(rows);
    let batch = events.finish(&chunk_id, now)?;
    let instants = || events.0.iter().filter_map(|(event, _)| event.occurred_at);
    let count = events.0.len() as i64;
    let ledger_row = LedgerRow {
        action: LedgerAction::Committed,
        chunk_id,
        reading: event_id(&["reading", BY_HAND]),
        source: BY_HAND.to_owned(),
        source_place: None,
        input_format: "by-hand".to_owned(),
        mapping: None,
        assumed_zone: None,
        assumed_zone_records: 0,
        // It has no bytes, so it can never be taken for the beginning of a file.
        prefix_bytes: 0,
        prefix_digest: chunk_key.clone(),
        chunk_key,
        chunk_bytes: 0,
        records_read: count,
        records_accepted: count,
        records_rejected: 0,
        records_duplicate: 0,
        rows: count,
        samples_repeated: 0,
        first_timestamp: instants().min(),
        last_timestamp: instants().max(),
        table_versions: BTreeMap::new(),
        superseded_by: None,
        redactions: redactions(&guard.counts, false),
        ingested_at: now,
        software_version: software_version.to_owned(),
    };
    let batches = BTreeMap::from([(Table::IncidentEvents, vec![batch])]);
    let chunk = ChunkRows { ledger_row, batches, supersedes: Vec::new() };
    store.append(vec![chunk], now).await?;
    Ok(events.0.into_iter().map(|(event, _)| event).collect())
}

/// Events have no column that pseudonyms are made for.
fn no_key() -> fupan_redact::KeySource {
    fupan_redact::KeySource::new(|| Err("events need no key".to_owned()))
}

/// The event with its source and the id that its words give it.
fn identified(mut event: IncidentEvent) -> IncidentEvent {
    BY_HAND.clone_into(&mut event.source);
    let instant = |at: Option<Micros>| at.map_or_else(String::new, |at| at.0.to_string());
    let parts = [
        "by-hand".to_owned(),
        event.incident_id.clone().unwrap_or_default(),
        event.event_type.clone(),
        instant(event.occurred_at),
        instant(event.occurred_at_low),
        instant(event.occurred_at_high),
        event.actor.clone().unwrap_or_default(),
        event.summary.clone().unwrap_or_default(),
        event.service_name.clone().unwrap_or_default(),
        event.supersedes.clone().unwrap_or_default(),
    ];
    event.event_id = event_id(&parts.each_ref().map(String::as_str));
    event
}

#[cfg(test)]
mod tests {
    use fupan_model::{Precision, RecordedAtBasis};

    use super::*;

    fn mitigated(note: &str) -> IncidentEvent {
        IncidentEvent {
            event_id: String::new(),
            incident_id: Some("INC-1".to_owned()),
            event_type: "mitigated".to_owned(),
            occurred_at: Some(Micros(5)),
            occurred_at_low: None,
            occurred_at_high: None,
            precision: Precision::Exact,
            recorded_at: Some(Micros(9)),
            recorded_at_basis: RecordedAtBasis::Source,
            actor: None,
            summary: Some(note.to_owned()),
            service_name: None,
            attributes: Vec::new(),
            supersedes: None,
            source: String::new(),
        }
    }

    async fn rows(store: &Store) -> usize {
        store.read(Table::IncidentEvents).await.unwrap().iter().map(arrow::array::RecordBatch::num_rows).sum()
    }

    #[tokio::test]
    async fn the_same_words_twice_are_one_event() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::create(&folder.path().to_string_lossy()).await.unwrap();
        let first = add_events(&store, vec![mitigated("pool raised")], Micros(9), "0").await.unwrap();
        assert_eq!(first.len(), 1);
        assert!(
            add_events(&store, vec![mitigated("pool raised")], Micros(10), "0").await.unwrap().is_empty()
        );
        assert_eq!(add_events(&store, vec![mitigated("again")], Micros(11), "0").await.unwrap().len(), 1);
        assert_eq!(rows(&store).await, 2);

        let retraction = IncidentEvent {
            event_type: "retracted".to_owned(),
            occurred_at: None,
            supersedes: Some(first[0].event_id.clone()),
            ..mitigated("wrong button")
        };
        add_events(&store, vec![retraction], Micros(12), "0").await.unwrap();
        let after = add_events(&store, vec![mitigated("pool raised")], Micros(13), "0").await.unwrap();
        assert_eq!(after.len(), 1, "said anew after it was taken back");
        assert_ne!(after[0].event_id, first[0].event_id);
        assert_eq!(rows(&store).await, 4);
        assert!(store.verify().await.unwrap().findings.is_empty());
    }

    #[tokio::test]
    async fn what_is_forgotten_no_longer_counts() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::create(&folder.path().to_string_lossy()).await.unwrap();
        add_events(&store, vec![mitigated("pool raised")], Micros(9), "0").await.unwrap();
        let chunks = store.chunks_of(BY_HAND).await.unwrap();
        store.forget(&chunks, Micros(10)).await.unwrap();
        assert_eq!(rows(&store).await, 0);
        assert!(store.chunks_of(BY_HAND).await.unwrap().is_empty());
        assert!(store.verify().await.unwrap().findings.is_empty());
    }
}
