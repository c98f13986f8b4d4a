//! What do people and systems hand in beside telemetry: timeline, alerts, changes, configuration?

use serde_json::{Value, json};

use super::clock::{Ms, SECOND, at, stamp, wall};
use super::story::{self, INCIDENT_DATE};

/// When users were told, the last one being the final notice.
pub(super) fn notices() -> Vec<Ms> {
    let mut all: Vec<Ms> = (0..4).map(|number| story::FIRST_NOTICE + number * story::NOTICE_EVERY).collect();
    all.push(story::RESOLVED + 40 * SECOND);
    all
}

pub(super) fn on_the_day(time: Ms) -> String {
    stamp(INCIDENT_DATE, time)
}

/// A JSON array with one object a line: readable, and small in a diff.
pub(super) fn json_list(items: &[Value]) -> String {
    let lines: Vec<String> = items.iter().map(|item| format!("  {item}")).collect();
    format!("[\n{}\n]\n", lines.join(",\n"))
}

/// `changes.json`: what was changed, from deployment, configuration and campaign systems.
pub(super) fn changes() -> String {
    let change = |id: &str, kind: &str, service: &str, started: Ms, rest: Value| {
        let mut object =
            json!({ "id": id, "type": kind, "service": service, "started_at": on_the_day(started) });
        if let (Value::Object(object), Value::Object(rest)) = (&mut object, rest) {
            object.extend(rest);
        }
        object
    };
    json_list(&[
        change(
            "dep-8812",
            "deployment",
            "notify-service",
            story::NOTIFY_RELEASED,
            json!({
                "from": "2.5.8", "to": "2.6.0", "by": "notify-team", "summary": "notify-service 2.6.0: 推送模板支持多语言",
            }),
        ),
        change(
            "dep-8813",
            "deployment",
            "search-service",
            story::SEARCH_RELEASED,
            json!({
                "from": "4.8.0", "to": "4.8.1", "by": "search-team", "summary": "search-service 4.8.1: fix highlight of pinyin matches",
            }),
        ),
        change(
            "dep-8814",
            "deployment",
            "menu-service",
            story::MENU_RELEASED,
            json!({
                "from": "6.0.3", "to": "6.1.0", "by": "menu-team", "summary": "menu-service 6.1.0: 图片裁剪参数 v2",
            }),
        ),
        change(
            "cmp-0311",
            "campaign",
            "order-service",
            story::CAMPAIGN_STARTED,
            json!({
                "ended_at": on_the_day(story::CAMPAIGN_ENDED), "name": "午餐满减", "by": "marketing",
                "summary": "活动「午餐满减」开始: 全量推送, 满 20 减 8",
            }),
        ),
        change(
            "dep-8815",
            "deployment",
            "menu-service",
            story::MENU_ROLLED_BACK,
            json!({
                "from": "6.1.0", "to": "6.0.3", "by": "menu-team", "summary": "rollback of menu-service to 6.0.3",
            }),
        ),
        change(
            "flg-2201",
            "flag",
            "api-gateway",
            story::ORDERING_PAUSED,
            json!({
                "flag": "ordering_breaker", "from": "closed", "to": "open", "by": "on-call", "summary": "熔断下单入口",
            }),
        ),
        change(
            "flg-2202",
            "flag",
            "api-gateway",
            story::RELIEF_STARTED,
            json!({
                "flag": "ordering_breaker", "from": "open", "to": "half-open", "by": "on-call", "summary": "尝试放开 45% 下单",
            }),
        ),
        change(
            "flg-2203",
            "flag",
            "api-gateway",
            story::RELIEF_STOPPED,
            json!({
                "flag": "ordering_breaker", "from": "half-open", "to": "open", "by": "on-call", "summary": "再次熔断下单入口",
            }),
        ),
        change(
            "cfg-5120",
            "config",
            "mysql-proxy",
            story::POOL_RAISED,
            json!({
                "key": "trade-mysql.pool.max", "from": "2000", "to": "5000", "by": "dba", "summary": "trade-mysql 连接池上限 2000 → 5000",
            }),
        ),
        change(
            "cfg-5121",
            "config",
            "coupon-service",
            story::CACHE_RELEASED,
            json!({
                "key": "campaign.quota.source", "from": "mysql", "to": "redis", "by": "coupon-team", "summary": "活动额度改由 Redis 缓存扣减",
            }),
        ),
        change(
            "flg-2204",
            "flag",
            "api-gateway",
            story::HALF_OPEN,
            json!({
                "flag": "ordering_breaker", "from": "open", "to": "half-open", "by": "on-call", "summary": "逐步放开下单: 2% → 5%",
            }),
        ),
        change(
            "flg-2205",
            "flag",
            "api-gateway",
            story::MITIGATED,
            json!({
                "flag": "ordering_breaker", "from": "half-open", "to": "closed", "by": "on-call", "summary": "下单入口全量放开",
            }),
        ),
    ])
}

