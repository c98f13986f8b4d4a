//! The answer of Prometheus' `query_range` and `query`: values are strings, gaps are just absent.
//!
//! Source: <https://prometheus.io/docs/prometheus/latest/querying/api/>. One series is one record.

use std::borrow::Cow;
use std::collections::BTreeMap;

use fupan_model::{MetricPoint, Micros};
use serde::Deserialize;

use super::borrowed::Text;
use super::json_records::{documents, elements_or_rest};
use super::log_fields::KeyCache;
use super::metric_labels::series;
use super::table::number;
use super::{document_text, reject};
use crate::json::{raw_text, reason, visit_members};
use crate::time::in_range;
use crate::{Chunk, Decoder, Framing, Place, RecordSink};

/// The name of series that an expression made without one.
const UNNAMED: &str = "prometheus_expression";

#[derive(Deserialize)]
struct Series<'a> {
    #[serde(borrow, default)]
    metric: BTreeMap<Text<'a>, Text<'a>>,
    #[serde(borrow, default)]
    values: Vec<(f64, Text<'a>)>,
    #[serde(borrow, default)]
    value: Option<(f64, Text<'a>)>,
    #[serde(borrow, default)]
    histograms: Vec<(f64, Histogram<'a>)>,
    #[serde(borrow, default)]
    histogram: Option<(f64, Histogram<'a>)>,
}

/// A native histogram; its buckets have no fixed bounds, so that count and sum are what is kept.
#[derive(Deserialize)]
struct Histogram<'a> {
    #[serde(borrow)]
    count: Cow<'a, str>,
    #[serde(borrow)]
    sum: Cow<'a, str>,
}

pub(crate) struct Prometheus;

impl Decoder for Prometheus {
    fn framing(&self) -> Framing {
        Framing::Document
    }

    fn decode(&self, chunk: Chunk<'_>, sink: &mut dyn RecordSink) {
        let Some(text) = document_text(&chunk, sink) else { return };
        let mut keys = KeyCache::default();
        let mut place = Place { record: chunk.first_record, byte_offset: chunk.byte_offset };
        // One answer after the other, as a loop of requests leaves them.
        for answer in documents(text, &["data"]) {
            send(answer, &chunk, &mut place, &mut keys, sink);
        }
    }
}

/// Sends the series of an answer.
fn send(answer: &str, chunk: &Chunk<'_>, place: &mut Place, keys: &mut KeyCache, sink: &mut dyn RecordSink) {
    place.byte_offset = chunk.offset_of(answer);
    let list = match result_list(answer) {
        Ok(list) => list,
        Err(reason) => {
            reject(sink, *place, reason, answer.as_bytes());
            place.record += 1;
            return;
        }
    };
    for element in elements_or_rest(list) {
        let piece = element.as_ref().map_or_else(|(_, rest)| *rest, |raw| *raw);
        place.byte_offset = chunk.offset_of(piece);
        let read = element.map_err(|(reason, _)| reason).and_then(|raw| {
            sonic_rs::from_str::<Series<'_>>(raw)
                .map_err(|error| reason(&error, raw))
                .and_then(|series| points(series, keys))
        });
        match read {
            Ok(points) => points.into_iter().for_each(|point| sink.metric(*place, point)),
            Err(reason) => reject(sink, *place, reason, piece.as_bytes()),
        }
        place.record += 1;
    }
}

/// The list below `data.result`.
fn result_list(text: &str) -> Result<&str, String> {
    let mut data = None;
    let mut failure = None;
    visit_members(text, &mut |key, raw| match key.as_ref() {
        "data" => data = Some(raw),
        "error" => failure = Some(raw),
        _ => {}
    })?;
    if let Some(failure) = failure {
        return Err(format!("Prometheus answered with an error: {failure}"));
    }
    let data = data.filter(|data| data.starts_with('{')).ok_or("the answer has no `data`")?;
    sonic_rs::to_object_iter(data)
        .filter_map(Result::ok)
        .find(|(key, _)| key == "result")
        .and_then(|(_, value)| raw_text(&value))
        .filter(|result| result.starts_with('['))
        .ok_or_else(|| "the answer has no list `data.result`".to_owned())
}

fn points<'a>(answer: Series<'a>, keys: &mut KeyCache) -> Result<Vec<MetricPoint<'a>>, String> {
    let Series { mut metric, mut values, value, mut histograms, histogram } = answer;
    let metric_name = metric.remove("__name__").map_or(Cow::Borrowed(UNNAMED), |name| name.0);
    let labels = metric.into_iter().map(|(key, value)| (key.0, value.0)).collect();
    let template = series(metric_name, labels, keys);

    values.extend(value);
    histograms.extend(histogram);
    let mut points = Vec::with_capacity(values.len() + histograms.len() * 2);
    for (seconds, Text(text)) in values {
        let value = number(&text).ok_or_else(|| format!("the value {text:?} is no number"))?;
        points.push(MetricPoint { timestamp: instant(seconds)?, value, ..template.clone() });
    }
    for (seconds, histogram) in histograms {
        for (suffix, text) in [("count", histogram.count), ("sum", histogram.sum)] {
            let value =
                number(&text).ok_or_else(|| format!("the histogram's {suffix} {text:?} is no number"))?;
            points.push(MetricPoint {
                timestamp: instant(seconds)?,
                value,
                metric_name: Cow::Owned(format!("{}_{suffix}", template.metric_name)),
                metric_type: Some(Cow::Borrowed("histogram")),
                ..template.clone()
            });
        }
    }
    Ok(points)
}

