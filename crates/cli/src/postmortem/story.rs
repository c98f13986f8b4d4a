//! What happened, who said what to users, and what is done about it.

use fupan_model::config::duration_seconds;
use fupan_model::{Config, Micros};
use fupan_query::{ParamValue, QueryError};
use fupan_report::model::{
    ActionItem, ActionStatus, Figure, IncidentReport, KnownThen, Lane, MilestoneName, Notice, ServiceClass,
    TimelineEntry, Unknown,
};

use super::cite::{Citations, Params};
use super::window::Window;
use crate::rows::{Row, rows};

/// Recorded within this long after it happened counts as known then.
const KNOWN_WITHIN_SECONDS: f64 = 120.0;

/// Fills timeline, notices and actions; answers the words with which people located the cause.
pub(crate) async fn fill(
    report: &mut IncidentReport,
    cite: &mut Citations<'_>,
    config: &Config,
    window: &Window,
    incident: &str,
) -> Result<Option<String>, QueryError> {
    let params = Params::from([("incident_id", ParamValue::Text(incident.to_owned()))]);
    let located = timeline(report, cite, &params).await?;
    changes(report, cite, config, window).await?;
    report.timeline.sort_by(|a, b| (a.at, &a.event_type, &a.text).cmp(&(b.at, &b.event_type, &b.text)));
    // The same alert from two sources is one line.
    report.timeline.dedup_by(|a, b| a.at == b.at && a.event_type == b.event_type && a.text == b.text);
    notices(report, cite, config, window, &params).await?;
    actions(report, cite, &params).await?;
    Ok(located)
}

async fn timeline(
    report: &mut IncidentReport,
    cite: &mut Citations<'_>,
    params: &Params,
) -> Result<Option<String>, QueryError> {
    let answer = cite.ask("timeline/events", params).await?;
    let mut located = None;
    for row in rows(&answer) {
        let Some(event_type) = row.owned("event_type") else { continue };
        if matches!(
            event_type.as_str(),
            "title_set" | "kind_set" | "owner_set" | "action_opened" | "action_closed"
        ) {
            continue;
        }
        if event_type == "cause_located" {
            located = row.owned("summary");
        }
        let (at, recorded_at) = (row.instant("occurred_at"), row.instant("recorded_at"));
        let known_then = match (at, recorded_at) {
            (Some(at), Some(recorded)) if row.text("recorded_at_basis") == Some("source") => {
                if recorded.seconds_since(at) <= KNOWN_WITHIN_SECONDS {
                    KnownThen::Yes
                } else {
                    KnownThen::No
                }
            }
            _ => KnownThen::Undecidable,
        };
        report.timeline.push(TimelineEntry {
            at,
            at_low: row.instant("occurred_at_low").filter(|low| Some(*low) != at),
            at_high: row.instant("occurred_at_high").filter(|high| Some(*high) != at),
            lane: Lane::of_event(&event_type),
            actor: row.owned("actor"),
            text: row.owned("summary").unwrap_or_default(),
            service: row.owned("service_name"),
            source: row.owned("source").unwrap_or_default(),
            recorded_at: recorded_at.filter(|_| row.text("recorded_at_basis") == Some("source")),
            known_then,
            is_milestone: row.text("milestone").is_some(),
            event_type,
            ..TimelineEntry::default()
        });
    }
    Ok(located)
}

/// Changes shortly before and during the impact belong on the timeline.
async fn changes(
    report: &mut IncidentReport,
    cite: &mut Citations<'_>,
    config: &Config,
    window: &Window,
) -> Result<(), QueryError> {
    let answer = cite.ask("causes/changes", &window.params(config)).await?;
    for row in rows(&answer) {
        let Some(at) =
            row.instant("occurred_at").filter(|at| *at >= window.window_start && *at <= window.window_end)
        else {
            continue;
        };
        let event_type = row.owned("change_type").unwrap_or_default();
        report.timeline.push(TimelineEntry {
            at: Some(at),
            ended_at: row.instant("ended_at"),
            event_type,
            lane: Lane::Change,
            actor: row.owned("actor"),
            text: row.owned("summary").unwrap_or_default(),
            service: row.owned("service_name"),
            source: "changes".to_owned(),
            ..TimelineEntry::default()
        });
    }
    Ok(())
}

/// `["下单","支付"]`, or words separated by commas.
fn list(text: Option<&str>) -> Vec<String> {
    let Some(text) = text else { return Vec::new() };
    serde_json::from_str(text).unwrap_or_else(|_| {
        text.split([',', '、']).map(|word| word.trim().to_owned()).collect::<Vec<String>>()
    })
}

