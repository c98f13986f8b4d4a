//! What does one log record look like on disk?
//!
//! Field names are the ones that a generic JSON-lines decoder knows by default. What differs from
//! row to row comes first and what repeats comes last, which halves the compressed size.

use std::borrow::Cow;

use serde::Serialize;

use super::clock::{Ms, midnight_epoch_ms, stamp_millis};
use super::services::Service;
use super::story::Day;

/// Which request a row belongs to: gateway instance, its start, a running number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Trace {
    pub(super) started: Ms,
    pub(super) number: u32,
}

impl Trace {
    /// Id in the manner of Alibaba's `EagleEye`: address, epoch milliseconds, sequence, process.
    fn id(self, day: Day) -> String {
        let instance = self.number % Service::Gateway.instances() as u32;
        let epoch = midnight_epoch_ms(day.date) + self.started;
        format!("0a1e04{:02x}{epoch}{:04}d001", 11 + instance, 1000 + self.number % 9000)
    }
}

/// Who sent a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Caller {
    /// A signed-in user.
    User(u32),
    /// Somebody who has not signed in, known by the session only.
    Guest(u32),
    /// A health probe.
    Probe(u32),
    /// Another service or an external system.
    Machine,
}

/// What a request was about: method, route, status.
#[derive(Debug, Clone, Copy, Serialize)]
pub(super) struct Http {
    pub(super) method: &'static str,
    pub(super) route: &'static str,
    pub(super) status_code: u16,
}

/// An order and its amount in cents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Basket {
    pub(super) order: u32,
    pub(super) cents: u32,
}

impl Basket {
    /// The order's id, given out by the client's confirmation page and kept over retries.
    pub(super) fn order_id(self, day: Day) -> String {
        format!("T{}{:06}", day.date.replace('-', ""), self.order)
    }
}

/// A log record before it is text.
#[derive(Debug, Clone)]
pub(super) struct Row {
    pub(super) time: Ms,
    pub(super) service: Service,
    pub(super) level: &'static str,
    pub(super) message: Cow<'static, str>,
    pub(super) trace: Option<Trace>,
    pub(super) span: &'static str,
    pub(super) caller: Caller,
    pub(super) http: Option<Http>,
    pub(super) duration_ms: Option<u32>,
    pub(super) event: Option<&'static str>,
    pub(super) basket: Option<Basket>,
    pub(super) code: Option<&'static str>,
    pub(super) error_type: Option<&'static str>,
}

impl Row {
    /// A row with nothing but time, service, level and message.
    pub(super) fn plain(
        time: Ms,
        service: Service,
        level: &'static str,
        message: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self {
            time,
            service,
            level,
            message: message.into(),
            trace: None,
            span: "",
            caller: Caller::Machine,
            http: None,
            duration_ms: None,
            event: None,
            basket: None,
            code: None,
            error_type: None,
        }
    }

    /// Failed by the configuration's words: status 5xx or 429, or a business code that is not "0".
    pub(super) fn is_failed(&self) -> bool {
        self.http.is_some_and(|http| http.status_code >= 500 || http.status_code == 429)
            || self.code.is_some_and(|code| code != "0")
    }

    /// Whether a probe sent it.
    pub(super) fn is_probe(&self) -> bool {
        matches!(self.caller, Caller::Probe(_))
    }

    /// The instance that wrote it: requests stay on the instance that their trace leads to.
    fn host(&self) -> String {
        let spread = self.trace.map_or(self.time / 15_000, |trace| i64::from(trace.number));
        format!("{}-{}", self.service.name(), spread % self.service.instances() as i64)
    }
}

/// The fields in the order in which they are written.
#[derive(Serialize)]
struct Line<'a> {
    timestamp: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    trace_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    session_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    order_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    amount: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    duration_ms: Option<u32>,
    #[serde(skip_serializing_if = "str::is_empty")]
    span_id: &'a str,
    level: &'a str,
    service: &'a str,
    host: String,
    version: &'a str,
    region: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    http: Option<Http>,
    #[serde(skip_serializing_if = "Option::is_none")]
    event: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_type: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    probe: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_agent: Option<&'a str>,
    message: &'a str,
}

fn line(day: Day, row: &Row) -> Line<'_> {
    let user_id = match row.caller {
        Caller::User(number) => Some(format!("u{number}")),
        Caller::Probe(number) => Some(format!("probe-{number:02}")),
        Caller::Guest(_) | Caller::Machine => None,
    };
    let session_id = match row.caller {
        Caller::Guest(number) => Some(format!("s{number}")),
        _ => None,
    };
    Line {
        timestamp: stamp_millis(day.date, row.time),
        trace_id: row.trace.map(|trace| trace.id(day)),
        user_id,
        session_id,
        order_id: row.basket.map(|basket| basket.order_id(day)),
        amount: row.basket.map(|basket| f64::from(basket.cents) / 100.0),
        duration_ms: row.duration_ms,
        span_id: row.span,
        level: row.level,
        service: row.service.name(),
        host: row.host(),
        version: row.service.version(day, row.time),
        region: "campus-east",
        http: row.http,
        event: row.event,
        code: row.code,
        error_type: row.error_type,
        probe: row.is_probe().then_some(true),
        user_agent: row.is_probe().then_some("campus-probe/2.1"),
        message: &row.message,
    }
}

/// A day's rows as JSON lines, in the order given.
pub(super) fn json_lines(day: Day, rows: &[Row]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(rows.len() * 420);
    for row in rows {
        serde_json::to_writer(&mut bytes, &line(day, row)).expect("a row of text and numbers is valid JSON");
        bytes.push(b'\n');
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::super::story::DAYS;
    use super::*;

    #[test]
    fn a_row_is_one_line_of_json_with_the_default_names() {
        let mut row = Row::plain(40_020_005, Service::Order, "ERROR", "下单失败");
        row.trace = Some(Trace { started: 40_020_000, number: 4 });
        row.caller = Caller::User(100_003);
        row.basket = Some(Basket { order: 12, cents: 1_850 });
        row.http = Some(Http { method: "POST", route: "/api/v1/orders", status_code: 503 });
        let text = String::from_utf8(json_lines(DAYS[4], &[row])).unwrap();
        let parsed: serde_json::Value = serde_json::from_str(text.trim()).unwrap();
        assert_eq!(parsed["timestamp"], "2026-11-05T11:07:00.005+08:00");
        assert_eq!(parsed["trace_id"], "0a1e040c17938480200001004d001");
        assert_eq!(parsed["http"]["status_code"], 503);
        assert_eq!((&parsed["order_id"], &parsed["amount"]), (&"T20261105000012".into(), &18.5.into()));
        assert!(parsed.get("probe").is_none());
    }
}
