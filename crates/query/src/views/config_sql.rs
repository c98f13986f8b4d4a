//! Which expressions does the configuration put into `requests`?

use std::collections::BTreeMap;

use fupan_model::Table;
use fupan_model::config::{Action, Config, Sli};

use crate::error::QueryError;

/// Checks a condition of the configuration (its key, its text) and prints it anew, in parentheses.
pub(crate) type CheckCondition<'a> = dyn Fn(&str, &str) -> Result<String, QueryError> + 'a;

/// What is a request where a service says nothing: a record with an outcome.
const IS_REQUEST: &str =
    "(outcome is not null or http_response_status_code is not null or rpc_grpc_status_code is not null)";

/// What failed where a service says nothing. gRPC codes: `UNKNOWN`,
/// `DEADLINE_EXCEEDED`, `RESOURCE_EXHAUSTED`, `UNIMPLEMENTED`, `INTERNAL`, `UNAVAILABLE`, `DATA_LOSS`, the server's
/// own (OpenTelemetry semantic conventions, RPC), and the counterpart of HTTP 429.
const IS_FAILED: &str = "(http_response_status_code >= 500 or http_response_status_code = 429 \
    or rpc_grpc_status_code in (2, 4, 8, 12, 13, 14, 15) or outcome = 'failed' or error_type ilike '%timeout%')";

/// Values for the slots of `queries/views/requests.sql`.
pub(crate) fn request_slots(
    config: &Config,
    check: &CheckCondition<'_>,
) -> Result<BTreeMap<&'static str, String>, QueryError> {
    let mut slots = BTreeMap::new();
    slots.insert("is_request", by_service(config, "valid", IS_REQUEST, check)?);
    slots.insert("is_failed", by_service(config, "bad", IS_FAILED, check)?);
    slots.insert("is_slow", is_slow(config));
    slots.insert("is_entry", is_entry(config));
    slots.insert(
        "is_excluded",
        match &config.identity.exclude {
            Some(condition) => check("identity.exclude", condition)?,
            None => "false".to_owned(),
        },
    );
    slots.insert("action", action(config));
    slots.insert("user_key", identity(config, |column| format!("cast({column} as text)")));
    slots.insert("user_kind", identity_kind(config));
    slots.insert("order_key", order_field(config, &|action| action.order_key.as_deref(), "order_id", "text"));
    slots.insert("order_amount", order_field(config, &|action| action.amount.as_deref(), "amount", "double"));
    slots.insert("segments", segments(config, check)?);
    Ok(slots)
}

/// A service's own condition, else the default.
fn by_service(
    config: &Config,
    key: &str,
    default: &str,
    check: &CheckCondition<'_>,
) -> Result<String, QueryError> {
    let mut branches = Vec::new();
    for (name, service) in &config.services {
        let condition = service
            .sli
            .as_ref()
            .and_then(|sli| if key == "bad" { sli.bad.as_ref() } else { sli.valid.as_ref() });
        // An indicator from metrics says nothing about log records.
        let Some(condition) = condition.filter(|condition| !Sli::names_metric(condition)) else {
            continue;
        };
        let checked = check(&format!("services.{name}.sli.{key}"), condition)?;
        branches.push(format!("when service_name = {} then {checked}", quoted(name)));
    }
    Ok(case(&branches, default))
}

fn is_slow(config: &Config) -> String {
    let mut branches = Vec::new();
    for (name, service) in &config.services {
        let limit = service.sli.as_ref().and_then(|sli| sli.latency_ms).filter(|limit| limit.is_finite());
        if let Some(limit) = limit {
            branches.push(format!(
                "when service_name = {} then duration_ms > cast('{limit:?}' as double)",
                quoted(name)
            ));
        }
    }
    case(&branches, "false")
}

