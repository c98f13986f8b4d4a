//! How many requests failed, and did successes come back?
//!
//! Two panels over one time axis: the share that failed, and successes against what is usual. Only
//! together do they tell a repaired service from one whose requests were stopped.

use fupan_model::Micros;

use super::{
    Caption, Chart, LEFT, RIGHT, WIDTH,
    axis::{TimeAxis, ValueAxis, draw_line, short, stretches, thinned},
    both,
    canvas::{Canvas, Type, fitted, text_width},
};
use crate::{
    error::ReportError,
    findings,
    format::Locale,
    lang::Lang,
    limits,
    model::{FigureValue, IncidentReport, MilestoneName, RequestPoint, RequestSeries},
};

const PANEL: f64 = 150.0;
const GAP: f64 = 46.0;
const LABEL_ROW: f64 = 18.0;
const LABEL_SIZE: f64 = 12.0;
/// Rows of milestones; those beyond keep their line and lose their label.
const ROWS_MAX: usize = 8;

/// A milestone's label with its place.
struct Label {
    x: f64,
    row: usize,
    width: f64,
    is_left: bool,
    text: String,
    strong: bool,
}

pub(super) fn draw(report: &IncidentReport, locale: Locale) -> Result<Option<Chart>, ReportError> {
    let Some(series) = report.series.requests.as_ref() else { return Ok(None) };
    let has_values = series.points.iter().any(|point| point.requests.is_some());
    let (Some(first), Some(last), true) = (series.points.first(), series.points.last(), has_values) else {
        return Ok(None);
    };
    let bin = Micros((series.bin_seconds.max(1.0) * Micros::PER_SECOND as f64) as i64);
    let axis = TimeAxis::new(first.at, Micros(last.at.0.saturating_add(bin.0)), LEFT, WIDTH - RIGHT);
    let failed = |reason| ReportError::Chart { chart: "requests", reason };
    let labels = labels(report, locale, &axis).map_err(failed)?;
    let rows = labels.iter().map(|label| label.row + 1).max().unwrap_or(0);
    let height = rows as f64 * LABEL_ROW + 30.0 + PANEL + GAP + PANEL + 40.0;
    let caption = Caption {
        id: "requests",
        title: findings::requests(report, locale),
        subtitle: subtitle(series, locale),
        description: description(series, locale),
    };
    both(caption, height, |canvas, top| paint(canvas, top, report, locale, &axis, &labels)).map(Some)
}

fn subtitle(series: &RequestSeries, locale: Locale) -> String {
    let zone = locale.zone_at(series.points.first().map(|point| point.at));
    let bin = locale.width(series.bin_seconds);
    match (locale.lang, series.functions.is_empty()) {
        (Lang::En, true) => format!("All entry services, per {bin}; {zone}"),
        (Lang::En, false) => format!("Counted where users enter, per {bin}; {zone}"),
        (Lang::Zh, true) => format!("全部入口服务，每{bin}统计；{zone}"),
        (Lang::Zh, false) => format!("按用户入口统计，每{bin}；{zone}"),
    }
}

fn description(series: &RequestSeries, locale: Locale) -> String {
    let ends = |at: Option<&RequestPoint>| at.map(|point| locale.instant(point.at)).unwrap_or_default();
    let (from, to) = (ends(series.points.first()), ends(series.points.last()));
    match locale.lang {
        Lang::En => format!(
            "Share of failed requests, and successful requests against their usual range, from {from} to {to}."
        ),
        Lang::Zh => format!("{from} 至 {to} 的请求失败率，以及成功请求数与基线范围的对比。"),
    }
}

/// Milestones within the plot, with labels on rows so that no two touch and no line crosses one.
///
/// The first ones have their label at the left of their line, the others at the right; where the
/// change is made decides how many rows it takes, and the fewest win.
fn labels(report: &IncidentReport, locale: Locale, axis: &TimeAxis) -> Result<Vec<Label>, String> {
    let mut marks: Vec<(Micros, MilestoneName)> = report
        .milestones
        .iter()
        .filter_map(|milestone| Some((milestone.at.as_instant()?, milestone.name)))
        .filter(|(at, name)| {
            axis.contains(*at) && !matches!(name, MilestoneName::Closed | MilestoneName::Resolved)
        })
        .collect();
    marks.sort();
    let mut labels = Vec::new();
    for (at, name) in marks {
        let strong = matches!(name, MilestoneName::ImpactStarted | MilestoneName::Mitigated);
        let text = format!("{} {}", time(report, locale, at, name), locale.milestone(name));
        let width = text_width(&text, LABEL_SIZE, strong)? + 8.0;
        labels.push(Label { x: axis.x(at), row: 0, width, is_left: false, text, strong });
    }
    let best = (0..=labels.len()).min_by_key(|split| rows_of(&labels, *split, axis.right));
    let rows = place(&labels, best.unwrap_or(0));
    for (index, (label, row)) in labels.iter_mut().zip(rows).enumerate() {
        label.is_left = index < best.unwrap_or(0);
        label.row = row.min(ROWS_MAX);
        if row >= ROWS_MAX {
            label.text.clear();
        }
    }
    Ok(labels)
}

