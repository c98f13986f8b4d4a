//! What is it called in either language? The one table of terms: native words, not word for word.
//!
//! Templates name them as `t.key`, code as `term(lang, "key")`.

use crate::lang::Lang;

/// The term of that key. A key that is not in the table is a bug, found by the tests; it is shown
/// as it is rather than stopping a report.
pub fn term(lang: Lang, key: &str) -> &str {
    TERMS
        .iter()
        .chain(MORE_TERMS)
        .chain(EVENT_TERMS)
        .find(|(name, _, _)| *name == key)
        .map_or(key, |(_, en, zh)| lang.pick(en, zh))
}

/// The word of a source in this language: an event type, a change type, a way of detection, a unit.
/// What is not in the table stays as the source wrote it.
pub fn word<'a>(lang: Lang, group: &str, word: &'a str) -> &'a str {
    MORE_TERMS
        .iter()
        .chain(EVENT_TERMS)
        .find(|(name, _, _)| {
            name.strip_prefix(group).and_then(|rest| rest.strip_prefix('.')).is_some_and(|rest| rest == word)
        })
        .map_or(word, |(_, en, zh)| lang.pick(en, zh))
}

/// All keys.
pub fn keys() -> impl Iterator<Item = &'static str> {
    TERMS.iter().chain(MORE_TERMS).chain(EVENT_TERMS).map(|(key, _, _)| *key)
}