fn is_entry(config: &Config) -> String {
    let entries: Vec<String> =
        config.services.iter().filter(|(_, service)| service.entry).map(|(name, _)| quoted(name)).collect();
    if entries.is_empty() {
        return "true".to_owned();
    }
    format!("coalesce(service_name in ({}), false)", entries.join(", "))
}

fn action(config: &Config) -> String {
    if config.actions.is_empty() {
        // Requests that are not GET; the session says that it assumed so.
        return "case when http_request_method in ('GET', 'HEAD', 'OPTIONS') then cast(null as text) \
                when http_request_method is not null then concat_ws(' ', http_request_method, http_route) \
                else coalesce(event_name, http_route, 'request') end"
            .to_owned();
    }
    let branches: Vec<String> = config
        .actions
        .iter()
        .map(|(name, action)| format!("when {} then {}", action_condition(action), quoted(name)))
        .collect();
    case(&branches, "cast(null as text)")
}

fn action_condition(action: &Action) -> String {
    let mut conditions = Vec::new();
    if !action.services.is_empty() {
        let services: Vec<String> = action.services.iter().map(|name| quoted(name)).collect();
        conditions.push(format!("service_name in ({})", services.join(", ")));
    }
    let mut equals = |column: &str, value: &Option<String>| {
        if let Some(value) = value {
            conditions.push(format!("{column} = {}", quoted(value)));
        }
    };
    equals("http_request_method", &action.method);
    equals("http_route", &action.route);
    equals("event_name", &action.event);
    // An action that names nothing is no action.
    if conditions.is_empty() { "false".to_owned() } else { conditions.join(" and ") }
}

fn identity(config: &Config, print: impl Fn(&str) -> String) -> String {
    let columns: Vec<String> = config.identity.user.iter().map(|name| print(&field(name))).collect();
    if columns.is_empty() {
        "cast(null as text)".to_owned()
    } else {
        format!("coalesce({})", columns.join(", "))
    }
}

fn identity_kind(config: &Config) -> String {
    let branches: Vec<String> = config
        .identity
        .user
        .iter()
        .map(|name| format!("when {} is not null then {}", field(name), quoted(name)))
        .collect();
    case(&branches, "cast(null as text)")
}

fn order_field(
    config: &Config,
    read: &dyn Fn(&Action) -> Option<&str>,
    default: &str,
    sql_type: &str,
) -> String {
    let cast = |name: &str| format!("try_cast({} as {sql_type})", field(name));
    if config.actions.is_empty() {
        return format!("case when {} is not null then {} end", action(config), cast(default));
    }
    let branches: Vec<String> = config
        .actions
        .values()
        .map(|action| {
            format!("when {} then {}", action_condition(action), cast(read(action).unwrap_or(default)))
        })
        .collect();
    case(&branches, &format!("cast(null as {sql_type})"))
}

fn segments(config: &Config, check: &CheckCondition<'_>) -> Result<String, QueryError> {
    let mut parts = Vec::new();
    for (name, condition) in &config.segments {
        let checked = check(&format!("segments.{name}"), condition)?;
        parts.push(format!("case when {checked} then {} end", quoted(name)));
    }
    if parts.is_empty() {
        return Ok("cast(null as text)".to_owned());
    }
    Ok(format!("nullif(concat_ws(',', {}), '')", parts.join(", ")))
}

fn case(branches: &[String], default: &str) -> String {
    if branches.is_empty() {
        return default.to_owned();
    }
    format!("case {} else {default} end", branches.join(" "))
}

/// A column of `logs`, else an attribute.
fn field(name: &str) -> String {
    match Table::Logs.schema().field_with_name(name) {
        Ok(_) => format!("\"{name}\""),
        Err(_) => format!("attributes[{}]", quoted(name)),
    }
}

pub(super) fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_the_configuration_are_quoted() {
        assert_eq!(quoted("o'clock"), "'o''clock'");
        assert_eq!(field("user_id"), "\"user_id\"");
        assert_eq!(field("x'] or true"), "attributes['x''] or true']");
    }
}
