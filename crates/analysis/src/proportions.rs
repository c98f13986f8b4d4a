//! Is this share higher than that one, and by how much?
//!
//! At millions of requests every difference is significant, and at five requests none is. So a
//! verdict needs both a test ([`share_greater_p`], corrected over services by [`holm`]) and a
//! minimum effect, and "unaffected" needs proof of its own: an upper bound of the difference
//! ([`difference_interval`]) below the limit. What is neither is undetermined.

use statrs::distribution::{ContinuousCDF, Normal};
use statrs::function::gamma::ln_gamma;

use crate::intervals::{Interval, wilson};
use crate::limits::{FALLING_FACTORS_MAX, NORMAL_APPROXIMATION_CELL_MIN};

/// Hits among trials: failed among all requests, say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Share {
    /// How many of the trials were hits, at most `trials`.
    pub hits: u64,
    /// How many trials there were.
    pub trials: u64,
}

impl Share {
    /// Hits per trial (0 to 1); `None` without trials.
    pub fn value(self) -> Option<f64> {
        (self.trials > 0).then(|| self.hits as f64 / self.trials as f64)
    }
}

/// One-sided p-value of "the share `during` is higher than the share `before`".
///
/// Small counts: Fisher's exact test with the mid-p correction (Lancaster 1961), which keeps its
/// level on average and does not lose the power that the uncorrected test loses. Where each
/// expected cell holds [`NORMAL_APPROXIMATION_CELL_MIN`] or more: the pooled z test.
///
/// `None` where a side has no trials or more hits than trials. All failed or none failed on both
/// sides says nothing: 0.5.
pub fn share_greater_p(during: Share, before: Share) -> Option<f64> {
    if during.trials == 0 || before.trials == 0 || during.hits > during.trials || before.hits > before.trials
    {
        return None;
    }
    // Floats from here on: sums of counts may not fit an integer.
    let (n1, n2) = (during.trials as f64, before.trials as f64);
    let (a, b) = (during.hits as f64, before.hits as f64);
    let pooled = (a + b) / (n1 + n2);
    let smallest_cell = n1.min(n2) * pooled.min(1.0 - pooled);
    if smallest_cell == 0.0 {
        return Some(0.5);
    }
    if smallest_cell >= NORMAL_APPROXIMATION_CELL_MIN {
        let z = (a / n1 - b / n2) / (pooled * (1.0 - pooled) * (1.0 / n1 + 1.0 / n2)).sqrt();
        return Some(Normal::new(0.0, 1.0).ok()?.sf(z));
    }
    Some(fisher_mid_p(a, n1, b, n2))
}

/// Upper tail of the hypergeometric distribution at `a` hits of `n1`, against `b` of `n2`, counting
/// the observed table half.
fn fisher_mid_p(a: f64, n1: f64, b: f64, n2: f64) -> f64 {
    let (hits, misses) = (a + b, n1 - a + n2 - b);
    // Four ways to write the same table; the one with the smallest margin as its hits keeps the
    // sums of logarithms short and exact.
    let tables =
        [(a, n1, b, n2), (a, hits, n1 - a, misses), (n2 - b, n2, n1 - a, n1), (n2 - b, misses, b, hits)];
    let smallest = tables.into_iter().min_by(|left, right| (left.0 + left.2).total_cmp(&(right.0 + right.2)));
    let (a, n1, b, n2) = smallest.unwrap_or((a, n1, b, n2));
    let hits = a + b;
    let observed = hypergeometric(a, n1, b, n2);
    // Walk away from the mode: terms shrink, so the walk ends once they no longer count.
    let upper = a >= hits * n1 / (n1 + n2);
    let (mut x, mut term, mut tail) = (a, observed, 0.0);
    loop {
        let ratio = if upper {
            (hits - x) * (n1 - x) / ((x + 1.0) * (n2 - hits + x + 1.0))
        } else {
            x * (n2 - hits + x) / ((hits - x + 1.0) * (n1 - x + 1.0))
        };
        term *= ratio;
        x += if upper { 1.0 } else { -1.0 };
        if term.is_nan() || term <= tail * f64::EPSILON {
            break;
        }
        tail += term;
    }
    let mid = tail + observed / 2.0;
    if upper { mid } else { 1.0 - mid }.clamp(0.0, 1.0)
}

