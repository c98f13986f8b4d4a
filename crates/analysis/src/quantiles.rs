//! Where does a set of values lie, and how wide does it scatter?
//!
//! Exact quantiles by linear interpolation, the same numbers as SQL's `percentile_cont` (Hyndman
//! and Fan 1996, type 7). `NaN` means missing and is left out; an empty set has no quantile.

/// The `fraction` quantile (0 to 1) of `values`, as SQL's `percentile_cont(fraction)`.
///
/// `None` where no value is left after leaving out `NaN`, or where `fraction` is outside 0..=1.
///
/// ```
/// use fupan_analysis::percentile_cont;
/// assert_eq!(percentile_cont(&[1.0, 2.0, 3.0, 10.0], 0.5), Some(2.5));
/// assert_eq!(percentile_cont(&[], 0.5), None);
/// ```
pub fn percentile_cont(values: &[f64], fraction: f64) -> Option<f64> {
    percentile_cont_sorted(&sorted(values), fraction)
}

/// The median, ignoring `NaN`.
pub fn median(values: &[f64]) -> Option<f64> {
    percentile_cont(values, 0.5)
}

/// The interquartile range (third quartile minus first), in the unit of `values`.
pub fn iqr(values: &[f64]) -> Option<f64> {
    let sorted = sorted(values);
    Some(percentile_cont_sorted(&sorted, 0.75)? - percentile_cont_sorted(&sorted, 0.25)?)
}

/// The median absolute deviation from the median, unscaled (multiply by 1.4826 to compare it with
/// the standard deviation of a normal distribution).
pub fn mad(values: &[f64]) -> Option<f64> {
    let center = median(values)?;
    let deviations: Vec<f64> = values.iter().map(|value| (value - center).abs()).collect();
    median(&deviations)
}

/// `values` without `NaN`, ascending.
pub(crate) fn sorted(values: &[f64]) -> Vec<f64> {
    let mut kept: Vec<f64> = values.iter().copied().filter(|value| !value.is_nan()).collect();
    kept.sort_unstable_by(f64::total_cmp);
    kept
}

/// [`percentile_cont`] of values that are sorted already and hold no `NaN`.
pub(crate) fn percentile_cont_sorted(sorted: &[f64], fraction: f64) -> Option<f64> {
    if !(0.0..=1.0).contains(&fraction) {
        return None;
    }
    let position = fraction * (sorted.len().checked_sub(1)?) as f64;
    let low = *sorted.get(position.floor() as usize)?;
    let high = *sorted.get(position.ceil() as usize)?;
    let weight = position - position.floor();
    // Without the guard, two equal infinities would give NaN.
    if weight == 0.0 || low.to_bits() == high.to_bits() {
        return Some(low);
    }
    Some(low * (1.0 - weight) + high * weight)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn interpolates_between_the_two_nearest_values_as_sql_does() {
        let values = [15.0, 20.0, 35.0, 40.0, 50.0];
        assert_eq!(percentile_cont(&values, 0.4), Some(29.0));
        assert_eq!(percentile_cont(&values, 0.0), Some(15.0));
        assert_eq!(percentile_cont(&values, 1.0), Some(50.0));
        assert_eq!(percentile_cont(&[7.0], 0.9), Some(7.0));
    }

    #[test]
    fn missing_values_are_left_out_and_nothing_has_no_quantile() {
        assert_eq!(median(&[f64::NAN, 3.0, 1.0, f64::NAN, 2.0]), Some(2.0));
        assert_eq!(median(&[f64::NAN]), None);
        assert_eq!(median(&[]), None);
        assert_eq!(iqr(&[]), None);
        assert_eq!(mad(&[]), None);
        assert_eq!(percentile_cont(&[1.0], 1.5), None);
        assert_eq!(median(&[f64::INFINITY, f64::INFINITY]), Some(f64::INFINITY));
    }

    #[test]
    fn spread_is_not_moved_by_one_wild_value() {
        assert_eq!(iqr(&[1.0, 2.0, 3.0, 4.0, 5.0]), Some(2.0));
        assert_eq!(iqr(&[1.0, 2.0, 3.0, 4.0, 1e9]), Some(2.0));
        assert_eq!(mad(&[1.0, 2.0, 3.0, 4.0, 1e9]), Some(1.0));
    }

    proptest! {
        #[test]
        fn a_quantile_lies_within_the_values_and_grows_with_its_fraction(
            values in prop::collection::vec(-1e6..1e6f64, 1..60), a in 0.0..=1.0f64, b in 0.0..=1.0f64,
        ) {
            let (low, high) = (a.min(b), a.max(b));
            let (q_low, q_high) = (percentile_cont(&values, low).unwrap(), percentile_cont(&values, high).unwrap());
            let sorted = sorted(&values);
            prop_assert!(sorted[0] <= q_low + 1e-6 && q_high <= sorted[sorted.len() - 1] + 1e-6);
            prop_assert!(q_low <= q_high + 1e-6);
        }
    }
}
