//! What was read, what was assumed, what the words mean, and how to get the same numbers.

use std::collections::BTreeMap;

use super::{Fields, Page, safe};
use crate::{
    error::ReportError,
    escape,
    format::Noun,
    lang::Lang,
    limits,
    model::{Receipt, SourceQuality},
    table::{Cell, Table},
};

impl Page<'_> {
    pub(super) fn data_quality(&mut self) -> Result<Fields, ReportError> {
        let report = self.report;
        let mut sources = Table::new(&[
            (self.term("source"), "source"),
            (self.term("format"), "format"),
            (self.term("read"), "records_read"),
            (self.term("accepted"), "records_accepted"),
            (self.term("rejected_records"), "records_rejected"),
            (self.term("duplicate"), "records_duplicate"),
            (&self.in_zone("covers"), "first_timestamp"),
            ("", "last_timestamp"),
            (self.term("assumed_zone"), "assumed_zone"),
        ]);
        for source in &report.data_quality.sources {
            sources.push(self.source_row(source));
        }
        let mut quarantine =
            Table::new(&[(self.term("reason"), "reason"), (self.term("records"), "records")]);
        for reason in &report.data_quality.quarantine {
            quarantine.push(vec![Cell::text(&reason.reason), self.cell(&reason.records, Noun::Records)]);
        }
        let gaps = report.data_quality.gaps.iter().map(|gap| {
            let end =
                |at: Option<_>, day| at.map_or_else(|| "…".to_owned(), |at| self.locale.time_of_day(at, day));
            let (from, to) = (end(gap.from, self.day), end(gap.to, gap.from.or(self.day)));
            format!("{}: {from} – {to}", escape::markdown(&gap.subject))
        });
        let cannot = report.data_quality.cannot_know.iter();
        let cannot = cannot.map(|words| escape::markdown(self.locale.lang.words(words)));
        let assumptions = report.assumptions.iter().map(|assumption| self.locale.assumption(assumption));
        Ok(Fields::from([
            ("gaps", Self::list(gaps.collect())),
            ("cannot_know", Self::list(cannot.collect())),
            ("assumptions", Self::list(assumptions.collect())),
            ("sources", self.table("sources", &sources, limits::SOURCE_ROWS_MAX)?),
            ("quarantine", self.table("quarantine", &quarantine, usize::MAX)?),
        ]))
    }

    fn source_row(&self, source: &SourceQuality) -> Vec<Cell> {
        let covers = if source.first.is_none() && source.last.is_none() {
            String::new()
        } else {
            self.locale.span(source.first, source.last, self.day)
        };
        vec![
            Cell::text(&source.source),
            Cell::text(&source.format),
            self.cell(&source.read, Noun::None),
            self.cell(&source.accepted, Noun::None),
            self.cell(&source.rejected, Noun::None),
            self.cell(&source.duplicate, Noun::None),
            self.cell_instant(source.first).with_markdown(covers),
            self.cell_instant(source.last).with_markdown(String::new()),
            Cell::maybe(source.assumed_zone.as_deref()),
        ]
    }

    pub(super) fn definitions(&self) -> Fields {
        let mut table = Table::new(&[(self.term("term"), "term"), (self.term("meaning"), "meaning")]);
        for duration in &self.report.durations {
            if duration.value.is_absent() {
                continue;
            }
            let key = crate::table::key_of(&duration.name);
            table.push(vec![
                Cell::safe(self.term(&format!("duration.{key}")), key.clone()),
                Cell::safe(self.term(&format!("from_to.{key}")), ""),
            ]);
        }
        for (term, meaning) in self.usual_definitions() {
            table.push(vec![Cell::safe(self.term(term), term), Cell::safe(meaning, "")]);
        }
        for definition in &self.report.definitions {
            table.push(vec![
                Cell::text(self.locale.lang.words(&definition.term)),
                Cell::text(self.locale.lang.words(&definition.meaning)),
            ]);
        }
        Fields::from([("table", safe(table.markdown(usize::MAX)))])
    }

    /// Definitions that hold for every report; only those are printed whose numbers are.
    fn usual_definitions(&self) -> Vec<(&'static str, &'static str)> {
        let pick = |en, zh| self.locale.lang.pick(en, zh);
        let mut out = Vec::new();
        if self.report.users.is_some() || !self.report.users_by_action.is_empty() {
            out.extend([
                (
                    "exposed",
                    pick(
                        "distinct users who attempted the action during the impact",
                        "影响时段内尝试该操作的去重用户",
                    ),
                ),
                ("failed", pick("exposed, with at least one failed attempt", "其中至少失败过一次的用户")),
                (
                    "self_recovered",
                    pick(
                        "failed, then succeeded in the impact or the grace time after it",
                        "失败后在影响时段或宽限期内成功",
                    ),
                ),
                (
                    "blocked",
                    pick("failed, and no success by the end of the grace time", "失败且宽限期结束仍未成功"),
                ),
                ("pending", pick("failed, and the grace time is not over", "失败且宽限期尚未结束")),
            ]);
        }
        if !self.report.blast_radius.is_empty() {
            out.extend([
                (
                    "class.affected",
                    pick(
                        "own error share above own baseline, by a test corrected for the number of services and by a \
                         minimum effect",
                        "自身失败率高于自身基线：通过按服务数校正的检验，且升幅达到最小效应",
                    ),
                ),
                (
                    "class.unaffected",
                    pick(
                        "enough requests, and the upper bound of the rise is below the minimum effect",
                        "请求数足够，且升幅上界低于最小效应",
                    ),
                ),
                ("class.undetermined", pick("neither can be shown", "两者都无法证实")),
            ]);
        }
        if !self.report.candidates.is_empty() {
            out.push((
                "certainty.inferred",
                pick("consistent with the evidence, not established", "与证据相符，尚未证实"),
            ));
        }
        out
    }

    pub(super) fn reproduce(&mut self) -> Result<Fields, ReportError> {
        let mut used: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for figure in self.report.figures() {
            used.entry(figure.receipt).or_default().push(figure.id);
        }
        let mut table = Table::new(&[
            (self.term("receipts"), "receipt"),
            (self.term("query"), "query"),
            (self.term("figures"), "figures"),
            (self.term("rows_read"), "rows_read"),
            (self.term("digest"), "digest"),
            (self.term("exclusions"), "exclusions"),
        ]);
        for receipt in &self.report.receipts {
            let ids = used.get(&receipt.key).map(|ids| spans(ids)).unwrap_or_default();
            table.push(self.receipt_row(receipt, &ids));
        }
        let example =
            self.report.figures().first().map_or_else(|| "n1".to_owned(), |figure| figure.id.clone());
        let provenance = &self.report.provenance;
        let ledger = provenance.ledger_version.map(|version| version.to_string()).unwrap_or_default();
        Ok(Fields::from([
            ("commands", safe(self.commands())),
            ("example", safe(escape::markdown(&example))),
            ("software", minijinja::Value::from(provenance.software_version.as_str())),
            ("ledger", safe(ledger)),
            ("as_of", safe(provenance.as_of.map(|at| self.locale.instant(at)).unwrap_or_default())),
            ("table", self.table("receipts", &table, usize::MAX)?),
        ]))
    }

    fn receipt_row(&self, receipt: &Receipt, figures: &str) -> Vec<Cell> {
        let exclusions: Vec<String> =
            receipt.exclusions.iter().map(|words| escape::markdown(self.locale.lang.words(words))).collect();
        let plain: Vec<&str> = receipt.exclusions.iter().map(|words| Lang::En.words(words)).collect();
        let others = receipt.made_of.iter().map(|rows| rows.receipt.as_str());
        let mut queries: Vec<&str> = receipt.query.as_deref().into_iter().chain(others).collect();
        queries.dedup();
        let query = if queries.is_empty() {
            Cell::safe(self.term("by_code"), "")
        } else {
            Cell::text(&queries.join(", "))
        };
        let digest = receipt.digest.as_deref().unwrap_or_default();
        let rows = receipt.rows_read.map(|rows| rows.to_string()).unwrap_or_default();
        vec![
            Cell::text(&receipt.key),
            query,
            Cell::safe(escape::markdown(figures), figures),
            Cell::safe(crate::format::grouped(&rows), rows.clone()),
            Cell::text(digest).with_markdown(escape::markdown(&escape::shortened(digest, 13))),
            Cell::text(&plain.join("; ")).with_markdown(exclusions.join("<br>")),
        ]
    }

    /// Commands that people paste: every word from data is quoted for a shell.
    fn commands(&self) -> String {
        let mut lines = Vec::new();
        for receipt in &self.report.receipts {
            let Some(query) = &receipt.query else { continue };
            let mut line = format!("fupan query run {}", escape::shell_word(query));
            for (name, value) in &receipt.params {
                line.extend([format!(" --param {}", escape::shell_word(&format!("{name}={value}")))]);
            }
            if let Some(version) = receipt.ledger_version {
                line.extend([format!(" --at-version {version}")]);
            }
            if let Some(as_of) = receipt.as_of {
                line.extend([format!(" --as-of {}", as_of.to_rfc3339())]);
            }
            if !lines.contains(&line) {
                lines.push(line);
            }
        }
        if lines.is_empty() {
            lines.push(format!("fupan report {}", escape::shell_word(&self.report.header.incident_id)));
        }
        lines.join("\n")
    }
}

/// `n3–n7, n9`: runs of short names as spans.
fn spans(ids: &[String]) -> String {
    let mut numbers: Vec<u64> =
        ids.iter().filter_map(|id| id.strip_prefix('n').and_then(|number| number.parse().ok())).collect();
    numbers.sort_unstable();
    numbers.dedup();
    let mut runs: Vec<(u64, u64)> = Vec::new();
    for number in numbers {
        match runs.last_mut() {
            Some((_, end)) if *end + 1 == number => *end = number,
            _ => runs.push((number, number)),
        }
    }
    let words: Vec<String> = runs
        .into_iter()
        .map(|(start, end)| match end - start {
            0 => format!("n{start}"),
            1 => format!("n{start}, n{end}"),
            _ => format!("n{start}–n{end}"),
        })
        .collect();
    words.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_become_spans() {
        let ids: Vec<String> = ["n3", "n1", "n4", "n5", "n9", "n10"].map(str::to_owned).into();
        assert_eq!(spans(&ids), "n1, n3–n5, n9, n10");
        assert_eq!(spans(&[]), "");
    }
}
