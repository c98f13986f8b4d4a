//! Is it an export of an incident system, of a cluster or of a metric store? Its own keys tell.

use super::Detection;
use super::json::{Keys, first_keys, keys_of};
use crate::InputFormat;
use crate::formats::slack::is_slack_id;
use crate::formats::{influx_line, openmetrics};

/// Lists that documents of these systems hold, and what their records may be.
const LISTS: &[(&str, &[InputFormat])] = &[
    ("log_entries", &[InputFormat::Pagerduty]),
    ("incidents", &[InputFormat::Pagerduty, InputFormat::IncidentIo]),
    ("incident_updates", &[InputFormat::IncidentIo]),
    ("data", &[InputFormat::Opsgenie]),
    ("issues", &[InputFormat::Jira]),
    ("messages", &[InputFormat::Slack]),
    ("items", &[InputFormat::Github, InputFormat::KubernetesEvents]),
];

pub(super) fn detect(head: &[u8]) -> Option<Detection> {
    let head = head.trim_ascii_start();
    match head.first()? {
        b'{' => {
            let keys = keys_of(head, false)?;
            by_document(&keys, head).or_else(|| by_record(&keys, head))
        }
        b'[' => by_record(&first_keys(head, false)?, head),
        _ => by_lines(head),
    }
}

fn by_lines(head: &[u8]) -> Option<Detection> {
    let found = |format| move |reason: &'static str| Detection::new(format, reason);
    openmetrics::recognise(head)
        .map(found(InputFormat::Openmetrics))
        .or_else(|| influx_line::recognise(head).map(found(InputFormat::InfluxLine)))
}

fn by_document(keys: &Keys, head: &[u8]) -> Option<Detection> {
    if keys.has("MetricDataResults") || (keys.has("Datapoints") && keys.has("Label")) {
        return Some(Detection::new(
            InputFormat::CloudwatchMetrics,
            "it is an answer of CloudWatch with values of metrics",
        ));
    }
    for (list, formats) in LISTS.iter().filter(|(list, _)| keys.has(list)) {
        let Some(inner) = first_of_list(head, list) else { continue };
        let Some(keys) = keys_of(inner, false) else { continue };
        if let Some(detection) = by_record(&keys, inner).filter(|found| formats.contains(&found.format)) {
            return Some(detection);
        }
    }
    // One record of the API is wrapped in its name.
    ["incident", "data", "object"].iter().find_map(|wrapper| {
        let prefix = format!("{wrapper}.");
        let inner = keys.below(&prefix)?;
        by_record(&inner, head).filter(|found| found.format != InputFormat::Slack)
    })
}

/// Where the first object of the list begins.
fn first_of_list<'h>(head: &'h [u8], list: &str) -> Option<&'h [u8]> {
    let quoted = format!("\"{list}\"");
    memchr::memmem::find_iter(head, quoted.as_bytes()).find_map(|at| {
        let rest = head.get(at + quoted.len()..)?.trim_ascii_start().strip_prefix(b":")?;
        let inner = rest.trim_ascii_start().strip_prefix(b"[")?.trim_ascii_start();
        inner.starts_with(b"{").then_some(inner)
    })
}

/// One record of a list or lines, or a document of its own.
fn by_record(keys: &Keys, record: &[u8]) -> Option<Detection> {
    let has = |key: &str| keys.has(key);
    let stated = keys.stated_type.as_deref().unwrap_or_default();
    let found = |format, reason: &str| Some(Detection::new(format, reason));
    if (has("incident_number") && has("urgency")) || stated.contains("_log_entry") {
        return found(InputFormat::Pagerduty, "its records are incidents or log entries of PagerDuty");
    }
    if has("incident_timestamp_values")
        || has("new_incident_status")
        || (has("incident_status") && has("reference"))
    {
        return found(InputFormat::IncidentIo, "its records are incidents of incident.io, version 2");
    }
    if has("tinyId") && has("message") && has("createdAt") {
        return found(
            InputFormat::Opsgenie,
            "its records are alerts or incidents of Opsgenie: they have a tinyId",
        );
    }
    let is_said = ["user", "bot_id", "username", "subtype", "client_msg_id"].iter().any(|key| has(key));
    let is_message = stated == "message" || (has("text") && (has("channel") || has("channel_name")));
    if has("ts") && is_message && is_said && has_decimal_ts(record) {
        return found(InputFormat::Slack, "its records are messages of Slack: `ts` is a decimal text");
    }
    let is_user = has("team_id") && has("profile") && has("deleted");
    let is_channel = has("creator") && has("members") && (has("is_archived") || has("is_general"));
    if is_user || is_channel || is_slack_list(keys, record) {
        return found(InputFormat::Slack, "it lists users or channels of Slack: nothing that happened");
    }
    if has("change_type") && has("user_name") && (has("service_id") || has("app_id")) {
        return found(
            InputFormat::Slack,
            "its records are applications that were added to Slack or taken off",
        );
    }
    if has("key") && has("fields") {
        return found(InputFormat::Jira, "its records are issues of Jira: a key and fields");
    }
    let is_issue = has("number")
        && has("title")
        && (has("html_url") || has("url"))
        && (has("created_at") || has("createdAt"));
    if is_issue || (has("event") && has("node_id") && (has("actor") || has("user"))) {
        return found(InputFormat::Github, "its records are issues of GitHub or entries of their timeline");
    }
    if has("reason") && (has("involvedObject") || has("regarding")) {
        return found(InputFormat::KubernetesEvents, "its records are events of Kubernetes about an object");
    }
    if has("time") && has("timeEnd") && (has("tags") || has("text")) {
        return found(
            InputFormat::GrafanaAnnotations,
            "its records are annotations of Grafana: time, timeEnd, text",
        );
    }
    None
}

