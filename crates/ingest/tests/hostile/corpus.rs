//! Which files may somebody feed in, out of carelessness or malice?

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::packages;
use crate::world::gzip_bytes;

pub(crate) type Files = BTreeMap<String, Vec<u8>>;

/// A way to spoil a good file.
type Damage = fn(&[u8]) -> Vec<u8>;

/// Every format is spoilt in each of these ways.
const DAMAGES: &[(&str, Damage)] = &[
    ("as-it-is", <[u8]>::to_vec),
    ("nul-inside", |good| inserted(good, &[0; 40])),
    ("invalid-utf8-inside", |good| inserted(good, b"\xFF\xC0\x80\xED\xA0\x80")),
    ("cut-at-four-fifths", |good| good[..good.len() * 4 / 5].to_vec()),
    ("cut-in-the-last-word", |good| good[..good.len().saturating_sub(9)].to_vec()),
    ("carriage-returns-only", |good| replaced(good, b"\n", b"\r")),
    ("mixed-line-ends", mixed_line_ends),
    ("byte-order-mark", |good| [b"\xEF\xBB\xBF", good].concat()),
    ("byte-order-mark-inside", |good| inserted(good, b"\xEF\xBB\xBF")),
    ("first-line-only", |good| {
        good.split_inclusive(|byte| *byte == b'\n').next().unwrap_or_default().to_vec()
    }),
    ("numbers-1e400", |good| with_numbers(good, b"1e400")),
    ("numbers-99999999999999999999", |good| with_numbers(good, b"99999999999999999999")),
    ("numbers-minus", |good| with_numbers(good, b"-1")),
    ("texts-lone-surrogate", |good| with_texts(good, b"\"\\ud800\"")),
    ("texts-null", |good| with_texts(good, b"null")),
    ("texts-nan", |good| with_texts(good, b"NaN")),
    ("texts-lists", |good| with_texts(good, b"[[]]")),
    ("doubled", |good| [good, good].concat()),
    ("deeply-nested", |good| inserted(good, &b"[".repeat(20_000))),
    ("million-commas", |good| inserted(good, &b",".repeat(1 << 20))),
    ("year-0", |good| replaced(&replaced(good, b"2026", b"0000"), b"17938", b"00000")),
    ("year-99999", |good| replaced(&replaced(good, b"2026", b"99999"), b"17938", b"9991793")),
    ("february-30", |good| replaced(good, b"-11-05", b"-02-30")),
    ("leap-second", |good| replaced(&replaced(good, b":05:03", b":59:60"), b"11:05", b"24:61")),
    ("utf-16-odd", |good| {
        let text =
            String::from_utf8_lossy(good).encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<_>>();
        [b"\xFF\xFE", &text[..text.len().saturating_sub(1)]].concat()
    }),
    ("gzip-with-garbage-behind.gz", |good| [gzip_bytes(good).as_slice(), b"garbage"].concat()),
    ("gzip-cut.gz", |good| {
        let packed = gzip_bytes(good);
        packed[..packed.len() * 2 / 3].to_vec()
    }),
    ("zstd-cut.zst", |good| {
        let packed = packages::zstd(good);
        packed[..packed.len() * 2 / 3].to_vec()
    }),
    ("gzip-in-gzip.gz", |good| gzip_bytes(&gzip_bytes(good))),
];

pub(crate) fn files() -> Files {
    let mut found = Files::new();
    for (at, (format, good)) in goods().into_iter().enumerate() {
        for (number, (damage, spoil)) in DAMAGES.iter().enumerate() {
            // Times of its own, so that no file is the beginning of another.
            let good = moved(&good, at * DAMAGES.len() + number);
            found.insert(format!("{format}-{damage}"), spoil(&good));
        }
    }
    found.extend(constructions().into_iter().map(|(name, bytes)| (name.to_owned(), bytes)));
    found.extend(packages::files());
    found
}

/// A good file of each format, out of the fixtures of the decoders.
fn goods() -> Vec<(String, Vec<u8>)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../decode/fixtures");
    let mut formats: Vec<PathBuf> =
        std::fs::read_dir(&root).expect("fixtures").map(|entry| entry.expect("entry").path()).collect();
    formats.sort();
    formats.retain(|format| {
        !["fuzz", "xlsx", "encodings", "mappings"].iter().any(|other| format.ends_with(other))
    });
    let good = |format: PathBuf| {
        let name = format.file_name().expect("name").to_string_lossy().into_owned();
        (name, std::fs::read(first_file(&format)).expect("fixture"))
    };
    formats.into_iter().map(good).collect()
}

