//! A folder for what queries cannot hold in memory.
//!
//! The engine tidies up when a query ends by itself. One that its limit or Ctrl-C ends goes on for a moment on its own
//! threads, and a killed process tidies nothing: gigabytes would stay behind each time. So each process has a folder of
//! its own, removes it at its end, and what others left behind at its beginning: theirs are told by a lock, which the
//! system gives back with the process.

use std::fs::{DirBuilder, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// Names of the folders begin with it.
const PREFIX: &str = "fupan-spill-";

/// The engine may still write while its folder goes.
const ATTEMPTS: usize = 5;

/// A folder of this process, made when it is first asked for.
#[derive(Debug, Clone)]
pub(crate) struct SpillFolder {
    parent: PathBuf,
    made: Arc<Mutex<Option<Made>>>,
}

#[derive(Debug)]
struct Made {
    folder: PathBuf,
    /// Locked as long as it is open.
    _lock: File,
}

impl SpillFolder {
    pub(crate) fn below(parent: PathBuf) -> Self {
        Self { parent, made: Arc::default() }
    }

    /// The folder; what processes left behind that are gone is removed first.
    pub(crate) fn path(&self) -> io::Result<PathBuf> {
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(made) = made.as_ref() {
            return Ok(made.folder.clone());
        }
        remove_abandoned(&self.parent);
        let new = Made::new(&self.parent)?;
        Ok(made.insert(new).folder.clone())
    }

    /// Removes the folder, whatever still writes to it.
    pub(crate) fn remove(&self) {
        let made = self.made.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(made) = made else { return };
        for _ in 0..ATTEMPTS {
            if std::fs::remove_dir_all(&made.folder).is_ok() {
                break;
            }
        }
        let _ = std::fs::remove_file(lock_of(&made.folder));
    }
}

impl Made {
    /// The lock is held before the folder is there, so that nobody takes it for abandoned.
    fn new(parent: &Path) -> io::Result<Self> {
        let mut random = [0; 8];
        getrandom::fill(&mut random).map_err(io::Error::other)?;
        let folder = parent.join(format!("{PREFIX}{:016x}", u64::from_ne_bytes(random)));
        let lock = File::create_new(lock_of(&folder))?;
        lock.lock()?;
        private().create(&folder)?;
        Ok(Self { folder, _lock: lock })
    }
}

fn lock_of(folder: &Path) -> PathBuf {
    folder.with_extension("lock")
}

/// For its owner alone: rows are in it.
fn private() -> DirBuilder {
    let mut builder = DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder
}

/// What cannot be removed, such as another user's, stays.
fn remove_abandoned(parent: &Path) {
    for entry in std::fs::read_dir(parent).into_iter().flatten().flatten() {
        let folder = entry.path();
        let is_spill = entry.file_name().to_str().is_some_and(|name| name.starts_with(PREFIX));
        if is_spill && folder.is_dir() && is_abandoned(&folder) {
            let _ = std::fs::remove_dir_all(&folder);
            let _ = std::fs::remove_file(lock_of(&folder));
        }
    }
}

fn is_abandoned(folder: &Path) -> bool {
    match File::open(lock_of(folder)) {
        Ok(lock) => lock.try_lock().is_ok(),
        Err(error) => error.kind() == io::ErrorKind::NotFound,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_process_left_goes_and_what_one_uses_stays() {
        let parent = tempfile::tempdir().unwrap();
        let used = SpillFolder::below(parent.path().to_owned());
        let kept = used.path().unwrap();
        std::fs::write(kept.join("rows"), "x").unwrap();
        let left = Made::new(parent.path()).unwrap().folder;
        std::fs::write(left.join("rows"), "x").unwrap();
        let stranger = parent.path().join("notes");
        std::fs::create_dir(&stranger).unwrap();

        let new = SpillFolder::below(parent.path().to_owned());
        let folder = new.path().unwrap();
        assert!(kept.join("rows").is_file() && stranger.is_dir() && folder.is_dir());
        assert!(!left.exists() && !lock_of(&left).exists());
        assert_eq!(new.path().unwrap(), folder);

        new.remove();
        used.remove();
        let names = std::fs::read_dir(parent.path()).unwrap().map(|entry| entry.unwrap().file_name());
        assert_eq!(names.collect::<Vec<_>>(), ["notes"]);
    }
}
