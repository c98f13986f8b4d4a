//! What do services log that is not a user's request?
//!
//! Probes, statistics, slow queries, garbage collection, scheduled work: the noise of every day, and
//! on the day of the incident the lines in which the cause announces itself.

use super::clock::{MINUTE, Ms, SECOND};
use super::recorder::{Ending, Recorder};
use super::rows::{Caller, Row, Trace};
use super::services::{Function, Service};
use super::story::{
    BACKGROUND_FAILURES, CACHE_RELEASED, CAMPAIGN_STARTED, Gate, HALF_OPEN, MENU_RELEASED, MENU_ROLLED_BACK,
    MITIGATED, NOTIFY_RELEASED, ORDERING_PAUSED, POOL_RAISED, POOL_SATURATED, RELIEF_FAILED, RELIEF_STARTED,
    RELIEF_STOPPED, SEARCH_RELEASED, WINDOW_END, WINDOW_START, order_gate,
};
use super::telemetry::pool;
use crate::Dice;

/// Plays a day's background.
pub(super) fn play(recorder: &mut Recorder, dice: &mut Dice) {
    probes(recorder, dice);
    database(recorder, dice);
    runtime(recorder, dice);
    scheduled(recorder, dice);
    pushes(recorder, dice);
    if recorder.day.is_incident {
        releases(recorder);
        switches(recorder);
    }
}

/// Instants from the window's start, a little off the beat.
fn beats(every: Ms, dice: &mut Dice) -> Vec<Ms> {
    let jitter = (every / 6).min(4_000);
    (WINDOW_START..WINDOW_END).step_by(every as usize).map(|time| time + dice.between(0, jitter)).collect()
}

/// Health probes search, browse and place an order that is thrown away; they are no users.
fn probes(recorder: &mut Recorder, dice: &mut Dice) {
    for (number, function, every) in
        [(1, Function::Search, 30), (2, Function::Browse, 30), (3, Function::Order, 60)]
    {
        for time in beats(every * SECOND, dice) {
            let caller = Caller::Probe(number);
            let trace = recorder.trace(time);
            let gate = if function == Function::Order {
                order_gate(recorder.day, time)
            } else {
                Gate { admitted: 1.0, failing: BACKGROUND_FAILURES }
            };
            if !dice.chance(gate.admitted) {
                let ending = Ending::ok(3, "").with_code("ORDER_PAUSED");
                recorder.at_gateway(time, trace, caller, function, None, &ending);
                continue;
            }
            let ending = if dice.chance(gate.failing) {
                Ending::failed(503, "ConnectionPoolTimeout", 3_004, "probe failed")
            } else {
                Ending::ok(function.usual_ms() as u32, "probe served")
            };
            recorder.at_owner(time, trace, caller, function, None, &ending);
            recorder.at_gateway(time, trace, caller, function, None, &ending);
        }
    }
}

/// The proxy before the trading database, shared by all campuses.
fn database(recorder: &mut Recorder, dice: &mut Dice) {
    let day = recorder.day;
    for time in beats(30 * SECOND, dice) {
        let sample = pool(day, time, dice);
        let message = format!(
            "pool stats pool=trade-mysql active={} max={} waiting={}",
            sample.active, sample.max, sample.waiting
        );
        recorder.push(Row::plain(time, Service::MysqlProxy, "INFO", message));
    }
    for time in beats(45 * SECOND, dice) {
        slow_query(recorder, dice, time, "SELECT … FROM order_item WHERE order_id = ?", (210, 480));
    }
    if !day.is_incident {
        return;
    }
    let starved = |time: &Ms| {
        (POOL_SATURATED..ORDERING_PAUSED).contains(time) || (RELIEF_FAILED..RELIEF_STOPPED).contains(time)
    };
    for time in beats(800, dice).into_iter().filter(starved) {
        let waiting = pool(day, time, dice).waiting;
        let message =
            format!("connection pool exhausted: pool=trade-mysql active=2000 max=2000 waiting={waiting}");
        recorder.push(Row::plain(time, Service::MysqlProxy, "WARN", message));
    }
    let contended =
        |time: &Ms| (CAMPAIGN_STARTED + 20 * SECOND..ORDERING_PAUSED + 40 * SECOND).contains(time);
    for time in beats(600, dice).into_iter().filter(contended) {
        let sql = "SELECT quota FROM campaign_coupon WHERE campaign_id = ? FOR UPDATE";
        let range = if time < POOL_SATURATED { (300, 700) } else { (900, 2_900) };
        slow_query(recorder, dice, time, sql, range);
    }
}

fn slow_query(recorder: &mut Recorder, dice: &mut Dice, time: Ms, sql: &str, range: (i64, i64)) {
    let duration = dice.between(range.0, range.1);
    let mut row = Row::plain(time, Service::MysqlProxy, "WARN", format!("slow query {duration} ms: {sql}"));
    row.duration_ms = Some(duration as u32);
    recorder.push(row);
}