/// Probability of this table given its margins.
fn hypergeometric(a: f64, n1: f64, b: f64, n2: f64) -> f64 {
    let (hits, all) = (a + b, n1 + n2);
    let ln_choose = |n: f64, k: f64| ln_gamma(n + 1.0) - ln_gamma(k + 1.0) - ln_gamma(n - k + 1.0);
    if hits > FALLING_FACTORS_MAX {
        return (ln_choose(n1, a) + ln_choose(n2, b) - ln_choose(all, hits)).exp();
    }
    // C(n1,a) C(n2,b) / C(all,hits) as C(hits,a) times quotients near their true size: differences
    // of logarithms of huge factorials would have no digit left.
    let quotients = |count: f64, top: f64, bottom: f64| -> f64 {
        (0..count as u64).map(|step| ((top - step as f64) / (bottom - step as f64)).ln()).sum()
    };
    (ln_choose(hits, a) + quotients(a, n1, all) + quotients(b, n2, all - a)).exp()
}

/// The interval of `during − before`, as a difference of shares (−1 to 1): Newcombe's hybrid score
/// method (Statistics in Medicine 17 (1998) 873, method 10).
///
/// `None` where a side has no trials, or with a confidence outside (0, 1).
pub fn difference_interval(during: Share, before: Share, confidence: f64) -> Option<Interval> {
    let (p1, p2) = (during.value()?, before.value()?);
    let w1 = wilson(during.hits, during.trials, confidence)?;
    let w2 = wilson(before.hits, before.trials, confidence)?;
    let difference = p1 - p2;
    Some(Interval {
        low: difference - (p1 - w1.low).hypot(w2.high - p2),
        high: difference + (w1.high - p1).hypot(p2 - w2.low),
    })
}

/// The value below which the rise `during − before` lies with one-sided `confidence` (over 0.5).
pub fn difference_upper_bound(during: Share, before: Share, confidence: f64) -> Option<f64> {
    Some(difference_interval(during, before, 2.0 * confidence - 1.0)?.high)
}

/// Holm's correction (Scandinavian Journal of Statistics 6 (1979) 65): p-values that may each be
/// compared with the level, however many services were tested. Same order as given; `NaN` stays
/// `NaN` and does not count as a test.
pub fn holm(p_values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..p_values.len()).filter(|&index| !p_values[index].is_nan()).collect();
    order.sort_by(|&left, &right| p_values[left].total_cmp(&p_values[right]).then(left.cmp(&right)));
    let tests = order.len();
    let mut adjusted = vec![f64::NAN; p_values.len()];
    let mut running_max = 0f64;
    for (rank, index) in order.into_iter().enumerate() {
        running_max = running_max.max((p_values[index] * (tests - rank) as f64).min(1.0));
        adjusted[index] = running_max;
    }
    adjusted
}

/// What is needed to call a share risen, or to call it unaffected.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct EffectRule {
    /// Level of the test after correction, for example 0.01.
    pub alpha: f64,
    /// Rise of the share that matters, absolute (0.02 is two points).
    pub effect_min: f64,
    /// Trials during the window without which nothing is said.
    pub trials_min: u64,
}

impl Default for EffectRule {
    fn default() -> Self {
        Self { alpha: 0.01, effect_min: 0.02, trials_min: 100 }
    }
}

/// What can be said of a share against its baseline.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Effect {
    /// Risen: significant after correction, and by at least the minimum effect.
    Affected,
    /// Proven not to have risen by the minimum effect.
    Unaffected,
    /// Neither (无法判断).
    Undetermined,
}

impl Effect {
    /// The word that tables and SQL show.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Affected => "affected",
            Self::Unaffected => "unaffected",
            Self::Undetermined => "undetermined",
        }
    }
}

