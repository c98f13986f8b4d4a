//! Who and what was hurt: services, functions, users, money.

use fupan_model::Config;
use fupan_query::{ParamValue, QueryError};
use fupan_report::model::{
    ActionOutcome, BlastRow, BusinessLoss, Figure, IncidentReport, ServiceClass, Unknown, UserCounts, Words,
};

use super::cite::{Citations, Params};
use super::indicators;
use super::window::Window;
use crate::rows::{Row, rows};

/// Fills blast radius, users, requests and money.
pub(crate) async fn fill(
    report: &mut IncidentReport,
    cite: &mut Citations<'_>,
    config: &Config,
    window: &Window,
) -> Result<(), QueryError> {
    let mut params = window.params(config);
    let affected = blast_radius(report, cite, config, &params).await?;
    let overall = if affected.is_empty() { ParamValue::Null } else { ParamValue::Text(affected.join(",")) };
    params.insert("overall_actions", overall.clone());
    params.insert("actions", overall);
    users(report, cite, config, &params, &affected).await?;
    requests(report, cite, &params, window).await?;
    indicators::fill(report, cite, config, window).await?;
    sort_blast_radius(report);
    money(report, cite, config, &params, &affected).await
}

/// Rows for functions at the entry first, services after; answers the affected functions.
async fn blast_radius(
    report: &mut IncidentReport,
    cite: &mut Citations<'_>,
    config: &Config,
    params: &Params,
) -> Result<Vec<String>, QueryError> {
    report.min_effect_share = Some(config.baseline.min_effect);
    let mut affected = Vec::new();
    let by_action = "impact/blast_radius_by_action";
    let answer = cite.ask(by_action, params).await?;
    for row in rows(&answer) {
        let Some(action) = row.owned("action") else { continue };
        let settings = config.actions.get(&action);
        let mut line = blast_row(row, action.clone(), by_action);
        line.title = settings.and_then(|action| action.title.clone());
        line.is_entry = true;
        if line.class == ServiceClass::Affected
            && settings.is_none_or(|action| action.method.as_deref() != Some("GET"))
        {
            affected.push(action);
        }
        report.blast_radius.push(line);
    }
    let by_service = "impact/blast_radius";
    let answer = cite.ask(by_service, params).await?;
    for row in rows(&answer) {
        let Some(service) = row.owned("service_name") else { continue };
        let settings = config.services.get(&service);
        let mut line = blast_row(row, service, by_service);
        // A service that is titled like a function would read as the same row twice.
        let titles: Vec<_> = config.actions.values().filter_map(|action| action.title.as_ref()).collect();
        line.title =
            settings.and_then(|service| service.title.clone()).filter(|title| !titles.contains(&title));
        line.team = settings.and_then(|service| service.team.clone());
        report.blast_radius.push(line);
    }
    Ok(affected)
}

/// Worst first; within a class in the order in which they fell, in the same minute the higher peak first,
/// then by name.
fn sort_blast_radius(report: &mut IncidentReport) {
    report.blast_radius.sort_by_key(|line| {
        let onset = match line.onset.value {
            fupan_report::model::FigureValue::Instant { at } => at.0,
            _ => i64::MAX,
        };
        let peak = (line.peak_error_share.as_f64().unwrap_or_default() * 1e9).round() as i64;
        (line.class, !line.is_entry, onset, -peak, line.service.clone())
    });
}

fn blast_row(row: Row<'_>, subject: String, receipt: &str) -> BlastRow {
    let share = |column: &str, missing: Unknown| match row.number(column) {
        Some(share) => Figure::share(share, receipt),
        None => Figure::unknown(missing, receipt),
    };
    let count = |column: &str| Figure::count(row.count(column).unwrap_or_default(), receipt);
    let class = match row.text("class") {
        Some("affected") => ServiceClass::Affected,
        Some("degraded") => ServiceClass::Degraded,
        Some("unaffected") => ServiceClass::Unaffected,
        _ => ServiceClass::Undetermined,
    };
    let latency = |column: &str| match row.number(column) {
        Some(latency) => Figure::quantity(latency, "ms", receipt),
        None => Figure::default(),
    };
    BlastRow {
        service: subject,
        class,
        onset: row.instant("onset_at").map_or_else(Figure::default, |at| Figure::instant(at, receipt)),
        peak_error_share: share("peak_failed_share", Unknown::TooFewRequests),
        error_share: share("failed_share", Unknown::NoRequests),
        baseline_error_share: share("baseline_failed_share", Unknown::NoBaseline),
        requests: count("requests"),
        failed_requests: count("failed"),
        p_value: row.number("p_value").map_or_else(Figure::default, |p| Figure::probability(p, receipt)),
        effect_upper_bound: row
            .number("rise_high")
            .map_or_else(Figure::default, |high| Figure::share(high, receipt)),
        latency_p99: if class == ServiceClass::Degraded {
            latency("latency_ms_p99")
        } else {
            Figure::default()
        },
        baseline_latency_p99: if class == ServiceClass::Degraded {
            latency("baseline_latency_ms_p99")
        } else {
            Figure::default()
        },
        ..BlastRow::default()
    }
}

