//! What of `fupan.toml` can SQL see?
//!
//! One-row `settings`, and a row per service, key action, grade and segment.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanArray, Float64Array, Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray,
};
use fupan_model::Micros;
use fupan_model::config::{Config, Grade, duration_seconds};

use crate::error::QueryError;

/// A table with what it is about and what its columns mean.
pub(crate) struct SettingsTable {
    pub(crate) name: &'static str,
    pub(crate) question: &'static str,
    pub(crate) docs: Vec<&'static str>,
    pub(crate) batch: RecordBatch,
}

/// All tables of the configuration.
pub(crate) fn tables(config: &Config, as_of: Micros) -> Result<Vec<SettingsTable>, QueryError> {
    Ok(vec![
        settings(config, as_of)?,
        services(config)?,
        key_actions(config)?,
        grades(config)?,
        segments(config)?,
    ])
}

fn table(
    name: &'static str,
    question: &'static str,
    columns: Vec<(&'static str, ArrayRef, &'static str)>,
) -> Result<SettingsTable, QueryError> {
    let docs = columns.iter().map(|(_, _, doc)| *doc).collect();
    let columns = columns.into_iter().map(|(name, column, _)| (name, column, true));
    let batch = RecordBatch::try_from_iter_with_nullable(columns)
        .map_err(|error| QueryError::Engine(error.to_string()))?;
    Ok(SettingsTable { name, question, docs, batch })
}

fn texts<T: Into<String>>(values: impl Iterator<Item = Option<T>>) -> ArrayRef {
    Arc::new(StringArray::from(values.map(|value| value.map(Into::into)).collect::<Vec<Option<String>>>()))
}

fn bigints(values: impl Iterator<Item = Option<i64>>) -> ArrayRef {
    Arc::new(values.collect::<Int64Array>())
}

fn doubles(values: impl Iterator<Item = Option<f64>>) -> ArrayRef {
    Arc::new(values.collect::<Float64Array>())
}

fn booleans(values: impl Iterator<Item = bool>) -> ArrayRef {
    Arc::new(values.map(Some).collect::<BooleanArray>())
}

fn seconds(text: Option<&String>) -> Option<i64> {
    text.and_then(|text| duration_seconds(text)).and_then(|seconds| i64::try_from(seconds).ok())
}

fn one<T>(value: T) -> std::iter::Once<Option<T>> {
    std::iter::once(Some(value))
}

fn settings(config: &Config, as_of: Micros) -> Result<SettingsTable, QueryError> {
    let as_of: ArrayRef = Arc::new(TimestampMicrosecondArray::from(vec![as_of.0]).with_timezone("UTC"));
    let baseline = &config.baseline;
    let has_entry = config.services.values().any(|service| service.entry);
    table(
        "settings",
        "Under which settings does this session answer?",
        vec![
            ("as_of", as_of, "the instant as of which the data is seen"),
            ("zone", texts(one(config.workspace.zone.as_str())), "IANA zone of days and periods"),
            ("fiscal_year_start", bigints(one(i64::from(config.workspace.fiscal_year_start))), "month"),
            (
                "grace_seconds",
                bigints(one(i64::from(config.identity.grace_seconds))),
                "s after the end of the impact",
            ),
            (
                "baseline_before_seconds",
                bigints(std::iter::once(seconds(Some(&baseline.before)))),
                "s of quiet stretch",
            ),
            (
                "baseline_guard_seconds",
                bigints(std::iter::once(seconds(Some(&baseline.guard)))),
                "s left out before the impact",
            ),
            ("comparable_days", bigints(one(i64::from(baseline.comparable_days))), "{day}"),
            (
                "min_requests",
                bigints(one(i64::from(baseline.min_requests))),
                "{request}, fewer prove nothing",
            ),
            ("min_effect", doubles(one(baseline.min_effect)), "absolute rise of the error share that counts"),
            (
                "has_key_actions",
                booleans(std::iter::once(!config.actions.is_empty())),
                "false: requests that are not GET were assumed",
            ),
            (
                "has_entry_services",
                booleans(std::iter::once(has_entry)),
                "false: every service was assumed to be an entry",
            ),
        ],
    )
}

