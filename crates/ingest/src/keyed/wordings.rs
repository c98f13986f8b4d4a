//! Wordings of entries: what their sources said about each of them, one after the other.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::hash::Hash;

/// One wording that is in.
pub(super) trait Wording {
    /// What it is a wording of, whatever it says.
    type Entry: Eq + Hash;

    /// None where it is a wording of nothing that could be said differently.
    fn entry(&self) -> Option<Self::Entry>;

    /// The id of the wording that it corrected.
    fn supersedes(&self) -> Option<&String>;

    fn chunk_id(&self) -> &str;
}

/// All wordings that count, by id.
#[derive(Debug)]
pub(super) struct Wordings<W: Wording> {
    by_id: BTreeMap<String, W>,
    of_entries: HashMap<W::Entry, BTreeSet<String>>,
    /// Ids of those that a later one superseded or retracted.
    ended: HashSet<String>,
}

impl<W: Wording> Default for Wordings<W> {
    fn default() -> Self {
        Self { by_id: BTreeMap::new(), of_entries: HashMap::new(), ended: HashSet::new() }
    }
}

impl<W: Wording> Wordings<W> {
    pub(super) fn learn(&mut self, id: String, wording: W) {
        self.ended.extend(wording.supersedes().cloned());
        if let Some(entry) = wording.entry() {
            self.of_entries.entry(entry).or_default().insert(id.clone());
        }
        self.by_id.insert(id, wording);
    }

    /// Forgets what chunks held that are about to be replaced.
    pub(super) fn forget_chunks(&mut self, chunks: &BTreeSet<&str>) {
        self.by_id.retain(|_, wording| !chunks.contains(wording.chunk_id()));
        let by_id = &self.by_id;
        self.of_entries.values_mut().for_each(|ids| ids.retain(|id| by_id.contains_key(id)));
        // What only they corrected stands again.
        self.ended = by_id.values().filter_map(|wording| wording.supersedes().cloned()).collect();
    }

    pub(super) fn get(&self, id: &str) -> Option<&W> {
        self.by_id.get(id)
    }

    pub(super) fn is_ended(&self, id: &str) -> bool {
        self.ended.contains(id)
    }

    pub(super) fn all(&self) -> impl Iterator<Item = (&String, &W)> {
        self.by_id.iter()
    }

    /// The wordings of an entry that hold until now.
    pub(super) fn standing<'w>(
        &'w self,
        entry: Option<&W::Entry>,
    ) -> impl Iterator<Item = (&'w String, &'w W)> + use<'w, W> {
        let ids = entry.and_then(|entry| self.of_entries.get(entry));
        let holds = |id: &&String| !self.ended.contains(*id);
        ids.into_iter().flatten().filter(holds).filter_map(|id| self.by_id.get_key_value(id))
    }
}
