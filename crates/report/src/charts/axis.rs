//! Where does an instant or a value lie, and which ticks help to read it?

use fupan_model::Micros;

use super::canvas::{Canvas, Type, text_width};
use crate::format::{Locale, number};

/// Time from left to right.
#[derive(Debug, Clone, Copy)]
pub(super) struct TimeAxis {
    pub(super) start: Micros,
    pub(super) end: Micros,
    pub(super) left: f64,
    pub(super) right: f64,
}

impl TimeAxis {
    /// An axis over at least a second.
    pub(super) fn new(start: Micros, end: Micros, left: f64, right: f64) -> Self {
        let end = Micros(end.0.max(start.0.saturating_add(Micros::PER_SECOND)));
        Self { start, end, left, right }
    }

    pub(super) fn x(&self, at: Micros) -> f64 {
        let share = at.seconds_since(self.start) / self.end.seconds_since(self.start);
        self.left + (self.right - self.left) * share
    }

    /// As [`TimeAxis::x`], kept within the plot.
    pub(super) fn x_within(&self, at: Micros) -> f64 {
        self.x(at).clamp(self.left, self.right)
    }

    pub(super) fn contains(&self, at: Micros) -> bool {
        at >= self.start && at <= self.end
    }

    /// Ticks at round local times, with their labels; at most about `most`.
    pub(super) fn ticks(&self, locale: Locale, most: f64) -> Vec<(Micros, String)> {
        const STEPS_SECONDS: [i64; 17] =
            [1, 5, 10, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400, 604_800];
        let span = self.end.seconds_since(self.start);
        let step = STEPS_SECONDS
            .into_iter()
            .find(|step| span / *step as f64 <= most)
            .unwrap_or_else(|| (span / most) as i64 + 1)
            .saturating_mul(Micros::PER_SECOND);
        let past = locale.micros_of_day(self.start).rem_euclid(step);
        let mut at = Micros(self.start.0 - past);
        let mut ticks = Vec::new();
        let mut day = String::new();
        while at <= self.end {
            if at >= self.start {
                let label = Self::label(locale, at, step, &mut day);
                ticks.push((at, label));
            }
            at = Micros(at.0.saturating_add(step));
        }
        ticks
    }

    fn label(locale: Locale, at: Micros, step: i64, day: &mut String) -> String {
        let today = locale.month_day(at);
        let is_new_day = *day != today && !day.is_empty();
        day.clone_from(&today);
        if step >= 86_400 * Micros::PER_SECOND || (is_new_day && locale.micros_of_day(at) == 0) {
            today
        } else if step < 60 * Micros::PER_SECOND {
            locale.time_of_day(at, Some(at))
        } else {
            locale.hour_minute(at)
        }
    }

    /// Draws the axis with its labels below `y`.
    pub(super) fn draw(&self, canvas: &mut Canvas, locale: Locale, y: f64, size: f64) -> Result<(), String> {
        let widest = text_width("00:00:00", size, false)? + 14.0;
        let most = ((self.right - self.left) / widest).clamp(2.0, 12.0);
        canvas.line((self.left, y), (self.right, y), canvas.theme.axis, 1.0);
        for (at, label) in self.ticks(locale, most) {
            let x = self.x(at);
            canvas.line((x, y), (x, y + 4.0), canvas.theme.axis, 1.0);
            canvas.text(x, y + 14.0, &label, Type::new(size, canvas.theme.muted).center());
        }
        Ok(())
    }
}

/// Values from bottom to top.
#[derive(Debug, Clone, Copy)]
pub(super) struct ValueAxis {
    pub(super) low: f64,
    pub(super) high: f64,
    pub(super) top: f64,
    pub(super) bottom: f64,
    step: f64,
}

impl ValueAxis {
    /// An axis whose ends are round and hold `low` and `high`, with about `ticks` lines.
    pub(super) fn new(low: f64, high: f64, top: f64, bottom: f64, ticks: f64) -> Self {
        let high = if high > low { high } else { low + low.abs().max(1.0) };
        let span = high - low;
        let step = nice(span / ticks);
        let floor = (low / step).floor() * step;
        let mut ceiling = (high / step).ceil() * step;
        if ceiling <= floor {
            ceiling = floor + step;
        }
        Self { low: floor, high: ceiling, top, bottom, step }
    }

