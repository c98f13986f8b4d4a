//! OTLP metrics: a histogram becomes cumulative `_bucket` series with `le`, `_sum` and `_count`, as in
//! Prometheus; an exponential one its sum and count; a summary one series per `quantile`.

use std::borrow::Cow;

use fupan_model::MetricPoint;

use super::proto::{self, DataPoint, KeyValue, Metric, Number, Points, ResourceMetrics};
use crate::formats::log_fields::{Field, KeyCache};

/// All points of the batches; `keys` remembers what the attributes of a source mean.
pub(super) fn points<'b>(
    batches: &'b [ResourceMetrics<'_>],
    keys: &mut KeyCache,
) -> Result<Vec<MetricPoint<'b>>, String> {
    let mut points = Vec::new();
    for batch in batches {
        let mut resource = MetricPoint::default();
        keys.restart();
        describe(&mut resource, &batch.resource.attributes, keys);
        for scope in &batch.scopes {
            let mut template = resource.clone();
            describe(&mut template, &scope.scope.attributes, keys);
            if !scope.scope.name.is_empty() {
                template
                    .attributes
                    .push((Cow::Borrowed("otel.scope.name"), Cow::Borrowed(&scope.scope.name)));
            }
            for metric in &scope.metrics {
                let mut emitter = Emitter { template: &template, metric, points: &mut points, keys };
                emitter.metric()?;
            }
        }
    }
    Ok(points)
}

/// Puts attributes of a resource into their columns, the rest beside them.
fn describe<'b>(point: &mut MetricPoint<'b>, attributes: &'b [KeyValue<'_>], keys: &mut KeyCache) {
    for attribute in attributes {
        let Some(text) = attribute.value.as_ref().and_then(proto::AnyValue::to_text) else { continue };
        let target = keys.target(&attribute.key).filter(|target| !target.is_vague);
        let column = match target.map(|target| target.field) {
            Some(Field::Service) => &mut point.service_name,
            Some(Field::Host) => &mut point.host_name,
            Some(Field::Region) => &mut point.cloud_region,
            _ => {
                point.attributes.push((Cow::Borrowed(&attribute.key), text));
                continue;
            }
        };
        if column.is_none() {
            *column = Some(text);
        } else {
            point.attributes.push((Cow::Borrowed(&attribute.key), text));
        }
    }
}

struct Emitter<'b, 'm> {
    template: &'m MetricPoint<'b>,
    metric: &'b Metric<'b>,
    points: &'m mut Vec<MetricPoint<'b>>,
    keys: &'m mut KeyCache,
}

impl<'b> Emitter<'b, '_> {
    fn metric(&mut self) -> Result<(), String> {
        let metric = self.metric;
        let kinds = [
            (&metric.gauge, "gauge"),
            (&metric.sum, "sum"),
            (&metric.histogram, "histogram"),
            (&metric.exponential_histogram, "histogram"),
            (&metric.summary, "summary"),
        ];
        for (points, kind) in kinds {
            let Some(points) = points else { continue };
            for point in &points.data_points {
                // Flag 1: no value was recorded.
                if point.flags.as_u64().is_some_and(|flags| flags & 1 == 1) {
                    continue;
                }
                let mut base = self.base(points, point, kind)?;
                if let Some(number) = point.as_double.as_ref().or(point.as_int.as_ref()) {
                    base.value = self.value(number)?;
                    if !is_distribution(point) {
                        // As nearly always: one row, which takes all that describes it.
                        self.points.push(base);
                        continue;
                    }
                    self.points.push(base.clone());
                }
                self.distribution(&base, point)?;
            }
        }
        Ok(())
    }

    fn base(
        &mut self,
        points: &Points<'_>,
        point: &'b DataPoint<'_>,
        kind: &'static str,
    ) -> Result<MetricPoint<'b>, String> {
        let mut base = self.template.clone();
        base.metric_name = Cow::Borrowed(&self.metric.name);
        base.unit = (!self.metric.unit.is_empty()).then(|| Cow::Borrowed(self.metric.unit.as_ref()));
        base.metric_type = Some(Cow::Borrowed(kind));
        base.temporality = temporality(&points.aggregation_temporality).map(Cow::Borrowed);
        base.timestamp = point
            .time_unix_nano
            .as_instant()?
            .ok_or_else(|| format!("a point of the metric {} has no timeUnixNano", self.metric.name))?;
        base.start_timestamp = point.start_time_unix_nano.as_instant()?;
        self.keys.restart();
        describe(&mut base, &point.attributes, self.keys);
        Ok(base)
    }

    fn distribution(&mut self, base: &MetricPoint<'b>, point: &'b DataPoint<'_>) -> Result<(), String> {
        let parts =
            [("_count", &point.count), ("_sum", &point.sum), ("_min", &point.min), ("_max", &point.max)];
        for (suffix, number) in parts {
            if let Some(number) = number {
                let value = self.value(number)?;
                self.push(base, suffix, value, None);
            }
        }
        let mut below = 0.0;
        for (at, count) in point.bucket_counts.iter().enumerate() {
            below += self.value(count)?;
            let bound = point.explicit_bounds.get(at).map_or(Cow::Borrowed("+Inf"), Number::text);
            self.push(base, "_bucket", below, Some(("le", bound)));
        }
        for quantile in &point.quantile_values {
            let value = self.value(&quantile.value)?;
            self.push(base, "", value, Some(("quantile", quantile.rank.text())));
        }
        Ok(())
    }

    fn value(&self, number: &Number<'_>) -> Result<f64, String> {
        number.as_f64().ok_or_else(|| {
            format!("a value of the metric {} is no number: {:?}", self.metric.name, number.text())
        })
    }

    fn push(
        &mut self,
        base: &MetricPoint<'b>,
        suffix: &str,
        value: f64,
        label: Option<(&'static str, Cow<'b, str>)>,
    ) {
        let mut point = MetricPoint { value, ..base.clone() };
        if !suffix.is_empty() {
            point.metric_name = Cow::Owned([&self.metric.name, suffix].concat());
        }
        if let Some((key, value)) = label {
            point.attributes.push((Cow::Borrowed(key), value));
        }
        self.points.push(point);
    }
}

/// Whether the point has parts of a histogram or summary.
fn is_distribution(point: &DataPoint<'_>) -> bool {
    let parts = [&point.count, &point.sum, &point.min, &point.max];
    parts.iter().any(|part| part.is_some())
        || !point.bucket_counts.is_empty()
        || !point.quantile_values.is_empty()
}

fn temporality(number: &Number<'_>) -> Option<&'static str> {
    match number.text().as_ref() {
        "1" | "AGGREGATION_TEMPORALITY_DELTA" => Some("delta"),
        "2" | "AGGREGATION_TEMPORALITY_CUMULATIVE" => Some("cumulative"),
        _ => None,
    }
}
