//! When were users hurt? Telemetry decides where it covers the incident, people where it does not.
//!
//! Key actions that change something (not GET) are looked at minute by minute, successes against
//! comparable days, failures against the quiet stretch before: failures that vanish because a breaker
//! stopped the requests are not the end.

use std::collections::BTreeMap;

use fupan_model::config::duration_seconds;
use fupan_model::{Config, Micros};
use fupan_query::{ParamValue, QueryError};
use fupan_report::model::Basis;

use super::cite::{Citations, Params};
use super::course::{Course, Lull, Stretch, union};
use super::indicators;
use crate::rows::rows;

pub(crate) const MINUTE: i64 = 60 * Micros::PER_SECOND;

/// Drawn before the impact and after it.
const MARGIN_MINUTES: i64 = 30;

/// Declared starts lie minutes off; the search begins this long before them.
const SEARCH_MINUTES: i64 = 30;

/// Longest impact that is searched for an end when nobody says when it ended.
const OPEN_SEARCH_MINUTES: i64 = 6 * 60;

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
    /// Indicators from metrics that were over their limit, where no request tells of harm.
    pub(crate) hurt_indicators: Vec<indicators::Name>,
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
        hurt_indicators: Vec::new(),
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
#[derive(Default)]
struct Found {
    stretches: Vec<Stretch>,
    lulls: Vec<Lull>,
    silent: Vec<Lull>,
    hurt_actions: Vec<String>,
    hurt_indicators: Vec<indicators::Name>,
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
        window.hurt_indicators = self.hurt_indicators;
        window.comparable_days = self.comparable_days;
        with_margins(window, config)
    }
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
    match by_requests(cite, config, window, declared, &params).await? {
        Some(found) => Ok(Some(found)),
        None => by_indicators(cite, config, window, declared, &params).await,
    }
}

/// What requests say, function by function.
async fn by_requests(
    cite: &mut Citations<'_>,
    config: &Config,
    window: &Window,
    declared: &Declared,
    params: &Params,
) -> Result<Option<Found>, QueryError> {
    let answer = cite.ask("impact/action_minutes", params).await?;
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
        // A log that holds failures only says nothing of shares.
        if !course.has_successes() {
            continue;
        }
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
    Ok(Some(Found { stretches, lulls, silent, hurt_actions, hurt_indicators: Vec::new(), comparable_days }))
}

/// What metrics say where no request tells of harm: failing indicators first, latency where none fails.
async fn by_indicators(
    cite: &mut Citations<'_>,
    config: &Config,
    window: &Window,
    declared: &Declared,
    params: &Params,
) -> Result<Option<Found>, QueryError> {
    // A level that was measured in the minute that is not over yet counts; a count would not.
    let mut params = params.clone();
    if let Some(ParamValue::Timestamp(end)) = params.get_mut("window_end") {
        end.0 += MINUTE;
    }
    let indicators = indicators::read(cite, &params).await?;
    let has_entries = config.services.values().any(|service| service.entry);
    let is_entry = |service: &str| !has_entries || config.services.get(service).is_some_and(|one| one.entry);
    for is_latency in [false, true] {
        let mut found = Found::default();
        for one in
            indicators.iter().filter(|one| one.is_latency() == is_latency && is_entry(&one.name.service))
        {
            let relevant =
                one.stretches(config).into_iter().filter(|stretch| belongs(stretch, window, declared));
            let before = found.stretches.len();
            found.stretches.extend(relevant);
            if found.stretches.len() > before {
                found.hurt_indicators.push(one.name.clone());
            }
        }
        if !found.stretches.is_empty() {
            found.stretches = union(found.stretches);
            return Ok(Some(found));
        }
    }
    Ok(None)
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