    pub(super) fn y(&self, value: f64) -> f64 {
        let share = ((value - self.low) / (self.high - self.low)).clamp(0.0, 1.0);
        self.bottom - (self.bottom - self.top) * share
    }

    /// Horizontal lines with labels at the left.
    pub(super) fn draw(
        &self,
        canvas: &mut Canvas,
        left: f64,
        right: f64,
        size: f64,
        label: impl Fn(f64) -> String,
    ) {
        const LINES_MAX: u32 = 12;
        for index in 0..LINES_MAX {
            let value = self.low + self.step * f64::from(index);
            if value > self.high + self.step * 0.01 {
                break;
            }
            let y = self.y(value);
            canvas.line((left, y), (right, y), canvas.theme.grid, 1.0);
            let kind = Type::new(size, canvas.theme.muted).right();
            canvas.text(left - 8.0, y, &label(value), kind);
        }
    }
}

/// The smallest of 1, 2, 2.5, 5 × 10ⁿ that is not below `step`.
fn nice(step: f64) -> f64 {
    if !(step.is_finite() && step > 0.0) {
        return 1.0;
    }
    let power = 10_f64.powf(step.log10().floor());
    let factor = [1.0, 2.0, 2.5, 5.0, 10.0].into_iter().find(|factor| factor * power >= step * 0.999);
    factor.unwrap_or(10.0) * power
}

/// A value on an axis: short, with the letters that everybody reads.
pub(super) fn short(value: f64) -> String {
    let size = value.abs();
    match size {
        _ if size >= 1e9 => format!("{}G", number(value / 1e9)),
        _ if size >= 1e6 => format!("{}M", number(value / 1e6)),
        _ if size >= 1e4 => format!("{}k", number(value / 1e3)),
        _ => number(value),
    }
}

/// Unbroken stretches of points: a missing value breaks a line.
pub(super) fn stretches<T: Copy>(points: impl Iterator<Item = Option<T>>) -> Vec<Vec<T>> {
    let mut out: Vec<Vec<T>> = Vec::new();
    let mut broken = true;
    for point in points {
        match (point, broken) {
            (None, _) => broken = true,
            (Some(point), true) => {
                out.push(vec![point]);
                broken = false;
            }
            (Some(point), false) => {
                if let Some(last) = out.last_mut() {
                    last.push(point);
                }
            }
        }
    }
    out
}

/// A line through the stretches; a point alone becomes a dot, or it would not be seen.
pub(super) fn draw_line(
    canvas: &mut Canvas,
    stretches: &[Vec<(f64, f64)>],
    color: plotters::style::RGBColor,
    width: f64,
) {
    for stretch in stretches {
        match stretch.as_slice() {
            [only] => canvas.dot(*only, width, color, true),
            points => canvas.path(points, color, width),
        }
    }
}

/// Every `n`-th of the points, so that no more than `limit` are left; the highest of those merged.
pub(super) fn thinned<T: Clone>(points: &[T], limit: usize, key: impl Fn(&T) -> Option<f64>) -> Vec<T> {
    let merged = points.len().div_ceil(limit.max(1)).max(1);
    points
        .chunks(merged)
        .filter_map(|chunk| {
            chunk.iter().max_by(|left, right| {
                key(left).unwrap_or(f64::NEG_INFINITY).total_cmp(&key(right).unwrap_or(f64::NEG_INFINITY))
            })
        })
        .cloned()
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lang::Lang;

    #[test]
    fn ticks_are_round_in_the_workspace_zone() {
        let kathmandu = Locale::new(Lang::En, "Asia/Kathmandu");
        let axis = TimeAxis::new(Micros(0), Micros::from_seconds(4 * 3600), 0.0, 900.0);
        let labels: Vec<String> = axis.ticks(kathmandu, 6.0).into_iter().map(|(_, label)| label).collect();
        assert_eq!(labels, ["06:00", "07:00", "08:00", "09:00"]);
    }

    #[test]
    fn ends_are_round() {
        let axis = ValueAxis::new(0.0, 37.0, 0.0, 100.0, 4.0);
        assert!((axis.high - 40.0).abs() < 1e-9);
        assert!((ValueAxis::new(0.0, 0.0, 0.0, 100.0, 4.0).high - 1.0).abs() < 1e-9);
    }

    #[test]
    fn a_missing_value_breaks_the_line() {
        let parts = stretches([Some(1), Some(2), None, Some(3)].into_iter());
        assert_eq!(parts, [vec![1, 2], vec![3]]);
    }
}
