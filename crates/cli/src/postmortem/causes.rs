//! Root-cause candidates: everything that departed or was changed, in one ranked list with evidence.

use std::collections::BTreeMap;

use fupan_analysis::candidates::Saturation;
use fupan_analysis::{Candidate as Suspect, CandidateKind as SuspectKind, rank};
use fupan_model::{Config, Micros};
use fupan_query::{Answer, QueryError};
use fupan_report::model::{Evidence, Figure, IncidentReport, Unknown, Words};

use super::cite::Citations;
use super::verdicts::{first_signal, write};
use super::window::Window;
use crate::rows::{Row, rows};

/// Departures below this are the usual wobble.
const DEPARTURE_MIN: f64 = 3.0;

/// Words in metric names that say that the metric measures what users feel, not why.
const SYMPTOM_WORDS: [&str; 11] = [
    "error",
    "fail",
    "5xx",
    "success",
    "latency",
    "duration",
    "response_time",
    "availability",
    "apdex",
    "timeout",
    "slow",
];

/// A suspect together with what the report says about it.
pub(super) struct Found {
    pub(super) suspect: Suspect,
    pub(super) onset: Option<Micros>,
    pub(super) evidence: Vec<Evidence>,
    pub(super) host: Option<String>,
    pub(super) receipt: &'static str,
}

/// Fills candidates and what was left out.
pub(crate) async fn fill(
    report: &mut IncidentReport,
    cite: &mut Citations<'_>,
    config: &Config,
    window: &Window,
    located: Option<&str>,
) -> Result<(), QueryError> {
    let params = window.params(config);
    let failing: Vec<String> = report
        .blast_radius
        .iter()
        .filter(|row| row.class == fupan_report::model::ServiceClass::Affected)
        .map(|row| row.service.clone())
        .collect();
    let metrics = cite.ask("causes/metrics", &params).await?;
    let saturation = cite.ask("causes/saturation", &params).await?;
    let templates = cite.ask("causes/templates", &params).await?;
    let changes = cite.ask("causes/changes", &params).await?;
    let traffic = cite.ask("causes/traffic", &params).await?;
    let spans = cite.ask("causes/spans", &params).await?;
    let specificity = cite.ask("causes/specificity", &params).await?;
    let mut found = Vec::new();
    found.extend(from_saturation(&saturation));
    found.extend(from_metrics(&metrics, &saturation, &failing));
    found.extend(from_templates(&templates, &specificity));
    found.extend(from_changes(&changes, &metrics, &traffic));
    found.extend(from_spans(&spans, window));
    for one in &mut found {
        one.suspect.is_confirmed = located.is_some_and(|text| names(text, &one.suspect));
    }
    let suspects: Vec<Suspect> = found.iter().map(|one| one.suspect.clone()).collect();
    let ranking = rank(&suspects);
    write(report, cite, &found, &ranking);
    first_signal(report, window);
    Ok(())
}

/// Whether the words with which people located the cause name this suspect outright.
fn names(text: &str, suspect: &Suspect) -> bool {
    suspect.subject.chars().count() >= 6 && text.contains(&suspect.subject)
}

fn is_symptom_name(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    SYMPTOM_WORDS.iter().any(|word| lower.contains(word))
}

fn from_saturation(answer: &Answer) -> Vec<Found> {
    let receipt = "causes/saturation";
    rows(answer)
        .filter(|row| row.boolean("is_saturated") == Some(true))
        .filter_map(|row| {
            let used = row.text("used_metric")?;
            let offset = row.number("saturated_offset_seconds")?;
            // A metric at its own highest value is a plateau, not a limit that anybody set.
            let share =
                if row.text("limit_basis") == Some("plateau") { 0.0 } else { row.number("usage_max")? };
            let subject = match row.text("limit_metric") {
                Some(limit) => format!("{used} / {limit}"),
                None => used.to_owned(),
            };
            let mut suspect =
                Suspect::new(SuspectKind::Saturation, row.text("service_name").unwrap_or_default(), subject);
            suspect.saturation = Some(Saturation { share: share.min(1.0), offset_seconds: offset });
            suspect.onset_offset_seconds = Some(offset);
            let unit = row.text("unit").unwrap_or_default();
            let limit = row.number("limit_first").or(row.number("used_max")).unwrap_or_default();
            Some(Found {
                suspect,
                onset: row.instant("saturated_at"),
                evidence: vec![Evidence::Saturation {
                    limit: Figure::quantity(limit, unit, receipt),
                    before: Figure::seconds(-offset, receipt),
                }],
                host: row.owned("host_name"),
                receipt,
            })
        })
        .collect()
}

