//! How does a mapping file make points of metrics out of other people's exports?
//!
//! Either a row is a point, or a column is a metric whose name stands in the header.

use std::borrow::Cow;

use chrono_tz::Tz;
use fupan_model::MetricPoint;

use super::csv_metrics::{METRIC_NAMES, VALUE_NAMES};
use super::log_fields::{Field, names_of};
use super::pairs::{Pairs, service_of_pod};
use super::table::{is_missing, written_number};
use super::text_of;
use crate::json::Value;
use crate::mapping::{Mapping, Wide};
use crate::time::ParsedInstant;
use crate::{Place, RecordSink};

/// Reads one record and sends its points.
pub(super) fn send<'a>(
    mapping: &'a Mapping,
    zone: Tz,
    mut pairs: Pairs<'a>,
    mapped: Vec<(&'a str, Value<'a>)>,
    time: Option<ParsedInstant>,
    place: Place,
    sink: &mut dyn RecordSink,
) -> Result<(), String> {
    let mut point = MetricPoint::default();
    let mut value = None;
    for (column, found) in mapped {
        match column {
            "metric_name" => point.metric_name = found.into_text(),
            "value" => value = Some(found),
            "unit" => point.unit = Some(found.into_text()),
            "service_name" => point.service_name = Some(found.into_text()),
            "host_name" => point.host_name = Some(found.into_text()),
            "cloud_region" => point.cloud_region = Some(found.into_text()),
            other => point.attributes.push((Cow::Borrowed(other), found.into_text())),
        }
    }
    let at = match time {
        Some(time) => time,
        None => pairs.take_time(names_of(Field::Timestamp), zone)?.ok_or("the row has no time")?,
    };
    point.timestamp = at.at;
    // The same defaults as without a mapping.
    for (slot, names) in [
        (&mut point.service_name, names_of(Field::Service)),
        (&mut point.host_name, names_of(Field::Host)),
        (&mut point.cloud_region, names_of(Field::Region)),
        (&mut point.unit, &["unit"]),
    ] {
        if slot.is_none() {
            *slot = pairs.take(names);
        }
    }
    if point.service_name.is_none() {
        point.service_name =
            point.host_name.as_deref().and_then(service_of_pod).map(|name| name.to_owned().into());
    }
    let points = if let Some(wide) = &mapping.wide {
        wide_points(wide, pairs, point)
    } else {
        if point.metric_name.is_empty() {
            point.metric_name = pairs.take(&METRIC_NAMES).ok_or("the row has no metric name")?;
        }
        let value =
            value.or_else(|| pairs.take_value(&VALUE_NAMES)).map(Value::into_text).unwrap_or_default();
        point.attributes.extend(pairs.rest());
        if is_missing(&value) {
            Vec::new()
        } else {
            vec![MetricPoint { value: read_number("value", &value)?, ..point }]
        }
    };
    if at.assumed_zone {
        sink.assumed_zone();
    }
    for point in points {
        sink.metric(place, point);
    }
    Ok(())
}

/// A point per column that the mapping calls a metric; other columns are labels.
fn wide_points<'a>(wide: &Wide, pairs: Pairs<'a>, mut template: MetricPoint<'a>) -> Vec<MetricPoint<'a>> {
    let mut values = Vec::new();
    for (key, value) in pairs.into_entries() {
        let Some(groups) = wide.header.captures(&key) else {
            template.attributes.push((key, value.into_text()));
            continue;
        };
        let groups: Vec<(String, String)> = wide
            .header
            .capture_names()
            .flatten()
            .filter_map(|name| Some((name.to_owned(), groups.name(name)?.as_str().to_owned())))
            .collect();
        let text = value.into_text();
        if !is_missing(&text) {
            // A column whose name could be a metric's but that holds words is a label.
            match written_number(&text) {
                Some(number) => values.push((groups, number)),
                None => template.attributes.push((key, text)),
            }
        }
    }
    let point_of = |(groups, value): (Vec<(String, String)>, f64)| {
        let mut point = MetricPoint { value, ..template.clone() };
        for (group, text) in groups {
            match group.as_str() {
                "metric_name" => point.metric_name = Cow::Owned(text),
                "unit" => point.unit = Some(Cow::Owned(text)),
                "service_name" => point.service_name = Some(Cow::Owned(text)),
                "host_name" => point.host_name = Some(Cow::Owned(text)),
                "cloud_region" => point.cloud_region = Some(Cow::Owned(text)),
                _ => point.attributes.push((Cow::Owned(group), Cow::Owned(text))),
            }
        }
        point
    };
    values.into_iter().map(point_of).collect()
}

fn read_number(name: &str, text: &str) -> Result<f64, String> {
    written_number(text).ok_or_else(|| format!("{name}: {:?} is no number", text_of(text)))
}
