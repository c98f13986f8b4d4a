//! Which encodings are told, and which are not guessed.

use std::io::Read;

use super::*;
use crate::formats::testing::Collected;
use crate::{InputFormat, Mapping, Origin, detect, open_from};

const TEXT: &str =
    "2026-11-05 11:05:03 错误 支付失败:连接池耗尽,请稍后重试\n2026-11-05 11:05:04 信息 订单已恢复\n";

fn utf16(text: &str, unit: fn(u16) -> [u8; 2]) -> Vec<u8> {
    text.encode_utf16().flat_map(unit).collect()
}

fn told(bytes: &[u8]) -> Option<&'static str> {
    Encoding::detect(bytes, chrono_tz::UTC).map(|found| found.encoding.name())
}

#[test]
fn encodings_are_told_by_their_bytes() {
    let gbk = encoding_rs::GBK.encode(TEXT).0.into_owned();
    assert_eq!(told(&gbk), Some("GB18030"));
    // The head may end in the middle of a letter.
    for cut in 30..gbk.len() {
        assert_eq!(told(&gbk[..cut]), Some("GB18030"), "{cut}");
    }
    let (little, big) = (utf16(TEXT, u16::to_le_bytes), utf16(TEXT, u16::to_be_bytes));
    assert_eq!((told(&little), told(&big)), (Some("UTF-16LE"), Some("UTF-16BE")));
    assert_eq!(told(&little[..101]), Some("UTF-16LE"));
    assert_eq!(told(&[b"\xFF\xFE".as_slice(), &little].concat()), Some("UTF-16LE"));
    assert_eq!(told(&[b"\xFE\xFF".as_slice(), &big].concat()), Some("UTF-16BE"));
    let japanese = "2026-11-05 11:05:03 決済に失敗しました。接続プールが枯渇しています。\n".repeat(3);
    assert_eq!(told(&encoding_rs::SHIFT_JIS.encode(&japanese).0), Some("Shift_JIS"));
    let found = Encoding::detect(&gbk, chrono_tz::UTC).unwrap();
    assert_eq!(found.reason, "its letters are no UTF-8 and read as Chinese in GB18030");
}

#[test]
fn what_is_no_evidence_tells_nothing() {
    for bytes in [
        TEXT.as_bytes(),
        b"plain ascii\n",
        b"",
        b"\xEF\xBB\xBFmarked\n",
        // One broken line among good ones.
        "支付\n失败\n\u{7528}\n".as_bytes(),
        b"\xE6\x94\xAF\n\xE4\xBB\x98\nbroken \xFF\n",
        // Any bytes are some text in Latin-1.
        b"caf\xE9 ferm\xE9 \xE0 midi, r\xE9essayez\n",
        b"\x00\x01\x02\x03\x00\x00\x00\x00",
        b"\xFF\xFE\x00\x00t\x00\x00\x00",
    ] {
        assert_eq!(told(bytes), None, "{}", String::from_utf8_lossy(bytes));
    }
    // Whole letters and a cut one at the end of the head.
    assert_eq!(told(&TEXT.as_bytes()[..TEXT.len() - 2]), None);
}

#[test]
fn names_as_people_write_them() {
    for (name, expected) in [
        ("gbk", Some("GB18030")),
        ("GB2312", Some("GB18030")),
        ("cp936", Some("GB18030")),
        ("gb18030", Some("GB18030")),
        ("UTF-16LE", Some("UTF-16LE")),
        ("utf_16be", Some("UTF-16BE")),
        ("utf-16", Some("UTF-16LE")),
        ("big5", Some("Big5")),
        ("utf-8", None),
        ("klingon", None),
    ] {
        assert_eq!(Encoding::by_name(name).map(Encoding::name), expected, "{name}");
    }
}

