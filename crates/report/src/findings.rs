//! What does a chart show, and what happened, in one sentence? Made from the figures, never fixed.

use crate::{
    escape,
    format::{Locale, Noun},
    lang::Lang,
    model::{
        BlastRow, Candidate, DurationName, Figure, FigureValue, IncidentReport, MilestoneName, ReliefReason,
        ServiceClass, UserCounts,
    },
    table::{figure_markdown, with_id},
};

/// The mark between two parts of a sentence.
fn comma(lang: Lang) -> &'static str {
    lang.pick("; ", "；")
}

/// The highest share of failed requests in a bin of the series.
/// Fewer requests in a bin than this make no share worth a headline.
const PEAK_REQUESTS_MIN: f64 = 20.0;

fn peak_of_series(report: &IncidentReport) -> Option<f64> {
    let series = report.series.requests.as_ref()?;
    series
        .points
        .iter()
        .filter_map(|point| {
            let requests = point.requests.filter(|requests| *requests >= PEAK_REQUESTS_MIN)?;
            point.failed.map(|failed| failed / requests)
        })
        .reduce(f64::max)
}

/// The functions that the chart of requests counts, where it does not count all.
pub(crate) fn counted_functions(report: &IncidentReport, locale: Locale) -> Option<String> {
    let functions = &report.series.requests.as_ref()?.functions;
    let separator = if locale.lang == Lang::Zh { "、" } else { ", " };
    (!functions.is_empty()).then(|| functions.join(separator))
}

/// Title of the chart of requests.
pub(crate) fn requests(report: &IncidentReport, locale: Locale) -> String {
    let functions = counted_functions(report, locale);
    // What the title says is what the chart draws.
    let peak = match &functions {
        Some(_) => peak_of_series(report),
        None => report.peak_error_share.as_f64().or_else(|| peak_of_series(report)),
    };
    let long = [DurationName::Mitigate, DurationName::Downtime]
        .into_iter()
        .filter_map(|name| report.duration(name))
        .find(|duration| duration.value.is_known());
    let stopped = report.reliefs.iter().any(|relief| relief.reason == ReliefReason::RequestsStopped);
    let first = match (peak, locale.lang) {
        (Some(0.0), Lang::En) => "No request failed in these data".to_owned(),
        (Some(0.0), Lang::Zh) => "数据中没有失败请求".to_owned(),
        (Some(peak), Lang::En) => {
            let what =
                functions.map_or_else(|| "requests".to_owned(), |names| format!("requests for {names}"));
            format!("Up to {} of {what} failed", locale.share(peak))
        }
        (Some(peak), Lang::Zh) => {
            format!("{}失败率最高 {}", functions.unwrap_or_else(|| "请求".to_owned()), locale.share(peak))
        }
        (None, _) => locale.term("failed_requests").to_owned(),
    };
    let second = match (long, stopped, locale.lang) {
        (Some(long), false, Lang::En) => {
            format!("it took {} until users were no longer hurt", locale.value(&long.value.value, Noun::None))
        }
        (Some(long), false, Lang::Zh) => {
            format!("历时 {}后业务恢复", locale.value(&long.value.value, Noun::None))
        }
        (Some(long), true, Lang::En) => format!(
            "requests were stopped for a while, successes came back only after {}",
            locale.value(&long.value.value, Noun::None)
        ),
        (Some(long), true, Lang::Zh) => {
            format!("其间请求被截断，成功量在 {}后才恢复", locale.value(&long.value.value, Noun::None))
        }
        (None, _, _) => return first,
    };
    format!("{first}{}{second}", comma(locale.lang))
}

/// Title of the chart of users.
pub(crate) fn users(counts: &UserCounts, locale: Locale) -> String {
    let failed = locale.value(&counts.failed.value, Noun::Users);
    if !counts.blocked.is_known() {
        return match locale.lang {
            Lang::En => format!("{failed} failed at least once"),
            Lang::Zh => format!("{failed}操作失败"),
        };
    }
    let blocked = locale.value(&counts.blocked.value, Noun::None);
    if counts.pending.as_f64().is_some_and(|pending| pending > 0.0) {
        let pending = locale.value(&counts.pending.value, Noun::None);
        return match locale.lang {
            Lang::En => {
                format!("{failed} failed at least once; {blocked} never got through, {pending} still may")
            }
            Lang::Zh => format!("{failed}操作失败，其中 {blocked} 人受阻未成功，{pending} 人待判定"),
        };
    }
    match locale.lang {
        Lang::En => format!("{failed} failed at least once; {blocked} of them never got through"),
        Lang::Zh => format!("{failed}操作失败，其中 {blocked} 人受阻未成功"),
    }
}

