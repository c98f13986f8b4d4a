//! Whose turn is it? Ingests of files into one local store come one after the other: each knows then what those before it
//! read, and a growing file that two of them met at the same time counts once.
//!
//! The turn ends with the process, however that ends. Streams take none: they may never end. Where the file system knows
//! no locks, and in buckets, there are no turns, and what `docs/formats.md` says of two writers is true.

use std::fs::{File, TryLockError};
use std::path::Path;

use fupan_ingest::Source;

use crate::app::App;

/// In the folder of the store.
const NAME: &str = ".ingest.lock";

/// Keeps the turn until it is dropped; none where there are no turns. `has_waited` says that the store may have changed.
pub(super) struct Turn {
    pub(super) has_waited: bool,
    _file: File,
}

/// Takes the next turn in the store, which exists; waits for it, and says so.
pub(super) fn take(app: &App, sources: &[Source]) -> Option<Turn> {
    let location = app.store_location();
    if location.contains("://") || sources.iter().any(Source::is_stream) {
        return None;
    }
    let file = File::options().create(true).append(true).open(Path::new(&location).join(NAME)).ok()?;
    match file.try_lock() {
        Ok(()) => Some(Turn { has_waited: false, _file: file }),
        Err(TryLockError::WouldBlock) => {
            app.terminal.note("another ingest is reading into this store: waiting until it is through");
            file.lock().ok().map(|()| Turn { has_waited: true, _file: file })
        }
        Err(TryLockError::Error(_)) => None,
    }
}
