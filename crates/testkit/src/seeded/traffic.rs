//! Who asks for what, and what is answered?

use std::fmt::Write as _;

use super::instant;
use super::plan::{MINUTE, Plan, WEEK};
use crate::Dice;

/// Minutes before the impact from which on there are data.
const BEFORE_MINUTES: i64 = 90;
/// Minutes after it.
const AFTER_MINUTES: i64 = 80;
/// Failures that are always there.
const BACKGROUND_SHARE: f64 = 0.002;

/// What a request came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reply {
    /// A status, and a code of the business where there is one.
    Http(u16, Option<&'static str>),
    /// A timeout, named as the type of the error.
    Timeout,
    /// A code of gRPC.
    Grpc(i16),
    /// A plain word.
    Outcome(bool),
}

/// One request, as it is logged.
#[derive(Debug, Clone, Copy)]
pub struct Request {
    /// When, in microseconds.
    pub at_us: i64,
    /// Where.
    pub service: &'static str,
    /// Method and route of HTTP.
    pub asked: Option<(&'static str, &'static str)>,
    /// What was answered.
    pub reply: Reply,
    /// Number of the user, where it is known.
    pub user: Option<i64>,
    /// Number of the session, where it is known.
    pub session: Option<i64>,
    /// Whether a probe asked.
    pub is_probe: bool,
    /// Tenths of a millisecond.
    pub tenths_ms: i64,
}

/// A kind of requests.
struct Kind {
    service: &'static str,
    asked: Option<(&'static str, &'static str)>,
    good: Reply,
    bad: &'static [Reply],
    per_minute: i64,
    usual_ms: i64,
}

const fn http(status: u16) -> Reply {
    Reply::Http(status, None)
}

/// All requests of a world, in order of time.
pub(super) fn simulate(plan: &Plan) -> Vec<Request> {
    let mut dice = Dice::new(plan.seed, "traffic");
    let mut requests = Vec::new();
    for week in std::iter::once(0).chain(plan.weeks.iter().copied()) {
        for minute in -BEFORE_MINUTES..plan.end_minute() + AFTER_MINUTES {
            for kind in &kinds(plan) {
                let (attempts, failed_share) = course(kind, plan, week, minute, &mut dice);
                for number in 0..attempts {
                    let mut request = asked(kind, plan, week, minute, &mut dice);
                    // In the minutes in which it turns, most fail in any case.
                    let is_bad = if failed_share > 0.1 && plan.is_near_edge(minute) {
                        number % 5 != 4
                    } else {
                        dice.chance(failed_share)
                    };
                    if is_bad {
                        request.reply = dice.pick(kind.bad);
                    }
                    requests.push(request);
                }
            }
        }
    }
    requests.sort_by_key(|request| request.at_us);
    requests
}

fn kinds(plan: &Plan) -> Vec<Kind> {
    const READ_BAD: &[Reply] = &[http(500)];
    const GATEWAY_BAD: &[Reply] = &[http(500), http(503)];
    const DEFAULT_BAD: &[Reply] = &[http(500), http(503), http(429), Reply::Timeout];
    const CODE_BAD: &[Reply] = &[http(502), Reply::Http(200, Some("E17")), Reply::Http(200, Some("E9"))];
    let orders = plan.orders_per_minute;
    let gateway = |method, route, per_minute, usual_ms| Kind {
        service: "gateway",
        asked: Some((method, route)),
        good: if plan.has_business_codes { Reply::Http(200, Some("0")) } else { http(200) },
        bad: match (plan.has_business_codes, route) {
            (true, "/orders") => CODE_BAD,
            (true, _) => GATEWAY_BAD,
            _ => DEFAULT_BAD,
        },
        per_minute,
        usual_ms,
    };
    let inner =
        |service, asked, good, bad, per_minute| Kind { service, asked, good, bad, per_minute, usual_ms: 40 };
    vec![
        gateway("POST", "/orders", orders, 80),
        gateway("POST", "/pay", orders - 4, 120),
        gateway("GET", "/browse", orders / 2, 30),
        inner(
            "order-service",
            None,
            Reply::Grpc(0),
            &[Reply::Grpc(13), Reply::Grpc(14), Reply::Grpc(4)],
            orders,
        ),
        inner("search-service", None, Reply::Outcome(true), &[Reply::Outcome(false)], orders),
        inner("quote-service", Some(("GET", "/quotes")), http(200), READ_BAD, 9),
        inner("rare-service", Some(("GET", "/rare")), http(200), READ_BAD, 1),
        inner("new-service", Some(("GET", "/new")), http(200), READ_BAD, 6),
        inner("gone-service", Some(("GET", "/gone")), http(200), READ_BAD, 6),
    ]
}

