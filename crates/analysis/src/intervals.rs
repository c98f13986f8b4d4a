//! How sure can we be of a share, a rate or a quantile?
//!
//! Intervals with known coverage at small counts, because that is what incidents are: the score
//! interval of a share (Wilson 1927), the exact interval of a Poisson count (Garwood 1936), and
//! the exact order-statistic interval of a quantile (Conover, *Practical Nonparametric
//! Statistics*, 3rd ed., section 3.2). Bootstrap intervals are not offered: on few and skewed
//! durations they cover far less than they claim.

use statrs::distribution::{Binomial, ChiSquared, ContinuousCDF, DiscreteCDF, Normal};

use crate::quantiles::sorted;

/// A closed interval in the unit of what it is about.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Interval {
    /// Lower bound.
    pub low: f64,
    /// Upper bound.
    pub high: f64,
}

/// An interval for a quantile whose ends are two of the observed values.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct QuantileInterval {
    /// Lower bound, the value of rank `low_rank`.
    pub low: f64,
    /// Upper bound, the value of rank `high_rank`.
    pub high: f64,
    /// Rank of the lower bound, counted from 1.
    pub low_rank: usize,
    /// Rank of the upper bound, counted from 1.
    pub high_rank: usize,
    /// Coverage that the two ranks really have (0 to 1), at least the confidence asked for.
    pub coverage: f64,
}

/// The Wilson score interval of a share, as shares (0 to 1).
///
/// `None` without trials, with more hits than trials, or with a confidence outside (0, 1).
///
/// ```
/// use fupan_analysis::intervals::wilson;
/// let interval = wilson(15, 148, 0.95).unwrap();
/// assert_eq!((interval.low * 1e4).round() / 1e4, 0.0624);
/// assert_eq!((interval.high * 1e4).round() / 1e4, 0.1605);
/// ```
pub fn wilson(hits: u64, trials: u64, confidence: f64) -> Option<Interval> {
    if trials == 0 || hits > trials {
        return None;
    }
    let z = z_two_sided(confidence)?;
    let n = trials as f64;
    let share = hits as f64 / n;
    let denominator = 1.0 + z * z / n;
    let center = share + z * z / (2.0 * n);
    let half_width = z * (share * (1.0 - share) / n + z * z / (4.0 * n * n)).sqrt();
    // The formula gives exactly 0 and 1 at the ends; rounding must not.
    let low = if hits == 0 { 0.0 } else { ((center - half_width) / denominator).max(0.0) };
    let high = if hits == trials { 1.0 } else { ((center + half_width) / denominator).min(1.0) };
    Some(Interval { low, high })
}

/// The exact interval of the mean of a Poisson count, from the chi-squared distribution: divide
/// both ends by the exposure (days, requests) to have a rate.
///
/// `None` with a confidence outside (0, 1).
pub fn poisson_exact(count: u64, confidence: f64) -> Option<Interval> {
    let tail = tail(confidence)?;
    let count = count as f64;
    let low = if count == 0.0 { 0.0 } else { ChiSquared::new(2.0 * count).ok()?.inverse_cdf(tail) / 2.0 };
    let high = ChiSquared::new(2.0 * count + 2.0).ok()?.inverse_cdf(1.0 - tail) / 2.0;
    Some(Interval { low, high })
}

/// The exact interval of the `fraction` quantile: two observed values between which it lies with
/// at least `confidence`, each tail holding at most half of the rest.
///
/// `None` where there are too few values for that: at 95 % under 6 for the median and under 36
/// for the 90th percentile. Values need not be from any distribution; `NaN` is left out.
pub fn quantile_interval(values: &[f64], fraction: f64, confidence: f64) -> Option<QuantileInterval> {
    let sorted = sorted(values);
    let tail = tail(confidence)?;
    if !(fraction > 0.0 && fraction < 1.0) || sorted.is_empty() {
        return None;
    }
    let n = sorted.len() as u64;
    let below = Binomial::new(fraction, n).ok()?;
    // The value of rank r lies above the quantile only if fewer than r values lie below it.
    let low_rank = (1..=n).take_while(|rank| below.cdf(rank - 1) <= tail).last()?;
    let first_candidate = (fraction * n as f64).floor() as u64;
    let high_rank = (first_candidate.max(1)..=n).find(|rank| below.sf(rank - 1) <= tail)?;
    Some(QuantileInterval {
        low: *sorted.get(low_rank as usize - 1)?,
        high: *sorted.get(high_rank as usize - 1)?,
        low_rank: low_rank as usize,
        high_rank: high_rank as usize,
        coverage: below.cdf(high_rank - 1) - below.cdf(low_rank - 1),
    })
}

/// [`quantile_interval`] of the median at 95 %: `None` under 6 values.
pub fn median_interval(values: &[f64]) -> Option<QuantileInterval> {
    quantile_interval(values, 0.5, 0.95)
}