fn from_metrics(answer: &Answer, saturation: &Answer, failing: &[String]) -> Vec<Found> {
    let receipt = "causes/metrics";
    // The use of a resource that is a candidate by itself would say the same thing twice.
    let used: Vec<(Option<&str>, Option<&str>)> = rows(saturation)
        .filter(|row| row.boolean("is_saturated") == Some(true))
        .map(|row| (row.text("service_name"), row.text("used_metric")))
        .collect();
    let mut best: BTreeMap<(String, String), Found> = BTreeMap::new();
    for row in rows(answer) {
        let Some(name) = row.text("metric_name") else { continue };
        let Some(departure) = row.number("departure").filter(|score| score.abs() >= DEPARTURE_MIN) else {
            continue;
        };
        if used.contains(&(row.text("service_name"), Some(name))) {
            continue;
        }
        let service = row.text("service_name").unwrap_or_default();
        let mut suspect = Suspect::new(SuspectKind::Metric, service, name);
        suspect.departure = Some(departure);
        suspect.onset_offset_seconds = row.number("onset_offset_seconds");
        suspect.is_symptom =
            is_symptom_name(name) && (failing.is_empty() || failing.iter().any(|one| one == service));
        let one = Found {
            evidence: vec![departure_evidence(row, departure, receipt)],
            onset: row.instant("onset_at"),
            host: row.owned("host_name"),
            suspect,
            receipt,
        };
        // One line per metric and service: the instance that departed most stands for the others.
        let key = (service.to_owned(), name.to_owned());
        let is_stronger = best
            .get(&key)
            .is_none_or(|other| other.suspect.departure.unwrap_or_default().abs() < departure.abs());
        if is_stronger {
            best.insert(key, one);
        }
    }
    best.into_values().collect()
}

fn departure_evidence(row: Row<'_>, departure: f64, receipt: &str) -> Evidence {
    let unit = row.text("unit").unwrap_or_default();
    let unit = if row.boolean("is_rate") == Some(true) { format!("{unit}/s") } else { unit.to_owned() };
    let baseline = row.number("median_comparable").or(row.number("median_quiet"));
    Evidence::Departure {
        baseline: baseline.map_or_else(
            || Figure::unknown(Unknown::NoBaseline, receipt),
            |value| Figure::quantity(value, &unit, receipt),
        ),
        observed: Figure::quantity(row.number("median_impact").unwrap_or(f64::NAN), &unit, receipt),
        distance: Figure::quantity(departure, "", receipt),
    }
}

fn from_templates(answer: &Answer, specificity: &Answer) -> Vec<Found> {
    let receipt = "causes/templates";
    let lifts: BTreeMap<i64, f64> =
        rows(specificity).filter_map(|row| Some((row.long("shape_id")?, row.number("lift")?))).collect();
    let has_traces = rows(specificity).any(|row| row.count("failed_traces").unwrap_or_default() > 0);
    rows(answer)
        .filter_map(|row| {
            let template = row.text("template")?;
            let class = row.text("class")?;
            let services = row.text("services").unwrap_or_default();
            let service = services.split(',').next().unwrap_or_default().trim();
            let mut suspect = Suspect::new(SuspectKind::Template, service, template);
            suspect.departure = row.number("departure");
            suspect.onset_offset_seconds = row.number("onset_offset_seconds");
            // Where failing requests are traced, a line that never comes with one is not specific to them.
            let lift = row.long("shape_id").and_then(|shape| lifts.get(&shape).copied());
            suspect.specificity_lift = if has_traces { lift.or(Some(0.0)) } else { None };
            // An error line says that something failed: what has to be explained.
            suspect.is_symptom = row.long("severity_number").is_some_and(|level| level >= 17);
            let rate =
                |column: &str| Figure::quantity(row.number(column).unwrap_or_default(), "/min", receipt);
            let evidence = match class {
                "new" => Evidence::NewTemplate {
                    lines: Figure::count(row.count("records").unwrap_or_default(), receipt),
                },
                "vanished" => Evidence::VanishedTemplate {
                    baseline_rate: rate("baseline_per_minute"),
                    rate: rate("records_per_minute"),
                },
                _ => Evidence::SurgingTemplate {
                    baseline_rate: rate("baseline_per_minute"),
                    rate: rate("records_per_minute"),
                },
            };
            Some(Found {
                suspect,
                onset: row.instant("onset_at"),
                evidence: vec![evidence],
                host: None,
                receipt,
            })
        })
        .collect()
}

