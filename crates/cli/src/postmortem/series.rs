//! What the charts draw.

use std::collections::BTreeMap;

use fupan_model::{Config, Micros};
use fupan_query::{ParamValue, QueryError};
use fupan_report::model::{
    Candidate, CandidateKind, CandidateSeries, HeatMap, HeatRow, IncidentReport, RequestPoint, RequestSeries,
    SeriesPoint, ServiceClass,
};

use super::cite::Citations;
use super::indicators;
use super::window::Window;
use crate::rows::rows;

const MINUTE: i64 = 60 * Micros::PER_SECOND;

/// Services in the heat map: more rows than this do not fit a page.
const HEAT_ROWS_MAX: usize = 24;

/// Fills the request curve and the heat map.
pub(crate) async fn fill(
    report: &mut IncidentReport,
    cite: &mut Citations<'_>,
    config: &Config,
    window: &Window,
) -> Result<(), QueryError> {
    let params = window.params(config);
    report.series.requests = requests(cite, config, &params, window).await?;
    let answer = cite.ask("impact/service_minutes", &params).await?;
    let bins = ((window.window_end.0 - window.window_start.0) / MINUTE).max(0) as usize;
    let mut cells: BTreeMap<String, Vec<Option<f64>>> = BTreeMap::new();
    for row in rows(&answer) {
        let (Some(service), Some(minute)) = (row.owned("service_name"), row.instant("minute")) else {
            continue;
        };
        let bin = ((minute.0 - window.window_start.0) / MINUTE) as usize;
        let Some(share) = row.number("failed_share") else { continue };
        let excess = (share - row.number("baseline_failed_share").unwrap_or_default()).max(0.0);
        let line = cells.entry(service).or_insert_with(|| vec![None; bins]);
        if let Some(cell) = line.get_mut(bin) {
            *cell = Some(excess);
        }
    }
    from_indicators(&mut cells, report, cite, &params, window, bins).await?;
    // In the order of the blast radius: the worst first, in the order in which they fell.
    let order =
        report.blast_radius.iter().filter(|row| !row.is_entry).map(|row| (row.service.clone(), row.class));
    let mut lines = Vec::new();
    for (service, class) in order {
        let is_worth_a_row = class != ServiceClass::Undetermined || lines.len() < HEAT_ROWS_MAX / 2;
        if let Some(excess) = cells.remove(&service).filter(|_| is_worth_a_row && lines.len() < HEAT_ROWS_MAX)
        {
            lines.push(HeatRow { service, excess });
        }
    }
    if !lines.is_empty() {
        report.series.heat_map = Some(HeatMap { start: window.window_start, bin_seconds: 60.0, rows: lines });
    }
    Ok(())
}

/// Rows of the heat map for services of which metrics tell.
async fn from_indicators(
    cells: &mut BTreeMap<String, Vec<Option<f64>>>,
    report: &IncidentReport,
    cite: &mut Citations<'_>,
    params: &super::cite::Params,
    window: &Window,
    bins: usize,
) -> Result<(), QueryError> {
    let indicators = indicators::read(cite, params).await?;
    for indicator in indicators.iter().filter(|one| !one.is_latency()) {
        let stands_for_its_service = report.blast_radius.iter().any(|row| {
            row.service == indicator.name.service && row.indicator.as_ref() == Some(&indicator.name.indicator)
        });
        if !stands_for_its_service {
            continue;
        }
        let line = cells.entry(indicator.name.service.clone()).or_insert_with(|| vec![None; bins]);
        for (minute, excess) in indicator.excess() {
            let bin = ((minute.0 - window.window_start.0) / MINUTE) as usize;
            if let Some(cell) = line.get_mut(bin) {
                *cell = Some(excess);
            }
        }
    }
    Ok(())
}

/// Requests of the hurt actions, minute by minute, against comparable days.
async fn requests(
    cite: &mut Citations<'_>,
    config: &Config,
    params: &super::cite::Params,
    window: &Window,
) -> Result<Option<RequestSeries>, QueryError> {
    let answer = cite.ask("impact/action_minutes", params).await?;
    let mut points: BTreeMap<Micros, RequestPoint> = BTreeMap::new();
    for row in rows(&answer) {
        let is_hurt =
            row.text("action").is_some_and(|action| window.hurt_actions.iter().any(|hurt| hurt == action));
        let Some(at) = row.instant("minute").filter(|_| is_hurt || window.hurt_actions.is_empty()) else {
            continue;
        };
        let point = points.entry(at).or_insert_with(|| RequestPoint { at, ..RequestPoint::default() });
        add(&mut point.requests, row.number("attempts"));
        add(&mut point.failed, row.number("failed"));
        add(&mut point.baseline_low, row.number("baseline_successes_min"));
        add(&mut point.baseline_median, row.number("baseline_successes_p50"));
        add(&mut point.baseline_high, row.number("baseline_successes_max"));
    }
    let has_requests = points.values().any(|point| point.requests.unwrap_or_default() > 0.0);
    let title = |action: &String| {
        config.actions.get(action).and_then(|action| action.title.clone()).unwrap_or_else(|| action.clone())
    };
    let functions = window.hurt_actions.iter().map(title).collect();
    let series = RequestSeries { functions, bin_seconds: 60.0, points: points.into_values().collect() };
    Ok(has_requests.then_some(series))
}

fn add(sum: &mut Option<f64>, value: Option<f64>) {
    if let Some(value) = value {
        *sum = Some(sum.unwrap_or_default() + value);
    }
}

/// Candidates that are drawn over time.
const DRAWN_MAX: usize = 4;

/// Fills one small chart per leading metric or saturated resource, with its usual range before.
pub(crate) async fn candidates(
    report: &mut IncidentReport,
    cite: &mut Citations<'_>,
    window: &Window,
) -> Result<(), QueryError> {
    let drawn: Vec<Candidate> = report
        .candidates
        .iter()
        .filter(|candidate| matches!(candidate.kind, CandidateKind::Metric | CandidateKind::Saturation))
        .take(DRAWN_MAX)
        .cloned()
        .collect();
    for candidate in drawn {
        // A saturated resource is named `use / limit`: its use is what moves.
        let metric = candidate.subject.split(" / ").next().unwrap_or_default().to_owned();
        let service = candidate.service.clone().map_or(ParamValue::Null, ParamValue::Text);
        let params = super::cite::Params::from([
            ("metric_name", ParamValue::Text(metric.clone())),
            ("service_name", service),
            ("window_start", ParamValue::Timestamp(window.baseline_start)),
            ("window_end", ParamValue::Timestamp(window.window_end)),
        ]);
        let answer = cite.ask("causes/metric_points", &params).await?;
        let mut series = CandidateSeries {
            rank: candidate.rank,
            title: metric,
            service: candidate.service.clone(),
            onset: candidate.onset,
            ..CandidateSeries::default()
        };
        let mut usual = Vec::new();
        for row in rows(&answer) {
            let (Some(at), Some(value)) = (row.instant("minute"), row.number("value_max")) else { continue };
            series.unit = row.owned("unit").unwrap_or_default();
            if at < window.baseline_end {
                usual.push(value);
            }
            if at >= window.window_start {
                series.points.push(SeriesPoint { at, value: Some(value) });
            }
        }
        series.baseline_low = usual.iter().copied().min_by(f64::total_cmp);
        series.baseline_high = usual.iter().copied().max_by(f64::total_cmp);
        if series.points.len() > 1 {
            report.series.candidates.push(series);
        }
    }
    Ok(())
}
