//! From when to when were users hurt?
//!
//! Per bin (a minute, say) two kinds of harm are weighed: *failing*, a share of failures above its
//! baseline, and *short*, fewer successes than the baseline expects for this bin. The second is
//! what keeps a circuit breaker honest: it makes failures vanish together with the attempts, and
//! the shortfall of successes goes on. Where the baseline expects more (a lunch peak during the
//! incident), the same number of successes is a shortfall; more successes than expected (the
//! catch-up afterwards) are no harm.
//!
//! # How a bin is judged
//!
//! Each bin gives a log-likelihood ratio (Wald's sequential test, 1945) of hurting against calm,
//! for each kind. It changes its sign at the minimum effect: with many requests one bin decides
//! and a trifle is calm however significant; with few, evidence adds up over bins, and where
//! traffic is too thin to show the minimum effect within the calm time, only more counts. The most
//! probable course through calm, failing, outage and short (Viterbi 1967) gives the edges to the bin;
//! entering or leaving an impact costs [`ENTER_COST`] and [`LEAVE_COST`], so that noise does not.
//!
//! # When it is over
//!
//! At the first calm bin from which [`SegmentRule::calm_seconds`] of *judged* bins stay calm. A
//! bin that is missing, or empty where nothing is known of what to expect, is not calm: it does
//! not count, and a gap of more than a third of the calm time starts the count again. Calm that
//! did not hold is a relief (暂时缓解). Where the bins of the calm time together show calm, it is
//! over however much harm stands on both sides, and what comes behind must be an impact by itself.
//!
//! # What it cannot know
//!
//! Without a baseline only failures decide, and whoever shows the result says so. A whole day off
//! its baseline (a holiday taken for a working day) is a shortfall here: choosing comparable days
//! is the caller's.

use crate::limits::CALM_SECONDS;
use crate::proportions::Share;
use crate::quantiles::median;

mod calm;
mod course;

use calm::{lasting_calm, settle};
use course::{State, most_probable_course, stretches};

/// Evidence (natural logarithm of odds) that entering an impact must overcome: 6000 to 1.
pub const ENTER_COST: f64 = 8.7;

/// Evidence that leaving an impact must overcome. Little, because coming back costs
/// [`ENTER_COST`], and because calm must last anyway.
pub const LEAVE_COST: f64 = 0.5;

/// Share of failures of an outage, beside that of the least impact that counts. Without it, a
/// quiet service would need dozens of successes to refute the least impact after an outage.
const OUTAGE_SHARE: f64 = 0.4;

/// Most evidence that one bin can give, for or against. Enough to make an impact alone, not
/// enough to outvote a second bin.
const BIN_EVIDENCE_MAX: f64 = 12.0;

/// The same for a shortfall, which must be seen in two bins: one lean minute is as often a hiccup
/// of the collection as of the service.
const SHORT_BIN_EVIDENCE_MAX: f64 = 6.0;

/// Variance of a count around what is expected, per expected count: 1 for the count itself
/// (Poisson), the rest for the median of a few days that the expectation was made from.
const COUNT_VARIANCE: f64 = 1.5;

/// Evidence for calm that the calm time must be able to give (20 to 1). Where traffic is too thin
/// for that, the least effect that counts is raised: at two requests a minute, only a large share
/// of failures or a near standstill can be seen to begin or to end.
const CALM_EVIDENCE: f64 = 3.0;

/// Lowest baseline share of failures, as a part of the minimum effect: a baseline in which
/// nothing failed does not mean that one failure is an incident.
const BASELINE_SHARE_FLOOR: f64 = 0.25;

/// Scatters of the baseline that its band reaches down.
const BAND_SCATTERS: f64 = 2.0;

