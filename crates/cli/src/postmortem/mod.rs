//! From a session's answers to the report of one incident.
//!
//! Every figure comes from a query of the catalogue (or is derived in code from one) and carries the
//! key of its receipt, so that anyone can run it again.

mod causes;
mod cite;
mod course;
mod impact;
mod indicators;
mod quality;
mod recovery;
mod series;
mod story;
mod verdicts;
mod window;

use fupan_model::{Config, Micros};
use fupan_query::{ParamValue, QueryError, Session};
use fupan_report::IncidentReport;
use fupan_report::model::{Basis, DurationName, MilestoneName, RowsUsed, Words};

use crate::rows::rows;
use cite::{Citations, Params};

/// Why there is no report.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PostmortemError {
    /// The incident is not in the store as it was known then.
    #[error("incident `{0}` is not known")]
    UnknownIncident(String),
    /// A query failed.
    #[error(transparent)]
    Query(#[from] QueryError),
}

/// Asks everything that the report of `incident` (an id) says.
pub(crate) async fn build(
    session: &Session,
    incident: &str,
    config: &Config,
    software_version: &str,
) -> Result<IncidentReport, PostmortemError> {
    let mut cite = Citations::new(session);
    let params = Params::from([("incident_id", ParamValue::Text(incident.to_owned()))]);
    let recovery = cite.ask("recovery/incident", &params).await?;
    let row = rows(&recovery).next().ok_or_else(|| PostmortemError::UnknownIncident(incident.to_owned()))?;
    let declared = recovery::declared(row);
    cite.find_telemetry_end().await?;
    let known_until = known_until(cite.telemetry_end, declared.anchor, session.as_of());
    let window = window::find(&mut cite, config, &declared, known_until).await?;
    derive_observed(&mut cite, &window);
    cite.made_of(recovery::OBSERVED, observed_rows(&window));
    let detection_mode = row.owned("detected_basis");
    let mut report =
        IncidentReport { header: recovery::header(row, config, detection_mode), ..IncidentReport::default() };
    recovery::fill(&mut report, row, &window, config);
    cite_both_inputs(&mut report, &window);
    impact::fill(&mut report, &mut cite, config, &window).await?;
    let located = story::fill(&mut report, &mut cite, config, &window, incident).await?;
    causes::fill(&mut report, &mut cite, config, &window, located.as_deref()).await?;
    series::fill(&mut report, &mut cite, config, &window).await?;
    series::candidates(&mut report, &mut cite, &window).await?;
    quality::fill(&mut report, &mut cite, session, config, &window, software_version).await?;
    cite.made_of(MINUTES, vec![minutes_of_impact(&window)]);
    report.milestones.retain(|milestone| milestone.at.is_known() || milestone.name != MilestoneName::Closed);
    report.receipts = cite.into_receipts();
    report.provenance.ledger_version = report.receipts.first().and_then(|receipt| receipt.ledger_version);
    report.number_figures();
    Ok(report)
}

/// The last instant of which the data can tell whether it hurts: an incident that is written down today
/// about data of last week is not seen any longer than those data reach. Without telemetry after its
/// beginning, what people recorded is all there is.
fn known_until(telemetry_end: Option<Micros>, began: Option<Micros>, as_of: Micros) -> Micros {
    telemetry_end.filter(|end| began.is_none_or(|began| *end > began)).unwrap_or(as_of)
}

/// The columns of `recovery/incident` that durations are made of.
const MILESTONES: [&str; 9] = [
    "impact_started_at",
    "detected_at",
    "acknowledged_at",
    "declared_at",
    "located_at",
    "mitigated_at",
    "recovered_at",
    "resolved_at",
    "closed_at",
];

/// A duration from an observed beginning to a milestone that people set is made of two answers: its
/// receipt is the one that names both.
fn cite_both_inputs(report: &mut IncidentReport, window: &window::Window) {
    if window.basis != Basis::Observed {
        return;
    }
    for duration in &mut report.durations {
        let begins_with_the_impact = matches!(
            duration.name,
            DurationName::Detect | DurationName::Locate | DurationName::Mitigate | DurationName::Recover
        );
        if begins_with_the_impact && duration.value.is_known() {
            recovery::OBSERVED.clone_into(&mut duration.value.receipt);
        }
    }
}

/// Its answer covers more than the impact, for the charts.
const MINUTES: &str = "impact/blast_radius_minutes";

/// Sums over the whole impact: its minutes.
fn minutes_of_impact(window: &window::Window) -> RowsUsed {
    RowsUsed {
        receipt: MINUTES.to_owned(),
        within: Some(("minute".to_owned(), window.impact_start, window.impact_end)),
        ..RowsUsed::default()
    }
}

/// The rows that begin, end and durations are made of: the minutes of what was hurt, and the milestones
/// that people set.
fn observed_rows(window: &window::Window) -> Vec<RowsUsed> {
    let within = |column: &str| Some((column.to_owned(), window.impact_start, window.impact_end));
    let hurt = if window.hurt_indicators.is_empty() {
        RowsUsed {
            receipt: "impact/action_minutes".to_owned(),
            values: Some(("action".to_owned(), window.hurt_actions.clone())),
            within: within("minute"),
            ..RowsUsed::default()
        }
    } else {
        let names = window.hurt_indicators.iter().map(|name| name.indicator.clone()).collect();
        RowsUsed {
            receipt: indicators::QUERY.to_owned(),
            values: Some(("indicator".to_owned(), names)),
            within: within("minute"),
            ..RowsUsed::default()
        }
    };
    let declared = RowsUsed {
        receipt: "recovery/incident".to_owned(),
        columns: MILESTONES.map(str::to_owned).to_vec(),
        ..RowsUsed::default()
    };
    vec![hurt, declared]
}

/// The receipt of begin and end as telemetry shows them.
fn derive_observed(cite: &mut Citations<'_>, window: &window::Window) {
    if !window.hurt_indicators.is_empty() {
        cite.derive(
            recovery::OBSERVED,
            indicators::QUERY,
            vec![Words::new(
                "rule: from the first of two minutes in a row in which an indicator is over its limit, to the first after which it stays under it for 15 minutes (counts: weighed against the baseline); requests that were stopped are not seen by a share; declared milestones from recovery/incident",
                "规则：自指标连续两分钟超出界限的第一分钟起，至其后连续 15 分钟回落界限以下的起点止（计数类指标与基线比较）；比率类指标看不到被截断的请求；人工里程碑取自 recovery/incident",
            )],
        );
        return;
    }
    cite.derive(
        recovery::OBSERVED,
        "impact/action_minutes",
        vec![
            Words::new("actions that only read (GET), bots and probes", "只读操作（GET）、机器人与探针"),
            Words::new(
                "rule: the first minute in which failures rise above the baseline or successes fall below it, to the first after which both stay calm for 15 minutes; declared milestones from recovery/incident",
                "规则：自失败率高于基线或成功量低于基线的第一分钟起，至二者连续平稳 15 分钟的起点止；人工里程碑取自 recovery/incident",
            ),
        ],
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_old_incident_is_seen_as_far_as_its_data_reach() {
        let (began, end, today) = (Micros(10), Micros(50), Micros(1_000));
        assert_eq!(known_until(Some(end), Some(began), today), end);
        assert_eq!(known_until(Some(Micros(5)), Some(began), today), today, "no data of the incident");
        assert_eq!(known_until(None, Some(began), today), today);
    }
}
