//! Who writes into a local store, and whose turn is it?
//!
//! Ingests of files come one after the other: each knows then what those before it read, and a growing file that two of
//! them met at the same time counts once. Streams take no turn: they may never end. Whoever writes rows says so for as
//! long as it runs, so that a purge knows whether rows that nothing counts are of somebody who is about to count them.
//!
//! Both end with the process, however that ends. Where the file system knows no locks, and in buckets, there are none, and
//! what `docs/formats.md` says of two writers is true.

use std::fs::{File, TryLockError};
use std::path::Path;

use fupan_ingest::Source;

use crate::app::App;

/// In the folder of the store: whose turn it is.
const TURN: &str = ".ingest.lock";
/// In the folder of the store: who writes.
const WRITERS: &str = ".write.lock";

/// Keeps the turn until it is dropped; none where there are no turns. `has_waited` says that the store may have changed.
pub(crate) struct Turn {
    pub(crate) has_waited: bool,
    _file: File,
}

/// Says until it is dropped that somebody writes, or that nobody does.
pub(crate) struct Writing {
    _file: File,
}

/// Takes the next turn in the store, which exists; waits for it, and says so.
pub(crate) fn take(app: &App, sources: &[Source]) -> Option<Turn> {
    if sources.iter().any(Source::is_stream) {
        return None;
    }
    let file = lock_file(app, TURN)?;
    match file.try_lock() {
        Ok(()) => Some(Turn { has_waited: false, _file: file }),
        Err(TryLockError::WouldBlock) => {
            app.terminal.note("another ingest is reading into this store: waiting until it is through");
            file.lock().ok().map(|()| Turn { has_waited: true, _file: file })
        }
        Err(TryLockError::Error(_)) => None,
    }
}

/// For who writes rows into the store, which exists, beside others who do; waits for who has to be alone. None where
/// nothing can be said.
pub(crate) fn beside_others(app: &App) -> Option<Writing> {
    let file = lock_file(app, WRITERS)?;
    file.lock_shared().ok().map(|()| Writing { _file: file })
}

/// For who has to know that nobody else writes into the store; none where somebody does or that cannot be known.
pub(crate) fn alone(app: &App) -> Option<Writing> {
    let file = lock_file(app, WRITERS)?;
    file.try_lock().ok().map(|()| Writing { _file: file })
}

fn lock_file(app: &App, name: &str) -> Option<File> {
    let location = app.store_location();
    let folder = location.strip_prefix("file://").unwrap_or(&location);
    if folder.contains("://") {
        return None;
    }
    File::options().create(true).append(true).open(Path::new(folder).join(name)).ok()
}
