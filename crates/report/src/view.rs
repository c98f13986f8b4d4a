//! What does each block of the report show? Tables and sentences for the templates.

mod appendix;
mod causes;
mod glance;
mod impact;
mod response;

use std::collections::BTreeMap;

use fupan_model::Micros;
use minijinja::Value;

use crate::{
    charts::Chart,
    error::ReportError,
    escape,
    format::{Locale, Noun},
    model::{Figure, FigureValue, IncidentReport, MilestoneName},
    table::{Cell, Table, figure_markdown, with_id},
};

/// What a template can name.
pub(crate) type Fields = BTreeMap<&'static str, Value>;

/// A report in a language, with its charts, while it is turned into blocks.
pub(crate) struct Page<'a> {
    pub(crate) report: &'a IncidentReport,
    pub(crate) locale: Locale,
    charts: &'a [Chart],
    /// The day of the incident: times on it are printed without a date.
    day: Option<Micros>,
    /// CSV files behind the tables, by path.
    pub(crate) tables: BTreeMap<String, Vec<u8>>,
}

/// Markdown of our own: the template engine does not escape it again.
pub(crate) fn safe(markdown: impl Into<String>) -> Value {
    Value::from_safe_string(markdown.into())
}

impl<'a> Page<'a> {
    pub(crate) fn new(report: &'a IncidentReport, locale: Locale, charts: &'a [Chart]) -> Self {
        Self { report, locale, charts, day: incident_day(report), tables: BTreeMap::new() }
    }

    /// The fields of a block's template; none for a block that does not exist.
    pub(crate) fn fields(&mut self, block: &str) -> Result<Option<Fields>, ReportError> {
        let fields = match block {
            "title" => self.title(),
            "header" => self.header(),
            "summary" => self.summary(),
            "key_numbers" => self.key_numbers()?,
            "impact" => self.impact()?,
            "users" => self.users()?,
            "blast_radius" => self.blast_radius()?,
            "loss" => self.loss()?,
            "timeline" => self.timeline()?,
            "attainment" => self.attainment()?,
            "notices" => self.notices()?,
            "candidates" => self.candidates()?,
            "actions" => self.actions()?,
            "data_quality" => self.data_quality()?,
            "definitions" => self.definitions(),
            "reproduce" => self.reproduce()?,
            _ => return Ok(None),
        };
        Ok(Some(fields))
    }

    fn term(&self, key: &str) -> &'static str {
        // Terms are constants; the borrow of the key is what ties them to it.
        crate::terms::keys()
            .find(|name| *name == key)
            .map_or("", |name| crate::terms::term(self.locale.lang, name))
    }

    fn fig(&self, figure: &Figure, noun: Noun) -> String {
        figure_markdown(self.locale, figure, noun)
    }

    fn cell(&self, figure: &Figure, noun: Noun) -> Cell {
        Cell::figure(self.locale, figure, noun)
    }

    /// A figure that is an instant, as the time of the incident's day.
    fn cell_time(&self, figure: &Figure) -> Cell {
        let cell = self.cell(figure, Noun::None);
        match figure.value {
            FigureValue::Instant { at } => {
                Cell::safe(with_id(self.locale.time_of_day(at, self.day), figure), at.to_rfc3339())
            }
            _ => cell,
        }
    }

    fn cell_instant(&self, at: Option<Micros>) -> Cell {
        Cell::instant(self.locale, at, self.day)
    }

    /// A heading that names the zone, for columns of times of day.
    fn in_zone(&self, key: &str) -> String {
        format!("{} ({})", self.term(key), self.locale.zone.name())
    }

    /// A table with the CSV file behind it; undefined (false in a template) where it is empty.
    fn table(&mut self, name: &str, table: &Table, limit: usize) -> Result<Value, ReportError> {
        if table.is_empty() {
            return Ok(Value::from(false));
        }
        let path = format!("tables/{name}.csv");
        self.tables.insert(path.clone(), table.csv()?);
        let left_out = table.left_out(limit);
        let link = match (left_out, self.locale.lang) {
            (0, _) => format!("[CSV]({path})"),
            (_, crate::Lang::En) => format!("{left_out} more rows: [CSV]({path})"),
            (_, crate::Lang::Zh) => format!("其余 {left_out} 行见 [CSV]({path})"),
        };
        Ok(safe(format!("{}\n\n<sub>{link}</sub>", table.markdown(limit))))
    }

    /// The picture of a chart; false in a template where there is none.
    fn chart(&self, id: &str) -> Value {
        let Some(chart) = self.charts.iter().find(|chart| chart.id == id) else { return Value::from(false) };
        let [light, dark] = chart.paths(self.locale.lang);
        safe(format!(
            "<picture>\n  <source media=\"(prefers-color-scheme: dark)\" srcset=\"{dark}\">\n  <img alt=\"{}\" \
             src=\"{light}\">\n</picture>",
            escape::html_attribute(&format!(
                "{}{}{}",
                chart.title,
                self.locale.lang.pick(". ", "。"),
                chart.description
            )),
        ))
    }

    /// A list of inert lines; false in a template where it is empty.
    fn list(lines: Vec<String>) -> Value {
        if lines.is_empty() {
            return Value::from(false);
        }
        let items: Vec<String> = lines.into_iter().map(|line| format!("- {line}")).collect();
        safe(items.join("\n"))
    }
}

fn incident_day(report: &IncidentReport) -> Option<Micros> {
    [MilestoneName::ImpactStarted, MilestoneName::Detected, MilestoneName::Declared]
        .into_iter()
        .filter_map(|name| report.milestone(name))
        .find_map(|milestone| milestone.at.as_instant())
        .or_else(|| report.timeline.iter().find_map(|entry| entry.at))
}
