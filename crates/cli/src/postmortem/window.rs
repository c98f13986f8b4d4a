//! When were users hurt? Telemetry decides where it covers the incident, people where it does not.
//!
//! Key actions that change something (not GET) are looked at minute by minute, successes against
//! comparable days, failures against the quiet stretch before: failures that vanish because a breaker
//! stopped the requests are not the end.

use std::collections::BTreeMap;

use fupan_analysis::proportions::Share;
use fupan_analysis::segments::{Expected, SegmentRule};
use fupan_analysis::{SegmentInput, impact_segments};
use fupan_model::config::duration_seconds;
use fupan_model::{Config, Micros};
use fupan_query::{ParamValue, QueryError};
use fupan_report::model::Basis;

use super::cite::{Citations, Params};
use crate::rows::{Row, rows};

const MINUTE: i64 = 60 * Micros::PER_SECOND;

/// Drawn before the impact and after it.
const MARGIN_MINUTES: i64 = 30;

/// Declared starts lie minutes off; the search begins this long before them.
const SEARCH_MINUTES: i64 = 30;

/// Longest impact that is searched for an end when nobody says when it ended.
const OPEN_SEARCH_MINUTES: i64 = 6 * 60;

/// Shorter silences happen by chance.
const SILENCE_MINUTES: i64 = 3;

/// A stretch of harm.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Stretch {
    pub(crate) started: Micros,
    pub(crate) ended: Option<Micros>,
}

/// A calm that did not hold.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Lull {
    pub(crate) started: Micros,
    pub(crate) ended: Micros,
}

/// What the incident's record says.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Declared {
    pub(crate) anchor: Option<Micros>,
    pub(crate) started: Option<Micros>,
    pub(crate) ended: Option<Micros>,
}

/// Where the incident lies in time.
#[derive(Debug, Clone)]
pub(crate) struct Window {
    pub(crate) basis: Basis,
    /// The stretches of harm, in order; empty where nothing is known.
    pub(crate) stretches: Vec<Stretch>,
    pub(crate) lulls: Vec<Lull>,
    /// Failures fell although successes did not come back.
    pub(crate) silent: Vec<Lull>,
    pub(crate) impact_start: Micros,
    /// The end, or the last instant known while it hurts.
    pub(crate) impact_end: Micros,
    pub(crate) is_open: bool,
    pub(crate) baseline_start: Micros,
    pub(crate) baseline_end: Micros,
    pub(crate) window_start: Micros,
    pub(crate) window_end: Micros,
    /// Key actions that were hurt, by telemetry.
    pub(crate) hurt_actions: Vec<String>,
    /// Comparable days that the baseline rests on.
    pub(crate) comparable_days: u32,
}

impl Window {
    /// The parameters that queries of this incident share.
    pub(crate) fn params(&self, config: &Config) -> Params {
        let baseline = &config.baseline;
        Params::from([
            ("impact_start", ParamValue::Timestamp(self.impact_start)),
            ("impact_end", ParamValue::Timestamp(self.impact_end)),
            ("baseline_start", ParamValue::Timestamp(self.baseline_start)),
            ("baseline_end", ParamValue::Timestamp(self.baseline_end)),
            ("window_start", ParamValue::Timestamp(self.window_start)),
            ("window_end", ParamValue::Timestamp(self.window_end)),
            ("comparable_days", ParamValue::BigInt(i64::from(baseline.comparable_days))),
            ("min_requests", ParamValue::BigInt(i64::from(baseline.min_requests))),
            ("min_effect", ParamValue::Double(baseline.min_effect)),
            ("grace_seconds", ParamValue::Double(f64::from(config.identity.grace_seconds))),
        ])
    }
}

