//! Which sources does a command line mean, and how is each opened?

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use fupan_model::Micros;
use fupan_store::{RemoteObject, RemoteOptions, find_objects, is_remote, is_table_folder};
use tokio::runtime::Handle;

use crate::reader::into_error;
use crate::{IngestError, SourceProblem, limits};

/// Something to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// Name to show and to record: the file's name without its folder, so that the same file in
    /// another place is the same source.
    pub name: String,
    /// Where it is.
    pub place: SourcePlace,
    /// Named on the command line, rather than found in a folder: not being readable is an error.
    pub is_explicit: bool,
}

/// Where a source is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SourcePlace {
    /// A file.
    File(PathBuf),
    /// An object in an object store, or a file of a web server.
    Object(RemoteObject),
    /// Standard input.
    Stdin,
}

impl Source {
    /// Compressed or plain bytes in it, where known.
    pub fn size(&self) -> Option<u64> {
        match &self.place {
            SourcePlace::Object(object) => object.size(),
            SourcePlace::File(path) => std::fs::metadata(path).ok().map(|metadata| metadata.len()),
            SourcePlace::Stdin => None,
        }
    }

    /// Whether it may never end: standard input, a pipe, a device.
    pub fn is_stream(&self) -> bool {
        match &self.place {
            SourcePlace::Object(_) => false,
            SourcePlace::File(path) => std::fs::metadata(path).is_ok_and(|metadata| !metadata.is_file()),
            SourcePlace::Stdin => true,
        }
    }

    /// When it was last written, where that is known.
    pub(crate) fn modified_at(&self) -> Option<Micros> {
        let path = match &self.place {
            SourcePlace::File(path) => path,
            SourcePlace::Object(object) => return object.modified_at(),
            SourcePlace::Stdin => return None,
        };
        let modified = std::fs::metadata(path).ok()?.modified().ok()?;
        let since = modified.duration_since(std::time::UNIX_EPOCH).ok()?;
        i64::try_from(since.as_micros()).ok().map(Micros)
    }

    /// Name of the folder that it lies in, where there is one.
    pub(crate) fn folder(&self) -> Option<String> {
        let path = match &self.place {
            SourcePlace::File(path) => path.canonicalize().unwrap_or_else(|_| path.clone()),
            SourcePlace::Object(object) => PathBuf::from(object.address()),
            SourcePlace::Stdin => return None,
        };
        folder_of(&path.to_string_lossy()).map(str::to_owned)
    }

    /// To be read on a thread that may block, of a runtime where it is an object.
    pub(crate) fn open(&self) -> std::io::Result<Box<dyn Read>> {
        Ok(match &self.place {
            SourcePlace::Object(object) => {
                let runtime = Handle::try_current().map_err(std::io::Error::other)?;
                Box::new(Told(object.reader(&runtime)))
            }
            SourcePlace::File(path) => Box::new(File::open(path)?),
            SourcePlace::Stdin => Box::new(std::io::stdin()),
        })
    }
}

/// Says of what stops an object that it is not damage of what is in it, whatever reads above it.
struct Told<R>(R);

impl<R: Read> Read for Told<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let read = self.0.read(buffer);
        read.map_err(|error| into_error(SourceProblem::Unreadable { reason: error.to_string() }))
    }
}

/// The name of the folder in a path: its last part but one.
pub(crate) fn folder_of(path: &str) -> Option<&str> {
    path.rsplit(['/', '\\']).nth(1).filter(|name| !name.is_empty() && *name != "." && *name != "..")
}

/// The name of a file in an archive.
pub(crate) fn member_name(archive: &str, member: &str) -> String {
    format!("{archive}!{member}")
}

/// The name that a document has wherever it lies: the last part of a source's name.
pub(crate) fn document_name(source: &str) -> &str {
    source.rsplit(['/', '!']).next().unwrap_or(source)
}

/// Files, folders (walked, in order of name; hidden entries and Delta tables, such as those of a store, left out),
/// globs and `-`.
pub fn find_sources(arguments: &[String]) -> Result<Vec<Source>, IngestError> {
    let mut sources = Vec::new();
    for argument in arguments {
        if argument == "-" {
            sources.push(Source { name: "-".to_owned(), place: SourcePlace::Stdin, is_explicit: true });
            continue;
        }
        let path = Path::new(argument);
        if path.is_dir() {
            walk(path, &mut sources)?;
        } else if path.exists() {
            sources.push(file_source(path, true));
        } else {
            expand(argument, &mut sources)?;
        }
    }
    Ok(without_twins(sources))
}

/// As [`find_sources`], and URLs of object stores: objects, folders of them (all below, in the same order
/// as files), patterns in the key; and URLs of single files of web servers.
pub async fn find_sources_anywhere(
    arguments: &[String],
    options: &RemoteOptions,
) -> Result<Vec<Source>, IngestError> {
    let mut sources = Vec::new();
    for argument in arguments {
        if !is_remote(argument) {
            sources.extend(find_sources(std::slice::from_ref(argument))?);
            continue;
        }
        let found = find_objects(argument, options, limits::SOURCES_MAX).await?;
        sources.extend(found.into_iter().map(|found| Source {
            name: found.object.name(),
            is_explicit: found.is_explicit,
            place: SourcePlace::Object(found.object),
        }));
    }
    Ok(without_twins(sources))
}