/// How many rows a split takes, and how many labels leave the plot, which is worse.
fn rows_of(labels: &[Label], split: usize, right: f64) -> (usize, usize) {
    let outside = labels
        .iter()
        .enumerate()
        .filter(|(index, label)| {
            if *index < split { label.x - label.width < 24.0 } else { label.x + label.width > right + RIGHT }
        })
        .count();
    (outside, place(labels, split).into_iter().max().map_or(0, |row| row + 1))
}

/// Rows of the labels: those before `split` stand at the left of their line.
fn place(labels: &[Label], split: usize) -> Vec<usize> {
    let mut rows = vec![0; labels.len()];
    // At the left, from the inside out: a line must not cross what is below it.
    let mut starts: Vec<f64> = Vec::new();
    for (label, row) in labels.iter().zip(&mut rows).take(split).rev() {
        *row = starts.iter().rposition(|start| *start < label.x + 4.0).map_or(0, |row| row + 1);
        starts.truncate(*row);
        starts.push(label.x - label.width);
    }
    let mut ends: Vec<f64> = Vec::new();
    for (label, row) in labels.iter().zip(&mut rows).skip(split) {
        *row = ends.iter().rposition(|end| *end > label.x - 4.0).map_or(0, |row| row + 1);
        ends.truncate(*row);
        ends.push(label.x + label.width);
    }
    rows
}

/// `11:22`, or `11:22–11:26` where the source is vague.
fn time(report: &IncidentReport, locale: Locale, at: Micros, name: MilestoneName) -> String {
    match report.milestone(name).map(|milestone| &milestone.at.value) {
        Some(FigureValue::InstantRange { low: Some(low), high: Some(high) }) if low != high => {
            format!("{}–{}", locale.hour_minute(*low), locale.hour_minute(*high))
        }
        _ => locale.hour_minute(at),
    }
}

fn paint(
    canvas: &mut Canvas,
    top: f64,
    report: &IncidentReport,
    locale: Locale,
    axis: &TimeAxis,
    labels: &[Label],
) -> Result<(), String> {
    let Some(series) = report.series.requests.as_ref() else { return Ok(()) };
    let rows = labels.iter().map(|label| label.row + 1).max().unwrap_or(0);
    let shares_top = top + rows as f64 * LABEL_ROW + 30.0;
    let counts_top = shares_top + PANEL + GAP;
    let bottom = counts_top + PANEL;
    window(canvas, report, axis, [(shares_top, PANEL), (counts_top, PANEL)]);
    let points =
        thinned(&series.points, limits::LINE_POINTS_MAX, |point| failed_share(point).or(point.requests));
    let middle = Micros((series.bin_seconds.max(0.0) * Micros::PER_SECOND as f64 / 2.0) as i64);
    let x = |point: &RequestPoint| axis.x(Micros(point.at.0.saturating_add(middle.0)));
    shares(canvas, locale, axis, shares_top, &points, x)?;
    counts(canvas, locale, axis, counts_top, &points, x, series.bin_seconds)?;
    for label in labels {
        let y = top + label.row as f64 * LABEL_ROW + 6.0;
        let color = if label.strong { canvas.theme.text } else { canvas.theme.muted };
        canvas.line((label.x, y), (label.x, shares_top), canvas.theme.axis, 1.0);
        canvas.dashed(label.x, shares_top, bottom, canvas.theme.axis, 1.0);
        let kind = Type::new(LABEL_SIZE, color);
        let kind = if label.strong { kind.bold() } else { kind };
        let (x, kind) = if label.is_left { (label.x - 4.0, kind.right()) } else { (label.x + 4.0, kind) };
        canvas.text(x, y, &label.text, kind);
    }
    axis.draw(canvas, locale, bottom, LABEL_SIZE)
}

/// Every stretch of impact as a 10 % tint.
fn window(canvas: &mut Canvas, report: &IncidentReport, axis: &TimeAxis, panels: [(f64, f64); 2]) {
    for (start, end) in impact_spans(report, axis.end) {
        if end < axis.start || start > axis.end {
            continue;
        }
        let (left, right) = (axis.x_within(start), axis.x_within(end));
        for (top, height) in panels {
            canvas.tint(left, top, (right - left).max(1.0), height, canvas.theme.accent, 0.10);
        }
    }
}

