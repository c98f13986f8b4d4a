//! Reports to render: a full one, a bare one, and shapes in between.
#![allow(
    dead_code,
    unreachable_pub,
    missing_docs,
    clippy::wildcard_imports,
    reason = "each test and the example use a part of it, and it names nearly the whole model"
)]

use std::collections::BTreeMap;

use fupan_model::Micros;
use fupan_report::*;

/// 2026-10-01 11:00:00 in Shanghai.
pub const START: i64 = 1_790_823_600;

pub fn at(minute: f64) -> Micros {
    Micros(START * Micros::PER_SECOND + (minute * 60e6) as i64)
}

/// A wave that looks like traffic and is the same everywhere.
fn wobble(index: i64) -> f64 {
    let step = (index.wrapping_mul(7919) % 97 + 97) % 97;
    step as f64 / 97.0 - 0.5
}

/// Everything filled in: impact from minute 5 to 46, a breaker that hides the failures from 20 on.
pub fn full() -> IncidentReport {
    let mut report = IncidentReport {
        header: header(),
        milestones: milestones(),
        durations: durations(),
        impact_segments: vec![ImpactSegment {
            peak_error_share: Figure::share(0.382, "impact/segments"),
            ..ImpactSegment::between(at(5.33), Some(at(46.0)), Basis::Observed, "impact/segments")
        }],
        reliefs: vec![Relief {
            at: Figure::instant(at(20.0), "impact/segments"),
            reason: ReliefReason::RequestsStopped,
            held: Figure::seconds(1560.0, "impact/segments"),
            summary: Some("Circuit breaker opened on payment".into()),
        }],
        blast_radius: blast(),
        min_effect_share: Some(0.02),
        users: Some(users(None, 81_240, 12_345, 2_301)),
        users_by_action: vec![
            users(Some(("browse", "Browse the catalogue")), 78_000, 310, 12),
            users(Some(("order", "Place an order")), 22_410, 8_120, 1_420),
            users(Some(("pay", "Pay")), 15_003, 6_402, 1_190),
        ],
        failed_requests: Figure::count(48_211, "impact/requests"),
        requests: Figure::count(402_118, "impact/requests"),
        user_minutes: Figure::count(88_310, "impact/users"),
        peak_error_share: Figure::share(0.382, "impact/requests"),
        business_loss: vec![BusinessLoss {
            method: Words::new("failed orders × observed value", "失败订单 × 实际客单价"),
            basis: "GMV".into(),
            amount: Figure {
                value: FigureValue::MoneyRange {
                    low: Some(1_200_000.0),
                    high: Some(1_510_000.5),
                    currency: "CNY".into(),
                },
                ..Figure::money(0.0, "CNY", "impact/loss")
            },
            orders: Figure::count(1_190, "impact/loss"),
        }],
        asset_loss: Figure::money(3_120.40, "CNY", "impact/reconcile"),
        timeline: timeline(),
        notices: notices(),
        candidates: candidates(),
        candidates_strength: EvidenceStrength::Separates,
        rejected: vec![Rejected {
            subject: "jvm_gc_pause_seconds".into(),
            service: Some("catalogue".into()),
            reason: RejectedReason::AfterSymptom,
            figure: Some(Figure::seconds(220.0, "causes/metrics")),
        }],
        actions: actions(),
        data_quality: quality(),
        assumptions: vec![
            Assumption::Zone { zone: "Asia/Shanghai".into(), sources: 3, of_sources: 9 },
            Assumption::Baseline { from: at(-65.0), to: at(0.0), days: 0 },
            Assumption::KeyActions,
        ],
        receipts: receipts(),
        provenance: Provenance {
            software_version: "0.1.0".into(),
            ledger_version: Some(12),
            as_of: Some(at(120.0)),
            as_of_given: false,
            telemetry_end: Some(at(90.0)),
        },
        series: Series {
            requests: Some(requests()),
            heat_map: Some(heat(7)),
            candidates: candidate_series(),
        },
        ..IncidentReport::default()
    };
    report.number_figures();
    report
}

