//! Event types of an incident, and ids that make importing twice change nothing.

/// Event types that fupan gives a meaning to. Others are stored and shown as they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the words are defined in docs/reference/definitions.md")]
pub enum EventType {
    ImpactStarted,
    AlertFired,
    AlertResolved,
    Detected,
    Declared,
    Acknowledged,
    GradeSet,
    TitleSet,
    OwnerSet,
    StatusSet,
    KindSet,
    CauseLocated,
    Mitigated,
    Recovered,
    Resolved,
    Reopened,
    Closed,
    NoticePublished,
    NoteAdded,
    MitigationStarted,
    ActionOpened,
    ActionClosed,
    ServiceAffected,
    ServiceUnaffected,
    IncidentLinked,
    MergedInto,
    Retracted,
}

impl EventType {
    /// All of them.
    pub const ALL: [Self; 27] = [
        Self::ImpactStarted,
        Self::AlertFired,
        Self::AlertResolved,
        Self::Detected,
        Self::Declared,
        Self::Acknowledged,
        Self::GradeSet,
        Self::TitleSet,
        Self::OwnerSet,
        Self::StatusSet,
        Self::KindSet,
        Self::CauseLocated,
        Self::Mitigated,
        Self::Recovered,
        Self::Resolved,
        Self::Reopened,
        Self::Closed,
        Self::NoticePublished,
        Self::NoteAdded,
        Self::MitigationStarted,
        Self::ActionOpened,
        Self::ActionClosed,
        Self::ServiceAffected,
        Self::ServiceUnaffected,
        Self::IncidentLinked,
        Self::MergedInto,
        Self::Retracted,
    ];

    /// The value in the column.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ImpactStarted => "impact_started",
            Self::AlertFired => "alert_fired",
            Self::AlertResolved => "alert_resolved",
            Self::Detected => "detected",
            Self::Declared => "declared",
            Self::Acknowledged => "acknowledged",
            Self::GradeSet => "grade_set",
            Self::TitleSet => "title_set",
            Self::OwnerSet => "owner_set",
            Self::StatusSet => "status_set",
            Self::KindSet => "kind_set",
            Self::CauseLocated => "cause_located",
            Self::Mitigated => "mitigated",
            Self::Recovered => "recovered",
            Self::Resolved => "resolved",
            Self::Reopened => "reopened",
            Self::Closed => "closed",
            Self::NoticePublished => "notice_published",
            Self::NoteAdded => "note_added",
            Self::MitigationStarted => "mitigation_started",
            Self::ActionOpened => "action_opened",
            Self::ActionClosed => "action_closed",
            Self::ServiceAffected => "service_affected",
            Self::ServiceUnaffected => "service_unaffected",
            Self::IncidentLinked => "incident_linked",
            Self::MergedInto => "merged_into",
            Self::Retracted => "retracted",
        }
    }

    /// The type of that name.
    pub fn by_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }

    /// The type that a person means: its name, or a word that teams write for it in Chinese, with or without 已.
    pub fn by_word(word: &str) -> Option<Self> {
        let word = word.trim();
        let bare = word.strip_prefix('已').unwrap_or(word);
        let in_chinese = || CHINESE.into_iter().find(|(words, _)| words.contains(&bare));
        Self::by_name(word).or_else(|| in_chinese().map(|(_, kind)| kind))
    }
}

/// What teams write in timelines.
const CHINESE: [(&[&str], EventType); 17] = [
    (&["故障开始", "影响开始"], EventType::ImpactStarted),
    (&["告警", "报警", "触发告警"], EventType::AlertFired),
    (&["告警恢复", "报警恢复", "告警解除"], EventType::AlertResolved),
    (&["发现", "故障发现"], EventType::Detected),
    (&["故障确立", "确立故障", "宣布故障"], EventType::Declared),
    (&["响应", "接手"], EventType::Acknowledged),
    (&["定级"], EventType::GradeSet),
    (&["定位", "定位原因", "原因定位", "定位根因", "根因定位"], EventType::CauseLocated),
    (&["开始止血", "止血开始"], EventType::MitigationStarted),
    (&["止血", "止损", "缓解", "业务恢复"], EventType::Mitigated),
    (&["恢复", "完全恢复"], EventType::Recovered),
    (&["解决", "处理完结"], EventType::Resolved),
    (&["重新打开", "重开"], EventType::Reopened),
    (&["关闭"], EventType::Closed),
    (&["公告", "通报", "故障通报", "对客公告"], EventType::NoticePublished),
    (&["备注", "记录"], EventType::NoteAdded),
    (&["改进措施"], EventType::ActionOpened),
];

/// A deterministic id: the first 16 bytes, in hex, of the BLAKE3 hash of the length-prefixed parts.
///
/// `parts` are the kind of source and the record's own key there, so that the same record gets the
/// same id whichever file it arrives in.
pub fn event_id(parts: &[&str]) -> String {
    let mut hasher = blake3::Hasher::new();
    for part in parts {
        hasher.update(&(part.len() as u64).to_le_bytes());
        hasher.update(part.as_bytes());
    }
    hasher.finalize().to_hex().as_str().chars().take(32).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_do_not_run_into_each_other() {
        assert_ne!(event_id(&["ab", "c"]), event_id(&["a", "bc"]));
        assert_eq!(event_id(&["a"]).len(), 32);
    }

    #[test]
    fn words_of_teams_are_types() {
        assert_eq!(EventType::by_word("止血"), Some(EventType::Mitigated));
        assert_eq!(EventType::by_word("已恢复 "), Some(EventType::Recovered));
        assert_eq!(EventType::by_word("mitigated"), Some(EventType::Mitigated));
        assert_eq!(EventType::by_word("扩容"), None);
        assert_eq!(EventType::by_word("已"), None);
    }

    #[test]
    fn names_lead_back() {
        for kind in EventType::ALL {
            assert_eq!(EventType::by_name(kind.as_str()), Some(kind));
        }
    }
}
