//! What the charts draw.

use std::collections::BTreeMap;

use fupan_model::{Config, Micros};
use fupan_query::QueryError;
use fupan_report::model::{HeatMap, HeatRow, IncidentReport, RequestPoint, RequestSeries, ServiceClass};

use super::cite::Citations;
use super::rows::rows;
use super::window::Window;

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
    report.series.requests = requests(cite, &params, window).await?;
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

/// Requests of the hurt actions, minute by minute, against comparable days.
async fn requests(
    cite: &mut Citations<'_>,
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
    let series = RequestSeries { bin_seconds: 60.0, points: points.into_values().collect() };
    Ok(has_requests.then_some(series))
}

fn add(sum: &mut Option<f64>, value: Option<f64>) {
    if let Some(value) = value {
        *sum = Some(sum.unwrap_or_default() + value);
    }
}