/// Headings, fields and columns.
const TERMS: &[(&str, &str, &str)] = &[
    ("basic_information", "At a glance", "基本信息"),
    ("summary", "Summary", "故障概述"),
    ("key_numbers", "Key numbers", "关键指标"),
    ("impact", "Impact", "影响评估"),
    ("users", "Affected users", "受影响用户"),
    ("blast_radius", "Blast radius", "影响面（按服务）"),
    ("timeline", "Timeline", "处置过程（时间线）"),
    ("attainment", "1-5-10", "1-5-10 达成情况"),
    ("milestones", "Milestones", "关键节点"),
    ("notices", "Words to users", "对客公告"),
    ("candidates", "Root-cause candidates", "疑似根因（按证据强度）"),
    ("rejected", "Looked at and rejected", "已排除项"),
    ("actions", "Actions", "改进措施"),
    ("data_quality", "Data quality", "数据质量"),
    ("assumptions", "Assumptions", "本报告的假设"),
    ("definitions", "Definitions", "指标口径"),
    ("reproduce", "How to get the same numbers", "复算方法"),
    ("receipts", "Receipts", "取数凭证"),
    ("cannot_know", "What these data cannot show", "数据无法说明的内容"),
    ("reliefs", "Temporary reliefs", "暂时缓解"),
    ("segments", "Stretches of impact", "影响区间"),
    ("loss", "Money", "业务损失"),
    ("appendix", "Appendix", "附录"),
    ("item", "Item", "项目"),
    ("value", "Value", "内容"),
    ("incident_id", "Incident", "故障编号"),
    ("grade_clause", "Grade and clause", "等级与定级依据"),
    ("grade_by_people", "set by people", "人工定级"),
    ("grade_differs", "differs from people's grade", "与人工定级不一致"),
    ("grade_none", "not graded", "未定级"),
    ("clause", "clause", "定级依据"),
    ("kind", "Kind", "类型"),
    ("status", "Status", "状态"),
    ("business_line", "Business line", "业务线"),
    ("owner", "Owner", "责任团队（人）"),
    ("impact_start", "Impact started", "故障开始时间"),
    ("impact_end", "Impact ended", "故障结束时间"),
    ("still_hurting", "users are still being hurt", "故障仍在持续"),
    ("ttm_headline", "Time to mitigate (TTM)", "业务恢复时长（TTM）"),
    ("detection", "Found by", "发现方式"),
    ("was_change", "Set off by a change", "是否变更引发"),
    ("asset_loss", "Asset loss", "资损"),
    ("complaints", "Customer contacts", "客诉量"),
    ("zone", "Time zone", "时区"),
    ("as_of", "As of", "数据截至"),
    ("as_of_latest", "latest instant in the data", "数据中的最晚时刻"),
    ("telemetry_ends", "telemetry ends", "观测数据止于"),
    ("software", "Software", "软件版本"),
    ("ledger_version", "Ledger version", "台账版本"),
    ("yes", "yes", "是"),
    ("no", "no", "否"),
    ("not_said", "not said", "未说明"),
    ("unknown", "unknown", "未知"),
    ("measure", "Measure", "指标"),
    ("target", "Target", "目标"),
    ("met", "met", "达成"),
    ("missed", "missed", "未达成"),
    ("undecidable", "undecidable", "无法判断"),
    ("result", "Result", "结果"),
    ("from_to", "From → to", "口径"),
    ("source_claim", "the source says", "来源自称"),
    ("milestone", "Milestone", "节点"),
    ("at", "When", "时间"),
    ("basis", "Basis", "依据"),
    ("source", "Source", "来源"),
    ("other_claims", "Other claims, flags", "其他说法与提示"),
    ("started", "From", "开始"),
    ("ended", "To", "结束"),
    ("duration", "Duration", "时长"),
    ("peak_error_share", "Peak error share", "失败率峰值"),
    ("error_share", "Error share", "失败率"),
    ("baseline_error_share", "Baseline", "基线失败率"),
    ("requests", "Requests", "请求数"),
    ("failed_requests", "Failed requests", "失败请求数"),
    ("user_minutes", "User-minutes of harm", "影响用户·分钟"),
    ("service", "Service", "服务"),
    ("entry", "entry", "入口"),
    ("by_metric", "by metric", "依据指标"),
    ("class", "Class", "判定"),
    ("onset", "Onset", "异常起点"),
    ("test", "p-value / bound", "p 值 / 上界"),
    ("latency", "Latency p99 (baseline)", "p99 延迟（基线）"),
    ("at_most", "rise at most", "升幅不超过"),
    ("declared_as", "declared", "对外声明"),
    ("action", "Action", "操作"),
    ("all_actions", "All key actions", "全部关键操作"),
    ("exposed", "Exposed", "影响时段操作用户"),
    ("failed", "Failed", "操作失败"),
    ("self_recovered", "Self-recovered", "重试成功"),
    ("blocked", "Blocked", "受阻未成功"),
    ("pending", "Pending", "待判定用户"),
    ("suppressed", "Suppressed (estimate)", "未到访用户（估算）"),
    ("failed_expected", "Expected from baseline", "按基线预期失败"),
    ("failed_excess", "Excess", "超出基线"),
    ("anonymous_share", "Requests without identity", "无身份请求占比"),
    ("identity", "identity", "身份口径"),
    ("row_number", "#", "#"),
    ("event", "Event", "事件"),
    ("actor", "Who", "处置人"),
    ("text", "What", "内容"),
    ("known_then", "Known then?", "当时是否已知"),
    ("superseded", "corrected later", "后被更正"),
    ("gap", "Since the one before", "距上一条"),
    ("channel", "Channel", "渠道"),
    ("claims_contradicted", "Contradicted by the data", "与数据不符"),
    ("first_notice", "First notice", "首条公告"),
    ("longest_silence", "Longest silence", "最长静默时长"),
    ("deadline", "Deadline", "时限"),
    ("on_time", "on time", "按时"),
    ("late", "late", "超时"),
    ("rank", "Rank", "序号"),
    ("candidate", "Candidate", "疑似根因"),
    ("certainty", "Certainty", "判断"),
    ("evidence", "Evidence", "证据"),
    ("score", "Score", "得分"),
    ("relative_onset", "Onset against the symptom", "相对症状的起点"),
    ("reason", "Reason", "原因"),
    ("owner_short", "Owner", "责任人"),
    ("due", "Due", "完成时间"),
    ("verifier", "Verifier", "验收人"),
    ("acceptance", "Accepted when", "验收标准"),
    ("missing", "missing", "缺"),
    ("read", "Read", "读取"),
    ("accepted", "Accepted", "采纳"),
    ("rejected_records", "Rejected", "未能解析"),
    ("duplicate", "Duplicate", "重复"),
    ("covers", "Covers", "时间范围"),
    ("assumed_zone", "Times without a zone read as", "无时区时间按此读取"),
    ("records", "Records", "记录数"),
    ("format", "Format", "格式"),
    ("gaps", "Stretches without data", "数据缺口"),
    ("quarantine", "Records that could not be read", "未能解析的记录"),
    ("term", "Term", "术语"),
    ("meaning", "Meaning here", "在本报告中的含义"),
    ("figures", "Figures", "指标编号"),
    ("query", "Query", "查询"),
    ("digest", "Digest of the answer", "结果摘要值"),
    ("exclusions", "Exclusions", "剔除项"),
    ("rows_read", "Rows read", "读取行数"),
    ("basis_of_loss", "Basis", "口径"),
    ("method", "Method", "估算方法"),
    ("amount", "Amount", "金额"),
    ("orders", "Orders", "订单数"),
    ("by_code", "computed in code", "由程序计算"),
    ("host", "host", "主机"),
    ("also", "with", "同时"),
];

