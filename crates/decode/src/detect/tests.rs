//! What is recognised, and what is told about the rest.

use super::*;

fn options() -> DecodeOptions {
    DecodeOptions::new(chrono_tz::UTC, "source")
}

fn format(text: &str) -> InputFormat {
    match detect(text.as_bytes(), true, &options()) {
        Ok(detection) => detection.format,
        Err(error) => panic!("{text}: {error}"),
    }
}

fn error(head: &[u8]) -> String {
    detect(head, true, &options()).map(|found| format!("{found:?}")).unwrap_err().to_string()
}

#[test]
fn formats_are_told_by_their_content() {
    use InputFormat as F;
    for (text, expected) in [
        ("{\"ts\":1,\"msg\":\"a\"}\n{\"ts\":2}\n", F::JsonLines),
        (
            "{\"timestamp\":\"2026-11-05T03:05:03Z\",\"service\":\"a\",\"version\":\"v1\",\"level\":\"info\",\"message\":\"m\"}\n",
            F::JsonLines,
        ),
        (
            "{\"timestamp\":\"x\",\"trace_id\":\"t\",\"span_id\":\"s\",\"message\":\"m\",\"service\":\"a\"}\n",
            F::JsonLines,
        ),
        ("[{\"ts\":1,\"msg\":\"a\"}]", F::JsonLines),
        ("{\"resourceLogs\":[]}", F::OtlpJson),
        ("{\n  \"resourceSpans\": [\n", F::OtlpJson),
        (
            "{\"status\":\"success\",\"data\":{\"resultType\":\"matrix\",\"result\":[]}}",
            F::PrometheusQueryRange,
        ),
        ("# 复盘\nincident: INC-1\nevents: []\n", F::Timeline),
        ("{\"incident\":\"INC-1\",\"events\":[]}", F::Timeline),
        ("incident,at,type,text\nA,11:05,mitigated,x\n", F::TimelineCsv),
        ("{\"page\":{},\"incidents\":[]}", F::Statuspage),
        ("{\"id\":\"1\",\"title\":\"x\",\"started_at\":\"a\",\"updates\":[]}\n", F::Statuspage),
        ("[{\"id\":\"1\",\"name\":\"x\",\"incident_updates\":[]}]", F::Statuspage),
        ("{\"receiver\":\"x\",\"status\":\"firing\",\"alerts\":[{}]}", F::Alerts),
        (
            "{\n\"service\":\"a\",\"metric\":\"m\",\"threshold\":1,\"observed\":2,\"fired_at\":\"t\"}",
            F::Alerts,
        ),
        ("[{\"timestamp\":\"t\",\"service\":\"a\",\"commit_sha\":\"s\",\"version\":\"v\"}]", F::Changes),
        ("[{\"sha\":\"s\",\"author\":\"a\",\"timestamp\":\"t\",\"message\":\"m\"}]", F::Changes),
        ("[{\"timestamp\":\"t\",\"flag\":\"f\",\"service\":\"a\",\"change\":\"off->on\"}]", F::Changes),
        ("{\"deployments\":[]}", F::Changes),
        ("[{\"type\":\"campaign\",\"name\":\"n\",\"start\":\"a\",\"end\":\"b\"}]", F::Changes),
        (
            "[{\"id\":\"d\",\"type\":\"deployment\",\"service\":\"a\",\"started_at\":\"t\",\"from\":\"1\",\"to\":\"2\",\"by\":\"x\",\"summary\":\"s\"}]",
            F::Changes,
        ),
        ("timestamp,service,version\nt,a,v\n", F::ChangesCsv),
        ("type,name,start,end\n大促,秒杀,a,b\n", F::ChangesCsv),
        (
            "[{\"trace_id\":\"t\",\"span_id\":\"s\",\"parent_id\":null,\"service\":\"a\",\"name\":\"n\",\"start\":\"t\"}]",
            F::TracesJson,
        ),
        ("TraceID,SpanID,ParentID,PodName,OperationName,StartTimeUnixNano\n", F::CsvTraces),
        ("Timestamp,TimeUnixNano,PodName,TraceID,SpanID,Log\n", F::CsvLogs),
        ("时间,级别,消息\n", F::CsvLogs),
        ("timestamp,service,metric,value\n", F::CsvMetricsLong),
        ("time;name;value\n", F::CsvMetricsLong),
        (
            "10.0.0.1 - - [05/Nov/2026:11:05:03 +0800] \"GET /a,b HTTP/1.1\" 200 1 \"-\" \"curl\"\nbroken line\n::1 - - [05/Nov/2026:11:05:04 +0800] \"-\" 408 -\n",
            F::AccessLog,
        ),
        ("<34>1 2026-11-05T03:05:03Z h a - - - x\n", F::Syslog),
        ("\u{FEFF}<34>Nov  5 11:05:03 h a: x, y\n", F::Syslog),
        ("Nov  5 11:05:03 web-1 sshd[1]: Failed, twice\n", F::Syslog),
        ("39 <34>1 2026-11-05T03:05:03Z h a - - - x\n42 <34>1", F::Syslog),
        ("{\"__REALTIME_TIMESTAMP\":\"1793849103250000\",\"MESSAGE\":\"x\"}\n", F::Journald),
        ("time=2026-11-05T03:05:03Z level=info msg=\"a, b\"\n", F::Logfmt),
        ("2026-11-05 11:05:03,123 INFO x, y\n", F::TextLog),
        ("[2026-11-05T03:05:03Z INFO app] x\n", F::TextLog),
        ("[INFO] 2026-11-05 11:05:03 x\n", F::TextLog),
        ("I1105 11:05:03.123456  1 a.go:7] x\n", F::TextLog),
        ("\tat a\n\tat b\n2026-11-05 11:05:03 ERROR c\n\tat d\n2026-11-05 11:05:04 INFO e\n", F::TextLog),
        ("2026-11-05T03:05:03.1Z stdout F {\"a\":1}\n", F::TextLog),
        (
            "{\"status\":\"success\",\"data\":{\"resultType\":\"streams\",\"result\":[{\"stream\":{},\"values\":[]}]}}",
            F::Loki,
        ),
        ("{\"streams\":[{\"stream\":{\"a\":\"b\"},\"values\":[]}]}", F::Loki),
        ("{\"labels\":{\"a\":\"b\"},\"line\":\"x\",\"timestamp\":\"2026-11-05T03:05:03Z\"}\n", F::Loki),
        ("{\"_index\":\"l\",\"_id\":\"1\",\"_source\":{\"@timestamp\":1}}\n", F::Elasticsearch),
        ("{\"index\":{\"_index\":\"l\"}}\n{\"@timestamp\":1}\n", F::Elasticsearch),
        ("{\"took\":1,\"hits\":{\"total\":1,\"hits\":[{\"_index\":\"l\",\"_id\":\"1\"}]}}", F::Elasticsearch),
        (
            "{\n\"events\":[{\"logStreamName\":\"s\",\"timestamp\":1793849103250,\"message\":\"x\"}]}",
            F::CloudwatchLogs,
        ),
        ("{\"messageType\":\"DATA_MESSAGE\",\"logEvents\":[{\"id\":\"1\"}]}\n", F::CloudwatchLogs),
        (
            "{\"time_local\":\"05/Nov/2026:11:05:03 +0800\",\"request\":\"GET / HTTP/1.1\",\"status\":\"200\"}\n",
            F::JsonLines,
        ),
        ("timestamp,value\n2014-02-14 14:30:00,0.132\n", F::CsvMetricsWide),
        ("time,a_cpu,b_cpu\n1793849103,0.5,\n", F::CsvMetricsWide),
        (
            "Time,TimeStamp,PodName,CpuUsage(m)\n2026-11-05 08:41:09.04 +0000 UTC m=+0.1,1,a,7.5\n",
            F::CsvMetricsWide,
        ),
    ] {
        assert_eq!(format(text), expected, "{text}");
    }
}