/// Title of the heat map: who fell first.
pub(crate) fn heat(report: &IncidentReport, locale: Locale) -> String {
    let affected: Vec<_> = report
        .blast_radius
        .iter()
        .filter(|row| row.class == ServiceClass::Affected && !row.is_entry)
        .collect();
    let fell: Vec<_> = affected.iter().filter_map(|row| Some((row.onset.as_instant()?, *row))).collect();
    let earliest = fell.iter().map(|(at, _)| *at).min();
    let together: Vec<_> = fell.iter().filter(|(at, _)| Some(*at) == earliest).map(|(_, row)| *row).collect();
    let name = |row: &BlastRow| row.title.clone().unwrap_or_else(|| row.service.clone());
    // Rows stand in the order in which they fell, in the same minute the worst first.
    let first = match (together.as_slice(), locale.lang) {
        ([], _) => None,
        ([only], _) => Some(name(only)),
        ([worst, others @ ..], Lang::En) => {
            let others = others.len();
            let noun = if others == 1 { "other" } else { "others" };
            Some(format!("{} and {others} {noun} in the same minute", name(worst)))
        }
        ([worst, others @ ..], Lang::Zh) => {
            Some(format!("{} 等 {} 个服务（同一分钟）", name(worst), others.len() + 1))
        }
    };
    match (first, affected.len(), locale.lang) {
        (_, 0, Lang::En) => "No service failed beyond its own baseline".to_owned(),
        (_, 0, Lang::Zh) => "没有服务的失败率超出自身基线".to_owned(),
        (Some(first), 1, Lang::En) => format!("Only {first} failed beyond its own baseline"),
        (Some(first), 1, Lang::Zh) => format!("仅 {first} 的失败率超出自身基线"),
        (Some(first), count, Lang::En) => format!("{first} fell first; {count} services affected in all"),
        (Some(first), count, Lang::Zh) => format!("{first} 最先受影响，共 {count} 个服务受影响"),
        (None, count, Lang::En) => format!("{count} services failed beyond their own baseline"),
        (None, count, Lang::Zh) => format!("{count} 个服务的失败率超出自身基线"),
    }
}

/// Title of the swim-lanes.
pub(crate) fn lanes(report: &IncidentReport, locale: Locale) -> String {
    let known = |name: DurationName| {
        report
            .duration(name)
            .filter(|duration| duration.value.is_known())
            .map(|duration| locale.value(&duration.value.value, Noun::None))
    };
    let parts: Vec<String> = [
        (DurationName::Detect, "detected after", "发现用时"),
        (DurationName::Locate, "located after", "定位用时"),
        (DurationName::Mitigate, "mitigated after", "止血用时"),
    ]
    .into_iter()
    .filter_map(|(name, en, zh)| Some(format!("{} {}", locale.lang.pick(en, zh), known(name)?)))
    .collect();
    if parts.is_empty() {
        return match locale.lang {
            Lang::En => format!("{} recorded events", report.timeline.len()),
            Lang::Zh => format!("共记录 {} 个事件", report.timeline.len()),
        };
    }
    capitalised(&parts.join(locale.lang.pick(", ", "，")))
}

/// Title of the candidates' charts.
pub(crate) fn candidates(report: &IncidentReport, locale: Locale) -> String {
    let total = report.candidates.len();
    let before = report
        .candidates
        .iter()
        .filter(|candidate| candidate.onset_relative.as_f64().is_some_and(|seconds| seconds < 0.0))
        .count();
    match (locale.lang, before) {
        (Lang::En, 0) => "No candidate departed before users were hurt".to_owned(),
        (Lang::Zh, 0) => "没有疑似根因早于故障开始出现异常".to_owned(),
        (Lang::En, 1) => format!("1 of {total} candidates departed before users were hurt"),
        (Lang::En, _) => format!("{before} of {total} candidates departed before users were hurt"),
        (Lang::Zh, _) => format!("{total} 项疑似根因中有 {before} 项早于故障开始出现异常"),
    }
}

fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// What happened, in one sentence of inert markdown with the short names of its figures.
pub(crate) fn summary(report: &IncidentReport, locale: Locale) -> String {
    let parts: Vec<String> = [
        Some(when(report, locale).unwrap_or_else(|| {
            locale.lang.pick("when users were hurt is not known", "影响时段未知").to_owned()
        })),
        services(report, locale),
        failed_requests(report, locale),
        failed_users(report, locale),
        Some(cause(report, locale)),
        recovery(report, locale),
    ]
    .into_iter()
    .flatten()
    .collect();
    let text = parts.join(locale.lang.pick("; ", "；"));
    format!("{}{}", capitalised(&text), locale.lang.pick(".", "。"))
}

fn known(figure: &Figure) -> Option<&Figure> {
    figure.is_known().then_some(figure)
}

fn when(report: &IncidentReport, locale: Locale) -> Option<String> {
    let began = known(&report.milestone(MilestoneName::ImpactStarted)?.at)?;
    let start = figure_markdown(locale, began, Noun::None);
    let end = report.milestone(MilestoneName::Mitigated).and_then(|milestone| known(&milestone.at));
    let is_reversed =
        end.and_then(Figure::as_instant).zip(began.as_instant()).is_some_and(|(end, start)| end < start);
    if is_reversed {
        return Some(match locale.lang {
            Lang::En => format!(
                "users were hurt from {start}; the end on record lies before that, so that it is not known"
            ),
            Lang::Zh => format!("自 {start} 起用户受到影响；记录的结束时间早于开始，故结束时间未知"),
        });
    }
    Some(match (end, locale.lang) {
        (Some(end), lang) => {
            let end = match end.value {
                FigureValue::Instant { at } => with_id(locale.time_of_day(at, began.as_instant()), end),
                _ => figure_markdown(locale, end, Noun::None),
            };
            match lang {
                Lang::En => format!("from {start} to {end} users were hurt"),
                Lang::Zh => format!("{start} 至 {end} 用户受到影响"),
            }
        }
        (None, Lang::En) => format!("users have been hurt since {start}; no end is known"),
        (None, Lang::Zh) => format!("自 {start} 起用户受到影响，尚无结束时间"),
    })
}

/// What was hurt: functions where users enter, and how many services are behind them; services alone
/// where no function is known.
fn services(report: &IncidentReport, locale: Locale) -> Option<String> {
    const NAMED_MAX: usize = 3;
    let of_class = |class: ServiceClass| report.blast_radius.iter().filter(move |row| row.class == class);
    let has_affected = of_class(ServiceClass::Affected).next().is_some();
    let class = if has_affected { ServiceClass::Affected } else { ServiceClass::Degraded };
    let (functions, services): (Vec<_>, Vec<_>) = of_class(class).partition(|row| row.is_entry);
    let (shown, others) = if functions.is_empty() { (services, 0) } else { (functions, services.len()) };
    if shown.is_empty() {
        return None;
    }
    let names: Vec<String> = shown
        .iter()
        .take(NAMED_MAX)
        .map(|row| escape::markdown(row.title.as_deref().unwrap_or(&row.service)))
        .collect();
    let rest = shown.len().saturating_sub(NAMED_MAX) + others;
    let what = match (locale.lang, has_affected) {
        (Lang::En, true) => "affected: ",
        (Lang::En, false) => "slower, not failing: ",
        (Lang::Zh, true) => "受影响：",
        (Lang::Zh, false) => "变慢但未失败：",
    };
    Some(match (locale.lang, rest) {
        (Lang::En, 0) => format!("{what}{}", names.join(", ")),
        (Lang::En, 1) => format!("{what}{} and 1 service more", names.join(", ")),
        (Lang::En, rest) => format!("{what}{} and {rest} services more", names.join(", ")),
        (Lang::Zh, 0) => format!("{what}{}", names.join("、")),
        (Lang::Zh, rest) => format!("{what}{}，另有 {rest} 个服务", names.join("、")),
    })
}