fn instant(seconds: f64) -> Result<Micros, String> {
    in_range((seconds * 1e6).round() as i64).map_err(|error| format!("the time {seconds} {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::testing::Collected;

    #[test]
    fn values_are_strings_and_gaps_stay_gaps() {
        let found = Collected::from(
            &Prometheus,
            br#"{"status":"success","data":{"resultType":"matrix","result":[
                {"metric":{"__name__":"up","job":"pay","instance":"10.0.0.1:9090","le":"0.5"},"values":[[1793849100,"1"],[1793849220.5,"NaN"],[1793849280,"+Inf"]]},
                {"metric":{},"values":[[1793849100,"oops"]]},
                {"metric":{"service":"cart","pod":"cart-0"},"histograms":[[1793849100,{"count":"4","sum":"2.5","buckets":[]}]]}
            ]}}"#,
        );
        let values: Vec<f64> = found.metrics.iter().map(|point| point.value).collect();
        assert_eq!((values[0], values[2]), (1.0, f64::INFINITY));
        assert!(values[1].is_nan());
        let point = &found.metrics[1];
        assert_eq!(point.timestamp.to_rfc3339(), "2026-11-05T03:27:00.500Z");
        assert_eq!(
            (point.service_name.as_deref(), point.host_name.as_deref()),
            (Some("pay"), Some("10.0.0.1:9090"))
        );
        assert_eq!(point.attributes, [("le".into(), "0.5".into())]);
        assert_eq!(
            (found.rejects[0].0.record, found.rejects[0].1.as_str()),
            (2, "the value \"oops\" is no number")
        );
        let names: Vec<&str> = found.metrics[3..].iter().map(|point| point.metric_name.as_ref()).collect();
        assert_eq!(names, ["prometheus_expression_count", "prometheus_expression_sum"]);
        assert_eq!((found.metrics[4].value, found.places[4].record), (2.5, 3));
    }

    #[test]
    fn an_error_of_prometheus_is_passed_on() {
        let found = Collected::from(
            &Prometheus,
            br#"{"status":"error","errorType":"bad_data","error":"parse error"}"#,
        );
        assert!(found.rejects[0].1.contains("parse error"));
        let found = Collected::from(
            &Prometheus,
            br#"{"status":"success","data":{"resultType":"matrix","result":[{"metric""#,
        );
        assert!(found.rejects[0].1.contains("cut off"));
    }
    #[test]
    fn answers_stand_one_behind_the_other() {
        let answer = |name: &str| {
            format!(
                "{{\"status\":\"success\",\"data\":{{\"resultType\":\"vector\",\"result\":[{{\"metric\":{{\"__name__\":\"{name}\"}},\"value\":[1793849100,\"1\"]}}]}}}}"
            )
        };
        for between in ["", "\n", "\n\n"] {
            let text = [answer("a"), answer("b"), answer("c")].join(between);
            let found = Collected::from(&Prometheus, text.as_bytes());
            let names: Vec<_> = found.metrics.iter().map(|point| point.metric_name.as_ref()).collect();
            assert_eq!((names, found.rejects.len()), (vec!["a", "b", "c"], 0));
        }
        let text = format!("{}tail", answer("a"));
        assert_eq!(Collected::from(&Prometheus, text.as_bytes()).rejects.len(), 1);
    }
}
