//! Which columns of a wide table are metrics, and do their names begin with a service's?

use std::collections::{BTreeMap, BTreeSet};

use regex::{RegexBuilder, escape};

use crate::limits;

/// What stands between a service and its metric.
const SEPARATORS: [char; 6] = ['_', '.', '-', ':', '/', '|'];

/// First words of metrics that name no service, however many of them there are.
const RESOURCES: [&str; 16] = [
    "cpu", "mem", "memory", "disk", "net", "network", "http", "jvm", "gc", "process", "go", "node", "io",
    "db", "total", "max",
];

/// Share of the columns whose metric is that of another service, too.
const SHARED_MIN: f64 = 0.8;

/// The pattern of the header cells that are metrics, and what to say about it.
pub(super) fn header(names: &[&str]) -> (String, &'static str) {
    if let Some((services, separator)) = services(names) {
        let services: Vec<String> = services.into_iter().map(escape).collect();
        let separator = escape(&separator.to_string());
        let pattern = format!("^(?<service_name>{}){separator}(?<metric_name>.+)$", services.join("|"));
        if fits(&pattern) {
            return (
                pattern,
                "These columns hold numbers only; their names seem to be a service and its metric.",
            );
        }
    }
    let all: Vec<String> = names.iter().map(|name| escape(name)).collect();
    let pattern = format!("^(?<metric_name>{})$", all.join("|"));
    if fits(&pattern) {
        return (
            pattern,
            "These columns hold numbers only: each is a metric of its name. All others are labels.",
        );
    }
    (
        "^(?<metric_name>.+)$".to_owned(),
        "There are too many columns of numbers to name them: each is a metric. Those with words are labels.",
    )
}

/// Whether a mapping may hold the pattern.
fn fits(pattern: &str) -> bool {
    RegexBuilder::new(pattern).size_limit(limits::PATTERN_BYTES_MAX).build().is_ok()
}

/// The services that the names begin with, and what follows them: several services with the same metrics.
fn services<'n>(names: &[&'n str]) -> Option<(BTreeSet<&'n str>, char)> {
    SEPARATORS.iter().find_map(|separator| {
        let mut by_metric: BTreeMap<&str, BTreeSet<&'n str>> = BTreeMap::new();
        for name in names {
            let (service, metric) = name.split_once(*separator)?;
            if service.is_empty() || metric.is_empty() {
                return None;
            }
            by_metric.entry(metric).or_default().insert(service);
        }
        let shared: usize = by_metric.values().map(BTreeSet::len).filter(|services| *services > 1).sum();
        let services: BTreeSet<&str> = by_metric.into_values().flatten().collect();
        let are_services =
            !services.iter().any(|name| RESOURCES.contains(&name.to_ascii_lowercase().as_str()));
        let is_shared = shared as f64 >= SHARED_MIN * names.len() as f64;
        (services.len() > 1 && are_services && is_shared).then_some((services, *separator))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn several_services_with_the_same_metrics() {
        let (pattern, _) = header(&["pay_cpu", "pay_latency_p99", "cart_cpu", "cart_latency_p99"]);
        assert_eq!(pattern, "^(?<service_name>cart|pay)_(?<metric_name>.+)$");
        let (pattern, _) = header(&["cart-0.cpu", "pay-1.cpu"]);
        assert_eq!(pattern, "^(?<service_name>cart\\-0|pay\\-1)\\.(?<metric_name>.+)$");
    }

    #[test]
    fn metrics_of_one_thing_stay_what_they_are() {
        for names in [["cpu_total", "mem_total"], ["requests", "errors"], ["pay_cpu", "cart_queue"]] {
            let (pattern, _) = header(&names);
            assert_eq!(pattern, format!("^(?<metric_name>{})$", names.join("|")));
        }
    }

    #[test]
    fn more_columns_than_a_pattern_can_name() {
        let names: Vec<String> = (0..20_000).map(|at| format!("metric of number {at}")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        assert_eq!(header(&names).0, "^(?<metric_name>.+)$");
    }
}
