//! A suggested mapping is a mapping, and reads the sample that it was made from.

use super::*;
use crate::formats::testing::Collected;
use crate::{Mapping, detect, open};

/// The mapping's text, and what it reads.
fn suggest(source: &str, text: &str) -> (String, Collected) {
    let mut options = DecodeOptions::new(chrono_tz::Asia::Shanghai, source);
    let toml = suggest_mapping(text.as_bytes(), &options).unwrap();
    let mapping = Mapping::parse(&toml).unwrap_or_else(|error| panic!("{error}\n{toml}"));
    let key = fupan_redact::PseudonymKey::new([7; 32]);
    options.pseudonyms = Some(fupan_redact::KeySource::of(key));
    options.mappings = vec![mapping];
    let detection = detect(text.as_bytes(), true, &options).unwrap();
    assert!(detection.mapping.is_some(), "{toml}");
    let decoder = open(&detection, text.as_bytes(), &options).unwrap();
    let found = Collected::from(decoder.as_ref(), text.as_bytes());
    assert_eq!(found.rejects, [], "{toml}");
    (toml, found)
}

#[test]
fn a_table_with_odd_columns() {
    let (toml, found) = suggest(
        "exports/支付 日志.csv",
        concat!(
            "No.;When it was;Lvl;所属系统;Buyer No;Took ms;What;Mobile;ref\n",
            "1;05.11.2026 11:05:03;WARN;支付;u1;12.5;charge failed, pool exhausted;13800000000;64f0aa11bb22cc33dd44ee55ff667788\n",
            "2;05.11.2026 11:05:04;ERROR;支付;u2;2500;charge failed \"again\";13800000001;64f0aa11bb22cc33dd44ee55ff667789\n",
        ),
    );
    let log = &found.logs[1];
    assert_eq!(log.timestamp.to_rfc3339(), "2026-11-05T03:05:04Z");
    assert_eq!((log.severity_number, log.body.as_deref()), (Some(17), Some("charge failed \"again\"")));
    assert_eq!((log.service_name.as_deref(), log.user_id.as_deref()), (Some("支付"), Some("u2")));
    assert_eq!(
        (log.duration_ms, log.trace_id.as_deref()),
        (Some(2500.0), Some("64f0aa11bb22cc33dd44ee55ff667789"))
    );
    assert_eq!(found.assumed_zone, 2);
    for expected in [
        "name = \"支付-日志\"",
        "# When it was: all of its values are times in the layout %d.%m.%Y %H:%M:%S%.f, such as 05.11.2026 11:05:03",
        "personal = [\"Mobile\"]",
        "# What: the longest of the texts, such as charge failed, pool exhausted",
        "# No. is not mapped and stays an attribute, such as 1.",
        "# zone = \"Asia/Shanghai\"",
    ] {
        assert!(toml.contains(expected), "{expected}\n{toml}");
    }
}

#[test]
fn counts_by_status_and_records_of_numbers_are_metrics() {
    let counts = concat!(
        "{\"时间\":\"2026-11-05 10:00:00\",\"服务\":\"订单\",\"状态码\":200,\"请求数\":3120}\n",
        "{\"时间\":\"2026-11-05 10:00:00\",\"服务\":\"订单\",\"状态码\":500,\"请求数\":12}\n",
    );
    let options = DecodeOptions::new(chrono_tz::Asia::Shanghai, "counts.jsonl");
    let error = detect(counts.as_bytes(), true, &options).unwrap_err().to_string();
    assert!(error.contains("counts by status") && error.contains("fupan mapping suggest"), "{error}");
    let (toml, found) = suggest("counts.jsonl", counts);
    let point = &found.metrics[1];
    assert_eq!((point.metric_name.as_ref(), point.value), ("请求数", 12.0), "{toml}");
    assert_eq!(point.service_name.as_deref(), Some("订单"));
    assert_eq!(point.attributes, [("状态码".into(), "500".into())]);

    let (toml, found) = suggest(
        "numbers.jsonl",
        "{\"batch_no\":1762308000000000001,\"storeId\":17,\"when\":\"2026-11-05T10:00:00Z\",\"service\":\"cart\",\"cpu\":0.5}\n",
    );
    assert_eq!(found.metrics.last().map(|point| point.metric_name.as_ref()), Some("cpu"), "{toml}");
    assert!(toml.contains("time = { field = \"when\" }"), "{toml}");
    // A request that says how many things it was about is one request.
    let request = "{\"ts\":\"2026-11-05T10:00:00Z\",\"status\":500,\"count\":3,\"user_id\":\"u1\"}\n";
    assert_eq!(detect(request.as_bytes(), true, &options).unwrap().format, InputFormat::JsonLines);
}

