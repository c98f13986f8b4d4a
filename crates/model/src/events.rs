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
}

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
    fn names_lead_back() {
        for kind in EventType::ALL {
            assert_eq!(EventType::by_name(kind.as_str()), Some(kind));
        }
    }
}
