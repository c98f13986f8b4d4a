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
    /// The chunk's rows were removed from the disk (`store forget --purge`). They stopped to count before.
    Purged,
    /// The chunk's rows were damaged and taken out (`store repair`). They stopped to count before.
    Damaged,
}

impl LedgerAction {
    const ALL: [Self; 5] = [Self::Committed, Self::Seen, Self::Superseded, Self::Purged, Self::Damaged];

    /// The value in the column.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Committed => "committed",
            Self::Seen => "seen",
            Self::Superseded => "superseded",
            Self::Purged => "purged",
            Self::Damaged => "damaged",
        }
    }

    /// The action of that name.
    pub fn by_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|action| action.as_str() == name)
    }
}