#[test]
fn json_with_odd_names() {
    let (toml, found) = suggest(
        "app.ndjson",
        concat!(
            "{\"meta\":{\"when\":\"2026-11-05T11:05:03.250+08:00\"},\"sev\":\"WARN\",\"svcId\":\"pay\",\"what\":\"charge failed twice\",\"trace_id\":\"t1\",\"n\":1}\n",
            "{\"meta\":{\"when\":\"2026-11-05T11:05:04.250+08:00\"},\"sev\":\"INFO\",\"svcId\":\"cart\",\"what\":\"cart emptied by user\",\"n\":2}\n",
        ),
    );
    let log = &found.logs[0];
    assert_eq!(log.timestamp.to_rfc3339(), "2026-11-05T03:05:03.250Z");
    assert_eq!((log.severity_number, log.service_name.as_deref()), (Some(13), Some("pay")));
    assert_eq!((log.body.as_deref(), log.trace_id.as_deref()), (Some("charge failed twice"), Some("t1")));
    assert!(toml.contains("# trace_id is read as trace_id without being mapped."), "{toml}");
    assert!(toml.contains("match = { first_key = [\"meta.when\""), "{toml}");
    assert!(!toml.contains("# zone"), "{toml}");
}

#[test]
fn records_in_a_list_of_an_answer() {
    let answer = concat!(
        "{\"code\":0,\"now\":1794000000,\"fields\":[{\"name\":\"logTime\"}],\"data\":{\"total\":2,\"list\":[\n",
        "{\"logTime\":\"2026-11-05 11:05:03\",\"logLevel\":\"WARN\",\"content\":\"连接池快满: [\\\"a\\\"]\"},\n",
        "{\"logTime\":\"2026-11-05 11:05:04\",\"logLevel\":\"ERROR\",\"content\":\"支付失败, 等待中\"}]}}\n",
    );
    for answer in [answer, &answer.replace('\n', "")] {
        let (toml, found) = suggest("answer.json", answer);
        assert!(toml.contains("list = \"data.list\""), "{toml}");
        assert_eq!((found.logs.len(), found.rejects.len()), (2, 0), "{toml}");
        assert_eq!(found.logs[1].severity_number, Some(17));
        assert_eq!(found.logs[1].body.as_deref(), Some("支付失败, 等待中"));
    }
    // Lines that have lists are records themselves.
    let line = "{\"ts\":\"2026-11-05T11:05:03Z\",\"msg\":\"two items\",\"items\":[{\"time\":\"2026-11-05T11:05:00Z\"}]}\n";
    let (toml, found) = suggest("lines.ndjson", &line.repeat(2));
    assert_eq!((toml.contains("list = "), found.logs.len()), (false, 2), "{toml}");
}