async fn users(
    report: &mut IncidentReport,
    cite: &mut Citations<'_>,
    config: &Config,
    params: &Params,
    affected: &[String],
) -> Result<(), QueryError> {
    let query = "impact/users";
    let answer = cite.ask(query, params).await?;
    let suppressed = cite.ask("impact/suppressed", params).await?;
    for row in rows(&answer) {
        let action = row.owned("action");
        if row.count("attempts").unwrap_or_default() == 0 {
            continue;
        }
        let mut counts = user_counts(row, query, config);
        let missing = rows(&suppressed).find(|other| other.owned("action") == action);
        if let Some(missing) =
            missing.filter(|missing| missing.number("suppressed").is_some_and(|users| users >= 1.0))
        {
            counts.suppressed = Figure::count_range(
                missing.count("suppressed_low"),
                missing.count("suppressed_high"),
                "impact/suppressed",
            );
        }
        match action {
            None => report.users = Some(counts).filter(|_| row.count("exposed").unwrap_or_default() > 0),
            Some(action) if affected.contains(&action) => {
                counts.title = config.actions.get(&action).and_then(|action| action.title.clone());
                counts.action = Some(action);
                report.users_by_action.push(counts);
            }
            Some(_) => {}
        }
    }
    Ok(())
}

fn user_counts(row: Row<'_>, receipt: &str, config: &Config) -> UserCounts {
    let count = |column: &str| Figure::count(row.count(column).unwrap_or_default(), receipt);
    let estimate = |column: &str| match row.number(column) {
        Some(number) => Figure::count(number.max(0.0).round() as u64, receipt),
        None => Figure::unknown(Unknown::NoBaseline, receipt),
    };
    let (attempts, failed) = (row.number("attempts"), row.number("failed_attempts"));
    UserCounts {
        identity: config.identity.user.join(" / "),
        exposed: count("exposed"),
        failed: count("failed"),
        self_recovered: count("self_recovered"),
        blocked: count("blocked"),
        pending: count("pending"),
        failed_expected: estimate("expected_failed"),
        failed_excess: estimate("excess_failed"),
        anonymous_share: row
            .number("anonymous_share")
            .map_or_else(Figure::default, |share| Figure::share(share, receipt)),
        outcome: Some(ActionOutcome {
            requests: count("attempts"),
            failed_requests: count("failed_attempts"),
            error_share: match attempts.zip(failed) {
                Some((attempts, failed)) if attempts > 0.0 => Figure::share(failed / attempts, receipt),
                _ => Figure::unknown(Unknown::NoRequests, receipt),
            },
        }),
        grace_seconds: Some(f64::from(config.identity.grace_seconds)),
        ..UserCounts::default()
    }
}

