//! How are evidence, assumptions and reasons said in a sentence?
//!
//! Everything returned here is inert markdown: text from data and figures go through
//! [`crate::escape`] or [`figure_markdown`].

use crate::{
    escape,
    format::{Locale, Noun},
    lang::Lang,
    model::{Assumption, Evidence, EvidenceStrength, Figure, Rejected, RejectedReason, Relief, ReliefReason},
    table::{figure_markdown, key_of},
};

impl Locale {
    fn fig(self, figure: &Figure) -> String {
        figure_markdown(self, figure, Noun::None)
    }

    fn lines(self, figure: &Figure) -> String {
        figure_markdown(self, figure, Noun::Lines)
    }

    /// `3 min 20 s before the symptom`; the sign is in the words.
    pub(crate) fn relative(self, figure: &Figure) -> String {
        let Some(seconds) = figure.as_f64() else { return self.fig(figure) };
        let plain = Figure {
            value: match figure.value {
                crate::model::FigureValue::Seconds { .. } => {
                    crate::model::FigureValue::Seconds { seconds: seconds.abs() }
                }
                ref other => other.clone(),
            },
            ..figure.clone()
        };
        let size = self.fig(&plain);
        match (self.lang, seconds) {
            (Lang::En, 0.0) => format!("together with the symptom ({size})"),
            (Lang::Zh, 0.0) => format!("与症状同时（{size}）"),
            (Lang::En, _) if seconds < 0.0 => format!("{size} before the symptom"),
            (Lang::Zh, _) if seconds < 0.0 => format!("早于症状 {size}"),
            (Lang::En, _) => format!("{size} after the symptom"),
            (Lang::Zh, _) => format!("晚于症状 {size}"),
        }
    }

    /// A piece of evidence.
    pub(crate) fn evidence(self, evidence: &Evidence) -> String {
        let two = |en: &str, zh: &str, first: &Figure, second: &Figure| {
            self.lang.pick(en, zh).replace("{1}", &self.fig(first)).replace("{2}", &self.fig(second))
        };
        let one =
            |en: &str, zh: &str, figure: &Figure| self.lang.pick(en, zh).replace("{1}", &self.fig(figure));
        match evidence {
            Evidence::Departure { baseline, observed, distance } => {
                two(
                    "left its baseline: usually {1}, then {2}",
                    "偏离基线：平时 {1}，故障时 {2}",
                    baseline,
                    observed,
                ) + &self.distance(distance)
            }
            Evidence::Onset { relative } => match self.lang {
                Lang::En => format!("departed {}", self.relative(relative)),
                Lang::Zh => format!("异常起点{}", self.relative(relative)),
            },
            Evidence::Lift { failing_share, other_share } => two(
                "in {1} of the failing requests, in {2} of the others",
                "出现在 {1} 的失败请求中，其他请求中为 {2}",
                failing_share,
                other_share,
            ),
            Evidence::NewTemplate { lines } => match self.lang {
                Lang::En => format!("new: never in the baseline, {} in the impact", self.lines(lines)),
                Lang::Zh => format!("新增：基线中从未出现，影响时段内 {}", self.lines(lines)),
            },
            Evidence::SurgingTemplate { baseline_rate, rate } => two(
                "surging: {1} usually, {2} in the impact",
                "突增：平时 {1}，影响时段 {2}",
                baseline_rate,
                rate,
            ),
            Evidence::VanishedTemplate { baseline_rate, rate } => two(
                "fell silent: {1} usually, {2} in the impact",
                "消失：平时 {1}，影响时段 {2}",
                baseline_rate,
                rate,
            ),
            Evidence::Saturation { limit, before } => two(
                "at its limit ({1}), {2} before the errors began",
                "先达到上限（{1}），{2} 后开始报错",
                limit,
                before,
            ),
            Evidence::ChangeNear { before } => self.change_near(before),
            Evidence::RollbackEndedIt { after } => {
                one("taken back, and the symptom ended {1} later", "回滚后 {1} 症状消失", after)
            }
            Evidence::Slower { baseline, observed } => {
                two("slower: usually {1}, then {2}", "变慢：平时 {1}，故障时 {2}", baseline, observed)
            }
            Evidence::Placebo { share } => one(
                "placebo: something as strong shows in {1} of quiet windows",
                "平静时段对照：{1} 的平静时段也出现同等强度的异常",
                share,
            ),
            Evidence::SaidByPeople { text } => match self.lang {
                Lang::En => format!("said by people: {}", escape::markdown(text)),
                Lang::Zh => format!("人工记录：{}", escape::markdown(text)),
            },
            Evidence::Other { words, figure } => {
                let words = escape::markdown(self.lang.words(words));
                figure.as_ref().map_or(words.clone(), |figure| format!("{words}: {}", self.fig(figure)))
            }
        }
    }