/// What the baseline expects of each bin.
#[derive(Debug, Clone, Copy)]
pub struct Expected<'a> {
    /// Successes expected per bin; `NaN` where the baseline says nothing of a bin.
    pub successes: &'a [f64],
    /// How widely the comparable days scatter around that, as a standard deviation in successes
    /// per bin (1.4826 × their median absolute deviation), the noise of counting included; `NaN`
    /// where it is not known.
    pub scatter: &'a [f64],
}

/// Series of one service or function. All slices have one value per bin, `NaN` where the source
/// has a gap; a bin that was observed and quiet holds zero.
#[derive(Debug, Clone, Copy)]
pub struct SegmentInput<'a> {
    /// Width of a bin in seconds, over 0.
    pub bin_seconds: u32,
    /// Attempts per bin.
    pub attempts: &'a [f64],
    /// Failed attempts per bin.
    pub failures: &'a [f64],
    /// Successes per bin.
    pub successes: &'a [f64],
    /// The baseline of the successes; `None` where no comparable day exists.
    pub expected: Option<Expected<'a>>,
    /// Failures among the attempts of the quiet baseline; zero trials where there is none.
    pub baseline_failures: Share,
    /// What counts as harm, and as calm.
    pub rule: SegmentRule,
}

/// What counts as harm, and how long calm must last.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SegmentRule {
    /// Rise of the share of failures that counts, absolute.
    pub effect_min: f64,
    /// Shortfall of successes that counts, as a share of those expected; a wide scatter of the
    /// baseline raises it.
    pub shortfall_min: f64,
    /// How long calm must last for the impact to be over, in seconds.
    pub calm_seconds: u32,
}

impl Default for SegmentRule {
    fn default() -> Self {
        Self { effect_min: 0.02, shortfall_min: 0.2, calm_seconds: CALM_SECONDS }
    }
}

/// One stretch of harm. Bins are indices into the input; ends are exclusive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Segment {
    /// First bin that hurt.
    pub start_bin: usize,
    /// Earliest bin in which it may have begun: before `start_bin` where a gap stands between.
    pub start_earliest_bin: usize,
    /// First bin of the calm that lasted: the impact ends where this bin begins. `None` while
    /// that has not been seen.
    pub end_bin: Option<usize>,
    /// Earliest end: the bin behind the last one that hurt, before `end_bin` where a gap stands
    /// between.
    pub end_earliest_bin: usize,
    /// For an open segment: calm since this bin, though not for long enough yet.
    pub calm_since_bin: Option<usize>,
    /// Calm stretches within that did not hold, as `start..end` bins.
    pub reliefs: Vec<(usize, usize)>,
    /// Bins with a risen share of failures. A bin may be both failing and short.
    pub failing_bins: usize,
    /// Bins with a shortfall of successes.
    pub short_bins: usize,
}

/// The impact segments of one series, in order of time, disjoint, each at least one bin long.
///
/// ```
/// use fupan_analysis::{SegmentInput, impact_segments};
/// use fupan_analysis::proportions::Share;
/// use fupan_analysis::segments::SegmentRule;
///
/// let attempts = [100.0; 40];
/// let failures: Vec<f64> = (0..40).map(|bin| if (5..12).contains(&bin) { 40.0 } else { 0.0 }).collect();
/// let successes: Vec<f64> = failures.iter().map(|failed| 100.0 - failed).collect();
/// let segments = impact_segments(&SegmentInput {
///     bin_seconds: 60,
///     attempts: &attempts,
///     failures: &failures,
///     successes: &successes,
///     expected: None,
///     baseline_failures: Share { hits: 3, trials: 6_000 },
///     rule: SegmentRule::default(),
/// });
/// assert_eq!((segments[0].start_bin, segments[0].end_bin), (5, Some(12)));
/// ```
pub fn impact_segments(input: &SegmentInput<'_>) -> Vec<Segment> {
    let calm_bins = calm_bins(input);
    let mut evidence = bin_evidence(input);
    settle(&mut evidence, calm_bins);
    let course = most_probable_course(&evidence, ENTER_COST);
    let mut segments: Vec<Segment> = Vec::new();
    let mut open: Option<Segment> = None;
    for (start, end) in hurting_runs(&course, &evidence) {
        if let Some(mut segment) = open.take() {
            let calm = lasting_calm(&evidence, segment.end_earliest_bin..start, calm_bins);
            if let Some(end_bin) = calm.lasting_since {
                segment.end_bin = Some(end_bin);
                segments.push(segment);
            } else {
                segment.reliefs.extend(calm.since.map(|since| (since, start)));
                open = Some(segment);
            }
        }
        let segment = open.get_or_insert_with(|| Segment::starting_at(start, &evidence));
        segment.end_earliest_bin = end;
        let bins = &evidence[start..end];
        segment.failing_bins += bins.iter().filter(|bin| bin.failing > 0.0).count();
        segment.short_bins += bins.iter().filter(|bin| bin.short > 0.0).count();
    }
    if let Some(mut segment) = open {
        let calm = lasting_calm(&evidence, segment.end_earliest_bin..evidence.len(), calm_bins);
        segment.end_bin = calm.lasting_since;
        segment.calm_since_bin = if calm.lasting_since.is_some() { None } else { calm.since };
        segments.push(segment);
    }
    segments
}

