//! What loggers write, and what of it is understood.

use super::*;
use crate::formats::testing::Collected;
use crate::time::parse_instant;

fn decode(text: &str) -> Collected {
    let options = DecodeOptions::new(chrono_tz::Asia::Shanghai, "app.log");
    let modified_at = parse_instant("2026-11-06T00:00:00Z", Tz::UTC).ok().map(|parsed| parsed.at);
    let decoder = TextLog::open(&options, Origin { modified_at, ..Origin::default() });
    let whole = Collected::from(&decoder, text.as_bytes());
    for size in 1..text.len() {
        assert_eq!(Collected::in_chunks(&decoder, text.as_bytes(), size), whole);
    }
    whole
}

/// Level, logger, message and the other attributes of a single line.
fn line(text: &str) -> (String, String, String) {
    let found = decode(text);
    assert_eq!((found.logs.len(), found.rejects.len()), (1, 0), "{text}: {:?}", found.rejects);
    let logger = found.attributes(0).into_iter().find(|(key, _)| *key == "logger");
    let log = &found.logs[0];
    (
        log.severity_text.as_deref().unwrap_or_default().to_owned(),
        logger.map(|(_, name)| name).unwrap_or_default().to_owned(),
        log.body.as_deref().unwrap_or_default().to_owned(),
    )
}