/// Finds the impact of an incident.
pub(crate) async fn find(
    cite: &mut Citations<'_>,
    config: &Config,
    declared: &Declared,
    as_of: Micros,
) -> Result<Window, QueryError> {
    let anchor = declared.anchor.unwrap_or(as_of);
    let mut window = frame(config, declared, anchor, as_of);
    // Once with the declared start, once more with the observed one: the quiet stretch must end
    // before the impact really began.
    for _ in 0..2 {
        let found = observe(cite, config, &window, declared, as_of).await?;
        let Some(found) = found else { break };
        let start = found.stretches.first().map_or(window.impact_start, |first| first.started);
        let settled = start == window.impact_start && window.basis == Basis::Observed;
        window = found.applied_to(window, config, as_of);
        if settled {
            break;
        }
    }
    Ok(window)
}

/// The window by what people said.
fn frame(config: &Config, declared: &Declared, anchor: Micros, as_of: Micros) -> Window {
    let started = declared.started.unwrap_or(anchor);
    let is_open = declared.ended.is_none_or(|ended| ended <= started);
    let latest = as_of.max(Micros(started.0 + MINUTE));
    let impact_end = match declared.ended.filter(|_| !is_open) {
        Some(ended) => ended,
        None => latest.min(Micros(started.0 + OPEN_SEARCH_MINUTES * MINUTE)),
    };
    let has_start = declared.started.is_some();
    let stretches = if has_start {
        vec![Stretch { started, ended: declared.ended.filter(|_| !is_open) }]
    } else {
        Vec::new()
    };
    let window = Window {
        basis: if has_start { Basis::Declared } else { Basis::Assumed },
        stretches,
        lulls: Vec::new(),
        silent: Vec::new(),
        impact_start: started,
        impact_end,
        is_open,
        baseline_start: started,
        baseline_end: started,
        window_start: started,
        window_end: impact_end,
        hurt_actions: Vec::new(),
        comparable_days: 0,
    };
    with_margins(window, config)
}

/// Baseline and drawn window around the impact.
fn with_margins(mut window: Window, config: &Config) -> Window {
    let seconds =
        |text: &str, default: u64| duration_seconds(text).unwrap_or(default) as i64 * Micros::PER_SECOND;
    let guard = seconds(&config.baseline.guard, 300);
    let before = seconds(&config.baseline.before, 3600);
    window.baseline_end = Micros(window.impact_start.0 - guard);
    window.baseline_start = Micros(window.baseline_end.0 - before);
    window.window_start = floor_minute(Micros(window.impact_start.0 - MARGIN_MINUTES * MINUTE));
    window.window_end = floor_minute(Micros(window.impact_end.0 + MARGIN_MINUTES * MINUTE));
    window
}

fn floor_minute(at: Micros) -> Micros {
    Micros(at.0.div_euclid(MINUTE) * MINUTE)
}

/// What telemetry says.
struct Found {
    stretches: Vec<Stretch>,
    lulls: Vec<Lull>,
    silent: Vec<Lull>,
    hurt_actions: Vec<String>,
    comparable_days: u32,
}

impl Found {
    fn applied_to(self, mut window: Window, config: &Config, as_of: Micros) -> Window {
        let (Some(first), Some(last)) = (self.stretches.first(), self.stretches.last()) else {
            return window;
        };
        window.impact_start = first.started;
        window.is_open = last.ended.is_none();
        window.impact_end = last.ended.unwrap_or(as_of).max(Micros(first.started.0 + MINUTE));
        window.basis = Basis::Observed;
        window.stretches = self.stretches;
        window.lulls = self.lulls;
        window.silent = self.silent;
        window.hurt_actions = self.hurt_actions;
        window.comparable_days = self.comparable_days;
        with_margins(window, config)
    }
}

/// One key action, minute by minute.
#[derive(Default)]
struct Course {
    start: Micros,
    attempts: Vec<f64>,
    failed: Vec<f64>,
    successes: Vec<f64>,
    usual: Vec<f64>,
    scatter: Vec<f64>,
    baseline_failed_share: f64,
    days: u32,
}

