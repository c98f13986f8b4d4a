//! Each fixture of a log format from its bytes to its records, as an ingest reads it.

use std::io::Read;

use super::testing::Collected;
use crate::time::parse_instant;
use crate::{DecodeOptions, Encoding, InputFormat, Origin, Transcoding, detect, open_from};

/// Reads a file in the way of an ingest, at once and in pieces of any size.
fn read(bytes: &[u8]) -> (InputFormat, Collected) {
    let options = DecodeOptions::new(chrono_tz::Asia::Shanghai, "fixture");
    let found = Encoding::of_source(bytes, true, None, &options);
    let mut text = Vec::new();
    match &found {
        Some(found) => Transcoding::new(bytes, found.encoding).read_to_end(&mut text).unwrap(),
        None => (&*bytes).read_to_end(&mut text).unwrap(),
    };
    let detection = detect(&text, true, &options).unwrap();
    let origin = Origin {
        modified_at: parse_instant("2026-11-05T04:00:00Z", chrono_tz::UTC).ok().map(|parsed| parsed.at),
        transcoded_from: found.map(|found| found.encoding),
        ..Origin::default()
    };
    let decoder = open_from(&detection, &text, &options, origin).unwrap();
    let whole = Collected::from(decoder.as_ref(), &text);
    for size in [1, 7, 64, 500] {
        assert_eq!(Collected::in_chunks(decoder.as_ref(), &text, size), whole);
    }
    (detection.format, whole)
}

/// `hour:minute level service: message`, of each record.
fn told(found: &Collected) -> Vec<String> {
    let show = |text: &Option<std::borrow::Cow<'_, str>>| text.as_deref().unwrap_or("-").to_owned();
    let line = |log: &fupan_model::LogRecord<'_>| {
        let at = log.timestamp.to_rfc3339();
        format!(
            "{} {} {}: {}",
            at.get(11..19).unwrap_or_default(),
            log.severity_number.unwrap_or_default(),
            show(&log.service_name),
            show(&log.body)
        )
    };
    found.logs.iter().map(line).collect()
}

macro_rules! fixture {
    ($name:literal) => {
        read(include_bytes!(concat!("../../fixtures/", $name)))
    };
}

#[test]
fn access_logs() {
    let (format, found) = fixture!("access-log/combined.log");
    assert_eq!((format, found.logs.len(), found.rejects.len()), (InputFormat::AccessLog, 4, 1));
    assert_eq!(found.logs[0].duration_ms, Some(250.0));
    assert_eq!(found.logs[0].http_route.as_deref(), Some("/api/v1/pay"));
    let (format, found) = fixture!("access-log/common.log");
    assert_eq!((format, found.rejects.len()), (InputFormat::AccessLog, 0));
    assert_eq!(found.logs[1].user_id.as_deref(), Some("Mei Lin"));
    let (format, found) = fixture!("access-log/nginx.json");
    assert_eq!((format, found.rejects.len()), (InputFormat::JsonLines, 0));
    assert_eq!(found.logs[0].http_route.as_deref(), Some("/api/v1/pay"));
    assert_eq!(
        (found.logs[0].duration_ms, found.logs[0].http_response_status_code),
        (Some(250.0), Some(502))
    );
}

#[test]
fn syslog() {
    let (format, found) = fixture!("syslog/rfc5424.log");
    assert_eq!((format, found.rejects.len()), (InputFormat::Syslog, 1));
    assert_eq!(told(&found), ["03:05:03 10 pay: 支付失败", "03:05:04 18 su: session opened"]);
    let (format, found) = fixture!("syslog/rfc3164.log");
    assert_eq!((format, found.assumed_year, found.assumed_zone), (InputFormat::Syslog, 3, 3));
    assert_eq!(
        told(&found),
        [
            "03:05:03 18 sshd: Failed password for mei",
            "03:05:04 9 dockerd: pull failed",
            "03:05:05 0 kernel: Out of memory: killed process 42",
        ]
    );
    let (format, found) = fixture!("syslog/octet-counted.log");
    assert_eq!((format, found.rejects.len()), (InputFormat::Syslog, 1));
    assert_eq!(told(&found), ["03:05:03 10 pay: first line\nsecond line", "03:05:04 17 pay: 支付失败"]);
}

