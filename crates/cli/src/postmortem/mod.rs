//! From a session's answers to the report of one incident.
//!
//! Every figure comes from a query of the catalogue (or is derived in code from one) and carries the
//! key of its receipt, so that anyone can run it again.

mod causes;
mod cite;
mod impact;
mod quality;
mod recovery;
mod series;
mod story;
mod window;

use fupan_model::Config;
use fupan_query::{ParamValue, QueryError, Session};
use fupan_report::IncidentReport;
use fupan_report::model::{MilestoneName, Words};

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
    let window = window::find(&mut cite, config, &declared, session.as_of()).await?;
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
    let detection_mode = row.owned("detected_basis");
    let mut report =
        IncidentReport { header: recovery::header(row, config, detection_mode), ..IncidentReport::default() };
    recovery::fill(&mut report, row, &window, config);
    impact::fill(&mut report, &mut cite, config, &window).await?;
    let located = story::fill(&mut report, &mut cite, config, &window, incident).await?;
    causes::fill(&mut report, &mut cite, config, &window, located.as_deref()).await?;
    series::fill(&mut report, &mut cite, config, &window).await?;
    series::candidates(&mut report, &mut cite, &window).await?;
    quality::fill(&mut report, &mut cite, session, config, &window, software_version).await?;
    report.milestones.retain(|milestone| milestone.at.is_known() || milestone.name != MilestoneName::Closed);
    report.receipts = cite.into_receipts();
    report.provenance.ledger_version = report.receipts.first().and_then(|receipt| receipt.ledger_version);
    report.number_figures();
    Ok(report)
}