#[test]
fn level_logger_and_message_of_common_loggers() {
    for (text, level, logger, message) in [
        (
            "2026-11-05 11:05:03,123 [main] ERROR com.shop.Pay - charge failed",
            "ERROR",
            "com.shop.Pay",
            "charge failed",
        ),
        (
            "2026-11-05 11:05:03,123 ERROR [main] com.shop.Pay: charge failed",
            "ERROR",
            "com.shop.Pay",
            "charge failed",
        ),
        (
            "2026-11-05 11:05:03.123  WARN 42 --- [exec-1] c.shop.Pay  : slow: 3 s",
            "WARN",
            "c.shop.Pay",
            "slow: 3 s",
        ),
        (
            "2026-11-05T11:05:03.123+08:00  INFO 1 --- [pay] [main] c.shop.Pay : up",
            "INFO",
            "c.shop.Pay",
            "up",
        ),
        ("2026-11-05 11:05:03,123 - shop.pay - ERROR - charge failed", "ERROR", "shop.pay", "charge failed"),
        ("2026-11-05 11:05:03,123 ERROR shop.pay: charge failed", "ERROR", "shop.pay", "charge failed"),
        ("2026-11-05 11:05:03 [INFO] charge done", "INFO", "", "charge done"),
        (
            "[2026-11-05 11:05:03,123: ERROR/ForkPoolWorker-2] Task pay.charge failed",
            "ERROR",
            "",
            "Task pay.charge failed",
        ),
        (
            "[05-Nov-2026 11:05:03 UTC] PHP Fatal error:  Uncaught Error in /a.php:3",
            "Fatal",
            "",
            "PHP Fatal error:  Uncaught Error in /a.php:3",
        ),
        (
            "[05-Nov-2026 11:05:03 Asia/Shanghai] PHP Parse error:  unexpected",
            "error",
            "",
            "PHP Parse error:  unexpected",
        ),
        (
            "[Thu Nov 05 11:05:03.123456 2026] [core:error] [pid 42:tid 7] AH00126: Invalid URI",
            "error",
            "core",
            "[pid 42:tid 7] AH00126: Invalid URI",
        ),
        ("2026-11-05T03:05:03.123456Z 0 [Note] InnoDB: started", "Note", "", "InnoDB: started"),
        (
            "2026-11-05T03:05:03.123456Z 12 [Warning] [MY-010055] [Server] slow",
            "Warning",
            "",
            "[Server] slow",
        ),
        ("2026-11-05 11:05:03 | WARNING | shop.pay - slow", "WARNING", "shop.pay", "slow"),
        ("2026/11/05 11:05:03 charge failed", "", "", "charge failed"),
        ("2026/11/05 11:05:03 main.go:42: charge failed", "", "", "charge failed"),
        ("[2026-11-05T03:05:03Z ERROR shop::pay] charge failed", "ERROR", "shop::pay", "charge failed"),
        (
            "2026-11-05T03:05:03.123456Z ERROR shop::pay: charge failed id=1",
            "ERROR",
            "shop::pay",
            "charge failed id=1",
        ),
        (
            "2026-11-05T11:05:03.123+0800\tERROR\tpay\tshop/pay.go:42\tcharge failed\t{\"id\": 1}",
            "ERROR",
            "pay",
            "charge failed",
        ),
        ("E1105 11:05:03.123456   42 pay.go:7] charge failed", "E", "", "charge failed"),
        (
            "2026-11-05 11:05:03.123 [TID:N/A] [http-1] ERROR com.shop.A -charge failed",
            "ERROR",
            "",
            "[http-1] ERROR com.shop.A -charge failed",
        ),
        ("2026-11-05 11:05:03 pay [ERROR] charge failed", "ERROR", "", "pay [ERROR] charge failed"),
        ("2026-11-05 11:05:03 【WARN】 slow", "WARN", "", "【WARN】 slow"),
        (
            "[2026-11-05 11:05:03] production.ERROR: charge failed",
            "ERROR",
            "production.ERROR",
            "charge failed",
        ),
        ("2026-11-05 11:05:03 the bank said ERROR to us", "", "", "the bank said ERROR to us"),
        ("2026-11-05T03:05:03.123456789Z 2026-11-05 11:05:03.1 ERROR shop.pay: x", "ERROR", "shop.pay", "x"),
        (
            "2026-11-05 11:05:03 {\"level\":\"ERROR\",\"logger\":\"shop.pay\",\"msg\":\"x\"}",
            "ERROR",
            "shop.pay",
            "x",
        ),
        (
            "2026-11-05 11:05:03 2026-11-04 11:05:03 was too early",
            "",
            "",
            "2026-11-04 11:05:03 was too early",
        ),
        ("31:M 05 Nov 2026 11:05:03.123 # charge failed", "warning", "", "charge failed"),
        ("2026-11-05T03:05:03.1Z 12 [Warning] [MY-010055] [Server] slow", "Warning", "", "[Server] slow"),
        (
            "2026-11-05 11:05:03.123 CST [42] mei@shop ERROR:  deadlock detected",
            "ERROR",
            "",
            "deadlock detected",
        ),
        (
            "2026-11-05 11:05:03.123 UTC [42] LOG:  checkpoint starting: time",
            "LOG",
            "",
            "checkpoint starting: time",
        ),
        (
            "[2026-11-05 11:05:03,123] INFO [Server id=0] started (kafka.Server)",
            "INFO",
            "",
            "[Server id=0] started (kafka.Server)",
        ),
        (
            "[Thu Nov 05 11:05:03.123456 2026] [error] [pid 7] [client 10.0.0.1:5] denied",
            "error",
            "",
            "[client 10.0.0.1:5] denied",
        ),
        (
            "05-Nov-2026 11:05:03.123 SEVERE [main] org.shop.Pay.charge failed",
            "SEVERE",
            "",
            "[main] org.shop.Pay.charge failed",
        ),
        ("INFO  [2026-11-05 11:05:03,123] shop.Pay: done", "INFO", "shop.Pay", "done"),
        ("2026-11-05 11:05:03 ERROR 支付失败: 连接池耗尽", "ERROR", "", "支付失败: 连接池耗尽"),
        ("2026年11月5日 11:05:03 [ERROR] 支付失败", "ERROR", "", "支付失败"),
        ("2026年11月05日11时05分03秒，支付失败", "", "", "支付失败"),
        ("2026-11-05 11:05:03：支付失败", "", "", "支付失败"),
        ("2026-11-05 11:05:03 error talking to the bank", "", "", "error talking to the bank"),
        ("2026-11-05 11:05:03 ERROR failed: retry - later", "ERROR", "", "failed: retry - later"),
        ("2026-11-05 11:05:03 INFO [order-7] created", "INFO", "", "[order-7] created"),
        (
            "\u{1b}[2m2026-11-05T03:05:03Z\u{1b}[0m \u{1b}[31mERROR\u{1b}[0m shop::pay: failed",
            "ERROR",
            "shop::pay",
            "failed",
        ),
    ] {
        assert_eq!(line(text), (level.to_owned(), logger.to_owned(), message.to_owned()), "{text}");
    }
}

