//! Root-cause candidates, and what is done about them.

use super::{Fields, Page, safe};
use crate::{
    error::ReportError,
    escape, findings,
    format::Noun,
    limits,
    model::{ActionItem, ActionStatus, Candidate},
    table::{Cell, Table, key_of},
};

impl Page<'_> {
    pub(super) fn candidates(&mut self) -> Result<Fields, ReportError> {
        let mut table = Table::new(&[
            (self.term("rank"), "rank"),
            (self.term("candidate"), "subject"),
            ("", "service_name"),
            (self.term("kind"), "kind"),
            (self.term("evidence"), "evidence"),
            (self.term("relative_onset"), "onset_relative_seconds"),
            (self.term("certainty"), "certainty"),
            (self.term("score"), "score"),
        ]);
        for candidate in &self.report.candidates {
            table.push(self.candidate_row(candidate));
        }
        let mut rejected = Table::new(&[
            (self.term("candidate"), "subject"),
            (self.term("service"), "service_name"),
            (self.term("reason"), "reason"),
        ]);
        for row in &self.report.rejected {
            rejected.push(vec![
                Cell::long_text(&row.subject),
                Cell::maybe(row.service.as_deref()),
                Cell::safe(self.locale.rejected(row), key_of(&row.reason)),
            ]);
        }
        Ok(Fields::from([
            ("chart", self.chart("candidates")),
            (
                "strength",
                safe(self.locale.strength(self.report.candidates_strength, self.report.candidates.len())),
            ),
            ("table", self.table("candidates", &table, usize::MAX)?),
            ("rejected", self.table("rejected", &rejected, limits::REJECTED_ROWS_MAX)?),
        ]))
    }

    fn candidate_row(&self, candidate: &Candidate) -> Vec<Cell> {
        let mut name = findings::candidate_name(candidate);
        if let Some(host) = &candidate.host {
            name.extend([format!(" · {} {}", self.term("host"), escape::markdown(host))]);
        }
        for other in &candidate.also {
            let other = escape::shortened(other, limits::CELL_CHARS_MAX);
            name.extend([format!("<br><sub>{}: {}</sub>", self.term("also"), escape::markdown(&other))]);
        }
        let evidence: Vec<String> = candidate.evidence.iter().map(|one| self.locale.evidence(one)).collect();
        let kinds: Vec<String> = candidate.evidence.iter().map(evidence_key).collect();
        let relative = if candidate.onset_relative.is_absent() {
            Cell::default()
        } else {
            self.cell(&candidate.onset_relative, Noun::None)
                .with_markdown(self.locale.relative(&candidate.onset_relative))
        };
        vec![
            Cell::safe(candidate.rank.to_string(), candidate.rank.to_string()),
            Cell::text(&candidate.subject).with_markdown(name),
            Cell::maybe(candidate.service.as_deref()).with_markdown(String::new()),
            Cell::term(self.locale, "candidate", &candidate.kind),
            Cell::safe(evidence.join("<br>"), kinds.join(" ")),
            relative,
            Cell::term(self.locale, "certainty", &candidate.certainty),
            self.cell(&candidate.score, Noun::None),
        ]
    }

    pub(super) fn actions(&mut self) -> Result<Fields, ReportError> {
        let mut table = Table::new(&[
            (self.term("item"), "id"),
            (self.term("text"), "title"),
            (self.term("kind"), "kind"),
            (self.term("owner_short"), "owner"),
            (self.term("due"), "due"),
            (self.term("verifier"), "verifier"),
            (self.term("acceptance"), "acceptance"),
            (self.term("status"), "status"),
        ]);
        for action in &self.report.actions {
            table.push(self.action_row(action));
        }
        Ok(Fields::from([("table", self.table("actions", &table, usize::MAX)?)]))
    }

    fn action_row(&self, action: &ActionItem) -> Vec<Cell> {
        let wanted = |text: &Option<String>| match text.as_deref().filter(|text| !text.trim().is_empty()) {
            Some(text) => Cell::text(text),
            None => Cell::safe(format!("**{}**", self.term("missing")), ""),
        };
        let due = action.due.map_or_else(
            || Cell::safe(format!("**{}**", self.term("missing")), ""),
            |due| Cell::safe(self.locale.date(due), due.to_rfc3339()),
        );
        let mut status = Cell::term(self.locale, "action", &action.status);
        if action.status == ActionStatus::Overdue {
            status = status.with_markdown(format!("**{}**", self.term("action.overdue")));
        }
        if let Some(closed) = action.closed_at {
            status = status.with_markdown(format!(
                "{} ({})",
                self.term("action.closed"),
                self.locale.date(closed)
            ));
        }
        vec![
            Cell::text(&action.id),
            Cell::text(&action.title),
            Cell::maybe(action.kind.as_deref()),
            wanted(&action.owner),
            due,
            wanted(&action.verifier),
            wanted(&action.acceptance),
            status,
        ]
    }
}

fn evidence_key(evidence: &crate::model::Evidence) -> String {
    serde_json::to_value(evidence)
        .ok()
        .and_then(|value| value.get("kind").and_then(|kind| kind.as_str().map(ToOwned::to_owned)))
        .unwrap_or_default()
}