/// Garbage collection and Redis.
fn runtime(recorder: &mut Recorder, dice: &mut Dice) {
    for service in [Service::Order, Service::Payment, Service::Coupon, Service::Menu] {
        for time in beats(40 * SECOND, dice) {
            let pause = dice.between(9, 48);
            let message = format!("GC pause (G1 Evacuation Pause) {pause} ms");
            recorder.push(Row::plain(time, service, "INFO", message));
        }
    }
    for time in beats(15 * MINUTE, dice) {
        let took = dice.between(340, 520);
        let message = format!("DB saved on disk, RDB snapshot took {took} ms");
        recorder.push(Row::plain(time, Service::Redis, "INFO", message));
    }
    for time in beats(75 * SECOND, dice) {
        let took = dice.between(11, 29);
        let message = format!("slowlog: HGETALL shop:menu took {took} ms");
        recorder.push(Row::plain(time, Service::Redis, "WARN", message));
    }
    for time in beats(110 * SECOND, dice) {
        let shard = dice.between(0, 7);
        let message = format!("retrying shard {shard} after a slow answer");
        recorder.push(Row::plain(time, Service::Search, "WARN", message));
    }
}

/// Scheduled work in Chinese and English.
fn scheduled(recorder: &mut Recorder, dice: &mut Dice) {
    for time in beats(5 * MINUTE, dice) {
        let shops = dice.between(208, 221);
        let message = format!("定时任务完成: 同步商户营业状态, 共 {shops} 家");
        recorder.push(Row::plain(time, Service::Merchant, "INFO", message));
    }
    for time in beats(20 * SECOND, dice) {
        let riders = dice.between(24, 66);
        recorder.push(Row::plain(time, Service::Dispatch, "INFO", format!("骑手位置批量上报 {riders} 条")));
    }
    for time in beats(10 * MINUTE, dice) {
        let expired = dice.between(3, 40);
        recorder.push(Row::plain(time, Service::Coupon, "INFO", format!("清理过期优惠券 {expired} 张")));
    }
    for time in beats(3 * MINUTE, dice) {
        recorder.push(Row::plain(time, Service::User, "INFO", "token signing key checked"));
    }
}

/// Messages to users that no order asked for: reminders every day, the campaign's push on its day.
fn pushes(recorder: &mut Recorder, dice: &mut Dice) {
    let call = (Service::Notify, "POST", "/internal/push/batches");
    for time in beats(20 * SECOND, dice) {
        let trace = Trace { started: time, number: (time / SECOND) as u32 };
        let ending = if dice.chance(BACKGROUND_FAILURES) {
            Ending::failed(
                500,
                "VendorChannelError",
                900,
                "push batch failed: vendor channel error, queued again",
            )
        } else {
            Ending::ok(dice.between(40, 130) as u32, "push batch accepted")
        };
        recorder.at_inner(time, trace, "0", call, ending);
    }
    if !recorder.day.is_incident {
        return;
    }
    for batch in 1..=80_i64 {
        let time = CAMPAIGN_STARTED + batch * 450 + dice.between(0, 300);
        let message = format!("「午餐满减」推送批次 {batch}/80 已发送");
        recorder.push(Row::plain(time, Service::Notify, "INFO", message));
    }
}

/// Deployments announce themselves; all three are innocent.
fn releases(recorder: &mut Recorder) {
    for (released, service, version) in [
        (NOTIFY_RELEASED, Service::Notify, "2.6.0"),
        (SEARCH_RELEASED, Service::Search, "4.8.1"),
        (MENU_RELEASED, Service::Menu, "6.1.0"),
        (MENU_ROLLED_BACK, Service::Menu, "6.0.3"),
    ] {
        for instance in 0..service.instances() as i64 {
            let message = format!("application started, version {version}");
            let time = released + 4 * SECOND + instance * 15 * SECOND;
            recorder.push(Row::plain(time, service, "INFO", message));
        }
    }
    let mut time = MENU_RELEASED + 20 * SECOND;
    while time < MENU_ROLLED_BACK {
        recorder.push(Row::plain(time, Service::Menu, "INFO", "图片裁剪参数 v2 已启用"));
        time += 12 * SECOND;
    }
}

/// What people switched during the response.
fn switches(recorder: &mut Recorder) {
    for (time, service, level, message) in [
        (ORDERING_PAUSED, Service::Gateway, "WARN", "circuit breaker ordering: CLOSED -> OPEN, by on-call"),
        (
            RELIEF_STARTED,
            Service::Gateway,
            "WARN",
            "circuit breaker ordering: OPEN -> HALF_OPEN (45 %), by on-call",
        ),
        (RELIEF_STOPPED, Service::Gateway, "WARN", "circuit breaker ordering: HALF_OPEN -> OPEN, by on-call"),
        (POOL_RAISED, Service::MysqlProxy, "WARN", "config reloaded: pool=trade-mysql max 2000 -> 5000"),
        (CACHE_RELEASED, Service::Coupon, "INFO", "campaign quota is now read from redis"),
        (CACHE_RELEASED + 30 * SECOND, Service::Redis, "INFO", "keyspace campaign:quota warmed, 214 keys"),
        (
            HALF_OPEN,
            Service::Gateway,
            "WARN",
            "circuit breaker ordering: OPEN -> HALF_OPEN (2 %), by on-call",
        ),
        (MITIGATED, Service::Gateway, "WARN", "circuit breaker ordering: HALF_OPEN -> CLOSED, by on-call"),
    ] {
        recorder.push(Row::plain(time, service, level, message));
    }
}
