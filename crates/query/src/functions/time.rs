//! Functions about instants, days and zones.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, Date32Array, Float64Array, StringArray};
use chrono::{DateTime, NaiveDate, Offset, Utc};
use chrono_tz::Tz;
use datafusion::error::{DataFusionError, Result};

use super::arguments::{Arguments, text};
use super::{ArgType, SqlFunction};

pub(super) const FUNCTIONS: &[SqlFunction] = &[
    SqlFunction {
        name: "seconds_between",
        args: &[("earlier", ArgType::Timestamp), ("later", ArgType::Timestamp)],
        returns: ArgType::Double,
        doc: "Seconds from `earlier` to `later`, negative where they are the other way round; never truncated.",
        kernel: seconds_between,
    },
    SqlFunction {
        name: "local_time",
        args: &[("instant", ArgType::Timestamp), ("zone", ArgType::Text)],
        returns: ArgType::Text,
        doc: "The instant on the clocks of an IANA zone, such as `2026-11-05 11:35:00 +08:00`.",
        kernel: local_time,
    },
    SqlFunction {
        name: "local_date",
        args: &[("instant", ArgType::Timestamp), ("zone", ArgType::Text)],
        returns: ArgType::Date,
        doc: "The calendar day of the instant in an IANA zone: 11.11's midnight peak is 11 November in Asia/Shanghai.",
        kernel: local_date,
    },
];

fn seconds_between(columns: &[ArrayRef]) -> Result<ArrayRef> {
    let arguments = Arguments(columns);
    let (earlier, later) = (arguments.micros(0)?, arguments.micros(1)?);
    let seconds: Float64Array = earlier
        .iter()
        .zip(later)
        .map(|(earlier, later)| Some((i128::from(later?) - i128::from(earlier?)) as f64 / 1e6))
        .collect();
    Ok(Arc::new(seconds))
}

fn local_time(columns: &[ArrayRef]) -> Result<ArrayRef> {
    let mut values: Vec<Option<String>> = Vec::new();
    each_local(columns, |local| {
        values.push(local.map(|local| {
            let offset = local.offset().fix();
            format!("{} {offset}", local.format("%Y-%m-%d %H:%M:%S"))
        }));
    })?;
    Ok(Arc::new(StringArray::from(values)))
}

fn local_date(columns: &[ArrayRef]) -> Result<ArrayRef> {
    let mut values: Vec<Option<i32>> = Vec::new();
    each_local(columns, |local| {
        values.push(local.and_then(|local| {
            let days = local.date_naive().signed_duration_since(NaiveDate::default()).num_days();
            i32::try_from(days).ok()
        }));
    })?;
    Ok(Arc::new(Date32Array::from(values)))
}

fn each_local(columns: &[ArrayRef], mut visit: impl FnMut(Option<DateTime<Tz>>)) -> Result<()> {
    let arguments = Arguments(columns);
    let (instants, zones) = (arguments.micros(0)?, arguments.text(1)?);
    let mut known: Option<(String, Tz)> = None;
    for row in 0..arguments.rows() {
        let zone = match text(zones, row) {
            None => None,
            Some(name) => match &known {
                Some((cached, zone)) if cached == name => Some(*zone),
                _ => {
                    let zone: Tz = name.parse().map_err(|_| {
                        DataFusionError::Execution(format!(
                            "`{name}` is not a zone; use an IANA name such as Asia/Shanghai"
                        ))
                    })?;
                    known = Some((name.to_owned(), zone));
                    Some(zone)
                }
            },
        };
        let instant = instants
            .is_valid(row)
            .then(|| instants.value(row))
            .and_then(DateTime::<Utc>::from_timestamp_micros);
        visit(instant.zip(zone).map(|(instant, zone)| instant.with_timezone(&zone)));
    }
    Ok(())
}
