//! Which metrics does the configuration make indicators of a service?
//!
//! `sum:search_requests_total{result='ok'}` counts events, `mean:http_5xx_ratio` is a failed share. They
//! fill the slots of `queries/views/service_indicators.sql`.

use std::collections::BTreeMap;

use fupan_model::Table;
use fupan_model::config::{Config, Sli};

use super::config_sql::quoted;
use crate::error::QueryError;

/// Values for the slots of `service_indicators`.
pub(crate) fn indicator_slots(config: &Config) -> Result<BTreeMap<&'static str, String>, QueryError> {
    let mut configured = Vec::new();
    let mut names = Vec::new();
    for (name, service) in &config.services {
        let Some(sli) = &service.sli else { continue };
        if let Some(branch) = branch(name, sli)? {
            configured.push(branch);
            names.push(quoted(name));
        }
    }
    let mut slots = BTreeMap::new();
    slots.insert(
        "is_unconfigured",
        if names.is_empty() {
            "true".to_owned()
        } else {
            format!("service_name not in ({})", names.join(", "))
        },
    );
    slots.insert("limit_ms", limit_ms(config));
    slots.insert("configured", configured.concat());
    Ok(slots)
}

fn limit_ms(config: &Config) -> String {
    let branches: Vec<String> = config
        .services
        .iter()
        .filter_map(|(name, service)| {
            let limit = service.sli.as_ref()?.latency_ms.filter(|limit| limit.is_finite())?;
            Some(format!("when service_name = {} then cast('{limit:?}' as double)", quoted(name)))
        })
        .collect();
    if branches.is_empty() {
        return "cast(null as double)".to_owned();
    }
    format!("case {} else cast(null as double) end", branches.join(" "))
}

/// The points of one service's configured indicator, none where it is not made from metrics.
fn branch(service: &str, sli: &Sli) -> Result<Option<String>, QueryError> {
    let part = |key: &str, text: &Option<String>| match text {
        Some(text) if Sli::names_metric(text) => Selector::parse(text)
            .map(Some)
            .map_err(|message| wrong(&format!("services.{service}.sli.{key}"), message)),
        _ => Ok(None),
    };
    let (good, bad, valid) = (part("good", &sli.good)?, part("bad", &sli.bad)?, part("valid", &sli.valid)?);
    let key = format!("services.{service}.sli");
    let is_share = |selector: &Option<Selector>| selector.as_ref().is_some_and(|one| one.is_mean);
    match (&good, &bad, &valid) {
        (None, None, None) if sli.good.is_some() => Err(wrong(
            &format!("{key}.good"),
            "good events come from a metric: conditions over log records are `valid` and `bad`".to_owned(),
        )),
        (None, None, None) => Ok(None),
        (None, Some(share), None) if share.is_mean => Ok(Some(shares(service, share))),
        _ if [&good, &bad, &valid].into_iter().any(is_share) => {
            Err(wrong(&key, "`mean:` stands alone, as `bad`: it is the failed share itself".to_owned()))
        }
        (Some(_), _, Some(_)) | (None, Some(_), Some(_)) | (Some(_), Some(_), None) => {
            Ok(Some(counts(service, good.as_ref(), bad.as_ref(), valid.as_ref())))
        }
        _ => Err(wrong(
            &key,
            "counts need two of `good`, `bad` and `valid`, all from metrics, to give a share".to_owned(),
        )),
    }
}

fn shares(service: &str, share: &Selector) -> String {
    format!(
        "union all select {}, {}, 'failed_share', 'configured', timestamp, series_id, value, false, \
         cast(null as double), cast(null as double), cast(null as double), 1.0, cast(null as double) \
         from metrics where {} and {}",
        quoted(service),
        quoted(&share.metric),
        share.condition(),
        owner(service, &[share])
    )
}

fn counts(
    service: &str,
    good: Option<&Selector>,
    bad: Option<&Selector>,
    valid: Option<&Selector>,
) -> String {
    let weight = |selector: Option<&Selector>| {
        selector.map_or_else(
            || "cast(null as double)".to_owned(),
            |selector| format!("case when {} then 1.0 else 0.0 end", selector.condition()),
        )
    };
    let all: Vec<&Selector> = [good, bad, valid].into_iter().flatten().collect();
    let conditions: Vec<String> = all.iter().map(|selector| selector.condition()).collect();
    format!(
        "union all select {}, 'sli', 'requests', 'configured', timestamp, series_id, value, \
         coalesce(temporality, 'cumulative') = 'cumulative' \
         and (coalesce(metric_type, '') in ('sum', 'counter') or regexp_like(metric_name, '[._](total|count)$')), \
         {}, {}, {}, cast(null as double), cast(null as double) from metrics where ({}) and {}",
        quoted(service),
        weight(good),
        weight(bad),
        weight(valid),
        conditions.join(" or "),
        owner(service, &all)
    )
}

/// Points of the service itself, or of a metric that names no service; a selector that chooses by
/// `service_name` (a gateway that measures for others) is taken at its word.
fn owner(service: &str, selectors: &[&Selector]) -> String {
    if selectors.iter().any(|selector| selector.labels.iter().any(|label| label.name == "service_name")) {
        return "true".to_owned();
    }
    format!("(service_name is null or service_name = {})", quoted(service))
}

