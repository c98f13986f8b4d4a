//! How did each candidate depart from its usual course, and when, against the impact?

use fupan_model::Micros;

use super::{
    Caption, Chart, RIGHT, WIDTH,
    axis::{TimeAxis, ValueAxis, draw_line, stretches, thinned},
    both,
    canvas::{Canvas, Type, fitted, text_width},
    requests::impact_spans,
};
use crate::{
    error::ReportError,
    findings,
    format::Locale,
    lang::Lang,
    limits,
    model::{CandidateSeries, IncidentReport},
};

const LABEL_SIZE: f64 = 11.5;
const PANEL_HEIGHT: f64 = 92.0;
const PANEL_STEP: f64 = PANEL_HEIGHT + 74.0;
const AXIS_ROOM: f64 = 62.0;
const LEFT: f64 = 24.0;
const BETWEEN: f64 = 28.0;

pub(super) fn draw(report: &IncidentReport, locale: Locale) -> Result<Option<Chart>, ReportError> {
    let series: Vec<&CandidateSeries> = report
        .series
        .candidates
        .iter()
        .filter(|series| series.points.iter().any(|point| point.value.is_some()))
        .take(limits::CANDIDATE_CHARTS_MAX)
        .collect();
    let instants = series.iter().flat_map(|series| series.points.iter().map(|point| point.at));
    let (Some(start), Some(end)) = (instants.clone().min(), instants.max()) else { return Ok(None) };
    let columns = if series.len() > 1 { 2 } else { 1 };
    let rows = series.len().div_ceil(columns);
    let caption = Caption {
        id: "candidates",
        title: findings::candidates(report, locale),
        subtitle: subtitle(report, start, locale),
        description: description(&series, locale),
    };
    both(caption, rows as f64 * PANEL_STEP + 4.0, |canvas, top| {
        let width = (WIDTH - LEFT - RIGHT + BETWEEN) / columns as f64 - BETWEEN;
        for (index, series) in series.iter().enumerate() {
            let x = LEFT + (width + BETWEEN) * (index % columns) as f64;
            let y = top + PANEL_STEP * (index / columns) as f64;
            let axis = TimeAxis::new(start, end, x + AXIS_ROOM, x + width);
            panel(canvas, (x, y), report, locale, &axis, series)?;
        }
        Ok(())
    })
    .map(Some)
}

fn subtitle(report: &IncidentReport, start: Micros, locale: Locale) -> String {
    let zone = locale.zone_at(Some(start));
    let rest = report.candidates.len().saturating_sub(limits::CANDIDATE_CHARTS_MAX);
    match (locale.lang, rest) {
        (Lang::En, 0) => format!("Grey: usual range; tint: impact; line with a dot: onset; {zone}"),
        (Lang::En, _) => {
            format!("The strongest; grey: usual range; tint: impact; line with a dot: onset; {zone}")
        }
        (Lang::Zh, 0) => format!("灰色：基线范围；底色：影响时段；带点竖线：异常起点；{zone}"),
        (Lang::Zh, _) => {
            format!("仅画出排序靠前的项；灰色：基线范围；底色：影响时段；带点竖线：异常起点；{zone}")
        }
    }
}

fn description(series: &[&CandidateSeries], locale: Locale) -> String {
    let names: Vec<String> =
        series.iter().map(|series| format!("#{} {}", series.rank, series.title)).collect();
    let names = names.join(locale.lang.pick("; ", "；"));
    match locale.lang {
        Lang::En => format!("Each candidate over time with its usual range: {names}"),
        Lang::Zh => format!("各疑似根因随时间的变化与基线范围：{names}"),
    }
}

