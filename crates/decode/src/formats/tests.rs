//! Promises that hold for every format: no panic, every record accounted for, any cut the same.

use proptest::prelude::*;

use super::testing::Collected;
use super::*;
use crate::detect;

fn options() -> DecodeOptions {
    DecodeOptions::new(chrono_tz::Asia::Shanghai, "source")
}

fn decoder(format: InputFormat, bytes: &[u8]) -> Result<Box<dyn Decoder>, DecodeError> {
    let detection = Detection::new(format, String::new());
    open(&detection, bytes, &options())
}

/// One good source per line-like format, with traps.
const SOURCES: &[(InputFormat, &str)] = &[
    (
        InputFormat::JsonLines,
        "{\"ts\":1793849103,\"msg\":\"支付\"}\r\n\n{\"ts\":1793849103,\"ms\n{\"ts\":\"2026-11-05 11:05\",\"a\":{\"b\":[1]}}\n{\"msg\":1}",
    ),
    (
        InputFormat::CsvLogs,
        "time,level,message\n1793849103,INFO,\"a\nb\"\n1793849104,WARN,\"say \"\"hi\"\"\"\nsoon,x,y\n\n1793849105,E",
    ),
    (
        InputFormat::CsvMetricsLong,
        "time,metric,value,svc\n1793849103,cpu,1.5,a\n1793849104,cpu,,a\n1793849104,cpu,x,a\n",
    ),
    (InputFormat::CsvMetricsWide, "time,a,b,label\n1793849103,1,2,x\n1793849104,,NaN,\"y,z\"\nx,1,2,3\n"),
    (
        InputFormat::CsvTraces,
        "trace_id,span_id,parent_id,start,duration_ms\nt,a,,1793849103,1\nt,b,a,1793849103,2\n,,,,\n",
    ),
    (InputFormat::ChangesCsv, "timestamp,service,version\n1793849103,a,v1\n1793849103,a,v2\nx,a,v2\n"),
    (
        InputFormat::OtlpJson,
        "{\"resourceLogs\":[{\"scopeLogs\":[{\"logRecords\":[{\"timeUnixNano\":\"1793849103250000001\"},{\"timeUnixNano\":\"1793849103250000001\"}]}]}]}\n{\"resourceLogs\":[{\"scopeLogs\":[{\"logRecords\":[{}]}]}]}\n",
    ),
    (
        InputFormat::TracesJson,
        "{\"trace_id\":\"t\",\"span_id\":\"a\",\"start\":1793849103}\n{\"trace_id\":\"t\"}\n{\"trace_id\":\"t\",\"span_id\":\"b\",\"start\":1793849103}\n",
    ),
    (
        InputFormat::Alerts,
        "{\"id\":\"a\",\"fired_at\":1793849103}\n{\"id\":\"b\"}\n{\"id\":\"c\",\"fired_at\":1793849103,\"resolved_at\":1793849203}\n",
    ),
    (
        InputFormat::Changes,
        "{\"flag\":\"f\",\"time\":1793849103}\n{}\n{\"type\":\"deploy\",\"time\":1793849103}\n",
    ),
    (
        InputFormat::Statuspage,
        "{\"id\":\"1\",\"title\":\"x\",\"updates\":[{\"at\":1793849103}]}\n{\"id\":\"2\",\"updates\":[{}]}\n",
    ),
    (
        InputFormat::AccessLog,
        "10.0.0.1 - - [05/Nov/2026:11:05:03 +0800] \"GET /a HTTP/1.1\" 200 1 \"-\" \"curl\" 0.1 0.1, 0.2\r\nbroken\n\n10.0.0.1 - - [05/Nov/2026:11:05:03] \"GET /\" 200 -",
    ),
    (
        InputFormat::Syslog,
        "<13>1 2026-11-05T03:05:03Z h a - - [x y=\"z\"] 支付\n<13>Nov  5 11:05:03 h a: b\n<999>x\n2026-11-05T03:05:03Z h a[1]: c",
    ),
    (
        InputFormat::Syslog,
        "34 <13>1 2026-11-05T03:05:03Z - a - - -\n34 <13>1 2026-11-05T03:05:03Z - \n\n- --x\nbad\n99 <13>cut",
    ),
    (
        InputFormat::Journald,
        "{\"__REALTIME_TIMESTAMP\":\"1793849103250000\",\"MESSAGE\":[228,189,160]}\n{\"MESSAGE\":1}\n{\"__REAL",
    ),
    (
        InputFormat::Logfmt,
        "ts=1793849103 level=info msg=\"a b\"\nlevel=info\nts=1793849103 msg=\"open\nts=1793849103",
    ),
    (
        InputFormat::TextLog,
        "\tat lost\n2026-11-05 11:05:03 ERROR a\r\n\tat b\n\n2026-02-30 11:05:03 x\n  y\n2026-11-05 11:05:04 INFO 支付\nCaused by: x",
    ),
    (
        InputFormat::Loki,
        "{\"streams\":[{\"stream\":{\"app\":\"a\"},\"values\":[[\"1793849103000000000\",\"x\"],[\"1793849103000000000\",\"y\"]]}]}\n{\"line\":\"x\"}\n{\"streams\":[]}\n",
    ),
    (
        InputFormat::Elasticsearch,
        "{\"index\":{\"_id\":\"1\"}}\n{\"ts\":1793849103}\n{\"_id\":\"1\",\"_source\":{\"ts\":1793849103}}\n{\"_id\":\"1\",\"_source\":{}}\n",
    ),
    (
        InputFormat::CloudwatchLogs,
        "{\"logEvents\":[{\"timestamp\":1793849103250,\"message\":\"a\"},{\"timestamp\":1793849103250,\"message\":\"b\"}]}\n{\"logEvents\":[{}]}\n{\"timestamp\":1793849103250}\n",
    ),
];

