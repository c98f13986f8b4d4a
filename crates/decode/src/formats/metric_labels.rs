//! Which of a series' labels have a column of their own?

use std::borrow::Cow;
use std::collections::BTreeMap;

use fupan_model::MetricPoint;

use super::log_fields::{Field, default_target};
use super::pairs::service_of_pod;

/// A point of the series, without its time and value.
pub(crate) fn series<'a>(
    metric_name: Cow<'a, str>,
    mut labels: BTreeMap<Cow<'a, str>, Cow<'a, str>>,
) -> MetricPoint<'a> {
    let mut template = MetricPoint { metric_name, ..MetricPoint::default() };
    template.service_name = take_best(&mut labels, Field::Service).or_else(|| labels.remove("job"));
    template.host_name = take_best(&mut labels, Field::Host);
    template.cloud_region = take_best(&mut labels, Field::Region);
    if template.service_name.is_none() {
        template.service_name =
            template.host_name.as_deref().and_then(service_of_pod).map(|name| Cow::Owned(name.to_owned()));
    }
    template.attributes = labels.into_iter().collect();
    template
}

/// The label that names the field best.
fn take_best<'a>(labels: &mut BTreeMap<Cow<'a, str>, Cow<'a, str>>, field: Field) -> Option<Cow<'a, str>> {
    let best = labels
        .keys()
        .filter_map(|key| {
            Some((default_target(key).filter(|target| target.field == field && !target.is_vague)?.rank, key))
        })
        .min_by_key(|(rank, _)| *rank)
        .map(|(_, key)| key.clone())?;
    labels.remove(&best)
}