impl Segment {
    fn starting_at(start_bin: usize, evidence: &[Evidence]) -> Self {
        let gap = evidence.iter().take(start_bin).rev().take_while(|bin| !bin.is_judged).count();
        Self {
            start_bin,
            start_earliest_bin: start_bin - gap,
            end_bin: None,
            end_earliest_bin: start_bin + 1,
            calm_since_bin: None,
            reliefs: Vec::new(),
            failing_bins: 0,
            short_bins: 0,
        }
    }
}

/// What one bin says: log-likelihood ratios of harm against calm.
#[derive(Debug, Clone, Copy)]
struct Evidence {
    /// For the least share of failures that counts.
    failing: f64,
    /// For an outage.
    outage: f64,
    /// For a shortfall of successes.
    short: f64,
    /// Whether the bin was observed and there was something to observe.
    is_judged: bool,
}

fn bin_evidence(input: &SegmentInput<'_>) -> Vec<Evidence> {
    let floor = (input.rule.effect_min * BASELINE_SHARE_FLOOR).max(1e-6);
    let calm_share = input.baseline_failures.value().unwrap_or(0.0).clamp(floor, 0.98);
    // The sign changes near the middle of both shares, which is the minimum effect.
    let effect_share = (calm_share + 2.0 * input.rule.effect_min.max(1e-6)).min(0.99);
    let outage_share = (calm_share + OUTAGE_SHARE * (1.0 - calm_share)).max(effect_share);
    let attempts_near = sums_near(input.attempts, calm_bins(input));
    let expected_near = input.expected.map(|expected| sums_near(expected.successes, calm_bins(input)));
    let day_scatter = input.expected.map_or(0.0, day_scatter_share);
    let band_share = input.rule.shortfall_min.max(BAND_SCATTERS * day_scatter).min(1.0);
    let value = |series: &[f64], bin: usize| {
        series.get(bin).copied().filter(|value| value.is_finite() && *value >= 0.0)
    };
    (0..input.attempts.len())
        .map(|bin| {
            let attempts = value(input.attempts, bin);
            let outcomes = attempts.zip(value(input.failures, bin));
            let against_calm = |share: f64| {
                outcomes.map_or(0.0, |(attempts, failures)| {
                    let failures = failures.min(attempts);
                    let passed = attempts - failures;
                    let ratio = failures * (share / calm_share).ln()
                        + passed * ((1.0 - share) / (1.0 - calm_share)).ln();
                    ratio.clamp(-BIN_EVIDENCE_MAX, BIN_EVIDENCE_MAX)
                })
            };
            // Thin traffic cannot show the least effect within the calm time: there, only more counts.
            let hurt_share =
                effect_share.max(calm_share + CALM_EVIDENCE / attempts_near[bin]).min(outage_share);
            let expected = input.expected.and_then(|expected| value(expected.successes, bin));
            let successes = value(input.successes, bin).filter(|_| attempts.is_some());
            let failing = against_calm(hurt_share);
            let short = match successes.zip(expected) {
                Some((successes, expected)) => {
                    let near = expected_near.as_ref().and_then(|sums| sums.get(bin)).copied();
                    let near = near.unwrap_or(expected);
                    let provable = (CALM_EVIDENCE * COUNT_VARIANCE / near / 2.0).sqrt().min(0.5);
                    shortfall_evidence(successes, expected, band_share.max(provable), day_scatter)
                }
                // Where nothing is known of what to expect, only failures decide: a shortfall that nobody can
                // see must not bridge an hour of calm.
                None => failing.min(0.0),
            };
            Evidence {
                failing,
                outage: against_calm(outage_share),
                short: short.clamp(-SHORT_BIN_EVIDENCE_MAX, SHORT_BIN_EVIDENCE_MAX),
                is_judged: outcomes.is_some_and(|(attempts, _)| attempts > 0.0)
                    || (successes.is_some() && expected.is_some()),
            }
        })
        .collect()
}

