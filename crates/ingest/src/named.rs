//! What is a source called, so that two of one name are told apart?
//!
//! By its name alone as long as no other source has it, else with the folders that tell it from the other
//! (`web-1/app.log`, `web-2/app.log`). Where it lies is known by digits only, so that no absolute path stands in
//! the ledger, and a source that was read before keeps its name.

use std::collections::{HashMap, HashSet};
use std::path::{Component, Path};

use fupan_store::{Ledger, is_remote};

use crate::source::{Source, SourcePlace};

/// Digits that tell one place from another.
const PLACE_DIGITS: usize = 16;

/// Folders that hold people's own: the name below them is a person's.
const HOMES: [&str; 2] = ["home", "Users"];

impl Source {
    /// Digits of where it lies; none for standard input.
    pub fn place_digits(&self) -> Option<String> {
        match &self.place {
            SourcePlace::File(path) => Some(digits_of(&whole_path(path))),
            SourcePlace::Object(object) => Some(place_digits(object.address())),
            SourcePlace::Stdin => None,
        }
    }

    /// The folders that it lies in, the outermost first, without those that say whose they are.
    fn folders(&self) -> Vec<String> {
        let mut folders: Vec<String> = match &self.place {
            SourcePlace::File(path) => {
                let whole = whole_path(path);
                let parts = Path::new(&whole).components().filter_map(|part| match part {
                    Component::Normal(part) => Some(part.to_string_lossy().into_owned()),
                    _ => None,
                });
                parts.collect()
            }
            SourcePlace::Object(object) => {
                let address = object.address();
                let path = address.split_once("://").map_or(address, |(_, path)| path);
                let path = path.split(['?', '#']).next().unwrap_or_default();
                path.split('/').filter(|part| !part.is_empty()).map(str::to_owned).collect()
            }
            SourcePlace::Stdin => Vec::new(),
        };
        folders.pop();
        let is_home = folders.first().is_some_and(|first| HOMES.contains(&first.as_str()));
        folders.split_off(if is_home { folders.len().min(2) } else { 0 })
    }
}

/// As [`Source::place_digits`], of a path or the address of an object, whether anything is there or not.
pub fn place_digits(argument: &str) -> String {
    let address = if is_remote(argument) {
        // What is signed for a while is the same object afterwards.
        argument.split('?').next().unwrap_or_default().to_owned()
    } else {
        whole_path(Path::new(argument))
    };
    digits_of(&address)
}

fn digits_of(address: &str) -> String {
    let digest = blake3::hash(format!("source at {address}").as_bytes());
    digest.to_hex().chars().take(PLACE_DIGITS).collect()
}

/// A path from the root, its links to folders followed.
fn whole_path(path: &Path) -> String {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or_else(|| Path::new("."));
    let folder = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
    let whole = path.file_name().map_or_else(|| path.to_owned(), |name| folder.join(name));
    whole.to_string_lossy().into_owned()
}

/// Names that are taken, with the places that have them.
#[derive(Default)]
struct Taken {
    places: HashMap<String, HashSet<String>>,
}

impl Taken {
    fn of(ledger: &Ledger) -> Self {
        let mut taken = Self::default();
        for row in &ledger.rows {
            let Some(place) = &row.source_place else { continue };
            // A member of an archive stands for the archive as well.
            let archives = row.source.match_indices('!').filter_map(|(at, _)| row.source.get(..at));
            for name in archives.chain([row.source.as_str()]) {
                taken.add(name, place);
            }
        }
        taken
    }

    fn add(&mut self, name: &str, place: &str) {
        if let Some(places) = self.places.get_mut(name) {
            places.insert(place.to_owned());
        } else {
            self.places.insert(name.to_owned(), HashSet::from([place.to_owned()]));
        }
    }

    fn has(&self, name: &str, place: &str) -> bool {
        self.places.get(name).is_some_and(|places| places.contains(place))
    }

    fn is_free(&self, name: &str) -> bool {
        !self.places.contains_key(name)
    }
}

/// A source that has no name of its own yet.
struct Unnamed {
    at: usize,
    place: String,
    folders: Vec<String>,
    name: String,
}

impl Unnamed {
    /// Its name with so many of its folders; none where it has not so many.
    fn with_folders(&self, count: usize) -> Option<String> {
        let from = self.folders.len().checked_sub(count)?;
        let mut parts: Vec<&str> = self.folders.get(from..)?.iter().map(String::as_str).collect();
        parts.push(&self.name);
        Some(parts.join("/"))
    }

