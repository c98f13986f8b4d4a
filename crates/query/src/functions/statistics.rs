//! Statistics of `fupan-analysis` as SQL functions.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, Float64Array, Int64Array, StringArray};
use datafusion::error::Result;
use fupan_analysis::intervals::{median_interval, p90_interval, poisson_exact, wilson};
use fupan_analysis::proportions::{Share, difference_upper_bound, share_greater_p};
use fupan_analysis::{mask_body, shape_id};

use super::ArgType::{BigInt, BigInts, Double, Doubles, Text};
use super::arguments::{Arguments, bigints, count, doubles, text};
use super::{ArgType, SqlFunction};

/// Confidence of all intervals: the report prints it beside them.
const CONFIDENCE: f64 = 0.95;

const SHARE_ARGS: &[(&str, ArgType)] = &[("hits", BigInt), ("trials", BigInt)];
const TWO_SHARES_ARGS: &[(&str, ArgType)] =
    &[("hits_during", BigInt), ("trials_during", BigInt), ("hits_before", BigInt), ("trials_before", BigInt)];

pub(super) const FUNCTIONS: &[SqlFunction] = &[
    SqlFunction {
        name: "mask_body",
        args: &[("body", Text)],
        returns: Text,
        doc: "The log body with its variable parts (numbers, ids, addresses) masked.",
        kernel: mask_bodies,
    },
    SqlFunction {
        name: "shape_id",
        args: &[("body", Text)],
        returns: BigInt,
        doc: "A stateless hash of the masked body: the same on every machine and in every version of a store.",
        kernel: shape_ids,
    },
    SqlFunction {
        name: "wilson_low",
        args: SHARE_ARGS,
        returns: Double,
        doc: "Lower end of the 95 % score interval of a share (Wilson 1927), 0 to 1; null without trials.",
        kernel: |columns| {
            shares(columns, |share| wilson(share.hits, share.trials, CONFIDENCE).map(|i| i.low))
        },
    },
    SqlFunction {
        name: "wilson_high",
        args: SHARE_ARGS,
        returns: Double,
        doc: "Upper end of the 95 % score interval of a share (Wilson 1927), 0 to 1; null without trials.",
        kernel: |columns| {
            shares(columns, |share| wilson(share.hits, share.trials, CONFIDENCE).map(|i| i.high))
        },
    },
    SqlFunction {
        name: "poisson_low",
        args: &[("events", BigInt)],
        returns: Double,
        doc: "Lower end of the exact 95 % interval of a Poisson count (Garwood 1936); divide by the exposure for a rate.",
        kernel: |columns| counts(columns, |events| poisson_exact(events, CONFIDENCE).map(|i| i.low)),
    },
    SqlFunction {
        name: "poisson_high",
        args: &[("events", BigInt)],
        returns: Double,
        doc: "Upper end of the exact 95 % interval of a Poisson count (Garwood 1936); divide by the exposure for a rate.",
        kernel: |columns| counts(columns, |events| poisson_exact(events, CONFIDENCE).map(|i| i.high)),
    },
    SqlFunction {
        name: "median_low",
        args: &[("values", Doubles)],
        returns: Double,
        doc: "Lower end of the exact 95 % order-statistic interval of the median; null under 6 values.",
        kernel: |columns| lists(columns, |values| median_interval(values).map(|i| i.low)),
    },
    SqlFunction {
        name: "median_high",
        args: &[("values", Doubles)],
        returns: Double,
        doc: "Upper end of the exact 95 % order-statistic interval of the median; null under 6 values.",
        kernel: |columns| lists(columns, |values| median_interval(values).map(|i| i.high)),
    },
    SqlFunction {
        name: "p90_low",
        args: &[("values", Doubles)],
        returns: Double,
        doc: "Lower end of the exact 95 % order-statistic interval of the 90th percentile; null under 36 values.",
        kernel: |columns| lists(columns, |values| p90_interval(values).map(|i| i.low)),
    },
    SqlFunction {
        name: "p90_high",
        args: &[("values", Doubles)],
        returns: Double,
        doc: "Upper end of the exact 95 % order-statistic interval of the 90th percentile; null under 36 values.",
        kernel: |columns| lists(columns, |values| p90_interval(values).map(|i| i.high)),
    },
    SqlFunction {
        name: "share_rise_p",
        args: TWO_SHARES_ARGS,
        returns: Double,
        doc: "One-sided p-value of `the share during is higher than the share before`: Fisher's exact test with \
              mid-p where counts are small, else the pooled z test.",
        kernel: |columns| share_pairs(columns, share_greater_p),
    },
    SqlFunction {
        name: "share_rise_high",
        args: TWO_SHARES_ARGS,
        returns: Double,
        doc: "Upper 95 % bound of the rise of a share (-1 to 1), Newcombe's hybrid score method: below the limit it \
              proves `unaffected`.",
        kernel: |columns| {
            share_pairs(columns, |during, before| difference_upper_bound(during, before, CONFIDENCE))
        },
    },
    SqlFunction {
        name: "departure",
        args: &[("before", Doubles), ("after", Doubles)],
        returns: Double,
        doc: "How far the median of a metric moved, in units of its baseline's scatter; positive where it rose.",
        kernel: departures,
    },
    SqlFunction {
        name: "onset",
        args: &[("times", BigInts), ("values", Doubles), ("baseline", Doubles)],
        returns: BigInt,
        doc: "Since when, in microseconds since the epoch, `values` (at `times`, ascending) have left the band of `baseline` for good; null where they have not.",
        kernel: onsets,
    },
];

