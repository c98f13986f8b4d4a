//! What does a term mean? The rows of the definitions, found by name, abbreviation or Chinese word.
//!
//! The definitions are one document ([`super::DEFINITIONS`]), and the words in both languages are those of
//! the reports: nothing is defined a second time here. Only abbreviations that people use and the document
//! does not are listed.

use fupan_report::{Lang, terms};

/// A row of the definitions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Definition {
    pub(super) term: String,
    pub(super) meaning: String,
    /// The heading above it.
    pub(super) section: String,
}

/// Other words for what the document calls otherwise.
const ALIASES: [(&str, &str); 22] = [
    ("mttr", "time to mitigate"),
    ("mttm", "time to mitigate"),
    ("mttd", "time to detect"),
    ("mtta", "time to acknowledge"),
    ("mttl", "time to locate"),
    ("平均恢复时长", "time to mitigate"),
    ("恢复时长", "time to recover"),
    ("业务恢复", "mitigated"),
    ("止血", "mitigated"),
    ("发现", "detected"),
    ("响应", "acknowledged"),
    ("定位", "located"),
    ("故障确立", "declared"),
    ("完全恢复", "recovered"),
    ("处理完结", "resolved"),
    ("影响面", "affected"),
    ("受影响", "affected"),
    ("未受影响", "unaffected"),
    ("受阻", "blocked"),
    ("受阻用户", "blocked"),
    ("未到访", "suppressed"),
    ("累计不可用时长", "downtime"),
];

/// The rows that define a term; none where there is no such term.
pub(super) fn find(name: &str) -> Vec<Definition> {
    let wanted = normal(name);
    if wanted.is_empty() {
        return Vec::new();
    }
    let all = definitions(super::DEFINITIONS);
    let mut names = vec![wanted.clone()];
    names.extend(ALIASES.iter().filter(|(alias, _)| *alias == wanted).map(|(_, term)| (*term).to_owned()));
    // The reports' words lead from either language to the English one, which the document uses.
    for key in terms::keys() {
        let (en, zh) = (normal(terms::term(Lang::En, key)), normal(terms::term(Lang::Zh, key)));
        if spellings(&en).chain(spellings(&zh)).any(|spelling| spelling == wanted) {
            names.extend(spellings(&en).map(str::to_owned));
        }
    }
    let is_meant = |definition: &Definition| {
        let term = normal(&definition.term);
        let mut written = term.split([',', ':', '(', ')', '（', '）']).map(str::trim);
        written.any(|spelling| names.iter().any(|name| name == spelling))
    };
    all.into_iter().filter(is_meant).collect()
}

/// Names to suggest where one was mistyped.
pub(super) const NAMES: [&str; 12] = [
    "ttd",
    "tta",
    "ttl",
    "ttm",
    "ttr",
    "exposed",
    "failed",
    "blocked",
    "pending",
    "suppressed",
    "affected",
    "degraded",
];

fn normal(text: &str) -> String {
    text.replace(['*', '`'], "").replace('_', " ").trim().to_lowercase()
}

/// `time to mitigate (ttm)` → `time to mitigate`, `ttm`, and the whole.
fn spellings(text: &str) -> impl Iterator<Item = &str> {
    let inner = text.split(['(', ')', '（', '）']).map(str::trim).filter(|part| !part.is_empty());
    std::iter::once(text).chain(inner)
}

/// All rows of all tables of the document.
fn definitions(document: &str) -> Vec<Definition> {
    let mut found = Vec::new();
    let (mut section, mut header): (&str, Vec<&str>) = ("", Vec::new());
    for line in document.lines() {
        if let Some(heading) = line.strip_prefix("## ") {
            section = heading;
        }
        let Some(cells) = line.strip_prefix('|').map(|row| row.trim_end().trim_end_matches('|')) else {
            header.clear();
            continue;
        };
        let cells: Vec<&str> = cells.split('|').map(str::trim).collect();
        if header.is_empty() {
            header = cells;
        } else if !cells.iter().all(|cell| cell.starts_with("---")) {
            found.extend(definition(&header, &cells, section));
        }
    }
    found
}

fn definition(header: &[&str], cells: &[&str], section: &str) -> Option<Definition> {
    let (term, rest) = cells.split_first()?;
    let names = header.iter().skip(1);
    let parts = rest.iter().zip(names).filter(|(cell, _)| !cell.is_empty()).map(|(cell, name)| match *name {
        "meaning" | "from → to" | "notes" => (*cell).to_owned(),
        name => format!("{name}: {cell}"),
    });
    let plain = |text: &str| text.replace("**", "").replace('`', "");
    Some(Definition {
        term: plain(term),
        meaning: plain(&parts.collect::<Vec<_>>().join("; ")),
        section: section.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn terms_of(name: &str) -> Vec<String> {
        find(name).into_iter().map(|found| found.term).collect()
    }

    #[test]
    fn a_term_is_found_by_name_abbreviation_and_chinese_word() {
        for name in ["ttm", "TTM", "mttr", "time to mitigate", "time_to_mitigate", "业务恢复时长"] {
            assert_eq!(terms_of(name), ["time to mitigate, TTM"], "{name}");
        }
        for name in ["blocked", "受阻", "受阻未成功"] {
            assert_eq!(terms_of(name), ["blocked"], "{name}");
        }
        assert!(terms_of("止血").iter().any(|term| term.starts_with("mitigated (止血)")));
        assert!(
            terms_of("无法判断").iter().all(|term| term.starts_with("undetermined"))
                && !terms_of("无法判断").is_empty()
        );
        assert!(find("zebra").is_empty() && find("").is_empty());
    }

    #[test]
    fn a_row_says_what_its_columns_mean() {
        let found = find("blocked").pop().unwrap();
        assert_eq!(found.meaning.split(';').next().unwrap(), "failed, grace time over, no success");
        assert!(found.section.starts_with("Affected users"));
    }
}
