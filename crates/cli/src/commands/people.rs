//! What people say about an incident, as events: parsed like an entry of a timeline file.

use fupan_decode::{Chunk, DeclaredDocument, DecodeOptions, Detection, InputFormat, Place, RecordSink};
use fupan_ingest::add_events;
use fupan_model::{Change, IncidentEvent, LogRecord, MetricPoint, Micros, RecordedAtBasis, SpanRecord};
use fupan_store::Store;
use serde_json::{Map, Value, json};

use crate::app::{App, VERSION};
use crate::failure::Failure;
use crate::{instants, turns};

/// Something that a person says.
#[derive(Debug, Clone, Default)]
pub(crate) struct Said {
    pub(crate) event_type: String,
    /// As it was written: `11:48`, `~11:48`, `11:05..11:09`, an instant; none for now or never.
    pub(crate) at: Option<String>,
    pub(crate) text: Option<String>,
    pub(crate) service: Option<String>,
    pub(crate) by: Option<String>,
}

/// Adds what was said; `day` is the day of bare times. Answers the events that are new.
pub(crate) async fn say(
    app: &App,
    store: &Store,
    incident_id: &str,
    day: Micros,
    said: &[Said],
) -> Result<Vec<IncidentEvent>, Failure> {
    let document = document(app, incident_id, day, said);
    let events = read(app, &document.to_string())?;
    add(app, store, events).await
}

/// Adds events, known since now.
pub(crate) async fn add(
    app: &App,
    store: &Store,
    mut events: Vec<IncidentEvent>,
) -> Result<Vec<IncidentEvent>, Failure> {
    let _writing = turns::beside_others(app);
    for event in &mut events {
        event.recorded_at = Some(app.surroundings.now);
        event.recorded_at_basis = RecordedAtBasis::Source;
        event.attributes.retain(|(key, _)| key != "entry_id");
    }
    Ok(add_events(store, events, app.surroundings.now, VERSION).await?)
}

fn document(app: &App, incident_id: &str, day: Micros, said: &[Said]) -> Value {
    let entry = |said: &Said| {
        let mut entry = Map::from_iter([("type".to_owned(), Value::from(said.event_type.as_str()))]);
        let fields = [("at", &said.at), ("text", &said.text), ("service", &said.service), ("by", &said.by)];
        for (key, value) in fields {
            if let Some(value) = value {
                entry.insert(key.to_owned(), value.as_str().into());
            }
        }
        Value::Object(entry)
    };
    let date = instants::local(day, app.zone());
    json!({
        "incident": incident_id,
        "zone": app.zone().name(),
        "date": date.get(..10),
        "events": said.iter().map(entry).collect::<Vec<_>>(),
    })
}

/// The events of a timeline document.
fn read(app: &App, text: &str) -> Result<Vec<IncidentEvent>, Failure> {
    let detection = Detection::new(InputFormat::Timeline, String::new());
    let options = DecodeOptions::new(app.zone(), "by hand");
    let decoder = fupan_decode::open(&detection, text.as_bytes(), &options)
        .map_err(|error| Failure::bug(error.to_string()))?;
    let mut sink = Events::default();
    decoder.decode(Chunk { bytes: text.as_bytes(), first_record: 1, byte_offset: 0 }, &mut sink);
    match sink.reason {
        // The document is one line of ours: its number says nothing to the reader.
        Some(reason) => {
            let reason = instants::without_mappings(reason.strip_prefix("line 1: at: ").unwrap_or(&reason));
            Err(Failure::usage(reason)
                .hint("times are written 11:48, ~11:48, 11:05..11:09 or 2026-11-05T11:48+08:00"))
        }
        None => Ok(sink.events),
    }
}

#[derive(Default)]
struct Events {
    events: Vec<IncidentEvent>,
    reason: Option<String>,
}

impl RecordSink for Events {
    fn log(&mut self, _: Place, _: LogRecord<'_>) {}
    fn metric(&mut self, _: Place, _: MetricPoint<'_>) {}
    fn span(&mut self, _: Place, _: SpanRecord<'_>) {}
    fn event(&mut self, _: Place, event: IncidentEvent) {
        self.events.push(event);
    }
    fn change(&mut self, _: Place, _: Change) {}
    fn reject(&mut self, _: Place, reason: String, _: &[u8]) {
        self.reason.get_or_insert(reason);
    }
    fn assumed_zone(&mut self) {}
    fn declared(&mut self, _: DeclaredDocument) {}
}

/// ` at 11:05`, or ` between 11:05 and 11:09`.
fn when(app: &App, event: &IncidentEvent) -> String {
    let at = |at: Micros| instants::with_offset(at, app.zone());
    match (event.occurred_at_low, event.occurred_at_high, event.occurred_at) {
        (Some(low), Some(high), _) if low != high => format!(" between {} and {}", at(low), at(high)),
        (_, _, Some(exact)) => format!(" at {}", at(exact)),
        _ => String::new(),
    }
}

/// Tells what was added.
pub(crate) fn tell(app: &App, added: &[IncidentEvent]) {
    for event in added {
        let at = when(app, event);
        let about = event.service_name.as_ref().map(|service| format!(" · {service}"));
        let text = event.summary.as_ref().map(|text| format!(" · {text}"));
        app.terminal.note(format!(
            "{} {}{}{}{} · event {}",
            event.incident_id.as_deref().unwrap_or_default(),
            event.event_type,
            at,
            about.unwrap_or_default(),
            text.unwrap_or_default(),
            event.event_id,
        ));
    }
    if added.is_empty() {
        app.terminal.note("that was said before; nothing was added");
    }
}
