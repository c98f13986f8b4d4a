//! What did people write down, and what did alerts say?
//!
//! Times lie minutes off, are vague, are claimed twice, taken back and written anew, and some are out of order.

use std::fmt::Write as _;

use super::instant;
use super::plan::{MINUTE, Plan, WEEK};
use crate::Dice;

/// A time as somebody wrote it.
#[derive(Debug, Clone)]
pub struct Written {
    /// In the timeline.
    pub text: String,
    /// What it means, the middle where it is a range.
    pub at: i64,
    /// The earliest that it may mean.
    pub low: i64,
    /// The latest.
    pub high: i64,
}

/// One entry of a timeline.
#[derive(Debug, Clone)]
pub struct Entry {
    /// Its own id.
    pub id: String,
    /// When.
    pub when: Written,
    /// The type of the event.
    pub event_type: &'static str,
    /// The service that it names.
    pub service: Option<&'static str>,
    /// A notice that only colleagues read.
    pub is_internal: bool,
}

/// What people know of one incident.
#[derive(Debug, Clone)]
pub struct Incident {
    /// Its id.
    pub id: String,
    /// What counts in the end.
    pub entries: Vec<Entry>,
    /// What stood there before, and was mended or taken out; none where nothing was.
    pub entries_before: Option<Vec<Entry>>,
}

/// An alert of a monitor.
#[derive(Debug, Clone, Copy)]
pub struct Alert {
    /// Number of it.
    pub number: usize,
    /// The service.
    pub service: &'static str,
    /// When it fired.
    pub fired_at: i64,
    /// When it ended.
    pub resolved_at: Option<i64>,
}

const SECOND: i64 = MINUTE / 60;

struct Writer<'a> {
    plan: &'a Plan,
    dice: Dice,
    entries: Vec<Entry>,
}

impl Writer<'_> {
    /// About that second, in one of the ways in which people write times.
    fn written(&mut self, at: i64) -> Written {
        let at = at - at.rem_euclid(SECOND);
        let local = at + self.plan.offset_minutes * MINUTE;
        let clock = |at: i64| {
            let seconds = at.div_euclid(SECOND).rem_euclid(86_400);
            (seconds / 3600, seconds / 60 % 60, seconds % 60)
        };
        let (hour, minute, second) = clock(local);
        let whole = at - at.rem_euclid(MINUTE);
        match self.dice.between(0, 7) {
            0 => Written { text: format!("{hour:02}:{minute:02}"), at: whole, low: whole, high: whole },
            1 => Written {
                text: format!("~{hour:02}:{minute:02}"),
                at: whole,
                low: whole - 5 * MINUTE,
                high: whole + 5 * MINUTE,
            },
            2 => {
                let (later_hour, later, _) = clock(local + 4 * MINUTE);
                let text = format!("{hour:02}:{minute:02}..{later_hour:02}:{later:02}");
                Written { text, at: whole + 2 * MINUTE, low: whole, high: whole + 4 * MINUTE }
            }
            3 => Written { text: instant(at), at, low: at, high: at },
            _ => Written { text: format!("{hour:02}:{minute:02}:{second:02}"), at, low: at, high: at },
        }
    }

    fn say(&mut self, event_type: &'static str, at: i64) {
        // No two at the same instant: nobody says which of them counts.
        let mut when = self.written(at);
        for later in 1.. {
            if self.entries.iter().all(|entry| entry.when.at != when.at) {
                break;
            }
            when = self.written(at + later * 61 * SECOND);
        }
        let id = format!("e{}", self.entries.len());
        self.entries.push(Entry { id, when, event_type, service: None, is_internal: false });
    }

    /// Between two minutes from the start of the impact, to the second.
    fn between(&mut self, from: i64, to: i64) -> i64 {
        self.plan.at(0) + self.dice.between(from * 60, to * 60) * SECOND
    }

    fn maybe(&mut self, share: f64, event_type: &'static str, from: i64, to: i64) {
        if self.dice.chance(share) {
            let at = self.between(from, to);
            self.say(event_type, at);
        }
    }
}

/// The incident of the world, and the one before it.
pub(super) fn incidents(plan: &Plan) -> Vec<Incident> {
    let mut all = vec![main_incident(plan)];
    if let Some((week, (from, to))) = plan.earlier {
        let mut writer = Writer { plan, dice: Dice::new(plan.seed, "earlier"), entries: Vec::new() };
        writer.say("impact_started", plan.at(from) - week * WEEK);
        match writer.dice.between(0, 2) {
            0 => writer.say("mitigated", plan.at(to) - week * WEEK),
            1 => writer.say("resolved", plan.at(to) - week * WEEK),
            _ => {}
        }
        all.push(Incident {
            id: format!("INC-{}-OLD", plan.seed),
            entries: writer.entries,
            entries_before: None,
        });
    }
    all
}

