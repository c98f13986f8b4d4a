//! When was what, as people wrote it down, and how long did it take?

use std::collections::BTreeMap;

use super::super::instant;
use crate::seeded::people::{Alert, Entry, Incident};
use crate::seeded::plan::MINUTE;

/// An instant with what it may mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Milestone {
    /// The best single value.
    pub at: i64,
    /// The earliest.
    pub low: i64,
    /// The latest.
    pub high: i64,
}

/// Seconds, none where nobody said or where they would be negative.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Durations {
    /// Zero where the warning came first.
    pub detect: Option<f64>,
    /// By how much it came first.
    pub early_warning: Option<f64>,
    /// From the detection.
    pub acknowledge: Option<f64>,
    /// From the start.
    pub locate: Option<f64>,
    /// From the start.
    pub mitigate: Option<f64>,
    /// The shortest and the longest that it may have been.
    pub mitigate_range: Option<(f64, f64)>,
    /// From the start.
    pub recover: Option<f64>,
    /// From declared to resolved.
    pub record_open: Option<f64>,
    /// All stretches together, none while it hurts.
    pub downtime: Option<f64>,
}

/// What a record comes to.
#[derive(Debug, Clone, Default)]
pub struct Record {
    /// By the names of the columns, without `_at`.
    pub milestones: BTreeMap<&'static str, Milestone>,
    /// The durations.
    pub durations: Durations,
    /// Stretches of harm.
    pub segments: i64,
    /// open, mitigated, resolved or closed.
    pub status: &'static str,
}

const QUARTER: i64 = 15 * MINUTE;
const DAY: i64 = 24 * 60 * MINUTE;

fn times<'a>(entries: &'a [Entry], types: &'a [&str]) -> impl Iterator<Item = Milestone> + 'a {
    entries.iter().filter(|entry| types.contains(&entry.event_type)).map(|entry| Milestone {
        at: entry.when.at,
        low: entry.when.low,
        high: entry.when.high,
    })
}

/// Which incident each alert belongs to, by its number: declared ones that name its service, from a quarter of
/// an hour before the impact until it was mitigated, if it still fires when the impact begins.
pub fn attached_alerts(incidents: &[Incident], alerts: &[Alert]) -> BTreeMap<usize, String> {
    let mut attached = BTreeMap::new();
    for alert in alerts {
        let takes = |incident: &&Incident| {
            let entries = &incident.entries;
            let starts: Vec<i64> = times(entries, &["impact_started"]).map(|start| start.at).collect();
            let (Some(first), Some(last)) = (starts.iter().min(), starts.iter().max()) else { return false };
            let mitigated = times(entries, &["mitigated"]).map(|end| end.at).max().filter(|end| end >= last);
            let over = times(entries, &["recovered", "resolved", "closed"]).map(|end| end.at).max();
            let until = mitigated.or(over).unwrap_or(last + DAY);
            let mut named = entries
                .iter()
                .filter(|entry| entry.event_type != "service_unaffected")
                .filter_map(|entry| entry.service)
                .peekable();
            // A record that names no service takes the alerts of all.
            let is_named = named.peek().is_none() || named.any(|service| service == alert.service);
            is_named
                && alert.fired_at >= first - QUARTER
                && alert.fired_at <= until
                && alert.resolved_at.is_none_or(|ended| ended >= *first)
        };
        // The later of two.
        let start =
            |incident: &Incident| times(&incident.entries, &["impact_started"]).map(|start| start.at).min();
        if let Some(incident) = incidents.iter().filter(takes).max_by_key(|incident| start(incident)) {
            attached.insert(alert.number, incident.id.clone());
        }
    }
    attached
}

/// All incidents: those that people declared, and those that other alerts make up, service by service.
pub fn records(incidents: &[Incident], alerts: &[Alert]) -> BTreeMap<String, Record> {
    let attached = attached_alerts(incidents, alerts);
    let mut records = BTreeMap::new();
    for incident in incidents {
        let own = alerts.iter().filter(|alert| attached.get(&alert.number) == Some(&incident.id));
        records.insert(incident.id.clone(), record(&incident.entries, &own.collect::<Vec<_>>()));
    }
    let mut others: Vec<&Alert> =
        alerts.iter().filter(|alert| !attached.contains_key(&alert.number)).collect();
    others.sort_by_key(|alert| (alert.service, alert.fired_at));
    let mut group: Vec<&Alert> = Vec::new();
    let mut finish = |group: &mut Vec<&Alert>| {
        if let Some(first) = group.first() {
            let begun: String =
                instant(first.fired_at).chars().filter(|letter| !"-:".contains(*letter)).collect();
            let id = format!("ALERT-{}-{}", first.service, begun.get(..13).unwrap_or_default());
            let mut record = record(&[], group);
            // An alert is over when it says so, unless another one fired after that.
            let fired = group.iter().map(|alert| alert.fired_at).max();
            let resolved =
                group.iter().filter_map(|alert| alert.resolved_at).max().filter(|at| Some(*at) >= fired);
            if let Some(at) = resolved {
                record.milestones.insert("resolved", Milestone { at, low: at, high: at });
                record.status = "resolved";
            }
            records.insert(id, record);
            group.clear();
        }
    };
    for alert in others {
        let until = group.iter().map(|other| other.resolved_at.unwrap_or(other.fired_at)).max();
        let follows = group.first().is_some_and(|first| first.service == alert.service)
            && until.is_some_and(|until| alert.fired_at <= until + 30 * MINUTE);
        if !follows {
            finish(&mut group);
        }
        group.push(alert);
    }
    finish(&mut group);
    records
}

