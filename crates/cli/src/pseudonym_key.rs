//! Where is the key of the pseudonyms? In the environment, else in a file of the workspace that only its
//! owner reads; never in the store, which knows its fingerprint.

use std::io::Write;
use std::path::{Path, PathBuf};

use fupan_redact::{KeySource, PseudonymKey};

use crate::app::App;
use crate::failure::Failure;

/// Below the workspace's `.fupan/`.
const FILE: &str = "pseudonym.key";

/// What happens where there is no key yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Missing {
    /// One is made and kept.
    Make,
    /// One is made for this run: nothing is written with it.
    Pretend,
    /// That is an error.
    Fail,
}

/// The key, once it is needed; `fingerprint` is that of the key that the store was written with.
pub(crate) fn source(app: &App, fingerprint: Option<String>, missing: Missing) -> KeySource {
    let (given, path) = (app.surroundings.pseudonym_key.clone(), path(app));
    let shown = app.shown(&path);
    KeySource::new(move || {
        let key = match &given {
            Some(text) => {
                Some(PseudonymKey::parse(text).map_err(|error| format!("FUPAN_PSEUDONYM_KEY: {error}"))?)
            }
            None => read(&path, &shown)?,
        };
        match (key, &fingerprint) {
            (Some(key), Some(known)) if key.fingerprint() != *known => Err(format!(
                "the pseudonyms in this store were made with another key than that of {}\nhint: bring the key that they were made with",
                if given.is_some() { "FUPAN_PSEUDONYM_KEY" } else { shown.as_str() }
            )),
            (Some(key), _) => Ok(key),
            (None, Some(_)) if missing != Missing::Pretend => Err(format!(
                "the key of the pseudonyms in this store is not here: there is no {shown}\nhint: copy it from the workspace that has it, or set FUPAN_PSEUDONYM_KEY"
            )),
            (None, _) => match missing {
                Missing::Make => make(&path, &shown),
                Missing::Pretend => random(),
                Missing::Fail => Err(format!(
                    "there is no key yet: no {shown}, and FUPAN_PSEUDONYM_KEY is not set\nhint: the first ingest that needs one makes it"
                )),
            },
        }
    })
}

/// A key's failure as it is shown.
pub(crate) fn failure(reason: &str) -> Failure {
    match reason.split_once("\nhint: ") {
        Some((message, hint)) => Failure::storage(message).hint(hint),
        None => Failure::storage(reason),
    }
}

fn path(app: &App) -> PathBuf {
    app.workspace.join(".fupan").join(FILE)
}

fn read(path: &Path, shown: &str) -> Result<Option<PseudonymKey>, String> {
    match std::fs::read_to_string(path) {
        Ok(text) => PseudonymKey::parse(&text).map(Some).map_err(|error| format!("{shown}: {error}")),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(format!("cannot read the key {shown}: {error}")),
    }
}

fn random() -> Result<PseudonymKey, String> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(|error| format!("the system gives no random bytes: {error}"))?;
    Ok(PseudonymKey::new(bytes))
}

/// Makes a key file that only its owner reads. Whoever is second takes the first one's.
fn make(path: &Path, shown: &str) -> Result<PseudonymKey, String> {
    let cannot = |error: std::io::Error| format!("cannot write the key {shown}: {error}");
    let key = random()?;
    let folder = path.parent().unwrap_or(path);
    std::fs::create_dir_all(folder).map_err(cannot)?;
    // Whole or not there: others look for it at the same time.
    let staged = folder.join(format!(".{FILE}.{}.tmp", std::process::id()));
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&staged).map_err(cannot)?;
    file.write_all(format!("{}\n", key.to_hex()).as_bytes())
        .and_then(|()| file.sync_all())
        .map_err(cannot)?;
    let linked = std::fs::hard_link(&staged, path);
    let _ = std::fs::remove_file(&staged);
    match linked {
        Ok(()) => {
            if let Ok(folder) = std::fs::File::open(folder) {
                // Without it, a power failure could leave pseudonyms without their key.
                folder.sync_all().map_err(cannot)?;
            }
            Ok(key)
        }
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
            read(path, shown)?.ok_or_else(|| format!("the key {shown} was there and is gone"))
        }
        Err(error) => Err(cannot(error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_made_once_and_only_its_owner_reads_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(".fupan/pseudonym.key");
        assert!(read(&path, "key").unwrap().is_none());
        let first = make(&path, "key").unwrap();
        assert_eq!(make(&path, "key").unwrap().fingerprint(), first.fingerprint());
        assert_eq!(read(&path, "key").unwrap().unwrap().of("x"), first.of("x"));
        assert_eq!(
            std::fs::read_dir(folder.path().join(".fupan")).unwrap().count(),
            1,
            "nothing staged is left"
        );
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        }
        std::fs::write(&path, "short").unwrap();
        assert!(read(&path, "key").unwrap_err().contains("at least 32"));
    }
}