    /// The name by which it was read before.
    fn known_name(&self, taken: &Taken) -> Option<String> {
        let names = (0..=self.folders.len()).filter_map(|count| self.with_folders(count));
        let mut names = names.chain((2..=taken.places.len()).map(|number| self.numbered(number)));
        names.find(|name| taken.has(name, &self.place))
    }

    fn numbered(&self, number: usize) -> String {
        format!("{} ({number})", self.name)
    }
}

/// The sources, each under a name that no other place has.
pub(crate) fn told_apart(sources: &[Source], ledger: &Ledger) -> Vec<Source> {
    let mut sources = sources.to_vec();
    let mut taken = Taken::of(ledger);
    let known_places: HashSet<String> = taken.places.values().flatten().cloned().collect();
    let mut unnamed = Vec::new();
    for (at, source) in sources.iter_mut().enumerate() {
        let Some(place) = source.place_digits() else { continue };
        let new = Unnamed { at, folders: source.folders(), name: source.name.clone(), place };
        match known_places.contains(&new.place).then(|| new.known_name(&taken)).flatten() {
            Some(name) => source.name = name,
            None => unnamed.push(new),
        }
    }
    for count in 0.. {
        let mut wanting: HashMap<String, usize> = HashMap::new();
        for source in &unnamed {
            *wanting.entry(source.with_folders(count).unwrap_or_default()).or_default() += 1;
        }
        let (mut left, mut is_exhausted) = (Vec::new(), true);
        for new in unnamed {
            let name = new.with_folders(count);
            is_exhausted &= name.is_none();
            match name.filter(|name| wanting.get(name) == Some(&1) && taken.is_free(name)) {
                Some(name) => name_it(&mut sources, &mut taken, &new, name),
                None => left.push(new),
            }
        }
        unnamed = left;
        if unnamed.is_empty() || is_exhausted {
            break;
        }
    }
    for new in unnamed {
        let free =
            (2..=taken.places.len() + 2).map(|number| new.numbered(number)).find(|name| taken.is_free(name));
        if let Some(name) = free {
            name_it(&mut sources, &mut taken, &new, name);
        }
    }
    sources
}

fn name_it(sources: &mut [Source], taken: &mut Taken, new: &Unnamed, name: String) {
    taken.add(&name, &new.place);
    if let Some(source) = sources.get_mut(new.at) {
        source.name = name;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(path: &str) -> Source {
        let name = path.rsplit('/').next().unwrap_or_default().to_owned();
        Source { name, place: SourcePlace::File(path.into()), is_explicit: true }
    }

    fn names(paths: &[&str]) -> Vec<String> {
        let sources: Vec<Source> = paths.iter().map(|path| source(path)).collect();
        told_apart(&sources, &Ledger::default()).into_iter().map(|source| source.name).collect()
    }

    #[test]
    fn only_where_it_takes_a_folder_to_tell_two_apart_is_one_in_their_names() {
        assert_eq!(names(&["/no/x/a.log", "/no/y/b.log"]), ["a.log", "b.log"]);
        assert_eq!(names(&["/no/x/a.log", "/no/y/a.log"]), ["x/a.log", "y/a.log"]);
        assert_eq!(
            names(&["/no/1/x/a.log", "/no/2/x/a.log", "/no/a.log"]),
            ["1/x/a.log", "2/x/a.log", "no/a.log"]
        );
    }

    #[test]
    fn whose_home_it_is_stands_in_no_name() {
        let names_below = |home: &str, paths: [&str; 2]| {
            let paths = paths.map(|path| format!("/{home}/{path}"));
            names(&paths.each_ref().map(String::as_str))
        };
        for home in HOMES {
            assert_eq!(names_below(home, ["alice/a.log", "bob/a.log"]), ["a.log (2)", "a.log (3)"]);
            assert_eq!(names_below(home, ["alice/x/a.log", "bob/y/a.log"]), ["x/a.log", "y/a.log"]);
        }
    }

    #[test]
    fn what_is_signed_for_a_while_lies_at_the_same_place() {
        assert_eq!(place_digits("https://h/a.log?token=1"), place_digits("https://h/a.log?token=2"));
        assert_ne!(place_digits("https://h/a.log"), place_digits("https://h/b.log"));
    }
}
