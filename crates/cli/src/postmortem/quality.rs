//! What was read, what was lost, what had to be assumed, and what cannot be known.

use fupan_model::Config;
use fupan_query::{QueryError, Session};
use fupan_report::model::{
    Assumption, Basis, DataGap, Figure, IncidentReport, Provenance, QuarantineReason, SourceQuality, Words,
};

use super::cite::{Citations, Params};
use super::indicators;
use super::window::Window;
use crate::rows::rows;

/// Gaps that the report lists; a query gives the rest.
const GAPS_MAX: usize = 10;

/// Indicators that the list of assumptions names.
const INDICATORS_MAX: usize = 12;

/// Fills data quality, assumptions and provenance.
pub(crate) async fn fill(
    report: &mut IncidentReport,
    cite: &mut Citations<'_>,
    session: &Session,
    config: &Config,
    window: &Window,
    software_version: &str,
) -> Result<(), QueryError> {
    let none = Params::new();
    let ingests = "quality/ingests";
    let answer = cite.ask(ingests, &none).await?;
    for row in rows(&answer) {
        let count = |column: &str| Figure::count(row.count(column).unwrap_or_default(), ingests);
        report.data_quality.sources.push(SourceQuality {
            source: row.owned("source").unwrap_or_default(),
            format: row.owned("input_format").unwrap_or_default(),
            read: count("records_read"),
            accepted: count("records_accepted"),
            rejected: count("records_rejected"),
            duplicate: count("records_duplicate"),
            first: row.instant("first_timestamp"),
            last: row.instant("last_timestamp"),
            assumed_zone: None,
        });
    }
    let quarantine = "quality/quarantine";
    let answer = cite.ask(quarantine, &none).await?;
    for row in rows(&answer) {
        report.data_quality.quarantine.push(QuarantineReason {
            reason: row.owned("reason").unwrap_or_default(),
            records: Figure::count(row.count("records").unwrap_or_default(), quarantine),
        });
    }
    let answer = cite.ask("quality/coverage", &window.params(config)).await?;
    for row in rows(&answer).take(GAPS_MAX) {
        report.data_quality.gaps.push(DataGap {
            subject: row.owned("service_name").or_else(|| row.owned("table_name")).unwrap_or_default(),
            from: row.instant("gap_start"),
            to: row.instant("gap_end"),
        });
    }
    assumptions(report, cite, session, config, window).await?;
    no_baseline(report, window);
    unknowable(report, window);
    report.provenance = Provenance {
        software_version: software_version.to_owned(),
        // Known once the receipts are collected.
        ledger_version: None,
        as_of: Some(session.as_of()),
        as_of_given: cite.as_of_given,
        telemetry_end: cite.telemetry_end,
    };
    Ok(())
}

async fn assumptions(
    report: &mut IncidentReport,
    cite: &mut Citations<'_>,
    session: &Session,
    config: &Config,
    window: &Window,
) -> Result<(), QueryError> {
    let answer = cite.ask("quality/assumptions", &Params::new()).await?;
    // A zone that was given for a source (--zone) is no assumption; the workspace's is.
    let mut zoned = 0;
    for row in rows(&answer).filter(|row| row.text("kind") == Some("assumed_zone")) {
        zoned += u64::from(row.text("assumed_zone") == Some(config.workspace.zone.as_str()));
        let source = row.text("source").unwrap_or_default();
        if let Some(line) = report.data_quality.sources.iter_mut().find(|line| line.source == source) {
            line.assumed_zone = row.owned("assumed_zone");
        }
    }
    if zoned > 0 {
        report.assumptions.push(Assumption::Zone {
            zone: config.workspace.zone.clone(),
            sources: zoned,
            of_sources: report.data_quality.sources.len() as u64,
        });
    }
    for row in rows(&answer).filter(|row| row.text("kind") == Some("whole_hours_apart")) {
        let (one, other) =
            (row.text("source").unwrap_or_default(), row.text("other_source").unwrap_or_default());
        let hours = row.long("hours_apart").unwrap_or_default();
        report.assumptions.push(Assumption::Other {
            words: Words::new(
                format!("{one} and {other} differ by exactly {hours} h: check their zones"),
                format!("{one} 与 {other} 恰好相差 {hours} 小时,请核对时区"),
            ),
        });
    }
    for assumption in session.assumptions() {
        report.assumptions.push(match assumption {
            fupan_query::Assumption::KeyActionsAreNotGet => Assumption::KeyActions,
            fupan_query::Assumption::EveryServiceIsEntry => Assumption::EntryServices,
            fupan_query::Assumption::DefaultFailureRule => Assumption::FailedByDefault,
        });
    }
    report.assumptions.push(Assumption::Baseline {
        from: window.baseline_start,
        to: window.baseline_end,
        days: window.comparable_days,
    });
    if window.is_open {
        report.assumptions.push(Assumption::ImpactEnd);
    }
    for service in indicators::without_points(cite, config, window).await? {
        report.data_quality.cannot_know.push(Words::new(
            format!("The indicator that fupan.toml gives {service} matches no metric point: nothing is known of it (check `sli`)."),
            format!("fupan.toml 为 {service} 配置的指标没有匹配到任何数据点，其状况无法得知（请检查 `sli`）。"),
        ));
    }
    let by_name = indicators::chosen_by_name(cite, config, window).await?;
    if !by_name.is_empty() {
        let more = by_name.len().saturating_sub(INDICATORS_MAX);
        let mut names = by_name.into_iter().take(INDICATORS_MAX).collect::<Vec<_>>().join(", ");
        if more > 0 {
            names.push_str(&format!(" … +{more}"));
        }
        report.assumptions.push(Assumption::Other {
            words: Words::new(
                format!("metrics taken for service level indicators by their names (fupan.toml can say `sli`): {names}"),
                format!("按名称把下列指标当作服务水平指标（可在 fupan.toml 的 `sli` 中指定）：{names}"),
            ),
        });
    }
    let undecidable = report
        .timeline
        .iter()
        .filter(|entry| {
            entry.known_then == fupan_report::model::KnownThen::Undecidable && entry.source != "changes"
        })
        .count() as u64;
    if undecidable > 0 {
        report.assumptions.push(Assumption::RecordedAt { events: undecidable });
    }
    Ok(())
}

