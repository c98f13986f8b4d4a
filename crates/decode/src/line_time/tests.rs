//! Which lines begin a record, and when.

use super::*;

fn read(line: &str) -> (String, &str, Option<&str>) {
    let found = LineTime::find(line.as_bytes()).unwrap_or_else(|| panic!("{line}"));
    let modified_at = parse_instant("2026-11-06T00:00:00Z", Tz::UTC).ok().map(|parsed| parsed.at);
    let at = found.read(line, Tz::UTC, modified_at).map(|instant| instant.parsed.at.to_rfc3339());
    (at.unwrap_or_else(|reason| reason), &line[found.end..], found.level.map(|range| &line[range]))
}

#[test]
fn times_as_loggers_write_them() {
    const AT: &str = "2026-11-05T11:05:03.123Z";
    for (line, rest) in [
        ("2026-11-05 11:05:03,123 INFO x", " INFO x"),
        ("2026-11-05T11:05:03.123Z INFO x", " INFO x"),
        ("2026-11-05T19:05:03.123+0800\tINFO\tx", "\tINFO\tx"),
        ("2026-11-05 11:05:03.123 UTC [1] LOG:  x", " [1] LOG:  x"),
        ("2026-11-05 11:05:03.123 CST [1] LOG:  x", " CST [1] LOG:  x"),
        ("2026/11/05 11:05:03.123 main.go:7: x", " main.go:7: x"),
        ("[2026-11-05T11:05:03.123Z INFO  app] x", " INFO  app] x"),
        ("[2026-11-05 11:05:03.123] x", " x"),
        ("2026-11-05 11:05:03.123|x", "|x"),
        ("05-Nov-2026 11:05:03.123 INFO x", " INFO x"),
        ("31:M 05 Nov 2026 11:05:03.123 * x", " * x"),
        ("[Thu Nov 05 11:05:03.123000 2026] [core:error] x", " [core:error] x"),
        ("20261105 11:05:03.123 x", " x"),
        ("11-05 11:05:03.123  1 2 I Tag: x", "  1 2 I Tag: x"),
        ("2026年11月5日 11:05:03.123 支付失败", " 支付失败"),
        ("[2026年11月05日 11:05:03.123] [ERROR] x", " [ERROR] x"),
        ("\u{1b}[2m2026-11-05T11:05:03.123Z\u{1b}[0m x", " x"),
    ] {
        assert_eq!(read(line), (AT.to_owned(), rest, None), "{line}");
    }
    for line in
        ["2026年11月05日11时05分03秒 x", "2026年11月5日 11时5分3秒，支付失败", "2026年11月05日11:05:03：x"]
    {
        assert_eq!(read(line).0, "2026-11-05T11:05:03Z", "{line}");
    }
    assert_eq!(read("Nov 05, 2026 11:05:03 PM a.B c").0, "2026-11-05T23:05:03Z");
    for (line, rest, level) in [
        ("I1105 11:05:03.123000   1 a.go:7] x", "   1 a.go:7] x", "I"),
        ("E20261105 11:05:03.123 1 a.cc:7] x", " 1 a.cc:7] x", "E"),
        ("INFO  [2026-11-05 11:05:03,123] x", " x", "INFO"),
        ("[WARN] 2026-11-05 11:05:03,123 x", " x", "WARN"),
        ("ERROR: 2026-11-05 11:05:03,123: x", ": x", "ERROR"),
    ] {
        assert_eq!(read(line), (AT.to_owned(), rest, Some(level)), "{line}");
    }
}

#[test]
fn lines_that_begin_nothing() {
    for line in [
        "",
        "\tat com.example.Pay.charge(Pay.java:7)",
        "  File \"pay.py\", line 7, in charge",
        "Caused by: java.net.SocketTimeoutException: Read timed out",
        "2026-11-05,1,2",
        "2026-11-05 11:05:03,123,4",
        "2026-11-05",
        "2026年11月5日 支付失败",
        "2026年11月5日",
        "20261105 orders",
        "INFO no time",
        "12:30 lunch",
        "May be later",
        "2026-11-05T11:05:03Z stdout F \tat com.example.Pay",
    ] {
        assert!(!begins_record(line.as_bytes()), "{line}");
    }
    assert!(begins_record(b"2026-11-05T11:05:03Z stdout F text"));
}

#[test]
fn a_year_is_never_guessed() {
    let line = "I1105 11:05:03.1 1 a.go:7] x";
    let found = LineTime::find(line.as_bytes()).unwrap();
    assert!(found.read(line, Tz::UTC, None).unwrap_err().contains("has no year"));
}