#[test]
fn threads_processes_and_traces_are_kept() {
    let found = decode(concat!(
        "2026-11-05 11:05:03.123 ERROR [pay,64f0aa11bb22cc33dd44ee55ff667788,a1b2c3d4e5f60718] 42 --- [exec-1] c.shop.Pay : x\n",
        "2026-11-05 11:05:03,123 [exec-2] INFO com.shop.Pay - y\n",
        "2026-11-05T11:05:03.123+0800\tINFO\tshop/pay.go:42\tdone\t{\"user_id\": \"u1\", \"k\": 1}\n",
    ));
    let log = &found.logs[0];
    assert_eq!(log.trace_id.as_deref(), Some("64f0aa11bb22cc33dd44ee55ff667788"));
    assert_eq!(
        (log.span_id.as_deref(), log.service_name.as_deref()),
        (Some("a1b2c3d4e5f60718"), Some("pay"))
    );
    assert_eq!(
        found.attributes(0),
        [("logger", "c.shop.Pay"), ("thread.name", "exec-1"), ("process.pid", "42")]
    );
    assert_eq!(found.attributes(1), [("logger", "com.shop.Pay"), ("thread.name", "exec-2")]);
    assert_eq!(found.logs[2].user_id.as_deref(), Some("u1"));
    assert_eq!(found.attributes(2), [("code.location", "shop/pay.go:42"), ("k", "1")]);
}

#[test]
fn stack_traces_belong_to_the_line_before() {
    let found = decode(concat!(
        "2026-11-05 11:05:03,123 [main] ERROR com.shop.Pay - charge failed\n",
        "java.lang.IllegalStateException: pool exhausted\n",
        "\tat com.shop.Pool.take(Pool.java:7)\n",
        "\n",
        "Caused by: java.net.SocketTimeoutException: Read timed out\n",
        "\t... 12 more\n",
        "2026-11-05 11:05:04,000 ERROR shop.pay: charge failed\r\n",
        "Traceback (most recent call last):\r\n",
        "  File \"pay.py\", line 7, in charge\r\n",
        "    raise Timeout()\r\n",
        "shop.errors.PoolTimeoutError: pool\r\n",
        "2026-11-05 11:05:05 INFO select *\n  from orders\n  where id = 7\n\n",
    ));
    assert_eq!(found.logs.len(), 3);
    let log = &found.logs[0];
    assert_eq!(log.body.as_deref(), Some("charge failed"));
    assert_eq!(log.error_type.as_deref(), Some("java.lang.IllegalStateException"));
    let stack = found.attributes(0).into_iter().find(|(key, _)| *key == "exception.stacktrace").unwrap().1;
    assert!(stack.starts_with("java.lang.Illegal") && stack.ends_with("... 12 more"), "{stack}");
    assert_eq!(found.logs[1].error_type.as_deref(), Some("shop.errors.PoolTimeoutError"));
    assert_eq!(found.logs[2].body.as_deref(), Some("select *\n  from orders\n  where id = 7"));
}

#[test]
fn records_of_another_kind_among_text_are_records() {
    let found = decode(concat!(
        "2026-11-05 11:05:03 INFO starting\n",
        "{\"time\":\"2026-11-05T11:05:04+08:00\",\"level\":\"error\",\"msg\":\"pay failed\",\"status\":500}\n",
        "\tat com.shop.Pay\n",
        "time=2026-11-05T11:05:05+08:00 level=warn msg=\"slow\"\n",
        "10.0.0.1 - - [05/Nov/2026:11:05:06 +0800] \"GET /pay HTTP/1.1\" 502 7\n",
        "2026-11-05 11:05:07 ERROR answer was\n",
        "{\"order\":1,\"items\":[]}\n",
        "a=b [c] \"d\"\n",
    ));
    assert_eq!(found.rejects, []);
    let told: Vec<_> = found
        .logs
        .iter()
        .map(|log| (log.severity_number, log.http_response_status_code, log.body.as_deref().unwrap_or("")))
        .collect();
    assert_eq!(
        told,
        [
            (Some(9), None, "starting"),
            (Some(17), Some(500), "pay failed"),
            (Some(13), None, "slow"),
            (None, Some(502), "GET /pay HTTP/1.1"),
            (Some(17), None, "answer was\n{\"order\":1,\"items\":[]}\na=b [c] \"d\""),
        ]
    );
    assert!(found.attributes(1).contains(&("exception.stacktrace", "\tat com.shop.Pay")));
    assert!(found.logs.iter().all(|log| log.timestamp.to_rfc3339().starts_with("2026-11-05T03:05:0")));
}