#[test]
fn journald() {
    let (format, found) = fixture!("journald/export.json");
    assert_eq!((format, found.rejects.len()), (InputFormat::Journald, 0));
    assert_eq!(
        told(&found),
        ["03:25:03 17 pay: charge failed", "03:25:04 9 cart: 支付", "03:25:05 13 cron: -"]
    );
}

#[test]
fn logfmt() {
    let (format, found) = fixture!("logfmt/app.log");
    assert_eq!((format, found.rejects.len()), (InputFormat::Logfmt, 1));
    assert_eq!(told(&found), ["03:05:03 17 pay: charge \"failed\"", "03:05:04 9 pay: recovered"]);
}

#[test]
fn text_logs() {
    let (format, found) = fixture!("text-log/java.log");
    assert_eq!((format, found.rejects.len(), found.assumed_zone), (InputFormat::TextLog, 0, 2));
    assert_eq!(told(&found), ["03:05:03 17 -: charge failed", "03:05:04 9 -: added"]);
    let (format, found) = fixture!("text-log/mixed.log");
    assert_eq!((format, found.rejects.len(), found.assumed_year), (InputFormat::TextLog, 1, 1));
    assert_eq!(
        told(&found),
        [
            "03:05:03 17 -: 支付失败",
            "03:05:03 9 -: retrying",
            "03:05:04 17 -: *7 connect() failed (111: Connection refused) while connecting to upstream",
            "03:05:05 13 -: memory above its limit",
            "03:05:06 17 -: deadlock detected",
            "03:05:07 13 cart: slow",
        ]
    );
}

#[test]
fn stores_of_logs() {
    let (format, found) = fixture!("loki/query_range.json");
    assert_eq!((format, found.rejects.len()), (InputFormat::Loki, 0));
    assert_eq!(
        told(&found),
        ["03:25:04 9 pay: recovered", "03:25:03 17 pay: charge failed", "03:25:03 13 shop/cart: slow"]
    );
    let (format, found) = fixture!("elasticsearch/dump.ndjson");
    assert_eq!((format, found.rejects.len()), (InputFormat::Elasticsearch, 0));
    assert_eq!(told(&found), ["03:05:03 17 pay: charge failed", "03:05:04 9 pay: recovered"]);
    let (format, found) = fixture!("elasticsearch/bulk.ndjson");
    assert_eq!((format, found.rejects.len()), (InputFormat::Elasticsearch, 0));
    assert_eq!(told(&found), ["03:25:03 17 -: charge failed", "03:25:04 9 -: recovered"]);
    let (format, found) = fixture!("cloudwatch-logs/events.json");
    assert_eq!((format, found.rejects.len()), (InputFormat::CloudwatchLogs, 0));
    assert_eq!(told(&found), ["03:25:03 17 -: charge failed", "03:25:04 9 -: recovered"]);
    let (format, found) = fixture!("cloudwatch-logs/subscription.ndjson");
    assert_eq!((format, found.rejects.len()), (InputFormat::CloudwatchLogs, 0));
    assert_eq!(told(&found), ["03:25:03 17 pay: charge failed", "03:25:04 0 pay: recovered"]);
}

#[test]
fn encodings() {
    let expected = ["03:05:03 17 -: 支付失败:连接池耗尽", "03:05:04 9 -: 订单已恢复"];
    for (format, found) in [
        fixture!("encodings/gb18030.log"),
        fixture!("encodings/utf-16le.log"),
        fixture!("encodings/utf-16be-marked.log"),
    ] {
        assert_eq!((format, found.rejects.len()), (InputFormat::TextLog, 0));
        assert_eq!(told(&found), expected);
        assert!(found.attributes(0).contains(&("exception.stacktrace", "\tat shop.Pool")));
    }
    let (_, found) = fixture!("encodings/gb18030-damaged.log");
    assert_eq!((found.logs.len(), found.rejects.len()), (2, 1));
    assert!(found.rejects[0].1.contains("no GB18030 text"));
}