/// What is meant twice is read once.
pub fn without_twins(mut sources: Vec<Source>) -> Vec<Source> {
    let mut seen = std::collections::HashSet::new();
    sources.retain(|source| seen.insert(source.place.clone().into_key()));
    sources
}

impl SourcePlace {
    fn into_key(self) -> PathBuf {
        match self {
            Self::File(path) => path.canonicalize().unwrap_or(path),
            Self::Object(object) => PathBuf::from(object.address()),
            Self::Stdin => PathBuf::from("-"),
        }
    }
}

fn file_source(path: &Path, is_explicit: bool) -> Source {
    let name = path.file_name().map_or_else(|| path.to_string_lossy(), |name| name.to_string_lossy());
    Source { name: name.into_owned(), place: SourcePlace::File(path.to_owned()), is_explicit }
}

fn walk(folder: &Path, sources: &mut Vec<Source>) -> Result<(), IngestError> {
    let unreadable = |error: std::io::Error| IngestError::NoSource {
        path: folder.to_string_lossy().into_owned(),
        reason: error.to_string(),
    };
    let mut entries: Vec<PathBuf> = std::fs::read_dir(folder)
        .and_then(|entries| entries.map(|entry| entry.map(|entry| entry.path())).collect())
        .map_err(unreadable)?;
    entries.sort();
    for path in entries {
        let is_hidden = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
        let is_link = path.symlink_metadata().is_ok_and(|metadata| metadata.is_symlink());
        if is_hidden || is_table_folder(&path) || (is_link && path.is_dir()) {
            continue;
        }
        if path.is_dir() {
            // A folder that cannot be opened is told as a source that cannot be read; others are read all the same.
            if walk(&path, sources).is_err() {
                sources.push(file_source(&path, false));
            }
        } else if is_no_pipe(&path) {
            sources.push(file_source(&path, false));
        }
        if sources.len() > limits::SOURCES_MAX {
            return Err(IngestError::NoSource {
                path: folder.to_string_lossy().into_owned(),
                reason: format!("it holds more than {} files; name a smaller folder", limits::SOURCES_MAX),
            });
        }
    }
    Ok(())
}

/// Reading a pipe or a socket would wait for whoever writes to it. What cannot be looked at is told as such when it is read.
fn is_no_pipe(path: &Path) -> bool {
    path.metadata().map_or(true, |metadata| metadata.is_file())
}

fn expand(pattern: &str, sources: &mut Vec<Source>) -> Result<(), IngestError> {
    let nothing =
        |reason: &str| IngestError::NoSource { path: pattern.to_owned(), reason: reason.to_owned() };
    if !pattern.contains(['*', '?', '[']) {
        return Err(nothing("there is no such file or folder"));
    }
    let paths = glob::glob(pattern).map_err(|error| nothing(&format!("the pattern is wrong: {error}")))?;
    let before = sources.len();
    for path in paths.flatten() {
        if path.is_dir() {
            walk(&path, sources)?;
        } else if is_no_pipe(&path) {
            sources.push(file_source(&path, true));
        }
    }
    if sources.len() == before {
        return Err(nothing("no file matches the pattern"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_are_walked_in_order_and_hidden_files_and_tables_left_out() {
        let folder = tempfile::tempdir().expect("folder");
        std::fs::create_dir_all(folder.path().join("store/logs/_delta_log")).expect("a table");
        for name in ["b.jsonl", "a.jsonl", ".hidden", "store/logs/_delta_log/0.json", "store/logs/a.parquet"]
        {
            std::fs::write(folder.path().join(name), "x").expect("write");
        }
        let found = find_sources(&[folder.path().to_string_lossy().into_owned()]).expect("found");
        let names: Vec<_> = found.iter().map(|source| source.name.as_str()).collect();
        assert_eq!(names, ["a.jsonl", "b.jsonl"]);
    }

    #[cfg(unix)]
    #[test]
    fn sockets_in_a_folder_are_not_waited_for() {
        let folder = tempfile::tempdir().expect("folder");
        std::fs::write(folder.path().join("a.jsonl"), "x").expect("write");
        let _socket = std::os::unix::net::UnixListener::bind(folder.path().join("socket")).expect("socket");
        let found = find_sources(&[folder.path().to_string_lossy().into_owned()]).expect("found");
        assert_eq!(found.iter().map(|source| source.name.as_str()).collect::<Vec<_>>(), ["a.jsonl"]);
    }

    #[test]
    fn a_missing_file_says_so() {
        let error = find_sources(&["no/such.log".to_owned()]).expect_err("missing");
        assert!(error.to_string().contains("no such file"), "{error}");
    }
}
