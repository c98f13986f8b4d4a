//! How far is an ingest? A bar on a terminal, nothing elsewhere.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use fupan_ingest::Progress;
use indicatif::{ProgressBar, ProgressStyle};

use crate::terminal::inert;

/// Counts bytes on disk over all sources.
pub(crate) struct Bar {
    bar: ProgressBar,
    /// Bytes of the sources before the current one.
    before: AtomicU64,
    /// Size of the current source.
    size: Mutex<u64>,
}

impl Bar {
    /// A bar for so many bytes in all; invisible unless `is_shown`.
    pub(crate) fn new(total: u64, is_shown: bool) -> Self {
        let bar = if is_shown { ProgressBar::new(total) } else { ProgressBar::hidden() };
        let form =
            "{bar:24} {percent:>3} %  {bytes} of {total_bytes}, {bytes_per_sec}, {eta} left  {wide_msg}";
        if let Ok(style) = ProgressStyle::with_template(form) {
            bar.set_style(style);
        }
        Self { bar, before: AtomicU64::new(0), size: Mutex::new(0) }
    }

    /// Takes the bar away.
    pub(crate) fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

impl Progress for Bar {
    fn source(&self, name: &str, size: Option<u64>) {
        if let Ok(mut current) = self.size.lock() {
            let done = self.before.fetch_add(*current, Ordering::Relaxed) + *current;
            *current = size.unwrap_or_default();
            self.bar.set_position(done);
        }
        self.bar.set_message(inert(name));
    }

    fn position(&self, compressed_bytes: u64) {
        self.bar.set_position(self.before.load(Ordering::Relaxed) + compressed_bytes);
    }
}