/// The largest departure of the series of a service, what users feel left out, with its onset.
fn service_departure(metrics: &Answer, service: &str) -> Option<(f64, Option<f64>)> {
    rows(metrics)
        .filter(|row| row.text("service_name") == Some(service))
        .filter(|row| !row.text("metric_name").is_some_and(is_symptom_name))
        .filter_map(|row| Some((row.number("departure")?.abs(), row.number("onset_offset_seconds"))))
        .max_by(|a, b| a.0.total_cmp(&b.0))
}

fn from_changes(answer: &Answer, metrics: &Answer, traffic: &Answer) -> Vec<Found> {
    let receipt = "causes/changes";
    let multiplication = rows(traffic)
        .find(|row| row.text("scope") == Some("overall"))
        .and_then(|row| row.number("multiplication"));
    rows(answer)
        .filter_map(|row| {
            let kind = row.text("change_type")?;
            let offset = row.number("offset_seconds")?;
            let service = row.text("service_name").unwrap_or_default();
            let subject = row.text("summary").map_or_else(|| format!("{kind} {service}"), str::to_owned);
            let mut suspect = Suspect::new(SuspectKind::Change, service, subject);
            suspect.onset_offset_seconds = Some(offset);
            let is_traffic = matches!(kind, "campaign" | "traffic");
            let mut evidence = vec![Evidence::ChangeNear { before: Figure::seconds(-offset, receipt) }];
            if is_traffic {
                suspect.departure = row.number("departure");
                suspect.service_departure = suspect.departure.map(f64::abs);
                if let Some(times) = multiplication.filter(|times| *times >= 1.5) {
                    evidence.push(Evidence::Other {
                        words: Words::new(
                            "traffic beyond what the time of day explains",
                            "流量超出同时段水平的倍数",
                        ),
                        figure: Some(Figure::quantity(times, "×", "causes/traffic")),
                    });
                }
            } else {
                match row.boolean("departs") {
                    // Its own requests, just before and just after the change, say best whether it broke
                    // something; its other metrics also follow the traffic that everybody gets.
                    // Where most minutes after it are still good, the median stays while the share of failures
                    // has risen beyond doubt: that is a departure all the same.
                    Some(true) => {
                        let score = row.number("departure").map_or(0.0, f64::abs);
                        suspect.service_departure = Some(score.max(DEPARTURE_MIN));
                    }
                    Some(false) => suspect.service_departure = Some(0.0),
                    None => {
                        let (own, own_onset) = service_departure(metrics, service).unzip();
                        suspect.service_departure = own;
                        suspect.service_onset_offset_seconds = own_onset.flatten();
                    }
                }
            }
            Some(Found { suspect, onset: row.instant("occurred_at"), evidence, host: None, receipt })
        })
        .collect()
}

fn from_spans(answer: &Answer, window: &Window) -> Vec<Found> {
    let receipt = "causes/spans";
    rows(answer)
        .filter_map(|row| {
            let failing = row.number("failed_share_rise").is_some_and(|rise| rise >= 0.02)
                && row.number("p_value").is_some_and(|p| p < 0.01);
            let slow = row.number("latency_ratio").is_some_and(|ratio| ratio >= 2.0);
            if !failing && !slow {
                return None;
            }
            let service = row.text("service_name").unwrap_or_default();
            let mut suspect = Suspect::new(SuspectKind::Span, service, row.text("span_name")?);
            suspect.is_symptom = true;
            let onset = row.instant("first_failed_at").filter(|_| failing);
            suspect.onset_offset_seconds = onset.map(|at| at.seconds_since(window.impact_start));
            let quantity =
                |column: &str| Figure::quantity(row.number(column).unwrap_or(f64::NAN), "ms", receipt);
            let share = |column: &str| Figure::share(row.number(column).unwrap_or(f64::NAN), receipt);
            let evidence = if failing {
                Evidence::Departure {
                    baseline: share("baseline_failed_share"),
                    observed: share("failed_share"),
                    distance: Figure::probability(row.number("p_value").unwrap_or(f64::NAN), receipt),
                }
            } else {
                Evidence::Slower {
                    baseline: quantity("baseline_latency_ms_p50"),
                    observed: quantity("latency_ms_p50"),
                }
            };
            Some(Found { suspect, onset, evidence: vec![evidence], host: None, receipt })
        })
        .collect()
}
