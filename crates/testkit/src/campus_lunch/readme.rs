//! How does the sample's README tell the story and the right answers?

use std::fmt::Write as _;

use super::truth::{ActionTruth, Truth, UserCounts};

/// `README.md`, from the same truth as `README.truth.json`.
pub(super) fn render(truth: &Truth) -> String {
    [
        story(truth),
        milestones(truth),
        users(truth),
        services(truth),
        causes(truth),
        money(truth),
        files(truth),
    ]
    .join("\n")
}

/// The time of day of an instant such as `2026-11-05T11:07:00+08:00`.
fn clock(instant: &str) -> &str {
    instant.get(11..19).unwrap_or(instant)
}

fn milestone<'a>(truth: &'a Truth, name: &str) -> &'a str {
    truth.milestones.get(name).map_or("?", |instant| clock(instant))
}

fn story(truth: &Truth) -> String {
    let at = |name| milestone(truth, name);
    let minutes = truth.durations_seconds.get("time_to_mitigate_seconds").map_or(0, |seconds| seconds / 60);
    format!(
        "\
# campus-lunch: 午高峰下单与支付失败 ({id})

A food-delivery platform for universities, on Thursday, 2026-11-05, times in Asia/Shanghai. The sample is made up:
`fupan-testkit` generates it from a seed ({seed}), byte for byte. **This page and `README.truth.json` come from what the
simulation counted while it ran; the log files were never read back.** A test regenerates all of it.

## What happened

- {campaign} the campaign 「午餐满减」 is pushed to everybody; traffic rises to 3.9 times the usual. Each order now checks the
  campaign's quota with `SELECT … FOR UPDATE` and holds its database connection meanwhile.
- {over} the connection pool `trade-mysql` (2,000 connections, shared by all campuses; the logs are those of one campus)
  is above 90 %; {saturated} it is exhausted and callers wait; {slow} database latency (p99) is above 500 ms;
  {rule} the rule `mysql_pool_usage > 0.9 for 1m` fires, 32 s before the first orders fail.
- **{start} ordering fails**, a minute later paying, then coupons; the cart becomes slow and does not fail. Searching,
  browsing and looking up an order go on as usual.
- {paused} a circuit breaker pauses ordering: most clients hide the button, the few old ones get HTTP 200 with the code
  `ORDER_PAUSED`. Failures vanish. Nobody can order: the harm is total.
- {relief} an attempt to reopen; {relapse} it fails again (a temporary relief, not mitigation); {again} paused again.
- {raised} the pool is raised to 5,000; {cache} the quota is read from Redis; {half} a few orders are let through.
- **{end} ordering is open for everybody: {minutes} minutes after the impact began.** {recovered} latency is back to
  normal, {resolved} resolved.
- Users were told at {notices}: ten minutes after the incident was declared
  ({declared}), then every twenty, and once more when it was resolved.

The on-call's own entry says that the impact began \"约 11:06\": it is honest, vague, and a minute early.
",
        id = truth.incident_id,
        seed = truth.seed,
        campaign = at("campaign_started_at"),
        over = at("pool_usage_over_90_percent_at"),
        saturated = at("pool_saturated_at"),
        slow = at("database_latency_over_500_ms_at"),
        rule = at("pool_rule_fired_at"),
        start = at("impact_started_at"),
        paused = at("ordering_paused_at"),
        relief = at("temporary_relief_started_at"),
        relapse = at("temporary_relief_failed_at"),
        again = at("ordering_paused_again_at"),
        raised = at("pool_raised_at"),
        cache = at("cache_released_at"),
        half = at("reopening_started_at"),
        end = at("mitigated_at"),
        recovered = at("recovered_at"),
        resolved = at("resolved_at"),
        declared = at("declared_at"),
        notices = truth.notices.iter().map(|notice| clock(notice)).collect::<Vec<_>>().join(", "),
    )
}

