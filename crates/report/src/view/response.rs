//! What happened when, and what was said to users.

use minijinja::Value;

use super::{Fields, Page, safe};
use crate::{
    error::ReportError,
    escape,
    format::Noun,
    lang::Lang,
    limits,
    model::{DurationName, Figure, KnownThen, TimelineEntry},
    table::{Cell, Table, key_of},
};

impl Page<'_> {
    pub(super) fn timeline(&mut self) -> Result<Fields, ReportError> {
        let at = self.in_zone("at");
        let mut table = Table::new(&[
            (self.term("row_number"), "row_number"),
            (&at, "occurred_at"),
            (self.term("event"), "event_type"),
            (self.term("text"), "summary"),
            (self.term("actor"), "actor"),
            (self.term("service"), "service_name"),
            (self.term("known_then"), "known_then"),
            ("", "recorded_at"),
            (self.term("source"), "source"),
        ]);
        for (index, entry) in self.report.timeline.iter().enumerate() {
            table.push(self.timeline_row(index + 1, entry));
        }
        Ok(Fields::from([
            ("chart", self.chart("timeline")),
            ("table", self.table("timeline", &table, limits::TIMELINE_ROWS_MAX)?),
        ]))
    }

    fn timeline_row(&self, number: usize, entry: &TimelineEntry) -> Vec<Cell> {
        let known = match (entry.known_then, entry.recorded_at) {
            (KnownThen::No, Some(recorded)) => {
                let recorded = self.locale.in_brackets(&self.locale.time_of_day(recorded, self.day));
                format!("{}{recorded}", self.term("known.no"))
            }
            (known, _) => self.term(&format!("known.{}", key_of(&known))).to_owned(),
        };
        let mut text = escape::markdown(&entry.text);
        for link in &entry.links {
            let words = if link.text.is_empty() { &link.url } else { &link.text };
            text.extend([format!(" (→ {})", escape::markdown(words))]);
        }
        if entry.is_superseded {
            text = format!("~~{text}~~ ({})", self.term("superseded"));
        }
        vec![
            Cell::number(number),
            self.when(entry),
            Cell::text(&entry.event_type)
                .with_markdown(escape::markdown(self.locale.event_type(&entry.event_type))),
            Cell::text(&entry.text).with_markdown(text),
            Cell::maybe(entry.actor.as_deref()),
            Cell::maybe(entry.service.as_deref()),
            Cell::safe(known, key_of(&entry.known_then)),
            self.cell_instant(entry.recorded_at).with_markdown(String::new()),
            Cell::text(&entry.source),
        ]
    }

    /// The instant, as a range where the source is vague, with its end where it has one.
    fn when(&self, entry: &TimelineEntry) -> Cell {
        let time = |at| self.locale.time_of_day(at, self.day);
        let vague = entry.at_low.is_some() && entry.at_high.is_some() && entry.at_low != entry.at_high;
        let mut text = match entry.at {
            _ if vague => self.locale.span(entry.at_low, entry.at_high, self.day),
            Some(at) => time(at),
            None => self.term("unknown").to_owned(),
        };
        if let Some(end) = entry.ended_at {
            text.extend([format!(" → {}", self.locale.time_of_day(end, entry.at.or(self.day)))]);
        }
        let csv = entry.at.or(entry.at_low).map(fupan_model::Micros::to_rfc3339).unwrap_or_default();
        Cell::safe(text, csv)
    }

    pub(super) fn attainment(&mut self) -> Result<Fields, ReportError> {
        let wanted =
            [DurationName::Detect, DurationName::Acknowledge, DurationName::Locate, DurationName::Mitigate];
        let durations: Vec<_> = wanted.into_iter().filter_map(|name| self.report.duration(name)).collect();
        let has_targets = durations.iter().any(|duration| duration.target_seconds.is_some());
        let durations = self.durations_table(durations);
        let mut milestones = Table::new(&[
            (self.term("milestone"), "milestone"),
            (self.term("at"), "at"),
            (self.term("basis"), "basis"),
            (self.term("source"), "source"),
            (self.term("other_claims"), "flag"),
        ]);
        for milestone in &self.report.milestones {
            if milestone.at.is_absent() {
                continue;
            }
            let mut notes: Vec<String> = milestone
                .others
                .iter()
                .map(|other| {
                    let basis = self.locale.in_brackets(self.basis(other.basis));
                    format!("{}{basis}", self.fig(&other.at, Noun::None))
                })
                .collect();
            let flag = milestone.flag.as_ref().map(|flag| self.locale.lang.words(flag)).unwrap_or_default();
            let plain_flag = milestone.flag.as_ref().map(|flag| Lang::En.words(flag)).unwrap_or_default();
            if !flag.trim().is_empty() {
                notes.push(format!("⚠ {}", escape::markdown(flag)));
            }
            milestones.push(vec![
                Cell::safe(self.locale.milestone(milestone.name), key_of(&milestone.name)),
                self.cell(&milestone.at, Noun::None),
                if milestone.at.is_known() {
                    Cell::term(self.locale, "basis", &milestone.basis)
                } else {
                    Cell::default()
                },
                Cell::maybe(milestone.source.as_deref()),
                Cell::safe(notes.join("<br>"), escape::csv_cell(plain_flag)),
            ]);
        }
        Ok(Fields::from([
            ("durations", self.table("response", &durations, usize::MAX)?),
            ("has_targets", Value::from(has_targets)),
            ("milestones", self.table("milestones", &milestones, usize::MAX)?),
        ]))
    }

    pub(super) fn notices(&mut self) -> Result<Fields, ReportError> {
        let notices = &self.report.notices;
        let at = self.in_zone("at");
        let mut table = Table::new(&[
            (&at, "published_at"),
            (self.term("text"), "summary"),
            (self.term("channel"), "channel"),
            (self.term("gap"), "gap_seconds"),
            (self.term("claims_contradicted"), "contradicted"),
        ]);
        for notice in &notices.notices {
            let contradicted = notice.contradicted.join(", ");
            table.push(vec![
                self.cell_time(&notice.at),
                Cell::text(&notice.text),
                Cell::maybe(notice.channel.as_deref()),
                self.cell(&notice.gap, Noun::None),
                Cell::text(&contradicted),
            ]);
        }
        let line = |figure: &Figure, deadline: Option<f64>| {
            if figure.is_absent() { Value::from(false) } else { safe(self.with_deadline(figure, deadline)) }
        };
        let first = line(&notices.time_to_first, notices.first_deadline_seconds);
        let silence = line(&notices.longest_silence, notices.every_seconds);
        let anchor = notices.anchor.map(|anchor| self.locale.milestone(anchor));
        Ok(Fields::from([
            ("first", first),
            ("silence", silence),
            ("anchor", anchor.map_or(Value::from(false), safe)),
            ("table", self.table("notices", &table, limits::TIMELINE_ROWS_MAX)?),
        ]))
    }

    fn with_deadline(&self, figure: &Figure, deadline: Option<f64>) -> String {
        let value = self.fig(figure, Noun::None);
        let Some(deadline) = deadline else { return value };
        let verdict = match figure.as_f64() {
            Some(seconds) if seconds <= deadline => self.term("on_time"),
            Some(_) => self.term("late"),
            None => self.term("undecidable"),
        };
        let limit = format!("{} ≤ {}", self.term("deadline"), self.locale.duration(deadline));
        let verdict = self.locale.labelled(&limit, &format!("**{verdict}**"));
        format!("{value}{}", self.locale.in_brackets(&verdict))
    }
}
