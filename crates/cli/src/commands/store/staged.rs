//! What did writers leave behind that died between staging a file and giving it its name?
//!
//! Such files are in no listing and in no answer; but they hold rows.

use std::fs;
use std::path::{Path, PathBuf};

use fupan_model::Micros;

/// A writer that is alive renames what it staged within seconds.
const AGE_SECONDS_MIN: i64 = 3600;

/// Staged files of dead writers below a local store; none where the store is somewhere else.
pub(crate) fn left_behind(location: &str, now: Micros) -> Vec<PathBuf> {
    let path = location.strip_prefix("file://").unwrap_or(location);
    let mut found = Vec::new();
    if !path.contains("://") {
        collect(Path::new(path), now, &mut found);
    }
    found.sort();
    found
}

fn collect(folder: &Path, now: Micros, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let (path, kind) = (entry.path(), entry.file_type());
        if kind.is_ok_and(|kind| kind.is_dir()) {
            collect(&path, now, found);
        } else if is_staged(&entry.file_name().to_string_lossy())
            && let Ok(modified) = entry.metadata().and_then(|found| found.modified())
            && now.0 - Micros::from_datetime(modified.into()).0 > AGE_SECONDS_MIN * Micros::PER_SECOND
        {
            found.push(path);
        }
    }
}

/// `NAME#DIGITS`.
fn is_staged(name: &str) -> bool {
    name.rsplit_once('#')
        .is_some_and(|(_, digits)| !digits.is_empty() && digits.chars().all(|letter| letter.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_staged_long_ago_is_left_behind() {
        let folder = tempfile::tempdir().unwrap();
        let staged = folder.path().join("logs/date=2026-11-05/a.parquet#4711000001");
        fs::create_dir_all(staged.parent().unwrap()).unwrap();
        for path in [&staged, &folder.path().join("logs/b.parquet"), &folder.path().join("notes#draft")] {
            fs::write(path, "x").unwrap();
        }
        let now = Micros::from_datetime(fs::metadata(&staged).unwrap().modified().unwrap().into());
        let location = folder.path().to_string_lossy().into_owned();
        assert_eq!(left_behind(&location, now), Vec::<PathBuf>::new());
        assert_eq!(left_behind(&location, Micros(now.0 + 2 * 3_600_000_000)), [staged]);
        assert_eq!(left_behind("s3://bucket/store", now), Vec::<PathBuf>::new());
    }
}