/// Impact segments as instants, or from impact start to mitigation; an open one lasts to `end`.
pub(super) fn impact_spans(report: &IncidentReport, end: Micros) -> Vec<(Micros, Micros)> {
    let spans: Vec<_> = report
        .impact_segments
        .iter()
        .filter_map(|segment| {
            Some((segment.started.as_instant()?, segment.ended.as_instant().unwrap_or(end)))
        })
        .collect();
    if !spans.is_empty() {
        return spans;
    }
    let at = |name| report.milestone(name).and_then(|milestone| milestone.at.as_instant());
    let start = at(MilestoneName::ImpactStarted);
    start.map(|start| (start, at(MilestoneName::Mitigated).unwrap_or(end))).into_iter().collect()
}

fn failed_share(point: &RequestPoint) -> Option<f64> {
    let requests = point.requests.filter(|requests| *requests > 0.0)?;
    Some((point.failed? / requests).clamp(0.0, 1.0))
}

fn panel_title(canvas: &mut Canvas, axis: &TimeAxis, top: f64, text: &str) -> Result<(), String> {
    let text = fitted(text, axis.right - axis.left, LABEL_SIZE, false)?;
    canvas.text(24.0, top - 18.0, &text, Type::new(LABEL_SIZE, canvas.theme.muted));
    Ok(())
}

fn shares(
    canvas: &mut Canvas,
    locale: Locale,
    axis: &TimeAxis,
    top: f64,
    points: &[RequestPoint],
    x: impl Fn(&RequestPoint) -> f64,
) -> Result<(), String> {
    let highest = points.iter().filter_map(failed_share).fold(0.0, f64::max) * 100.0;
    let values = ValueAxis::new(0.0, highest.max(1.0), top, top + PANEL, 4.0);
    panel_title(canvas, axis, top, locale.term("chart.failed_share"))?;
    values.draw(canvas, axis.left, axis.right, LABEL_SIZE, |value| locale.share(value / 100.0));
    let line = stretches(
        points.iter().map(|point| failed_share(point).map(|share| (x(point), values.y(share * 100.0)))),
    );
    for stretch in &line {
        if let (Some(first), Some(last)) = (stretch.first(), stretch.last()) {
            let mut area = stretch.clone();
            area.extend([(last.0, values.bottom), (first.0, values.bottom)]);
            canvas.area(&area, canvas.theme.accent, 0.22);
        }
    }
    draw_line(canvas, &line, canvas.theme.accent, 1.8);
    Ok(())
}

fn counts(
    canvas: &mut Canvas,
    locale: Locale,
    axis: &TimeAxis,
    top: f64,
    points: &[RequestPoint],
    x: impl Fn(&RequestPoint) -> f64,
    bin_seconds: f64,
) -> Result<(), String> {
    let successes = |point: &RequestPoint| Some((point.requests? - point.failed.unwrap_or(0.0)).max(0.0));
    let highest = points
        .iter()
        .flat_map(|point| [successes(point), point.baseline_high, point.baseline_median])
        .flatten()
        .fold(0.0, f64::max);
    let values = ValueAxis::new(0.0, highest.max(1.0), top, top + PANEL, 4.0);
    let width = locale.width(bin_seconds);
    let title = match locale.lang {
        Lang::En => format!("Successful requests per {width}"),
        Lang::Zh => format!("每{width}成功请求数"),
    };
    panel_title(canvas, axis, top, &title)?;
    let band: Vec<Vec<(f64, f64, f64)>> = stretches(
        points
            .iter()
            .map(|point| Some((x(point), values.y(point.baseline_low?), values.y(point.baseline_high?)))),
    );
    for stretch in &band {
        let mut area: Vec<(f64, f64)> = stretch.iter().map(|(x, low, _)| (*x, *low)).collect();
        area.extend(stretch.iter().rev().map(|(x, _, high)| (*x, *high)));
        canvas.area(&area, canvas.theme.usual, 1.0);
    }
    values.draw(canvas, axis.left, axis.right, LABEL_SIZE, short);
    let median = stretches(
        points.iter().map(|point| point.baseline_median.map(|median| (x(point), values.y(median)))),
    );
    draw_line(canvas, &median, canvas.theme.axis, 1.0);
    let line =
        stretches(points.iter().map(|point| successes(point).map(|value| (x(point), values.y(value)))));
    draw_line(canvas, &line, canvas.theme.value, 1.8);
    if let Some(end) = band.last().and_then(|stretch| stretch.last()) {
        // Above the band where there is room, else below it.
        let y = if end.2 - top > 16.0 { end.2 - 9.0 } else { end.1 + 11.0 };
        let kind = Type::new(LABEL_SIZE, canvas.theme.muted).right();
        canvas.text(axis.right - 4.0, y, locale.term("chart.usual"), kind);
    }
    Ok(())
}