fn header() -> Header {
    Header {
        incident_id: "INC-2026-1001".into(),
        title: "Orders fail at the start of the holiday sale 国庆大促下单失败".into(),
        grade: Grade {
            by_rule: Some("P1".into()),
            clause: Some("key_action_down or blocked_users >= 1000".into()),
            by_people: Some("P2".into()),
        },
        owner: Some("trade team".into()),
        status: IncidentStatus::Resolved,
        business_line: Some("trade".into()),
        zone: "Asia/Shanghai".into(),
        detection_mode: Some("alert".into()),
        was_change: Some(true),
        complaints: Figure::count(57, "impact/complaints"),
        ..Header::default()
    }
}

fn milestones() -> Vec<Milestone> {
    let mut start =
        Milestone::at(MilestoneName::ImpactStarted, at(5.33), Basis::Observed, "recovery/milestones");
    start.others = vec![MilestoneClaim {
        at: Figure::instant(at(8.0), "recovery/milestones"),
        basis: Basis::Declared,
        source: Some("timeline:incident.yaml".into()),
    }];
    start.flag =
        Some(Words::new("observed and declared differ by 2 min 40 s", "观测与人工记录相差 2 分 40 秒"));
    let mut located = Milestone::at(MilestoneName::Located, at(24.0), Basis::Declared, "recovery/milestones");
    located.at = Figure::instant_range(Some(at(22.0)), Some(at(26.0)), "recovery/milestones");
    vec![
        Milestone::at(MilestoneName::FirstSignal, at(3.5), Basis::Observed, "recovery/milestones"),
        start,
        Milestone::at(MilestoneName::Detected, at(8.67), Basis::Declared, "recovery/milestones"),
        Milestone::at(MilestoneName::Acknowledged, at(10.0), Basis::Declared, "recovery/milestones"),
        Milestone::at(MilestoneName::Declared, at(12.0), Basis::Declared, "recovery/milestones"),
        Milestone::at(MilestoneName::FirstNotice, at(25.0), Basis::Declared, "recovery/milestones"),
        located,
        Milestone::at(MilestoneName::Mitigated, at(46.0), Basis::Observed, "recovery/milestones"),
        Milestone::at(MilestoneName::Recovered, at(63.0), Basis::Declared, "recovery/milestones"),
        Milestone {
            name: MilestoneName::Closed,
            at: Figure::unknown(
                Unknown::MilestoneMissing { milestone: MilestoneName::Closed },
                "recovery/milestones",
            ),
            ..Milestone::default()
        },
    ]
}

fn durations() -> Vec<Duration> {
    let one = |name, seconds, target_seconds| Duration {
        name,
        value: Figure::seconds(seconds, "recovery/durations"),
        target_seconds,
        source_claim: None,
    };
    vec![
        one(DurationName::Detect, 200.0, Some(60.0)),
        one(DurationName::Acknowledge, 80.0, None),
        Duration {
            value: Figure::seconds_range(Some(1000.0), Some(1240.0), "recovery/durations"),
            ..one(DurationName::Locate, 0.0, Some(300.0))
        },
        one(DurationName::Mitigate, 2440.0, Some(600.0)),
        one(DurationName::Recover, 3460.0, None),
        one(DurationName::Downtime, 2440.0, None),
        Duration {
            name: DurationName::RecordOpen,
            value: Figure::unknown(
                Unknown::MilestoneMissing { milestone: MilestoneName::Resolved },
                "recovery/durations",
            ),
            source_claim: Some(Figure::seconds(5400.0, "recovery/durations")),
            ..Duration::default()
        },
    ]
}

fn users(action: Option<(&str, &str)>, exposed: u64, failed: u64, blocked: u64) -> UserCounts {
    let receipt = "impact/users";
    UserCounts {
        action: action.map(|(key, _)| key.into()),
        title: action.map(|(_, title)| title.into()),
        identity: "user_id".into(),
        exposed: Figure::count(exposed, receipt),
        failed: Figure::count(failed, receipt),
        self_recovered: Figure::count(failed - blocked - failed / 100, receipt),
        blocked: Figure::count(blocked, receipt),
        pending: Figure::count(failed / 100, receipt),
        failed_expected: Figure::quantity(failed as f64 / 210.0, "1", receipt),
        failed_excess: Figure::quantity(failed as f64 * 209.0 / 210.0, "1", receipt),
        anonymous_share: Figure::share(0.034, receipt),
        grace_seconds: Some(1800.0),
        ..UserCounts::default()
    }
}

