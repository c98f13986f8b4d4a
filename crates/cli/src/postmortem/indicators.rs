//! What do metrics say about who was hurt, where no request has an outcome?

use fupan_analysis::levels::{LevelPoint, stretches_over};
use fupan_analysis::proportions::{Share, difference_upper_bound};
use fupan_model::config::Sli;
use fupan_model::{Config, Micros};
use fupan_query::QueryError;
use fupan_report::model::{BlastRow, Figure, IncidentReport, ServiceClass, Unknown, Words};

use super::cite::{Citations, Params};
use super::course::{Course, Stretch};
use super::window::Window;
use crate::rows::{Row, rows};

/// Where the figures come from.
pub(crate) const QUERY: &str = "impact/indicator_minutes";

/// Confidence of the bound that "unaffected" rests on, as in `impact/blast_radius`.
const CONFIDENCE: f64 = 0.95;

/// An indicator of a service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Name {
    pub(crate) service: String,
    pub(crate) indicator: String,
}

/// How an indicator is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Requests, counted by outcome.
    Counts,
    /// A failed share; how many requests stand behind it is not known.
    Share,
    /// A latency percentile.
    Latency,
}

/// One indicator over the window.
#[derive(Debug, Clone)]
pub(crate) struct Indicator {
    pub(crate) name: Name,
    kind: Kind,
    is_configured: bool,
    points: Vec<Point>,
    /// Median of the quiet stretch, a share or ms.
    baseline: Option<f64>,
    /// Requests of the quiet stretch, and the failed ones.
    baseline_counts: Option<(f64, f64)>,
}

#[derive(Debug, Clone, Copy)]
struct Point {
    minute: Micros,
    counts: Option<(f64, f64)>,
    level: f64,
    is_over: bool,
}

/// All indicators of the window that `params` name.
pub(crate) async fn read(cite: &mut Citations<'_>, params: &Params) -> Result<Vec<Indicator>, QueryError> {
    let answer = cite.ask(QUERY, params).await?;
    let mut indicators: Vec<Indicator> = Vec::new();
    for row in rows(&answer) {
        let Some((indicator, point)) = Indicator::begun(row).zip(Point::read(row)) else { continue };
        match indicators.last_mut() {
            Some(last) if last.name == indicator.name && last.kind == indicator.kind => {
                last.points.push(point);
            }
            _ => indicators.push(Indicator { points: vec![point], ..indicator }),
        }
    }
    Ok(indicators)
}

impl Point {
    fn read(row: Row<'_>) -> Option<Self> {
        Some(Self {
            minute: row.instant("minute")?,
            counts: row.number("valid").zip(row.number("failed")),
            level: row.number("failed_share").or(row.number("latency_ms"))?,
            is_over: row.boolean("is_over").unwrap_or_default(),
        })
    }
}

impl Indicator {
    fn begun(row: Row<'_>) -> Option<Self> {
        let kind = match row.text("kind")? {
            "requests" => Kind::Counts,
            "failed_share" => Kind::Share,
            "latency" => Kind::Latency,
            _ => return None,
        };
        Some(Self {
            name: Name { service: row.owned("service_name")?, indicator: row.owned("indicator")? },
            kind,
            is_configured: row.text("basis") == Some("configured"),
            points: Vec::new(),
            baseline: row.number("baseline"),
            baseline_counts: row.number("baseline_valid").zip(row.number("baseline_failed")),
        })
    }

    pub(crate) fn is_latency(&self) -> bool {
        self.kind == Kind::Latency
    }

    /// From when to when it tells of harm: by weighing the counts where there are counts, else by its limit.
    pub(crate) fn stretches(&self, config: &Config) -> Vec<Stretch> {
        if self.kind == Kind::Counts {
            let counts: Vec<(Micros, f64, f64)> = self
                .points
                .iter()
                .filter_map(|point| point.counts.map(|(valid, failed)| (point.minute, valid, failed)))
                .collect();
            let share = self.baseline_counts.filter(|(valid, _)| *valid > 0.0);
            let course = Course::of_counts(&counts, share.map_or(0.0, |(valid, failed)| failed / valid));
            return course.segments(config).0;
        }
        let origin = self.points.first().map_or(Micros::default(), |point| point.minute);
        let levels: Vec<LevelPoint> = self
            .points
            .iter()
            .map(|point| LevelPoint {
                at_seconds: point.minute.seconds_since(origin),
                is_over: point.is_over,
            })
            .collect();
        let at = |index: usize| self.points.get(index).map(|point| point.minute);
        stretches_over(&levels)
            .into_iter()
            // What is over its limit from the first point on did not begin where the data begin.
            .filter(|stretch| stretch.start > 0)
            .filter_map(|stretch| {
                Some(Stretch { started: at(stretch.start)?, ended: stretch.end.and_then(at) })
            })
            .collect()
    }