async fn observe(
    cite: &mut Citations<'_>,
    config: &Config,
    window: &Window,
    declared: &Declared,
    as_of: Micros,
) -> Result<Option<Found>, QueryError> {
    let mut params = window.params(config);
    let search_start = floor_minute(Micros(window.impact_start.0 - SEARCH_MINUTES * MINUTE));
    // Minutes that are not over yet, as seen from the as-of, say nothing.
    let wanted_end = Micros(window.impact_end.0 + 2 * MARGIN_MINUTES * MINUTE);
    let search_end = floor_minute(wanted_end.min(Micros(as_of.0.max(search_start.0 + MINUTE))));
    params.insert("window_start", ParamValue::Timestamp(search_start));
    params.insert("window_end", ParamValue::Timestamp(search_end));
    let answer = cite.ask("impact/action_minutes", &params).await?;
    let mut courses: BTreeMap<String, Course> = BTreeMap::new();
    for row in rows(&answer) {
        let Some(action) = row.text("action") else { continue };
        courses.entry(action.to_owned()).or_default().push(row);
    }
    let mut stretches = Vec::new();
    let mut lulls = Vec::new();
    let mut together = Course::default();
    let mut hurt_actions = Vec::new();
    let mut comparable_days = 0;
    for (action, course) in courses.iter().filter(|(action, _)| changes_something(config, action)) {
        comparable_days = comparable_days.max(course.days);
        let (found, calm) = course.segments(config);
        let relevant: Vec<Stretch> =
            found.into_iter().filter(|stretch| belongs(stretch, window, declared)).collect();
        if relevant.is_empty() {
            continue;
        }
        hurt_actions.push(action.clone());
        together.add(course);
        stretches.extend(relevant);
        lulls.extend(calm);
    }
    if stretches.is_empty() {
        return Ok(None);
    }
    let stretches = union(stretches);
    let within = |lull: &Lull| {
        stretches.iter().any(|stretch| {
            lull.started >= stretch.started && stretch.ended.is_none_or(|ended| lull.ended <= ended)
        })
    };
    lulls.retain(within);
    lulls.sort_by_key(|lull| (lull.started, lull.ended));
    lulls.dedup();
    let silent = together.silences(&stretches);
    Ok(Some(Found { stretches, lulls, silent, hurt_actions, comparable_days }))
}

/// Key actions that only read are not asked whether users were hurt (definitions.md); without
/// configuration the view calls every request that is not GET a key action.
fn changes_something(config: &Config, action: &str) -> bool {
    config.actions.get(action).is_none_or(|action| action.method.as_deref() != Some("GET"))
}

/// A stretch belongs to the incident if it overlaps what people said, with the slack of declared times.
fn belongs(stretch: &Stretch, window: &Window, declared: &Declared) -> bool {
    let slack = 20 * MINUTE;
    let from = declared.started.or(declared.anchor).unwrap_or(window.impact_start).0 - slack;
    let to = declared.ended.unwrap_or(window.impact_end).0 + slack;
    stretch.started.0 <= to && stretch.ended.is_none_or(|ended| ended.0 >= from)
}

impl Course {
    fn push(&mut self, row: Row<'_>) {
        let Some(minute) = row.instant("minute") else { return };
        if self.attempts.is_empty() {
            self.start = minute;
        }
        let number = |column: &str| row.number(column).unwrap_or(f64::NAN);
        self.attempts.push(number("attempts"));
        self.failed.push(number("failed"));
        self.successes.push(number("successes"));
        self.usual.push(number("baseline_successes_p50"));
        // A range of four days is about two standard deviations wide.
        let spread = (number("baseline_successes_max") - number("baseline_successes_min")) / 2.0;
        self.scatter.push(spread);
        self.baseline_failed_share =
            row.number("baseline_failed_share").unwrap_or(self.baseline_failed_share);
        let days = row.long("comparable_days_used").unwrap_or_default();
        self.days = self.days.max(u32::try_from(days).unwrap_or_default());
    }