fn main_incident(plan: &Plan) -> Incident {
    let end = plan.end_minute();
    let last_start = plan.stretches.last().map_or(0, |stretch| stretch.0);
    let mut writer = Writer { plan, dice: Dice::new(plan.seed, "people"), entries: Vec::new() };
    writer.maybe(1.0, "impact_started", -2, 4);
    writer.maybe(0.3, "impact_started", -2, 6);
    if last_start > 0 && writer.dice.chance(0.6) {
        // It is over, they say, and begins again.
        let (first_end, again) = (plan.at(plan.stretches[0].1), plan.at(last_start));
        writer.say("mitigated", first_end + 2 * MINUTE);
        writer.say("impact_started", again + MINUTE);
    }
    writer.maybe(0.6, "detected", -8, 10);
    writer.maybe(0.3, "detected", 1, 14);
    writer.maybe(0.8, "declared", 4, 15);
    writer.maybe(0.7, "acknowledged", -2, 12);
    writer.maybe(0.3, "acknowledged", 5, 16);
    writer.maybe(0.7, "cause_located", 8, end);
    writer.maybe(0.3, "cause_located", 10, end + 5);
    writer.maybe(0.9, "mitigated", end - 2, end + 4);
    writer.maybe(0.2, "mitigated", end, end + 8);
    writer.maybe(0.6, "recovered", end, end + 20);
    writer.maybe(0.6, "resolved", end + 10, end + 40);
    if writer.dice.chance(0.2) {
        writer.maybe(1.0, "reopened", end + 30, end + 50);
        writer.maybe(0.5, "resolved", end + 50, end + 60);
    }
    writer.maybe(0.3, "closed", end + 30, end + 90);
    writer.maybe(0.6, "notice_published", 5, 30);
    writer.maybe(0.4, "notice_published", 5, 20);
    if let Some(notice) = writer.entries.last_mut().filter(|entry| entry.event_type == "notice_published") {
        notice.is_internal = plan.seed.is_multiple_of(2);
    }
    writer.maybe(0.8, "service_affected", 3, 12);
    writer.maybe(0.4, "service_affected", 3, 12);
    writer.maybe(0.5, "service_unaffected", 5, 15);
    let mut services = ["gateway", "order-service", "search-service"].into_iter();
    for entry in &mut writer.entries {
        entry.service = match entry.event_type {
            "service_affected" => services.next(),
            "service_unaffected" => Some("search-service"),
            _ => None,
        };
    }
    let entries_before = writer.dice.chance(0.4).then(|| before(&mut writer));
    Incident { id: format!("INC-{}", plan.seed), entries: writer.entries, entries_before }
}

/// The same timeline as it stood before: some of it at other times, and with more in it.
fn before(writer: &mut Writer<'_>) -> Vec<Entry> {
    let mut before = writer.entries.clone();
    for entry in &mut before {
        if writer.dice.chance(0.3) {
            let at = entry.when.at + writer.dice.between(-20, 20) * MINUTE;
            entry.when = writer.written(at);
        }
    }
    for (number, event_type) in ["mitigated", "resolved", "detected"].into_iter().enumerate() {
        if writer.dice.chance(0.4) {
            let at = writer.between(-30, 90);
            let when = writer.written(at);
            before.push(Entry {
                id: format!("x{number}"),
                when,
                event_type,
                service: None,
                is_internal: false,
            });
        }
    }
    before
}

/// What monitors said.
pub(super) fn alerts(plan: &Plan) -> Vec<Alert> {
    let mut dice = Dice::new(plan.seed, "alerts");
    (0..dice.between(0, 6) as usize)
        .map(|number| {
            // Between whole seconds, where nothing else is.
            let second = dice.between(-40 * 60, (plan.end_minute() + 60) * 60);
            let fired_at = plan.at(0) + second * SECOND + SECOND / 2;
            Alert {
                number,
                service: dice.pick(&["gateway", "order-service", "search-service", "quote-service"]),
                fired_at,
                resolved_at: dice.chance(0.7).then(|| fired_at + dice.between(60, 40 * 60) * SECOND),
            }
        })
        .collect()
}

/// A timeline in YAML.
pub(super) fn timeline(plan: &Plan, id: &str, entries: &[Entry], day_us: i64) -> String {
    let local = instant(day_us + plan.offset_minutes * MINUTE);
    let day = local.split('T').next().unwrap_or_default();
    let mut text = format!("incident: {id}\nzone: {}\ndate: {day}\nevents:\n", plan.zone);
    for entry in entries {
        let _ =
            write!(text, "  - {{ id: {}, at: \"{}\", type: {}", entry.id, entry.when.text, entry.event_type);
        if let Some(service) = entry.service {
            let _ = write!(text, ", service: {service}");
        }
        if entry.is_internal {
            text.push_str(", attributes: { is_public: \"false\" }");
        }
        text.push_str(" }\n");
    }
    text
}

/// The alerts as a list in JSON.
pub(super) fn alerts_json(alerts: &[Alert]) -> String {
    let lines: Vec<String> = alerts
        .iter()
        .map(|alert| {
            let resolved =
                alert.resolved_at.map(|at| format!(",\"resolved_at\":\"{}\"", instant(at))).unwrap_or_default();
            format!(
                "{{\"id\":\"al-{}\",\"service\":\"{}\",\"monitor\":\"errors\",\"fired_at\":\"{}\"{resolved}}}",
                alert.number,
                alert.service,
                instant(alert.fired_at)
            )
        })
        .collect();
    format!("[\n{}\n]\n", lines.join(",\n"))
}