/// How often something is asked for in a minute, and which share of it fails.
fn course(kind: &Kind, plan: &Plan, week: i64, minute: i64, dice: &mut Dice) -> (i64, f64) {
    let is_incident_day = week == 0;
    let route = kind.asked.map(|(_, route)| route);
    let fails = match route {
        Some("/orders") => true,
        Some("/pay") => plan.pay_fails_after.is_some_and(|after| minute >= after),
        None => kind.service == "order-service",
        _ => false,
    };
    let attempts = match kind.service {
        // Once in three minutes.
        "rare-service" => i64::from(minute.rem_euclid(3) == 0),
        "new-service" if !is_incident_day || minute < 0 => 0,
        "gone-service" if is_incident_day && minute >= -plan.guard_minutes => 0,
        _ if is_incident_day && plan.is_shut(minute) && (fails || kind.service == "order-service") => 0,
        _ => kind.per_minute + dice.between(-1, 1),
    };
    let background = if is_incident_day && plan.is_near_edge(minute) { 0.0 } else { BACKGROUND_SHARE };
    let share =
        if is_incident_day && fails && plan.is_failing(minute) { plan.failed_share } else { background };
    (attempts.max(0), share)
}

fn asked(kind: &Kind, plan: &Plan, week: i64, minute: i64, dice: &mut Dice) -> Request {
    let is_slow = kind.service == "quote-service" && week == 0 && plan.is_failing(minute);
    let usual = if is_slow { kind.usual_ms * 5 } else { kind.usual_ms };
    let is_probe = dice.chance(0.03);
    Request {
        at_us: plan.at(minute) - week * WEEK + dice.between(0, 59_999) * (MINUTE / 60_000),
        service: kind.service,
        asked: kind.asked,
        reply: kind.good,
        user: dice.chance(0.9).then(|| dice.between(1, plan.people)),
        session: dice.chance(0.8).then(|| dice.between(1, plan.people * 2)),
        is_probe,
        tenths_ms: usual * dice.between(6, 14) + dice.between(0, 9),
    }
}

/// The requests as lines of JSON.
pub(super) fn lines(requests: &[Request]) -> String {
    let mut text = String::new();
    for request in requests {
        let _ = write!(
            text,
            "{{\"timestamp\":\"{}\",\"service_name\":\"{}\",\"duration_ms\":{}.{}",
            instant(request.at_us),
            request.service,
            request.tenths_ms / 10,
            request.tenths_ms % 10
        );
        if let Some((method, route)) = request.asked {
            let _ = write!(text, ",\"http_request_method\":\"{method}\",\"http_route\":\"{route}\"");
        }
        let _ = match request.reply {
            Reply::Http(status, None) => write!(text, ",\"http_response_status_code\":{status}"),
            Reply::Http(status, Some(code)) => {
                write!(text, ",\"http_response_status_code\":{status},\"code\":\"{code}\"")
            }
            Reply::Timeout => {
                write!(text, ",\"http_response_status_code\":408,\"error_type\":\"ReadTimeoutError\"")
            }
            Reply::Grpc(code) => write!(text, ",\"rpc_grpc_status_code\":{code}"),
            Reply::Outcome(is_ok) => {
                write!(text, ",\"outcome\":\"{}\"", if is_ok { "ok" } else { "failed" })
            }
        };
        if let Some(user) = request.user {
            let _ = write!(text, ",\"user_id\":\"u{user}\"");
        }
        if let Some(session) = request.session {
            let _ = write!(text, ",\"session_id\":\"s{session}\"");
        }
        if request.is_probe {
            text.push_str(",\"probe\":\"true\"");
        }
        text.push_str("}\n");
    }
    text
}