#[test]
fn a_text_log_of_an_unknown_layout() {
    let (toml, found) = suggest(
        "old.log",
        concat!(
            "[05.11.2026 11:05:03] WARN: pool exhausted\n",
            "[05.11.2026 11:05:04] ERROR: charge failed\n",
            "   at Pool.take\n",
            "[05.11.2026 11:05:05] nothing more to say\n",
        ),
    );
    assert_eq!(found.logs.len(), 3, "{toml}");
    assert_eq!(
        (found.logs[0].severity_number, found.logs[0].body.as_deref()),
        (Some(13), Some("pool exhausted"))
    );
    assert_eq!(found.logs[1].body.as_deref(), Some("charge failed\n   at Pool.take"));
    assert_eq!(found.logs[2].timestamp.to_rfc3339(), "2026-11-05T03:05:05Z");
    // Brackets without blanks between them.
    let (toml, found) = suggest(
        "p3.log",
        &(0..6)
            .map(|n| {
                format!("[2026-11-20 11:00:0{n}.123][ERROR][trade-core][TID0000] 调用库存接口超时 {n}\n")
            })
            .collect::<String>(),
    );
    assert_eq!(
        (found.logs.len(), found.rejects.len(), found.logs[5].severity_number),
        (6, 0, Some(17)),
        "{toml}"
    );
    assert_eq!(found.logs[5].body.as_deref(), Some("[trade-core][TID0000] 调用库存接口超时 5"));
    // Whole text logs that are read without a mapping get one as well, to be refined.
    let (_, found) =
        suggest("new.log", "2026-11-05 11:05:03,250 INFO a b\n2026-11-05 11:05:04,250 WARN c d\n");
    assert_eq!((found.logs.len(), found.logs[1].severity_number), (2, Some(13)));
}

#[test]
fn a_text_with_stack_traces_is_for_files_of_its_name() {
    let (toml, found) = suggest(
        "logs/订单 pay-2026-11-05.log",
        concat!(
            "2026-11-05 11:05:03.250 INFO charged\n2026-11-05 11:05:03.300 INFO charged\n",
            "2026-11-05 11:05:03.400 INFO charged\n2026-11-05 11:05:03.500 INFO charged\n",
            "2026-11-05 11:05:04.250 ERROR charge failed\n",
            "java.lang.IllegalStateException: pool exhausted\n\tat Pool.take(Pool.java:7)\n",
            "2026-11-05 11:05:05.250 INFO charged\n",
        ),
    );
    assert_eq!(found.logs.len(), 6, "{toml}");
    assert!(found.logs[4].body.as_deref().unwrap().contains("IllegalStateException"));
    assert!(toml.contains("match = { source = \"订单 pay*\" }"), "{toml}");
    let mapping = Mapping::parse(&toml).unwrap();
    for (name, is_for) in [("订单 pay-2026-11-06.log.gz", true), ("-", true), ("cart.log", false)] {
        assert_eq!(mapping.fits_source(name), is_for, "{name}");
    }
}

#[test]
fn a_table_of_numbers_is_metrics() {
    let (_, found) =
        suggest("m.csv", "stamp,cpu.a,mem (MB),zone_name\n1793849103,0.5,7,east\n1793849163,0.6,8,east\n");
    let names: Vec<_> = found.metrics.iter().map(|point| (point.metric_name.as_ref(), point.value)).collect();
    assert_eq!(names, [("cpu.a", 0.5), ("mem (MB)", 7.0), ("cpu.a", 0.6), ("mem (MB)", 8.0)]);
}

#[test]
fn a_day_that_could_be_a_month_is_told() {
    let (toml, _) = suggest(
        "d.csv",
        "at it,what\n05/11/2026 11:05:03,charge failed here\n06/11/2026 11:05:03,charge done here\n",
    );
    assert!(toml.contains("which one, only you know"), "{toml}");
    let (toml, found) = suggest("d.csv", "at it,what\n11/25/2026 11:05:03,charge failed here\n");
    assert!(!toml.contains("only you know"), "{toml}");
    assert_eq!(found.logs[0].timestamp.to_rfc3339(), "2026-11-25T03:05:03Z");
}

#[test]
fn what_has_no_time_says_so() {
    let options = DecodeOptions::new(chrono_tz::UTC, "x");
    let told = |text: &str| suggest_mapping(text.as_bytes(), &options).unwrap_err().to_string();
    assert!(told("a,b\n1,2\n").contains("(a, b) hold no time"));
    assert!(told("{\"a\":1}\n").contains("hold no time"));
    assert!(told("once upon\na time\n").contains("text without times"));
    assert!(told(" \n").contains("empty"));
}

#[test]
fn a_mapping_is_named_after_its_file() {
    assert_eq!(mapping_name("exports/pods 2026.csv.gz"), "pods-2026");
    assert_eq!(mapping_name("-"), "source");
    assert_eq!(mapping_name("../.hidden"), "hidden");
}