#[test]
fn any_chunk_size_gives_the_same_records_at_the_same_places() {
    for (format, text) in SOURCES {
        let decoder = decoder(*format, text.as_bytes()).unwrap();
        let whole = Collected::from(decoder.as_ref(), text.as_bytes());
        assert!(!whole.places.is_empty(), "{format:?}");
        for chunk_bytes in 1..text.len() {
            let parts = Collected::in_chunks(decoder.as_ref(), text.as_bytes(), chunk_bytes);
            // A NaN equals nothing, but is written the same.
            assert_eq!(format!("{parts:?}"), format!("{whole:?}"), "{format:?} in chunks of {chunk_bytes}");
        }
    }
}

#[test]
fn every_record_gives_rows_or_one_reject() {
    for (format, text) in SOURCES {
        let decoder = decoder(*format, text.as_bytes()).unwrap();
        let found = Collected::from(decoder.as_ref(), text.as_bytes());
        let counted = decoder.count_records(text.as_bytes(), 0);
        assert!(found.places.iter().all(|place| (1..=counted).contains(&place.record)), "{format:?}");
        assert!(found.places.is_sorted(), "{format:?}");
        for (place, reason, _) in &found.rejects {
            assert_eq!(found.places.iter().filter(|other| *other == place).count(), 1, "{format:?} {reason}");
            assert!(!reason.is_empty());
        }
    }
}

#[test]
fn a_place_leads_to_the_record() {
    for (format, text) in SOURCES {
        let decoder = decoder(*format, text.as_bytes()).unwrap();
        let found = Collected::from(decoder.as_ref(), text.as_bytes());
        for (place, _, bytes) in &found.rejects {
            assert!(text.as_bytes()[place.byte_offset as usize..].starts_with(bytes), "{format:?} {place:?}");
        }
    }
}

/// Text that looks enough like input to get deep into the decoders.
fn like_input() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop::sample::select(vec![
        "{",
        "}",
        "[",
        "]",
        "\"",
        "\\",
        ":",
        ",",
        "\n",
        "\r\n",
        " ",
        "null",
        "true",
        "1e400",
        "-1",
        "1793849103",
        "\u{FEFF}",
        "\"ts\":",
        "\"msg\":",
        "{\"ts\":1793849103}",
        "\"trace_id\":\"t\"",
        "\"span_id\":\"s\"",
        "\"id\":\"1\"",
        "\"updates\":[",
        "\"fired_at\":",
        "\"flag\":\"f\"",
        "\"start\":",
        "\"resourceLogs\":[{\"scopeLogs\":[{\"logRecords\":[",
        "\"status\":",
        "\"data\":{\"result\":[{\"values\":[[1,\"NaN\"]]}",
        "incident: A\n",
        "2026-11-05 11:05:03 ",
        "[2026-11-05T11:05:03Z ",
        "I1105 11:05:03.1 ",
        "ERROR ",
        "[main] ",
        "--- ",
        "- ",
        "\u{1b}[31m",
        "Traceback (most recent call last):\n",
        "\tat x.Y\n",
        "stdout F ",
        "2026-11-05T03:05:03.6Z stdout P ",
        "10.0.0.1 - - [05/Nov/2026:11:05:03 +0800] \"GET /a HTTP/1.1\" 200 1 ",
        "\"a\\\"b\" ",
        "0.1, 0.2 ",
        "<13>",
        "1 2026-11-05T03:05:03Z h a - - ",
        "[x y=\"z\"] ",
        "Nov  5 11:05:03 h a[1]: ",
        "17 <13>",
        "ts=1793849103 level=info ",
        "msg=\"",
        "{\"__REALTIME_TIMESTAMP\":\"1793849103250000\",\"MESSAGE\":[228,",
        "{\"data\":{\"result\":[{\"stream\":{\"a\":\"b\"},\"values\":[[\"1793849103000000000\",\"x\"]",
        "{\"_id\":\"1\",\"_source\":{\"ts\":1793849103}}",
        "{\"index\":{}}\n",
        "{\"logEvents\":[{\"timestamp\":1793849103250,\"message\":\"a\"}]}",
        "events:\n  - ",
        "{at: '11:05', type: x}",
        "date: 2026-11-05\n",
        "time,value\n",
        "time,metric,value\n",
        "incident,at,type\n",
        "支付",
        "a,b,c",
        "\t",
        "|",
        ";",
        "'",
        "- ",
        "&a *a",
        "..",
        "\"\"",
    ]);
    prop_oneof![
        prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat().into_bytes()),
        prop::collection::vec(any::<u8>(), 0..200),
    ]
}

proptest! {
    #[test]
    fn no_input_panics_a_decoder(bytes in like_input(), chunk_bytes in 1usize..64) {
        let _ = detect(&bytes, true, &options());
        let _ = detect(&bytes, false, &options());
        for format in InputFormat::ALL {
            if let Ok(decoder) = decoder(format, &bytes) {
                let whole = Collected::from(decoder.as_ref(), &bytes);
                let parts = Collected::in_chunks(decoder.as_ref(), &bytes, chunk_bytes);
                prop_assert_eq!(format!("{:?}", whole), format!("{:?}", parts), "{:?}", format);
            }
        }
    }

    #[test]
    fn no_mapping_file_panics(text in "[a-z_\\[\\]{}=\"%().\\n ]{0,80}") {
        let _ = crate::Mapping::parse(&text);
        let _ = crate::Mapping::parse(&format!("name = \"x\"\nunwrap = [{{ field = \"a\", pattern = \"{text}\" }}]"));
    }
}