fn services(config: &Config) -> Result<SettingsTable, QueryError> {
    let all = || config.services.values();
    table(
        "services",
        "What does fupan.toml say about services?",
        vec![
            (
                "service_name",
                texts(config.services.keys().map(|name| Some(name.as_str()))),
                "OpenTelemetry service.name",
            ),
            ("title", texts(all().map(|service| service.title.clone())), "in the reader's words"),
            ("team", texts(all().map(|service| service.team.clone())), ""),
            ("business_line", texts(all().map(|service| service.business_line.clone())), ""),
            (
                "is_entry",
                booleans(all().map(|service| service.entry)),
                "requests are counted where users enter",
            ),
            (
                "slo_target",
                doubles(all().map(|service| service.slo.as_ref().map(|slo| slo.target))),
                "share of good requests, 0-1",
            ),
            (
                "slo_window_seconds",
                bigints(all().map(|service| seconds(service.slo.as_ref().map(|slo| &slo.window)))),
                "s",
            ),
            (
                "latency_ms_max",
                doubles(all().map(|service| service.sli.as_ref().and_then(|sli| sli.latency_ms))),
                "ms, slower is degraded",
            ),
            (
                "sli_valid",
                texts(all().map(|service| service.sli.as_ref().and_then(|sli| sli.valid.clone()))),
                "condition or `sum:` of a metric",
            ),
            (
                "sli_bad",
                texts(all().map(|service| service.sli.as_ref().and_then(|sli| sli.bad.clone()))),
                "condition",
            ),
            (
                "sli_good",
                texts(all().map(|service| service.sli.as_ref().and_then(|sli| sli.good.clone()))),
                "`sum:` of a metric",
            ),
        ],
    )
}

fn key_actions(config: &Config) -> Result<SettingsTable, QueryError> {
    let all = || config.actions.values();
    table(
        "key_actions",
        "Which key actions of users does fupan.toml name?",
        vec![
            ("action", texts(config.actions.keys().map(|name| Some(name.as_str()))), ""),
            ("title", texts(all().map(|action| action.title.clone())), "in the reader's words"),
            ("services", texts(all().map(|action| Some(action.services.join(",")))), "separated by commas"),
            ("http_request_method", texts(all().map(|action| action.method.clone())), ""),
            ("http_route", texts(all().map(|action| action.route.clone())), ""),
            ("event_name", texts(all().map(|action| action.event.clone())), ""),
        ],
    )
}

fn grades(config: &Config) -> Result<SettingsTable, QueryError> {
    let all = || config.grades.values();
    let target =
        |name: &'static str| bigints(all().map(move |grade: &Grade| seconds(grade.targets.get(name))));
    table(
        "grades",
        "Which grades does fupan.toml define, with which deadlines and targets?",
        vec![
            ("grade", texts(config.grades.keys().map(|name| Some(name.as_str()))), ""),
            ("clause", texts(all().map(|grade| grade.when.clone())), ""),
            (
                "first_notice_seconds_max",
                bigints(all().map(|grade| seconds(grade.first_notice.as_ref()))),
                "s",
            ),
            (
                "notice_every_seconds_max",
                bigints(all().map(|grade| seconds(grade.notice_every.as_ref()))),
                "s",
            ),
            ("detect_seconds_max", target("detect"), "s"),
            ("locate_seconds_max", target("locate"), "s"),
            ("mitigate_seconds_max", target("mitigate"), "s"),
        ],
    )
}

fn segments(config: &Config) -> Result<SettingsTable, QueryError> {
    table(
        "segments",
        "Which segments of users does fupan.toml name?",
        vec![
            ("segment", texts(config.segments.keys().map(|name| Some(name.as_str()))), ""),
            ("condition", texts(config.segments.values().map(|condition| Some(condition.as_str()))), ""),
        ],
    )
}
