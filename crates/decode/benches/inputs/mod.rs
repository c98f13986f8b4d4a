//! Inputs in the shape of real ones, without any randomness that a run could not repeat.

use std::fmt::{self, Write};

/// Size of an input: small enough that a sample is over before another program takes the core, large
/// enough that opening does not count.
const INPUT_BYTES: usize = 512 << 10;

/// A generated source.
pub(crate) struct Input {
    pub(crate) name: &'static str,
    /// The format that it is told to be.
    pub(crate) format: &'static str,
    pub(crate) mapping: &'static str,
    pub(crate) text: fn() -> String,
}

impl fmt::Display for Input {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.name)
    }
}

const fn plain(name: &'static str, format: &'static str, text: fn() -> String) -> Input {
    Input { name, format, mapping: "", text }
}

/// Mapping of a text whose lines have a pattern of their own.
const GROK: &str = r#"
name = "grok"
format = "text"
pattern = '^%{TIMESTAMP_ISO8601:time} \[%{NOTSPACE:thread}\] %{LOGLEVEL:level} %{NOTSPACE:logger} - %{GREEDYDATA:message}'
time = { field = "time" }
"#;

pub(crate) const ALL: &[Input] = &[
    plain("json-lines", "json-lines", json_lines),
    plain("json-lines-nested", "json-lines", json_lines_nested),
    plain("otlp-logs", "otlp-json", otlp_logs),
    plain("otlp-metrics", "otlp-json", otlp_metrics),
    plain("otlp-histograms", "otlp-json", otlp_histograms),
    plain("otlp-traces", "otlp-json", otlp_traces),
    plain("access-log", "access-log", access_log),
    plain("logfmt", "logfmt", logfmt),
    plain("syslog-5424", "syslog", syslog_5424),
    plain("syslog-3164", "syslog", syslog_3164),
    plain("journald", "journald", journald),
    plain("text-log", "text-log", text_log),
    Input { name: "text-with-pattern", format: "text-log", mapping: GROK, text: text_log },
    plain("csv-logs", "csv-logs", csv_logs),
    plain("csv-metrics-long", "csv-metrics-long", csv_metrics_long),
    plain("csv-metrics-wide-200", "csv-metrics-wide", csv_metrics_wide),
    plain("csv-traces", "csv-traces", csv_traces),
    plain("openmetrics", "openmetrics", openmetrics),
    plain("influx-line", "influx-line", influx_line),
    plain("prometheus-query-range", "prometheus-query-range", prometheus),
    plain("cloudwatch-metrics", "cloudwatch-metrics", cloudwatch_metrics),
    plain("loki", "loki", loki),
    plain("elasticsearch", "elasticsearch", elasticsearch),
    plain("cloudwatch-logs", "cloudwatch-logs", cloudwatch_logs),
    plain("kubernetes-events", "kubernetes-events", kubernetes_events),
    plain("traces-json", "traces-json", traces_json),
    plain("alerts", "alerts", alerts),
    plain("changes", "changes", changes),
    plain("statuspage", "statuspage", statuspage),
];

const SERVICES: [&str; 6] = ["gateway", "order", "payment", "inventory", "search", "user"];
const LEVELS: [&str; 4] = ["INFO", "INFO", "WARN", "ERROR"];
const BODIES: [&str; 4] = [
    "order accepted and handed over to the kitchen",
    "支付请求失败: 连接池耗尽, 等待 3000ms",
    "query finished in 12.5 ms, 37 rows, plan cached",
    "cache miss for menu:school-17, loading from the database",
];

/// The values of one row: the same number gives the same row.
struct Row {
    at: u64,
    second: u64,
    service: &'static str,
    level: &'static str,
    body: &'static str,
    random: u64,
}

