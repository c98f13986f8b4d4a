//! From a report to its files: markdown in blocks, charts, tables, receipts.

use crate::{
    charts::{self, Chart},
    error::ReportError,
    format::Locale,
    lang::Lang,
    merge::{Block, Piece},
    model::IncidentReport,
    receipts::ReceiptBook,
    template,
    view::Page,
};

/// A rendered report.
#[derive(Debug, Clone, PartialEq)]
pub struct Rendered {
    /// Generated blocks and places for people, in order. [`crate::merge::merge`] turns them into a file.
    pub pieces: Vec<Piece>,
    /// Files beside it, by path relative to the report's folder, in order of path.
    pub files: Vec<(String, Vec<u8>)>,
}

impl Rendered {
    /// The generated blocks alone.
    pub fn blocks(&self) -> impl Iterator<Item = &Block> {
        self.pieces.iter().filter_map(|piece| match piece {
            Piece::Generated(block) => Some(block),
            Piece::Human { .. } => None,
        })
    }

    /// A new file of it, as if there had been none before.
    pub fn markdown(&self) -> String {
        crate::merge::merge(None, &self.pieces).text
    }
}

/// A part of a document.
enum Part {
    /// A generated block with what stands before its heading; empty for none.
    Block(&'static str, &'static str),
    /// A place for people.
    Human(&'static str, &'static str),
}

/// The order of an English postmortem.
const EN: &[Part] = &[
    Part::Block("title", ""),
    Part::Block("header", ""),
    Part::Block("summary", "## "),
    Part::Block("key_numbers", "## "),
    Part::Block("impact", "## "),
    Part::Block("users", "## "),
    Part::Block("blast_radius", "## "),
    Part::Block("loss", "## "),
    Part::Block("timeline", "## "),
    Part::Block("attainment", "## "),
    Part::Block("notices", "## "),
    Part::Block("candidates", "## "),
    Part::Human("analysis", include_str!("../templates/human.en.analysis.md")),
    Part::Human("learned", include_str!("../templates/human.en.learned.md")),
    Part::Block("actions", "## "),
    Part::Human("actions", include_str!("../templates/human.en.actions.md")),
    Part::Human("appendix", include_str!("../templates/human.en.appendix.md")),
    Part::Block("data_quality", "### "),
    Part::Block("definitions", "### "),
    Part::Block("reproduce", "### "),
];

/// The order of a Chinese postmortem, which is another one.
const ZH: &[Part] = &[
    Part::Block("title", ""),
    Part::Block("header", "## 一、"),
    Part::Block("summary", "## 二、"),
    Part::Human("impact", include_str!("../templates/human.zh.impact.md")),
    Part::Block("key_numbers", "### "),
    Part::Block("impact", "### "),
    Part::Block("users", "### "),
    Part::Block("blast_radius", "### "),
    Part::Block("loss", "### "),
    Part::Block("timeline", "## 四、"),
    Part::Block("attainment", "## 五、"),
    Part::Human("causes", include_str!("../templates/human.zh.causes.md")),
    Part::Block("candidates", "### "),
    Part::Human("analysis", include_str!("../templates/human.zh.analysis.md")),
    Part::Human("questions", include_str!("../templates/human.zh.questions.md")),
    Part::Human("actions_heading", include_str!("../templates/human.zh.actions_heading.md")),
    Part::Block("actions", ""),
    Part::Human("actions", include_str!("../templates/human.zh.actions.md")),
    Part::Human("customers_heading", include_str!("../templates/human.zh.customers_heading.md")),
    Part::Block("notices", "### "),
    Part::Human("customers", include_str!("../templates/human.zh.customers.md")),
    Part::Human("appendix", include_str!("../templates/human.zh.appendix.md")),
    Part::Block("data_quality", "### "),
    Part::Block("definitions", "### "),
    Part::Block("reproduce", "### "),
];

/// Renders a report in a language. The same report gives the same bytes.
///
/// Figures that have no short name yet are numbered first, so both languages agree.
pub fn render(report: &IncidentReport, lang: Lang) -> Result<Rendered, ReportError> {
    let mut report = report.clone();
    report.number_figures();
    let locale = Locale::new(lang, &report.header.zone);
    let charts = charts::draw_all(&report, locale)?;
    let engine = template::engine()?;
    let mut page = Page::new(&report, locale, &charts);
    let mut pieces = Vec::new();
    for part in parts(lang) {
        match part {
            Part::Human(id, text) => {
                pieces.push(Piece::Human { id: (*id).to_owned(), text: (*text).to_owned() });
            }
            Part::Block(id, heading) => {
                let Some(fields) = page.fields(id)? else { continue };
                let body = template::block(&engine, id, heading, lang, fields)?;
                pieces.push(Piece::Generated(Block { id: (*id).to_owned(), body }));
            }
        }
    }
    let mut files: Vec<(String, Vec<u8>)> = std::mem::take(&mut page.tables).into_iter().collect();
    files.extend(charts.iter().flat_map(|chart| chart_files(chart, lang)));
    files.push(("receipts.json".to_owned(), ReceiptBook::of(&report).to_json()?));
    files.sort();
    Ok(Rendered { pieces, files })
}

fn parts(lang: Lang) -> &'static [Part] {
    match lang {
        Lang::En => EN,
        Lang::Zh => ZH,
    }
}

fn chart_files(chart: &Chart, lang: Lang) -> [(String, Vec<u8>); 2] {
    let [light, dark] = chart.paths(lang);
    [(light, chart.light.clone().into_bytes()), (dark, chart.dark.clone().into_bytes())]
}
