//! Which of a series' labels have a column of their own?

use std::borrow::Cow;
use std::collections::BTreeMap;

use fupan_model::MetricPoint;

use super::log_fields::{Field, KeyCache};
use super::pairs::service_of_pod;

/// A point of the series, without its time and value. `keys` remembers what the labels of a source mean.
pub(crate) fn series<'a>(
    metric_name: Cow<'a, str>,
    labels: BTreeMap<Cow<'a, str>, Cow<'a, str>>,
    keys: &mut KeyCache,
) -> MetricPoint<'a> {
    const COLUMNS: [Field; 3] = [Field::Service, Field::Host, Field::Region];
    let mut attributes: Vec<_> = labels.into_iter().collect();
    // The label that names each column best: its rank and where it stands.
    let mut best: [Option<(u8, usize)>; 3] = [None; 3];
    keys.restart();
    for (at, (key, _)) in attributes.iter().enumerate() {
        let Some(target) = keys.target(key).filter(|target| !target.is_vague) else { continue };
        let slots = COLUMNS.iter().zip(&mut best);
        for (_, slot) in slots.filter(|(field, _)| **field == target.field) {
            if slot.is_none_or(|(rank, _)| target.rank < rank) {
                *slot = Some((target.rank, at));
            }
        }
    }
    let [service, host, region] = best.map(|found| found.map(|(_, at)| at));
    let service = service.or_else(|| attributes.iter().position(|(key, _)| key == "job"));
    let mut take =
        |at: Option<usize>| at.and_then(|at| attributes.get_mut(at)).map(|(_, value)| std::mem::take(value));
    let (service_name, host_name, cloud_region) = (take(service), take(host), take(region));
    let taken = [service, host, region];
    let mut at = 0..;
    attributes.retain(|_| !taken.contains(&at.next()));
    let service_name = service_name
        .or_else(|| host_name.as_deref().and_then(service_of_pod).map(|name| Cow::Owned(name.to_owned())));
    MetricPoint { metric_name, service_name, host_name, cloud_region, attributes, ..MetricPoint::default() }
}
