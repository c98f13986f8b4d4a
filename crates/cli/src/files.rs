//! How are files written so that they are whole or not there, and only where they should be?

use std::ffi::OsStr;
use std::fs::File;
use std::io::Write;
use std::path::{Component, Path, PathBuf};

use crate::failure::Failure;

/// Longest name of a report's folder, in characters.
const FOLDER_CHARS_MAX: usize = 80;

/// Writes a file below `root` under a relative path: whole or not at all, and never through a link
/// that leads elsewhere. Answers whether it changed.
pub(crate) fn write_below(root: &Path, relative: &str, bytes: &[u8]) -> Result<bool, Failure> {
    let path = below(root, relative)?;
    if std::fs::read(&path).is_ok_and(|existing| existing == bytes) {
        return Ok(false);
    }
    write_whole(&path, bytes)?;
    Ok(true)
}

/// Reads a text file below `root`; none where it is not there.
pub(crate) fn read_below(root: &Path, relative: &str) -> Result<Option<String>, Failure> {
    let path = below(root, relative)?;
    match std::fs::read(&path) {
        Ok(bytes) => String::from_utf8(bytes).map(Some).map_err(|_| {
            Failure::new(crate::failure::ErrorKind::BadInput, format!("{} is not UTF-8 text", path.display()))
                .hint("save it as UTF-8, or move it aside to have it written anew")
        }),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(cannot("read", &path, &error)),
    }
}

/// The path of `relative` below `root`, whose folders are made; refused where it would leave `root`.
fn below(root: &Path, relative: &str) -> Result<PathBuf, Failure> {
    let is_inside = Path::new(relative).components().all(|part| matches!(part, Component::Normal(_)));
    let path = root.join(relative);
    let outside = || {
        Failure::storage(format!("refused to write {}: it is outside of {}", path.display(), root.display()))
    };
    if !is_inside || relative.is_empty() {
        return Err(outside());
    }
    let folder = path.parent().unwrap_or(root);
    let real = |path: &Path| path.canonicalize().map_err(|error| cannot("read", path, &error));
    // What is there already must lie inside before anything is made below it.
    let existing = folder.ancestors().find(|folder| folder.exists()).unwrap_or(root);
    if !real(existing)?.starts_with(real(root)?) {
        return Err(outside());
    }
    std::fs::create_dir_all(folder).map_err(|error| cannot("make the folder", folder, &error))?;
    Ok(path)
}

/// Writes a file: into a new one beside it, synced, then renamed over it.
pub(crate) fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let name = path.file_name().unwrap_or(OsStr::new("file")).to_string_lossy();
    let draft = path.with_file_name(format!(".{name}.{}.tmp", std::process::id()));
    let written = File::create(&draft)
        .and_then(|mut file| file.write_all(bytes).and_then(|()| file.sync_all()))
        .and_then(|()| std::fs::rename(&draft, path));
    written.map_err(|error| {
        // A draft that stays is harmless; the failure is what matters.
        let _ = std::fs::remove_file(&draft);
        cannot("write", path, &error)
    })
}

fn cannot(what: &str, path: &Path, error: &std::io::Error) -> Failure {
    Failure::storage(format!("cannot {what} {}: {error}", path.display()))
        .hint("check free space and permissions of the folder")
}

/// An incident's id as the name of a folder: letters, digits, `-`, `_` and inner dots stay. Where
/// anything else was in it, a few digits of its hash keep two ids apart.
pub(crate) fn folder_name(incident_id: &str) -> String {
    let is_safe = |letter: char| letter.is_alphanumeric() || matches!(letter, '-' | '_' | '.');
    let kept: String = incident_id
        .chars()
        .map(|letter| if is_safe(letter) { letter } else { '-' })
        .take(FOLDER_CHARS_MAX)
        .collect();
    let kept = kept.trim_matches(['.', '-']).to_owned();
    if kept == incident_id && !kept.is_empty() {
        return kept;
    }
    let hash = fupan_model::events::event_id(&["folder", incident_id]);
    format!("{kept}-{}", hash.get(..8).unwrap_or(&hash)).trim_start_matches('-').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hostile_id_stays_inside() {
        assert_eq!(folder_name("INC-2026-1105"), "INC-2026-1105");
        assert_eq!(folder_name("故障-7"), "故障-7");
        for id in ["../../etc", "..", "", "a/b", "con\u{0}", ".hidden", "/abs"] {
            let name = folder_name(id);
            assert!(!name.is_empty() && !name.contains('/') && !name.starts_with('.'), "{id:?} → {name}");
        }
        assert_ne!(folder_name("a/b"), folder_name("a:b"));
    }

    #[test]
    fn nothing_is_written_outside_of_the_folder() {
        let root = tempfile::tempdir().unwrap();
        assert!(write_below(root.path(), "charts/a.svg", b"x").unwrap());
        assert!(!write_below(root.path(), "charts/a.svg", b"x").unwrap());
        assert!(write_below(root.path(), "../a.svg", b"x").is_err());
        assert!(write_below(root.path(), "/tmp/a.svg", b"x").is_err());
        #[cfg(unix)]
        {
            let elsewhere = tempfile::tempdir().unwrap();
            std::os::unix::fs::symlink(elsewhere.path(), root.path().join("link")).unwrap();
            assert!(write_below(root.path(), "link/a.svg", b"x").is_err());
        }
    }
}