fn blast() -> Vec<BlastRow> {
    let receipt = "impact/blast_radius";
    let row = |service: &str, class, onset: Option<f64>, peak, base, requests: u64| BlastRow {
        service: service.into(),
        class,
        onset: onset.map_or_else(Figure::default, |onset| Figure::instant(at(onset), receipt)),
        peak_error_share: Figure::share(peak, receipt),
        error_share: Figure::share(peak * 0.7, receipt),
        baseline_error_share: Figure::share(base, receipt),
        requests: Figure::count(requests, receipt),
        failed_requests: Figure::count((requests as f64 * peak * 0.7) as u64, receipt),
        p_value: Figure::probability(if peak > 0.05 { 1e-12 } else { 0.4 }, receipt),
        ..BlastRow::default()
    };
    vec![
        BlastRow {
            title: Some("Ordering 下单".into()),
            team: Some("trade".into()),
            is_entry: true,
            declared_class: Some(ServiceClass::Unaffected),
            ..row("order", ServiceClass::Affected, Some(5.33), 0.62, 0.0021, 91_000)
        },
        row("payment", ServiceClass::Affected, Some(6.5), 0.55, 0.0011, 60_000),
        BlastRow {
            latency_p99: Figure::quantity(2210.0, "ms", receipt),
            baseline_latency_p99: Figure::quantity(180.0, "ms", receipt),
            ..row("catalogue", ServiceClass::Degraded, Some(7.0), 0.002, 0.0018, 201_000)
        },
        BlastRow {
            effect_upper_bound: Figure::share(0.0007, receipt),
            ..row("search", ServiceClass::Unaffected, None, 0.001, 0.001, 50_000)
        },
        BlastRow {
            p_value: Figure::unknown(Unknown::TooFewRequests, receipt),
            ..row("invoice", ServiceClass::Undetermined, None, 0.0, 0.0, 41)
        },
    ]
}

fn timeline() -> Vec<TimelineEntry> {
    let rows: [(f64, &str, &str, &str); 16] = [
        (1.0, "deployment", "release bot", "order 4.18.0 rolled out to 20 % of hosts"),
        (5.33, "impact_started", "", "error share of order left its baseline"),
        (8.67, "alert_fired", "monitoring", "OrderErrorShareHigh: 12 % for 2 min"),
        (9.0, "alert_fired", "monitoring", "PaymentTimeouts"),
        (9.2, "alert_fired", "monitoring", "ConnectionPoolSaturated order-db"),
        (10.0, "acknowledged", "on-call engineer", "looking at order"),
        (12.0, "declared", "incident commander", "declared as P2"),
        (
            14.0,
            "note_added",
            "on-call engineer",
            "database looks busy, asking the database team to join the bridge",
        ),
        (15.0, "note_added", "database team", "connections exhausted on order-db, no slow queries"),
        (20.0, "mitigation_started", "payment team", "breaker opened on payment"),
        (24.0, "cause_located", "on-call engineer", "new release keeps connections in a retry loop"),
        (25.0, "notice_published", "support", "We are investigating problems with placing orders."),
        (40.0, "mitigation_started", "on-call engineer", "roll-back of order 4.18.0"),
        (46.0, "mitigated", "on-call engineer", "rolled back order to 4.17.2, breaker closed"),
        (50.0, "notice_published", "support", "Orders can be placed again."),
        (63.0, "recovered", "incident commander", "queues drained, full function"),
    ];
    rows.into_iter()
        .map(|(minute, event_type, actor, text)| TimelineEntry {
            at: Some(at(minute)),
            event_type: event_type.into(),
            lane: Lane::of_event(event_type),
            actor: (!actor.is_empty()).then(|| actor.into()),
            text: text.into(),
            source: "timeline:incident.yaml".into(),
            recorded_at: Some(at(minute + if event_type == "cause_located" { 200.0 } else { 0.5 })),
            known_then: if event_type == "cause_located" { KnownThen::No } else { KnownThen::Yes },
            is_milestone: matches!(
                event_type,
                "impact_started" | "declared" | "cause_located" | "mitigated" | "recovered"
            ),
            ended_at: (event_type == "deployment").then(|| at(40.0)),
            ..TimelineEntry::default()
        })
        .collect()
}

