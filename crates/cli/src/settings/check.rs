//! What is wrong with a configuration that its types cannot tell?
//!
//! Conditions in SQL are checked where a session is made ([`crate::app::App::empty_session`]).

use fupan_model::Config;
use fupan_model::config::{Grade, Service, duration_seconds};
use fupan_report::Lang;

use super::CONFIG_FILE;
use crate::failure::{ErrorKind, Failure};

/// The targets that reports compare durations with.
const TARGETS: [&str; 3] = ["detect", "locate", "mitigate"];

/// What the engine reserves for a single sort, a few times over.
const QUERY_MEMORY_MIB_MIN: u32 = 32;

const DURATION: &str = "write a number and a unit: 90s, 60m, 4h, 28d";

pub(super) fn check(config: &Config) -> Result<(), Failure> {
    let baseline = &config.baseline;
    duration("baseline.before", &baseline.before)?;
    duration("baseline.guard", &baseline.guard)?;
    share("baseline.min_effect", baseline.min_effect)?;
    if baseline.comparable_days == 0 {
        return wrong("baseline.comparable_days", "0 days compare with nothing", "write 1 or more");
    }
    share("ingest.max_rejected_share", config.ingest.max_rejected_share)?;
    if config.query.memory_mib < QUERY_MEMORY_MIB_MIN {
        return wrong(
            "query.memory_mib",
            format!("{} MiB are too little for any query", config.query.memory_mib),
            &format!("write {QUERY_MEMORY_MIB_MIN} or more"),
        );
    }
    if !(1..=12).contains(&config.workspace.fiscal_year_start) {
        let month = config.workspace.fiscal_year_start;
        return wrong(
            "workspace.fiscal_year_start",
            format!("{month} is not a month"),
            "write a number from 1 to 12",
        );
    }
    languages(&config.workspace.language)?;
    for (name, service) in &config.services {
        self::service(&format!("services.{name}"), service)?;
    }
    for (name, grade) in &config.grades {
        self::grade(&format!("grades.{name}"), grade)?;
    }
    for (name, pair) in &config.reconcile {
        if let Some(text) = &pair.late_after {
            duration(&format!("reconcile.{name}.late_after"), text)?;
        }
    }
    Ok(())
}

fn languages(tags: &[String]) -> Result<(), Failure> {
    let hint = "write en, zh or both; the first one is the default";
    if tags.is_empty() {
        return wrong("workspace.language", "no language is left for reports", hint);
    }
    match tags.iter().find(|tag| Lang::by_tag(tag).is_none()) {
        Some(tag) => wrong("workspace.language", format!("there is no language {tag:?}"), hint),
        None => Ok(()),
    }
}

fn service(key: &str, service: &Service) -> Result<(), Failure> {
    if let Some(slo) = &service.slo {
        share(&format!("{key}.slo.target"), slo.target)?;
        duration(&format!("{key}.slo.window"), &slo.window)?;
    }
    let latency = service.sli.as_ref().and_then(|sli| sli.latency_ms);
    match latency.filter(|latency| !latency.is_finite() || *latency <= 0.0) {
        Some(latency) => wrong(
            &format!("{key}.sli.latency_ms"),
            format!("{latency} is not a latency"),
            "write milliseconds, more than 0",
        ),
        None => Ok(()),
    }
}

fn grade(key: &str, grade: &Grade) -> Result<(), Failure> {
    for (name, text) in [("first_notice", &grade.first_notice), ("notice_every", &grade.notice_every)] {
        if let Some(text) = text {
            duration(&format!("{key}.{name}"), text)?;
        }
    }
    for (name, text) in &grade.targets {
        let key = format!("{key}.targets.{name}");
        if !TARGETS.contains(&name.as_str()) {
            return wrong(
                &key,
                "no report compares anything with it",
                &format!("the targets are {}", TARGETS.join(", ")),
            );
        }
        duration(&key, text)?;
    }
    Ok(())
}

fn duration(key: &str, text: &str) -> Result<(), Failure> {
    match duration_seconds(text) {
        Some(_) => Ok(()),
        None => wrong(key, format!("{text:?} is not a duration"), DURATION),
    }
}

fn share(key: &str, value: f64) -> Result<(), Failure> {
    if (0.0..=1.0).contains(&value) {
        Ok(())
    } else {
        wrong(key, format!("{value} is not a share"), "write a number from 0 to 1")
    }
}

fn wrong(key: &str, problem: impl std::fmt::Display, hint: &str) -> Result<(), Failure> {
    Err(Failure::new(ErrorKind::BadInput, format!("{CONFIG_FILE}: {key}: {problem}")).hint(hint))
}
