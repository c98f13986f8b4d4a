use super::*;

fn event(id: &str, entry: &str) -> (IncidentEvent, u64) {
    let mut event = retraction("x", &known(), "c");
    event.event_id = id.to_owned();
    event.event_type = "note_added".to_owned();
    event.supersedes = None;
    event.attributes = vec![("entry_id".to_owned(), entry.to_owned())];
    (event, 1)
}

fn known() -> Known {
    Known {
        incident_id: Some("INC".to_owned()),
        source: "timeline:a".to_owned(),
        entry_id: None,
        recorded_at: None,
        supersedes: None,
        chunk_id: "c".to_owned(),
    }
}

fn document(ids: &[&str]) -> Vec<DeclaredDocument> {
    vec![DeclaredDocument {
        incident_id: "INC".to_owned(),
        document: "timeline:a".to_owned(),
        event_ids: ids.iter().map(|id| (*id).to_owned()).collect(),
    }]
}

fn add(keys: &mut Keys, chunk: &str, events: &[(&str, &str)]) -> Vec<IncidentEvent> {
    let mut rows: Vec<_> = events.iter().map(|(id, entry)| event(id, entry)).collect();
    let ids: Vec<&str> = events.iter().map(|(id, _)| *id).collect();
    keys.new_events(&mut rows, &document(&ids), chunk);
    rows.into_iter().map(|(event, _)| event).collect()
}

#[test]
fn reading_a_document_again_adds_nothing() {
    let mut keys = Keys::default();
    assert_eq!(add(&mut keys, "c1", &[("a1", "a"), ("b1", "b")]).len(), 2);
    assert_eq!(add(&mut keys, "c2", &[("a1", "a"), ("b1", "b")]).len(), 0);
}

#[test]
fn a_changed_entry_corrects_and_a_missing_one_is_retracted() {
    let mut keys = Keys::default();
    add(&mut keys, "c1", &[("a1", "a"), ("b1", "b")]);
    let rows = add(&mut keys, "c2", &[("a2", "a")]);
    assert_eq!(rows.len(), 2);
    assert_eq!(rows[0].supersedes.as_deref(), Some("a1"));
    assert_eq!((rows[1].event_type.as_str(), rows[1].supersedes.as_deref()), ("retracted", Some("b1")));
}

#[test]
fn what_is_there_corrects_at_once_and_what_is_missing_waits_for_a_whole_document() {
    let mut keys = Keys::default();
    add(&mut keys, "c1", &[("a1", "a"), ("b1", "b")]);
    // The entry b cannot be read, so nothing is declared.
    let mut rows = vec![event("a2", "a")];
    keys.new_events(&mut rows, &[], "c2");
    assert_eq!(rows.len(), 1, "{rows:?}");
    assert_eq!(rows[0].0.supersedes.as_deref(), Some("a1"));
    let rows = add(&mut keys, "c3", &[("a2", "a"), ("b2", "b")]);
    assert_eq!(rows.len(), 1, "{rows:?}");
    assert_eq!(rows[0].supersedes.as_deref(), Some("b1"));
}

#[test]
fn entries_of_another_source_or_incident_are_left_alone() {
    let mut keys = Keys::default();
    add(&mut keys, "c1", &[("a1", "a")]);
    let mut rows = vec![event("a2", "a"), event("a3", "a")];
    rows[0].0.source = "timeline:other".to_owned();
    rows[1].0.incident_id = Some("INC-2".to_owned());
    keys.new_events(&mut rows, &[], "c2");
    assert!(rows.iter().all(|(event, _)| event.supersedes.is_none()), "{rows:?}");
}

#[test]
fn going_back_to_an_earlier_wording_is_a_new_event() {
    let mut keys = Keys::default();
    add(&mut keys, "c1", &[("a1", "a")]);
    add(&mut keys, "c2", &[("a2", "a")]);
    let rows = add(&mut keys, "c3", &[("a1", "a")]);
    assert_eq!(rows.len(), 1, "{rows:?}");
    assert_ne!(rows[0].event_id, "a1");
    assert_eq!(rows[0].supersedes.as_deref(), Some("a2"));
    assert_eq!(add(&mut keys, "c4", &[("a1", "a")]).len(), 0, "and is in from then on");
}

/// An event of an export; the system wrote it down at that instant.
fn exported(id: &str, recorded_at: Option<i64>) -> IncidentEvent {
    let (mut event, _) = event(id, "head:title_set");
    event.source = "pagerduty".to_owned();
    event.recorded_at = recorded_at.map(Micros);
    event.recorded_at_basis = recorded_at.map_or(RecordedAtBasis::Ingested, |_| RecordedAtBasis::Source);
    event
}

/// What is added, as event and what it corrects; and how many records were in already.
fn export(keys: &mut Keys, chunk: &str, events: &[IncidentEvent]) -> (Vec<(String, Option<String>)>, usize) {
    let mut rows: Vec<_> = events.iter().cloned().zip(1..).collect();
    let duplicates = keys.new_events(&mut rows, &[], chunk).len();
    (rows.into_iter().map(|(event, _)| (event.event_id, event.supersedes)).collect(), duplicates)
}