/// Requests at the entry, the worst minute, user-minutes.
async fn requests(
    report: &mut IncidentReport,
    cite: &mut Citations<'_>,
    params: &Params,
    window: &Window,
) -> Result<(), QueryError> {
    let query = "impact/blast_radius_minutes";
    let answer = cite.ask(query, params).await?;
    let (mut requests, mut failed, mut user_minutes) = (0, 0, 0);
    let mut peak: Option<f64> = None;
    let mut any_users = false;
    let mut any_success = false;
    for row in rows(&answer) {
        any_success |= row.count("requests") > row.count("failed");
        let is_within = row
            .instant("minute")
            .is_some_and(|minute| minute >= window.impact_start && minute < window.impact_end);
        if !is_within {
            continue;
        }
        requests += row.count("requests").unwrap_or_default();
        failed += row.count("failed").unwrap_or_default();
        any_users |= row.count("users_active").unwrap_or_default() > 0;
        user_minutes += row.count("users_failing").unwrap_or_default();
        if let Some(share) =
            row.number("failed_share").filter(|_| row.count("requests").unwrap_or_default() >= 20)
        {
            peak = Some(peak.map_or(share, |peak| peak.max(share)));
        }
    }
    // A log that holds failures only does not say how many requests there were.
    if requests == 0 || !any_success {
        for figure in [&mut report.requests, &mut report.failed_requests, &mut report.peak_error_share] {
            *figure = Figure::unknown(Unknown::NoRequests, query);
        }
        report.user_minutes = Figure::unknown(Unknown::NoRequests, query);
        return Ok(());
    }
    report.requests = Figure::count(requests, query);
    report.failed_requests = Figure::count(failed, query);
    report.peak_error_share = peak
        .map_or_else(|| Figure::unknown(Unknown::TooFewRequests, query), |peak| Figure::share(peak, query));
    report.user_minutes = if any_users {
        Figure::quantity(user_minutes as f64, "user·min", query)
    } else {
        Figure::unknown(Unknown::NoIdentity, query)
    };
    Ok(())
}

/// Both parts of the second estimate: demand above the usual after the impact hides a shortfall in it.
fn shortfall_words(row: Row<'_>) -> Words {
    let part = |column: &str| row.number(column).unwrap_or_default().round();
    let (shortfall, catch_up) = (part("shortfall_orders"), part("catch_up_orders"));
    Words::new(
        format!(
            "shortfall {shortfall}, above the usual afterwards {catch_up}: demand above the usual hides a loss"
        ),
        format!("缺口 {shortfall} 单，事后高于平时 {catch_up} 单：平时之上的需求会掩盖损失"),
    )
}

/// Two estimates of the same money, side by side, for the affected action that lost most of it: actions
/// are steps of the same money and are never added.
async fn money(
    report: &mut IncidentReport,
    cite: &mut Citations<'_>,
    config: &Config,
    params: &Params,
    affected: &[String],
) -> Result<(), QueryError> {
    let carries_amounts =
        |action: &String| config.actions.get(action).is_some_and(|action| action.amount.is_some());
    if !affected.iter().any(carries_amounts) {
        return Ok(());
    }
    let query = "impact/orders";
    let answer = cite.ask(query, params).await?;
    let row = rows(&answer)
        .filter(|row| {
            row.owned("action").is_some_and(|action| affected.contains(&action) && carries_amounts(&action))
        })
        .max_by(|a, b| {
            let value = |row: &Row<'_>| row.number("failed_orders_lost_value").unwrap_or_default();
            value(a).total_cmp(&value(b))
        });
    let Some(row) = row else { return Ok(()) };
    let action = row.owned("action").unwrap_or_default();
    let title = config.actions.get(&action).and_then(|action| action.title.clone()).unwrap_or(action);
    if let Some(value) = row.number("failed_orders_lost_value") {
        report.business_loss.push(BusinessLoss {
            method: Words::new(
                format!("{title}: failed and never recovered, retries folded, at their own amount"),
                format!("{title}：失败且未恢复的订单（重试合并），按其金额"),
            ),
            basis: "GMV".to_owned(),
            amount: Figure::quantity(value, "", query),
            orders: Figure::count(row.count("failed_orders_lost").unwrap_or_default(), query),
        });
    }
    if let Some(orders) = row.number("net_shortfall_orders") {
        let (low, high) = (row.number("net_shortfall_value_low"), row.number("net_shortfall_value_high"));
        report.business_loss.push(BusinessLoss {
            method: Words::new(
                format!("{title}: shortfall against comparable days minus the catch-up after"),
                format!("{title}：相对可比日的订单缺口减去事后回补"),
            ),
            basis: "GMV".to_owned(),
            amount: Figure {
                value: fupan_report::model::FigureValue::QuantityRange { low, high, unit: String::new() },
                ..Figure::quantity(0.0, "", query)
            },
            orders: Figure::count(orders.round().max(0.0) as u64, query).with_note(shortfall_words(row)),
        });
    }
    Ok(())
}