    fn within(&self, window: &Window) -> impl Iterator<Item = &Point> {
        let (from, to) = (window.impact_start, window.impact_end);
        let is_open = window.is_open;
        self.points.iter().filter(move |point| {
            point.minute >= from && (point.minute < to || (is_open && point.minute == to))
        })
    }

    /// What it says about its service in the impact.
    fn row(&self, config: &Config, window: &Window) -> BlastRow {
        let onset = self
            .stretches(config)
            .into_iter()
            .find(|stretch| {
                stretch.started < window.impact_end
                    && stretch.ended.is_none_or(|ended| ended > window.impact_start)
            })
            .map(|stretch| stretch.started);
        let mut row = BlastRow {
            service: self.name.service.clone(),
            indicator: Some(self.name.indicator.clone()),
            onset: onset.map_or_else(Figure::default, |at| Figure::instant(at, QUERY)),
            requests: Figure::unknown(Unknown::NoRequests, QUERY),
            failed_requests: Figure::unknown(Unknown::NoRequests, QUERY),
            ..BlastRow::default()
        };
        let peak = self.within(window).map(|point| point.level).max_by(f64::total_cmp);
        if self.kind == Kind::Latency {
            row.class = if onset.is_some() { ServiceClass::Degraded } else { ServiceClass::Undetermined };
            let latency = |level: Option<f64>| {
                level.map_or_else(Figure::default, |level| Figure::quantity(level, "ms", QUERY))
            };
            row.latency_p99 = latency(peak);
            row.baseline_latency_p99 = latency(self.baseline);
            return row;
        }
        let share = |share: Option<f64>, missing: Unknown| match share {
            Some(share) => Figure::share(share, QUERY),
            None => Figure::unknown(missing, QUERY),
        };
        row.peak_error_share = share(peak, Unknown::NoRequests);
        row.error_share = share(self.mean_share(window), Unknown::NoRequests);
        row.baseline_error_share = share(self.baseline, Unknown::NoBaseline);
        if onset.is_some() {
            row.class = ServiceClass::Affected;
        }
        if let Some((valid, failed)) = self.counts(window) {
            row.requests = Figure::count(valid.round() as u64, QUERY);
            row.failed_requests = Figure::count(failed.round() as u64, QUERY);
            let bound = self.rise_high(valid, failed);
            let is_small = bound.is_some_and(|bound| bound < config.baseline.min_effect);
            row.effect_upper_bound = bound.map_or_else(Figure::default, |bound| Figure::share(bound, QUERY));
            if onset.is_none() && is_small && valid >= f64::from(config.baseline.min_requests) {
                row.class = ServiceClass::Unaffected;
            }
        }
        row
    }

    /// Requests and failed requests in the impact.
    fn counts(&self, window: &Window) -> Option<(f64, f64)> {
        let mut counts = self.within(window).filter_map(|point| point.counts).peekable();
        counts.peek()?;
        Some(counts.fold((0.0, 0.0), |(valid, failed), (more, bad)| (valid + more, failed + bad)))
    }

    /// Of all requests where they are counted, else the mean of the minutes.
    fn mean_share(&self, window: &Window) -> Option<f64> {
        if let Some((valid, failed)) = self.counts(window) {
            return (valid > 0.0).then(|| failed / valid);
        }
        let levels: Vec<f64> = self.within(window).map(|point| point.level).collect();
        (!levels.is_empty()).then(|| levels.iter().sum::<f64>() / levels.len() as f64)
    }

