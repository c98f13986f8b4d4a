//! Header card, milestones, durations and segments of one incident.

use fupan_model::config::duration_seconds;
use fupan_model::{Config, Micros};
use fupan_report::model::{
    Basis, Duration, DurationName, Figure, FigureValue, Grade, Header, ImpactSegment, IncidentKind,
    IncidentReport, IncidentStatus, Milestone, MilestoneClaim, MilestoneName, Relief, ReliefReason, Unknown,
    Words,
};

use super::window::{Declared, Window};
use crate::rows::Row;

const RECEIPT: &str = "recovery/incident";
/// The receipt of what was inferred from requests.
pub(crate) const OBSERVED: &str = "recovery/observed";

/// A gap between declared and observed beyond this is flagged.
const GAP_SECONDS: f64 = 60.0;

/// Milestones with the prefix of their columns.
const COLUMNS: [(MilestoneName, &str); 10] = [
    (MilestoneName::ImpactStarted, "impact_started"),
    (MilestoneName::Detected, "detected"),
    (MilestoneName::Acknowledged, "acknowledged"),
    (MilestoneName::Declared, "declared"),
    (MilestoneName::FirstNotice, "first_notice"),
    (MilestoneName::Located, "located"),
    (MilestoneName::Mitigated, "mitigated"),
    (MilestoneName::Recovered, "recovered"),
    (MilestoneName::Resolved, "resolved"),
    (MilestoneName::Closed, "closed"),
];

/// What people said about when it hurt.
pub(crate) fn declared(row: Row<'_>) -> Declared {
    let at = |name: &str| row.instant(&format!("{name}_at"));
    let started = at("impact_started");
    Declared {
        anchor: started.or(at("detected")).or(at("declared")).or(at("acknowledged")).or(at("first_notice")),
        started,
        ended: at("mitigated").or(at("recovered")).or(at("resolved")).or(at("closed")),
    }
}

/// The card at the top.
pub(crate) fn header(row: Row<'_>, config: &Config, detection_mode: Option<String>) -> Header {
    let service = row.text("service_name").and_then(|service| config.services.get(service));
    let business_line = service.and_then(|service| service.business_line.clone()).or_else(|| {
        let mut lines: Vec<_> =
            config.services.values().filter_map(|service| service.business_line.clone()).collect();
        lines.sort();
        lines.dedup();
        if let [only] = lines.as_slice() { Some(only.clone()) } else { None }
    });
    Header {
        incident_id: row.owned("incident_id").unwrap_or_default(),
        title: row.owned("title").unwrap_or_default(),
        grade: Grade { by_people: row.owned("grade"), ..Grade::default() },
        kind: row.text("kind").and_then(IncidentKind::by_name).unwrap_or_default(),
        owner: row.owned("owner"),
        status: match row.text("status") {
            Some("open") => IncidentStatus::Open,
            Some("mitigated") => IncidentStatus::Mitigated,
            Some("resolved") => IncidentStatus::Resolved,
            Some("closed") => IncidentStatus::Closed,
            _ => IncidentStatus::Unknown,
        },
        business_line,
        zone: config.workspace.zone.clone(),
        detection_mode,
        ..Header::default()
    }
}

/// Milestones, segments, reliefs and durations.
pub(crate) fn fill(report: &mut IncidentReport, row: Row<'_>, window: &Window, config: &Config) {
    for (name, column) in COLUMNS {
        report.milestones.push(milestone(row, name, column, window));
    }
    flag_order(report);
    for stretch in &window.stretches {
        let receipt = if window.basis == Basis::Observed { OBSERVED } else { RECEIPT };
        report.impact_segments.push(ImpactSegment::between(
            stretch.started,
            stretch.ended,
            window.basis,
            receipt,
        ));
    }
    reliefs(report, window, row);
    durations(report, row, window, config);
}