/// `sum:metric{label='value', other!='value'}`.
#[derive(Debug, PartialEq)]
struct Selector {
    is_mean: bool,
    metric: String,
    labels: Vec<Label>,
}

#[derive(Debug, PartialEq)]
struct Label {
    name: String,
    is_equal: bool,
    value: String,
}

impl Selector {
    fn parse(text: &str) -> Result<Self, String> {
        let how = "write it as `sum:metric_name{label='value'}`";
        let (operation, rest) = text.trim().split_once(':').ok_or_else(|| how.to_owned())?;
        let is_mean = operation == "mean";
        let (metric, labels) = match rest.trim().split_once('{') {
            None => (rest.trim(), ""),
            Some((metric, labels)) => (
                metric.trim(),
                labels
                    .trim_end()
                    .strip_suffix('}')
                    .ok_or_else(|| format!("`{text}` lacks its closing brace: {how}"))?,
            ),
        };
        let is_name = |letter: char| letter.is_alphanumeric() || "_.:-/".contains(letter);
        if metric.is_empty() || !metric.chars().all(is_name) {
            return Err(format!("`{metric}` is not the name of a metric: {how}"));
        }
        let labels =
            Self::labels(labels).ok_or_else(|| format!("the labels of `{text}` cannot be read: {how}"))?;
        Ok(Self { is_mean, metric: metric.to_owned(), labels })
    }

    fn labels(mut text: &str) -> Option<Vec<Label>> {
        let mut labels = Vec::new();
        loop {
            text = text.trim_start().trim_start_matches(',').trim_start();
            if text.is_empty() {
                return Some(labels);
            }
            let (name, rest) = text.split_at_checked(text.find(['=', '!'])?)?;
            let (is_equal, rest) = match rest.strip_prefix("!=") {
                Some(rest) => (false, rest),
                None => (true, rest.strip_prefix('=')?),
            };
            let rest = rest.trim_start();
            let quote = rest.chars().next().filter(|letter| matches!(letter, '\'' | '"'))?;
            let (value, rest) = rest.get(1..)?.split_once(quote)?;
            labels.push(Label { name: name.trim().to_owned(), is_equal, value: value.to_owned() });
            text = rest;
        }
    }

    fn condition(&self) -> String {
        let mut conditions = vec![format!("metric_name = {}", quoted(&self.metric))];
        for label in &self.labels {
            let column = match Table::Metrics.schema().field_with_name(&label.name) {
                Ok(_) => format!("\"{}\"", label.name),
                Err(_) => format!("attributes[{}]", quoted(&label.name)),
            };
            conditions.push(if label.is_equal {
                format!("coalesce({column} = {}, false)", quoted(&label.value))
            } else {
                // A label that is missing is not that value.
                format!("coalesce({column} <> {}, true)", quoted(&label.value))
            });
        }
        format!("({})", conditions.join(" and "))
    }
}

fn wrong(key: &str, message: String) -> QueryError {
    QueryError::Config {
        key: key.to_owned(),
        message,
        hint: "for example `sli = { good = \"sum:requests_total{result='ok'}\", valid = \"sum:requests_total\" }`"
            .to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sli(good: Option<&str>, bad: Option<&str>, valid: Option<&str>) -> Sli {
        let owned = |text: Option<&str>| text.map(str::to_owned);
        Sli { good: owned(good), bad: owned(bad), valid: owned(valid), latency_ms: None }
    }

    #[test]
    fn a_selector_names_a_metric_and_labels() {
        let read = Selector::parse("sum:search_requests_total{result='ok', zone != \"x\"}").unwrap();
        assert_eq!(read.metric, "search_requests_total");
        assert_eq!(
            read.condition(),
            "(metric_name = 'search_requests_total' and coalesce(attributes['result'] = 'ok', false) \
             and coalesce(attributes['zone'] <> 'x', true))"
        );
    }

    #[test]
    fn what_cannot_be_read_is_refused() {
        for text in ["sum:", "sum:a b", "sum:a{b='c'", "sum:a{b=c}", "sum:a{b='c}", "sum:a{='c'"] {
            assert!(Selector::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn quotes_stay_inside_their_value() {
        let read = Selector::parse("sum:a{b=\"it's') or true --\"}").unwrap();
        assert_eq!(
            read.condition(),
            "(metric_name = 'a' and coalesce(attributes['b'] = 'it''s'') or true --', false))"
        );
    }

    #[test]
    fn counts_need_two_of_three() {
        assert!(branch("s", &sli(Some("sum:a"), None, None)).is_err());
        assert!(branch("s", &sli(Some("sum:a"), None, Some("sum:b"))).unwrap().is_some());
        assert!(branch("s", &sli(None, Some("mean:a"), None)).unwrap().is_some());
        assert!(branch("s", &sli(None, Some("mean:a"), Some("sum:b"))).is_err());
        assert!(branch("s", &sli(Some("status < 500"), None, None)).is_err());
        // Conditions over log records are another matter.
        assert!(branch("s", &sli(None, Some("status >= 500"), None)).unwrap().is_none());
    }
}