fn panel(
    canvas: &mut Canvas,
    (x, y): (f64, f64),
    report: &IncidentReport,
    locale: Locale,
    axis: &TimeAxis,
    series: &CandidateSeries,
) -> Result<(), String> {
    heading(canvas, (x, y), axis.right - x, series)?;
    let top = y + 36.0;
    let bottom = top + PANEL_HEIGHT;
    let values = series.points.iter().filter_map(|point| point.value);
    let ends = [series.baseline_low, series.baseline_high].into_iter().flatten();
    let all: Vec<f64> = values.chain(ends).filter(|value| value.is_finite()).collect();
    let low = all.iter().copied().fold(f64::INFINITY, f64::min);
    let high = all.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    // From zero unless the values never come near it.
    let low = if low > 0.0 && low < high * 0.6 { 0.0 } else { low };
    let scale = ValueAxis::new(low, high, top, bottom, 3.0);
    for (start, end) in impact_spans(report, axis.end) {
        let (left, right) = (axis.x_within(start), axis.x_within(end));
        if right > left {
            canvas.tint(left, top, right - left, PANEL_HEIGHT, canvas.theme.accent, 0.10);
        }
    }
    if let (Some(low), Some(high)) = (series.baseline_low, series.baseline_high) {
        let (upper, lower) = (scale.y(high), scale.y(low));
        canvas.rect(axis.left, upper, axis.right - axis.left, (lower - upper).max(1.5), canvas.theme.usual);
    }
    scale.draw(canvas, axis.left, axis.right, LABEL_SIZE, |value| tick(locale, value, &series.unit));
    let points = thinned(&series.points, limits::LINE_POINTS_MAX / 2, |point| point.value);
    let line = stretches(points.iter().map(|point| {
        let value = point.value.filter(|value| value.is_finite())?;
        Some((axis.x(point.at), scale.y(value)))
    }));
    draw_line(canvas, &line, canvas.theme.value, 1.6);
    if let Some(onset) = series.onset.filter(|onset| axis.contains(*onset)) {
        let at = axis.x(onset);
        canvas.line((at, top - 4.0), (at, bottom), canvas.theme.accent, 1.4);
        canvas.dot((at, top - 4.0), 3.2, canvas.theme.accent, true);
        let text = format!("{} {}", locale.term("chart.onset"), locale.hour_minute(onset));
        let width = text_width(&text, LABEL_SIZE, false)?;
        let kind = Type::new(LABEL_SIZE, canvas.theme.accent);
        if at + 8.0 + width <= axis.right {
            canvas.text(at + 7.0, top - 6.0, &text, kind);
        } else {
            canvas.text(at - 7.0, top - 6.0, &text, kind.right());
        }
    }
    axis.draw(canvas, locale, bottom, LABEL_SIZE)
}

/// Rank, title and service on one line.
fn heading(
    canvas: &mut Canvas,
    (x, y): (f64, f64),
    width: f64,
    series: &CandidateSeries,
) -> Result<(), String> {
    const SIZE: f64 = 13.0;
    let unit = match series.unit.trim_matches(['{', '}']) {
        "1" | "By" | "ms" | "s" | "%" => String::new(),
        unit => unit.replace(['{', '}'], ""),
    };
    let parts = [series.service.clone().unwrap_or_default(), unit];
    let service = parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" · ");
    let service = fitted(&service, width * 0.4, LABEL_SIZE, false)?;
    let service_width =
        if service.is_empty() { 0.0 } else { text_width(&service, LABEL_SIZE, false)? + 12.0 };
    let title = format!("{}. {}", series.rank, series.title);
    let title = fitted(&title, width - service_width, SIZE, true)?;
    canvas.text(x, y + 8.0, &title, Type::new(SIZE, canvas.theme.text).bold());
    canvas.text(x + width, y + 8.0, &service, Type::new(LABEL_SIZE, canvas.theme.muted).right());
    Ok(())
}

/// A value on the axis with its unit where that is short.
fn tick(locale: Locale, value: f64, unit: &str) -> String {
    match unit {
        "By" | "ms" | "s" | "%" => locale.quantity(value, unit),
        _ => super::axis::short(value),
    }
}