fn first_file(folder: &Path) -> PathBuf {
    let mut paths: Vec<_> =
        std::fs::read_dir(folder).expect("folder").map(|entry| entry.expect("entry").path()).collect();
    paths.sort();
    let first = paths.swap_remove(0);
    if first.is_dir() { first_file(&first) } else { first }
}

/// The same at another time: hours and seconds since the epoch are others.
fn moved(good: &[u8], by: usize) -> Vec<u8> {
    let day = format!("2026-{:02}-{:02}", 1 + by / 28 % 12, 1 + by % 28);
    let slashed =
        format!("{:02}/{}/2026", 1 + by % 28, ["Jan", "Feb", "Mar", "Apr", "May", "Jun"][by / 28 % 6]);
    let good = replaced(&replaced(good, b"2026-11-05", day.as_bytes()), b"05/Nov/2026", slashed.as_bytes());
    replaced(&good, b"17938", format!("1{:04}", 5000 + by).as_bytes())
}

fn replaced(bytes: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let mut found = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some(first) = rest.first() {
        if let Some(after) = rest.strip_prefix(from) {
            found.extend(to);
            rest = after;
        } else {
            found.push(*first);
            rest = &rest[1..];
        }
    }
    found
}

/// Something in the middle of the second half.
fn inserted(bytes: &[u8], piece: &[u8]) -> Vec<u8> {
    let (before, after) = bytes.split_at(bytes.len() * 3 / 5);
    [before, piece, after].concat()
}

fn mixed_line_ends(bytes: &[u8]) -> Vec<u8> {
    let ends: [&[u8]; 4] = [b"\r\n", b"\n", b"\n\r\n", b"\r\r\n"];
    let lines = bytes.split(|byte| *byte == b'\n').enumerate();
    lines.flat_map(|(at, line)| [line, ends[at % 4]].concat()).collect()
}

/// Every second number is another one.
fn with_numbers(bytes: &[u8], by: &[u8]) -> Vec<u8> {
    let mut found = Vec::new();
    let mut pieces = bytes.chunk_by(|one, other| one.is_ascii_digit() == other.is_ascii_digit());
    let mut count = 0;
    pieces.by_ref().for_each(|piece| {
        let is_number = piece.first().is_some_and(u8::is_ascii_digit);
        count += usize::from(is_number);
        found.extend(if is_number && count % 2 == 0 { by } else { piece });
    });
    found
}

/// Every fourth quoted text is something else.
fn with_texts(bytes: &[u8], by: &[u8]) -> Vec<u8> {
    let mut found = Vec::new();
    for (at, piece) in bytes.split(|byte| *byte == b'"').enumerate() {
        match at % 8 {
            7 => {
                found.pop();
                found.extend(by);
            }
            1 | 3 | 5 => found.extend([b"\"", piece, b"\""].concat()),
            _ => found.extend(piece),
        }
    }
    found
}

