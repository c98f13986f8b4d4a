//! Who writes down what the simulation does?
//!
//! One place takes every row, and tallies what the truth is made of in the same breath: attempts of
//! users at the gateway, and requests per service and second.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::clock::{Ms, SECOND};
use super::rows::{Basket, Caller, Http, Row, Trace};
use super::services::{Function, Service};
use super::story::{Day, WINDOW_END, WINDOW_START};

/// An attempt of a user at ordering or paying, as the gateway saw it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Attempt {
    pub(super) time: Ms,
    pub(super) user: u32,
    pub(super) function: Function,
    pub(super) basket: Basket,
    pub(super) status: u16,
    pub(super) is_failed: bool,
}

/// Requests of one service or function within one second.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Count {
    pub(super) requests: u32,
    pub(super) failed: u32,
}

/// Requests per second of the window.
pub(super) type Seconds = Vec<Count>;

/// All that one day of the simulation left behind.
#[derive(Debug)]
pub(super) struct Recorder {
    pub(super) day: Day,
    pub(super) rows: Vec<Row>,
    pub(super) attempts: Vec<Attempt>,
    /// Requests of users and services, probes left out.
    pub(super) by_service: BTreeMap<Service, Seconds>,
    /// When requests of users and services ended and how long they took, milliseconds.
    pub(super) durations: BTreeMap<Service, Vec<(Ms, u32)>>,
    /// Requests of probes.
    pub(super) probes: BTreeMap<Service, Seconds>,
    /// Paid for, and the order not updated: when the money was taken, and when a job mended it.
    pub(super) unsettled: Vec<(Basket, Ms, Option<Ms>)>,
    traces: u32,
}

/// How a request ended.
#[derive(Debug, Clone)]
pub(super) struct Ending {
    pub(super) status: u16,
    pub(super) code: Option<&'static str>,
    pub(super) error_type: Option<&'static str>,
    pub(super) duration_ms: u32,
    pub(super) message: Cow<'static, str>,
    pub(super) event: Option<&'static str>,
}

impl Ending {
    /// It went well.
    pub(super) fn ok(duration_ms: u32, message: impl Into<Cow<'static, str>>) -> Self {
        Self { status: 200, code: None, error_type: None, duration_ms, message: message.into(), event: None }
    }

    /// It did not.
    pub(super) fn failed(
        status: u16,
        error_type: &'static str,
        duration_ms: u32,
        message: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self { error_type: Some(error_type), status, ..Self::ok(duration_ms, message) }
    }

    pub(super) fn with_event(self, event: &'static str) -> Self {
        Self { event: Some(event), ..self }
    }

    pub(super) fn with_code(self, code: &'static str) -> Self {
        Self { code: Some(code), ..self }
    }

    /// Level of the service's own row.
    fn level(&self) -> &'static str {
        if self.status >= 500 { "ERROR" } else { "INFO" }
    }
}

impl Recorder {
    /// An empty day.
    pub(super) fn new(day: Day) -> Self {
        Self {
            day,
            rows: Vec::new(),
            attempts: Vec::new(),
            by_service: BTreeMap::new(),
            durations: BTreeMap::new(),
            probes: BTreeMap::new(),
            unsettled: Vec::new(),
            traces: 0,
        }
    }

    /// The next request's trace.
    pub(super) fn trace(&mut self, started: Ms) -> Trace {
        self.traces += 1;
        Trace { started, number: self.traces }
    }

    /// Takes a row, unless it lies outside of the hours that were exported.
    pub(super) fn push(&mut self, row: Row) {
        if !(WINDOW_START..WINDOW_END).contains(&row.time) {
            return;
        }
        if row.http.is_some() {
            let failed = row.is_failed();
            let counts = if row.is_probe() { &mut self.probes } else { &mut self.by_service };
            count(counts.entry(row.service).or_default(), row.time, failed);
            if let Some(duration) = row.duration_ms.filter(|_| !row.is_probe()) {
                self.durations.entry(row.service).or_default().push((row.time, duration));
            }
        }
        self.rows.push(row);
    }