/// Values of enumerations, and words in charts.
const MORE_TERMS: &[(&str, &str, &str)] = &[
    ("kind.real", "real", "真实故障"),
    ("kind.drill", "drill", "演练"),
    ("kind.test", "test", "测试"),
    ("kind.maintenance", "maintenance", "维护"),
    ("kind.near_miss", "near miss", "未遂故障（险情）"),
    ("kind.false_alarm", "false alarm", "误报"),
    ("status.unknown", "not said", "未说明"),
    ("status.open", "open", "处理中"),
    ("status.mitigated", "mitigated", "已止血"),
    ("status.resolved", "resolved", "处理完结"),
    ("status.closed", "closed", "已关闭"),
    ("basis.observed", "observed", "数据观测"),
    ("basis.declared", "declared", "人工记录"),
    ("basis.assumed", "assumed", "假定"),
    ("milestone.first_signal", "First signal", "首个异常信号"),
    ("milestone.impact_started", "Impact started", "故障开始"),
    ("milestone.detected", "Detected", "发现"),
    ("milestone.acknowledged", "Acknowledged", "响应"),
    ("milestone.declared", "Declared", "故障确立"),
    ("milestone.first_notice", "First notice", "首条公告"),
    ("milestone.located", "Located", "定位"),
    ("milestone.mitigated", "Mitigated", "止血（业务恢复）"),
    ("milestone.recovered", "Recovered", "完全恢复"),
    ("milestone.resolved", "Resolved", "处理完结"),
    ("milestone.closed", "Closed", "关闭"),
    ("duration.detect", "Time to detect (TTD)", "发现时长（TTD）"),
    ("duration.early_warning", "Early warning", "预警提前量"),
    ("duration.acknowledge", "Time to acknowledge (TTA)", "响应时长（TTA）"),
    ("duration.locate", "Time to locate (TTL)", "定位时长（TTL）"),
    ("duration.mitigate", "Time to mitigate (TTM)", "业务恢复时长（TTM）"),
    ("duration.recover", "Time to recover (TTR)", "完全恢复时长（TTR）"),
    ("duration.downtime", "Downtime", "累计不可用时长"),
    ("duration.record_open", "Record open", "工单处理时长"),
    ("duration.first_notice", "Time to first notice", "首条公告时长"),
    ("from_to.detect", "impact started → detected", "故障开始 → 发现"),
    (
        "from_to.early_warning",
        "detected → impact started, where the warning came first",
        "发现 → 故障开始（预警在先时）",
    ),
    ("from_to.acknowledge", "detected → acknowledged", "发现 → 响应"),
    ("from_to.locate", "impact started → located", "故障开始 → 定位"),
    ("from_to.mitigate", "impact started → mitigated, last stretch", "故障开始 → 止血（以最后一段影响计）"),
    ("from_to.recover", "impact started → recovered", "故障开始 → 完全恢复"),
    ("from_to.downtime", "union of the stretches of impact", "各影响区间的并集"),
    ("from_to.record_open", "declared → resolved", "故障确立 → 处理完结"),
    ("from_to.first_notice", "policy's anchor → first public notice", "策略起点 → 首条公告"),
    ("class.affected", "affected", "受影响"),
    ("class.degraded", "degraded", "性能下降"),
    ("class.unaffected", "unaffected", "确认未受影响"),
    ("class.undetermined", "undetermined", "无法判断"),
    ("relief.did_not_hold", "an earlier attempt that did not hold", "此前的尝试，未能持续有效"),
    (
        "relief.requests_stopped",
        "requests were stopped: fewer failures, and no successes either; not mitigation",
        "请求被截断：失败减少，但也没有成功，不算止血",
    ),
    (
        "relief.not_confirmed",
        "declared mitigated; the data do not confirm it",
        "人工记录为已止血，数据不支持",
    ),
    ("known.yes", "yes", "是"),
    ("known.no", "no", "否"),
    ("known.undecidable", "not decidable", "无法判断"),
    ("lane.observed", "Observed", "数据观测"),
    ("lane.monitoring", "Monitoring", "监控告警"),
    ("lane.change", "Changes", "变更"),
    ("lane.response", "Response", "应急处置"),
    ("lane.notice", "Notices", "对客公告"),
    ("candidate.metric", "metric", "指标"),
    ("candidate.template", "log template", "日志模板"),
    ("candidate.change", "change", "变更"),
    ("candidate.saturation", "saturation", "资源水位"),
    ("candidate.span", "operation", "调用"),
    ("certainty.certain", "certain", "确定"),
    ("certainty.inferred", "inferred", "推断"),
    ("certainty.unknown", "unknown", "未知"),
    ("action.open", "open", "进行中"),
    ("action.overdue", "overdue", "逾期"),
    ("action.closed", "closed", "已完成"),
    ("detection.alert", "monitoring alert", "监控告警"),
    ("detection.declared", "reported by people", "人工发现"),
    ("chart.failed_share", "Failed requests, % of all", "失败请求占比，%"),
    ("chart.usual", "usual range", "基线范围"),
    ("chart.onset", "onset", "异常起点"),
    ("chart.no_failure", "Did not fail", "未失败"),
    ("chart.no_data", "no data", "无数据"),
];