async fn notices(
    report: &mut IncidentReport,
    cite: &mut Citations<'_>,
    config: &Config,
    window: &Window,
    params: &Params,
) -> Result<(), QueryError> {
    let query = "timeline/notices";
    let answer = cite.ask(query, params).await?;
    let declared = instant_of(report, MilestoneName::Declared);
    let detected = instant_of(report, MilestoneName::Detected);
    let anchor =
        declared.map(|at| (MilestoneName::Declared, at)).or(detected.map(|at| (MilestoneName::Detected, at)));
    report.notices.anchor = anchor.map(|(name, _)| name);
    let mut previous = anchor.map(|(_, at)| at);
    let mut silences = Vec::new();
    for row in rows(&answer) {
        let Some(at) = row.instant("published_at") else { continue };
        let gap = previous.map(|previous| at.seconds_since(previous));
        silences.extend(gap.filter(|_| previous.is_some_and(|previous| previous < window.impact_end)));
        let is_during = at >= window.impact_start && at < window.impact_end;
        report.notices.notices.push(notice(row, at, gap, query, is_during.then_some(&*report)));
        previous = Some(at);
    }
    let Some(first) = rows(&answer).find_map(|row| row.instant("published_at")) else {
        report.notices.time_to_first = Figure::unknown(Unknown::NotRecorded, query);
        return Ok(());
    };
    report.notices.time_to_first = match anchor {
        Some((_, anchor)) => Figure::seconds(first.seconds_since(anchor), query),
        None => Figure::unknown(Unknown::MilestoneMissing { milestone: MilestoneName::Declared }, query),
    };
    let longest = silences.into_iter().max_by(f64::total_cmp);
    report.notices.longest_silence = longest
        .map_or_else(|| Figure::unknown(Unknown::NotRecorded, query), |gap| Figure::seconds(gap, query));
    let grade = report.header.grade.by_people.as_deref().and_then(|grade| config.grades.get(grade));
    let seconds =
        |text: Option<&String>| text.and_then(|text| duration_seconds(text)).map(|seconds| seconds as f64);
    report.notices.first_deadline_seconds = grade.and_then(|grade| seconds(grade.first_notice.as_ref()));
    report.notices.every_seconds = grade.and_then(|grade| seconds(grade.notice_every.as_ref()));
    Ok(())
}

fn instant_of(report: &IncidentReport, name: MilestoneName) -> Option<Micros> {
    match report.milestone(name)?.at.value {
        fupan_report::model::FigureValue::Instant { at } => Some(at),
        _ => None,
    }
}

/// A notice; what it claims is held against the data of the impact only while that lasts.
fn notice(
    row: Row<'_>,
    at: Micros,
    gap: Option<f64>,
    receipt: &str,
    during: Option<&IncidentReport>,
) -> Notice {
    let claims_affected = list(row.text("affected"));
    let claims_unaffected = list(row.text("unaffected"));
    let is = |name: &str, class: ServiceClass| {
        during.iter().flat_map(|report| &report.blast_radius).any(|line| {
            line.class == class
                && (line.service == name || line.title.as_deref() == Some(name))
                && line.is_entry
        })
    };
    let contradicted = claims_unaffected
        .iter()
        .filter(|name| is(name, ServiceClass::Affected))
        .chain(claims_affected.iter().filter(|name| is(name, ServiceClass::Unaffected)))
        .cloned()
        .collect();
    Notice {
        at: Figure::instant(at, receipt),
        text: row.owned("summary").unwrap_or_default(),
        channel: row.owned("channel"),
        gap: gap.map_or_else(Figure::default, |gap| Figure::seconds(gap, receipt)),
        claims_affected,
        claims_unaffected,
        contradicted,
    }
}

async fn actions(
    report: &mut IncidentReport,
    cite: &mut Citations<'_>,
    params: &Params,
) -> Result<(), QueryError> {
    let answer = cite.ask("timeline/actions", params).await?;
    for row in rows(&answer) {
        let is_open = row.boolean("is_open").unwrap_or(true);
        let is_overdue = row.boolean("is_overdue").unwrap_or(false);
        report.actions.push(ActionItem {
            id: row.owned("action_id").unwrap_or_default(),
            title: row.owned("title").unwrap_or_default(),
            kind: row.owned("kind"),
            owner: row.owned("owner"),
            due: row.day("due_date"),
            verifier: row.owned("verifier"),
            acceptance: row.owned("acceptance"),
            status: match (is_open, is_overdue) {
                (false, _) => ActionStatus::Closed,
                (true, true) => ActionStatus::Overdue,
                (true, false) => ActionStatus::Open,
            },
            closed_at: row.instant("closed_at"),
        });
    }
    Ok(())
}