#[test]
fn lines_before_the_first_record_are_rejected_together() {
    let found = decode("\tat com.shop.Pay\n\tat com.shop.Main\n2026-11-05 11:05:03 INFO up\n");
    assert_eq!((found.logs.len(), found.rejects.len()), (1, 1));
    assert!(found.rejects[0].1.contains("no record stands before it"));
    assert_eq!(found.rejects[0].2, b"\tat com.shop.Pay\n\tat com.shop.Main");
}

#[test]
fn zones_and_years_that_are_assumed_are_counted() {
    let found = decode(concat!(
        "2026-11-05 11:05:03 INFO a\n",
        "2026-11-05T03:05:03Z INFO b\n",
        "2026-11-05 11:05:03.1 CST [1] LOG:  c\n",
        "I1105 11:05:03.1 1 a.go:7] d\n",
    ));
    assert_eq!((found.assumed_zone, found.assumed_year), (3, 1));
    let found = decode(concat!(
        "2026-11-05 12:05:03 JST ERROR a\n",
        "2026-11-04 22:05:03 EST [1] ERROR:  b\n",
        "[04-Nov-2026 22:05:03 America/New_York] PHP Warning:  c\n",
    ));
    assert_eq!(found.assumed_zone, 0);
    assert!(
        found.logs.iter().all(|log| log.timestamp.to_rfc3339() == "2026-11-05T03:05:03Z"),
        "{:?}",
        found.logs
    );
    assert!(found.logs.iter().all(|log| log.timestamp.to_rfc3339().starts_with("2026-11-05T03:05:03")));
    let options = DecodeOptions::new(chrono_tz::UTC, "app.log");
    let text = b"I1105 11:05:03.1 1 a.go:7] d\n2026-02-30 11:05:03 x\n";
    let found = Collected::from(&TextLog::open(&options, Origin::default()), text);
    assert!(found.rejects[0].1.contains("has no year"), "{}", found.rejects[0].1);
    assert!(found.rejects[1].1.contains("calendar"));
}

#[test]
fn what_a_container_writes_is_read_as_its_program_wrote_it() {
    let found = decode(concat!(
        "2026-11-05T03:05:03.123456789Z stdout F {\"level\":\"error\",\"msg\":\"charge failed\"}\n",
        "2026-11-05T03:05:03.2Z stderr F 2026-11-05 11:05:03,199 WARN slow\n",
        "2026-11-05T03:05:03.3Z stderr F level=info msg=\"k v\" n=1\n",
        "2026-11-05T03:05:03.4Z stdout F plain\n",
        "2026-11-05T03:05:03.5Z stdout F \tat com.shop.Pay\n",
        "2026-11-05T03:05:03.6Z stdout P {\"level\":\"warn\",\n",
        "2026-11-05T03:05:03.7Z stdout P \"msg\":\"too long\n",
        "2026-11-05T03:05:03.8Z stdout F  for a line\"}\n",
    ));
    let told: Vec<_> =
        found.logs.iter().map(|log| (log.severity_number, log.body.as_deref().unwrap())).collect();
    assert_eq!(told[..3], [(Some(17), "charge failed"), (Some(13), "slow"), (Some(9), "k v")]);
    assert_eq!(told[3..], [(None, "plain"), (Some(13), "too long for a line")]);
    assert!(found.attributes(3).contains(&("exception.stacktrace", "\tat com.shop.Pay")));
    assert_eq!(found.logs[0].timestamp.to_rfc3339(), "2026-11-05T03:05:03.123456Z");
}

#[test]
fn nginx_errors_name_their_request() {
    let found = decode(concat!(
        "2026/11/05 11:05:03 [error] 31#31: *7 connect() failed (111: Connection refused) while connecting to upstream, ",
        "client: 10.0.0.1, server: shop, request: \"POST /api/pay?x=1 HTTP/1.1\", upstream: \"http://10.1.0.7:8080/api/pay\", host: \"shop.example\"\n",
    ));
    let log = &found.logs[0];
    assert_eq!((log.severity_number, log.http_route.as_deref()), (Some(17), Some("/api/pay")));
    assert_eq!(
        log.body.as_deref(),
        Some("*7 connect() failed (111: Connection refused) while connecting to upstream")
    );
    let attributes = found.attributes(0);
    assert!(attributes.contains(&("client.address", "10.0.0.1")));
    assert!(attributes.contains(&("nginx.upstream", "http://10.1.0.7:8080/api/pay")));
}