    fn rise_high(&self, valid: f64, failed: f64) -> Option<f64> {
        let share =
            |valid: f64, failed: f64| Share { hits: failed.round() as u64, trials: valid.round() as u64 };
        let (before_valid, before_failed) = self.baseline_counts?;
        difference_upper_bound(share(valid, failed), share(before_valid, before_failed), CONFIDENCE)
    }

    /// How far the failed share lies over its baseline, minute by minute.
    pub(crate) fn excess(&self) -> impl Iterator<Item = (Micros, f64)> {
        let baseline = self.baseline.unwrap_or_default();
        self.points.iter().map(move |point| (point.minute, (point.level - baseline).max(0.0)))
    }
}

/// Adds rows for services of which requests decide nothing, and the worst share where no request gave one.
pub(crate) async fn fill(
    report: &mut IncidentReport,
    cite: &mut Citations<'_>,
    config: &Config,
    window: &Window,
) -> Result<(), QueryError> {
    let indicators = read(cite, &window.params(config)).await?;
    let peak = |row: &BlastRow| row.peak_error_share.as_f64().unwrap_or_default();
    let mut worst: Vec<BlastRow> = Vec::new();
    for indicator in &indicators {
        let is_known = report.blast_radius.iter().any(|row| {
            !row.is_entry
                && row.service == indicator.name.service
                && row.indicator.is_none()
                && row.class != ServiceClass::Undetermined
        });
        if is_known {
            continue;
        }
        let row = indicator.row(config, window);
        match worst.iter_mut().find(|other| other.service == row.service) {
            Some(other) => {
                let is_worse = (row.class, -peak(&row)) < (other.class, -peak(other));
                // The row that stays tells its own latency; the other's stands in where it has none.
                let (kept, left) = if is_worse { (&row, &*other) } else { (&*other, &row) };
                let latency = [kept, left]
                    .into_iter()
                    .find(|one| one.latency_p99.is_known())
                    .map(|one| (one.latency_p99.clone(), one.baseline_latency_p99.clone()));
                if is_worse {
                    *other = row;
                }
                if let Some((latency, baseline)) = latency {
                    (other.latency_p99, other.baseline_latency_p99) = (latency, baseline);
                }
            }
            None => worst.push(row),
        }
    }
    for row in &mut worst {
        let settings = config.services.get(&row.service);
        row.title = settings.and_then(|service| service.title.clone());
        row.team = settings.and_then(|service| service.team.clone());
    }
    if !report.peak_error_share.is_known()
        && let Some(row) = worst
            .iter()
            .filter(|row| row.class == ServiceClass::Affected)
            .max_by(|a, b| peak(a).total_cmp(&peak(b)))
    {
        let indicator = row.indicator.as_deref().unwrap_or_default();
        report.peak_error_share = row.peak_error_share.clone().with_note(Words::new(
            format!("by the metric {indicator} of {}", row.service),
            format!("取自 {} 的指标 {indicator}", row.service),
        ));
    }
    // A few requests that prove nothing give way to a metric that does.
    report.blast_radius.retain(|row| row.is_entry || !worst.iter().any(|one| one.service == row.service));
    report.blast_radius.extend(worst);
    Ok(())
}

/// Indicators that were chosen by their names alone, `name (service)`, for the list of what was assumed.
pub(crate) async fn chosen_by_name(
    cite: &mut Citations<'_>,
    config: &Config,
    window: &Window,
) -> Result<Vec<String>, QueryError> {
    let indicators = read(cite, &window.params(config)).await?;
    Ok(indicators
        .iter()
        .filter(|one| !one.is_configured)
        .map(|one| format!("{} ({})", one.name.indicator, one.name.service))
        .collect())
}

/// Services of which the configured metrics have no point in the window.
pub(crate) async fn without_points(
    cite: &mut Citations<'_>,
    config: &Config,
    window: &Window,
) -> Result<Vec<String>, QueryError> {
    let indicators = read(cite, &window.params(config)).await?;
    let has_points =
        |service: &str| indicators.iter().any(|one| one.is_configured && one.name.service == service);
    Ok(config
        .services
        .iter()
        .filter(|(name, service)| service.sli.as_ref().is_some_and(Sli::is_from_metrics) && !has_points(name))
        .map(|(name, _)| name.clone())
        .collect())
}