fn notices() -> Notices {
    let receipt = "timeline/notices";
    Notices {
        notices: vec![
            Notice {
                at: Figure::instant(at(25.0), receipt),
                text: "We are investigating problems with placing orders.".into(),
                channel: Some("app banner".into()),
                gap: Figure::seconds(980.0, receipt),
                claims_unaffected: vec!["payment".into()],
                contradicted: vec!["payment".into()],
                ..Notice::default()
            },
            Notice {
                at: Figure::instant(at(50.0), receipt),
                text: "Orders can be placed again.".into(),
                gap: Figure::seconds(1500.0, receipt),
                ..Notice::default()
            },
        ],
        anchor: Some(MilestoneName::Detected),
        time_to_first: Figure::seconds(980.0, receipt),
        longest_silence: Figure::seconds(1500.0, receipt),
        first_deadline_seconds: Some(900.0),
        every_seconds: Some(1200.0),
    }
}

fn candidates() -> Vec<Candidate> {
    let receipt = "causes/candidates";
    let one = |rank, kind, subject: &str, service: &str, seconds: f64, evidence| Candidate {
        rank,
        kind,
        subject: subject.into(),
        service: Some(service.into()),
        onset: Some(at(5.33 + seconds / 60.0)),
        onset_relative: Figure::seconds(seconds, receipt),
        score: Figure::quantity(10.0 / f64::from(rank), "1", receipt),
        certainty: Certainty::Inferred,
        evidence,
        ..Candidate::default()
    };
    vec![
        one(
            1,
            CandidateKind::Saturation,
            "db_client_connections_in_use",
            "order",
            -110.0,
            vec![
                Evidence::Departure {
                    baseline: Figure::quantity(41.0, "{connections}", receipt),
                    observed: Figure::quantity(200.0, "{connections}", receipt),
                    distance: Figure::quantity(31.4, "1", receipt),
                },
                Evidence::Saturation {
                    limit: Figure::quantity(200.0, "{connections}", receipt),
                    before: Figure::seconds(40.0, receipt),
                },
            ],
        ),
        one(
            2,
            CandidateKind::Change,
            "order 4.18.0 rolled out",
            "order",
            -260.0,
            vec![
                Evidence::ChangeNear { before: Figure::seconds(260.0, receipt) },
                Evidence::RollbackEndedIt { after: Figure::seconds(95.0, receipt) },
            ],
        ),
        Candidate {
            also: vec!["timed out waiting for <*> after <*> ms".into()],
            ..one(
                3,
                CandidateKind::Template,
                "could not get a connection from pool <*> within <*> ms, retrying (attempt <*>)",
                "order",
                -20.0,
                vec![
                    Evidence::NewTemplate { lines: Figure::count(8_812, receipt) },
                    Evidence::Lift {
                        failing_share: Figure::share(0.91, receipt),
                        other_share: Figure::share(0.004, receipt),
                    },
                ],
            )
        },
        one(
            4,
            CandidateKind::Metric,
            "http_server_request_duration_seconds{quantile=\"0.95\"}",
            "payment",
            35.0,
            vec![Evidence::Slower {
                baseline: Figure::quantity(120.0, "ms", receipt),
                observed: Figure::quantity(5_000.0, "ms", receipt),
            }],
        ),
    ]
}

fn actions() -> Vec<ActionItem> {
    vec![
        ActionItem {
            id: "A-1".into(),
            title: "Cap retries of the connection pool".into(),
            kind: Some("prevent".into()),
            owner: Some("trade team".into()),
            due: Some(at(14.0 * 1440.0)),
            verifier: Some("reliability team".into()),
            acceptance: Some("load test at twice the peak: no exhausted pool".into()),
            ..ActionItem::default()
        },
        ActionItem { id: "A-2".into(), title: "Alert on pool saturation".into(), ..ActionItem::default() },
    ]
}

fn quality() -> DataQuality {
    let receipt = "quality/sources";
    let source = |name: &str, format: &str, read: u64, rejected: u64| SourceQuality {
        source: name.into(),
        format: format.into(),
        read: Figure::count(read, receipt),
        accepted: Figure::count(read - rejected, receipt),
        rejected: Figure::count(rejected, receipt),
        duplicate: Figure::count(0, receipt),
        first: Some(at(-65.0)),
        last: Some(at(120.0)),
        assumed_zone: (rejected > 0).then(|| "Asia/Shanghai".into()),
    };
    DataQuality {
        sources: vec![source("access.jsonl", "jsonl", 402_200, 0), source("order.log", "text", 91_200, 12)],
        quarantine: vec![QuarantineReason {
            reason: "no timestamp in the line".into(),
            records: Figure::count(12, receipt),
        }],
        gaps: vec![DataGap {
            subject: "metrics of payment".into(),
            from: Some(at(30.0)),
            to: Some(at(33.0)),
        }],
        cannot_know: vec![Words::new(
            "There are no traces: how far failures spread downstream is not known.",
            "没有调用链数据:无法得知失败向下游扩散的范围。",
        )],
    }
}

