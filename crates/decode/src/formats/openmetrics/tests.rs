//! Each trap of an exposition.

use super::*;
use crate::formats::testing::Collected;

const SCRAPE: &str = include_str!("../../../fixtures/openmetrics/scrape.om");
const DUMP: &str = include_str!("../../../fixtures/openmetrics/dump.prom");

fn decode(text: &str, scraped_at: Option<Micros>) -> Collected {
    Collected::from(&OpenMetrics::open(text.as_bytes(), scraped_at), text.as_bytes())
}

#[test]
fn seconds_and_milliseconds_are_told_apart() {
    for (text, expected) in [
        ("a{b=\"c\"} 1 1793849103.25\n", "2026-11-05T03:25:03.250Z"),
        ("a{b=\"c\"} 1 1793849103\n", "2026-11-05T03:25:03Z"),
        ("a{b=\"c\"} 1 1793849103250\n", "2026-11-05T03:25:03.250Z"),
        ("a{b=\"c\"} 1 1.793849103e9\n", "2026-11-05T03:25:03Z"),
    ] {
        assert_eq!(decode(text, None).metrics[0].timestamp.to_rfc3339(), expected, "{text}");
    }
}

#[test]
fn histograms_and_summaries_are_series_and_nan_is_missing() {
    let found = decode(SCRAPE, None);
    assert_eq!(found.rejects, []);
    let series: Vec<String> = found
        .metrics
        .iter()
        .map(|point| {
            let labels: Vec<String> =
                point.attributes.iter().map(|(key, value)| format!("{key}={value}")).collect();
            let kind = point.metric_type.as_deref().unwrap_or("-");
            format!("{} {} {} [{}]", point.metric_name, kind, point.value, labels.join(","))
        })
        .collect();
    assert_eq!(
        series,
        [
            "http_requests_total sum 1027 [path=/pay \"now\"\\]",
            "http_seconds_bucket histogram 24054 [le=0.05]",
            "http_seconds_bucket histogram 144320 [le=+Inf]",
            "http_seconds_bucket_exemplar - 0.67 [le=+Inf,trace_id=4f4e00000000000000000000000000a1]",
            "http_seconds_sum histogram 53423 []",
            "http_seconds_count histogram 144320 []",
            // The quantile 0.99 of an empty summary is NaN.
            "rpc_seconds summary 0.2 [quantile=0.5]",
            "rpc_seconds_count summary 0 []",
            "pool_limit gauge inf []",
        ]
    );
    let exemplar = &found.metrics[3];
    assert_eq!(exemplar.timestamp.to_rfc3339(), "2026-11-05T03:25:00Z");
    assert_eq!(found.metrics[1].unit.as_deref(), Some("seconds"));
    assert_eq!(
        (found.metrics[0].service_name.as_deref(), found.metrics[0].temporality.as_deref()),
        (Some("pay"), Some("cumulative"))
    );
}

#[test]
fn a_scrape_without_times_needs_one() {
    let text = "# TYPE up gauge\nup{job=\"pay\"} 1\n";
    let found = decode(text, None);
    assert!(found.rejects[0].1.contains("give its time"), "{:?}", found.rejects);
    assert_eq!((found.metrics.len(), found.rejects[0].0.record), (0, 2));
    let found = decode(text, Some(Micros(1_793_849_103_000_000)));
    assert_eq!((found.rejects.len(), found.metrics[0].timestamp), (0, Micros(1_793_849_103_000_000)));
}

#[test]
fn a_dump_is_read_in_chunks_of_lines() {
    let decoder = OpenMetrics::open(DUMP.as_bytes(), None);
    assert_eq!(decoder.framing(), Framing::Lines);
    let whole = Collected::from(&decoder, DUMP.as_bytes());
    assert_eq!((whole.metrics.len(), whole.rejects.len()), (3, 1));
    assert_eq!(whole.rejects[0].1, "the value \"1e999\" is no number");
    for bytes in [1, 7, 60] {
        assert_eq!(Collected::in_chunks(&decoder, DUMP.as_bytes(), bytes), whole);
    }
}

#[test]
fn types_that_come_late_change_nothing() {
    // The head of this one had none: the cut of its chunks must not matter.
    let text = "a{b=\"c\"} 1 1793849103\n# TYPE a gauge\na{b=\"c\"} 2 1793849104\n";
    let decoder = OpenMetrics::open(b"a{b=\"c\"} 1 1793849103\n", None);
    let whole = Collected::from(&decoder, text.as_bytes());
    assert!(whole.metrics.iter().all(|point| point.metric_type.is_none()));
    assert_eq!(Collected::in_chunks(&decoder, text.as_bytes(), 30), whole);
}

#[test]
fn names_in_utf8_and_what_is_no_sample() {
    let found = decode("{\"订单.count\",region=\"east\"} 3 1793849103\n", None);
    assert_eq!(found.metrics[0].metric_name, "订单.count");
    for (text, expected) in [
        ("a{b=\"c} 1 1793849103", "not closed"),
        ("a{b=c} 1 1793849103", "not quoted"),
        ("a{b=\"c\"", "not closed"),
        ("a 1 soon", "the timestamp \"soon\" is no number"),
        ("a 1 1793849103 x", "text after the sample"),
        ("a", "no sample"),
        ("1a 1 1793849103", "no name"),
        ("a 1 1793849103 # 5", "exemplar"),
    ] {
        let found = decode(text, None);
        assert!(found.rejects[0].1.contains(expected), "{text}: {:?}", found.rejects);
    }
}
