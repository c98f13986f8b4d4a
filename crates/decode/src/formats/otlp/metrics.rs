//! OTLP metrics: a histogram becomes cumulative `_bucket` series with `le`, `_sum` and `_count`, as in
//! Prometheus; an exponential one its sum and count; a summary one series per `quantile`.

use std::borrow::Cow;

use fupan_model::MetricPoint;

use super::proto::{self, DataPoint, KeyValue, Metric, Number, Points, ResourceMetrics};
use crate::formats::log_fields::{Field, default_target};

pub(super) fn points<'b>(batches: &'b [ResourceMetrics<'_>]) -> Result<Vec<MetricPoint<'b>>, String> {
    let mut points = Vec::new();
    for batch in batches {
        let mut resource = MetricPoint::default();
        describe(&mut resource, &batch.resource.attributes);
        for scope in &batch.scopes {
            let mut template = resource.clone();
            describe(&mut template, &scope.scope.attributes);
            if !scope.scope.name.is_empty() {
                template
                    .attributes
                    .push((Cow::Borrowed("otel.scope.name"), Cow::Borrowed(&scope.scope.name)));
            }
            for metric in &scope.metrics {
                let mut emitter = Emitter { template: &template, metric, points: &mut points };
                emitter.metric()?;
            }
        }
    }
    Ok(points)
}

/// Puts attributes of a resource into their columns, the rest beside them.
fn describe<'b>(point: &mut MetricPoint<'b>, attributes: &'b [KeyValue<'_>]) {
    for attribute in attributes {
        let Some(text) = attribute.value.as_ref().and_then(proto::AnyValue::to_text) else { continue };
        let target = default_target(&attribute.key).filter(|target| !target.is_vague);
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
                if point.flags.0.parse::<u64>().is_ok_and(|flags| flags & 1 == 1) {
                    continue;
                }
                let base = self.base(points, point, kind)?;
                self.number(&base, point)?;
                self.distribution(&base, point)?;
            }
        }
        Ok(())
    }

    fn base(
        &self,
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
        describe(&mut base, &point.attributes);
        Ok(base)
    }

    fn number(&mut self, base: &MetricPoint<'b>, point: &DataPoint<'_>) -> Result<(), String> {
        if let Some(number) = point.as_double.as_ref().or(point.as_int.as_ref()) {
            self.push(base, "", number, None)?;
        }
        Ok(())
    }

    fn distribution(&mut self, base: &MetricPoint<'b>, point: &DataPoint<'_>) -> Result<(), String> {
        let parts =
            [("_count", &point.count), ("_sum", &point.sum), ("_min", &point.min), ("_max", &point.max)];
        for (suffix, number) in parts {
            if let Some(number) = number {
                self.push(base, suffix, number, None)?;
            }
        }
        let mut below = 0.0;
        for (at, count) in point.bucket_counts.iter().enumerate() {
            below += self.value(count)?;
            let bound =
                point.explicit_bounds.get(at).map_or_else(|| "+Inf".to_owned(), |bound| bound.0.clone());
            self.push(base, "_bucket", &Number(below.to_string()), Some(("le", bound)))?;
        }
        for quantile in &point.quantile_values {
            self.push(base, "", &quantile.value, Some(("quantile", quantile.rank.0.clone())))?;
        }
        Ok(())
    }

    fn value(&self, number: &Number) -> Result<f64, String> {
        number
            .as_f64()
            .ok_or_else(|| format!("a value of the metric {} is no number: {:?}", self.metric.name, number.0))
    }

    fn push(
        &mut self,
        base: &MetricPoint<'b>,
        suffix: &str,
        number: &Number,
        label: Option<(&'static str, String)>,
    ) -> Result<(), String> {
        let mut point = MetricPoint { value: self.value(number)?, ..base.clone() };
        if !suffix.is_empty() {
            point.metric_name = Cow::Owned(format!("{}{suffix}", self.metric.name));
        }
        if let Some((key, value)) = label {
            point.attributes.push((Cow::Borrowed(key), Cow::Owned(value)));
        }
        self.points.push(point);
        Ok(())
    }
}

fn temporality(number: &Number) -> Option<&'static str> {
    match number.0.as_str() {
        "1" | "AGGREGATION_TEMPORALITY_DELTA" => Some("delta"),
        "2" | "AGGREGATION_TEMPORALITY_CUMULATIVE" => Some("cumulative"),
        _ => None,
    }
}
