//! Does the process hold more than its queries may?
//!
//! The engine's pool counts what its operators ask for. Lists and texts that an aggregate collects, pages that are
//! being decoded and answers on their way are not in it, and can be many times as much. So what the process
//! really holds is looked at while a query runs.

use std::time::Duration;

/// What the engine's pool gets of the memory that queries may have: operators that can go to the disk begin to do
/// so before what is not counted makes it too much.
pub(super) const fn pool_bytes(memory_bytes: usize) -> usize {
    memory_bytes / 4 * 3
}

/// What the process holds in memory; none where the system does not tell.
pub type ResidentBytes = fn() -> Option<u64>;

/// How often it is looked at. A query takes in less than a gigabyte in a second.
const INTERVAL: Duration = Duration::from_millis(20);

/// Ends queries that hold too much.
#[derive(Debug)]
pub(super) struct MemoryWatch {
    resident_bytes: ResidentBytes,
    bytes_max: u64,
}

impl MemoryWatch {
    /// On top of what the process holds now: nearly twice what queries may have. The rest is for what is taken in
    /// until the next look.
    pub(super) fn new(resident_bytes: ResidentBytes, memory_bytes: usize) -> Option<Self> {
        let memory_bytes = memory_bytes as u64;
        let on_top = memory_bytes.saturating_mul(2).saturating_sub(memory_bytes / 8);
        Some(Self { resident_bytes, bytes_max: resident_bytes()?.saturating_add(on_top) })
    }

    /// Comes back when the process holds too much.
    pub(super) async fn exceeded(&self) {
        loop {
            tokio::time::sleep(INTERVAL).await;
            if (self.resident_bytes)().is_some_and(|bytes| bytes > self.bytes_max) {
                return;
            }
        }
    }
}
