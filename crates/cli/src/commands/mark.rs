//! `fupan mark`: one more thing is known about an incident, or something turns out to be wrong.

use fupan_model::{EventType, IncidentEvent, Micros, Precision, RecordedAtBasis};
use fupan_query::{Session, SqlLimits};

use crate::app::App;
use crate::commands::people::{self, Said};
use crate::failure::{DONE, Failure, Outcome};
use crate::find::{self, Found};
use crate::instants::{self, Asked};
use crate::rows::rows;

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The incident: its id, the beginning of it, or a part of its title
    incident: String,
    /// What happened, in the past tense: `mitigated`, `cause_located`, `notice_published`, `note_added` …
    #[arg(value_name = "EVENT_TYPE", required_unless_present = "retract", conflicts_with = "retract", value_parser = event_type)]
    event_type: Option<EventType>,
    /// When: 03:08, ~03:08, 03:05..03:10 or an instant; bare times are of the incident's day [default: now]
    #[arg(value_name = "TIME")]
    at: Option<String>,
    /// In words; for `title_set`, `grade_set` and the like, the value
    #[arg(long, value_name = "TEXT")]
    note: Option<String>,
    /// The service it is about
    #[arg(long, value_name = "NAME")]
    service: Option<String>,
    /// Who says so
    #[arg(long, value_name = "ROLE")]
    by: Option<String>,
    /// Take back an event, by its id or the beginning of it
    #[arg(long, value_name = "EVENT_ID")]
    retract: Option<String>,
}

fn event_type(text: &str) -> Result<EventType, String> {
    EventType::by_word(text).filter(|known| *known != EventType::Retracted).ok_or_else(|| {
        let near = EventType::ALL
            .iter()
            .map(|known| (strsim::jaro_winkler(known.as_str(), text), known.as_str()))
            .filter(|(likeness, _)| *likeness > 0.75)
            .max_by(|left, right| left.0.total_cmp(&right.0))
            .map(|(_, known)| format!("did you mean `{known}`? "));
        let all: Vec<&str> =
            EventType::ALL.iter().map(|known| known.as_str()).filter(|name| *name != "retracted").collect();
        format!("{}the types are {}; `note_added` takes anything", near.unwrap_or_default(), all.join(", "))
    })
}

pub(crate) async fn run(app: &App, arguments: &Arguments) -> Outcome {
    app.refuse_past("mark")?;
    let store = app.open_store().await?;
    let session = app.session_over(&store, Some(&arguments.incident)).await?;
    let incident = find::incident(&session, Some(&arguments.incident)).await?;
    if let Some(wanted) = &arguments.retract {
        let event = retraction(app, &session, &incident, wanted, arguments).await?;
        let added = people::add(app, &store, vec![event]).await?;
        people::tell(app, &added);
        return Ok(DONE);
    }
    let Some(event_type) = arguments.event_type else {
        return Err(Failure::usage("which event?"));
    };
    let now = app.surroundings.now;
    let at = arguments
        .at
        .clone()
        .unwrap_or_else(|| instants::with_offset(instants::whole_second(now), app.zone()));
    let said = Said {
        event_type: event_type.as_str().to_owned(),
        at: (!sets_a_fact(event_type) || arguments.at.is_some()).then_some(at.clone()),
        text: arguments.note.clone(),
        service: arguments.service.clone(),
        by: arguments.by.clone(),
    };
    let day = day_of(&at, &incident, now, app);
    let added = people::say(app, &store, &incident.incident_id, day, &[said]).await?;
    for event in &added {
        app.terminal.line(&event.event_id)?;
    }
    people::tell(app, &added);
    Ok(DONE)
}

/// Facts without a time of their own: what counts is when they were said.
const fn sets_a_fact(event_type: EventType) -> bool {
    matches!(
        event_type,
        EventType::GradeSet
            | EventType::TitleSet
            | EventType::OwnerSet
            | EventType::StatusSet
            | EventType::KindSet
    )
}

/// The day of a bare time: the incident's; the next one where it would lie before its beginning.
fn day_of(at: &str, incident: &Found, now: Micros, app: &App) -> Micros {
    let Some(began) = incident.began_at else { return now };
    match instants::parse(at, app.zone()) {
        Ok(Asked::TimeOfDay(time)) => match instants::on_day_of(time, began, app.zone()) {
            Some(on_day) if is_long_before(on_day, began) => Micros(began.0 + 86_400 * Micros::PER_SECOND),
            _ => began,
        },
        _ => began,
    }
}

/// A warning may come hours before the impact; half a day before is the day after.
fn is_long_before(at: Micros, began: Micros) -> bool {
    began.seconds_since(at) > 43_200.0
}

/// The event that takes another one back.
async fn retraction(
    app: &App,
    session: &Session,
    incident: &Found,
    wanted: &str,
    arguments: &Arguments,
) -> Result<IncidentEvent, Failure> {
    let ids = standing_events(session, &incident.incident_id).await?;
    let matching: Vec<&String> = ids.iter().filter(|id| id.starts_with(wanted)).collect();
    let supersedes = match matching.as_slice() {
        [one] => (*one).clone(),
        [] => {
            return Err(Failure::usage(format!("{} has no event `{wanted}` that counts", incident.incident_id)).hint(
                format!("fupan sql \"select event_id, event_type, occurred_at, summary from incident_events where incident_id = '{}'\"", incident.incident_id.replace('\'', "''")),
            ));
        }
        several => {
            return Err(Failure::usage(format!("`{wanted}` could be {} events", several.len()))
                .hint("write more of the id"));
        }
    };
    Ok(IncidentEvent {
        event_id: String::new(),
        incident_id: Some(incident.incident_id.clone()),
        event_type: EventType::Retracted.as_str().to_owned(),
        occurred_at: None,
        occurred_at_low: None,
        occurred_at_high: None,
        precision: Precision::Unknown,
        recorded_at: Some(app.surroundings.now),
        recorded_at_basis: RecordedAtBasis::Source,
        actor: arguments.by.clone(),
        summary: arguments.note.clone(),
        service_name: None,
        attributes: Vec::new(),
        supersedes: Some(supersedes),
        source: String::new(),
    })
}

/// Ids of the events of an incident that count.
async fn standing_events(session: &Session, incident_id: &str) -> Result<Vec<String>, Failure> {
    let limits = SqlLimits { rows_max: 1_000_000, ..SqlLimits::default() };
    let answer =
        session.sql("select event_id, incident_id from incident_events order by event_id", &limits).await?;
    let ids = rows(&answer)
        .filter(|row| row.text("incident_id") == Some(incident_id))
        .filter_map(|row| row.owned("event_id"));
    Ok(ids.collect())
}
