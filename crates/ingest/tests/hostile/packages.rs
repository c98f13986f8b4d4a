//! Archives, compressed streams and spreadsheets that are broken or meant to harm.

use std::io::{Cursor, Write};

use crate::corpus::Files;
use crate::world::gzip_bytes;

pub(crate) fn zstd(bytes: &[u8]) -> Vec<u8> {
    zstd::encode_all(bytes, 3).expect("compress")
}

fn zipped(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in files {
        writer.start_file(*name, zip::write::SimpleFileOptions::default()).expect("start");
        writer.write_all(content).expect("write");
    }
    writer.finish().expect("finish").into_inner()
}

fn tarred(files: &[(&str, tar::EntryType, &[u8])]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (name, kind, content) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_entry_type(*kind);
        if kind.is_symlink() || kind.is_hard_link() {
            header.set_link_name("/etc/passwd").expect("link");
        }
        // Written past the builder, which refuses names that lead out of the folder.
        let field = &mut header.as_old_mut().name;
        field.iter_mut().zip(name.as_bytes()).for_each(|(to, from)| *to = *from);
        header.set_cksum();
        builder.append(&header, *content).expect("append");
    }
    builder.into_inner().expect("finish")
}

fn line(second: u32) -> Vec<u8> {
    format!("{{\"ts\":\"2026-12-24T03:{:02}:{:02}Z\",\"msg\":\"packed\"}}\n", second / 60, second % 60)
        .into_bytes()
}

