//! Who was hurt.

use minijinja::Value;

use super::{Fields, Page, safe};
use crate::{
    error::ReportError,
    escape,
    format::Noun,
    lang::Lang,
    limits,
    model::{BlastRow, FigureValue, ServiceClass, UserCounts},
    table::{Cell, Table, key_of, with_id},
};

impl Page<'_> {
    pub(super) fn impact(&mut self) -> Result<Fields, ReportError> {
        let (from, to) = (self.in_zone("started"), self.in_zone("ended"));
        let mut segments = Table::new(&[
            (&from, "impact_started_at"),
            (&to, "impact_ended_at"),
            (self.term("duration"), "duration_seconds"),
            (self.term("peak_error_share"), "peak_error_share"),
            (self.term("basis"), "basis"),
        ]);
        for segment in &self.report.impact_segments {
            segments.push(vec![
                self.cell_time(&segment.started),
                self.cell_time(&segment.ended),
                self.cell(&segment.duration, Noun::None),
                self.cell(&segment.peak_error_share, Noun::None),
                Cell::term(self.locale, "basis", &segment.basis),
            ]);
        }
        let reliefs = self.report.reliefs.iter().map(|relief| self.locale.relief(relief)).collect();
        Ok(Fields::from([
            ("chart", self.chart("requests")),
            ("segments", self.table("impact_segments", &segments, usize::MAX)?),
            ("reliefs", Self::list(reliefs)),
        ]))
    }

    pub(super) fn users(&mut self) -> Result<Fields, ReportError> {
        let report = self.report;
        let mut table = Table::new(&[
            (self.term("action"), "action"),
            (self.term("exposed"), "exposed_users"),
            (self.term("failed"), "failed_users"),
            (self.term("self_recovered"), "self_recovered_users"),
            (self.term("blocked"), "blocked_users"),
            (self.term("pending"), "pending_users"),
            (self.term("failed_expected"), "failed_expected_users"),
            (self.term("failed_excess"), "failed_excess_users"),
            (self.term("suppressed"), "suppressed_users"),
            (self.term("requests"), "requests"),
            (self.term("failed_requests"), "failed_requests"),
            (self.term("error_share"), "error_share"),
            (self.term("anonymous_share"), "anonymous_share"),
            (self.term("identity"), "identity"),
        ]);
        for counts in report.users.iter().chain(&report.users_by_action) {
            table.push(self.users_row(counts));
        }
        let grace =
            report.users.iter().chain(&report.users_by_action).find_map(|counts| counts.grace_seconds);
        Ok(Fields::from([
            ("chart", self.chart("users")),
            ("table", self.table("users", &table, usize::MAX)?),
            ("grace", grace.map_or(Value::from(false), |seconds| Value::from(self.locale.duration(seconds)))),
        ]))
    }

    fn users_row(&self, counts: &UserCounts) -> Vec<Cell> {
        let name = match (&counts.title, &counts.action) {
            (Some(title), Some(key)) => Cell::safe(escape::markdown(title), escape::csv_cell(key)),
            (None, Some(key)) => Cell::text(key),
            _ => Cell::safe(format!("**{}**", self.term("all_actions")), "all"),
        };
        let outcome = counts.outcome.clone().unwrap_or_default();
        let mut row = vec![name];
        for figure in [
            &counts.exposed,
            &counts.failed,
            &counts.self_recovered,
            &counts.blocked,
            &counts.pending,
            &counts.failed_expected,
            &counts.failed_excess,
            &counts.suppressed,
            &outcome.requests,
            &outcome.failed_requests,
            &outcome.error_share,
            &counts.anonymous_share,
        ] {
            row.push(self.cell(figure, Noun::None));
        }
        row.push(Cell::text(&counts.identity));
        row
    }

    pub(super) fn blast_radius(&mut self) -> Result<Fields, ReportError> {
        let onset = self.in_zone("onset");
        let mut table = Table::new(&[
            (self.term("service"), "service"),
            (self.term("class"), "class"),
            (&onset, "onset"),
            (self.term("peak_error_share"), "peak_error_share"),
            (self.term("error_share"), "error_share"),
            (self.term("baseline_error_share"), "baseline_error_share"),
            (self.term("requests"), "requests"),
            (self.term("failed_requests"), "failed_requests"),
            (self.term("test"), "p_value"),
            ("", "effect_upper_bound"),
            (self.term("latency"), "latency_p99_ms"),
            ("", "baseline_latency_p99_ms"),
            (self.term("declared_as"), "declared_class"),
        ]);
        for row in &self.report.blast_radius {
            table.push(self.blast_row(row));
        }
        let counted =
            |class: ServiceClass| self.report.blast_radius.iter().filter(|row| row.class == class).count();
        let classes: Vec<String> = [
            ServiceClass::Affected,
            ServiceClass::Degraded,
            ServiceClass::Unaffected,
            ServiceClass::Undetermined,
        ]
        .into_iter()
        .map(|class| format!("{} {}", self.term(&format!("class.{}", key_of(&class))), counted(class)))
        .collect();
        let effect = self.report.min_effect_share.map(|share| self.locale.points(share));
        Ok(Fields::from([
            ("chart", self.chart("services")),
            ("classes", safe(classes.join(" · "))),
            (
                "by_metric",
                Value::from(
                    self.report
                        .blast_radius
                        .iter()
                        .any(|row| row.indicator.is_some() && !row.requests.is_known()),
                ),
            ),
            ("min_effect", effect.map_or(Value::from(false), safe)),
            ("table", self.table("blast_radius", &table, limits::BLAST_ROWS_MAX)?),
        ]))
    }

    fn blast_row(&self, row: &BlastRow) -> Vec<Cell> {
        let mut name = match &row.title {
            Some(title) if *title != row.service => {
                format!("{} ({})", escape::markdown(title), escape::markdown(&row.service))
            }
            _ => escape::markdown(&row.service),
        };
        if row.is_entry {
            name.extend([format!(" · {}", self.term("entry"))]);
        }
        if let Some(team) = &row.team {
            name.extend([format!(" · {}", escape::markdown(team))]);
        }
        if let Some(indicator) = &row.indicator {
            name.extend([format!(
                " · {}",
                self.locale.labelled(self.term("by_metric"), &escape::markdown(indicator))
            )]);
        }
        // Where the claim is "unaffected", its proof is the bound; else it is the test.
        let bound = self.cell(&row.effect_upper_bound, Noun::None);
        let test = if row.class == ServiceClass::Unaffected && row.effect_upper_bound.is_known() {
            let bound = match row.effect_upper_bound.value {
                FigureValue::Share { share } => with_id(self.locale.points(share), &row.effect_upper_bound),
                _ => self.fig(&row.effect_upper_bound, Noun::None),
            };
            self.cell(&row.p_value, Noun::None).with_markdown(format!("{} {bound}", self.term("at_most")))
        } else {
            self.cell(&row.p_value, Noun::None)
        };
        let mut latency = self.cell(&row.latency_p99, Noun::None);
        if row.latency_p99.is_known() && row.baseline_latency_p99.is_known() {
            latency = latency.with_markdown(format!(
                "{} ({})",
                self.fig(&row.latency_p99, Noun::None),
                self.fig(&row.baseline_latency_p99, Noun::None)
            ));
        }
        let declared = row.declared_class.filter(|class| *class != row.class);
        vec![
            Cell::safe(name, escape::csv_cell(&row.service)),
            Cell::term(self.locale, "class", &row.class),
            self.cell_time(&row.onset),
            self.cell(&row.peak_error_share, Noun::None),
            self.cell(&row.error_share, Noun::None),
            self.cell(&row.baseline_error_share, Noun::None),
            self.cell(&row.requests, Noun::None),
            self.cell(&row.failed_requests, Noun::None),
            test,
            bound.with_markdown(String::new()),
            latency,
            self.cell(&row.baseline_latency_p99, Noun::None).with_markdown(String::new()),
            declared.map_or_else(Cell::default, |class| Cell::term(self.locale, "class", &class)),
        ]
    }

    pub(super) fn loss(&mut self) -> Result<Fields, ReportError> {
        let mut table = Table::new(&[
            (self.term("method"), "method"),
            (self.term("basis_of_loss"), "basis"),
            (self.term("amount"), "amount"),
            (self.term("orders"), "orders"),
        ]);
        for loss in &self.report.business_loss {
            table.push(vec![
                Cell::text(Lang::En.words(&loss.method))
                    .with_markdown(escape::markdown(self.locale.lang.words(&loss.method))),
                Cell::text(&loss.basis),
                self.cell(&loss.amount, Noun::None),
                self.cell(&loss.orders, Noun::Orders),
            ]);
        }
        let asset = &self.report.asset_loss;
        let exact = matches!(asset.value, FigureValue::Money { .. });
        let asset = if asset.is_absent() { Value::from(false) } else { safe(self.fig(asset, Noun::None)) };
        Ok(Fields::from([
            ("table", self.table("business_loss", &table, usize::MAX)?),
            ("asset_loss", asset),
            ("asset_loss_exact", Value::from(exact)),
        ]))
    }
}
