//! How far has a metric left its own baseline?
//!
//! The shift of the median, in units of the baseline's scatter. Medians and quartiles, because a
//! window holds spikes and gaps; a ratio, because a ranking must compare bytes with percent. So
//! multiplying a metric by a constant or adding one changes no score.
//!
//! The scatter is a sum of three widths, all in the metric's unit:
//!
//! - the interquartile range of the baseline;
//! - its resolution, the mean step between the distinct values that it takes: a gauge that counts
//!   3, 3, 4, 3 may go to 4 without having departed;
//! - [`FLOOR_SHARE`] of the whole width that both windows span. This is the answer to the
//!   *constant* baseline, which has no scatter: the score ends at 1 / [`FLOOR_SHARE`] instead of
//!   running to infinity or falling back to raw units, where a metric in bytes beats all others.
//!
//! A fault much shorter than half of the after-window does not move the median: pass the impact
//! itself as the after-window, not a fixed stretch.

use crate::limits::BASELINE_POINTS_MIN;
use crate::quantiles::{percentile_cont_sorted, sorted};

/// Share of the span of both windows that counts as scatter in any case. Scores lie within
/// ±1 / this. Between 0.03 and 0.1 the rankings that we looked at did not change.
pub const FLOOR_SHARE: f64 = 0.05;

/// Score at which [`Departure::strength`] is one half: a shift of three times the scatter.
const STRENGTH_HALF_SCORE: f64 = 3.0;

/// How far the after-window lies from the before-window.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Departure {
    /// Shift of the median over `spread`: positive where the metric rose. Without unit, at most
    /// 1 / [`FLOOR_SHARE`] on either side.
    pub score: f64,
    /// Median of the before-window, in the metric's unit.
    pub before_median: f64,
    /// Median of the after-window, in the metric's unit.
    pub after_median: f64,
    /// Scatter that the shift is measured against, in the metric's unit.
    pub spread: f64,
    /// Points of the before-window that were not missing.
    pub before_points: usize,
    /// Points of the after-window that were not missing.
    pub after_points: usize,
}

impl Departure {
    /// The size of the departure on a bounded scale, 0 to below 1, whatever its sign: 0.5 at a
    /// shift of three times the scatter. Rises with the score, so it ranks the same.
    pub fn strength(&self) -> f64 {
        let size = self.score.abs();
        size / (size + STRENGTH_HALF_SCORE)
    }

    /// After over before; `None` where before is zero.
    pub fn ratio(&self) -> Option<f64> {
        (self.before_median != 0.0).then(|| self.after_median / self.before_median)
    }
}

/// Measures the departure of `after` from `before`, two windows of one metric. `NaN` and
/// infinities are missing points.
///
/// `None` where fewer than [`BASELINE_POINTS_MIN`] points before, or none after, are left.
///
/// ```
/// use fupan_analysis::departure;
/// let calm = [10.0, 11.0, 10.5, 9.5, 10.0];
/// let moved = departure(&calm, &[30.0, 31.0, 29.0]).unwrap();
/// assert!(moved.score > 5.0 && moved.strength() > 0.7);
/// assert_eq!(departure(&calm, &calm).unwrap().score, 0.0);
/// ```
pub fn departure(before: &[f64], after: &[f64]) -> Option<Departure> {
    let (before, after) = (finite_sorted(before), finite_sorted(after));
    if before.len() < BASELINE_POINTS_MIN || after.is_empty() {
        return None;
    }
    let before_median = percentile_cont_sorted(&before, 0.5)?;
    let after_median = percentile_cont_sorted(&after, 0.5)?;
    let spread = baseline_scatter(&before)? + FLOOR_SHARE * span(&before, &after)?;
    let shift = after_median - before_median;
    let score = if shift == 0.0 { 0.0 } else { shift / spread };
    // Values near the end of the range of floats: their differences are not numbers any more.
    if !score.is_finite() {
        return None;
    }
    Some(Departure {
        score,
        before_median,
        after_median,
        spread,
        before_points: before.len(),
        after_points: after.len(),
    })
}

/// `values` without what is missing, ascending.
pub(crate) fn finite_sorted(values: &[f64]) -> Vec<f64> {
    let mut kept = sorted(values);
    kept.retain(|value| value.is_finite());
    kept
}

/// Interquartile range plus resolution of sorted values.
pub(crate) fn baseline_scatter(sorted: &[f64]) -> Option<f64> {
    let iqr = percentile_cont_sorted(sorted, 0.75)? - percentile_cont_sorted(sorted, 0.25)?;
    let steps = sorted.windows(2).filter(|pair| pair[0] < pair[1]).count();
    let range = sorted.last()? - sorted.first()?;
    Some(iqr + if steps == 0 { 0.0 } else { range / steps as f64 })
}

