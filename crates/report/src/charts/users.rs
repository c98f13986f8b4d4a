//! Of those who tried, how many failed, and what became of them?
//!
//! The upper bar is everybody who tried; the lower one magnifies those who failed.

use super::{
    Caption, Chart, RIGHT, WIDTH, both,
    canvas::{Canvas, Type, fitted, text_width},
};
use crate::{
    error::ReportError,
    findings,
    format::{Locale, Noun},
    lang::Lang,
    model::{Figure, IncidentReport, UserCounts},
};

const BAR: f64 = 34.0;
const LABEL_SIZE: f64 = 12.5;
const LEFT: f64 = 24.0;
/// Room for the names of actions.
const NAMES: f64 = 170.0;
/// Room for the numbers behind the bars.
const NUMBERS: f64 = 120.0;
const ACTION_ROWS_MAX: usize = 12;

/// A part of a bar.
struct Part {
    key: &'static str,
    value: f64,
    figure: Figure,
    color: plotters::style::RGBColor,
    text: plotters::style::RGBColor,
}

pub(super) fn draw(report: &IncidentReport, locale: Locale) -> Result<Option<Chart>, ReportError> {
    let Some(counts) = report.users.as_ref().or_else(|| report.users_by_action.first()) else {
        return Ok(None);
    };
    let (Some(exposed), Some(failed)) = (counts.exposed.as_f64(), counts.failed.as_f64()) else {
        return Ok(None);
    };
    if exposed <= 0.0 || failed <= 0.0 {
        return Ok(None);
    }
    let actions: Vec<&UserCounts> = report
        .users_by_action
        .iter()
        .filter(|action| action.failed.as_f64().is_some_and(|failed| failed > 0.0))
        .take(ACTION_ROWS_MAX)
        .collect();
    let actions = if actions.len() > 1 { actions } else { Vec::new() };
    let by_action = if actions.is_empty() { 0.0 } else { 34.0 + 26.0 * actions.len() as f64 };
    let caption = Caption {
        id: "users",
        title: findings::users(counts, locale),
        subtitle: subtitle(counts, locale),
        description: description(counts, locale),
    };
    both(caption, 200.0 + by_action, |canvas, top| {
        paint(canvas, top, locale, counts, exposed, failed)?;
        by_actions(canvas, top + 200.0, locale, &actions)
    })
    .map(Some)
}

fn subtitle(counts: &UserCounts, locale: Locale) -> String {
    let identity = &counts.identity;
    match locale.lang {
        Lang::En => {
            format!("Distinct users who tried a key action during the impact, told apart by {identity}")
        }
        Lang::Zh => format!("影响时段内尝试关键操作的去重用户，身份口径：{identity}"),
    }
}

fn description(counts: &UserCounts, locale: Locale) -> String {
    let parts = [
        ("exposed", &counts.exposed),
        ("failed", &counts.failed),
        ("self_recovered", &counts.self_recovered),
        ("blocked", &counts.blocked),
        ("pending", &counts.pending),
    ];
    let words: Vec<String> = parts
        .into_iter()
        .filter(|(_, figure)| !figure.is_absent())
        .map(|(key, figure)| {
            let value = locale.value(&figure.value, Noun::Users);
            format!("{}{}{value}", locale.term(key), locale.lang.pick(": ", "："))
        })
        .collect();
    words.join(locale.lang.pick("; ", "；"))
}

fn paint(
    canvas: &mut Canvas,
    top: f64,
    locale: Locale,
    counts: &UserCounts,
    exposed: f64,
    failed: f64,
) -> Result<(), String> {
    let theme = canvas.theme;
    let width = WIDTH - LEFT - RIGHT;
    let bar_top = top + 26.0;
    let share = (failed / exposed).clamp(0.0, 1.0);
    // A sliver must still be seen.
    let cut = LEFT + (width * share).max(2.0);
    canvas.rect(cut, bar_top, LEFT + width - cut, BAR, theme.calm);
    canvas.rect(LEFT, bar_top, cut - LEFT, BAR, theme.accent);
    let exposed_text =
        format!("{} {}", locale.term("exposed"), locale.value(&counts.exposed.value, Noun::None));
    canvas.text(LEFT, top + 12.0, &exposed_text, Type::new(LABEL_SIZE, theme.muted));
    let calm = format!("{} {}", locale.term("chart.no_failure"), locale.share(1.0 - share));
    let calm = fitted(&calm, LEFT + width - cut - 16.0, LABEL_SIZE, false)?;
    canvas.text(LEFT + width - 10.0, bar_top + BAR / 2.0, &calm, Type::new(LABEL_SIZE, theme.text).right());
    let text = format!("{} {}", locale.term("failed"), locale.share(share));
    if text_width(&text, LABEL_SIZE, true)? + 20.0 < cut - LEFT {
        canvas.text(LEFT + 10.0, bar_top + BAR / 2.0, &text, Type::new(LABEL_SIZE, theme.on_accent).bold());
    } else if text_width(&text, LABEL_SIZE, true)? + text_width(&calm, LABEL_SIZE, false)? + 60.0
        < width - cut
    {
        canvas.text(cut + 8.0, bar_top + BAR / 2.0, &text, Type::new(LABEL_SIZE, theme.accent).bold());
    }
    // What was magnified.
    let lower = bar_top + BAR + 44.0;
    canvas.area(
        &[(LEFT, bar_top + BAR), (cut, bar_top + BAR), (LEFT + width, lower), (LEFT, lower)],
        theme.accent,
        0.10,
    );
    let of_those = format!("{} {}", locale.term("failed"), locale.value(&counts.failed.value, Noun::None));
    canvas.text(LEFT + 10.0, lower - 12.0, &of_those, Type::new(LABEL_SIZE, theme.text));
    segments(canvas, lower, locale, counts, failed)
}

