//! Who did what when? Events in lanes over time.
//!
//! Every event has the number of its line in the timeline table; labels are put where no two touch,
//! and an event without room keeps its number.

use fupan_model::Micros;

use super::{
    Caption, Chart, RIGHT, WIDTH,
    axis::TimeAxis,
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
    model::{IncidentReport, Lane, TimelineEntry},
    table::key_of,
};

const LABEL_SIZE: f64 = 11.5;
const NAMES: f64 = 132.0;
const SUB_ROW: f64 = 20.0;
const SUB_ROWS_MAX: usize = 8;
const LANES: [Lane; 5] = [Lane::Observed, Lane::Monitoring, Lane::Change, Lane::Response, Lane::Notice];

/// An event with its place in a lane.
struct Mark {
    x: f64,
    end_x: Option<f64>,
    row: usize,
    label_x: f64,
    label: String,
    /// The label ends at `label_x`: it stands before its dot.
    flipped: bool,
    strong: bool,
}

struct LaneRows {
    lane: Lane,
    marks: Vec<Mark>,
    rows: usize,
}

pub(super) fn draw(report: &IncidentReport, locale: Locale) -> Result<Option<Chart>, ReportError> {
    let events = chosen(&report.timeline);
    let instants = events.iter().flat_map(|(_, entry)| [entry.at, entry.ended_at]).flatten();
    let (Some(start), Some(end)) = (instants.clone().min(), instants.max()) else { return Ok(None) };
    if events.len() < 2 {
        return Ok(None);
    }
    let margin = ((end.0 - start.0) / 40).max(10 * Micros::PER_SECOND);
    let axis = TimeAxis::new(
        Micros(start.0.saturating_sub(margin)),
        Micros(end.0.saturating_add(margin)),
        NAMES,
        WIDTH - RIGHT,
    );
    let failed = |reason| ReportError::Chart { chart: "timeline", reason };
    let lanes = lanes(&events, locale, &axis).map_err(failed)?;
    let rows: usize = lanes.iter().map(|lane| lane.rows).sum();
    let height = rows as f64 * SUB_ROW + lanes.len() as f64 * 12.0 + 44.0;
    let left_out =
        report.timeline.iter().filter(|entry| entry.at.is_some()).count().saturating_sub(events.len());
    let caption = Caption {
        id: "timeline",
        title: findings::lanes(report, locale),
        subtitle: subtitle(start, left_out, locale),
        description: description(&events, locale),
    };
    both(caption, height, |canvas, top| paint(canvas, top, report, locale, &axis, &lanes)).map(Some)
}

/// Events with an instant, with their line number; milestones first where there are too many.
fn chosen(timeline: &[TimelineEntry]) -> Vec<(usize, &TimelineEntry)> {
    let all: Vec<(usize, &TimelineEntry)> = timeline
        .iter()
        .enumerate()
        .filter(|(_, entry)| entry.at.is_some() && !entry.is_superseded)
        .map(|(index, entry)| (index + 1, entry))
        .collect();
    if all.len() <= limits::LANE_EVENTS_MAX {
        return all;
    }
    let milestones = all.iter().filter(|(_, entry)| entry.is_milestone).count();
    let mut others = limits::LANE_EVENTS_MAX.saturating_sub(milestones);
    let mut room = limits::LANE_EVENTS_MAX;
    all.into_iter()
        .filter(|(_, entry)| {
            if room == 0 {
                return false;
            }
            let taken = entry.is_milestone || others > 0;
            if taken {
                room -= 1;
                others = if entry.is_milestone { others } else { others - 1 };
            }
            taken
        })
        .collect()
}

fn subtitle(start: Micros, left_out: usize, locale: Locale) -> String {
    let zone = locale.zone_at(Some(start));
    let day = locale.date(start);
    match (locale.lang, left_out) {
        (Lang::En, 0) => format!("Numbers are lines of the table below; {day}, {zone}"),
        (Lang::En, rest) => {
            format!("Numbers are lines of the table below; {rest} events not drawn; {day}, {zone}")
        }
        (Lang::Zh, 0) => format!("编号对应下表行号；{day}，{zone}"),
        (Lang::Zh, rest) => format!("编号对应下表行号；另有 {rest} 个事件未画出；{day}，{zone}"),
    }
}

fn description(events: &[(usize, &TimelineEntry)], locale: Locale) -> String {
    let counts: Vec<String> = LANES
        .into_iter()
        .map(|lane| (lane, events.iter().filter(|(_, entry)| entry.lane == lane).count()))
        .filter(|(_, count)| *count > 0)
        .map(|(lane, count)| format!("{} {count}", locale.term(&format!("lane.{}", key_of(&lane)))))
        .collect();
    let counts = counts.join(locale.lang.pick(", ", "、"));
    match locale.lang {
        Lang::En => format!("Events over time in lanes: {counts}; all of them are in the table below."),
        Lang::Zh => format!("按泳道排列的事件：{counts}；全部事件见下表。"),
    }
}