fn receipts() -> Vec<Receipt> {
    ["recovery/milestones", "recovery/durations", "impact/segments", "impact/requests", "impact/users"]
        .into_iter()
        .map(|key| Receipt {
            key: key.into(),
            query: Some(key.into()),
            question: Some("…?".into()),
            sql_hash: Some("b3:1f2e3d4c5b6a7988".into()),
            params: BTreeMap::from([("incident_id".into(), "INC-2026-1001".into())]),
            ledger_version: Some(12),
            as_of: Some(at(120.0)),
            rows_read: Some(402_118),
            rows_returned: Some(1),
            exclusions: vec![Words::new(
                "probes and bots (by rule): 1,204 requests",
                "探测与爬虫(按规则):1,204 次请求",
            )],
            digest: Some("b3:90aabbccddeeff0011223344".into()),
            made_of: Vec::new(),
        })
        .collect()
}

fn requests() -> RequestSeries {
    let points = (-60..120)
        .map(|minute| {
            let usual = 4_000.0 + 900.0 * (f64::from(minute) / 60.0).sin();
            let noise = 1.0 + wobble(i64::from(minute)) * 0.06;
            let (requests, failed) = match minute {
                5..20 => {
                    let share = 0.382
                        * (f64::from(minute - 4) / 8.0).min(1.0)
                        * (1.0 + wobble(i64::from(minute * 3)) * 0.1);
                    (usual * noise, usual * noise * share.min(0.382))
                }
                20..40 => (usual * 0.55 * noise, usual * 0.002),
                40..46 => (usual * (0.55 + 0.07 * f64::from(minute - 40)), usual * 0.004),
                _ => (usual * noise, usual * 0.002 * noise),
            };
            RequestPoint {
                at: at(f64::from(minute)),
                requests: (minute != 100).then_some(requests.round()),
                failed: (minute != 100).then_some(failed.round()),
                baseline_low: Some(usual * 0.94),
                baseline_median: Some(usual),
                baseline_high: Some(usual * 1.06),
            }
        })
        .collect();
    RequestSeries { functions: Vec::new(), bin_seconds: 60.0, points }
}

/// A heat map of that many services.
pub fn heat(services: usize) -> HeatMap {
    let names = [
        "order",
        "payment",
        "cart",
        "catalogue",
        "recommendation-and-personalisation-api",
        "search",
        "结算服务",
    ];
    let rows = (0..services)
        .map(|index| HeatRow {
            service: match names.get(index) {
                Some(name) => (*name).to_owned(),
                None => format!("service-{index:02}"),
            },
            excess: (-20..80)
                .map(|minute: i64| {
                    if index == 5 && (30..40).contains(&minute) {
                        return None;
                    }
                    let start = 5 + index as i64;
                    let depth = 0.62 / (1.0 + index as f64 * 0.8);
                    let inside = minute >= start && minute < 46 && index < 12;
                    Some(if inside {
                        depth * (1.0 + wobble(minute * 5) * 0.4)
                    } else {
                        wobble(minute).abs() * 0.004
                    })
                })
                .collect(),
        })
        .collect();
    HeatMap { start: at(-20.0), bin_seconds: 60.0, rows }
}