fn parts(canvas: &Canvas, counts: &UserCounts) -> Vec<Part> {
    let theme = canvas.theme;
    [
        ("self_recovered", &counts.self_recovered, theme.middle, theme.on_middle),
        ("pending", &counts.pending, theme.pending, theme.on_middle),
        ("blocked", &counts.blocked, theme.accent, theme.on_accent),
    ]
    .into_iter()
    .filter_map(|(key, figure, color, text)| {
        let value = figure.as_f64().filter(|value| *value > 0.0)?;
        Some(Part { key, value, figure: figure.clone(), color, text })
    })
    .collect()
}

/// A label that does not fit into its part of the bar.
struct Outside {
    middle: f64,
    x: f64,
    width: f64,
    text: String,
    color: plotters::style::RGBColor,
}

/// The lower bar; labels that do not fit inside stand below, one beside the other.
fn segments(
    canvas: &mut Canvas,
    top: f64,
    locale: Locale,
    counts: &UserCounts,
    failed: f64,
) -> Result<(), String> {
    let width = WIDTH - LEFT - RIGHT;
    let parts = parts(canvas, counts);
    if parts.is_empty() {
        canvas.rect(LEFT, top, width, BAR, canvas.theme.accent);
        return Ok(());
    }
    let total = parts.iter().map(|part| part.value).sum::<f64>().max(failed);
    let mut x = LEFT;
    let mut outside = Vec::new();
    for part in parts {
        let part_width = (width * part.value / total).max(2.0);
        canvas.rect(x, top, (part_width - 1.0).max(1.0), BAR, part.color);
        let text = format!(
            "{} {} ({})",
            locale.term(part.key),
            locale.value(&part.figure.value, Noun::None),
            locale.share(part.value / failed)
        );
        if text_width(&text, LABEL_SIZE, true)? + 18.0 <= part_width {
            canvas.text(x + 9.0, top + BAR / 2.0, &text, Type::new(LABEL_SIZE, part.text).bold());
        } else {
            let width = text_width(&text, LABEL_SIZE, false)? + 30.0;
            let middle = x + part_width / 2.0;
            outside.push(Outside { middle, x: middle - width / 2.0, width, text, color: part.color });
        }
        x += part_width;
    }
    spread(&mut outside, LEFT, LEFT + width);
    for label in outside {
        let elbow = label.middle.clamp(label.x + 5.0, (label.x + label.width - 40.0).max(label.x + 5.0));
        let y = top + BAR;
        let line = [(label.middle, y), (label.middle, y + 5.0), (elbow, y + 10.0), (elbow, y + 14.0)];
        canvas.path(&line, canvas.theme.axis, 1.0);
        canvas.rect(label.x, y + 17.0, 10.0, 10.0, label.color);
        canvas.text(label.x + 15.0, y + 22.0, &label.text, Type::new(LABEL_SIZE, canvas.theme.text));
    }
    Ok(())
}

/// Moves labels apart: first to the right, then back from the right edge.
fn spread(labels: &mut [Outside], left: f64, right: f64) {
    let mut free = left;
    for label in labels.iter_mut() {
        label.x = label.x.max(free);
        free = label.x + label.width;
    }
    let mut free = right;
    for label in labels.iter_mut().rev() {
        label.x = label.x.min(free - label.width);
        free = label.x;
    }
}

/// Failed users of each key action, on one scale.
fn by_actions(canvas: &mut Canvas, top: f64, locale: Locale, actions: &[&UserCounts]) -> Result<(), String> {
    let most = actions.iter().filter_map(|action| action.failed.as_f64()).fold(0.0, f64::max);
    if actions.is_empty() || most <= 0.0 {
        return Ok(());
    }
    let width = WIDTH - LEFT - RIGHT - NAMES - NUMBERS;
    let heading = match locale.lang {
        Lang::En => "Failed users by key action",
        Lang::Zh => "各关键操作的失败用户",
    };
    canvas.text(LEFT, top + 6.0, heading, Type::new(LABEL_SIZE, canvas.theme.muted));
    for (index, action) in actions.iter().enumerate() {
        let y = top + 22.0 + 26.0 * index as f64;
        let name = action.title.as_deref().or(action.action.as_deref()).unwrap_or_default();
        let name = fitted(name, NAMES - 10.0, LABEL_SIZE, false)?;
        canvas.text(LEFT, y + 9.0, &name, Type::new(LABEL_SIZE, canvas.theme.text));
        let mut x = LEFT + NAMES;
        let failed = action.failed.as_f64().unwrap_or(0.0);
        let parts = parts(canvas, action);
        if parts.is_empty() {
            canvas.rect(x, y, width * failed / most, 18.0, canvas.theme.accent);
            x += width * failed / most;
        }
        for part in parts {
            let part_width = width * part.value / most;
            canvas.rect(x, y, part_width, 18.0, part.color);
            x += part_width;
        }
        let text = locale.value(&action.failed.value, Noun::None);
        canvas.text(x + 8.0, y + 9.0, &text, Type::new(LABEL_SIZE, canvas.theme.text));
    }
    Ok(())
}