/// From the lowest 5 % to the highest 95 % of either window: what both span without their spikes.
/// Never less than the distance of their medians.
fn span(before: &[f64], after: &[f64]) -> Option<f64> {
    let low = percentile_cont_sorted(before, 0.05)?.min(percentile_cont_sorted(after, 0.05)?);
    let high = percentile_cont_sorted(before, 0.95)?.max(percentile_cont_sorted(after, 0.95)?);
    Some(high - low)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn score(before: &[f64], after: &[f64]) -> f64 {
        departure(before, after).unwrap().score
    }

    const CALM: [f64; 8] = [100.0, 102.0, 98.0, 101.0, 99.0, 100.0, 103.0, 97.0];

    #[test]
    fn the_sign_says_which_way() {
        assert!(score(&CALM, &[150.0, 151.0, 149.0]) > 5.0);
        assert!(score(&CALM, &[50.0, 51.0, 49.0]) < -5.0);
    }

    #[test]
    fn a_constant_baseline_is_bounded_and_knows_no_unit() {
        let flat = [7.0; 30];
        assert!(score(&flat, &flat).abs() < f64::EPSILON);
        let small = score(&flat, &[7.000_001; 5]);
        let large = score(&flat, &[7e12; 5]);
        assert!((small - large).abs() < 1e-3 && (large - 1.0 / FLOOR_SHARE).abs() < 1e-9);
        let noisy_after = score(&[0.0; 30], &[0.0, 0.0, 1.0, 9.0, 2.0, 0.0, 1.0]);
        assert!(noisy_after < large, "a step out of scatter is weaker than a clean one");
    }

    #[test]
    fn a_gauge_of_whole_numbers_may_take_its_next_value() {
        let before = [3.0, 3.0, 3.0, 4.0, 3.0, 3.0, 3.0, 2.0, 3.0, 3.0];
        assert!(score(&before, &[4.0; 10]) < 1.0);
        assert!(score(&before, &[40.0; 10]) > 10.0);
    }

    #[test]
    fn spikes_and_gaps_do_not_move_it() {
        let mut spiky = CALM.to_vec();
        spiky[3] = 1e9;
        spiky.push(f64::NAN);
        spiky.push(f64::INFINITY);
        assert!(score(&spiky, &[100.0, f64::NAN, 1e9, 101.0, 99.0]).abs() < 0.5);
        assert!(score(&CALM, &[150.0, f64::NAN, -1e9, 151.0, 149.0]) > 0.0);
    }

    #[test]
    fn too_few_points_say_nothing() {
        assert_eq!(departure(&[1.0, 2.0], &[9.0]), None);
        assert_eq!(departure(&[1.0, 2.0, f64::NAN], &[9.0]), None);
        assert_eq!(departure(&CALM, &[f64::NAN]), None);
    }

    proptest! {
        #[test]
        fn unit_and_zero_point_do_not_matter(
            before in prop::collection::vec(-1_000i32..1_000, 3..40),
            after in prop::collection::vec(-1_000i32..1_000, 1..40),
            scale_log2 in -20i32..40, offset in -5_000i32..5_000,
        ) {
            // Powers of two and whole numbers: exact in floating point, so equal to the last bit.
            let scale = 2f64.powi(scale_log2);
            let plain = |values: &[i32]| -> Vec<f64> { values.iter().map(|&v| f64::from(v)).collect() };
            let moved = |values: &[i32]| -> Vec<f64> { values.iter().map(|&v| f64::from(v + offset) * scale).collect() };
            let (a, b) = (score(&plain(&before), &plain(&after)), score(&moved(&before), &moved(&after)));
            prop_assert!((a - b).abs() <= 1e-6 * (1.0 + a.abs()), "{a} {b}");
            let mirrored = |values: &[i32]| -> Vec<f64> { values.iter().map(|&v| -f64::from(v)).collect() };
            let c = score(&mirrored(&before), &mirrored(&after));
            prop_assert!((a + c).abs() <= 1e-6 * (1.0 + a.abs()), "upside down: {a} {c}");
        }

        #[test]
        fn it_is_bounded(
            before in prop::collection::vec(any::<f64>(), 0..20), after in prop::collection::vec(any::<f64>(), 0..20),
        ) {
            if let Some(departure) = departure(&before, &after) {
                prop_assert!(departure.score.abs() <= 1.0 / FLOOR_SHARE + 1e-6);
                prop_assert!(departure.strength() < 1.0);
            }
        }
    }
}
