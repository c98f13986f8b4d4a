//! When did a series leave its baseline for good?
//!
//! The first point outside the baseline's band from which the series stays outside, on the same
//! side: [`STAY_OUTSIDE`] of the next [`STAY_POINTS`] points, so that a spike before is no onset
//! and a single point back inside does not hide one.

use crate::departure::{FLOOR_SHARE, baseline_scatter, finite_sorted};
use crate::limits::BASELINE_POINTS_MIN;
use crate::quantiles::percentile_cont_sorted;

/// Points, from the onset on, that are looked at.
pub const STAY_POINTS: usize = 5;

/// How many of them must lie outside the band.
pub const STAY_OUTSIDE: usize = 4;

/// Fewest points outside that make an onset where the series ends early.
const STAY_POINTS_AT_END: usize = 2;

/// Width of the band beyond the quartiles, in scatters of the baseline. Tukey's far-out fence
/// (*Exploratory Data Analysis*, 1977, section 2D) is 3 interquartile ranges.
const BAND_SCATTERS: f64 = 1.5;

/// The band in which a series is taken for unchanged, in its own unit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Band {
    /// Lower edge, inside.
    pub low: f64,
    /// Upper edge, inside.
    pub high: f64,
}

/// The band of `baseline`, for judging `values`; missing points (`NaN`, infinities) are left out.
/// `None` where the baseline has fewer than [`BASELINE_POINTS_MIN`] points.
///
/// The floor is the one of [`mod@crate::departure`]: a part of the whole width that baseline and
/// values span, so that the last digit of a constant metric is no onset.
pub fn band(baseline: &[f64], values: &[f64]) -> Option<Band> {
    let baseline = finite_sorted(baseline);
    let values = finite_sorted(values);
    if baseline.len() < BASELINE_POINTS_MIN {
        return None;
    }
    let lowest = values.first()?.min(*baseline.first()?);
    let highest = values.last()?.max(*baseline.last()?);
    let margin = (BAND_SCATTERS * baseline_scatter(&baseline)?).max(FLOOR_SHARE * (highest - lowest));
    Some(Band {
        low: percentile_cont_sorted(&baseline, 0.25)? - margin,
        high: percentile_cont_sorted(&baseline, 0.75)? + margin,
    })
}

/// The instant (microseconds, as in `times_micros`) from which `values` leave the band of
/// `baseline` and stay outside. `times_micros` and `values` run in parallel, ascending in time;
/// points that are missing are skipped. `None` where the series never leaves, or where there is
/// no baseline.
///
/// ```
/// use fupan_analysis::onset;
/// let values = [1.0, 9.0, 1.0, 1.0, 8.0, 9.0, 9.0, 8.0];
/// assert_eq!(onset(&[0, 1, 2, 3, 4, 5, 6, 7], &values, &[1.0, 1.1, 0.9, 1.0]), Some(4));
/// ```
pub fn onset(times_micros: &[i64], values: &[f64], baseline: &[f64]) -> Option<i64> {
    let band = band(baseline, values)?;
    let sides: Vec<(i64, i8)> = times_micros
        .iter()
        .zip(values)
        .filter(|(_, value)| value.is_finite())
        .map(|(&time, &value)| (time, i8::from(value > band.high) - i8::from(value < band.low)))
        .collect();
    (0..sides.len()).find(|&first| stays_outside(&sides[first..])).map(|first| sides[first].0)
}

fn stays_outside(ahead: &[(i64, i8)]) -> bool {
    let Some(&(_, side)) = ahead.first() else { return false };
    let looked_at = ahead.len().min(STAY_POINTS);
    let outside = ahead.iter().take(STAY_POINTS).filter(|(_, other)| *other == side).count();
    let needed = if looked_at == STAY_POINTS { STAY_OUTSIDE } else { looked_at.max(STAY_POINTS_AT_END) };
    side != 0 && outside >= needed
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const CALM: [f64; 8] = [100.0, 102.0, 98.0, 101.0, 99.0, 100.0, 103.0, 97.0];

    fn at(values: &[f64], baseline: &[f64]) -> Option<i64> {
        let times: Vec<i64> = (0..values.len() as i64).collect();
        onset(&times, values, baseline)
    }

    #[test]
    fn a_spike_is_no_onset_and_one_point_back_inside_hides_none() {
        assert_eq!(
            at(&[100.0, 180.0, 100.0, 99.0, 180.0, 185.0, 100.0, 190.0, 185.0, 180.0], &CALM),
            Some(4)
        );
        assert_eq!(at(&[100.0, 180.0, 101.0, 99.0, 102.0, 100.0, 98.0], &CALM), None);
    }

    #[test]
    fn falling_is_leaving_too_but_swinging_is_not_staying() {
        assert_eq!(at(&[100.0, 20.0, 22.0, 20.0, 21.0, 20.0], &CALM), Some(1));
        assert_eq!(at(&[100.0, 20.0, 180.0, 20.0, 180.0, 20.0, 180.0], &CALM), None);
    }

    #[test]
    fn missing_points_are_skipped() {
        assert_eq!(at(&[100.0, f64::NAN, 180.0, f64::NAN, 180.0, 181.0, 180.0], &CALM), Some(2));
        assert_eq!(at(&[f64::NAN], &CALM), None);
    }

    #[test]
    fn a_constant_baseline_has_an_onset_but_not_from_its_last_digit() {
        let flat = [2_000.0; 10];
        assert_eq!(at(&[2_000.0, 2_000.0, 2_050.0, 2_050.0, 2_050.0, 2_050.0, 2_050.0], &flat), Some(2));
        assert_eq!(at(&[2_000.0, 2_000.001, 2_000.001, 2_000.001, 2_000.001, 2_500.0], &flat), None);
    }

    #[test]
    fn the_end_of_the_series_may_cut_the_stay_short_but_one_point_is_not_enough() {
        assert_eq!(at(&[100.0, 180.0, 185.0], &CALM), Some(1));
        assert_eq!(at(&[100.0, 100.0, 185.0], &CALM), None);
        assert_eq!(at(&[180.0; 6], &[100.0]), None, "no baseline, no onset");
    }

    proptest! {
        #[test]
        fn an_onset_is_one_of_the_times_and_lies_outside_the_band(
            values in prop::collection::vec(-50f64..50.0, 0..40), baseline in prop::collection::vec(-5f64..5.0, 0..20),
        ) {
            if let Some(time) = at(&values, &baseline) {
                let band = band(&baseline, &values).unwrap();
                let value = values[time as usize];
                prop_assert!(value < band.low || value > band.high);
            }
        }
    }
}
