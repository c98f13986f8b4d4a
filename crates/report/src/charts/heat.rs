//! Which services fell, in which order, and when did each come back?

use fupan_model::Micros;

use super::{
    Caption, Chart, RIGHT, WIDTH,
    axis::TimeAxis,
    both,
    canvas::{Canvas, Type, fitted, text_width},
    requests::impact_spans,
    theme::mix,
};
use crate::{
    error::ReportError,
    findings,
    format::Locale,
    lang::Lang,
    limits,
    model::{HeatMap, HeatRow, IncidentReport},
};

const LABEL_SIZE: f64 = 12.0;
const NAMES_MAX: f64 = 260.0;

pub(super) fn draw(report: &IncidentReport, locale: Locale) -> Result<Option<Chart>, ReportError> {
    let Some(map) = report.series.heat_map.as_ref() else { return Ok(None) };
    let columns = map.rows.iter().map(|row| row.excess.len()).max().unwrap_or(0);
    if columns == 0 || map.rows.iter().all(|row| row.excess.iter().all(Option::is_none)) {
        return Ok(None);
    }
    let rows: Vec<&HeatRow> = map.rows.iter().take(limits::HEAT_ROWS_MAX).collect();
    let failed = |reason| ReportError::Chart { chart: "services", reason };
    let names = name_width(&rows).map_err(failed)?;
    let row_height = if rows.len() > 20 { 16.0 } else { 22.0 };
    let merged = columns.div_ceil(limits::HEAT_COLUMNS_MAX).max(1);
    let caption = Caption {
        id: "services",
        title: findings::heat(report, locale),
        subtitle: subtitle(map, merged, locale),
        description: description(map, locale),
    };
    let height = rows.len() as f64 * row_height + 34.0 + 40.0;
    both(caption, height, |canvas, top| {
        let plot = Plot { map, rows: &rows, names, row_height, merged, columns, highest: highest(&rows) };
        plot.paint(canvas, top, report, locale)
    })
    .map(Some)
}

fn name_width(rows: &[&HeatRow]) -> Result<f64, String> {
    let mut widest: f64 = 40.0;
    for row in rows {
        widest = widest.max(text_width(&crate::escape::visible(&row.service), LABEL_SIZE, false)?);
    }
    Ok(widest.min(NAMES_MAX) + 34.0)
}

/// The top of the colour scale: the highest value, but at least 10 percentage points, so that noise
/// stays pale.
fn highest(rows: &[&HeatRow]) -> f64 {
    let highest = rows.iter().flat_map(|row| row.excess.iter().flatten()).copied().fold(0.0, f64::max);
    highest.clamp(0.1, 1.0)
}

fn subtitle(map: &HeatMap, merged: usize, locale: Locale) -> String {
    let bin = locale.width(map.bin_seconds * merged as f64);
    let zone = locale.zone_at(Some(map.start));
    let rest = map.rows.len().saturating_sub(limits::HEAT_ROWS_MAX);
    match (locale.lang, rest) {
        (Lang::En, 0) => format!("Error share above each service's own baseline, per {bin}; {zone}"),
        (Lang::En, rest) => {
            format!(
                "Error share above each service's own baseline, per {bin}; {zone}; {rest} more services not drawn"
            )
        }
        (Lang::Zh, 0) => format!("各服务失败率超出自身基线的部分，每{bin}统计；{zone}"),
        (Lang::Zh, rest) => {
            format!("各服务失败率超出自身基线的部分，每{bin}统计；{zone}；另有 {rest} 个服务未画出")
        }
    }
}

fn description(map: &HeatMap, locale: Locale) -> String {
    match locale.lang {
        Lang::En => format!(
            "Heat map of {} services over time from {}; darker means more requests failed than usual.",
            map.rows.len(),
            locale.instant(map.start)
        ),
        Lang::Zh => {
            format!(
                "{} 个服务自 {} 起的热力图；颜色越深，失败越多于平时。",
                map.rows.len(),
                locale.instant(map.start)
            )
        }
    }
}