#[test]
fn a_first_line_of_another_kind_decides_nothing() {
    let line = "{\"time\":\"2026-11-05T03:05:03Z\",\"msg\":\"a\"}\n";
    assert_eq!(format(&format!("{{\"msg\":\"a\tb\"}}\n{}", line.repeat(9))), InputFormat::JsonLines);
    let text = "2026-11-05 03:05:03 INFO a\n";
    assert_eq!(format(&format!("{line}{}", text.repeat(9))), InputFormat::TextLog);
    assert_eq!(format(&format!("{text}{}", line.repeat(9))), InputFormat::TextLog);
}

#[test]
fn the_reason_is_for_people() {
    let found = detect(b"{\"ts\":1}\n{\"ts\":2}\nbroken\n", true, &options()).unwrap();
    assert_eq!(found.reason, "every one of the first 2 lines is a JSON object with a time");
    let found = detect(b"{\"ts\":1}\n{\"a\":2}\n", true, &options()).unwrap();
    assert_eq!(found.reason, "1 of the first 2 lines are JSON objects with a time");
}

#[test]
fn a_head_that_is_cut_is_enough() {
    let long = format!("{{\"resourceMetrics\":[{{\"x\":\"{}", "y".repeat(100_000));
    assert_eq!(detect(long.as_bytes(), false, &options()).unwrap().format, InputFormat::OtlpJson);
    let list = format!(
        "[{{\"trace_id\":\"t\",\"span_id\":\"s\",\"parent_id\":\"p\",\"start\":\"{}",
        "y".repeat(100_000)
    );
    assert_eq!(detect(list.as_bytes(), false, &options()).unwrap().format, InputFormat::TracesJson);
    let text = "{\"ts\":1,\"msg\":\"支付\"}\n".repeat(5_000);
    assert_eq!(
        detect(&text.as_bytes()[..64 << 10], false, &options()).unwrap().format,
        InputFormat::JsonLines
    );
}

