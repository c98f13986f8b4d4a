//! JSON lines of any shape (or a JSON list of such objects): what do loggers mean by their keys?
//!
//! The hot path. A line is walked once without building a tree; text borrows from the chunk, keys from the
//! lines before.

use std::borrow::Cow;

use bumpalo::Bump;
use chrono_tz::Tz;

use super::json_records::walk_json;
use super::log_builder::LogBuilder;
use super::log_fields::{KeyCache, Target, default_target};
use crate::framing::unpadded;
use crate::json::{PlainKeys, visit_object};
use crate::{Chunk, DecodeOptions, Decoder, Framing, RecordSink, limits};

pub(crate) struct JsonLines {
    framing: Framing,
    zone: Tz,
    meaning_of: fn(&str) -> Option<Target>,
}

/// What a key means in the access logs of Caddy, which counts durations in seconds.
fn of_caddy(key: &str) -> Option<Target> {
    in_unit(key, "duration", 1e3)
}

/// As [`of_caddy`], of Traefik, which counts them in nanoseconds.
fn of_traefik(key: &str) -> Option<Target> {
    in_unit(key, "Duration", 1e-6)
}

/// What a key means where that of the duration is in one of `factor_ms` milliseconds.
fn in_unit(key: &str, duration: &str, factor_ms: f64) -> Option<Target> {
    let target = default_target(key)?;
    Some(if key == duration { Target { factor_ms, ..target } } else { target })
}

/// Both are told by keys and names that are theirs alone, and never change within a log.
fn meaning_in(head: &[u8]) -> fn(&str) -> Option<Target> {
    let holds = |word: &[u8]| memchr::memmem::find(head, word).is_some();
    if holds(b"\"http.log.access") {
        of_caddy
    } else if holds(b"\"DownstreamStatus\"") {
        of_traefik
    } else {
        default_target
    }
}

impl JsonLines {
    pub(crate) fn open(head: &[u8], options: &DecodeOptions) -> Self {
        // Whatever does not begin as a list is lines, also where the first line is broken.
        let is_list = unpadded(head).trim_ascii_start().starts_with(b"[");
        let is_document = is_list || is_pretty(head);
        let framing = if is_document { Framing::Document } else { Framing::Lines };
        Self { framing, zone: options.zone, meaning_of: meaning_in(head) }
    }
}

/// An object over several lines, or several of them.
fn is_pretty(head: &[u8]) -> bool {
    let mut lines = unpadded(head).split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii);
    let opens = |line: &[u8]| line.starts_with(b"{") && matches!(line.last(), Some(b'{' | b'[' | b','));
    lines.next().is_some_and(opens) && lines.next().is_some_and(|line| line.starts_with(b"\""))
}

impl Decoder for JsonLines {
    fn framing(&self) -> Framing {
        self.framing
    }