/// Says whether a share has risen, from its p-value as corrected by [`holm`].
///
/// ```
/// use fupan_analysis::proportions::{Effect, EffectRule, Share, effect, holm, share_greater_p};
/// let (during, before) = (Share { hits: 300, trials: 1_000 }, Share { hits: 5, trials: 4_000 });
/// let p = holm(&[share_greater_p(during, before).unwrap()])[0];
/// assert_eq!(effect(during, before, p, EffectRule::default()), Effect::Affected);
/// ```
pub fn effect(during: Share, before: Share, corrected_p: f64, rule: EffectRule) -> Effect {
    let (Some(now), Some(then)) = (during.value(), before.value()) else {
        return Effect::Undetermined;
    };
    let enough = during.trials >= rule.trials_min;
    if enough && corrected_p <= rule.alpha && now - then >= rule.effect_min {
        return Effect::Affected;
    }
    let bound = difference_upper_bound(during, before, 1.0 - rule.alpha);
    if enough && bound.is_some_and(|bound| bound < rule.effect_min) {
        return Effect::Unaffected;
    }
    Effect::Undetermined
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn share(hits: u64, trials: u64) -> Share {
        Share { hits, trials }
    }

    #[test]
    fn small_counts_use_the_exact_test_with_mid_p() {
        // Fisher's lady tasting tea: the tail is 1/70, the observed table 16/70.
        let p = share_greater_p(share(3, 4), share(1, 4)).unwrap();
        assert!((p - (1.0 + 8.0) / 70.0).abs() < 1e-12, "{p}");
        let opposite = share_greater_p(share(1, 4), share(3, 4)).unwrap();
        assert!((p + opposite - 1.0).abs() < 1e-12, "mid-p of both directions adds up to one");
    }

    #[test]
    fn nothing_to_tell_apart_is_a_half_and_nothing_seen_is_none() {
        assert_eq!(share_greater_p(share(0, 50), share(0, 70)), Some(0.5));
        assert_eq!(share_greater_p(share(50, 50), share(70, 70)), Some(0.5));
        assert_eq!(share_greater_p(share(0, 0), share(1, 70)), None);
        assert_eq!(share_greater_p(share(2, 1), share(1, 70)), None);
    }

    #[test]
    fn exact_and_normal_agree_where_one_takes_over_from_the_other() {
        let (during, before) = (share(1_070, 20_000), share(4_950, 100_000));
        let exact = fisher_mid_p(1_070.0, 20_000.0, 4_950.0, 100_000.0);
        let normal = share_greater_p(during, before).unwrap();
        assert!((exact / normal - 1.0).abs() < 0.05, "{exact} against {normal}");
    }

    #[test]
    fn counts_of_millions_and_more_neither_overflow_nor_hang() {
        let p = share_greater_p(share(51_000_000, 1_000_000_000), share(50_000_000, 1_000_000_000)).unwrap();
        assert!(p < 1e-12);
        assert!(share_greater_p(share(3, u64::MAX), share(0, u64::MAX)).unwrap() < 0.2);
        let half = share_greater_p(share(u64::MAX / 2, u64::MAX), share(u64::MAX / 2, u64::MAX)).unwrap();
        assert!((half - 0.5).abs() < 1e-9);
    }

    #[test]
    fn the_interval_of_a_difference_agrees_with_newcombe_1998() {
        // Table II, method 10.
        for (a, m, b, n, low, high) in [
            (56, 70, 48, 80, 0.0524, 0.3339),
            (9, 10, 3, 10, 0.1705, 0.8090),
            (5, 56, 0, 29, -0.0381, 0.1926),
            (10, 10, 0, 10, 0.6075, 1.0),
        ] {
            let interval = difference_interval(share(a, m), share(b, n), 0.95).unwrap();
            assert!((interval.low - low).abs() < 6e-5, "{interval:?} is not {low}");
            assert!((interval.high - high).abs() < 6e-5, "{interval:?} is not {high}");
        }
    }

    #[test]
    fn holm_keeps_the_order_and_never_lets_a_larger_p_pass_a_smaller_one() {
        let adjusted = holm(&[0.01, 0.04, 0.03, 0.005]);
        for (actual, expected) in adjusted.iter().zip([0.03, 0.06, 0.06, 0.02]) {
            assert!((actual - expected).abs() < 1e-12);
        }
        assert!(holm(&[f64::NAN, 0.02])[1] < 0.021, "what was not tested does not cost");
        assert!(holm(&[]).is_empty());
    }

    #[test]
    fn unaffected_needs_proof_and_millions_do_not_make_a_trifle_an_outage() {
        let rule = EffectRule::default();
        let say =
            |during, before| effect(during, before, share_greater_p(during, before).unwrap_or(1.0), rule);
        assert_eq!(say(share(80, 200), share(2, 2_000)), Effect::Affected);
        assert_eq!(
            say(share(10_500_000, 1_000_000_000), share(10_000_000, 1_000_000_000)),
            Effect::Unaffected
        );
        assert_eq!(say(share(1, 2_000), share(10, 20_000)), Effect::Unaffected);
        assert_eq!(say(share(0, 12), share(1, 20_000)), Effect::Undetermined);
        assert_eq!(
            say(share(0, 110), share(1, 20_000)),
            Effect::Undetermined,
            "0 of 110 does not rule out 2 %"
        );
        assert_eq!(say(share(0, 0), share(1, 20_000)), Effect::Undetermined);
    }

    proptest! {
        #[test]
        fn p_values_are_probabilities_and_more_failures_never_look_better(
            n1 in 1u64..400, n2 in 1u64..400, x in 0.0..=1.0f64, y in 0.0..=1.0f64,
        ) {
            let before = share((y * n2 as f64) as u64, n2);
            let hits = (x * n1 as f64) as u64;
            let p = share_greater_p(share(hits, n1), before).unwrap();
            prop_assert!((0.0..=1.0).contains(&p));
            if hits < n1 {
                let worse = share_greater_p(share(hits + 1, n1), before).unwrap();
                prop_assert!(worse <= p + 1e-9, "{worse} > {p}");
            }
        }
    }
}