/// [`quantile_interval`] of the 90th percentile at 95 %: `None` under 36 values.
pub fn p90_interval(values: &[f64]) -> Option<QuantileInterval> {
    quantile_interval(values, 0.9, 0.95)
}

/// The standard normal quantile that leaves `confidence` in the middle.
pub(crate) fn z_two_sided(confidence: f64) -> Option<f64> {
    Some(Normal::new(0.0, 1.0).ok()?.inverse_cdf(1.0 - tail(confidence)?))
}

fn tail(confidence: f64) -> Option<f64> {
    (confidence > 0.0 && confidence < 1.0).then_some((1.0 - confidence) / 2.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(actual: f64, published: f64, digits: i32) {
        let unit = 10f64.powi(-digits);
        assert!((actual - published).abs() <= unit * 0.51, "{actual} is not {published}");
    }

    #[test]
    fn wilson_agrees_with_the_examples_of_newcombe_1998() {
        // Newcombe, Statistics in Medicine 17 (1998) 857, table I, method 3.
        for (hits, trials, low, high) in [
            (81, 263, 0.2553, 0.3662),
            (15, 148, 0.0624, 0.1605),
            (0, 20, 0.0, 0.1611),
            (1, 29, 0.0061, 0.1718),
        ] {
            let interval = wilson(hits, trials, 0.95).unwrap();
            close(interval.low, low, 4);
            close(interval.high, high, 4);
        }
        assert_eq!(wilson(20, 20, 0.95).unwrap().high.to_bits(), 1f64.to_bits());
        assert_eq!(wilson(0, 0, 0.95), None);
        assert_eq!(wilson(3, 2, 0.95), None);
        assert_eq!(wilson(1, 2, 1.0), None);
        assert!(wilson(u64::MAX / 2, u64::MAX, 0.95).unwrap().low > 0.49);
    }

    #[test]
    fn poisson_agrees_with_the_published_exact_table() {
        // Exact 95 % limits (Garwood, Biometrika 28 (1936) 437; Ulm, Am J Epidemiol 131 (1990) 373).
        for (count, low, high) in [
            (0, 0.0, 3.689),
            (1, 0.0253, 5.572),
            (5, 1.623, 11.668),
            (10, 4.795, 18.390),
            (100, 81.364, 121.627),
        ] {
            let interval = poisson_exact(count, 0.95).unwrap();
            close(interval.low, low, if count == 1 { 4 } else { 3 });
            close(interval.high, high, 3);
        }
        let large = poisson_exact(1_000_000, 0.95).unwrap();
        assert!(large.low > 997_000.0 && large.high < 1_003_000.0);
    }

    #[test]
    fn the_median_has_an_interval_from_six_values_and_the_p90_from_thirty_six() {
        let values: Vec<f64> = (1..=40).map(f64::from).collect();
        assert_eq!(median_interval(&values[..5]), None);
        let six = median_interval(&values[..6]).unwrap();
        assert_eq!((six.low_rank, six.high_rank), (1, 6));
        close(six.coverage, 0.96875, 5);
        assert_eq!(p90_interval(&values[..35]), None);
        let thirty_six = p90_interval(&values[..36]).unwrap();
        assert_eq!(thirty_six.high_rank, 36);
        assert!(thirty_six.coverage >= 0.95);
    }

    #[test]
    fn ranks_agree_with_the_published_table_for_the_median() {
        // Conover, table A3 / Altman, Statistics with Confidence, table 18.4: 95 % ranks.
        for (n, low, high) in [(10, 2, 9), (20, 6, 15), (30, 10, 21), (50, 18, 33)] {
            let values: Vec<f64> = (1..=n).map(f64::from).collect();
            let interval = median_interval(&values).unwrap();
            assert_eq!((interval.low_rank, interval.high_rank), (low, high), "n = {n}");
            assert_eq!((interval.low as usize, interval.high as usize), (low, high));
            assert!(interval.coverage >= 0.95);
        }
    }

    #[test]
    fn the_claimed_coverage_holds_on_skewed_durations() {
        // Not a proof, a guard: exponential-like values by stratified sampling with a fixed lattice.
        let true_median = 2f64.ln();
        let (mut covered, mut rounds) = (0u32, 0u32);
        let mut state = 0x9E37_79B9_7F4A_7C15_u64;
        for _ in 0..2_000 {
            let sample: Vec<f64> = (0..9)
                .map(|_| {
                    state ^= state << 13;
                    state ^= state >> 7;
                    state ^= state << 17;
                    -(((state >> 11) as f64 + 0.5) / (1u64 << 53) as f64).ln()
                })
                .collect();
            let interval = median_interval(&sample).unwrap();
            rounds += 1;
            covered += u32::from(interval.low <= true_median && true_median <= interval.high);
        }
        assert!(f64::from(covered) / f64::from(rounds) > 0.945, "{covered} of {rounds}");
    }
}
