//! `fupan incidents`: which incidents are there?

use fupan_query::SqlLimits;

use crate::app::App;
use crate::failure::{DONE, Outcome};
use crate::output::{OutputFormat, Rows};

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Only this kind
    #[arg(long, value_parser = ["real", "drill", "test", "maintenance", "near_miss", "false_alarm"])]
    kind: Option<String>,
    /// Alerts that nobody declared an incident, too
    #[arg(long)]
    alerts: bool,
}

pub(crate) async fn run(app: &App, arguments: &Arguments) -> Outcome {
    let session = app.session(None).await?;
    let mut conditions = Vec::new();
    if !arguments.alerts {
        conditions.push("not is_alert_only".to_owned());
    }
    if let Some(kind) = &arguments.kind {
        // One of the words above: nothing of the reader's gets into the text.
        conditions.push(format!("kind = '{kind}'"));
    }
    let condition = if conditions.is_empty() { "true".to_owned() } else { conditions.join(" and ") };
    let text = format!(
        "select incident_id, title, kind, grade, status, impact_started_at, mitigated_at, time_to_mitigate_seconds, \
         coalesce(impact_started_basis, mitigated_basis, detected_basis, declared_basis) as basis \
         from incidents where {condition} order by coalesce(impact_started_at, declared_at) desc nulls last, incident_id"
    );
    let limits = SqlLimits { rows_max: 1_000_000, ..SqlLimits::default() };
    let answer = session.sql(&text, &limits).await?;
    let is_empty = answer.rows() == 0;
    app.print(&Rows { schema: answer.schema, batches: answer.batches })?;
    if is_empty {
        app.terminal
            .note("ingest a timeline, or open an incident with `fupan new`; --alerts shows alerts, too");
    } else if app.globals.format == OutputFormat::Table {
        app.terminal.note(
            "declared: as people recorded it; a report also observes beginning and end in the telemetry, and shows both",
        );
    }
    Ok(DONE)
}
