//! What a disk holds after its machine stopped at some call of a journal.
//!
//! After a killed process everything is there that was done. After a power loss only that is certain
//! which was synced: of the rest, names may be there or not, each for itself, and content may be
//! missing, cut, or zeros.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use crate::disk::Call;
use crate::world::Random;

/// Which syncs of the journal are believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Syncs {
    All,
    OfFilesOnly,
    OfFoldersOnly,
    None,
}

#[derive(Debug, Clone, Copy)]
enum Entry {
    File(usize),
    Folder,
}

#[derive(Debug, Clone)]
enum Change {
    Set(OsString, Entry),
    Remove(OsString),
    Move(OsString, OsString, Entry),
}

#[derive(Debug, Default)]
struct Folder {
    now: BTreeMap<OsString, Entry>,
    durable: BTreeMap<OsString, Entry>,
    pending: Vec<Change>,
}

#[derive(Debug, Default)]
struct Content {
    now: Vec<u8>,
    durable: Vec<u8>,
}

#[derive(Debug, Default)]
pub(crate) struct Image {
    contents: Vec<Content>,
    folders: BTreeMap<PathBuf, Folder>,
}

fn split(path: &Path) -> (PathBuf, OsString) {
    let folder = path.parent().expect("a folder above").to_owned();
    (folder, path.file_name().map(OsStr::to_owned).expect("a name"))
}

fn apply(names: &mut BTreeMap<OsString, Entry>, change: &Change) {
    match change {
        Change::Set(name, entry) => {
            names.insert(name.clone(), *entry);
        }
        Change::Remove(name) => {
            names.remove(name);
        }
        Change::Move(from, to, entry) => {
            names.remove(from);
            names.insert(to.clone(), *entry);
        }
    }
}

impl Image {
    /// The state after these calls.
    pub(crate) fn after(calls: &[Call], syncs: Syncs) -> Self {
        let mut image = Self::default();
        for call in calls {
            image.call(call, syncs);
        }
        image
    }

    fn change(&mut self, folder: PathBuf, change: Change) {
        let folder = self.folders.entry(folder).or_default();
        apply(&mut folder.now, &change);
        folder.pending.push(change);
    }

    fn file(&self, path: &Path) -> usize {
        let (folder, name) = split(path);
        match self.folders.get(&folder).and_then(|folder| folder.now.get(&name)) {
            Some(Entry::File(file)) => *file,
            _ => panic!("the journal names {} without creating it", path.display()),
        }
    }

    fn call(&mut self, call: &Call, syncs: Syncs) {
        match call {
            Call::CreateFolder(path) => {
                let (folder, name) = split(path);
                self.change(folder, Change::Set(name, Entry::Folder));
                self.folders.entry(path.clone()).or_default();
            }
            Call::CreateFile(path) => {
                let (folder, name) = split(path);
                self.contents.push(Content::default());
                self.change(folder, Change::Set(name, Entry::File(self.contents.len() - 1)));
            }
            Call::Write(path, bytes) => {
                let file = self.file(path);
                self.contents[file].now.extend_from_slice(bytes);
            }
            Call::SyncFile(path) => {
                if matches!(syncs, Syncs::All | Syncs::OfFilesOnly) {
                    let file = self.file(path);
                    let content = &mut self.contents[file];
                    content.durable.clone_from(&content.now);
                }
            }
            Call::Link(from, to) => {
                let entry = Entry::File(self.file(from));
                let (folder, name) = split(to);
                self.change(folder, Change::Set(name, entry));
            }
            Call::Rename(from, to) => {
                let entry = Entry::File(self.file(from));
                let ((folder, from), (_, to)) = (split(from), split(to));
                self.change(folder, Change::Move(from, to, entry));
            }
            Call::Remove(path) => {
                let (folder, name) = split(path);
                self.change(folder, Change::Remove(name));
            }
            Call::SyncFolder(path) => {
                if matches!(syncs, Syncs::All | Syncs::OfFoldersOnly)
                    && let Some(folder) = self.folders.get_mut(path)
                {
                    folder.durable.clone_from(&folder.now);
                    folder.pending.clear();
                }
            }
            Call::Acknowledged(_) => {}
        }
    }

    /// Writes what is there after the process was killed.
    pub(crate) fn write_all(&self, root: &Path, to: &Path) {
        self.write(root, to, &mut |folder| folder.now.clone(), &mut |content| content.now.clone());
    }

    /// Writes what chance leaves after a power loss.
    pub(crate) fn write_what_power_leaves(&self, root: &Path, to: &Path, random: &mut Random) {
        // Nothing, everything or each for itself: all three happen.
        let kept_percent = [0, 50, 100][random.below(3)];
        let mut chance = Random::new(random.next());
        let names = &mut |folder: &Folder| {
            let mut names = folder.durable.clone();
            for change in &folder.pending {
                if random.below(100) < kept_percent {
                    apply(&mut names, change);
                }
            }
            names
        };
        let bytes = &mut |content: &Content| {
            let mut bytes = content.durable.clone();
            if content.durable == content.now {
                return bytes;
            }
            let more = chance.below(content.now.len() - bytes.len() + 1);
            match chance.below(4) {
                0 => {}
                1 => bytes.clone_from(&content.now),
                2 => bytes.extend_from_slice(&content.now[bytes.len()..bytes.len() + more]),
                _ => bytes.resize(content.now.len(), 0),
            }
            bytes
        };
        self.write(root, to, names, bytes);
    }

    fn write(
        &self,
        root: &Path,
        to: &Path,
        names: &mut dyn FnMut(&Folder) -> BTreeMap<OsString, Entry>,
        bytes: &mut dyn FnMut(&Content) -> Vec<u8>,
    ) {
        let Some(folder) = self.folders.get(root) else { return };
        // A file with two names has one content.
        let mut written: BTreeMap<usize, Vec<u8>> = BTreeMap::new();
        let mut folders = vec![(folder, root.to_owned(), to.to_owned())];
        while let Some((folder, from, to)) = folders.pop() {
            for (name, entry) in names(folder) {
                let (from, to) = (from.join(&name), to.join(&name));
                match entry {
                    Entry::Folder => {
                        std::fs::create_dir(&to).expect("folder");
                        folders.push((&self.folders[&from], from, to));
                    }
                    Entry::File(file) => {
                        let bytes = written.entry(file).or_insert_with(|| bytes(&self.contents[file]));
                        std::fs::write(&to, bytes).expect("file");
                    }
                }
            }
        }
    }
}

#[test]
fn of_a_file_that_was_never_synced_nothing_is_certain() {
    let (root, path) = (PathBuf::from("/r"), PathBuf::from("/r/a"));
    let mut calls = vec![Call::CreateFile(path.clone()), Call::Write(path.clone(), b"abcdef".to_vec())];
    let found = |calls: &[Call]| {
        let mut found = std::collections::BTreeSet::new();
        for seed in 0..200 {
            let to = tempfile::tempdir().expect("folder");
            let image = Image::after(calls, Syncs::All);
            image.write_what_power_leaves(&root, to.path(), &mut Random::new(seed));
            found.insert(std::fs::read(to.path().join("a")).ok());
        }
        found
    };
    let unsynced = found(&calls);
    for left in [None, Some(Vec::new()), Some(b"abcdef".to_vec()), Some(vec![0; 6])] {
        assert!(unsynced.contains(&left), "{left:?}");
    }
    calls.extend([Call::SyncFile(path), Call::SyncFolder(root.clone())]);
    assert_eq!(found(&calls), [Some(b"abcdef".to_vec())].into());
}
