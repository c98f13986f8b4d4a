//! `fupan ingest` of a folder with everything in it: each file is told by its content and read.

use crate::world::World;

/// A file whose name tells nothing, its format, and how many records and rejects it holds.
macro_rules! files {
    ($($fixture:literal, $format:literal, $read:literal, $rejected:literal;)+) => {
        &[$((
            include_bytes!(concat!("../../../decode/fixtures/", $fixture)).as_slice(), $format, $read, $rejected,
        )),+]
    };
}

/// Fixture, format as told, records read, records rejected.
type File = (&'static [u8], &'static str, u64, u64);

const FILES: &[File] = files! {
    "json-lines/app.jsonl", "json-lines", 4, 0;
    "otlp-json/logs.json", "otlp-json", 2, 0;
    "otlp-json/metrics.json", "otlp-json", 1, 0;
    "otlp-json/traces.json", "otlp-json", 1, 0;
    "csv-logs/app.csv", "csv-logs", 3, 0;
    "csv-logs/app.tsv", "csv-logs", 2, 0;
    "csv-metrics-long/metrics.csv", "csv-metrics-long", 4, 0;
    "csv-metrics-wide/metrics.csv", "csv-metrics-wide", 3, 0;
    "csv-traces/traces.csv", "csv-traces", 2, 0;
    "prometheus-query-range/matrix.json", "prometheus-query-range", 2, 0;
    "timeline/incident.yaml", "timeline", 8, 0;
    "timeline-csv/timeline.csv", "timeline-csv", 3, 0;
    "statuspage/incidents.json", "statuspage", 2, 0;
    "alerts/alertmanager.json", "alerts", 2, 0;
    "changes/changes.json", "changes", 4, 0;
    "changes-csv/campaigns.csv", "changes-csv", 2, 0;
    "traces-json/spans.json", "traces-json", 2, 0;
    "openmetrics/dump.prom", "openmetrics", 6, 1;
    "influx-line/points.lp", "influx-line", 7, 3;
    "cloudwatch-metrics/metric-data.json", "cloudwatch-metrics", 3, 2;
    "pagerduty/incidents.json", "pagerduty", 2, 0;
    "opsgenie/alerts.json", "opsgenie", 2, 0;
    "incident-io/incidents.json", "incident-io", 2, 0;
    "slack/inc-41-payments/2026-11-05.json", "slack", 5, 0;
    "jira/issues.json", "jira", 2, 0;
    "github/issues.json", "github", 3, 0;
    "grafana-annotations/annotations.json", "grafana-annotations", 5, 0;
    "kubernetes-events/events.json", "kubernetes-events", 5, 1;
    "xlsx/timeline.xlsx", "xlsx", 3, 0;
    "access-log/combined.log", "access-log", 5, 1;
    "syslog/rfc5424.log", "syslog", 3, 1;
    "journald/export.json", "journald", 3, 0;
    "logfmt/app.log", "logfmt", 3, 1;
    "text-log/java.log", "text-log", 2, 0;
    "loki/query_range.json", "loki", 3, 0;
    "elasticsearch/dump.ndjson", "elasticsearch", 2, 0;
    "cloudwatch-logs/events.json", "cloudwatch-logs", 2, 0;
    "encodings/gb18030.log", "text-log", 2, 0;
    "encodings/utf-16le.log", "text-log", 2, 0;
};

#[test]
fn a_folder_of_forty_files_in_every_format_is_sorted_out_by_itself() {
    let world = World::new();
    for (at, (bytes, ..)) in FILES.iter().enumerate() {
        world.file(&format!("inbox/{at:02}"), bytes);
    }
    let answer = world.run(&["ingest", "inbox"]);
    let query = "select source, input_format, sum(records_read) as read, sum(records_rejected) as rejected \
                 from ingests group by source, input_format order by source";
    let told = world.run(&["sql", "--quiet", "--format", "csv", query]);
    let expected: Vec<String> = FILES
        .iter()
        .enumerate()
        .map(|(at, (_, format, read, rejected))| format!("{at:02},{format},{read},{rejected}"))
        .collect();
    let told: Vec<&str> = told.lines().skip(3).collect();
    assert_eq!(told, expected, "{answer}");
    // Some fixtures hold broken records on purpose, more than the share that passes without a word.
    assert!(answer.starts_with("exit code 1"), "{answer}");
    let read: u64 = FILES.iter().map(|file| file.2).sum();
    let rejected: u64 = FILES.iter().map(|file| file.3).sum();
    assert!(answer.contains(&format!("read {read} = accepted ")), "{answer}");
    assert!(answer.contains(&format!("rejected {rejected} + duplicate")), "{answer}");
    // Once more: nothing is new.
    let again = world.run(&["ingest", "inbox"]);
    assert!(
        again.contains(&format!("read {read} = accepted 0 + rejected 0 + duplicate {read} records")),
        "{again}"
    );
}
