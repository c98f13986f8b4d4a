//! What syslog says, and what it leaves out.

use super::*;
use crate::formats::testing::Collected;
use crate::time::parse_instant;

fn decode(text: &str) -> Collected {
    let modified_at = parse_instant("2026-11-05T12:00:00Z", Tz::UTC).ok().map(|parsed| parsed.at);
    decode_from(text, Origin { modified_at, ..Origin::default() })
}

fn decode_from(text: &str, origin: Origin) -> Collected {
    let options = DecodeOptions::new(chrono_tz::Asia::Shanghai, "syslog");
    Collected::from(&Syslog::open(text.as_bytes(), &options, origin), text.as_bytes())
}

#[test]
fn rfc_5424_with_structured_data_and_a_mark() {
    let found = decode(concat!(
        "<165>1 2026-11-05T03:05:03.003Z pay-1.example pay 42 charge.failed ",
        "[shop@32473 trace_id=\"t1\" say=\"\\\"hi\\\" [a\\] \\\\ \\x\"][meta sequenceId=\"7\"] \u{FEFF}支付失败\n",
        "<34>1 2026-11-05T11:05:03+08:00 - - - - -\n",
    ));
    let log = &found.logs[0];
    assert_eq!(log.timestamp.to_rfc3339(), "2026-11-05T03:05:03.003Z");
    assert_eq!((log.severity_text.as_deref(), log.severity_number), (Some("notice"), Some(10)));
    assert_eq!((log.host_name.as_deref(), log.service_name.as_deref()), (Some("pay-1.example"), Some("pay")));
    assert_eq!((log.event_name.as_deref(), log.trace_id.as_deref()), (Some("charge.failed"), Some("t1")));
    assert_eq!(log.body.as_deref(), Some("支付失败"));
    assert_eq!(
        found.attributes(0),
        [
            ("syslog.facility", "local4"),
            ("process.pid", "42"),
            ("shop@32473.say", "\"hi\" [a] \\ \\x"),
            ("meta.sequenceId", "7"),
        ]
    );
    assert_eq!((found.logs[1].severity_number, found.logs[1].body.as_deref()), (Some(18), None));
    assert_eq!(found.assumed_zone, 0);
}

#[test]
fn rfc_3164_has_no_year_and_no_zone() {
    let text = "<34>Nov  5 11:05:03 web-1 sshd[123]: Failed password\n<13>Dec 31 23:59:59 web-1 app: old\n";
    let found = decode(text);
    // 11:05 in Shanghai; December is the year before the file was written.
    assert_eq!(found.logs[0].timestamp.to_rfc3339(), "2026-11-05T03:05:03Z");
    assert_eq!(found.logs[1].timestamp.to_rfc3339(), "2025-12-31T15:59:59Z");
    assert_eq!((found.assumed_zone, found.assumed_year), (2, 2));
    assert_eq!(
        (found.logs[0].host_name.as_deref(), found.logs[0].service_name.as_deref()),
        (Some("web-1"), Some("sshd"))
    );
    assert_eq!(found.logs[0].body.as_deref(), Some("Failed password"));
    // Where nobody knows the year, nobody guesses it.
    let found = decode_from(text, Origin::default());
    assert_eq!((found.logs.len(), found.rejects.len()), (0, 2));
    assert!(found.rejects[0].1.contains("\"Nov  5 11:05:03\" has no year"), "{}", found.rejects[0].1);
}

#[test]
fn what_daemons_make_of_it() {
    let found = decode(concat!(
        "Nov  5 11:05:03 web-1 kernel: Out of memory\n",
        "<30>Nov  5 11:05:03 dockerd[7]: no host\n",
        "<30>Nov  5 2026 11:05:03 web-1 app: a year\n",
        "<30>Nov  5 11:05:03.250 2026 web-1 app: a year behind\n",
        "2026-11-05T11:05:03.250000+08:00 web-1 app[8]: iso\n",
        "<30>Nov  5 11:05:03 web-1 no tag here\n",
        "<30>Nov  5 11:05:03 web-1 app: @cee: {\"msg\":\"structured\",\"user_id\":\"u1\"}\n",
    ));
    assert_eq!(found.rejects, []);
    let bodies: Vec<_> = found.logs.iter().map(|log| log.body.as_deref().unwrap()).collect();
    assert_eq!(
        bodies,
        ["Out of memory", "no host", "a year", "a year behind", "iso", "no tag here", "structured"]
    );
    let hosts: Vec<_> = found.logs.iter().map(|log| log.host_name.as_deref()).collect();
    assert_eq!(hosts[..2], [Some("web-1"), None]);
    assert_eq!(found.logs[3].timestamp.to_rfc3339(), "2026-11-05T03:05:03.250Z");
    assert_eq!(found.logs[4].timestamp.to_rfc3339(), "2026-11-05T03:05:03.250Z");
    assert_eq!(found.logs[6].user_id.as_deref(), Some("u1"));
    assert_eq!((found.assumed_zone, found.assumed_year), (6, 4));
}

#[test]
fn messages_with_their_length_may_hold_line_feeds() {
    let first = "<13>1 2026-11-05T03:05:03Z h app - - - line 1\nline 2";
    let second = "<13>1 2026-11-05T03:05:04Z h app - - - b\n";
    let cut = "90 <13>1 2026-11-05T03:05:05Z h app - - - cut";
    let text = format!("{} {first}{} {second}{cut}", first.len(), second.len());
    let found = decode(&text);
    assert_eq!(found.logs.len(), 2);
    assert_eq!(found.logs[0].body.as_deref(), Some("line 1\nline 2"));
    assert_eq!(found.logs[1].body.as_deref(), Some("b"));
    assert!(found.rejects[0].1.contains("says it has 90 bytes"), "{}", found.rejects[0].1);
}

#[test]
fn what_cannot_be_read_says_why() {
    let found = decode(concat!(
        "<999>Nov  5 11:05:03 h a: x\n",
        "<13>1 - h a - - - x\n",
        "<13>1 2026-11-05T03:05:03Z h a - - [x y=\"z\n",
        "<13>1 2026-11-05T03:05:03Z h\n",
        "<13>no time\n",
    ));
    for ((_, reason, _), expected) in found.rejects.iter().zip([
        "999 is above 191",
        "no time",
        "never closed",
        "fewer than six",
        "no time of syslog",
    ]) {
        assert!(reason.contains(expected), "{reason}");
    }
    assert_eq!(found.rejects.len(), 5);
}

#[test]
fn lines_that_are_syslog() {
    for line in [
        "<34>1 2026-11-05T03:05:03Z h a - - - x",
        "<34>Nov  5 11:05:03 h a: x",
        "Nov 15 11:05:03 h a: x",
        "2026-11-05T11:05:03.25+08:00 web-1 app[8]: x",
    ] {
        assert!(looks_like(line), "{line}");
    }
    for line in [
        "2026-11-05T03:05:03Z INFO app: x",
        "2026-11-05T03:05:03Z  INFO app::pay: x",
        "2026-11-05T03:05:03Z main.go:7: x",
        "<html>",
        "November rain",
    ] {
        assert!(!looks_like(line), "{line}");
    }
}