#[test]
fn a_source_is_read_in_the_encoding_that_was_declared() {
    let mapping =
        "name = \"bank\"\nencoding = \"GBK\"\nmatch = { header = [\"时间\"] }\ntime = { field = \"时间\" }\n";
    let mut options = DecodeOptions::new(chrono_tz::Asia::Shanghai, "bank.csv");
    options.mappings = vec![Mapping::parse(mapping).unwrap()];
    let text = encoding_rs::GBK.encode("时间,消息\n2026-11-05 11:05:03,好\n").0.into_owned();
    let found = Encoding::of_source(&text, true, None, &options).unwrap();
    assert_eq!((found.encoding.name(), found.reason.as_str()), ("GB18030", "the mapping bank says so"));
    let other = encoding_rs::GBK.encode("日期,消息\n2026-11-05 11:05:03,支付失败\n").0.into_owned();
    assert_ne!(Encoding::of_source(&other, true, None, &options).unwrap().reason, "the mapping bank says so");
    let declared = Encoding::of_source(b"ascii", true, Some(Encoding::UTF_16BE), &options).unwrap();
    assert_eq!((declared.encoding, declared.reason.as_str()), (Encoding::UTF_16BE, "as declared"));
    assert!(
        Mapping::parse("name = \"x\"\nencoding = \"klingon\"").unwrap_err().to_string().contains("klingon")
    );
    assert_eq!(Mapping::parse("name = \"x\"\nencoding = \"utf8\"").unwrap().encoding(), None);
}

/// The way that an ingest goes: detect the encoding, transcode, detect the format, decode.
#[test]
fn a_log_in_gb18030_is_read_from_bytes_to_records() {
    let options = DecodeOptions::new(chrono_tz::Asia::Shanghai, "app.log");
    let mut bytes = encoding_rs::GB18030.encode(TEXT).0.into_owned();
    bytes.extend_from_slice(b"2026-11-05 11:05:05 ERROR broken \xFF here\n");
    let found = Encoding::of_source(&bytes, true, None, &options).unwrap();
    let mut text = Vec::new();
    let mut reader = Transcoding::new(bytes.as_slice(), found.encoding);
    reader.read_to_end(&mut text).unwrap();
    assert_eq!(reader.replaced(), 1);
    let detection = detect(&text, true, &options).unwrap();
    assert_eq!(detection.format, InputFormat::TextLog);
    let origin = Origin { transcoded_from: Some(found.encoding), ..Origin::default() };
    let decoder = open_from(&detection, &text, &options, origin).unwrap();
    let records = Collected::from(decoder.as_ref(), &text);
    assert_eq!((records.logs.len(), records.rejects.len()), (2, 1));
    assert!(records.logs[0].body.as_deref().unwrap().contains("连接池耗尽"));
    assert!(records.rejects[0].1.contains("no GB18030 text"));
}

#[test]
fn a_few_letters_are_told_by_the_zone() {
    for text in ["参数错误", "连接数据库失败", "下单失败", "支付"] {
        let line = format!("2026-11-05 11:01:35 ERROR {text}\n");
        let bytes = encoding_rs::GBK.encode(&line).0.into_owned();
        for zone in [chrono_tz::UTC, chrono_tz::Asia::Shanghai] {
            assert_eq!(Encoding::detect(&bytes, zone).unwrap().encoding, Encoding::GB18030, "{text}");
        }
    }
    let korean = "2026-11-05 11:01:35 ERROR 결제 실패: 연결 시간이 초과되었습니다\n".repeat(3);
    let told = Encoding::detect(&encoding_rs::EUC_KR.encode(&korean).0, chrono_tz::Asia::Seoul);
    assert_eq!(told.unwrap().encoding.name(), "EUC-KR");
}

#[test]
fn holes_of_nuls_say_nothing_about_letters() {
    let text = encoding_rs::GBK.encode(TEXT).0.into_owned();
    for hole in [16, 100, 4096] {
        let hole = vec![0; hole];
        assert_eq!(told(&[&text[..], &hole, &text].concat()), Some("GB18030"));
        assert_eq!(told(&[&hole[..], &text].concat()), Some("GB18030"));
    }
}