fn corrects(id: &str, old: Option<&str>) -> (Vec<(String, Option<String>)>, usize) {
    (vec![(id.to_owned(), old.map(str::to_owned))], 0)
}

#[test]
fn a_record_that_was_written_down_later_holds_whenever_it_is_read() {
    let (old, new) = (exported("a1", Some(1)), exported("a2", Some(2)));
    let mut keys = Keys::default();
    assert_eq!(export(&mut keys, "c1", std::slice::from_ref(&old)), corrects("a1", None));
    assert_eq!(export(&mut keys, "c2", std::slice::from_ref(&new)), corrects("a2", Some("a1")));
    assert_eq!(export(&mut keys, "c3", std::slice::from_ref(&old)), (Vec::new(), 1));
    let mut keys = Keys::default();
    assert_eq!(export(&mut keys, "c1", std::slice::from_ref(&new)), corrects("a2", None));
    assert_eq!(export(&mut keys, "c2", &[old]), (Vec::new(), 1));
    assert_eq!(export(&mut keys, "c3", &[new]), (Vec::new(), 1));
}

#[test]
fn a_record_that_does_not_say_when_holds_once_it_is_read() {
    let mut keys = Keys::default();
    export(&mut keys, "c1", &[exported("a1", Some(5))]);
    assert_eq!(export(&mut keys, "c2", &[exported("a2", None)]), corrects("a2", Some("a1")));
    assert_eq!(export(&mut keys, "c3", &[exported("a3", Some(1))]), corrects("a3", Some("a2")));
    // An instant that only stands in for it says nothing about which is older.
    let assumed = IncidentEvent { recorded_at_basis: RecordedAtBasis::Assumed, ..exported("a4", Some(0)) };
    assert_eq!(export(&mut keys, "c4", &[assumed]), corrects("a4", Some("a3")));
}

#[test]
fn a_record_that_went_back_is_a_new_statement_if_it_was_written_down_later() {
    let mut keys = Keys::default();
    export(&mut keys, "c1", &[exported("a1", Some(1))]);
    export(&mut keys, "c2", &[exported("a2", Some(2))]);
    let (rows, _) = export(&mut keys, "c3", &[exported("a1", Some(3))]);
    assert_eq!(rows[0].1.as_deref(), Some("a2"), "{rows:?}");
    assert_eq!(export(&mut keys, "c4", &[exported("a1", Some(3))]), (Vec::new(), 1));
    assert_eq!(export(&mut keys, "c5", &[exported("a2", Some(2))]), (Vec::new(), 1));
}

#[test]
fn of_two_wordings_in_one_export_the_later_one_holds_and_two_of_one_instant_both() {
    let (old, new) = (exported("a1", Some(1)), exported("a2", Some(2)));
    let mut keys = Keys::default();
    let (rows, _) = export(&mut keys, "c1", &[old.clone(), new.clone()]);
    assert_eq!(rows, [("a1".to_owned(), None), ("a2".to_owned(), Some("a1".to_owned()))]);
    let mut keys = Keys::default();
    assert_eq!(export(&mut keys, "c1", &[new, old]).0, [("a2".to_owned(), None)]);
    let mut keys = Keys::default();
    let (rows, _) = export(&mut keys, "c1", &[exported("a1", Some(1)), exported("a3", Some(1))]);
    assert!(rows.iter().all(|(_, old)| old.is_none()), "{rows:?}");
}

#[test]
fn what_people_took_back_does_not_return_with_a_longer_export() {
    let mut keys = Keys::default();
    export(&mut keys, "c1", &[exported("a1", Some(1))]);
    let mut taken_back = retraction("a1", &known(), "c2");
    BY_HAND.clone_into(&mut taken_back.source);
    export(&mut keys, "c2", &[taken_back]);
    assert_eq!(export(&mut keys, "c3", &[exported("a1", Some(1))]), (Vec::new(), 1));
    assert_eq!(export(&mut keys, "c4", &[exported("a2", Some(2))]), corrects("a2", None));
}

#[test]
fn a_reading_that_is_replaced_leaves_corrections_as_they_were() {
    let all = || {
        let mut keys = Keys::default();
        export(&mut keys, "c1", &[exported("a1", None)]);
        export(&mut keys, "c2", &[exported("a2", None)]);
        keys
    };
    let mut keys = all();
    keys.forget_chunks(&BTreeSet::from(["c2"]));
    assert_eq!(export(&mut keys, "c3", &[exported("a2", None)]), corrects("a2", Some("a1")));
    let mut keys = all();
    keys.forget_chunks(&BTreeSet::from(["c1"]));
    assert_eq!(export(&mut keys, "c3", &[exported("a1", None)]), corrects("a1", None), "a2 corrects it");
}