fn milestone(row: Row<'_>, name: MilestoneName, column: &str, window: &Window) -> Milestone {
    let at = row.instant(&format!("{column}_at"));
    let (low, high) = (row.instant(&format!("{column}_low")), row.instant(&format!("{column}_high")));
    let said = match (at, low, high) {
        (Some(_), Some(low), Some(high)) if low < high => {
            Figure::instant_range(Some(low), Some(high), RECEIPT)
        }
        (Some(at), _, _) => Figure::instant(at, RECEIPT),
        _ => Figure::unknown(Unknown::NotRecorded, RECEIPT),
    };
    let observed = observed_at(name, window);
    let Some(observed) = observed else {
        return Milestone { name, at: said, basis: Basis::Declared, ..Milestone::default() };
    };
    let mut milestone = Milestone::at(name, observed, Basis::Observed, OBSERVED);
    if let Some(at) = at {
        milestone.others.push(MilestoneClaim { at: said, basis: Basis::Declared, source: None });
        let gap = observed.seconds_since(at);
        let is_outside = observed < low.unwrap_or(at) || observed > high.unwrap_or(at);
        if gap.abs() > GAP_SECONDS && is_outside {
            milestone.flag = Some(gap_words(gap));
        }
    }
    milestone
}

fn gap_words(gap: f64) -> Words {
    let minutes = (gap.abs() / 60.0).round();
    if gap > 0.0 {
        Words::new(
            format!("declared {minutes} min earlier than observed"),
            format!("人工记录比观测早 {minutes} 分钟"),
        )
    } else {
        Words::new(
            format!("declared {minutes} min later than observed"),
            format!("人工记录比观测晚 {minutes} 分钟"),
        )
    }
}

fn observed_at(name: MilestoneName, window: &Window) -> Option<Micros> {
    if window.basis != Basis::Observed {
        return None;
    }
    match name {
        MilestoneName::ImpactStarted => window.stretches.first().map(|first| first.started),
        MilestoneName::Mitigated => window.stretches.last().and_then(|last| last.ended),
        _ => None,
    }
}

fn instant(figure: &Figure) -> Option<Micros> {
    match figure.value {
        FigureValue::Instant { at } => Some(at),
        FigureValue::InstantRange { low, high } => {
            let (low, high) = (low?, high?);
            Some(Micros(low.0 + (high.0 - low.0) / 2))
        }
        _ => None,
    }
}

/// Out of order is flagged, never reordered: real incidents get declared after they were repaired.
fn flag_order(report: &mut IncidentReport) {
    let start = report.milestone(MilestoneName::ImpactStarted).and_then(|milestone| instant(&milestone.at));
    let Some(start) = start else { return };
    for milestone in &mut report.milestones {
        let is_end = matches!(
            milestone.name,
            MilestoneName::Located
                | MilestoneName::Mitigated
                | MilestoneName::Recovered
                | MilestoneName::Resolved
        );
        if is_end && milestone.flag.is_none() && instant(&milestone.at).is_some_and(|at| at < start) {
            milestone.flag = Some(Words::new("before the impact began: check it", "早于故障开始,请核对"));
        }
    }
}

fn reliefs(report: &mut IncidentReport, window: &Window, row: Row<'_>) {
    for lull in &window.silent {
        report.reliefs.push(Relief {
            at: Figure::instant(lull.started, OBSERVED),
            reason: ReliefReason::RequestsStopped,
            held: Figure::seconds(lull.ended.seconds_since(lull.started), OBSERVED),
            summary: None,
        });
    }
    for lull in &window.lulls {
        report.reliefs.push(Relief {
            at: Figure::instant(lull.started, OBSERVED),
            reason: ReliefReason::DidNotHold,
            held: Figure::seconds(lull.ended.seconds_since(lull.started), OBSERVED),
            summary: None,
        });
    }
    let said = row.instant("mitigated_at");
    let observed = window.stretches.last().and_then(|last| last.ended);
    if let (Some(said), Basis::Observed) = (said, window.basis)
        && observed.is_none_or(|observed| observed.seconds_since(said) > GAP_SECONDS)
    {
        report.reliefs.push(Relief {
            at: Figure::instant(said, RECEIPT),
            reason: ReliefReason::NotConfirmed,
            held: Figure::default(),
            summary: None,
        });
    }
    report.reliefs.sort_by_key(|relief| instant(&relief.at));
}