fn record(entries: &[Entry], alerts: &[&Alert]) -> Record {
    // What did not hold is no end: it hurt again after that.
    let segments = segments(entries);
    let is_relief = |at: i64| match segments.as_slice() {
        [first, .., last] => first.0 <= at && at < last.0,
        _ => false,
    };
    let reopened = times(entries, &["reopened"]).map(|event| event.at).max();
    let first = |types: &[&str]| times(entries, types).min_by_key(|claim| claim.at);
    let last = |types: &[&str]| times(entries, types).max_by_key(|claim| claim.at);
    let last_end = |name: &str| {
        times(entries, &[name]).filter(|claim| !is_relief(claim.at)).max_by_key(|claim| claim.at)
    };
    let last_word = |name: &str| {
        times(entries, &[name])
            .filter(|claim| reopened.is_none_or(|reopened| claim.at >= reopened))
            .max_by_key(|claim| claim.at)
    };
    let fired = alerts.iter().map(|alert| alert.fired_at).min();
    let fired = fired.map(|at| Milestone { at, low: at, high: at });
    let public = entries.iter().filter(|entry| entry.event_type == "notice_published" && !entry.is_internal);
    let public =
        public.map(|entry| Milestone { at: entry.when.at, low: entry.when.low, high: entry.when.high });
    let found = [
        ("impact_started", first(&["impact_started"])),
        ("detected", first(&["detected"]).into_iter().chain(fired).min_by_key(|claim| claim.at)),
        ("acknowledged", first(&["acknowledged"])),
        ("declared", first(&["declared"])),
        ("first_notice", public.min_by_key(|claim| claim.at)),
        ("located", last(&["cause_located"])),
        ("mitigated", last_end("mitigated")),
        ("recovered", last_end("recovered")),
        ("resolved", last_word("resolved")),
        ("closed", last_word("closed")),
    ];
    let milestones: BTreeMap<&'static str, Milestone> =
        found.into_iter().filter_map(|(name, milestone)| Some((name, milestone?))).collect();
    let status = match () {
        () if milestones.contains_key("closed") => "closed",
        () if milestones.contains_key("resolved") => "resolved",
        () if milestones.contains_key("mitigated") || milestones.contains_key("recovered") => "mitigated",
        () => "open",
    };
    Record {
        durations: durations(&milestones, &segments),
        milestones,
        segments: segments.len() as i64,
        status,
    }
}

fn seconds(micros: i64) -> f64 {
    micros as f64 / 1e6
}

fn durations(milestones: &BTreeMap<&'static str, Milestone>, segments: &[(i64, Option<i64>)]) -> Durations {
    let at = |name: &str| milestones.get(name).map(|milestone| milestone.at);
    let between = |from: &str, to: &str| {
        at(from).zip(at(to)).filter(|(from, to)| to >= from).map(|(from, to)| seconds(to - from))
    };
    let start = at("impact_started");
    let warned = start.zip(at("detected")).filter(|(start, detected)| detected < start);
    let mitigate = between("impact_started", "mitigated");
    let range =
        milestones.get("impact_started").zip(milestones.get("mitigated")).filter(|_| mitigate.is_some());
    Durations {
        detect: if warned.is_some() { Some(0.0) } else { between("impact_started", "detected") },
        early_warning: warned.map(|(start, detected)| seconds(start - detected)),
        acknowledge: between("detected", "acknowledged"),
        locate: between("impact_started", "located"),
        mitigate,
        mitigate_range: range
            .map(|(start, end)| (seconds(end.low - start.high).max(0.0), seconds(end.high - start.low))),
        recover: between("impact_started", "recovered"),
        record_open: between("declared", "resolved"),
        downtime: (!segments.is_empty() && segments.iter().all(|(_, end)| end.is_some()))
            .then(|| segments.iter().filter_map(|(start, end)| Some(seconds((*end)? - start))).sum()),
    }
}

/// Stretches of harm: from a start to the last word that it was mitigated (else recovered) before it began again.
fn segments(entries: &[Entry]) -> Vec<(i64, Option<i64>)> {
    let mut marks: Vec<&Entry> = entries
        .iter()
        .filter(|entry| ["impact_started", "mitigated", "recovered"].contains(&entry.event_type))
        .collect();
    marks.sort_by_key(|entry| entry.when.at);
    let mut segments: Vec<(i64, Option<i64>, Option<i64>)> = Vec::new();
    let mut is_over = true;
    for mark in marks {
        let at = mark.when.at;
        match (mark.event_type, segments.last_mut()) {
            ("impact_started", _) if is_over => segments.push((at, None, None)),
            ("mitigated", Some(segment)) => segment.1 = Some(at),
            ("recovered", Some(segment)) => segment.2 = Some(at),
            _ => {}
        }
        is_over = mark.event_type != "impact_started";
    }
    segments.into_iter().map(|(start, mitigated, recovered)| (start, mitigated.or(recovered))).collect()
}