fn failed_requests(report: &IncidentReport, locale: Locale) -> Option<String> {
    if !report.failed_requests.is_known() {
        let peak = figure_markdown(locale, known(&report.peak_error_share)?, Noun::None);
        return Some(match locale.lang {
            Lang::En => format!("{peak} of requests failed in the worst minute"),
            Lang::Zh => format!("最差一分钟的失败率 {peak}"),
        });
    }
    let failed = figure_markdown(locale, known(&report.failed_requests)?, Noun::None);
    let of = known(&report.requests).map(|all| figure_markdown(locale, all, Noun::Requests));
    let peak = known(&report.peak_error_share).map(|peak| figure_markdown(locale, peak, Noun::None));
    Some(match (locale.lang, of, peak) {
        (Lang::En, Some(of), Some(peak)) => format!("{failed} of {of} failed, {peak} in the worst minute"),
        (Lang::En, Some(of), None) => format!("{failed} of {of} failed"),
        (Lang::En, None, _) => format!("{failed} requests failed"),
        (Lang::Zh, Some(of), Some(peak)) => format!("{of}中失败 {failed} 次，最差一分钟的失败率 {peak}"),
        (Lang::Zh, Some(of), None) => format!("{of}中失败 {failed} 次"),
        (Lang::Zh, None, _) => format!("失败请求 {failed} 次"),
    })
}

fn failed_users(report: &IncidentReport, locale: Locale) -> Option<String> {
    let counts = report.users.as_ref()?;
    let failed = figure_markdown(locale, known(&counts.failed)?, Noun::Users);
    let blocked = known(&counts.blocked).map(|blocked| figure_markdown(locale, blocked, Noun::None));
    let is_pending = counts.pending.as_f64().is_some_and(|pending| pending > 0.0);
    let pending = Some(figure_markdown(locale, &counts.pending, Noun::None)).filter(|_| is_pending);
    Some(match (locale.lang, blocked, pending) {
        (Lang::En, Some(blocked), Some(pending)) => format!(
            "{failed} failed at least once, {blocked} of them never got through and {pending} still may"
        ),
        (Lang::En, Some(blocked), None) => {
            format!("{failed} failed at least once, {blocked} of them never got through")
        }
        (Lang::En, None, _) => format!("{failed} failed at least once"),
        (Lang::Zh, Some(blocked), Some(pending)) => {
            format!("{failed}操作失败，其中 {blocked} 人受阻未成功，{pending} 人待判定")
        }
        (Lang::Zh, Some(blocked), None) => format!("{failed}操作失败，其中 {blocked} 人受阻未成功"),
        (Lang::Zh, None, _) => format!("{failed}操作失败"),
    })
}

/// Subject and service of a candidate, inert.
pub(crate) fn candidate_name(candidate: &Candidate) -> String {
    let subject = escape::shortened(&escape::visible(&candidate.subject), crate::limits::CELL_CHARS_MAX);
    let subject = escape::markdown(&subject);
    match &candidate.service {
        Some(service) if !service.is_empty() => format!("{subject} ({})", escape::markdown(service)),
        _ => subject,
    }
}

fn cause(report: &IncidentReport, locale: Locale) -> String {
    let separates = report.candidates_strength == crate::model::EvidenceStrength::Separates;
    match (report.candidates.first(), separates, locale.lang) {
        (Some(first), true, Lang::En) => format!("consistent with {}", candidate_name(first)),
        (Some(first), true, Lang::Zh) => format!("疑似根因：{}（与证据相符，待确认）", candidate_name(first)),
        (_, _, Lang::En) => "not enough evidence to name a cause".to_owned(),
        (_, _, Lang::Zh) => "原因：证据不足".to_owned(),
    }
}

fn recovery(report: &IncidentReport, locale: Locale) -> Option<String> {
    let took = known(&report.duration(DurationName::Mitigate)?.value)?;
    let took = figure_markdown(locale, took, Noun::None);
    let means = report
        .timeline
        .iter()
        .rev()
        .find(|entry| entry.event_type == "mitigated" && !entry.is_superseded && !entry.text.is_empty())
        .map(|entry| escape::markdown(&escape::shortened(&entry.text, crate::limits::CELL_CHARS_MAX)));
    Some(match (locale.lang, means) {
        (Lang::En, Some(means)) => format!("mitigated after {took} (“{means}”)"),
        (Lang::En, None) => format!("mitigated after {took}"),
        (Lang::Zh, Some(means)) => format!("历时 {took} 止血（“{means}”）"),
        (Lang::Zh, None) => format!("历时 {took} 止血"),
    })
}