    /// The gateway's row of a request that ended at `time`, and the attempt where it was one.
    pub(super) fn at_gateway(
        &mut self,
        time: Ms,
        trace: Trace,
        caller: Caller,
        function: Function,
        basket: Option<Basket>,
        ending: &Ending,
    ) {
        let (method, route) = function.route();
        let message = match (ending.status, ending.code) {
            (_, Some("ORDER_PAUSED")) => "ordering paused by circuit breaker, answered at once",
            (504, _) => "upstream timed out",
            (500.., _) => "upstream answered with an error",
            _ => "request served",
        };
        let mut row = Row::plain(time, Service::Gateway, ending.level(), message);
        row.trace = Some(trace);
        row.span = "0";
        row.caller = caller;
        row.http = Some(Http { method, route, status_code: ending.status });
        row.duration_ms = Some(ending.duration_ms);
        row.basket = basket;
        row.code = ending.code;
        row.error_type = ending.error_type;
        let is_failed = row.is_failed();
        self.push(row);
        if !(WINDOW_START..WINDOW_END).contains(&time) || matches!(caller, Caller::Probe(_)) {
            return;
        }
        if let (Function::Order | Function::Pay, Caller::User(user), Some(basket)) =
            (function, caller, basket)
        {
            let status = ending.status;
            self.attempts.push(Attempt { time, user, function, basket, status, is_failed });
        }
    }

    /// The row of the service that did the work, a few milliseconds before the gateway's.
    pub(super) fn at_owner(
        &mut self,
        time: Ms,
        trace: Trace,
        caller: Caller,
        function: Function,
        basket: Option<Basket>,
        ending: &Ending,
    ) {
        let (method, route) = function.route();
        let mut row = Row::plain(time - 3, function.owner(), ending.level(), ending.message.clone());
        row.trace = Some(trace);
        row.span = "0.1";
        row.caller = caller;
        row.http = Some(Http { method, route, status_code: ending.status });
        row.duration_ms = Some(ending.duration_ms.saturating_sub(3));
        row.basket = basket;
        row.code = ending.code;
        row.error_type = ending.error_type;
        row.event = ending.event;
        self.push(row);
    }

    /// The row of a service that was called on the way.
    pub(super) fn at_inner(
        &mut self,
        time: Ms,
        trace: Trace,
        span: &'static str,
        call: (Service, &'static str, &'static str),
        ending: Ending,
    ) {
        let (service, method, route) = call;
        let mut row = Row::plain(time, service, ending.level(), ending.message);
        row.trace = Some(trace);
        row.span = span;
        row.http = Some(Http { method, route, status_code: ending.status });
        row.duration_ms = Some(ending.duration_ms);
        row.error_type = ending.error_type;
        row.event = ending.event;
        self.push(row);
    }

    /// Puts the rows into the order of their times; rows of the same millisecond keep theirs.
    pub(super) fn sort(&mut self) {
        self.rows.sort_by_key(|row| row.time);
        for durations in self.durations.values_mut() {
            durations.sort_unstable();
        }
        self.attempts.sort_by_key(|attempt| attempt.time);
    }
}

/// The 99th percentile (nearest rank) of what took place from `from` (included) to `to` (excluded).
pub(super) fn percentile_99(durations: Option<&Vec<(Ms, u32)>>, from: Ms, to: Ms) -> Option<u32> {
    let durations = durations?;
    let index = |time: Ms| durations.partition_point(|(ended, _)| *ended < time);
    let mut window: Vec<u32> =
        durations.get(index(from)..index(to))?.iter().map(|(_, duration)| *duration).collect();
    window.sort_unstable();
    let rank = (window.len() * 99).div_ceil(100);
    window.get(rank.checked_sub(1)?).copied()
}

fn count(seconds: &mut Seconds, time: Ms, failed: bool) {
    if seconds.is_empty() {
        seconds.resize(((WINDOW_END - WINDOW_START) / SECOND) as usize, Count::default());
    }
    let count = &mut seconds[((time - WINDOW_START) / SECOND) as usize];
    count.requests += 1;
    count.failed += u32::from(failed);
}

/// Sum over the instants from `from` (included) to `to` (excluded), clipped to the window.
pub(super) fn sum(seconds: Option<&Seconds>, from: Ms, to: Ms) -> Count {
    let index = |time: Ms| ((time.clamp(WINDOW_START, WINDOW_END) - WINDOW_START) / SECOND) as usize;
    let range = index(from)..index(to).max(index(from));
    let counts = seconds.and_then(|seconds| seconds.get(range)).unwrap_or_default();
    counts.iter().fold(Count::default(), |sum, count| Count {
        requests: sum.requests + count.requests,
        failed: sum.failed + count.failed,
    })
}