/// Data that begins only with the incident has nothing to be compared with.
fn no_baseline(report: &mut IncidentReport, window: &Window) {
    const TELEMETRY: [&str; 8] = [
        "json-lines",
        "otlp-json",
        "csv-logs",
        "csv-metrics-long",
        "csv-metrics-wide",
        "csv-traces",
        "prometheus-query-range",
        "traces-json",
    ];
    let first = report
        .data_quality
        .sources
        .iter()
        .filter(|source| TELEMETRY.contains(&source.format.as_str()))
        .filter_map(|source| source.first)
        .min();
    if first.is_some_and(|first| first >= window.baseline_end) {
        report.data_quality.cannot_know.push(Words::new(
            "The data begin with the incident: there is no quiet stretch to compare with, so that nothing can be said to have departed from its usual course.",
            "数据从故障时段才开始，没有可对比的平静时段，因此无法判断何者偏离了基线。",
        ));
    }
}

/// Kinds of telemetry that are missing altogether, and what that leaves unknown.
fn unknowable(report: &mut IncidentReport, window: &Window) {
    let mut cannot = |en: &str, zh: &str| report.data_quality.cannot_know.push(Words::new(en, zh));
    let by_metrics = report.blast_radius.iter().any(|row| row.indicator.is_some());
    if report.series.requests.is_none() && !report.requests.is_known() && by_metrics {
        cannot(
            "No record carries an HTTP status, gRPC code or outcome: error shares come from metrics. How many requests and users failed, and, where a metric is a share and not a count, which services were proven unaffected, is unknown; a share does not see requests that were stopped.",
            "数据中没有请求结果（HTTP 状态码、gRPC 码或结果字段），失败率取自指标：失败的请求数与用户数无法得知；指标为比率而非计数时，无法证明哪些服务未受影响，也看不到被截断的请求。",
        );
    } else if report.series.requests.is_none() && !report.requests.is_known() {
        cannot(
            "No record carries an HTTP status, gRPC code or outcome: error shares per service, failed requests and which services were proven unaffected are unknown.",
            "数据中没有请求结果(HTTP 状态码、gRPC 码或结果字段):各服务失败率、失败请求数、哪些服务确认未受影响均无法得知。",
        );
    }
    if report.users.is_none() {
        cannot(
            "No request carries a user or session: how many users were affected is unknown.",
            "请求中没有用户或会话标识:受影响用户数无法得知。",
        );
    }
    if window.basis != Basis::Observed {
        cannot(
            "Beginning and end of the impact are at best as people declared them; telemetry does not confirm them.",
            "故障起止时间至多来自人工记录，未经观测数据印证。",
        );
    }
    if window.comparable_days == 0 {
        cannot(
            "There is no comparable day before: only the quiet stretch just before the impact is the baseline.",
            "没有可比日数据:仅以故障前的平静时段为基线。",
        );
    }
}
