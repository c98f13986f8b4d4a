//! The card at the top, the sentence, the key numbers.

use minijinja::Value;

use super::{Fields, Page, safe};
use crate::{
    error::ReportError,
    escape, findings,
    format::Noun,
    lang::Lang,
    model::{Basis, Duration, DurationName, Figure, FigureValue, IncidentStatus, MilestoneName, Unknown},
    table::{Cell, Table, key_of},
};

impl Page<'_> {
    pub(super) fn title(&self) -> Fields {
        let header = &self.report.header;
        let title = if header.title.is_empty() { &header.incident_id } else { &header.title };
        Fields::from([("title", Value::from(title.as_str()))])
    }

    pub(super) fn header(&self) -> Fields {
        let mut table = Table::new(&[(self.term("item"), "item"), (self.term("value"), "value")]);
        for (key, cell) in self.card() {
            if !cell.is_empty() {
                table.push(vec![
                    Cell::safe(format!("**{}**", self.term(key)), key),
                    Cell::safe(cell.clone(), escape::csv_cell(&cell)),
                ]);
            }
        }
        Fields::from([("table", safe(table.markdown(usize::MAX)))])
    }

    fn card(&self) -> Vec<(&'static str, String)> {
        let header = &self.report.header;
        let maybe = |text: &Option<String>| text.as_deref().map(escape::markdown).unwrap_or_default();
        let text_or = |text: &Option<String>| {
            text.as_deref().map_or_else(|| self.term("not_said").to_owned(), escape::markdown)
        };
        let change = match header.was_change {
            Some(true) => self.term("yes"),
            Some(false) => self.term("no"),
            None => self.term("not_said"),
        };
        let absent_or = |figure: &Figure| {
            if figure.is_absent() { String::new() } else { self.fig(figure, Noun::None) }
        };
        let start =
            self.report.milestone(MilestoneName::ImpactStarted).and_then(|start| start.at.as_instant());
        vec![
            ("incident_id", escape::markdown(&header.incident_id)),
            ("grade_clause", self.grade()),
            ("kind", self.term(&format!("kind.{}", key_of(&header.kind))).to_owned()),
            ("status", self.term(&format!("status.{}", key_of(&header.status))).to_owned()),
            ("business_line", maybe(&header.business_line)),
            ("owner", text_or(&header.owner)),
            ("impact_start", self.impact_instant(MilestoneName::ImpactStarted)),
            ("impact_end", self.impact_instant(MilestoneName::Mitigated)),
            ("ttm_headline", self.headline()),
            ("detection", self.detection()),
            ("was_change", change.to_owned()),
            ("asset_loss", absent_or(&self.report.asset_loss)),
            ("complaints", absent_or(&header.complaints)),
            ("zone", escape::markdown(&self.locale.zone_at(start))),
            ("as_of", self.as_of()),
        ]
    }

    fn detection(&self) -> String {
        let Some(mode) = &self.report.header.detection_mode else { return self.term("not_said").to_owned() };
        escape::markdown(crate::terms::word(self.locale.lang, "detection", mode))
    }

    fn grade(&self) -> String {
        let grade = &self.report.header.grade;
        let by_rule = grade.by_rule.as_deref().map(|label| {
            let label = escape::markdown(label);
            match &grade.clause {
                Some(clause) => {
                    let clause = self.locale.labelled(self.term("clause"), &escape::markdown(clause));
                    format!("{label}{}", self.locale.in_brackets(&clause))
                }
                None => label,
            }
        });
        let by_people = grade.by_people.as_deref().map(escape::markdown);
        match (by_rule, by_people) {
            (Some(rule), Some(people)) if grade.by_rule == grade.by_people => {
                format!("{rule}<br>{}", self.locale.labelled(self.term("grade_by_people"), &people))
            }
            (Some(rule), Some(people)) => {
                format!(
                    "{rule}<br>{} — **{}**",
                    self.locale.labelled(self.term("grade_by_people"), &people),
                    self.term("grade_differs")
                )
            }
            (Some(rule), None) => rule,
            (None, Some(people)) => {
                format!("{people}{}", self.locale.in_brackets(self.term("grade_by_people")))
            }
            (None, None) => self.term("grade_none").to_owned(),
        }
    }

    /// The instant with its basis, and every other claim.
    fn impact_instant(&self, name: MilestoneName) -> String {
        let Some(milestone) = self.report.milestone(name) else {
            if name == MilestoneName::Mitigated && self.report.header.status == IncidentStatus::Open {
                return self.term("still_hurting").to_owned();
            }
            return escape::markdown(&self.locale.unknown(&Unknown::MilestoneMissing { milestone: name }));
        };
        let mut text = self.fig(&milestone.at, Noun::None);
        if milestone.at.is_known() {
            text += &self.locale.in_brackets(self.basis(milestone.basis));
        }
        for other in &milestone.others {
            let basis = self.locale.in_brackets(self.basis(other.basis));
            text.extend([format!("<br>{}{basis}", self.fig(&other.at, Noun::None))]);
        }
        if let Some(flag) = &milestone.flag {
            text.extend([format!("<br>⚠ {}", escape::markdown(self.locale.lang.words(flag)))]);
        }
        text
    }

    pub(super) fn basis(&self, basis: Basis) -> &'static str {
        self.term(&format!("basis.{}", key_of(&basis)))
    }

    fn headline(&self) -> String {
        match self.report.duration(DurationName::Mitigate) {
            Some(duration) => {
                let value = self.fig(&duration.value, Noun::None);
                if duration.value.is_known() { format!("**{value}**") } else { value }
            }
            None => escape::markdown(&self.locale.unknown(&Unknown::NotComputed)),
        }
    }

    fn as_of(&self) -> String {
        let provenance = &self.report.provenance;
        let Some(as_of) = provenance.as_of else { return String::new() };
        let instant = self.locale.instant(as_of);
        let mut text = if provenance.as_of_given {
            instant
        } else {
            format!("{instant}{}", self.locale.in_brackets(self.term("as_of_latest")))
        };
        // Events are often recorded long after the last record of telemetry.
        if let Some(end) = provenance.telemetry_end.filter(|end| *end < as_of) {
            let end = self.locale.instant(fupan_model::Micros(end.0 - end.0.rem_euclid(1_000_000)));
            text.extend([format!("<br>{}", self.locale.labelled(self.term("telemetry_ends"), &end))]);
        }
        text
    }

    pub(super) fn summary(&self) -> Fields {
        let said = self.report.header.summary.as_deref().filter(|text| !text.trim().is_empty());
        Fields::from([
            ("sentence", safe(findings::summary(self.report, self.locale))),
            ("said", said.map_or(Value::from(false), Value::from)),
        ])
    }

    pub(super) fn key_numbers(&mut self) -> Result<Fields, ReportError> {
        let durations = self.durations_table(self.report.durations.iter().collect());
        let mut counts = Table::new(&[(self.term("measure"), "measure"), (self.term("value"), "value")]);
        for (key, figure, noun) in self.key_counts() {
            if !figure.is_absent() {
                counts.push(vec![Cell::safe(self.term(key), key), self.cell(&figure, noun)]);
            }
        }
        Ok(Fields::from([
            ("durations", self.table("durations", &durations, usize::MAX)?),
            ("counts", self.table("key_numbers", &counts, usize::MAX)?),
        ]))
    }

    fn key_counts(&self) -> Vec<(&'static str, Figure, Noun)> {
        let report = self.report;
        let mut counts = vec![
            ("requests", report.requests.clone(), Noun::Requests),
            ("failed_requests", report.failed_requests.clone(), Noun::Requests),
            ("peak_error_share", report.peak_error_share.clone(), Noun::None),
        ];
        if let Some(users) = &report.users {
            counts.extend([
                ("exposed", users.exposed.clone(), Noun::Users),
                ("failed", users.failed.clone(), Noun::Users),
                ("blocked", users.blocked.clone(), Noun::Users),
            ]);
        }
        counts.push(("user_minutes", report.user_minutes.clone(), Noun::None));
        counts.push(("asset_loss", report.asset_loss.clone(), Noun::None));
        counts
    }

    /// Durations with their target; shared by the key numbers and 1-5-10.
    pub(super) fn durations_table(&self, durations: Vec<&Duration>) -> Table {
        let mut table = Table::new(&[
            (self.term("measure"), "measure"),
            (self.term("value"), "seconds"),
            (self.term("target"), "target_seconds"),
            (self.term("result"), "result"),
            (self.term("from_to"), "definition"),
        ]);
        for duration in durations {
            if duration.value.is_absent() && duration.source_claim.is_none() {
                continue;
            }
            let key = key_of(&duration.name);
            let mut value = self.cell(&duration.value, Noun::None);
            if let Some(claim) = &duration.source_claim {
                let claim = self.fig(claim, Noun::None);
                let text = format!(
                    "{}<br>{}",
                    self.fig(&duration.value, Noun::None),
                    self.locale.labelled(self.term("source_claim"), &claim)
                );
                value = value.with_markdown(text);
            }
            let target = duration.target_seconds.map_or_else(Cell::default, |seconds| {
                Cell::safe(format!("≤ {}", self.locale.duration(seconds)), seconds.to_string())
            });
            let result = result_key(duration);
            table.push(vec![
                Cell::safe(self.term(&format!("duration.{key}")), key.clone()),
                value,
                target,
                result.map_or_else(Cell::default, |result| Cell::safe(self.term(result), result)),
                Cell::safe(
                    self.term(&format!("from_to.{key}")),
                    crate::terms::term(Lang::En, &format!("from_to.{key}")),
                ),
            ]);
        }
        table
    }
}

/// Whether a target was met; none without a target.
pub(super) fn result_key(duration: &Duration) -> Option<&'static str> {
    let target = duration.target_seconds?;
    let judge = |low: Option<f64>, high: Option<f64>| match (low, high) {
        (_, Some(high)) if high <= target => "met",
        (Some(low), _) if low > target => "missed",
        _ => "undecidable",
    };
    Some(match duration.value.value {
        FigureValue::Seconds { seconds } => judge(Some(seconds), Some(seconds)),
        FigureValue::SecondsRange { low, high } => judge(low, high),
        _ => "undecidable",
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_across_the_target_is_undecidable() {
        let duration = |low: f64, high: f64| Duration {
            value: Figure::seconds_range(Some(low), Some(high), "r"),
            target_seconds: Some(60.0),
            ..Duration::default()
        };
        assert_eq!(result_key(&duration(10.0, 60.0)), Some("met"));
        assert_eq!(result_key(&duration(50.0, 70.0)), Some("undecidable"));
        assert_eq!(result_key(&duration(61.0, 70.0)), Some("missed"));
        assert_eq!(result_key(&Duration::default()), None);
    }
}