struct Plot<'a> {
    map: &'a HeatMap,
    rows: &'a [&'a HeatRow],
    names: f64,
    row_height: f64,
    merged: usize,
    columns: usize,
    highest: f64,
}

impl Plot<'_> {
    fn paint(
        &self,
        canvas: &mut Canvas,
        top: f64,
        report: &IncidentReport,
        locale: Locale,
    ) -> Result<(), String> {
        let left = self.names;
        let end = self.map.bin_seconds * self.columns as f64 * Micros::PER_SECOND as f64;
        let end = Micros(self.map.start.0.saturating_add(end as i64));
        let axis = TimeAxis::new(self.map.start, end, left, WIDTH - RIGHT);
        self.scale(canvas, top + 2.0, locale)?;
        let rows_top = top + 34.0;
        for (index, row) in self.rows.iter().enumerate() {
            self.row(canvas, rows_top + self.row_height * index as f64, &axis, row)?;
        }
        let bottom = rows_top + self.row_height * self.rows.len() as f64;
        for (start, end) in impact_spans(report, axis.end) {
            for at in [start, end] {
                if axis.contains(at) {
                    canvas.dashed(axis.x(at), rows_top - 4.0, bottom, canvas.theme.text, 1.2);
                }
            }
        }
        axis.draw(canvas, locale, bottom + 2.0, LABEL_SIZE)
    }

    fn row(&self, canvas: &mut Canvas, y: f64, axis: &TimeAxis, row: &HeatRow) -> Result<(), String> {
        let name = fitted(&row.service, self.names - 34.0, LABEL_SIZE, false)?;
        let kind = Type::new(LABEL_SIZE, canvas.theme.text).right();
        canvas.text(axis.left - 8.0, y + self.row_height / 2.0, &name, kind);
        let width = (axis.right - axis.left) / self.columns as f64 * self.merged as f64;
        for (index, chunk) in row.excess.chunks(self.merged).enumerate() {
            let value = chunk.iter().flatten().copied().reduce(f64::max);
            let x = axis.left + width * index as f64;
            let cell = width.min(axis.right - x);
            let y = y + 1.0;
            let height = self.row_height - 2.0;
            match value {
                // No data is not "no errors": a thin line instead of a cell.
                None => canvas.rect(x, y + height / 2.0 - 0.5, cell, 1.0, canvas.theme.grid),
                Some(value) => {
                    let color =
                        mix(canvas.theme.calm, canvas.theme.accent, (value / self.highest).max(0.0).sqrt());
                    canvas.rect(x, y, (cell - gap(width)).max(0.5), height, color);
                }
            }
        }
        Ok(())
    }

    /// The colour scale, at the right above the rows.
    fn scale(&self, canvas: &mut Canvas, y: f64, locale: Locale) -> Result<(), String> {
        const STEPS: u32 = 24;
        const WIDE: f64 = 144.0;
        let high = format!("+{}", locale.share(self.highest));
        let high_width = text_width(&high, LABEL_SIZE, false)?;
        let right = WIDTH - RIGHT - high_width - 6.0;
        let left = right - WIDE;
        for step in 0..STEPS {
            let share = f64::from(step) / f64::from(STEPS - 1);
            let color = mix(canvas.theme.calm, canvas.theme.accent, share.sqrt());
            let width = WIDE / f64::from(STEPS);
            canvas.rect(left + width * f64::from(step), y, width + 0.1, 10.0, color);
        }
        let muted = Type::new(LABEL_SIZE, canvas.theme.muted);
        canvas.text(right + 6.0, y + 5.0, &high, muted);
        canvas.text(left - 6.0, y + 5.0, &locale.share(0.0), muted.right());
        let none = locale.term("chart.no_data");
        let none_x = left - 52.0 - text_width(none, LABEL_SIZE, false)?;
        canvas.rect(none_x - 26.0, y + 4.5, 20.0, 1.0, canvas.theme.axis);
        canvas.text(none_x, y + 5.0, none, muted);
        Ok(())
    }
}

/// Room between cells, where they are wide enough for it.
fn gap(width: f64) -> f64 {
    if width >= 6.0 { 1.0 } else { 0.0 }
}
