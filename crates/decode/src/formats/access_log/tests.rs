//! What access logs say, and what they hide.

use super::*;
use crate::formats::testing::Collected;

fn decode(text: &str) -> Collected {
    let options = DecodeOptions::new(chrono_tz::Asia::Shanghai, "access.log");
    Collected::from(&AccessLog::open(&options), text.as_bytes())
}

#[test]
fn combined() {
    let found = decode(concat!(
        r#"203.0.113.9 - mei [05/Nov/2026:11:05:03 +0800] "POST /api/v1/pay?order=7 HTTP/1.1" 502 157 "#,
        r#""https://shop.example/cart" "Mozilla/5.0 (iPhone)""#,
    ));
    let log = &found.logs[0];
    assert_eq!(log.timestamp.to_rfc3339(), "2026-11-05T03:05:03Z");
    assert_eq!(
        (log.http_request_method.as_deref(), log.http_route.as_deref()),
        (Some("POST"), Some("/api/v1/pay"))
    );
    assert_eq!((log.http_response_status_code, log.user_id.as_deref()), (Some(502), Some("mei")));
    assert_eq!(log.body.as_deref(), Some("POST /api/v1/pay?order=7 HTTP/1.1"));
    assert_eq!(found.assumed_zone, 0);
    assert_eq!(
        found.attributes(0),
        [
            ("network.protocol.version", "1.1"),
            ("client.address", "203.0.113.9"),
            ("http.response.body.size", "157"),
            ("http.request.header.referer", "https://shop.example/cart"),
            ("user_agent.original", "Mozilla/5.0 (iPhone)"),
        ]
    );
}

#[test]
fn a_dash_is_nothing() {
    let found = decode("::1 - - [05/Nov/2026:11:05:03 +0800] \"-\" 408 - \"-\" \"-\"\n");
    let log = &found.logs[0];
    assert_eq!((log.user_id.as_deref(), log.http_route.as_deref()), (None, None));
    assert_eq!(log.http_response_status_code, Some(408));
    assert_eq!(found.attributes(0), [("client.address", "::1")]);
}

#[test]
fn quotes_are_escaped_by_both_servers() {
    let found = decode(concat!(
        r#"10.0.0.1 - - [05/Nov/2026:11:05:03 +0800] "GET /a?q=\"x\" HTTP/1.1" 200 1 "-" "say \"hi\" \\""#,
        "\n",
        r#"10.0.0.1 - - [05/Nov/2026:11:05:03 +0800] "GET /a\x22b HTTP/1.1" 200 1 "-" "\xE6\x94\xAF\xE4\xBB\x98""#,
        "\n",
        r#"10.0.0.1 - - [05/Nov/2026:11:05:03 +0800] "\x16\x03\x01\xFF" 400 150 "-" "-""#,
    ));
    assert_eq!(found.logs[0].body.as_deref(), Some("GET /a?q=\"x\" HTTP/1.1"));
    assert!(found.attributes(0).contains(&("user_agent.original", "say \"hi\" \\")));
    assert_eq!(found.logs[1].http_route.as_deref(), Some("/a\"b"));
    assert!(found.attributes(1).contains(&("user_agent.original", "支付")));
    // Bytes that are no text stay as they were escaped.
    assert_eq!(found.logs[2].http_request_method, None);
    assert!(found.attributes(2).contains(&("request", r"\x16\x03\x01\xFF")));
}

#[test]
fn times_of_request_and_upstreams() {
    let line = |further: &str| {
        let head = r#"10.0.0.1 - - [05/Nov/2026:11:05:03 +0800] "GET /a HTTP/1.1" 200 1 "-" "curl/8" "#;
        decode(&format!("{head}{further}"))
    };
    for (further, upstream) in [
        ("\"-\" 0.250 0.1, 0.2", Some("0.1, 0.2")),
        ("0.250 \"0.100, 0.050 : 0.010\"", Some("0.100, 0.050 : 0.010")),
        ("0.250 -", None),
        ("0.250", None),
    ] {
        let found = line(further);
        assert_eq!(found.logs[0].duration_ms, Some(250.0), "{further}");
        let told = found.attributes(0).into_iter().find(|(key, _)| *key == "upstream_response_time");
        assert_eq!(told.map(|(_, value)| value), upstream, "{further}");
    }
    let found = line("rt=0.250 uct=\"0.001\" urt=\"0.1, 0.2\"");
    assert_eq!(found.logs[0].duration_ms, Some(250.0));
    assert!(found.attributes(0).contains(&("urt", "0.1, 0.2")));
    // Seconds or microseconds? Nobody can know.
    let found = line("\"203.0.113.9, 10.0.0.2\" 1250");
    assert_eq!(found.logs[0].duration_ms, None);
    assert!(found.attributes(0).contains(&("field_1", "1250")));
    assert!(found.attributes(0).contains(&("http.request.header.x-forwarded-for", "203.0.113.9, 10.0.0.2")));
    let found =
        line("512 0.250 [shop-pay-80] [] 10.1.0.7:8080 157 0.249 502 0123456789abcdef0123456789abcdef");
    assert_eq!(found.logs[0].duration_ms, Some(250.0));
    assert!(found.attributes(0).contains(&("proxy_upstream_name", "shop-pay-80")));
    assert!(found.attributes(0).contains(&("upstream_status", "502")));
}

#[test]
fn common_with_virtual_hosts_and_users_with_spaces() {
    let found = decode(concat!(
        "10.0.0.1 - Mei Lin [05/Nov/2026:11:05:03 +0800] \"GET / HTTP/1.0\" 200 2326\n",
        "shop.example:443 10.0.0.1 - - [05/Nov/2026:11:05:03 +0800] \"GET / HTTP/2.0\" 200 5 \"-\" \"curl/8\"\n",
        "10.0.0.1 - - [05/Nov/2026:11:05:03] \"GET /a b HTTP/1.1\" 200 5\n",
    ));
    assert_eq!(found.logs[0].user_id.as_deref(), Some("Mei Lin"));
    assert!(found.attributes(1).contains(&("server.address", "shop.example:443")));
    assert!(found.attributes(1).contains(&("client.address", "10.0.0.1")));
    assert_eq!(found.logs[2].http_route.as_deref(), Some("/a b"));
    // A time without a zone is read in the workspace's, and counted.
    assert_eq!(
        (found.assumed_zone, found.logs[2].timestamp.to_rfc3339().as_str()),
        (1, "2026-11-05T03:05:03Z")
    );
}

#[test]
fn a_line_cut_off_is_rejected_with_its_reason() {
    let found = decode(concat!(
        "10.0.0.1 - - [05/Nov/2026:11:05:03 +0800] \"GET /a HT\n",
        "10.0.0.1 - - [05/Nov/2026:11:05:03 +0800] \"GET /a HTTP/1.1\" 20\n",
        "10.0.0.1 - - [05/Nov/2026:11:05:03 +0800] \"GET /a HTTP/1.1\" 200 1 \"-\" \"cur\n",
        "10.0.0.1 - - [soon] \"GET /a HTTP/1.1\" 200 1\n",
        "words\n",
    ));
    let reasons: Vec<&str> = found.rejects.iter().map(|(_, reason, _)| reason.as_str()).collect();
    for (reason, expected) in
        reasons.iter().zip(["never closed", "cut off", "cut off", "\"soon\" is not a time", "not a line of"])
    {
        assert!(reason.contains(expected), "{reason}");
    }
    assert_eq!((reasons.len(), found.logs.len()), (5, 0));
}