fn durations(report: &mut IncidentReport, row: Row<'_>, window: &Window, config: &Config) {
    let targets = report.header.grade.by_people.as_deref().and_then(|grade| config.grades.get(grade));
    let target = |key: &str| {
        targets
            .and_then(|grade| grade.targets.get(key))
            .and_then(|text| duration_seconds(text))
            .map(|seconds| seconds as f64)
    };
    let detected = report.milestone(MilestoneName::Detected).and_then(|milestone| instant(&milestone.at));
    let start = report.milestone(MilestoneName::ImpactStarted).and_then(|milestone| instant(&milestone.at));
    let last_start = window.stretches.last().map(|last| last.started).or(start);
    let warned = detected.zip(start).filter(|(detected, start)| detected < start);
    let mut add = |name: DurationName, value: Figure, target_seconds: Option<f64>| {
        report.durations.push(Duration { name, value, target_seconds, source_claim: None });
    };
    let detect = if warned.is_some() {
        Figure::seconds(0.0, OBSERVED).with_note(Words::new("a warning came first", "预警在先"))
    } else {
        between(row, window, start, MilestoneName::Detected, "detected")
    };
    add(DurationName::Detect, detect, target("detect"));
    if let Some((detected, start)) = warned {
        add(DurationName::EarlyWarning, Figure::seconds(start.seconds_since(detected), OBSERVED), None);
    }
    let acknowledge = from_row(row, "time_to_acknowledge_seconds", MilestoneName::Acknowledged);
    add(DurationName::Acknowledge, acknowledge, None);
    add(
        DurationName::Locate,
        between(row, window, start, MilestoneName::Located, "located"),
        target("locate"),
    );
    let mitigate = if window.is_open && window.basis == Basis::Observed {
        Figure::unknown(Unknown::StillHurting, OBSERVED)
    } else {
        match window.stretches.last().and_then(|last| last.ended).zip(last_start) {
            Some((ended, started)) if window.basis == Basis::Observed => {
                Figure::seconds(ended.seconds_since(started), OBSERVED)
            }
            _ => between(row, window, start, MilestoneName::Mitigated, "mitigated"),
        }
    };
    add(DurationName::Mitigate, mitigate, target("mitigate"));
    add(DurationName::Recover, between(row, window, start, MilestoneName::Recovered, "recovered"), None);
    add(DurationName::Downtime, downtime(window), None);
    add(DurationName::RecordOpen, record_open(row), None);
}

/// From the start that counts to a declared milestone; a range where either is vague.
fn between(
    row: Row<'_>,
    window: &Window,
    start: Option<Micros>,
    name: MilestoneName,
    column: &str,
) -> Figure {
    let missing = |milestone| Figure::unknown(Unknown::MilestoneMissing { milestone }, RECEIPT);
    let Some(start) = start else { return missing(MilestoneName::ImpactStarted) };
    let Some(at) = row.instant(&format!("{column}_at")) else { return missing(name) };
    if at < start {
        return Figure::unknown(Unknown::Contradictory, RECEIPT);
    }
    let (low, high) = (row.instant(&format!("{column}_low")), row.instant(&format!("{column}_high")));
    let (start_low, start_high) = if window.basis == Basis::Observed {
        (start, start)
    } else {
        (
            row.instant("impact_started_low").unwrap_or(start),
            row.instant("impact_started_high").unwrap_or(start),
        )
    };
    let shortest = low.unwrap_or(at).seconds_since(start_high).max(0.0);
    let longest = high.unwrap_or(at).seconds_since(start_low);
    if longest - shortest > 1.0 {
        Figure::seconds_range(Some(shortest), Some(longest), RECEIPT)
    } else {
        Figure::seconds(at.seconds_since(start), RECEIPT)
    }
}

/// What is missing is named: nobody declared it, or it is not resolved.
fn record_open(row: Row<'_>) -> Figure {
    let is_declared = row.instant("declared_at").is_some();
    let missing = if is_declared { MilestoneName::Resolved } else { MilestoneName::Declared };
    from_row(row, "record_open_seconds", missing)
}

fn from_row(row: Row<'_>, column: &str, milestone: MilestoneName) -> Figure {
    row.number(column).map_or_else(
        || Figure::unknown(Unknown::MilestoneMissing { milestone }, RECEIPT),
        |seconds| Figure::seconds(seconds, RECEIPT),
    )
}

fn downtime(window: &Window) -> Figure {
    let receipt = if window.basis == Basis::Observed { OBSERVED } else { RECEIPT };
    if window.stretches.is_empty() {
        return Figure::unknown(Unknown::NotRecorded, receipt);
    }
    let lengths: Option<Vec<f64>> =
        window.stretches.iter().map(|stretch| Some(stretch.ended?.seconds_since(stretch.started))).collect();
    match lengths {
        Some(lengths) => Figure::seconds(lengths.iter().sum(), receipt),
        None => Figure::unknown(Unknown::StillHurting, receipt),
    }
}