    fn distance(self, distance: &Figure) -> String {
        if distance.is_absent() {
            return String::new();
        }
        match self.lang {
            Lang::En => format!(" ({} robust deviations)", self.fig(distance)),
            Lang::Zh => format!("（{} 个稳健标准差）", self.fig(distance)),
        }
    }

    fn change_near(self, before: &Figure) -> String {
        let came_after = before.as_f64().is_some_and(|seconds| seconds < 0.0);
        let figure = match before.value {
            crate::model::FigureValue::Seconds { seconds } => Figure {
                value: crate::model::FigureValue::Seconds { seconds: seconds.abs() },
                ..before.clone()
            },
            _ => before.clone(),
        };
        let size = self.fig(&figure);
        match (self.lang, came_after) {
            (Lang::En, false) => format!("changed {size} before the symptom"),
            (Lang::En, true) => format!("changed {size} after the symptom began"),
            (Lang::Zh, false) => format!("变更早于症状 {size}"),
            (Lang::Zh, true) => format!("变更晚于症状 {size}"),
        }
    }

    /// Whether the evidence tells so many candidates apart.
    pub(crate) fn strength(self, strength: EvidenceStrength, candidates: usize) -> &'static str {
        match (self.lang, strength) {
            (Lang::En, EvidenceStrength::NotEnough) if candidates == 0 => {
                "Nothing that was looked at is consistent with what was seen."
            }
            (Lang::Zh, EvidenceStrength::NotEnough) if candidates == 0 => "所查各项均与现象不符。",
            (Lang::En, EvidenceStrength::NotEnough) if candidates == 1 => {
                "Not enough evidence: one candidate is consistent with what was seen, and more than that nothing says."
            }
            (Lang::Zh, EvidenceStrength::NotEnough) if candidates == 1 => {
                "证据不足：仅有一项与现象相符，尚无其他依据支持。"
            }
            (Lang::En, EvidenceStrength::Separates) => {
                "The evidence is consistent with the first candidate and sets it apart from the others. It is still a \
                 candidate: people decide."
            }
            (Lang::En, EvidenceStrength::NotEnough) => {
                "Not enough evidence to tell the candidates apart: several are consistent with what was seen."
            }
            (Lang::En, EvidenceStrength::NoBetterThanPlacebo) => {
                "Not enough evidence: quiet windows show departures as strong as these."
            }
            (Lang::Zh, EvidenceStrength::Separates) => {
                "现有证据与排在首位的疑似根因相符，并能与其余项区分。它仍是疑似根因，结论由人确认。"
            }
            (Lang::Zh, EvidenceStrength::NotEnough) => "证据不足：有多项与现象相符，现有证据无法区分。",
            (Lang::Zh, EvidenceStrength::NoBetterThanPlacebo) => "证据不足：平静时段也出现同等强度的异常。",
        }
    }

    /// Why something is not a candidate.
    pub(crate) fn rejected(self, rejected: &Rejected) -> String {
        let words = match (&rejected.reason, self.lang) {
            (RejectedReason::AfterSymptom, Lang::En) => "departed only after the symptom".to_owned(),
            (RejectedReason::AfterSymptom, Lang::Zh) => "晚于症状才出现异常".to_owned(),
            (RejectedReason::WithinUsual, Lang::En) => "departs as far on quiet days".to_owned(),
            (RejectedReason::WithinUsual, Lang::Zh) => "平静时段也有同等波动".to_owned(),
            (RejectedReason::NotSpecific, Lang::En) => "also happens without failures".to_owned(),
            (RejectedReason::NotSpecific, Lang::Zh) => "无失败时也会出现".to_owned(),
            (RejectedReason::TooFewData, Lang::En) => "too few data to say".to_owned(),
            (RejectedReason::TooFewData, Lang::Zh) => "数据过少，无法判断".to_owned(),
            (RejectedReason::FollowsAnother { subject }, Lang::En) => {
                format!("follows another candidate: {}", escape::markdown(subject))
            }
            (RejectedReason::FollowsAnother { subject }, Lang::Zh) => {
                format!("随另一项变化：{}", escape::markdown(subject))
            }
            (RejectedReason::Other { words }, _) => escape::markdown(self.lang.words(words)),
        };
        match &rejected.figure {
            Some(figure) if !figure.is_absent() => format!("{words} ({})", self.fig(figure)),
            _ => words,
        }
    }

    /// An attempt that was not mitigation.
    pub(crate) fn relief(self, relief: &Relief) -> String {
        let why = match &relief.reason {
            ReliefReason::Other { words } => escape::markdown(self.lang.words(words)),
            reason => self.term(&format!("relief.{}", key_of(reason))).to_owned(),
        };
        let mut line = format!("{} — {why}", self.fig(&relief.at));
        if !relief.held.is_absent() {
            line.extend([match self.lang {
                Lang::En => format!("; held for {}", self.fig(&relief.held)),
                Lang::Zh => format!("；维持了 {}", self.fig(&relief.held)),
            }]);
        }
        if let Some(summary) = &relief.summary {
            line.extend([match self.lang {
                Lang::En => format!(": “{}”", escape::markdown(summary)),
                Lang::Zh => format!("：“{}”", escape::markdown(summary)),
            }]);
        }
        line
    }

    /// Something that had to be assumed.
    pub(crate) fn assumption(self, assumption: &Assumption) -> String {
        let en = self.lang == Lang::En;
        match assumption {
            Assumption::Zone { zone, sources, of_sources } => {
                let zone = escape::markdown(zone);
                if en {
                    format!(
                        "Times without a zone were read as {zone}, the workspace's zone, in {sources} of \
                         {of_sources} sources."
                    )
                } else {
                    format!("{of_sources} 个来源中有 {sources} 个的时间未带时区，按工作区时区 {zone} 读取。")
                }
            }
            Assumption::KeyActions => self
                .lang
                .pick(
                    "Key actions are not configured: requests that are not GET stand in for them.",
                    "未配置关键操作：以非 GET 请求代替。",
                )
                .to_owned(),
            Assumption::EntryServices => self
                .lang
                .pick(
                    "Entry services are not configured: every service with requests counts as one, so a request may \
                     be counted in several services.",
                    "未配置入口服务：凡有请求的服务均视为入口，同一请求可能被多个服务各计一次。",
                )
                .to_owned(),
            Assumption::Baseline { from, to, days } => {
                let (from, to) = (self.instant(*from), self.instant(*to));
                match (en, days) {
                    (true, 0) => format!("Usual means: from {from} to {to}. No comparable days were at hand."),
                    (true, days) => format!("Usual means: from {from} to {to}, and {days} comparable days."),
                    (false, 0) => format!("基线：{from} 至 {to}；没有可比日。"),
                    (false, days) => format!("基线：{from} 至 {to}，另有 {days} 个可比日。"),
                }
            }
            Assumption::RecordedAt { events } => {
                if en {
                    format!("{events} events do not say when they were recorded; their own time stands in for it.")
                } else {
                    format!("{events} 个事件未注明记录时间，以发生时间代替。")
                }
            }
            Assumption::FailedByDefault => self
                .lang
                .pick(
                    "Failed means, by default: HTTP status 500 and above, 429, gRPC errors of the server, timeouts.",
                    "失败按默认口径：HTTP 状态码 ≥ 500 或 429、gRPC 服务端错误、超时。",
                )
                .to_owned(),
            Assumption::ImpactEnd => self
                .lang
                .pick(
                    "The impact is not known to have ended; the end of the data stands in for it.",
                    "未见影响结束的记录，以数据结束时刻代替。",
                )
                .to_owned(),
            Assumption::Other { words } => escape::markdown(self.lang.words(words)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sign_becomes_words() {
        let locale = Locale::new(Lang::En, "UTC");
        assert_eq!(locale.relative(&Figure::seconds(-200.0, "r")), "3 min 20 s before the symptom");
        assert_eq!(
            locale.evidence(&Evidence::ChangeNear { before: Figure::seconds(-60.0, "r") }),
            "changed 1 min 00 s after the symptom began"
        );
    }

    #[test]
    fn words_of_people_are_inert() {
        let said = Evidence::SaidByPeople { text: "<b>@all</b>".to_owned() };
        let text = Locale::new(Lang::Zh, "UTC").evidence(&said);
        assert!(!text.contains('<') && text.contains("@\u{2060}all"), "{text}");
    }
}
