//! From when to when was one function hurt, by counts per minute?

use fupan_analysis::proportions::Share;
use fupan_analysis::segments::{Expected, SegmentRule};
use fupan_analysis::{SegmentInput, impact_segments};
use fupan_model::{Config, Micros};

use super::window::MINUTE;
use crate::rows::Row;

/// Shorter silences happen by chance.
const SILENCE_MINUTES: i64 = 3;

/// A stretch of harm.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Stretch {
    pub(crate) started: Micros,
    pub(crate) ended: Option<Micros>,
}

/// A calm that did not hold.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Lull {
    pub(crate) started: Micros,
    pub(crate) ended: Micros,
}

/// One key action or counted indicator, minute by minute.
#[derive(Default)]
pub(crate) struct Course {
    start: Micros,
    attempts: Vec<f64>,
    failed: Vec<f64>,
    successes: Vec<f64>,
    usual: Vec<f64>,
    scatter: Vec<f64>,
    baseline_failed_share: f64,
    pub(crate) days: u32,
}

impl Course {
    /// A course of counts per minute, without comparable days; minutes that are missing stay unknown.
    pub(crate) fn of_counts(points: &[(Micros, f64, f64)], baseline_failed_share: f64) -> Self {
        let start = points.first().map_or(Micros::default(), |(minute, ..)| *minute);
        let bin_of = |minute: &Micros| usize::try_from((minute.0 - start.0) / MINUTE).unwrap_or_default();
        let bins = points.last().map_or(0, |(minute, ..)| bin_of(minute) + 1);
        let unknown = || vec![f64::NAN; bins];
        let (mut attempts, mut failed) = (unknown(), unknown());
        for (minute, all, bad) in points {
            let bin = bin_of(minute);
            if let (Some(attempts), Some(failed)) = (attempts.get_mut(bin), failed.get_mut(bin)) {
                (*attempts, *failed) = (*all, *bad);
            }
        }
        let successes = attempts.iter().zip(&failed).map(|(all, bad)| all - bad).collect();
        Self {
            start,
            attempts,
            failed,
            successes,
            usual: unknown(),
            scatter: unknown(),
            baseline_failed_share,
            days: 0,
        }
    }

    pub(crate) fn push(&mut self, row: Row<'_>) {
        let Some(minute) = row.instant("minute") else { return };
        if self.attempts.is_empty() {
            self.start = minute;
        }
        let number = |column: &str| row.number(column).unwrap_or(f64::NAN);
        self.attempts.push(number("attempts"));
        self.failed.push(number("failed"));
        self.successes.push(number("successes"));
        self.usual.push(number("baseline_successes_p50"));
        // A range of four days is about two standard deviations wide.
        let spread = (number("baseline_successes_max") - number("baseline_successes_min")) / 2.0;
        self.scatter.push(spread);
        self.baseline_failed_share =
            row.number("baseline_failed_share").unwrap_or(self.baseline_failed_share);
        let days = row.long("comparable_days_used").unwrap_or_default();
        self.days = self.days.max(u32::try_from(days).unwrap_or_default());
    }

    /// Adds another action's counts, minute by minute.
    pub(crate) fn add(&mut self, other: &Self) {
        if self.attempts.is_empty() {
            self.start = other.start;
        }
        let sum = |mine: &mut Vec<f64>, theirs: &[f64]| {
            mine.resize(mine.len().max(theirs.len()), 0.0);
            mine.iter_mut().zip(theirs).for_each(|(mine, theirs)| *mine += theirs);
        };
        sum(&mut self.attempts, &other.attempts);
        sum(&mut self.successes, &other.successes);
        sum(&mut self.usual, &other.usual);
    }

    fn at(&self, bin: usize) -> Micros {
        Micros(self.start.0 + bin as i64 * MINUTE)
    }

    /// Whether anything ever went well in it, or usually does.
    pub(crate) fn has_successes(&self) -> bool {
        self.successes.iter().chain(&self.usual).any(|count| *count > 0.0)
    }

    pub(crate) fn segments(&self, config: &Config) -> (Vec<Stretch>, Vec<Lull>) {
        let trials = 1000_u32;
        let hits = (self.baseline_failed_share * f64::from(trials)).round().max(0.0) as u64;
        let expected = Expected { successes: &self.usual, scatter: &self.scatter };
        let input = SegmentInput {
            bin_seconds: 60,
            attempts: &self.attempts,
            failures: &self.failed,
            successes: &self.successes,
            expected: (self.days > 0).then_some(expected),
            baseline_failures: Share { hits, trials: u64::from(trials) },
            rule: SegmentRule { effect_min: config.baseline.min_effect, ..SegmentRule::default() },
        };
        let mut stretches = Vec::new();
        let mut lulls = Vec::new();
        for segment in impact_segments(&input) {
            stretches.push(Stretch {
                started: self.at(segment.start_bin),
                ended: segment.end_bin.map(|bin| self.at(bin)),
            });
            lulls.extend(
                segment
                    .reliefs
                    .iter()
                    .map(|(from, to)| Lull { started: self.at(*from), ended: self.at(*to) }),
            );
        }
        (stretches, lulls)
    }

    /// Stretches within the harm in which next to nothing was attempted where much is usual:
    /// failures fell because requests were stopped.
    pub(crate) fn silences(&self, stretches: &[Stretch]) -> Vec<Lull> {
        let mut found: Vec<Lull> = Vec::new();
        for bin in 0..self.attempts.len() {
            let (from, to) = (self.at(bin), self.at(bin + 1));
            let is_hurting = stretches
                .iter()
                .any(|stretch| from >= stretch.started && stretch.ended.is_none_or(|ended| to <= ended));
            let value = |series: &[f64]| series.get(bin).copied().unwrap_or(f64::NAN);
            let (successes, attempts, usual) =
                (value(&self.successes), value(&self.attempts), value(&self.usual));
            let is_silent = is_hurting && usual >= 1.0 && successes < 0.1 * usual && attempts < 0.5 * usual;
            if !is_silent {
                continue;
            }
            match found.last_mut().filter(|last| last.ended == from) {
                Some(last) => last.ended = to,
                None => found.push(Lull { started: from, ended: to }),
            }
        }
        found.retain(|lull| lull.ended.0 - lull.started.0 >= SILENCE_MINUTES * MINUTE);
        found
    }
}

/// The union of stretches, in order.
pub(crate) fn union(mut stretches: Vec<Stretch>) -> Vec<Stretch> {
    stretches.sort_by_key(|stretch| stretch.started);
    let mut merged: Vec<Stretch> = Vec::new();
    for stretch in stretches {
        match merged.last_mut() {
            Some(last) if last.ended.is_none_or(|ended| ended >= stretch.started) => {
                last.ended = match (last.ended, stretch.ended) {
                    (Some(one), Some(other)) => Some(one.max(other)),
                    _ => None,
                };
            }
            _ => merged.push(stretch),
        }
    }
    merged
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stretch(from: i64, to: Option<i64>) -> Stretch {
        Stretch { started: Micros(from), ended: to.map(Micros) }
    }

    #[test]
    fn overlapping_harm_is_counted_once() {
        let merged = union(vec![stretch(5, Some(9)), stretch(1, Some(6)), stretch(20, None)]);
        assert_eq!(merged, vec![stretch(1, Some(9)), stretch(20, None)]);
    }

    #[test]
    fn harm_that_goes_on_swallows_what_follows() {
        assert_eq!(union(vec![stretch(1, None), stretch(5, Some(6))]), vec![stretch(1, None)]);
    }
}
