//! What the ledger says about a chunk.

use serde::{Deserialize, Serialize};

/// What a ledger row records.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LedgerAction {
    /// The chunk's rows are in and count.
    Committed,
    /// The same bytes came again; nothing was added.
    Seen,
    /// The chunk's rows no longer count; `superseded_by` names the chunk that replaced it.
    Superseded,
}

impl LedgerAction {
    /// The value in the column.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Committed => "committed",
            Self::Seen => "seen",
            Self::Superseded => "superseded",
        }
    }

    /// The action of that name.
    pub fn by_name(name: &str) -> Option<Self> {
        [Self::Committed, Self::Seen, Self::Superseded].into_iter().find(|action| action.as_str() == name)
    }
}
