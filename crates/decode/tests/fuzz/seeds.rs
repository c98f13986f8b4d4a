//! Which inputs are mutated?

use std::path::{Path, PathBuf};

use crate::random::Random;
use crate::targets::Target;

/// Files of a package, by name.
pub(crate) type Parts = Vec<(String, Vec<u8>)>;

/// Inputs of one target, and those of all others to splice with.
#[derive(Debug)]
pub(crate) struct Seeds {
    own: Vec<Vec<u8>>,
    others: Vec<Vec<u8>>,
    packages: Vec<Parts>,
}

impl Seeds {
    pub(crate) fn own(&self, random: &mut Random) -> &[u8] {
        &self.own[random.below(self.own.len())]
    }

    pub(crate) fn any(&self, random: &mut Random) -> &[u8] {
        &self.others[random.below(self.others.len())]
    }

    /// The files of a package, where the target reads packages.
    pub(crate) fn parts(&self, random: &mut Random) -> Option<Parts> {
        self.packages.get(random.below(self.packages.len())).cloned()
    }
}

/// All files below a folder, in an order of their own.
pub(crate) fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let Ok(entries) = std::fs::read_dir(folder) else { return found };
    for entry in entries {
        let path = entry.expect("a folder of fixtures can be listed").path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push(path);
        }
    }
    found.sort();
    found
}

fn read(folder: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let found: Vec<_> =
        files(&folder).iter().map(|file| std::fs::read(file).expect("a fixture can be read")).collect();
    assert!(!found.is_empty(), "no seeds in {}", folder.display());
    found
}

pub(crate) fn of(target: Target) -> Seeds {
    let mut others = read("fixtures");
    others.retain(|seed| seed.len() < 32 << 10);
    let own = match target {
        Target::Format(format) => read(&format!("fixtures/{}", format.as_str())),
        Target::Mapped => read("fixtures/mappings"),
        Target::MappingFile => mappings().into_iter().map(String::into_bytes).collect(),
        Target::Encodings => read("fixtures/encodings"),
        Target::MappingSuggest | Target::Detection => others.clone(),
        Target::Times => TIMES.iter().map(|text| text.as_bytes().to_vec()).collect(),
    };
    let packages = if target.reads_packages() { vec![book(SHEET), book(TABLE)] } else { Vec::new() };
    let mut own = own;
    own.retain(|seed| seed.len() < 32 << 10);
    Seeds { own, others, packages }
}

/// The mapping files that are examples in the documentation.
pub(crate) fn mappings() -> Vec<String> {
    read("../../docs/examples/mappings")
        .into_iter()
        .map(|bytes| String::from_utf8(bytes).expect("a mapping file is text"))
        .collect()
}

const TIMES: &[&str] = &[
    "2026-11-05T03:05:03.250Z",
    "2026-11-05 11:05:03,123 +08:00",
    "05/Nov/2026:11:05:03 +0800",
    "1793849103",
    "1793849103250.5",
    "1793849103250000001",
    "Thu, 05 Nov 2026 03:05:03 GMT",
    "2026-11-05 08:41:09.04 +0000 UTC m=+0.1",
    "20261105T030503Z",
    "Nov 5, 2026 11:05:03 AM",
    "2026年11月5日 11时05分03秒",
    "05.11.2026 11:05:03",
    "11/05/2026 11:05",
];

const SHEET: &str = r#"<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData><row r="1"><c r="A1" t="inlineStr"><is><t>故障编号</t></is></c><c r="B1" t="s"><v>0</v></c><c r="C1" t="s"><v>1</v></c><c r="D1" t="inlineStr"><is><t>内容</t></is></c></row><row r="2"><c r="A2" t="inlineStr"><is><t>INC-41</t></is></c><c r="B2" s="1"><v>46331.461805555555</v></c><c r="C2" t="inlineStr"><is><t>impact_started</t></is></c><c r="D2" t="inlineStr"><is><t>下单失败</t></is></c></row><row r="3"><c r="B3"><v>46331.48645833333</v></c><c r="C3" t="str"><f>1+1</f><v>mitigated</v></c><c r="D3" t="b"><v>1</v></c></row></sheetData><mergeCells count="1"><mergeCell ref="A2:A3"/></mergeCells></worksheet>"#;

