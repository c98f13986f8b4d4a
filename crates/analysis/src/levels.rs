//! From when to when was a measured level over its limit?
//!
//! For indicators that come as a level (a failed share, a latency percentile) and not as counts: how
//! many requests stand behind a point is not known, so that nothing can be weighed against chance as
//! [`crate::impact_segments`] does. Two points in a row over the limit begin a stretch, one alone is a
//! spike; the stretch ends at the first point under it from which all stay under it for the calm time.
//!
//! # What it cannot know
//!
//! A level falls silent, or falls, when requests are stopped: only counts tell that from health.

use crate::limits::CALM_SECONDS;

/// A point of a level.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LevelPoint {
    /// When, in seconds from any origin.
    pub at_seconds: f64,
    /// Whether it is over its limit.
    pub is_over: bool,
}

/// A stretch over the limit, as indices of points.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LevelStretch {
    /// First point over the limit.
    pub start: usize,
    /// First point of the calm that lasted; `None` while that has not been seen.
    pub end: Option<usize>,
}

/// The stretches of a level over its limit, in order of time. `points` are in order of time.
///
/// ```
/// use fupan_analysis::levels::{LevelPoint, LevelStretch, stretches_over};
///
/// // Minutes 2 to 4 are over the limit, then a quarter of an hour is not.
/// let points: Vec<LevelPoint> =
///     (0..21).map(|m| LevelPoint { at_seconds: f64::from(m) * 60.0, is_over: (2..5).contains(&m) }).collect();
/// assert_eq!(stretches_over(&points), vec![LevelStretch { start: 2, end: Some(5) }]);
/// ```
pub fn stretches_over(points: &[LevelPoint]) -> Vec<LevelStretch> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(start) = next_start(points, at) {
        let end = first_calm(points, start);
        found.push(LevelStretch { start, end });
        match end {
            Some(end) => at = end,
            None => break,
        }
    }
    found
}

/// The first of two points in a row over the limit.
fn next_start(points: &[LevelPoint], from: usize) -> Option<usize> {
    (from..points.len()).find(|&at| {
        let is_over = |index: usize| points.get(index).map(|point| point.is_over);
        is_over(at) == Some(true) && is_over(at + 1) == Some(true)
    })
}

/// The first point after `start` from which all points of the calm time are under the limit. A gap of
/// more than a third of that time is no calm.
fn first_calm(points: &[LevelPoint], start: usize) -> Option<usize> {
    let calm = f64::from(CALM_SECONDS);
    let mut since: Option<(usize, f64)> = None;
    let mut previous = None;
    for (index, point) in points.iter().enumerate().skip(start) {
        let is_gap = previous.is_some_and(|at| point.at_seconds - at > calm / 3.0);
        previous = Some(point.at_seconds);
        if point.is_over {
            since = None;
            continue;
        }
        match since.filter(|_| !is_gap) {
            Some((first, from)) if point.at_seconds - from >= calm => return Some(first),
            Some(_) => {}
            None => since = Some((index, point.at_seconds)),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One point a minute: `#` over, `.` under, a blank is missing.
    fn course(text: &str) -> Vec<LevelPoint> {
        text.chars()
            .enumerate()
            .filter(|(_, letter)| *letter != ' ')
            .map(|(minute, letter)| LevelPoint { at_seconds: minute as f64 * 60.0, is_over: letter == '#' })
            .collect()
    }

    #[test]
    fn a_spike_is_no_stretch() {
        assert_eq!(stretches_over(&course("...#......#....................")), vec![]);
    }

    #[test]
    fn what_has_no_calm_after_it_is_open() {
        assert_eq!(stretches_over(&course("..###")), vec![LevelStretch { start: 2, end: None }]);
        assert_eq!(stretches_over(&course("..###..........")), vec![LevelStretch { start: 2, end: None }]);
    }

    #[test]
    fn calm_that_did_not_hold_is_no_end() {
        let points = course("..##.....#......................");
        assert_eq!(stretches_over(&points), vec![LevelStretch { start: 2, end: Some(10) }]);
    }

    #[test]
    fn silence_is_no_calm() {
        let points = course("..##..              ..............");
        assert_eq!(stretches_over(&points), vec![LevelStretch { start: 2, end: None }]);
    }

    #[test]
    fn harm_can_come_back() {
        let points = course("##.................##.................");
        assert_eq!(
            stretches_over(&points),
            vec![LevelStretch { start: 0, end: Some(2) }, LevelStretch { start: 19, end: Some(21) }]
        );
    }
}