fn lanes(
    events: &[(usize, &TimelineEntry)],
    locale: Locale,
    axis: &TimeAxis,
) -> Result<Vec<LaneRows>, String> {
    // Widths of labels of milestones and of others: as much text as there is room for.
    const WIDTHS: [(f64, f64); 8] = [
        (420.0, 420.0),
        (320.0, 320.0),
        (260.0, 260.0),
        (260.0, 190.0),
        (260.0, 150.0),
        (180.0, 96.0),
        (150.0, 0.0),
        (0.0, 0.0),
    ];
    let mut out = Vec::new();
    for lane in LANES {
        let mut own: Vec<_> = events.iter().copied().filter(|(_, entry)| entry.lane == lane).collect();
        own.sort_by_key(|(number, entry)| (entry.at, *number));
        if own.is_empty() {
            continue;
        }
        let mut marks = Vec::new();
        for widths in WIDTHS {
            marks = placed(&own, locale, axis, widths)?;
            if marks.iter().all(|mark| mark.row < SUB_ROWS_MAX) {
                break;
            }
        }
        let rows = marks.iter().map(|mark| mark.row + 1).max().unwrap_or(1);
        out.push(LaneRows { lane, marks, rows });
    }
    Ok(out)
}

/// Puts the events of a lane on rows, with labels of the given widths. What finds no room goes
/// without label onto the row below the last.
fn placed(
    events: &[(usize, &TimelineEntry)],
    locale: Locale,
    axis: &TimeAxis,
    (milestone_width, other_width): (f64, f64),
) -> Result<Vec<Mark>, String> {
    let mut ends: Vec<f64> = Vec::new();
    let mut marks = Vec::new();
    for (number, entry) in events {
        let Some(at) = entry.at else { continue };
        let x = axis.x(at);
        let end_x = entry.ended_at.filter(|end| *end > at).map(|end| axis.x_within(end));
        let strong = entry.is_milestone;
        let width = if strong { milestone_width } else { other_width };
        let label = label(*number, entry, locale, at, width)?;
        let label_width = text_width(&label, LABEL_SIZE, strong)?;
        // At the right edge the label stands before its dot.
        let flipped = x + 10.0 + label_width > axis.right;
        let dot_end = end_x.unwrap_or(x).max(x) + 10.0;
        let (label_x, start, stop) = if flipped {
            (x - 9.0, x - 14.0 - label_width, dot_end)
        } else {
            (x + 9.0, x - 6.0, dot_end.max(x + 16.0 + label_width))
        };
        let row = ends.iter().position(|end| *end <= start).unwrap_or(ends.len());
        if row < SUB_ROWS_MAX {
            ends.resize(ends.len().max(row + 1), 0.0);
            if let Some(end) = ends.get_mut(row) {
                *end = stop;
            }
            marks.push(Mark { x, end_x, row, label_x, label, flipped, strong });
        } else {
            marks.push(Mark { x, end_x, row: SUB_ROWS_MAX, label_x, label: String::new(), flipped, strong });
        }
    }
    Ok(marks)
}

/// `#7 11:12 declared as P2`, or `#7` alone where there is no room for words.
fn label(
    number: usize,
    entry: &TimelineEntry,
    locale: Locale,
    at: Micros,
    width: f64,
) -> Result<String, String> {
    if width <= 0.0 {
        return Ok(format!("#{number}"));
    }
    let time = locale.hour_minute(at);
    let words = if entry.text.trim().is_empty() { locale.event_type(&entry.event_type) } else { &entry.text };
    fitted(&format!("#{number} {time} {words}"), width, LABEL_SIZE, entry.is_milestone)
}

fn paint(
    canvas: &mut Canvas,
    top: f64,
    report: &IncidentReport,
    locale: Locale,
    axis: &TimeAxis,
    lanes: &[LaneRows],
) -> Result<(), String> {
    let height: f64 = lanes.iter().map(|lane| lane.rows as f64 * SUB_ROW + 12.0).sum();
    let impact = impact_spans(report, axis.end);
    for (start, end) in &impact {
        let (left, right) = (axis.x_within(*start), axis.x_within(*end));
        if right > left {
            canvas.tint(left, top, right - left, height, canvas.theme.accent, 0.10);
        }
    }
    let mut y = top;
    for lane in lanes {
        canvas.line((24.0, y), (axis.right, y), canvas.theme.grid, 1.0);
        let name = fitted(locale.term(&format!("lane.{}", key_of(&lane.lane))), NAMES - 34.0, 12.0, true)?;
        canvas.text(24.0, y + 6.0 + SUB_ROW / 2.0, &name, Type::new(12.0, canvas.theme.text).bold());
        let color = if lane.lane == Lane::Observed { canvas.theme.accent } else { canvas.theme.value };
        for mark in &lane.marks {
            let row_y = y + 6.0 + SUB_ROW * (mark.row as f64 + 0.5);
            if let Some(end_x) = mark.end_x {
                canvas.tint(mark.x, row_y - 7.0, (end_x - mark.x).max(2.0), 14.0, color, 0.22);
            }
            if mark.strong {
                canvas.dot((mark.x, row_y), 4.2, color, true);
            } else {
                canvas.dot((mark.x, row_y), 3.4, canvas.theme.background, true);
                canvas.dot((mark.x, row_y), 3.4, color, false);
            }
            let kind = Type::new(LABEL_SIZE, canvas.theme.text);
            let kind = if mark.flipped { kind.right() } else { kind };
            canvas.text(mark.label_x, row_y, &mark.label, if mark.strong { kind.bold() } else { kind });
        }
        y += lane.rows as f64 * SUB_ROW + 12.0;
    }
    axis.draw(canvas, locale, y, 12.0)
}