fn row(at: u64) -> Row {
    let random = at.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let random = (random ^ (random >> 29)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let pick = |of: usize| (random >> 7) as usize % of;
    Row {
        at,
        second: 1_793_849_103 + at / 40,
        service: SERVICES[pick(6)],
        level: LEVELS[pick(13) % 4],
        body: BODIES[pick(11) % 4],
        random,
    }
}

impl Row {
    fn clock(&self) -> String {
        let second = self.second % 86_400;
        format!("{:02}:{:02}:{:02}", second / 3600, second / 60 % 60, second % 60)
    }

    fn time(&self) -> String {
        format!("2026-11-05T{}.{:03}Z", self.clock(), self.random % 1000)
    }
}

/// Rows until the input is large enough.
fn rows(head: &str, mut write: impl FnMut(&mut String, Row) -> fmt::Result) -> String {
    let mut text = head.to_owned();
    for at in 0.. {
        if text.len() >= INPUT_BYTES {
            break;
        }
        write(&mut text, row(at)).expect("a text takes everything");
    }
    text
}

fn json_lines() -> String {
    rows("", |text, row| {
        writeln!(
            text,
            r#"{{"timestamp":"{}","level":"{}","service":"{}","host":"{}-{}","message":"{}","trace_id":"{:032x}","span_id":"{:016x}","method":"POST","route":"/api/order","status":{},"duration_ms":{}.{},"user_id":"u{}","region":"cn-east-{}"}}"#,
            row.time(),
            row.level,
            row.service,
            row.service,
            row.at % 8,
            row.body,
            u128::from(row.random) << 40,
            row.random,
            if row.level == "ERROR" { 503 } else { 200 },
            row.random % 900,
            row.random % 1000,
            row.random % 50_000,
            row.at % 3,
        )
    })
}

fn json_lines_nested() -> String {
    rows("", |text, row| {
        writeln!(
            text,
            r#"{{"@timestamp":"{}","log.level":"{}","service":{{"name":"{}","version":"1.4.{}"}},"kubernetes":{{"pod":{{"name":"{}-5d4f-{}"}},"labels":{{"app":"{}","tier":"backend"}}}},"http":{{"request":{{"method":"GET"}},"response":{{"status_code":200}}}},"message":"{}","tags":["a","b"]}}"#,
            row.time(),
            row.level,
            row.service,
            row.at % 9,
            row.service,
            row.at % 8,
            row.service,
            row.body,
        )
    })
}

/// Lines that are batches of so many.
fn batches(
    size: u64,
    open: impl Fn(&Row) -> String,
    close: &str,
    mut write: impl FnMut(&mut String, &Row) -> fmt::Result,
) -> String {
    rows("", |text, first| {
        text.push_str(&open(&first));
        for at in 0..size {
            let comma = if at == 0 { "" } else { "," };
            text.push_str(comma);
            write(text, &row(first.at * size + at))?;
        }
        writeln!(text, "{close}")
    })
}

fn resource(row: &Row) -> String {
    format!(
        r#""resource":{{"attributes":[{{"key":"service.name","value":{{"stringValue":"{}"}}}},{{"key":"host.name","value":{{"stringValue":"{}-{}"}}}},{{"key":"cloud.region","value":{{"stringValue":"cn-east"}}}}]}}"#,
        row.service,
        row.service,
        row.at % 8
    )
}

fn otlp_logs() -> String {
    let open = |row: &Row| format!(r#"{{"resourceLogs":[{{{},"scopeLogs":[{{"logRecords":["#, resource(row));
    batches(100, open, "]}]}]}", |text, row| {
        write!(
            text,
            r#"{{"timeUnixNano":"{}250000000","severityNumber":9,"severityText":"{}","body":{{"stringValue":"{}"}},"attributes":[{{"key":"http.response.status_code","value":{{"intValue":"200"}}}},{{"key":"user.id","value":{{"stringValue":"u{}"}}}}],"traceId":"{:032x}","spanId":"{:016x}"}}"#,
            row.second,
            row.level,
            row.body,
            row.random % 50_000,
            u128::from(row.random) << 40,
            row.random
        )
    })
}

fn otlp_metrics() -> String {
    let open = |row: &Row| {
        format!(
            r#"{{"resourceMetrics":[{{{},"scopeMetrics":[{{"scope":{{"name":"runtime"}},"metrics":[{{"name":"process.cpu.time","unit":"s","sum":{{"aggregationTemporality":2,"isMonotonic":true,"dataPoints":["#,
            resource(row)
        )
    };
    batches(100, open, "]}}]}]}]}", |text, row| {
        write!(
            text,
            r#"{{"attributes":[{{"key":"state","value":{{"stringValue":"user"}}}},{{"key":"cpu","value":{{"intValue":"{}"}}}}],"startTimeUnixNano":"1793840000000000000","timeUnixNano":"{}250000000","asDouble":{}.{}}}"#,
            row.at % 16,
            row.second,
            row.random % 10_000,
            row.random % 1000
        )
    })
}

fn otlp_histograms() -> String {
    let open = |row: &Row| {
        format!(
            r#"{{"resourceMetrics":[{{{},"scopeMetrics":[{{"metrics":[{{"name":"http.server.duration","unit":"ms","histogram":{{"aggregationTemporality":1,"dataPoints":["#,
            resource(row)
        )
    };
    batches(100, open, "]}}]}]}]}", |text, row| {
        write!(
            text,
            r#"{{"attributes":[{{"key":"http.route","value":{{"stringValue":"/api/{}"}}}}],"startTimeUnixNano":"1793840000000000000","timeUnixNano":"{}250000000","count":"60","sum":{}.5,"bucketCounts":["1","2","30","20","6","1"],"explicitBounds":[5,10,25,50,100]}}"#,
            row.service,
            row.second,
            row.random % 10_000
        )
    })
}

fn otlp_traces() -> String {
    let open = |row: &Row| format!(r#"{{"resourceSpans":[{{{},"scopeSpans":[{{"spans":["#, resource(row));
    batches(100, open, "]}]}]}", |text, row| {
        write!(
            text,
            r#"{{"traceId":"{:032x}","spanId":"{:016x}","parentSpanId":"{:016x}","name":"POST /api/order","kind":2,"startTimeUnixNano":"{}250000000","endTimeUnixNano":"{}350000000","attributes":[{{"key":"http.route","value":{{"stringValue":"/api/order"}}}},{{"key":"http.response.status_code","value":{{"intValue":"200"}}}}],"status":{{"code":1}}}}"#,
            u128::from(row.random) << 40,
            row.random,
            row.random >> 3,
            row.second,
            row.second
        )
    })
}

fn access_log() -> String {
    rows("", |text, row| {
        writeln!(
            text,
            r#"10.0.{}.{} - - [05/Nov/2026:{} +0800] "GET /api/{}/items?page={} HTTP/1.1" 200 {} "https://shop.example/menu" "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36" 0.{:03} 0.{:03}"#,
            row.at % 250,
            row.random % 250,
            row.clock(),
            row.service,
            row.random % 90,
            row.random % 90_000,
            row.random % 1000,
            row.random % 997
        )
    })
}

fn logfmt() -> String {
    rows("", |text, row| {
        writeln!(
            text,
            r#"ts={} level={} service={} msg="{}" trace_id={:032x} status=200 duration=12.5ms user_id=u{}"#,
            row.time(),
            row.level.to_lowercase(),
            row.service,
            row.body,
            u128::from(row.random) << 40,
            row.random % 50_000
        )
    })
}

fn syslog_5424() -> String {
    rows("", |text, row| {
        writeln!(
            text,
            r#"<134>1 {} {}-{} {} {} ID47 [request@32473 id="{:x}" user="u{}"] {}"#,
            row.time(),
            row.service,
            row.at % 8,
            row.service,
            row.at % 30_000,
            row.random,
            row.random % 50_000,
            row.body
        )
    })
}

fn syslog_3164() -> String {
    rows("", |text, row| {
        writeln!(
            text,
            "<134>Nov  5 {} {}-{} {}[{}]: {}",
            row.clock(),
            row.service,
            row.at % 8,
            row.service,
            row.at % 30_000,
            row.body
        )
    })
}

fn journald() -> String {
    rows("", |text, row| {
        writeln!(
            text,
            r#"{{"__CURSOR":"s=1;i={:x}","__REALTIME_TIMESTAMP":"{}250000","_HOSTNAME":"node-{}","PRIORITY":"6","_SYSTEMD_UNIT":"{}.service","SYSLOG_IDENTIFIER":"{}","_PID":"{}","_TRANSPORT":"stdout","MESSAGE":"{}"}}"#,
            row.at,
            row.second,
            row.at % 8,
            row.service,
            row.service,
            row.at % 30_000,
            row.body
        )
    })
}

fn text_log() -> String {
    rows("", |text, row| {
        writeln!(
            text,
            "2026-11-05 {},{:03} [http-nio-{}] {} com.example.{} - {}",
            row.clock(),
            row.random % 1000,
            row.at % 32,
            row.level,
            row.service,
            row.body
        )?;
        if row.at % 50 == 0 {
            text.push_str("java.lang.IllegalStateException: pool exhausted\n\tat com.example.Pool.take(Pool.java:41)\n\tat com.example.Pay.run(Pay.java:7)\n");
        }
        Ok(())
    })
}

fn csv_logs() -> String {
    rows("timestamp,level,service,message,trace_id,status,duration_ms,user_id\n", |text, row| {
        writeln!(
            text,
            "{},{},{},\"{}\",{:032x},200,12.5,u{}",
            row.time(),
            row.level,
            row.service,
            row.body,
            u128::from(row.random) << 40,
            row.random % 50_000
        )
    })
}

fn csv_metrics_long() -> String {
    rows("timestamp,service,metric,value,pod,region\n", |text, row| {
        writeln!(
            text,
            "{},{},cpu.usage,{}.{},{}-{},cn-east",
            row.time(),
            row.service,
            row.random % 100,
            row.random % 1000,
            row.service,
            row.at % 8
        )
    })
}

fn csv_metrics_wide() -> String {
    let mut head = "time".to_owned();
    (0..200).for_each(|at| head.push_str(&format!(",{}_metric_{at}", SERVICES[at % 6])));
    head.push('\n');
    rows(&head, |text, first| {
        write!(text, "{}", first.second)?;
        for at in 0..200 {
            let row = row(first.at * 200 + at);
            write!(text, ",{}.{}", row.random % 1000, row.random % 997)?;
        }
        writeln!(text)
    })
}

fn csv_traces() -> String {
    rows(
        "TraceID,SpanID,ParentID,PodName,OperationName,StartTimeUnixNano,EndTimeUnixNano,Duration\n",
        |text, row| {
            writeln!(
                text,
                "{:032x},{:016x},{:016x},{}-5d4f-x{},POST /api/order,{}250000000,{}350000000,100000",
                u128::from(row.random) << 40,
                row.random,
                row.random >> 3,
                row.service,
                row.at % 8,
                row.second,
                row.second
            )
        },
    )
}

fn openmetrics() -> String {
    rows("# TYPE http_requests_total counter\n# HELP http_requests_total Requests.\n", |text, row| {
        writeln!(
            text,
            r#"http_requests_total{{service="{}",instance="10.0.0.{}:9090",method="POST",code="200",path="/api/{}"}} {} {}000"#,
            row.service,
            row.at % 250,
            row.random % 40,
            row.random % 1_000_000,
            row.second
        )
    })
}

fn influx_line() -> String {
    rows("", |text, row| {
        writeln!(
            text,
            "cpu,host={}-{},region=cn-east usage_user={}.{},usage_system={}i,state=\"ok\" {}250000000",
            row.service,
            row.at % 8,
            row.random % 100,
            row.random % 10,
            row.random % 100,
            row.second
        )
    })
}

fn prometheus() -> String {
    let mut text = r#"{"status":"success","data":{"resultType":"matrix","result":["#.to_owned();
    for series in 0.. {
        let first = row(series);
        text.push_str(&format!(
            r#"{}{{"metric":{{"__name__":"http_requests_total","job":"{}","instance":"10.0.0.{}:9090","code":"200"}},"values":["#,
            if series == 0 { "" } else { "," }, first.service, series % 250
        ));
        for at in 0..120 {
            let value = row(series * 120 + at);
            text.push_str(&format!(
                r#"{}[{},"{}.{}"]"#,
                if at == 0 { "" } else { "," },
                1_793_849_103 + at * 30,
                value.random % 1000,
                value.random % 10
            ));
        }
        text.push_str("]}");
        if text.len() >= INPUT_BYTES {
            break;
        }
    }
    text + "]}}"
}

fn cloudwatch_metrics() -> String {
    let mut text = r#"{"MetricDataResults":["#.to_owned();
    for series in 0.. {
        let comma = if series == 0 { "" } else { "," };
        let times: Vec<String> =
            (0..100).map(|at| format!("\"2026-11-05T03:{:02}:00+00:00\"", (series + at) % 60)).collect();
        let values: Vec<String> =
            (0..100).map(|at| format!("{}.5", row(series * 100 + at).random % 100)).collect();
        text.push_str(&format!(r#"{comma}{{"Id":"m{series}","Label":"cpu of {series}","Timestamps":[{}],"Values":[{}],"StatusCode":"Complete"}}"#, times.join(","), values.join(",")));
        if text.len() >= INPUT_BYTES {
            break;
        }
    }
    text + "]}"
}

fn loki() -> String {
    let open = |row: &Row| {
        format!(
            r#"{{"streams":[{{"stream":{{"app":"{}","namespace":"prod","pod":"{}-{}"}},"values":["#,
            row.service,
            row.service,
            row.at % 8
        )
    };
    batches(100, open, "]}]}", |text, row| {
        write!(text, r#"["{}250000000","level={} msg=\"{}\" status=200"]"#, row.second, row.level, row.body)
    })
}

fn elasticsearch() -> String {
    rows("", |text, row| {
        writeln!(
            text,
            r#"{{"_index":"logs-2026.11.05","_id":"{:x}","_score":1,"_source":{{"@timestamp":"{}","log":{{"level":"{}"}},"service":{{"name":"{}"}},"message":"{}","http":{{"response":{{"status_code":200}}}}}}}}"#,
            row.random,
            row.time(),
            row.level,
            row.service,
            row.body
        )
    })
}

fn cloudwatch_logs() -> String {
    let open = |row: &Row| {
        format!(
            r#"{{"messageType":"DATA_MESSAGE","owner":"1","logGroup":"/ecs/{}","logStream":"{}/{}","logEvents":["#,
            row.service, row.service, row.at
        )
    };
    batches(50, open, "]}", |text, row| {
        write!(
            text,
            r#"{{"id":"{}","timestamp":{}250,"message":"{} {}"}}"#,
            row.random, row.second, row.level, row.body
        )
    })
}

fn kubernetes_events() -> String {
    rows("", |text, row| {
        writeln!(
            text,
            r#"{{"apiVersion":"v1","kind":"Event","metadata":{{"name":"{}.{:x}","namespace":"prod","uid":"{:x}","creationTimestamp":"2026-11-05T03:05:03Z"}},"involvedObject":{{"kind":"Pod","namespace":"prod","name":"{}-5d4f-{}"}},"reason":"BackOff","message":"Back-off restarting failed container","source":{{"component":"kubelet","host":"node-3"}},"firstTimestamp":"2026-11-05T03:05:03Z","lastTimestamp":"2026-11-05T{}Z","count":3,"type":"Warning"}}"#,
            row.service,
            row.random,
            row.random,
            row.service,
            row.at % 8,
            row.clock()
        )
    })
}

fn traces_json() -> String {
    rows("", |text, row| {
        writeln!(
            text,
            r#"{{"trace_id":"{:032x}","span_id":"{:016x}","parent_id":"{:016x}","service":"{}","name":"POST /api/order","start":"{}","duration_ms":12.5,"status":"ok","attributes":{{"http.route":"/api/order"}}}}"#,
            u128::from(row.random) << 40,
            row.random,
            row.random >> 3,
            row.service,
            row.time()
        )
    })
}

fn alerts() -> String {
    rows("", |text, row| {
        writeln!(
            text,
            r#"{{"id":"a{}","service":"{}","metric":"error_rate","threshold":0.05,"observed":0.{},"fired_at":"{}","resolved_at":{},"severity":"critical"}}"#,
            row.at,
            row.service,
            row.random % 100,
            row.time(),
            row.second + 86_400
        )
    })
}

fn changes() -> String {
    rows("", |text, row| {
        writeln!(
            text,
            r#"{{"id":"d{}","type":"deployment","service":"{}","timestamp":"{}","version":"v1.4.{}","from":"v1.4.0","by":"release bot","summary":"{}"}}"#,
            row.at,
            row.service,
            row.time(),
            row.at % 90,
            row.body
        )
    })
}

fn statuspage() -> String {
    rows("", |text, row| {
        writeln!(
            text,
            r#"{{"id":"s{}","name":"{}","status":"resolved","impact":"major","created_at":"{}","started_at":"{}","incident_updates":[{{"id":"u{}","status":"investigating","body":"We are looking into it.","created_at":"{}"}},{{"id":"v{}","status":"resolved","body":"Resolved.","created_at":"2026-11-06T00:00:00Z"}}]}}"#,
            row.at,
            row.body,
            row.time(),
            row.time(),
            row.at,
            row.time(),
            row.at
        )
    })
}
