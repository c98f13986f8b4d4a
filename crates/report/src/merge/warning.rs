//! What should people look at after their report was brought up to date?

use std::fmt;

/// Something that people should look at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MergeWarning {
    /// A block was edited: kept, with the new one beside it.
    Edited {
        /// Which.
        id: String,
    },
    /// A block was edited, and people deleted the new one beside it: the edited one may be out of date.
    EditedAndAlone {
        /// Which.
        id: String,
    },
    /// A begin without its end, or an end without its begin: taken as people's text.
    Unpaired {
        /// Which.
        id: String,
    },
    /// The same block twice: the first is brought up to date, the other is taken as people's text.
    Twice {
        /// Which.
        id: String,
    },
    /// The list of rendered blocks is gone, so blocks that are missing are taken as deleted.
    ListMissing {
        /// Which.
        ids: Vec<String>,
    },
    /// The file holds no generated block: all of them were put at its end.
    NoBlocks,
    /// A block that fupan no longer writes: left as it is.
    Obsolete {
        /// Which.
        id: String,
    },
}

impl fmt::Display for MergeWarning {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Edited { id } => write!(
                out,
                "the generated block `{id}` was edited by hand; it is kept, and the new one stands below it as \
                 `{id}~new`: delete one of the two"
            ),
            Self::EditedAndAlone { id } => write!(
                out,
                "the generated block `{id}` was edited by hand and is kept, so it may be out of date; delete it \
                 with its markers, and `{id}` from the last line of the file, to have it written anew"
            ),
            Self::Unpaired { id } => write!(
                out,
                "a marker of the block `{id}` has lost its partner; what follows it is taken as your text"
            ),
            Self::Twice { id } => {
                write!(out, "the block `{id}` is there twice; only the first one is brought up to date")
            }
            Self::ListMissing { ids } => write!(
                out,
                "the last line that lists the rendered blocks is missing, so these are taken as deleted: {}",
                ids.join(", ")
            ),
            Self::NoBlocks => {
                write!(out, "the file held no generated blocks; all of them were put at its end")
            }
            Self::Obsolete { id } => {
                write!(out, "the block `{id}` is no longer generated; it is left as it is")
            }
        }
    }
}