/// What belongs to no format in particular, or to one only.
fn constructions() -> Vec<(&'static str, Vec<u8>)> {
    let lines = |text: &str| text.replace('|', "\n").into_bytes();
    let log = |inner: &str| {
        format!("{{\"ts\":\"2026-11-05T03:05:03Z\",\"msg\":\"hostile\",{inner}}}\n").into_bytes()
    };
    vec![
        ("empty", Vec::new()),
        ("byte-order-mark-only", b"\xEF\xBB\xBF".to_vec()),
        ("utf-16-mark-only", b"\xFF\xFE".to_vec()),
        ("white-space-only", b" \r\n\t\n \n".repeat(500)),
        ("line-feeds-only", b"\n".repeat(100_000)),
        ("nuls-only", vec![0; 70_000]),
        ("ff-only", vec![0xFF; 70_000]),
        ("one-quote", b"\"".to_vec()),
        ("one-brace", b"{".to_vec()),
        ("one-bracket", b"[".to_vec()),
        ("brackets-only", b"[".repeat(1 << 20)),
        ("braces-only", b"{\"a\":".repeat(200_000)),
        ("empty-list", b"[]".to_vec()),
        ("empty-object", b"{}".to_vec()),
        ("null", b"null".to_vec()),
        ("a-number", b"1".to_vec()),
        ("a-text", b"\"x\"".to_vec()),
        ("lists-of-lists", b"[[[[[]]]],[[]]]".to_vec()),
        ("a-header-only.csv", b"timestamp,metric,value\n".to_vec()),
        ("a-header-without-line-feed.csv", b"time,level,message".to_vec()),
        ("columns-10000.csv", ["time", &",m".repeat(10_000), "\n1793849103", &",1".repeat(10_000), "\n"].concat().into_bytes()),
        ("columns-100000.csv", ["time", &",m".repeat(100_000), "\n1793849103", &",1".repeat(100_000), "\n"].concat().into_bytes()),
        ("columns-of-one-name.csv", lines("time,level,level,message,message|1793849104,a,b,c,d|")),
        ("rows-shorter-and-longer.csv", lines("time,level,message|1793849105|1793849106,INFO|1793849107,INFO,x,y,z|")),
        ("an-unclosed-quote.csv", lines("time,level,message|1793849108,INFO,\"open|1793849109,INFO,x|")),
        ("a-quote-behind-a-quote.csv", lines("time,level,message|1793849110,INFO,\"a\"b\"c|1793849111,INFO,x|")),
        ("formulas.csv", lines("time,level,message|1793849112,INFO,=cmd|' /C calc'!A0|1793849113,INFO,@SUM(1)|")),
        ("values-nan-and-infinite.csv", lines("time,metric,value|1793849114,a,NaN|1793849115,a,-Inf|1793849116,a,1e400|1793849117,a,0x10|1793849118,a,|")),
        ("values-negative-times.csv", lines("time,metric,value|-1,a,1|-1793849118,a,1|0,a,1|")),
        ("a-line-of-2-mib.jsonl", log(&format!("\"x\":\"{}\"", "y".repeat(2 << 20)))),
        ("keys-twice.jsonl", log("\"a\":1,\"a\":2,\"msg\":\"second\",\"ts\":\"2026-11-05T03:05:04Z\"")),
        ("keys-10000.jsonl", log(&(0..10_000).map(|at| format!("\"k{at}\":{at}")).collect::<Vec<_>>().join(","))),
        ("keys-empty.jsonl", log("\"\":\"\",\" \":1,\"\\u0000\":2,\".\":3,\"..\":4")),
        ("numbers-huge.jsonl", log("\"duration_ms\":1e400,\"amount\":-1e400,\"status\":99999999999,\"n\":123456789012345678901234567890")),
        ("controls.jsonl", log("\"a\":\"\\u001b[2J\\u0000\\u0007\\u202e\\ufeff\"")),
        ("surrogates.jsonl", log("\"a\":\"\\ud83d\",\"b\":\"\\ude00\\ud83d\",\"c\":\"\\ud83d\\ude00\"")),
        ("depth-127.jsonl", log(&format!("\"a\":{}{}", "[".repeat(126), "]".repeat(126)))),
        ("depth-129.jsonl", log(&format!("\"a\":{}{}", "[".repeat(128), "]".repeat(128)))),
        ("depth-1000000.jsonl", log(&format!("\"a\":{}{}", "{\"b\":".repeat(200_000), "}".repeat(200_000)))),
        ("comments.jsonl", lines("// comment|{\"ts\":1793849119,\"msg\":\"a\"}|# comment|{'ts':1793849120}|")),
        ("objects-on-one-line.jsonl", b"{\"ts\":1793849121,\"msg\":\"a\"}{\"ts\":1793849122,\"msg\":\"b\"}\n".to_vec()),
        ("times-of-all-kinds.jsonl", times_of_all_kinds()),
        ("otlp-wrong-types.json", lines("{\"resourceLogs\":{}}|{\"resourceLogs\":[1]}|{\"resourceLogs\":[{\"scopeLogs\":[{\"logRecords\":[{\"timeUnixNano\":{},\"body\":7,\"attributes\":{\"a\":1}}]}]}]}|")),
        ("otlp-times-out-of-range.json", lines("{\"resourceLogs\":[{\"scopeLogs\":[{\"logRecords\":[{\"timeUnixNano\":\"-1\"}]}]}]}|{\"resourceLogs\":[{\"scopeLogs\":[{\"logRecords\":[{\"timeUnixNano\":\"99999999999999999999\"}]}]}]}|")),
        ("otlp-buckets.json", lines("{\"resourceMetrics\":[{\"scopeMetrics\":[{\"metrics\":[{\"name\":\"h\",\"histogram\":{\"dataPoints\":[{\"timeUnixNano\":\"1793849123000000000\",\"count\":\"-1\",\"bucketCounts\":[\"x\"],\"explicitBounds\":[\"NaN\",1,0]}]}},{\"name\":\"e\",\"exponentialHistogram\":{\"dataPoints\":[{\"timeUnixNano\":\"1793849123000000000\",\"scale\":99999,\"positive\":{\"offset\":-99999,\"bucketCounts\":[\"1\"]}}]}}]}]}]}|")),
        ("prometheus-wrong-types.json", b"{\"status\":\"success\",\"data\":{\"resultType\":\"matrix\",\"result\":[{\"metric\":[],\"values\":{}},{\"metric\":{\"a\":1},\"values\":[[1]]},7,null]}}".to_vec()),
        ("timeline-aliases.yaml", aliases()),
        ("timeline-tags.yaml", lines("incident: !!python/object:os.system x|events: [{at: 11:05, type: !include /etc/passwd}]|")),
        ("timeline-twice.yaml", lines("incident: A|incident: B|date: 2026-11-05|events: [{at: '11:05', type: mitigated}]|")),
        ("timeline-of-2000-levels.yaml", [b"incident: ".as_slice(), &b"[".repeat(2000)].concat()),
        ("timeline-backwards.yaml", lines("incident: BACK-1|date: 2026-11-05|zone: UTC|events:|  - {at: '12:00', type: impact_started}|  - {at: '11:00', type: mitigated}|  - {at: '11:30..11:10', type: detected}|  - {at: '25:61', type: resolved}|")),
        ("timeline-hostile-names.yaml", lines("incident: ../../etc/passwd|date: 2026-11-05|zone: UTC|title: <script>alert(1)</script>|events: [{at: '11:05', type: mitigated, text: \"[x](javascript:1)\"}]|")),
        ("syslog-counts.log", b"0 <13>x\n99999999 <13>x\n-1 <13>x\n007 <13>x\n5 <13>x".to_vec()),
        ("syslog-priorities.log", lines("<13>1 2026-11-05T03:05:24Z h a - - - fine|<999>1 2026-11-05T03:05:24Z h a - - - x|<>1 2026-11-05T03:05:24Z h a - - - x|<13>1 - - - - - -|<13>99 x|")),
        ("syslog-elements.log", lines("<13>1 2026-11-05T03:05:25Z h a - - [x y=\"z] open|<13>1 2026-11-05T03:05:25Z h a - - [x y=\"\\\"\\]\"] closed|<13>1 2026-11-05T03:05:26Z h a - - [][][] x|")),
        ("openmetrics-names.prom", lines("# TYPE a counter|a{b=\"c\\\"\\n\\\\\"} 1 1793849127|{} 1|a{b=} 1|a{b=\"c\",b=\"d\"} 1 1793849127|a NaN 1793849127|a +Inf 1793849128|a 1e400 1793849129|a 1 -1|# EOF|after 1 1793849127|")),
        ("influx-escapes.lp", lines("a,b=c\\ d,e\\,f=g h=1i,i=\"j\\\"k\",l=t 1793849130000000000|a,b b=1 1793849130000000000|a b=1x 1793849130000000000|a b=99999999999999999999i 1793849130000000000|a b=1 -5|a b= 1793849130000000000|")),
        ("access-escapes.log", lines("10.0.0.1 - - [05/Nov/2026:11:05:31 +0800] \"GET /\\x00\\xff\\\" HTTP/1.1\" 200 1 \"-\" \"\\\"\"|10.0.0.1 - - [31/Feb/2026:11:05:31 +0800] \"GET / HTTP/1.1\" 200 1|10.0.0.1 - - [05/Nov/2026:11:05:31 +9999] \"\\x16\\x03\\x01\" 400 99999999999999999999|")),
        ("logfmt-quotes.log", lines("ts=1793849132 level=info msg=\"fine\"|ts=1793849132 msg=\"open|ts=1793849132 =x y= \"z\"=1 msg=a=b=c|ts=1793849133 ts=2 ts=3 msg=thrice|")),
        ("text-without-time-first.log", lines("no time|none here|2026-11-05 11:05:34 INFO first|\tat x|2026-02-30 11:05:34 INFO no day|2026-11-05 11:05:35 INFO second|")),
        ("text-colours.log", lines("\u{1b}[31m2026-11-05 11:05:36\u{1b}[0m ERROR \u{1b}]0;title\u{7} red|\u{1b}[32m2026-11-05 11:05:37\u{1b}[0m INFO green|")),
        ("journald-fields.json", lines("{\"__REALTIME_TIMESTAMP\":\"1793849138000000\",\"MESSAGE\":[255,0,300,-1]}|{\"__REALTIME_TIMESTAMP\":\"x\",\"MESSAGE\":null}|{\"__REALTIME_TIMESTAMP\":\"1793849138000000\",\"MESSAGE\":{\"a\":1},\"_PID\":[\"1\",\"2\"]}|")),
        ("loki-values.json", lines("{\"streams\":[{\"stream\":{\"a\":\"b\"},\"values\":[[\"1793849139000000000\",\"x\"],[\"x\",\"y\"],[1],[]]}]}|{\"streams\":[{\"stream\":7,\"values\":{}}]}|{\"streams\":null}|")),
        ("gbk-broken.log", gbk_broken()),
        ("gbk-in-one-line-of-utf-8.log", [lines("2026-11-05 11:05:41 INFO 支付|").as_slice(), b"2026-11-05 11:05:42 INFO \xD6\xA7\xB8\xB6\n", &lines("2026-11-05 11:05:43 INFO 完成|")].concat()),
        ("latin-1.log", b"2026-11-05 11:05:44 INFO caf\xE9 cr\xE8me\n2026-11-05 11:05:45 INFO d\xE9j\xE0 vu\n".to_vec()),
        ("utf-16-without-mark.log", "2026-11-05 11:05:46 INFO pay\n".encode_utf16().flat_map(u16::to_le_bytes).collect()),
        ("utf-16-lone-surrogate.log", {
            let mut units: Vec<u16> = "2026-11-05 11:05:47 INFO a\n2026-11-05 11:05:48 INFO ".encode_utf16().collect();
            units.extend([0xD800, u16::from(b'\n')]);
            [b"\xFE\xFF".to_vec(), units.into_iter().flat_map(u16::to_be_bytes).collect()].concat()
        }),
        ("utf-32.log", "2026-11-05 INFO x\n".chars().flat_map(|letter| u32::from(letter).to_le_bytes()).collect()),
    ]
}