fn candidate_series() -> Vec<CandidateSeries> {
    let series =
        |rank, title: &str, service: &str, unit: &str, usual: f64, high: f64, onset: f64| CandidateSeries {
            rank,
            title: title.into(),
            service: Some(service.into()),
            unit: unit.into(),
            points: (-60..120)
                .map(|minute| {
                    let inside = f64::from(minute) >= onset && minute < 46;
                    let value = if inside { high } else { usual };
                    SeriesPoint {
                        at: at(f64::from(minute)),
                        value: (minute != 70).then_some(value * (1.0 + wobble(i64::from(minute)) * 0.12)),
                    }
                })
                .collect(),
            baseline_low: Some(usual * 0.9),
            baseline_high: Some(usual * 1.1),
            onset: Some(at(onset)),
        };
    vec![
        series(1, "db_client_connections_in_use", "order", "{connections}", 41.0, 200.0, 3.5),
        series(
            3,
            "could not get a connection from pool <*> within <*> ms, retrying",
            "order",
            "{lines}/min",
            0.0,
            590.0,
            5.0,
        ),
        series(
            4,
            "http_server_request_duration_seconds{quantile=\"0.95\"}",
            "payment",
            "ms",
            120.0,
            5_000.0,
            6.0,
        ),
        series(
            5,
            "process_memory_usage",
            "recommendation-and-personalisation-api",
            "By",
            1.1e9,
            1.9e9,
            100.0,
        ),
    ]
}

/// Almost nothing: two vague events.
pub fn bare() -> IncidentReport {
    let mut report = IncidentReport {
        header: Header {
            incident_id: "INC-7".into(),
            title: "Something was slow".into(),
            zone: "Europe/Berlin".into(),
            status: IncidentStatus::Open,
            ..Header::default()
        },
        milestones: vec![Milestone {
            name: MilestoneName::Declared,
            at: Figure::instant_range(Some(at(0.0)), Some(at(30.0)), "recovery/milestones"),
            ..Milestone::default()
        }],
        durations: vec![Duration {
            name: DurationName::Mitigate,
            value: Figure::unknown(Unknown::StillHurting, "recovery/durations"),
            target_seconds: Some(600.0),
            source_claim: None,
        }],
        timeline: vec![TimelineEntry {
            at: Some(at(0.0)),
            at_low: Some(at(0.0)),
            at_high: Some(at(30.0)),
            event_type: "declared".into(),
            text: "somebody called".into(),
            source: "timeline:incident.yaml".into(),
            ..TimelineEntry::default()
        }],
        data_quality: DataQuality {
            cannot_know: vec![Words::new(
                "There are no logs: who was hurt, and when, is not known.",
                "没有日志:无法得知谁在何时受到影响。",
            )],
            ..DataQuality::default()
        },
        ..IncidentReport::default()
    };
    report.number_figures();
    report
}

/// Forty services, no users, ten thousand characters of title, many events at one moment.
pub fn crowded() -> IncidentReport {
    let mut report = full();
    report.users = None;
    report.users_by_action.clear();
    report.header.title = "a very long title ".repeat(30);
    report.series.heat_map = Some(heat(48));
    report.timeline = (0..90)
        .map(|index| TimelineEntry {
            at: Some(at(10.0 + f64::from(index) / 20.0)),
            event_type: "alert_fired".into(),
            lane: if index % 3 == 0 { Lane::Monitoring } else { Lane::Response },
            text: format!("alert {index} with a long explanation of what is going on in this very service"),
            ..TimelineEntry::default()
        })
        .collect();
    report.number_figures();
    report
}

/// Three services over three days by the hour, few milestones, hardly any failed user.
pub fn slow() -> IncidentReport {
    let mut report = full();
    report.milestones.retain(|milestone| {
        matches!(
            milestone.name,
            MilestoneName::ImpactStarted | MilestoneName::Detected | MilestoneName::Mitigated
        )
    });
    for (milestone, hour) in report.milestones.iter_mut().zip([20.0, 30.0, 71.9]) {
        *milestone = Milestone::at(milestone.name, at(hour * 60.0), Basis::Declared, "recovery/milestones");
    }
    report.impact_segments.clear();
    report.reliefs.clear();
    report.header.zone = "America/New_York".into();
    let points = (0..72)
        .map(|hour| RequestPoint {
            at: at(f64::from(hour) * 60.0),
            requests: Some(2.4e6 * (1.2 + (f64::from(hour) / 4.0).sin())),
            failed: Some(if hour > 20 { 2.1e3 } else { 3.0 }),
            ..RequestPoint::default()
        })
        .collect();
    report.series.requests = Some(RequestSeries { functions: Vec::new(), bin_seconds: 3600.0, points });
    report.series.heat_map = Some(HeatMap { bin_seconds: 2400.0, ..heat(3) });
    report.series.candidates.truncate(1);
    report.users = Some(users(None, 1_000_000, 812, 800));
    report.users_by_action.clear();
    report.number_figures();
    report
}