pub(crate) fn files() -> Files {
    let mut found: Vec<(&str, Vec<u8>)> = Vec::new();
    let regular = tar::EntryType::Regular;
    let outside = tarred(&[
        ("../../../../tmp/outside.jsonl", regular, &line(1)),
        ("/etc/cron.d/outside.jsonl", regular, &line(2)),
        ("a/link", tar::EntryType::Symlink, b""),
        ("a/hard", tar::EntryType::Link, b""),
        ("a/device", tar::EntryType::Char, b""),
        ("a/pipe", tar::EntryType::Fifo, b""),
        ("a/folder/", tar::EntryType::Directory, b""),
    ]);
    found.push(("outside.tar", outside.clone()));
    found.push(("cut.tar", outside[..700].to_vec()));
    found.push(("size-that-lies.tar", {
        let mut tar = tarred(&[("a.jsonl", regular, &line(3))]);
        tar[124..136].copy_from_slice(b"77777777777\0");
        let sum: u32 = tar[..512]
            .iter()
            .enumerate()
            .map(|(at, byte)| if (148..156).contains(&at) { 32 } else { u32::from(*byte) })
            .sum();
        tar[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
        tar
    }));
    found.push(("checksum-that-lies.tar", {
        let mut tar = tarred(&[("a.jsonl", regular, &line(4))]);
        tar[148] ^= 1;
        tar
    }));
    found.push(("archive-in-archive.tar.gz", gzip_bytes(&tarred(&[("inner.tar", regular, &outside)]))));
    found.push((
        "outside.zip",
        zipped(&[("../../outside.jsonl", &line(5)), ("/abs.jsonl", &line(6)), ("a\\b.jsonl", &line(7))]),
    ));
    let zip = zipped(&[("a.jsonl", &line(8).repeat(50)), ("b.jsonl", &line(9))]);
    found.push(("cut-in-a-file.zip", zip[..60].to_vec()));
    found.push(("without-directory.zip", zip[..zip.len() - 100].to_vec()));
    found.push(("bits-flipped.zip", {
        let mut zip = zip.clone();
        zip[45] ^= 0x55;
        zip
    }));
    found.push(("empty.zip", zipped(&[])));
    found.push(("head-only.zip", b"PK\x03\x04".to_vec()));
    found.push(("garbage.zip", [b"PK\x03\x04".as_slice(), &[0xA5; 3000]].concat()));
    let zeros = vec![b' '; 80 << 20];
    found.push(("bomb.gz", gzip_bytes(&zeros)));
    found.push(("bomb.zst", zstd(&zeros)));
    found.push(("bomb.zip", zipped(&[("spaces.jsonl", &zeros)])));
    found.push(("head-only.gz", b"\x1F\x8B\x08".to_vec()));
    found.push(("garbage.gz", [b"\x1F\x8B\x08\x00".as_slice(), &[0xA5; 3000]].concat()));
    found.push(("sum-that-lies.gz", {
        let mut packed = gzip_bytes(&line(10));
        let end = packed.len();
        packed[end - 6] ^= 1;
        packed
    }));
    found.push(("two-members.gz", [gzip_bytes(&line(11)), gzip_bytes(&line(12))].concat()));
    found.push(("empty-member.gz", gzip_bytes(b"")));
    found.push(("head-only.zst", b"\x28\xB5\x2F\xFD".to_vec()));
    found.push(("garbage.zst", [b"\x28\xB5\x2F\xFD".as_slice(), &[0xA5; 3000]].concat()));
    found.push(("window-of-2-gib.zst", [b"\x28\xB5\x2F\xFD\x00\xA8".as_slice(), &[0; 100]].concat()));
    found.push(("head-only.parquet", b"PAR1".to_vec()));
    found.push((
        "garbage.parquet",
        [b"PAR1".as_slice(), &[0xFF; 4000], &b"\xFF\xFF\xFF\x7FPAR1"[..]].concat(),
    ));
    found.push(("head-only.png", b"\x89PNG\r\n\x1A\n".to_vec()));
    found.push(("program.log", b"\x7FELF\x02\x01\x01".repeat(100)));
    found.push(("database.csv", b"SQLite format 3\0 and so on".to_vec()));
    found.extend(books());
    found.into_iter().map(|(name, bytes)| (name.to_owned(), bytes)).collect()
}

fn sheet(rows: &str) -> String {
    format!(
        "<worksheet xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\"><sheetData>{rows}</sheetData></worksheet>"
    )
}

const HEADER: &str = "<row r=\"1\"><c r=\"A1\" t=\"inlineStr\"><is><t>time</t></is></c><c r=\"B1\" t=\"inlineStr\"><is><t>level</t></is></c><c r=\"C1\" t=\"inlineStr\"><is><t>message</t></is></c></row>";

/// A workbook of one sheet, whose strings are given too.
fn book(sheet: &str, strings: &str) -> Vec<u8> {
    let relation = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    let types = "<Types xmlns=\"http://schemas.openxmlformats.org/package/2006/content-types\"><Default Extension=\"xml\" ContentType=\"application/xml\"/></Types>";
    let top = format!(
        "<Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\"><Relationship Id=\"rId1\" Type=\"{relation}/officeDocument\" Target=\"xl/workbook.xml\"/></Relationships>"
    );
    let inner = format!(
        "<Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\"><Relationship Id=\"rId1\" Type=\"{relation}/worksheet\" Target=\"worksheets/sheet1.xml\"/><Relationship Id=\"rId2\" Type=\"{relation}/sharedStrings\" Target=\"sharedStrings.xml\"/></Relationships>"
    );
    let workbook = format!(
        "<workbook xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\" xmlns:r=\"{relation}\"><sheets><sheet name=\"s\" sheetId=\"1\" r:id=\"rId1\"/></sheets></workbook>"
    );
    zipped(&[
        ("[Content_Types].xml", types.as_bytes()),
        ("_rels/.rels", top.as_bytes()),
        ("xl/workbook.xml", workbook.as_bytes()),
        ("xl/_rels/workbook.xml.rels", inner.as_bytes()),
        ("xl/sharedStrings.xml", strings.as_bytes()),
        ("xl/worksheets/sheet1.xml", sheet.as_bytes()),
    ])
}

fn books() -> Vec<(&'static str, Vec<u8>)> {
    let row = "<row r=\"2\"><c r=\"A2\"><v>46331.5</v></c><c r=\"B2\" t=\"inlineStr\"><is><t>INFO</t></is></c><c r=\"C2\" t=\"s\"><v>0</v></c></row>";
    let strings = "<sst xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\" count=\"1\" uniqueCount=\"1\"><si><t>fine</t></si></sst>";
    let good = book(&sheet(&[HEADER, row].concat()), strings);
    let laughs = "<!DOCTYPE sst [<!ENTITY a \"ha\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;\"><!ENTITY c \"&b;&b;&b;&b;&b;&b;&b;&b;\"><!ENTITY d \"&c;&c;&c;&c;&c;&c;&c;&c;\">]><sst count=\"1\"><si><t>&d;</t></si></sst>";
    let outside = "<!DOCTYPE sst [<!ENTITY x SYSTEM \"file:///etc/passwd\">]><sst count=\"1\"><si><t>&x;</t></si></sst>";
    vec![
        ("good.xlsx", good.clone()),
        // A beginning of nothing else.
        ("cut.xlsx", {
            let mut book = good.clone();
            book[10] ^= 1;
            book[..good.len() / 2].to_vec()
        }),
        ("bits-flipped.xlsx", {
            let mut book = good.clone();
            book[60] ^= 0xFF;
            book
        }),
        ("without-directory.xlsx", good[..good.len() - 200].to_vec()),
        ("entities.xlsx", book(&sheet(&[HEADER, row].concat()), laughs)),
        ("entities-from-outside.xlsx", book(&sheet(&[HEADER, row].concat()), outside)),
        (
            "strings-announced.xlsx",
            book(&sheet(&[HEADER, row].concat()), "<sst count=\"4294967295\" uniqueCount=\"4294967295\"/>"),
        ),
        (
            "string-that-is-not-there.xlsx",
            book(&sheet(&[HEADER, &row.replace("<v>0</v>", "<v>99999999</v>")].concat()), strings),
        ),
        (
            "cell-out-of-range.xlsx",
            book(&sheet(&[HEADER, &row.replace("C2", "ZZZZZZ99999999999")].concat()), strings),
        ),
        ("rows-out-of-order.xlsx", book(&sheet(&[row, HEADER].concat()), strings)),
        ("unclosed.xlsx", book(&sheet(&[HEADER, row].concat()).replace("</sheetData>", ""), strings)),
        (
            "dates-out-of-range.xlsx",
            book(
                &sheet(
                    &[
                        HEADER,
                        &row.replace("46331.5", "-1"),
                        &row.replace("46331.5", "1e308").replace('2', "3"),
                    ]
                    .concat(),
                ),
                strings,
            ),
        ),
        ("bomb.xlsx", include_bytes!("../../../decode/fixtures/xlsx/bomb.xlsx").to_vec()),
        ("empty-sheet.xlsx", book(&sheet(""), strings)),
    ]
}