/// One entry of the timeline.
struct Entry {
    at: String,
    kind: &'static str,
    by: &'static str,
    text: &'static str,
    /// Further fields, as YAML.
    more: &'static str,
}

fn entry(time: Ms, kind: &'static str, by: &'static str, text: &'static str) -> Entry {
    Entry { at: wall(time), kind, by, text, more: "" }
}

const DOWN: &str = ", affected: [下单, 支付], unaffected: [搜索, 浏览], channel: app";
const SLOW: &str = ", affected: [购物车], unaffected: [下单, 支付, 搜索, 浏览], channel: app";
const WELL: &str = ", affected: [], unaffected: [下单, 支付, 购物车, 搜索, 浏览], channel: app";

fn notice(number: usize, text: &'static str, more: &'static str) -> Entry {
    let time = notices().get(number).copied().unwrap_or_default();
    Entry { more, ..entry(time, "notice_published", "客服/support", text) }
}

fn entries() -> Vec<Entry> {
    vec![
        Entry {
            at: "约 11:06".to_owned(),
            more: ", recorded_at: \"11:20\"",
            ..entry(at(11, 6, 0), "impact_started", "值班/on-call", "用户反馈无法下单")
        },
        Entry {
            more: ", service: mysql-proxy, attributes: { alert: al-1042 }",
            ..entry(
                story::POOL_RULE_FIRED,
                "alert_fired",
                "监控/monitoring",
                "trade-mysql 连接池使用率超过 90%",
            )
        },
        entry(story::ACKNOWLEDGED, "acknowledged", "值班/on-call", "收到连接池告警, 开始查看"),
        entry(story::DETECTED, "detected", "值班/on-call", "下单失败率告警, 确认不是误报"),
        entry(story::DECLARED, "declared", "值班/on-call", "确立故障, 拉起应急群"),
        Entry {
            more: ", attributes: { reason: 核心功能不可用 }",
            ..entry(at(11, 10, 0), "grade_set", "应急指挥/incident commander", "P1")
        },
        Entry {
            more: ", service: order-service",
            ..entry(at(11, 10, 20), "service_affected", "值班/on-call", "下单大面积失败")
        },
        Entry {
            more: ", service: payment-service",
            ..entry(at(11, 10, 30), "service_affected", "值班/on-call", "支付大面积失败")
        },
        Entry {
            more: ", service: search-service",
            ..entry(at(11, 13, 0), "service_unaffected", "搜索/search team", "搜索正常")
        },
        Entry {
            more: ", service: menu-service",
            ..entry(at(11, 13, 30), "service_unaffected", "菜单/menu team", "浏览正常")
        },
        entry(
            at(11, 14, 10),
            "note_added",
            "应急指挥/incident commander",
            "怀疑与 menu-service 11:03 发布有关, 准备回滚",
        ),
        entry(story::MENU_ROLLED_BACK, "note_added", "菜单/menu team", "menu-service 已回滚, 无改善"),
        notice(0, "下单与支付暂时异常, 搜索与浏览正常, 我们正在处理", DOWN),
        entry(
            story::ORDERING_PAUSED,
            "mitigation_started",
            "值班/on-call",
            "熔断下单入口, 保护数据库; 失败消失, 但用户仍无法下单",
        ),
        entry(
            story::LOCATED,
            "cause_located",
            "DBA",
            "活动券额度校验 SELECT … FOR UPDATE 长时间占用连接, 连接池 2000 打满",
        ),
        entry(story::RELIEF_STARTED, "note_added", "值班/on-call", "尝试放开 45% 下单"),
        entry(
            story::RELIEF_STOPPED,
            "note_added",
            "值班/on-call",
            "连接池再次打满, 不到两分钟又失败, 重新熔断",
        ),
        entry(story::POOL_RAISED, "note_added", "DBA", "连接池上限由 2000 调整到 5000"),
        notice(1, "下单与支付仍暂停, 预计 15 分钟内恢复, 搜索与浏览正常", DOWN),
        entry(
            story::CACHE_RELEASED,
            "note_added",
            "优惠券/coupon team",
            "活动额度改由 Redis 缓存扣减, 不再锁行",
        ),
        entry(story::HALF_OPEN, "note_added", "值班/on-call", "逐步放开下单: 2%, 4%, 5%"),
        entry(story::MITIGATED, "mitigated", "值班/on-call", "全量放开, 下单与支付恢复"),
        notice(2, "下单与支付已恢复, 购物车可能稍慢, 搜索与浏览正常", SLOW),
        entry(story::REPAIR_JOB, "note_added", "支付/payment team", "补偿任务修复部分已扣款未更新的订单"),
        entry(story::RECOVERED, "recovered", "SRE", "数据库延迟与购物车耗时回到日常水平"),
        notice(3, "服务稳定, 我们继续观察", WELL),
        entry(
            story::RESOLVED,
            "resolved",
            "应急指挥/incident commander",
            "观察 25 分钟稳定, 处理完结; 活动结束",
        ),
        notice(4, "故障处理完结, 受影响用户将收到补偿券", WELL),
    ]
}

fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}

/// `timeline.yaml`, as the people of the response kept it.
pub(super) fn timeline() -> String {
    let mut yaml = String::from(concat!(
        "# 故障处置过程, 由值班整理; times are those of Asia/Shanghai.\n",
        "incident: INC-2026-1105\n",
        "title: 午高峰下单与支付失败\n",
        "zone: Asia/Shanghai\n",
        "date: 2026-11-05\n",
        "kind: real\n",
        "grade: P1\n",
        "owner: trade-oncall\n",
        "events:\n",
    ));
    for (number, entry) in entries().iter().enumerate() {
        let line = format!(
            "  - {{ id: t{:02}, at: {}, type: {}, by: {}, text: {}{} }}\n",
            number + 1,
            quoted(&entry.at),
            entry.kind,
            quoted(entry.by),
            quoted(entry.text),
            entry.more
        );
        yaml.push_str(&line);
    }
    yaml.push_str(concat!(
        "actions:\n",
        "  - { id: a1, text: \"活动额度校验去掉行锁, 改为 Redis 预扣减 + 异步落库\", owner: coupon-team, due: 2026-11-20, verifier: sre, acceptance: \"压测 5 倍流量下连接池使用率 < 70%\", opened_at: \"2026-11-06 10:00\" }\n",
        "  - { id: a2, text: \"大促与推送前做容量评审, 推送分批放量\", owner: marketing, due: 2026-11-27, verifier: sre, acceptance: \"下一次全量推送按 10 分钟分批\", opened_at: \"2026-11-06 10:00\" }\n",
        "  - { id: a3, text: \"连接池告警升级为电话通知, 阈值 0.8\", owner: dba, due: 2026-11-13, verifier: sre, acceptance: \"演练中 1 分钟内有人响应\", opened_at: \"2026-11-06 10:00\" }\n",
        "  - { id: a4, text: \"核对并修复已扣款未更新的订单\", owner: payment-team, due: 2026-11-06, verifier: finance, acceptance: \"对账差异为 0\", opened_at: \"2026-11-06 10:00\" }\n",
    ));
    yaml
}

/// `fupan.toml`.
pub(super) fn config() -> String {
    include_str!("fupan.toml").to_owned()
}