fn mask_bodies(columns: &[ArrayRef]) -> Result<ArrayRef> {
    let arguments = Arguments(columns);
    let bodies = arguments.text(0)?;
    let masked: StringArray = bodies.iter().map(|body| body.map(mask_body)).collect();
    Ok(Arc::new(masked))
}

fn shape_ids(columns: &[ArrayRef]) -> Result<ArrayRef> {
    let arguments = Arguments(columns);
    let bodies = arguments.text(0)?;
    let ids: Int64Array = (0..arguments.rows()).map(|row| text(bodies, row).map(shape_id)).collect();
    Ok(Arc::new(ids))
}

fn counts(columns: &[ArrayRef], value: impl Fn(u64) -> Option<f64>) -> Result<ArrayRef> {
    let arguments = Arguments(columns);
    let events = arguments.bigint(0)?;
    let values: Float64Array = (0..arguments.rows()).map(|row| count(events, row).and_then(&value)).collect();
    Ok(Arc::new(values))
}

fn shares(columns: &[ArrayRef], value: impl Fn(Share) -> Option<f64>) -> Result<ArrayRef> {
    let arguments = Arguments(columns);
    let (hits, trials) = (arguments.bigint(0)?, arguments.bigint(1)?);
    let values: Float64Array =
        (0..arguments.rows()).map(|row| share(hits, trials, row).and_then(&value)).collect();
    Ok(Arc::new(values))
}

fn share_pairs(columns: &[ArrayRef], value: impl Fn(Share, Share) -> Option<f64>) -> Result<ArrayRef> {
    let arguments = Arguments(columns);
    let (hits, trials) = (arguments.bigint(0)?, arguments.bigint(1)?);
    let (hits_before, trials_before) = (arguments.bigint(2)?, arguments.bigint(3)?);
    let values: Float64Array = (0..arguments.rows())
        .map(|row| value(share(hits, trials, row)?, share(hits_before, trials_before, row)?))
        .collect();
    Ok(Arc::new(values))
}

fn share(hits: &Int64Array, trials: &Int64Array, row: usize) -> Option<Share> {
    Some(Share { hits: count(hits, row)?, trials: count(trials, row)? })
}

fn lists(columns: &[ArrayRef], value: impl Fn(&[f64]) -> Option<f64>) -> Result<ArrayRef> {
    let arguments = Arguments(columns);
    let lists = arguments.list(0)?;
    let values: Float64Array =
        (0..lists.len()).map(|row| doubles(lists, row).and_then(|list| value(&list))).collect();
    Ok(Arc::new(values))
}

fn departures(columns: &[ArrayRef]) -> Result<ArrayRef> {
    let arguments = Arguments(columns);
    let (before, after) = (arguments.list(0)?, arguments.list(1)?);
    let scores: Float64Array = (0..arguments.rows())
        .map(|row| {
            let (before, after) = (doubles(before, row)?, doubles(after, row)?);
            fupan_analysis::departure(&before, &after).map(|departure| departure.score)
        })
        .collect();
    Ok(Arc::new(scores))
}

fn onsets(columns: &[ArrayRef]) -> Result<ArrayRef> {
    let arguments = Arguments(columns);
    let (times, values, baseline) = (arguments.list(0)?, arguments.list(1)?, arguments.list(2)?);
    let instants: Int64Array = (0..arguments.rows())
        .map(|row| {
            let (times, values) = (bigints(times, row)?, doubles(values, row)?);
            if times.len() != values.len() {
                return None;
            }
            fupan_analysis::onset(&times, &values, &doubles(baseline, row)?)
        })
        .collect();
    Ok(Arc::new(instants))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nulls_and_impossible_counts_give_null() {
        let hits: ArrayRef = Arc::new(Int64Array::from(vec![Some(15), None, Some(3), Some(-1)]));
        let trials: ArrayRef = Arc::new(Int64Array::from(vec![Some(148), Some(10), Some(2), Some(2)]));
        let low = shares(&[hits, trials], |share| {
            wilson(share.hits, share.trials, CONFIDENCE).map(|interval| interval.low)
        })
        .unwrap();
        let low = low.as_any().downcast_ref::<Float64Array>().unwrap();
        assert!((low.value(0) - 0.0624).abs() < 1e-4);
        assert!(low.is_null(1) && low.is_null(2) && low.is_null(3));
    }
}