fn calm_bins(input: &SegmentInput<'_>) -> usize {
    input.rule.calm_seconds.div_ceil(input.bin_seconds.max(1)).max(1) as usize
}

/// For each bin, the sum of `series` over about `width` bins around it, gaps left out.
fn sums_near(series: &[f64], width: usize) -> Vec<f64> {
    let mut running = Vec::with_capacity(series.len() + 1);
    let mut sum = 0.0;
    running.push(sum);
    for value in series {
        sum += if value.is_finite() && *value > 0.0 { *value } else { 0.0 };
        running.push(sum);
    }
    let half = width / 2;
    (0..series.len())
        .map(|bin| running[(bin + half + 1).min(series.len())] - running[bin.saturating_sub(half)])
        .collect()
}

/// How widely whole days lie apart, as a share of what is expected: the scatter that is left when
/// the noise of counting (variance = mean, Poisson) is taken out, median over all bins. Minutes
/// with few successes scatter much by chance alone, and that must not widen their band.
fn day_scatter_share(expected: Expected<'_>) -> f64 {
    let excess: Vec<f64> = expected
        .successes
        .iter()
        .zip(expected.scatter)
        .filter(|(mean, scatter)| mean.is_finite() && **mean > 0.0 && scatter.is_finite())
        .map(|(mean, scatter)| (scatter * scatter - mean) / (mean * mean))
        .collect();
    median(&excess).unwrap_or(0.0).max(0.0).sqrt()
}

/// Normal log-likelihood ratio of "short by twice the band" against "as expected"; its sign
/// changes at the lower edge of the band, `band_share` below what is expected.
fn shortfall_evidence(successes: f64, expected: f64, band_share: f64, day_scatter: f64) -> f64 {
    let shift = 2.0 * band_share * expected;
    let variance = COUNT_VARIANCE * expected + (day_scatter * expected).powi(2);
    if variance <= 0.0 { 0.0 } else { -shift * (2.0 * (successes - expected) + shift) / (2.0 * variance) }
}

/// Runs of harm as `(start, end)`, cut to the bins that really hurt.
fn hurting_runs(course: &[State], evidence: &[Evidence]) -> Vec<(usize, usize)> {
    let hurts = |bin: usize| match course.get(bin) {
        Some(State::Failing | State::Outage) => evidence[bin].failing > 0.0,
        Some(State::Short) => evidence[bin].short > 0.0,
        _ => false,
    };
    let runs = stretches(course, false).filter_map(|run| {
        let first = run.clone().find(|&bin| hurts(bin))?;
        let last = run.rev().find(|&bin| hurts(bin))?;
        Some((first, last + 1))
    });
    runs.collect()
}

#[cfg(test)]
mod tests;