const TABLE: &str = r#"<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><dimension ref="A1:C3"/><sheetData><row r="1"><c r="A1" t="s"><v>0</v></c><c r="B1" t="inlineStr"><is><t>订单号</t></is></c><c r="C1" t="inlineStr"><is><r><t>金额</t></r></is></c></row><row r="2"><c r="A2" s="1"><v>46331.4625</v></c><c r="B2"><v>202611051234567000</v></c><c r="C2"><v>12.5</v></c></row><row r="3"><c r="A3" t="d"><v>2026-11-05T11:05:03</v></c><c r="B3" t="e"><v>#N/A</v></c><c r="C3"><v>1E+400</v></c></row></sheetData></worksheet>"#;

/// The files of a workbook around one sheet.
fn book(sheet: &str) -> Parts {
    [
        ("[Content_Types].xml", r#"<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/></Types>"#),
        ("_rels/.rels", r#"<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>"#),
        ("xl/workbook.xml", r#"<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><workbookPr date1904="0"/><sheets><sheet name="时间线" sheetId="1" r:id="rId1"/></sheets></workbook>"#),
        ("xl/_rels/workbook.xml.rels", r#"<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/><Relationship Id="rId2" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/sharedStrings" Target="sharedStrings.xml"/><Relationship Id="rId90" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/styles" Target="styles.xml"/></Relationships>"#),
        ("xl/styles.xml", r#"<styleSheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><numFmts count="1"><numFmt numFmtId="164" formatCode="yyyy\-mm\-dd hh:mm:ss"/></numFmts><cellXfs count="2"><xf numFmtId="0"/><xf numFmtId="164" applyNumberFormat="1"/></cellXfs></styleSheet>"#),
        ("xl/sharedStrings.xml", r#"<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" count="2" uniqueCount="2"><si><t>时间</t></si><si><r><t>类</t></r><r><t>型</t></r></si></sst>"#),
        ("xl/worksheets/sheet1.xml", sheet),
    ]
    .into_iter()
    .map(|(name, text)| (name.to_owned(), text.as_bytes().to_vec()))
    .collect()
}

/// A ZIP archive that stores its files as they are, with sums that are right.
pub(crate) fn package(parts: &Parts) -> Vec<u8> {
    let mut archive = Vec::new();
    let mut directory = Vec::new();
    for (name, bytes) in parts {
        let mut head = vec![20, 0, 0, 8, 0, 0, 0, 0, 0, 0];
        head.extend(crc32(bytes).to_le_bytes());
        head.extend((bytes.len() as u32).to_le_bytes());
        head.extend((bytes.len() as u32).to_le_bytes());
        head.extend((name.len() as u16).to_le_bytes());
        head.extend([0, 0]);
        directory.extend(b"PK\x01\x02\x14\0");
        directory.extend(&head);
        directory.extend([0; 10]);
        directory.extend((archive.len() as u32).to_le_bytes());
        directory.extend(name.as_bytes());
        archive.extend(b"PK\x03\x04");
        archive.extend(&head);
        archive.extend(name.as_bytes());
        archive.extend(bytes);
    }
    let start = archive.len() as u32;
    archive.extend(&directory);
    archive.extend(b"PK\x05\x06\0\0\0\0");
    archive.extend((parts.len() as u16).to_le_bytes());
    archive.extend((parts.len() as u16).to_le_bytes());
    archive.extend((directory.len() as u32).to_le_bytes());
    archive.extend(start.to_le_bytes());
    archive.extend([0, 0]);
    archive
}

fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0u32, |sum, byte| {
        (0..8).fold(sum ^ u32::from(*byte), |sum, _| (sum >> 1) ^ (0xEDB8_8320 & (sum & 1).wrapping_neg()))
    })
}
