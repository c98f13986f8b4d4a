//! Which alert rules were in force, and when did they fire?
//!
//! The rules are evaluated over the very series of `metrics.csv`, so a back-test of them finds the
//! firings of `alerts.json` again.

use serde_json::json;

use super::clock::{MINUTE, Ms, SECOND};
use super::documents::{json_list, on_the_day};
use super::services::Service;
use super::telemetry::Measured;

/// `metric > threshold for hold`, on one service.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rule {
    pub(super) service: Service,
    metric: &'static str,
    threshold: f64,
    hold: Ms,
    severity: &'static str,
    summary: &'static str,
}

/// The rules in force on the day of the incident.
const RULES: [Rule; 6] = [
    Rule {
        service: Service::Notify,
        metric: "push_queue_depth",
        threshold: 5_000.0,
        hold: MINUTE,
        severity: "info",
        summary: "推送队列堆积 (活动预推送)",
    },
    Rule {
        service: Service::MysqlProxy,
        metric: "mysql_pool_usage",
        threshold: 0.9,
        hold: MINUTE,
        severity: "warning",
        summary: "trade-mysql 连接池使用率超过 90%",
    },
    Rule {
        service: Service::MysqlProxy,
        metric: "mysql_latency_p99",
        threshold: 500.0,
        hold: 2 * MINUTE,
        severity: "warning",
        summary: "trade-mysql p99 latency above 500 ms",
    },
    Rule {
        service: Service::Order,
        metric: "http_error_ratio",
        threshold: 0.1,
        hold: MINUTE,
        severity: "critical",
        summary: "下单服务失败率超过 10%",
    },
    Rule {
        service: Service::Payment,
        metric: "http_error_ratio",
        threshold: 0.1,
        hold: MINUTE,
        severity: "critical",
        summary: "支付服务失败率超过 10%",
    },
    Rule {
        service: Service::Coupon,
        metric: "http_error_ratio",
        threshold: 0.1,
        hold: MINUTE,
        severity: "warning",
        summary: "coupon-service error ratio above 10 %",
    },
];

impl Rule {
    /// The rule as the monitoring system writes it.
    pub(super) fn text(&self) -> String {
        let hold = if self.hold % MINUTE == 0 {
            format!("{}m", self.hold / MINUTE)
        } else {
            format!("{}s", self.hold / SECOND)
        };
        format!("{} > {} for {hold}", self.metric, self.threshold)
    }
}

/// A rule that fired.
#[derive(Debug, Clone)]
pub(super) struct Firing {
    pub(super) id: String,
    pub(super) rule: Rule,
    pub(super) fired: Ms,
    resolved: Option<Ms>,
    observed: f64,
}

/// All firings of a day, by time.
pub(super) fn firings(measured: &Measured) -> Vec<Firing> {
    let mut all: Vec<Firing> = RULES.iter().flat_map(|rule| firings_of(rule, measured)).collect();
    all.sort_by_key(|firing| (firing.fired, firing.rule.service));
    for (number, firing) in all.iter_mut().enumerate() {
        firing.id = format!("al-{}", 1_041 + number);
    }
    all
}

fn firings_of(rule: &Rule, measured: &Measured) -> Vec<Firing> {
    let mut all: Vec<Firing> = Vec::new();
    let mut breached_since = None;
    for (time, value) in measured.get(&(rule.service, rule.metric)).into_iter().flatten() {
        let is_firing = all.last().is_some_and(|firing| firing.resolved.is_none());
        if *value <= rule.threshold {
            breached_since = None;
            if let Some(firing) = all.last_mut().filter(|_| is_firing) {
                firing.resolved = Some(*time);
            }
            continue;
        }
        let since = *breached_since.get_or_insert(*time);
        if !is_firing && time - since >= rule.hold {
            all.push(Firing {
                id: String::new(),
                rule: *rule,
                fired: *time,
                resolved: None,
                observed: *value,
            });
        }
    }
    all
}

/// `alerts.json`: what fired, from the monitoring system.
pub(super) fn alerts_json(firings: &[Firing]) -> String {
    let alert = |firing: &Firing| {
        json!({
            "id": firing.id,
            "service": firing.rule.service.name(),
            "metric": firing.rule.metric,
            "threshold": firing.rule.threshold,
            "observed": firing.observed,
            "fired_at": on_the_day(firing.fired),
            "resolved_at": firing.resolved.map(on_the_day),
            "severity": firing.rule.severity,
            "monitor": firing.rule.text(),
            "summary": firing.rule.summary,
        })
    };
    json_list(&firings.iter().map(alert).collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_fires_when_its_time_is_over_and_again_after_it_was_quiet() {
        let rule = RULES[1];
        let values = [0.95, 0.95, 0.95, 0.95, 0.95, 0.5, 0.95, 0.5];
        let points = values.iter().enumerate().map(|(n, value)| (n as Ms * 15 * SECOND, *value)).collect();
        let found = firings(&Measured::from([((rule.service, rule.metric), points)]));
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].fired, found[0].resolved), (MINUTE, Some(75 * SECOND)));
        assert_eq!(found[0].rule.text(), "mysql_pool_usage > 0.9 for 1m");
    }
}
