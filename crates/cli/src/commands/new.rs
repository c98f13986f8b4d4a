//! `fupan new`: an incident begins.

use fupan_model::Micros;

use crate::app::App;
use crate::commands::people::{self, Said};
use crate::failure::{DONE, Failure, Outcome};
use crate::find::{self, Found};
use crate::instants::{self, Asked};

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// What is wrong, in a few words
    #[arg(long)]
    title: String,
    /// Since when users are hurt: 02:40, ~02:40, 02:35..02:45 or an instant [default: now]
    #[arg(long, value_name = "TIME")]
    from: Option<String>,
    /// A service that is affected; may be given several times
    #[arg(long, value_name = "NAME")]
    service: Vec<String>,
    /// Grade, in the words of your policy
    #[arg(long)]
    grade: Option<String>,
    /// Who says so
    #[arg(long, value_name = "ROLE")]
    by: Option<String>,
    /// Its id [default: INC- and today's date]
    #[arg(long, value_name = "ID")]
    id: Option<String>,
}

pub(crate) async fn run(app: &App, arguments: &Arguments) -> Outcome {
    app.refuse_past("new")?;
    let store = app.create_store().await?;
    let session = app.session_over(&store, None).await?;
    let known = find::all(&session).await?;
    let incident_id = match &arguments.id {
        Some(id) if known.iter().any(|found| found.incident_id == *id) => {
            return Err(Failure::usage(format!("there is an incident `{id}` already"))
                .hint(format!("add to it with: fupan mark {id} …")));
        }
        Some(id) => id.clone(),
        None => free_id(&known, app),
    };
    let now = app.surroundings.now;
    let said = |event_type: &str| Said {
        event_type: event_type.to_owned(),
        by: arguments.by.clone(),
        ..Said::default()
    };
    let now_text = instants::with_offset(instants::whole_second(now), app.zone());
    let mut all = vec![
        Said {
            at: Some(arguments.from.clone().unwrap_or_else(|| now_text.clone())),
            ..said("impact_started")
        },
        Said { at: Some(now_text), text: Some(arguments.title.clone()), ..said("declared") },
        Said { text: Some(arguments.title.clone()), ..said("title_set") },
    ];
    if let Some(grade) = &arguments.grade {
        all.push(Said { text: Some(grade.clone()), ..said("grade_set") });
    }
    for service in &arguments.service {
        all.push(Said { service: Some(service.clone()), ..said("service_affected") });
    }
    let day = day_of(arguments.from.as_deref(), now, app);
    let added = people::say(app, &store, &incident_id, day, &all).await?;
    app.terminal.line(&incident_id)?;
    people::tell(app, &added);
    app.terminal.note(format!("next: fupan mark {incident_id} mitigated · store {}", app.shown_store()));
    Ok(DONE)
}

/// Today; yesterday where the time would lie ahead (`--from 23:50` said at 00:10).
fn day_of(from: Option<&str>, now: Micros, app: &App) -> Micros {
    let yesterday = Micros(now.0 - 86_400 * Micros::PER_SECOND);
    match from.map(|text| instants::parse(text, app.zone())) {
        Some(Ok(Asked::TimeOfDay(time))) => match instants::on_day_of(time, now, app.zone()) {
            Some(at) if at > now => yesterday,
            _ => now,
        },
        _ => now,
    }
}

/// Incidents of one day that get a number; nobody opens more by hand.
const NUMBERS_MAX: u32 = 9_999;

/// `INC-2026-1105`, with a number behind where that is taken.
fn free_id(known: &[Found], app: &App) -> String {
    let date = instants::local(app.surroundings.now, app.zone());
    let part = |from: usize, to: usize| date.get(from..to).unwrap_or_default();
    let base = format!("INC-{}-{}{}", part(0, 4), part(5, 7), part(8, 10));
    let is_free = |id: &String| !known.iter().any(|found| found.incident_id == *id);
    std::iter::once(base.clone())
        .chain((2..=NUMBERS_MAX).map(|number: u32| format!("{base}-{number}")))
        .find(is_free)
        .unwrap_or(base)
}
