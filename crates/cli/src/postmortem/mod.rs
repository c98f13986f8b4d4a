//! From a session's answers to the report of one incident.
//!
//! Every figure comes from a query of the catalogue (or is derived in code from one) and carries the
//! key of its receipt, so that anyone can run it again.

mod causes;
mod cite;
mod impact;
mod quality;
mod recovery;
mod rows;
mod series;
mod story;
mod window;

use fupan_model::Config;
use fupan_query::{ParamValue, QueryError, Session, SqlLimits};
use fupan_report::IncidentReport;
use fupan_report::model::{MilestoneName, Words};

use cite::{Citations, Params};
use rows::rows;

/// Why there is no report.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PostmortemError {
    /// The store knows no incident.
    #[error("the store holds no incident\nhint: ingest a timeline (YAML), alerts or a status page export, or declare one: `fupan new`")]
    NoIncident,
    /// Nothing matches what was asked for.
    #[error("there is no incident `{wanted}`{near}\nhint: `fupan incidents` lists them; an id, its beginning or a part of the title will do")]
    UnknownIncident {
        /// As given.
        wanted: String,
        /// A guess.
        near: String,
    },
    /// Several match.
    #[error("`{wanted}` fits {count} incidents: {examples}\nhint: give more of the id")]
    Ambiguous {
        /// As given.
        wanted: String,
        /// How many.
        count: usize,
        /// The first few.
        examples: String,
    },
    /// A query failed.
    #[error(transparent)]
    Query(#[from] QueryError),
}

/// Which incident is meant: by id, by its beginning or by a part of the title; the latest by default.
pub(crate) async fn resolve(session: &Session, wanted: Option<&str>) -> Result<String, PostmortemError> {
    let text = "select incident_id, title, kind, is_alert_only from incidents \
                order by coalesce(impact_started_at, detected_at, declared_at, first_notice_at, resolved_at), incident_id";
    let answer = session.sql(text, &SqlLimits::default()).await?;
    let all: Vec<(String, String, bool)> = rows(&answer)
        .filter_map(|row| {
            let is_alert_only = row.boolean("is_alert_only").unwrap_or(false);
            Some((row.owned("incident_id")?, row.owned("title").unwrap_or_default(), is_alert_only))
        })
        .collect();
    let Some(wanted) = wanted else {
        let declared = all.iter().rev().find(|(_, _, is_alert_only)| !is_alert_only).or(all.last());
        return declared.map(|(id, _, _)| id.clone()).ok_or(PostmortemError::NoIncident);
    };
    if let Some((id, _, _)) = all.iter().find(|(id, _, _)| id == wanted) {
        return Ok(id.clone());
    }
    let lower = wanted.to_lowercase();
    let fits: Vec<&(String, String, bool)> = all
        .iter()
        .filter(|(id, title, _)| id.to_lowercase().starts_with(&lower) || title.to_lowercase().contains(&lower))
        .collect();
    match fits.as_slice() {
        [(id, _, _)] => Ok(id.clone()),
        [] => {
            let near = all
                .iter()
                .map(|(id, _, _)| (strsim::jaro_winkler(wanted, id), id))
                .filter(|(likeness, _)| *likeness > 0.8)
                .max_by(|a, b| a.0.total_cmp(&b.0))
                .map_or_else(String::new, |(_, id)| format!("; did you mean `{id}`?"));
            Err(PostmortemError::UnknownIncident { wanted: wanted.to_owned(), near })
        }
        _ => Err(PostmortemError::Ambiguous {
            wanted: wanted.to_owned(),
            count: fits.len(),
            examples: fits.iter().take(5).map(|(id, _, _)| id.as_str()).collect::<Vec<_>>().join(", "),
        }),
    }
}

/// Asks everything that the report of `incident` (an id from [`resolve`]) says.
pub(crate) async fn build(
    session: &Session,
    incident: &str,
    config: &Config,
    software_version: &str,
) -> Result<IncidentReport, PostmortemError> {
    let mut cite = Citations::new(session);
    let params = Params::from([("incident_id", ParamValue::Text(incident.to_owned()))]);
    let recovery = cite.ask("recovery/incident", &params).await?;
    let row = rows(&recovery).next().ok_or_else(|| PostmortemError::UnknownIncident {
        wanted: incident.to_owned(),
        near: String::new(),
    })?;
    let declared = recovery::declared(row);
    let window = window::find(&mut cite, config, &declared, session.as_of()).await?;
    cite.derive(
        recovery::OBSERVED,
        "impact/action_minutes",
        vec![Words::new("actions that only read (GET), bots and probes", "只读操作(GET)、机器人与探针")],
    );
    let detection_mode = row.owned("detected_basis");
    let mut report = IncidentReport { header: recovery::header(row, config, detection_mode), ..IncidentReport::default() };
    recovery::fill(&mut report, row, &window, config);
    impact::fill(&mut report, &mut cite, config, &window).await?;
    let located = story::fill(&mut report, &mut cite, config, &window, incident).await?;
    causes::fill(&mut report, &mut cite, config, &window, located.as_deref()).await?;
    series::fill(&mut report, &mut cite, config, &window).await?;
    quality::fill(&mut report, &mut cite, session, config, &window, software_version).await?;
    report.header.was_change =
        report.candidates.first().map(|first| first.kind == fupan_report::model::CandidateKind::Change);
    report.milestones.retain(|milestone| milestone.at.is_known() || milestone.name != MilestoneName::Closed);
    report.receipts = cite.into_receipts();
    report.provenance.ledger_version = report.receipts.first().and_then(|receipt| receipt.ledger_version);
    report.number_figures();
    Ok(report)
}