fn milestones(truth: &Truth) -> String {
    let mut text = String::from("## The right answers: times\n\n| milestone | Asia/Shanghai |\n|---|---|\n");
    let mut instants: Vec<(&str, &str)> =
        truth.milestones.iter().map(|(name, instant)| (clock(instant), *name)).collect();
    instants.sort_unstable();
    for (instant, name) in instants {
        let _ = writeln!(text, "| `{name}` | {instant} |");
    }
    text.push_str("\n| duration | s |\n|---|---:|\n");
    for (name, seconds) in &truth.durations_seconds {
        let _ = writeln!(text, "| `{name}` | {seconds} |");
    }
    text.push_str(
        "\nImpact start and end are those that telemetry shows, to the minute. The rule that fired before the impact is the\n\
         detection, so the time to detect is zero and the 32 s are an early warning; the time to acknowledge counts from that\n\
         rule. People noticed at `detected_by_people_at`.\n",
    );
    text
}

fn user_row(text: &mut String, name: &str, users: UserCounts) {
    let UserCounts { exposed, failed, self_recovered, blocked, pending } = users;
    let _ =
        writeln!(text, "| {name} | {exposed} | {failed} | {self_recovered} | **{blocked}** | {pending} |");
}

fn users(truth: &Truth) -> String {
    let mut text = format!(
        "\
## The right answers: users and requests

Users are `user_id` at the gateway, probes (`probe: true`) left out. The key actions are *order* (`POST /api/v1/orders`) and
*pay* (`POST /api/v1/payments`). An attempt failed with status ≥ 500, 429, or a `code` other than `0`. Exposed: attempted
it from {start} (included) to {end} (excluded). Failed: with at least one failed attempt there. Self-recovered: after the
first failure, a success of the same action up to {grace}. Over both actions a user is blocked where any failed action
never succeeded.

| | exposed | failed | self-recovered | blocked | pending |
|---|---:|---:|---:|---:|---:|
",
        start = milestone(truth, "impact_started_at"),
        end = milestone(truth, "mitigated_at"),
        grace = milestone(truth, "grace_ended_at"),
    );
    for (name, action) in &truth.actions {
        user_row(&mut text, name, action.users);
    }
    user_row(&mut text, "**both**", truth.users);
    text.push_str(
        "\n| | attempts | failed | by status | succeeded | the same minutes, four baseline days | users failed there |\n\
         |---|---:|---:|---|---:|---|---|\n",
    );
    for (name, action) in &truth.actions {
        action_row(&mut text, name, action);
    }
    let _ = writeln!(
        text,
        "\n{} user-minutes of failing in all; the worst minute was {} with {} users. Probes at the gateway in the same\n\
         time, counted nowhere above: {} requests, {} of them failed.",
        truth.failing_user_minutes,
        clock(&truth.peak_minute.0),
        truth.peak_minute.1,
        truth.probe_requests.0,
        truth.probe_requests.1,
    );
    text
}

fn action_row(text: &mut String, name: &str, action: &ActionTruth) {
    let list = |numbers: &[usize]| numbers.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    let by_status: Vec<String> =
        action.failed_by_status.iter().map(|(status, count)| format!("{status}: {count}")).collect();
    let _ = writeln!(
        text,
        "| {name} | {} | {} | {} | {} | {} | {} |",
        action.attempts,
        action.failed_attempts,
        by_status.join(", "),
        action.succeeded,
        list(&action.succeeded_on_baseline_days),
        list(&action.failed_users_on_baseline_days),
    );
}