#[test]
fn binary_files_are_named() {
    for (head, expected) in [
        (b"\x89PNG\r\n\x1A\n".as_slice(), "a PNG image"),
        (b"PAR1\x15\x04", "a Parquet file"),
        (b"PK\x03\x04", "a ZIP archive"),
        (b"\x1F\x8B\x08", "compressed twice"),
        (b"\x7FELF", "an ELF program"),
        (b"\x00\x01\x02\x03", "binary data of an unknown kind (it begins with 00 01 02 03)"),
        (b"\xFF\xFEt\x00", "iconv -f UTF-16LE"),
        (b"\xCA\xB1\xBC\xE4,\xBC\xB6\xB1\xF0\n2026,\xB4\xED\xCE\xF3\n", "iconv -f GB18030"),
    ] {
        let told = error(head);
        assert!(told.contains(expected), "{told}");
    }
}

#[test]
fn a_hole_of_nuls_hides_no_log() {
    let lines = |from: u32| -> String {
        (from..from + 20).map(|at| format!("2026-11-20 12:00:{at:02},000 ERROR [app] line {at}\n")).collect()
    };
    let plain = detect(lines(0).as_bytes(), true, &options()).unwrap().format;
    for bytes in [1_024, 4_096, 40_000] {
        let hole = "\0".repeat(bytes);
        for text in [format!("{hole}{}", lines(0)), format!("{}{hole}{}", lines(0), lines(20))] {
            let head = &text.as_bytes()[..text.len().min(64 << 10)];
            assert_eq!(detect(head, true, &options()).unwrap().format, plain, "{bytes}");
        }
    }
    assert_eq!(detect(&vec![0; 64 << 10], true, &options()), Err(DecodeError::Empty));
    assert!(detect(b"text\0and\0more\n", true, &options()).is_err());
}