    /// Adds another action's counts, minute by minute.
    fn add(&mut self, other: &Self) {
        if self.attempts.is_empty() {
            self.start = other.start;
        }
        let sum = |mine: &mut Vec<f64>, theirs: &[f64]| {
            mine.resize(mine.len().max(theirs.len()), 0.0);
            mine.iter_mut().zip(theirs).for_each(|(mine, theirs)| *mine += theirs);
        };
        sum(&mut self.attempts, &other.attempts);
        sum(&mut self.successes, &other.successes);
        sum(&mut self.usual, &other.usual);
    }

    fn at(&self, bin: usize) -> Micros {
        Micros(self.start.0 + bin as i64 * MINUTE)
    }

    fn segments(&self, config: &Config) -> (Vec<Stretch>, Vec<Lull>) {
        let trials = 1000_u32;
        let hits = (self.baseline_failed_share * f64::from(trials)).round().max(0.0) as u64;
        let expected = Expected { successes: &self.usual, scatter: &self.scatter };
        let input = SegmentInput {
            bin_seconds: 60,
            attempts: &self.attempts,
            failures: &self.failed,
            successes: &self.successes,
            expected: (self.days > 0).then_some(expected),
            baseline_failures: Share { hits, trials: u64::from(trials) },
            rule: SegmentRule { effect_min: config.baseline.min_effect, ..SegmentRule::default() },
        };
        let mut stretches = Vec::new();
        let mut lulls = Vec::new();
        for segment in impact_segments(&input) {
            stretches.push(Stretch {
                started: self.at(segment.start_bin),
                ended: segment.end_bin.map(|bin| self.at(bin)),
            });
            lulls.extend(
                segment
                    .reliefs
                    .iter()
                    .map(|(from, to)| Lull { started: self.at(*from), ended: self.at(*to) }),
            );
        }
        (stretches, lulls)
    }

    /// Stretches within the harm in which next to nothing was attempted where much is usual:
    /// failures fell because requests were stopped.
    fn silences(&self, stretches: &[Stretch]) -> Vec<Lull> {
        let mut found: Vec<Lull> = Vec::new();
        for bin in 0..self.attempts.len() {
            let (from, to) = (self.at(bin), self.at(bin + 1));
            let is_hurting = stretches
                .iter()
                .any(|stretch| from >= stretch.started && stretch.ended.is_none_or(|ended| to <= ended));
            let value = |series: &[f64]| series.get(bin).copied().unwrap_or(f64::NAN);
            let (successes, attempts, usual) =
                (value(&self.successes), value(&self.attempts), value(&self.usual));
            let is_silent = is_hurting && usual >= 1.0 && successes < 0.1 * usual && attempts < 0.5 * usual;
            if !is_silent {
                continue;
            }
            match found.last_mut().filter(|last| last.ended == from) {
                Some(last) => last.ended = to,
                None => found.push(Lull { started: from, ended: to }),
            }
        }
        found.retain(|lull| lull.ended.0 - lull.started.0 >= SILENCE_MINUTES * MINUTE);
        found
    }
}

/// The union of stretches, in order.
fn union(mut stretches: Vec<Stretch>) -> Vec<Stretch> {
    stretches.sort_by_key(|stretch| stretch.started);
    let mut merged: Vec<Stretch> = Vec::new();
    for stretch in stretches {
        match merged.last_mut() {
            Some(last) if last.ended.is_none_or(|ended| ended >= stretch.started) => {
                last.ended = match (last.ended, stretch.ended) {
                    (Some(one), Some(other)) => Some(one.max(other)),
                    _ => None,
                };
            }
            _ => merged.push(stretch),
        }
    }
    merged
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stretch(from: i64, to: Option<i64>) -> Stretch {
        Stretch { started: Micros(from), ended: to.map(Micros) }
    }

    #[test]
    fn overlapping_harm_is_counted_once() {
        let merged = union(vec![stretch(5, Some(9)), stretch(1, Some(6)), stretch(20, None)]);
        assert_eq!(merged, vec![stretch(1, Some(9)), stretch(20, None)]);
    }

    #[test]
    fn harm_that_goes_on_swallows_what_follows() {
        assert_eq!(union(vec![stretch(1, None), stretch(5, Some(6))]), vec![stretch(1, None)]);
    }
}