    fn decode(&self, chunk: Chunk<'_>, sink: &mut dyn RecordSink) {
        let paths = Bump::new();
        let mut plain = PlainKeys::new(&paths, self.meaning_of);
        let mut keys = KeyCache::of(self.meaning_of);
        let mut builder = LogBuilder::new();
        walk_json(self.framing, &[], chunk, limits::LINE_BYTES_MAX, sink, &mut |place, text, sink| {
            // Each has its own closure: one that is called from one place is compiled into it, and values stay in
            // registers on their way.
            let is_read = plain.visit_alike(text, &mut |target, path, value| {
                builder.put(target, Cow::Borrowed(path), value);
            }) || plain
                .visit_new(text, &mut |target, path, value| {
                    builder.put(target, Cow::Borrowed(path), value);
                })
                .is_ok();
            let read = if is_read {
                Ok(())
            } else {
                builder.clear();
                keys.restart();
                visit_object(text, &mut |key, value| builder.put(keys.target(&key), key, value))
            };
            read.inspect_err(|_| builder.clear())?;
            builder.log_to(sink, place, self.zone)
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::testing::Collected;

    fn decode(text: &str) -> Collected {
        let options = DecodeOptions::new(chrono_tz::Asia::Shanghai, "app.log");
        Collected::from(&JsonLines::open(text.as_bytes(), &options), text.as_bytes())
    }

    #[test]
    fn gelf_has_levels_of_syslog() {
        let text = br#"{"version":"1.1","host":"web-1","short_message":"charge failed","timestamp":1793849103.25,"level":3,"_user_id":"u1"}"#;
        let options = DecodeOptions::new(chrono_tz::UTC, "app.log");
        let found = Collected::from(&JsonLines::open(text, &options), text);
        let log = &found.logs[0];
        assert_eq!((log.severity_number, log.body.as_deref()), (Some(17), Some("charge failed")));
        assert_eq!((log.user_id.as_deref(), log.service_version.as_deref()), (Some("u1"), None));
    }

    #[test]
    fn names_that_loggers_use() {
        let found = decode(concat!(
            r#"{"timestamp":"2026-11-05T03:05:03Z","level":"ERROR","service":"pay","msg":"charge failed\n","#,
            r#""traceId":"t1","uid":42,"http":{"method":"POST","path":"/api/v1/pay?x=1","status_code":"502"},"#,
            r#""latency_ms":"12.5","order_id":"o1","amount":18.5,"pool":{"active":2000},"tags":["a"],"none":null}"#,
        ));
        let log = &found.logs[0];
        assert_eq!(log.timestamp.to_rfc3339(), "2026-11-05T03:05:03Z");
        assert_eq!((log.severity_number, log.severity_text.as_deref()), (Some(17), Some("ERROR")));
        assert_eq!(log.service_name.as_deref(), Some("pay"));
        assert_eq!(log.body.as_deref(), Some("charge failed"));
        assert_eq!((log.trace_id.as_deref(), log.user_id.as_deref()), (Some("t1"), Some("42")));
        assert_eq!(log.http_request_method.as_deref(), Some("POST"));
        assert_eq!(log.http_route.as_deref(), Some("/api/v1/pay"));
        assert_eq!(log.http_response_status_code, Some(502));
        assert_eq!((log.duration_ms, log.amount), (Some(12.5), Some(18.5)));
        assert_eq!(log.order_id.as_deref(), Some("o1"));
        assert_eq!(found.attributes(0), [("pool.active", "2000"), ("tags", "[\"a\"]")]);
    }

    #[test]
    fn access_logs_of_nginx_in_json() {
        let found = decode(concat!(
            r#"{"time_local":"05/Nov/2026:11:05:03 +0800","msec":"1793849103.250","remote_addr":"10.0.0.1","remote_user":"-","#,
            r#""request":"POST /api/pay?x=1 HTTP/1.1","status":"502","body_bytes_sent":"157","request_time":"0.250","#,
            r#""upstream_response_time":"0.100, 0.150","http_user_agent":"curl/8"}"#,
            "\n",
            r#"{"time_iso8601":"2026-11-05T11:05:03+08:00","remote_user":"mei","request_method":"GET","request_uri":"/a?b","#,
            r#""request":"GET /a?b HTTP/1.1","status":200,"request_time":0.004}"#,
        ));
        let log = &found.logs[0];
        assert_eq!(log.timestamp.to_rfc3339(), "2026-11-05T03:05:03Z");
        assert_eq!(
            (log.http_request_method.as_deref(), log.http_route.as_deref()),
            (Some("POST"), Some("/api/pay"))
        );
        assert_eq!((log.http_response_status_code, log.duration_ms), (Some(502), Some(250.0)));
        assert_eq!((log.user_id.as_deref(), log.body.as_deref()), (None, Some("POST /api/pay?x=1 HTTP/1.1")));
        assert!(found.attributes(0).contains(&("upstream_response_time", "0.100, 0.150")));
        assert!(found.attributes(0).contains(&("remote_addr", "10.0.0.1")));
        let log = &found.logs[1];
        assert_eq!((log.user_id.as_deref(), log.http_route.as_deref()), (Some("mei"), Some("/a")));
        assert_eq!((log.http_request_method.as_deref(), log.duration_ms), (Some("GET"), Some(4.0)));
        assert!(found.attributes(1).contains(&("request", "GET /a?b HTTP/1.1")));
    }

    #[test]
    fn chinese_keys_and_elastic_common_schema() {
        let found = decode(concat!(
            r#"{"时间":"2026-11-05 11:05:03","级别":"错误","服务":"支付","消息":"连接池耗尽"}"#,
            "\n",
            r#"{"@timestamp":"2026-11-05T03:05:03Z","log.level":"info","service.name":"cart","event.duration":2500000}"#,
        ));
        assert_eq!(found.logs[0].timestamp.to_rfc3339(), "2026-11-05T03:05:03Z");
        assert_eq!(found.logs[0].severity_number, Some(17));
        assert_eq!(found.logs[0].body.as_deref(), Some("连接池耗尽"));
        assert_eq!(found.assumed_zone, 1);
        assert_eq!(found.logs[1].duration_ms, Some(2.5));
    }

    #[test]
    fn compact_events_of_serilog() {
        let found = decode(concat!(
            r#"{"@t":"2026-11-05T03:05:03.25Z","@mt":"Order {OrderId} failed","@l":"Error","@x":"System.TimeoutException: pool\n   at Pay.Charge()","@tr":"0af7651916cd43dd8448eb211c80319c","@sp":"b7ad6b7169203331","OrderId":12,"Application":"pay"}"#,
            "\n",
            r#"{"@t":"2026-11-05T03:05:04Z","@m":"Order 13 done","@mt":"Order {OrderId} done","@i":"6d2e","OrderId":13}"#,
        ));
        let log = &found.logs[0];
        assert_eq!(log.timestamp.to_rfc3339(), "2026-11-05T03:05:03.250Z");
        assert_eq!((log.severity_number, log.service_name.as_deref()), (Some(17), Some("pay")));
        assert_eq!(log.body.as_deref(), Some("Order {OrderId} failed"));
        assert_eq!(log.error_type.as_deref(), Some("System.TimeoutException"));
        assert_eq!(log.trace_id.as_deref(), Some("0af7651916cd43dd8448eb211c80319c"));
        assert_eq!((log.span_id.as_deref(), log.order_id.as_deref()), (Some("b7ad6b7169203331"), Some("12")));
        assert_eq!(found.logs[1].body.as_deref(), Some("Order 13 done"));
        assert_eq!(found.attributes(1), [("@mt", "Order {OrderId} done"), ("@i", "6d2e")]);
    }

    #[test]
    fn entries_of_google_cloud_logging() {
        let found = decode(concat!(
            r#"[{"timestamp":"2026-11-05T03:05:03Z","receiveTimestamp":"2026-11-05T03:05:03.5Z","severity":"ERROR","insertId":"abc","#,
            r#""jsonPayload":{"message":"pool is full","userId":"u7","level":"info"},"resource":{"type":"k8s_container","#,
            r#""labels":{"pod_name":"pay-64469b5b48-25zj6","container_name":"server"}},"#,
            r#""trace":"projects/shop/traces/4bf92f3577b34da6a3ce929d0e0e4736","spanId":"00f067aa0ba902b7"},"#,
            r#"{"timestamp":"2026-11-05T03:05:04Z","severity":"DEFAULT","textPayload":"listening","resource":{"labels":{"service_name":"cart"}}},"#,
            r#"{"timestamp":"2026-11-05T03:05:05Z","httpRequest":{"requestMethod":"POST","requestUrl":"https://shop.example/api/pay?x=1","status":502,"latency":"0.25s"}}]"#,
        ));
        let log = &found.logs[0];
        assert_eq!(
            (log.body.as_deref(), log.severity_text.as_deref()),
            (Some("pool is full"), Some("ERROR"))
        );
        assert_eq!((log.service_name.as_deref(), log.user_id.as_deref()), (Some("pay"), Some("u7")));
        assert_eq!(log.trace_id.as_deref(), Some("4bf92f3577b34da6a3ce929d0e0e4736"));
        assert_eq!(log.span_id.as_deref(), Some("00f067aa0ba902b7"));
        assert!(log.observed_timestamp.is_some());
        assert!(found.attributes(0).contains(&("insertId", "abc")));
        assert!(found.attributes(0).contains(&("jsonPayload.level", "info")));
        let log = &found.logs[1];
        assert_eq!((log.body.as_deref(), log.service_name.as_deref()), (Some("listening"), Some("cart")));
        let log = &found.logs[2];
        assert_eq!(
            (log.http_request_method.as_deref(), log.http_response_status_code),
            (Some("POST"), Some(502))
        );
        assert_eq!(log.duration_ms, Some(250.0));
    }

    #[test]
    fn formatted_objects_one_after_the_other() {
        let text = "{\n  \"ts\": 1793849103,\n  \"msg\": \"a\"\n}\n{\n  \"ts\": 1793849104,\n  \"svc\": \"pay\",\n  \"msg\": \"b\"\n}\n{\n  \"msg\": \"no time\"\n}\n";
        let options = DecodeOptions::new(chrono_tz::UTC, "app.log");
        let detection = crate::detect(text.as_bytes(), true, &options).unwrap();
        assert_eq!(detection.format, crate::InputFormat::JsonLines);
        let found = decode(text);
        assert_eq!(found.logs.iter().map(|log| log.body.as_deref().unwrap()).collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!(found.logs[1].service_name.as_deref(), Some("pay"));
        assert_eq!(found.rejects[0].0.record, 3);
    }

    #[test]
    fn a_status_is_http_only_where_it_can_be() {
        let found = decode(
            "{\"ts\":1793849103,\"status\":200}\n{\"ts\":1793849103,\"status\":\"PAID\"}\n{\"ts\":1793849103,\"status\":7}",
        );
        assert_eq!(found.logs[0].http_response_status_code, Some(200));
        assert_eq!(found.attributes(1), [("status", "PAID")]);
        assert_eq!(found.attributes(2), [("status", "7")]);
    }

    #[test]
    fn common_words_mean_a_column_only_in_a_request() {
        let found = decode(concat!(
            r#"{"ts":1793849103,"path":"/var/log/x.log","method":"doFilter"}"#,
            "\n",
            r#"{"ts":1793849103,"path":"/api","method":"get"}"#,
        ));
        assert_eq!(found.attributes(0), [("method", "doFilter"), ("path", "/var/log/x.log")]);
        assert_eq!(found.logs[1].http_route.as_deref(), Some("/api"));
        assert_eq!(found.logs[1].http_request_method.as_deref(), Some("GET"));
    }

    #[test]
    fn the_better_name_wins_and_the_other_stays() {
        let found = decode(
            r#"{"time":"2026-11-05T03:00:00Z","msg":"b","timestamp":"2026-11-05T03:05:03Z","message":"a"}"#,
        );
        assert_eq!(found.logs[0].timestamp.to_rfc3339(), "2026-11-05T03:05:03Z");
        assert_eq!(found.logs[0].body.as_deref(), Some("a"));
        assert_eq!(found.attributes(0), [("time", "2026-11-05T03:00:00Z"), ("msg", "b")]);
    }

    #[test]
    fn duplicate_keys_the_last_wins() {
        let found = decode(r#"{"ts":1793849103,"msg":"a","k":1,"msg":"b","k":2}"#);
        assert_eq!(found.logs[0].body.as_deref(), Some("b"));
        assert_eq!(found.attributes(0), [("k", "2")]);
    }

    #[test]
    fn numbers_that_no_machine_holds_stay_text() {
        let found = decode(r#"{"ts":1793849103,"duration_ms":1e400,"big":123456789012345678901234567890}"#);
        assert_eq!(found.logs[0].duration_ms, None);
        assert_eq!(
            found.attributes(0),
            [("big", "123456789012345678901234567890"), ("duration_ms", "1e400")]
        );
    }

    #[test]
    fn one_bad_line_spoils_no_other() {
        let mut text = b"{\"ts\":1793849103,\"msg\":\"a\"}\r\n{\"ts\":1793849103,\"ms\n\n{\"ts\":1793849103,\"msg\":\"\xFF\"}\n".to_vec();
        text.extend_from_slice(
            b"plain words\n{\"msg\":\"no time\"}\n{\"ts\":\"soon\"}\n{\"ts\":1793849103,\"msg\":\"z\"}",
        );
        let found =
            Collected::from(&JsonLines::open(&text, &DecodeOptions::new(chrono_tz::UTC, "app.log")), &text);
        assert_eq!(
            found.logs.iter().map(|log| log.body.clone().unwrap_or_default()).collect::<Vec<_>>(),
            ["a", "z"]
        );
        let reasons: Vec<(u64, &str)> =
            found.rejects.iter().map(|(place, reason, _)| (place.record, reason.as_str())).collect();
        assert_eq!(reasons.len(), 5);
        assert_eq!(reasons[0], (2, "the JSON ends in the middle (cut off?)"));
        assert!(reasons[1].1.contains("UTF-8"), "{}", reasons[1].1);
        assert!(reasons[2].1.contains("not valid JSON"), "{}", reasons[2].1);
        assert!(reasons[3].1.contains("no time"), "{}", reasons[3].1);
        assert!(reasons[4].1.contains("\"soon\" is not a time"), "{}", reasons[4].1);
        assert_eq!(found.logs.len() + found.rejects.len(), 7);
    }

    #[test]
    fn a_rejected_line_leaves_nothing_behind_for_the_next() {
        let found = decode("{\"user_id\":\"u1\",\"k\":\"v\"\n{\"ts\":1793849103}");
        assert_eq!(found.logs[0].user_id, None);
        assert_eq!(found.attributes(0), []);
    }

    #[test]
    fn a_line_that_is_too_long_is_rejected_with_its_head() {
        let text = format!(
            "{{\"ts\":1793849103,\"msg\":\"{}\"}}\n{{\"ts\":1793849103}}",
            "x".repeat(limits::LINE_BYTES_MAX)
        );
        let found = decode(&text);
        assert_eq!(found.logs.len(), 1);
        assert!(found.rejects[0].1.contains("longer than"));
        assert_eq!(found.rejects[0].2.len(), limits::REJECTED_BYTES_MAX);
    }

    #[test]
    fn the_deployment_behind_a_pod_is_a_better_service_than_its_container() {
        let found = decode(concat!(
            r#"{"ts":1793849103,"pod_name":"pay-64469b5b48-25zj6","container":"server"}"#,
            "\n",
            r#"{"ts":1793849103,"pod_name":"pay-64469b5b48-25zj6","service":"payment"}"#,
            "\n",
            r#"{"ts":1793849103,"pod_name":"pay-0","container":"server"}"#,
        ));
        let services: Vec<_> = found.logs.iter().map(|log| log.service_name.as_deref()).collect();
        assert_eq!(services, [Some("pay"), Some("payment"), Some("server")]);
        assert_eq!(found.attributes(0), [("container", "server")]);
    }

    #[test]
    fn a_list_and_a_pretty_object_are_documents() {
        let found =
            decode("[\n  {\"ts\":1793849103,\"tags\":[\n \"a\",\n \"b\"\n]},\n  {\"msg\":\"no time\"}\n]");
        assert_eq!(found.attributes(0), [("tags", "[\"a\",\"b\"]")]);
        assert_eq!((found.rejects[0].0.record, found.rejects[0].0.byte_offset), (2, 47));
        let found = decode("{\n  \"ts\": 1793849103,\n  \"msg\": \"pretty\"\n}");
        assert_eq!(found.logs[0].body.as_deref(), Some("pretty"));
    }

    #[test]
    fn levels_by_number_and_errors_by_class() {
        let found = decode(concat!(
            r#"{"time":1793849103250,"level":50,"error":"java.net.SocketTimeoutException: Read timed out"}"#,
            "\n",
            r#"{"time":1793849103250,"error":"ETIMEDOUT","event":"order.submitted"}"#,
            "\n",
            r#"{"time":1793849103250,"event":"user logged in"}"#,
        ));
        assert_eq!(found.logs[0].severity_number, Some(17));
        assert_eq!(found.logs[0].error_type.as_deref(), Some("java.net.SocketTimeoutException"));
        assert_eq!(found.attributes(0), [("error", "java.net.SocketTimeoutException: Read timed out")]);
        assert_eq!(found.logs[1].error_type.as_deref(), Some("ETIMEDOUT"));
        assert_eq!(found.logs[1].event_name.as_deref(), Some("order.submitted"));
        assert_eq!(found.logs[2].body.as_deref(), Some("user logged in"));
    }
    #[test]
    fn durations_of_proxies_are_in_their_unit() {
        let found = decode(concat!(
            r#"{"level":"error","ts":1793849103.123,"logger":"http.log.access.log0","msg":"handled request","request":{"method":"GET","uri":"/x"},"duration":0.25,"status":502}"#,
            "\n",
            r#"{"level":"error","ts":1793849104.5,"logger":"http.log.access.log0","msg":"handled request","duration":"7","status":502}"#,
        ));
        let durations: Vec<_> = found.logs.iter().map(|log| log.duration_ms).collect();
        assert_eq!(durations, [Some(250.0), Some(7_000.0)]);
        let found = decode(
            r#"{"DownstreamStatus":502,"Duration":1500000,"time":"2026-11-05T03:05:03Z","RequestPath":"/x"}"#,
        );
        let log = &found.logs[0];
        assert_eq!((log.duration_ms, log.http_response_status_code), (Some(1.5), Some(502)));
        assert_eq!(decode(r#"{"ts":1793849103,"duration":0.25}"#).logs[0].duration_ms, Some(0.25));
    }
}