#[test]
fn what_is_not_recognised_says_what_to_do() {
    assert!(error(b"").contains("empty"));
    assert!(error(b" \n\n").contains("empty"));
    assert!(error(b"[]\n").contains("empty") && error(b"{ }").contains("empty"));
    for (text, expected) in [
        ("once upon a time\n", "text that begins with \"once upon a time\""),
        ("2026-11-05 11:05:03\t0.5\t7\n2026-11-05 11:05:04\t0.6\t7\n", "perhaps a table"),
        ("[{\"signature\":\"s\",\"count\":1}]", "the keys signature, count, and no time"),
        ("{\"alerts\":[\"a\",\"b\"],\"answer\":1}", "the keys alerts, answer, and no time"),
        ("a,b\nx,y\n", "the columns a, b"),
        ("[1, 2]", "without an object"),
        ("{\"a\":", "cut off"),
    ] {
        let told = error(text.as_bytes());
        assert!(told.contains(expected) && told.contains("--input-format"), "{told}");
    }
}

#[test]
fn an_encoding_that_nothing_tells_has_to_be_named() {
    let told = error(b"caf\xE9 cr\xE8me br\xFBl\xE9e\nd\xE9j\xE0 vu\n");
    assert!(told.contains("--encoding latin1"), "{told}");
}

#[test]
fn flags_and_mappings_come_first() {
    let mut options = options();
    options.format = Some(InputFormat::CsvLogs);
    let found = detect(b"a,b\n", true, &options).unwrap();
    assert_eq!((found.format, found.reason.as_str()), (InputFormat::CsvLogs, "as told by --input-format"));
    options.mappings = vec![
        Mapping::parse("name = \"other\"\nmatch = { header = [\"c\"] }").unwrap(),
        Mapping::parse("name = \"mine\"\nmatch = { header = [\"b\"] }").unwrap(),
    ];
    let found = detect(b"a,b\n", true, &options).unwrap();
    assert_eq!(found.mapping.as_deref(), Some("mine"));
    options.format = Some(InputFormat::CsvMetricsWide);
    assert_eq!(detect(b"a,b\n", true, &options).unwrap().mapping, None);
    options.mappings = vec![Mapping::parse("name = \"j\"\nmatch = { first_key = \"_source\" }").unwrap()];
    options.format = None;
    let found = detect(b"{\"_source\":{\"a\":1}}\n{\"_source\":{}}\n", true, &options).unwrap();
    assert_eq!(found.mapping.as_deref(), Some("j"));
    // Binary data stays binary data whatever it is called.
    options.format = Some(InputFormat::JsonLines);
    assert!(detect(b"PAR1", true, &options).is_err());
}