/// Times at the edges of the calendar, of numbers and of zones.
fn times_of_all_kinds() -> Vec<u8> {
    let times = [
        "\"0000-01-01T00:00:00Z\"",
        "\"1969-12-31T23:59:59Z\"",
        "\"1970-01-01T00:00:00Z\"",
        "\"2026-02-29T00:00:00Z\"",
        "\"2028-02-29T00:00:00Z\"",
        "\"2026-12-31T23:59:60Z\"",
        "\"2026-13-01T00:00:00Z\"",
        "\"2026-11-05T24:00:00Z\"",
        "\"2026-11-05T03:05:03+99:99\"",
        "\"99999-01-01T00:00:00Z\"",
        "\"2026-11-05T03:05:03.999999999999Z\"",
        "0",
        "-1",
        "1e400",
        "1e-400",
        "1793849103e0",
        "17938491030000000000000",
        "true",
        "null",
        "[1793849103]",
        "{\"s\":1793849103}",
        "\"now\"",
        "\"\"",
        "\" 1793849103 \"",
        "\"２０２６-11-05 11:05:03\"",
        "\"2026-03-29 02:30:00\"",
        "\"+2026-11-05T03:05:03Z\"",
    ];
    times
        .iter()
        .map(|time| format!("{{\"ts\":{time},\"msg\":\"at {}\"}}\n", time.len()))
        .collect::<String>()
        .into_bytes()
}

/// A billion laughs in YAML.
fn aliases() -> Vec<u8> {
    let mut text = "incident: LOL-1\na0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..12 {
        let before = vec![format!("*a{}", level - 1); 9].join(", ");
        text.push_str(&format!("a{level}: &a{level} [{before}]\n"));
    }
    text.into_bytes()
}

/// Good lines in GBK around one with bytes that are none.
fn gbk_broken() -> Vec<u8> {
    let line = |second: usize, word: &[u8]| {
        [format!("2026-11-05 11:06:{second:02} INFO ").as_bytes(), word, b"\n"].concat()
    };
    let good = b"\xD6\xA7\xB8\xB6\xCA\xA7\xB0\xDC\xA3\xBA\xC1\xAC\xBD\xD3\xB3\xD8\xBA\xC4\xBE\xA1".as_slice();
    let mut text: Vec<u8> = (0..20).flat_map(|second| line(second, good)).collect();
    text.extend(line(20, b"\xD6\xFF\xB8"));
    text.extend(line(21, good));
    text
}