/// An id of Slack's, and nothing beside it but what its lists of channels and users hold.
fn is_slack_list(keys: &Keys, record: &[u8]) -> bool {
    const KNOWN: [&str; 17] = [
        "id",
        "name",
        "created",
        "creator",
        "is_archived",
        "is_general",
        "is_channel",
        "is_private",
        "members",
        "topic",
        "purpose",
        "pins",
        "real_name",
        "profile",
        "deleted",
        "is_bot",
        "tz",
    ];
    let is_known = |key: &String| KNOWN.contains(&key.split('.').next().unwrap_or(key));
    keys.written.iter().all(is_known)
        && (keys.has("name") || keys.has("members"))
        && after_key(record, b"\"id\"").is_some_and(|rest| {
            let id = rest.strip_prefix(b"\"").and_then(|rest| rest.split(|byte| *byte == b'"').next());
            id.and_then(|id| std::str::from_utf8(id).ok()).is_some_and(|id| is_slack_id(id, b"CDGUW"))
        })
}

/// What stands behind the first such key.
fn after_key<'r>(record: &'r [u8], quoted: &[u8]) -> Option<&'r [u8]> {
    let at = memchr::memmem::find(record, quoted)? + quoted.len();
    Some(record.get(at..)?.trim_ascii_start().strip_prefix(b":")?.trim_ascii_start())
}

/// `"ts": "1793849103.000200"`.
fn has_decimal_ts(record: &[u8]) -> bool {
    memchr::memmem::find_iter(record, b"\"ts\"").any(|at| {
        let rest = record.get(at + 4..).unwrap_or_default().trim_ascii_start();
        let value =
            rest.strip_prefix(b":").map(<[u8]>::trim_ascii_start).and_then(|value| value.strip_prefix(b"\""));
        value
            .and_then(|value| value.get(..11))
            .is_some_and(|digits| digits.iter().take(10).all(u8::is_ascii_digit) && digits.ends_with(b"."))
    })
}

#[cfg(test)]
mod tests {
    use super::super::*;

    fn format(text: &str) -> InputFormat {
        let options = DecodeOptions::new(chrono_tz::UTC, "source");
        match detect(text.as_bytes(), true, &options) {
            Ok(detection) => {
                assert!(!detection.reason.is_empty());
                detection.format
            }
            Err(error) => panic!("{text}: {error}"),
        }
    }

    #[test]
    fn fixtures_are_told_by_their_content() {
        use InputFormat as F;
        for (text, expected) in [
            (include_str!("../../fixtures/pagerduty/incidents.json"), F::Pagerduty),
            (include_str!("../../fixtures/pagerduty/log_entries.json"), F::Pagerduty),
            (include_str!("../../fixtures/opsgenie/alerts.json"), F::Opsgenie),
            (include_str!("../../fixtures/opsgenie/incidents.json"), F::Opsgenie),
            (include_str!("../../fixtures/incident-io/incidents.json"), F::IncidentIo),
            (include_str!("../../fixtures/slack/inc-41-payments/2026-11-05.json"), F::Slack),
            (include_str!("../../fixtures/jira/issues.json"), F::Jira),
            (include_str!("../../fixtures/github/issues.json"), F::Github),
            (include_str!("../../fixtures/grafana-annotations/annotations.json"), F::GrafanaAnnotations),
            (include_str!("../../fixtures/kubernetes-events/events.json"), F::KubernetesEvents),
            (include_str!("../../fixtures/openmetrics/scrape.om"), F::Openmetrics),
            (include_str!("../../fixtures/openmetrics/dump.prom"), F::Openmetrics),
            (include_str!("../../fixtures/influx-line/points.lp"), F::InfluxLine),
            (include_str!("../../fixtures/cloudwatch-metrics/metric-data.json"), F::CloudwatchMetrics),
        ] {
            assert_eq!(format(text), expected);
        }
    }

    #[test]
    fn a_head_that_is_cut_is_enough() {
        let options = DecodeOptions::new(chrono_tz::UTC, "source");
        let issues = include_str!("../../fixtures/jira/issues.json");
        let found = detect(&issues.as_bytes()[..400], false, &options).unwrap();
        assert_eq!(found.format, InputFormat::Jira);
        let incidents = include_str!("../../fixtures/pagerduty/incidents.json");
        let found = detect(&incidents.as_bytes()[..600], false, &options).unwrap();
        assert_eq!(found.format, InputFormat::Pagerduty);
    }

    #[test]
    fn what_only_looks_alike_stays_what_it_was() {
        use InputFormat as F;
        for (text, expected) in [
            ("{\"ts\":1793849103,\"type\":\"message\",\"user\":\"u1\",\"msg\":\"a\"}\n", F::JsonLines),
            (
                "{\"page\":{},\"incidents\":[{\"id\":\"1\",\"name\":\"x\",\"incident_updates\":[]}]}",
                F::Statuspage,
            ),
            ("{\"incident\":\"INC-1\",\"events\":[]}", F::Timeline),
            ("{\"time\":1793849103,\"key\":\"a\",\"msg\":\"b\"}\n", F::JsonLines),
            ("up{job=\"pay\"} 1 1793849103000\n", F::Openmetrics),
            ("cpu,host=a idle=1.5 1793849103000000000\n", F::InfluxLine),
            (
                "{\"incident\":{\"id\":\"Q\",\"type\":\"incident\",\"incident_number\":1,\"urgency\":\"high\"}}",
                F::Pagerduty,
            ),
        ] {
            assert_eq!(format(text), expected, "{text}");
        }
    }
}