/// Types of events and changes, as [`fupan_model::EventType`] and the decoders name them.
const EVENT_TERMS: &[(&str, &str, &str)] = &[
    ("event.impact_started", "impact started", "故障开始"),
    ("event.alert_fired", "alert fired", "告警触发"),
    ("event.alert_resolved", "alert resolved", "告警恢复"),
    ("event.detected", "detected", "发现"),
    ("event.declared", "declared", "故障确立"),
    ("event.acknowledged", "acknowledged", "响应"),
    ("event.grade_set", "graded", "定级"),
    ("event.title_set", "title set", "标题变更"),
    ("event.owner_set", "owner set", "责任人变更"),
    ("event.status_set", "status set", "状态变更"),
    ("event.kind_set", "kind set", "类型变更"),
    ("event.cause_located", "located", "定位"),
    ("event.mitigation_started", "mitigation started", "开始止血"),
    ("event.mitigated", "mitigated", "止血（业务恢复）"),
    ("event.recovered", "recovered", "完全恢复"),
    ("event.resolved", "resolved", "处理完结"),
    ("event.reopened", "reopened", "重新打开"),
    ("event.closed", "closed", "关闭"),
    ("event.notice_published", "notice published", "对客公告"),
    ("event.note_added", "note", "记录"),
    ("event.action_opened", "action opened", "新增改进措施"),
    ("event.action_closed", "action closed", "改进措施完成"),
    ("event.service_affected", "service affected", "服务受影响"),
    ("event.service_unaffected", "service unaffected", "服务确认未受影响"),
    ("event.incident_linked", "incident linked", "关联故障"),
    ("event.merged_into", "merged into another", "并入其他故障"),
    ("event.retracted", "retracted", "撤回"),
    ("event.deployment", "deployment", "发布"),
    ("event.commit", "commit", "代码提交"),
    ("event.config", "configuration", "配置变更"),
    ("event.flag", "flag", "开关变更"),
    ("event.migration", "migration", "数据迁移"),
    ("event.campaign", "campaign", "营销活动"),
    ("event.traffic", "traffic shift", "流量调整"),
];

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_key_is_there_once_and_speaks_both_languages() {
        let mut seen = HashSet::new();
        for (key, en, zh) in TERMS.iter().chain(MORE_TERMS).chain(EVENT_TERMS) {
            assert!(seen.insert(*key), "{key} twice");
            assert!(!en.is_empty() && !zh.is_empty(), "{key}");
        }
    }

    #[test]
    fn every_event_type_has_its_words_and_a_sources_own_word_stays() {
        for kind in fupan_model::EventType::ALL {
            assert_ne!(word(Lang::Zh, "event", kind.as_str()), kind.as_str());
        }
        assert_eq!(word(Lang::En, "event", "impact_started"), "impact started");
        assert_eq!(word(Lang::Zh, "event", "escalated_to_vendor"), "escalated_to_vendor");
    }

    #[test]
    fn never_the_root_cause() {
        for (_, en, _) in TERMS.iter().chain(MORE_TERMS).chain(EVENT_TERMS) {
            assert!(!en.to_lowercase().contains("the root cause"));
        }
    }
}
