//! Why can there be no folder at a path?

use std::io::ErrorKind;
use std::path::Path;

/// What is in the way, in words; none where nothing is. May leave an empty folder at the path.
pub(crate) fn obstacle(path: &Path) -> Option<String> {
    let existing = path.ancestors().find(|above| !above.as_os_str().is_empty() && above.exists());
    if let Some(file) = existing.filter(|above| !above.is_dir()) {
        return Some(if file == path {
            "it is a file, not a folder".to_owned()
        } else {
            format!("{} is a file, not a folder", file.display())
        });
    }
    let error = std::fs::create_dir_all(path).and_then(|()| std::fs::read_dir(path).map(drop)).err();
    if let Some(error) = error {
        return Some(words(&error));
    }
    let probe = path.join(format!(".probe.{}.tmp", std::process::id()));
    let written = std::fs::File::create_new(&probe).and_then(|_| std::fs::remove_file(&probe));
    written.err().map(|error| words(&error))
}

fn words(error: &std::io::Error) -> String {
    match error.kind() {
        ErrorKind::PermissionDenied => "you have no permission to write there".to_owned(),
        ErrorKind::NotFound => "no folder can be made there".to_owned(),
        ErrorKind::ReadOnlyFilesystem => "that file system is read-only".to_owned(),
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => "the disk is full".to_owned(),
        _ => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_in_the_way_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("notes.txt");
        std::fs::write(&file, "x").unwrap();
        assert_eq!(obstacle(&file).unwrap(), "it is a file, not a folder");
        let below = obstacle(&file.join("store")).unwrap();
        assert!(below.ends_with("notes.txt is a file, not a folder"), "{below}");
        assert_eq!(obstacle(&folder.path().join("new/store")), None);
    }
}