#[test]
fn a_second_time_is_no_message() {
    let (toml, found) = suggest(
        "alerts.csv",
        "告警名称,开始时间,恢复时间\n支付服务下单失败率过高,2026-11-05 11:05:03,2026-11-05 11:48:00\n",
    );
    assert_eq!(found.logs[0].body.as_deref(), Some("支付服务下单失败率过高"), "{toml}");
}

#[test]
fn what_is_read_without_a_mapping_says_so() {
    let options = DecodeOptions::new(chrono_tz::UTC, "x");
    for (text, format) in [
        (
            r#"{"incidents":[{"id":"q1","name":"pay","status":"resolved","created_at":"2026-11-05T03:05:03Z"}]}"#,
            "statuspage",
        ),
        (r#"{"status":"success","data":{"resultType":"matrix","result":[]}}"#, "prometheus"),
    ] {
        let error = suggest_mapping(text.as_bytes(), &options).unwrap_err().to_string();
        assert!(error.starts_with("it is read without a mapping, as "), "{error}");
        assert!(error.contains(format), "{error}");
    }
}

proptest::proptest! {
    #[test]
    fn no_sample_panics(text in ".{0,120}", pieces in proptest::collection::vec(
        proptest::sample::select(vec!["05.11.2026 11:05:03", "[", "]", " ", "\n", ",", ";", "\"", "WARN", "a b c d e", "|", "k=1|", "time=2|", "{\"a\":", "}", "支付"]), 0..20,
    )) {
        let options = DecodeOptions::new(chrono_tz::UTC, text.as_str());
        for sample in [text.clone(), pieces.concat()] {
            if let Ok(toml) = suggest_mapping(sample.as_bytes(), &options) {
                proptest::prop_assert!(Mapping::parse(&toml).is_ok(), "{}", toml);
            }
        }
    }
}

#[test]
fn a_first_row_of_data_is_no_header() {
    let text = "2026-11-20 12:00:00,ERROR,order,fail 0\n".repeat(30);
    let error =
        super::suggest_mapping(text.as_bytes(), &DecodeOptions::new(chrono_tz::UTC, "a.txt")).unwrap_err();
    assert!(error.to_string().contains("a table without a header"), "{error}");
    let (_, found) = suggest("a.txt", &"#0|2026-11-20 12:00:00|WARNING|gw-0|cost=0ms\n".repeat(3));
    assert_eq!(found.logs[2].timestamp.to_rfc3339(), "2026-11-20T04:00:00Z");
}

#[test]
fn a_list_is_told_by_the_keys_of_its_records() {
    let (toml, found) = suggest(
        "a9.json",
        r#"[{"when":"2026/11/05 11:00:01","what":"错误率高","who":"pay"},{"when":"2026/11/05 11:00:02","what":"又高","who":"pay"}]"#,
    );
    assert_eq!(found.logs.len(), 2);
    assert!(toml.contains("first_key = [\"when\"") && !toml.contains("list ="), "{toml}");
}

#[test]
fn lines_whose_parts_pipes_separate() {
    let (toml, found) = suggest(
        "pay.log",
        concat!(
            "2026-11-05 11:05:03.250|INFO |pay|0af7651916cd43dd8448eb211c80319c|cost=12ms|order u1|done\n",
            "2026-11-05 11:05:04.250|ERROR|pay||cost=3002ms|支付超时\n",
            "  at Pay.charge(Pay.java:17)\n",
        )
        .replace("||", "|0af7651916cd43dd8448eb211c80319d|")
        .as_str(),
    );
    assert_eq!(found.logs.len(), 2);
    let log = &found.logs[0];
    assert_eq!((log.severity_number, log.body.as_deref()), (Some(9), Some("order u1|done")));
    assert_eq!(log.trace_id.as_deref(), Some("0af7651916cd43dd8448eb211c80319c"));
    assert_eq!(log.duration_ms, Some(12.0));
    assert!(log.attributes.contains(&("field3".into(), "pay".into())), "{:?}", log.attributes);
    assert!(found.logs[1].body.as_deref().is_some_and(|body| body.ends_with("Pay.java:17)")));
    assert!(toml.contains("# field3, such as pay, stays an attribute"), "{toml}");
}