fn services(truth: &Truth) -> String {
    let mut text = String::from(
        "## The right answers: services\n\n\
         Each service by its own request records from the impact's start to its end (probes left out), and the same minutes of\n\
         the four baseline days together.\n\n\
         | service | verdict | onset | requests | failed | % | baseline requests | failed | % |\n\
         |---|---|---|---:|---:|---:|---:|---:|---:|\n",
    );
    let percent = |failed: u32, requests: u32| 100.0 * f64::from(failed) / f64::from(requests.max(1));
    for one in &truth.services {
        if one.requests == 0 {
            let _ = writeln!(text, "| {} | no request records | | | | | | | |", one.service);
            continue;
        }
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} | {} | {:.2} | {} | {} | {:.2} |",
            one.service,
            one.verdict,
            one.onset.as_deref().map_or("", clock),
            one.requests,
            one.failed,
            percent(one.failed, one.requests),
            one.baseline_requests,
            one.baseline_failed,
            percent(one.baseline_failed, one.baseline_requests),
        );
    }
    let functions =
        |verdict: &str| truth.functions.get(verdict).map(|names| names.join(", ")).unwrap_or_default();
    let _ = writeln!(
        text,
        "\nFailing in the order of their onset: {}\n\
         (the first two in the same minute). The gateway fails because it passes on what its upstreams answer.\n\
         dispatch-service and notify-service get fewer requests while nobody can order; none of their own fail.\n\
         Functions of users: failing {}; degraded (slow) {}; unaffected {}.",
        truth.onset_order.join(", "),
        functions("failing"),
        functions("degraded"),
        functions("unaffected"),
    );
    text
}

fn causes(truth: &Truth) -> String {
    let mut text = String::from("## The right answers: cause\n\n");
    for cause in &truth.causes {
        let _ = writeln!(text, "- {cause}");
    }
    text.push_str("\nInnocent, and there to mislead:\n\n");
    for decoy in &truth.decoys {
        let _ = writeln!(text, "- {decoy}");
    }
    text.push_str("\nAlert rules fired at:\n\n");
    for (id, rule, instant) in &truth.alerts {
        let _ = writeln!(text, "- {} {id}: `{rule}`", clock(instant));
    }
    text
}

fn money(truth: &Truth) -> String {
    let mut text = String::from(
        "## The right answers: orders and money\n\n\
         An order keeps its `order_id` over retries, so retries fold into one. Lost: with a failed attempt during the impact and no\n\
         success of that action up to the end of the grace time.\n\n| | lost orders | amount, yuan |\n|---|---:|---:|\n",
    );
    for (name, action) in &truth.actions {
        let _ = writeln!(text, "| {name} | {} | {:.2} |", action.lost_orders, action.lost_amount);
    }
    let open = truth.unsettled_payments.iter().filter(|payment| payment.updated_at.is_none());
    let _ = writeln!(
        text,
        "\nOf {} payments the money was taken (`payment.captured`) and the order could not be updated (`order.paid`) at once; a job\n\
         mended some at 12:02, {} were still open where the data end ({:.2} yuan):\n\n\
         | order | amount, yuan | captured | updated |\n|---|---:|---|---|",
        truth.unsettled_payments.len(),
        open.clone().count(),
        open.map(|payment| payment.amount).sum::<f64>(),
    );
    for payment in &truth.unsettled_payments {
        let _ = writeln!(
            text,
            "| {} | {:.2} | {} | {} |",
            payment.order_id,
            payment.amount,
            clock(&payment.captured_at),
            payment.updated_at.as_deref().map_or("never", clock),
        );
    }
    text
}

fn files(truth: &Truth) -> String {
    let mut text = String::from("## Files\n\n| file | what |\n|---|---|\n");
    for (name, records) in &truth.log_records {
        let kind =
            if truth.baseline_days.iter().any(|day| name.contains(day)) { "baseline" } else { "incident" };
        let _ = writeln!(text, "| `{name}` | {records} log records, 09:05–13:05, {kind} |");
    }
    text.push_str(
        "\
| `metrics.csv.zst` | metrics of all five days, long, every 15 or 30 s (scrapes at :13, :28, :43, :58) |
| `timeline.yaml` | what the people of the response wrote down, and the actions that they agreed on |
| `alerts.json` | firings of the rules in force on the day; evaluating the rules over `metrics.csv.zst` gives them again |
| `changes.json` | deployments, flags, configuration and the campaign |
| `fupan.toml` | what fupan has to be told: zone, services, actions, identity, baseline, grades |
| `README.truth.json` | this page for machines |

Every request of a user has one row at `api-gateway` and one at the service that does the work; inner services write their
own. Regenerate with

```sh
cargo run -p fupan-testkit -- campus-lunch sample-data/campus-lunch
```
",
    );
    text
}