/// An answer is told by what surrounds its list, also where the head ends in the midst of it.
#[test]
fn answers_longer_than_the_head_are_told() {
    let hit = |at: usize| {
        format!(
            r#"{{"_index":"l","_id":"i{at}","_source":{{"@timestamp":"2026-11-05T03:00:00Z","message":"m"}}}}"#
        )
    };
    let hits: Vec<String> = (0..1000).map(hit).collect();
    let search = format!(
        r#"{{"took":1,"timed_out":false,"hits":{{"total":{{"value":9}},"hits":[{}]}}}}"#,
        hits.join(",")
    );
    let value = |at: usize| format!(r#"["{}000000000","line {at}"]"#, 1_793_849_103 + at);
    let values: Vec<String> = (0..3000).map(value).collect();
    let streams = format!(
        r#"{{"data":{{"result":[{{"stream":{{"app":"pay"}},"values":[{}]}}],"resultType":"streams"}},"status":"success"}}"#,
        values.join(",")
    );
    let point = |at: usize| format!(r#"[{},"1"]"#, 1_793_849_103 + at);
    let points: Vec<String> = (0..6000).map(point).collect();
    let matrix = format!(
        r#"{{"data":{{"result":[{{"metric":{{"__name__":"up"}},"values":[{}]}}],"resultType":"matrix"}},"status":"success"}}"#,
        points.join(",")
    );
    for (text, format) in [
        (search, InputFormat::Elasticsearch),
        (streams, InputFormat::Loki),
        (matrix, InputFormat::PrometheusQueryRange),
    ] {
        let head = &text.as_bytes()[..limits::HEAD_BYTES_MAX];
        let options = DecodeOptions::new(chrono_tz::UTC, "export.json");
        assert_eq!(super::detect(head, false, &options).unwrap().format, format);
        assert!(crate::suggest_mapping(head, &options).unwrap_err().to_string().contains(format.as_str()));
    }
}

#[test]
fn lists_of_changes_with_usual_chinese_headers() {
    let options = DecodeOptions::new(chrono_tz::Asia::Shanghai, "变更.csv");
    for header in
        ["变更时间,变更内容,变更人,服务", "发布时间,应用,版本,发布人", "操作时间,变更类型,服务,操作人"]
    {
        let text = format!("{header}\n2026-11-05 11:05:03,配置,pay,w\n");
        let found = super::detect(text.as_bytes(), true, &options).unwrap();
        assert_eq!(found.format, InputFormat::ChangesCsv, "{header}");
        let decoder = crate::open(&found, text.as_bytes(), &options).unwrap();
        let read = crate::formats::testing::Collected::from(decoder.as_ref(), text.as_bytes());
        assert_eq!((read.changes.len(), read.rejects.len()), (1, 0), "{header}: {:?}", read.rejects);
    }
}

#[test]
fn counts_of_codes_and_levels_are_metrics_and_no_records() {
    for (table, expected) in [
        ("时间,服务,状态码,请求数\n2026-11-05 10:00:00,pay,200,31\n", InputFormat::CsvMetricsWide),
        ("time,level,count\n2026-11-05 10:00:00,ERROR,3\n", InputFormat::CsvMetricsWide),
        ("time,status,hits,avg\n2026-11-05 10:00:00,500,\"1,024\",3.5\n", InputFormat::CsvMetricsWide),
        ("time,status,count,user_id\n2026-11-05 10:00:00,500,3,u1\n", InputFormat::CsvLogs),
        ("time,level,count,message\n2026-11-05 10:00:00,ERROR,3,x\n", InputFormat::CsvLogs),
        ("time,status,path\n2026-11-05 10:00:00,500,/a\n", InputFormat::CsvLogs),
    ] {
        assert_eq!(detect(table.as_bytes(), true, &options()).unwrap().format, expected, "{table}");
    }
}

#[test]
fn a_status_of_a_change_is_no_code_and_its_level_none_of_a_logger() {
    for table in [
        "change_id,time,change_type,service,summary,status\n1,2026-11-05 10:00:00,deploy,pay,v2,success\n",
        "deploy_id,time,service,version,status,operator\n1,2026-11-05 10:00:00,pay,v2,成功,li\n",
        "变更单号,计划开始时间,实际开始时间,等级,服务\n1,2026-11-05 10:00,2026-11-05 10:05,高,pay\n",
        "配置项,旧值,新值,生效时间\ntimeout,1,2,2026-11-05 10:00\n",
        "service,deploy_time,operator\npay,2026-11-05 10:00,li\n",
    ] {
        assert_eq!(
            detect(table.as_bytes(), true, &options()).unwrap().format,
            InputFormat::ChangesCsv,
            "{table}"
        );
    }
    let log = "time,level,service,version\n2026-11-05 10:00:00,INFO,pay,v2\n";
    assert_eq!(detect(log.as_bytes(), true, &options()).unwrap().format, InputFormat::CsvLogs);
}
