//! `CloudWatch` metrics: the answers of `GetMetricData` and `GetMetricStatistics`.
//!
//! Times and values are two lists side by side, the newest first; they come out in the order of time.
//! Lists of different length tell nothing about which value was when, and are rejected. Source: AWS,
//! "Amazon `CloudWatch` API Reference", `MetricDataResult` and `Datapoint`.

use std::borrow::Cow;
use std::collections::BTreeMap;

use chrono_tz::Tz;
use fupan_model::{MetricPoint, Micros};
use serde_json::Value;

use super::incident_record::{Times, list, text, walk_values};
use super::json_records::framing_of;
use super::log_fields::KeyCache;
use super::metric_labels::series;
use crate::{Chunk, DecodeOptions, Decoder, Framing, RecordSink};

/// Keys of lists in a document.
pub(crate) const LISTS: [&str; 1] = ["MetricDataResults"];

pub(crate) struct CloudwatchMetrics {
    framing: Framing,
    zone: Tz,
}

impl CloudwatchMetrics {
    pub(crate) fn open(head: &[u8], options: &DecodeOptions) -> Self {
        Self { framing: framing_of(head, &LISTS), zone: options.zone }
    }
}

impl Decoder for CloudwatchMetrics {
    fn framing(&self) -> Framing {
        self.framing
    }

    fn decode(&self, chunk: Chunk<'_>, sink: &mut dyn RecordSink) {
        let mut keys = KeyCache::default();
        walk_values(self.framing, &LISTS, self.zone, chunk, sink, &mut |place, result, times, sink| {
            let points = if result.get("Datapoints").is_some() {
                statistics(result, times)?
            } else {
                data_result(result, times)?
            };
            for (name, labels, timestamp, value, unit) in points {
                sink.metric(place, MetricPoint { timestamp, value, unit, ..series(name, labels, &mut keys) });
            }
            Ok(())
        });
    }
}

type Point = (
    Cow<'static, str>,
    BTreeMap<Cow<'static, str>, Cow<'static, str>>,
    Micros,
    f64,
    Option<Cow<'static, str>>,
);

fn data_result(result: &Value, times: &mut Times) -> Result<Vec<Point>, String> {
    let id = text(result, &["Id"]);
    let name =
        text(result, &["Label"]).or_else(|| id.clone()).ok_or("the result has neither a label nor an id")?;
    let stamps: Vec<&Value> = list(result, &["Timestamps"]).collect();
    let values: Vec<&Value> = list(result, &["Values"]).collect();
    if stamps.len() != values.len() {
        return Err(format!(
            "{name} has {} times and {} values: which belongs to which?",
            stamps.len(),
            values.len()
        ));
    }
    let status = text(result, &["StatusCode"]).filter(|status| status != "Complete");
    if let Some(status) = status.filter(|_| values.is_empty()) {
        let words: Vec<String> =
            list(result, &["Messages"]).filter_map(|one| text(one, &["Value", "Code"])).collect();
        return Err(format!("CloudWatch answered {name} with {status}: {}", words.join("; ")));
    }
    let mut points = Vec::with_capacity(values.len());
    for (stamp, value) in stamps.into_iter().zip(values) {
        let at = instant(stamp, times)?;
        let value = value.as_f64().ok_or_else(|| format!("the value {value} is no number"))?;
        let labels =
            id.iter().filter(|id| **id != name).map(|id| ("query_id".into(), id.clone().into())).collect();
        points.push((Cow::Owned(name.clone()), labels, at, value, None));
    }
    points.sort_by_key(|point| point.2);
    Ok(points)
}

/// Statistics of one metric: each is a series of its own. They come in no order at all.
fn statistics(answer: &Value, times: &mut Times) -> Result<Vec<Point>, String> {
    let name = text(answer, &["Label"]).ok_or("the answer has no label")?;
    let mut points = Vec::new();
    for one in list(answer, &["Datapoints"]) {
        let at = instant(one.get("Timestamp").ok_or("a data point has no time")?, times)?;
        let unit = text(one, &["Unit"]).filter(|unit| unit != "None");
        let statistics = ["Average", "Sum", "Minimum", "Maximum", "SampleCount"];
        for statistic in statistics {
            if let Some(value) = one.get(statistic).and_then(Value::as_f64) {
                let labels = BTreeMap::from([("statistic".into(), Cow::Borrowed(statistic))]);
                points.push((Cow::Owned(name.clone()), labels, at, value, unit.clone().map(Cow::Owned)));
            }
        }
    }
    points.sort_by_key(|point| point.2);
    Ok(points)
}

/// Command lines write texts, libraries numbers since the epoch.
fn instant(stamp: &Value, times: &mut Times) -> Result<Micros, String> {
    let text = stamp.as_str().map_or_else(|| stamp.to_string(), str::to_owned);
    times.parse(&text).map(|parsed| parsed.at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::testing::Collected;

    const ANSWER: &str = include_str!("../../fixtures/cloudwatch-metrics/metric-data.json");

    fn decode(text: &str) -> Collected {
        let options = DecodeOptions::new(Tz::UTC, "metrics.json");
        Collected::from(&CloudwatchMetrics::open(text.as_bytes(), &options), text.as_bytes())
    }

    #[test]
    fn the_newest_comes_first_and_is_put_last() {
        let found = decode(ANSWER);
        let points: Vec<_> =
            found.metrics.iter().map(|point| (point.timestamp.to_rfc3339(), point.value)).collect();
        assert_eq!(
            points,
            [
                ("2026-11-05T03:00:00Z".to_owned(), 12.5),
                ("2026-11-05T03:05:00Z".to_owned(), 61.0),
                ("2026-11-05T03:10:00Z".to_owned(), 60.25),
            ]
        );
        assert_eq!(found.metrics[0].metric_name, "5xx of pay");
        assert_eq!(found.metrics[0].attributes, [("query_id".into(), "m1".into())]);
        let reasons: Vec<&str> = found.rejects.iter().map(|reject| reject.1.as_str()).collect();
        assert_eq!(
            reasons,
            [
                "latency has 2 times and 1 values: which belongs to which?",
                "CloudWatch answered denied with Forbidden: no right to read"
            ]
        );
    }

    #[test]
    fn statistics_in_no_order() {
        let found = decode(
            r#"{"Label":"CPUUtilization","Datapoints":[{"Timestamp":1793849160,"Average":2.5,"Maximum":4,"Unit":"Percent"},{"Timestamp":"2026-11-05T11:25:00+08:00","Average":1.5,"Unit":"Percent"}]}"#,
        );
        let points: Vec<_> = found.metrics.iter().map(|point| (point.value, point.unit.as_deref())).collect();
        assert_eq!(points, [(1.5, Some("Percent")), (2.5, Some("Percent")), (4.0, Some("Percent"))]);
    }
}
