//! The threads that decode and encode, apart from those that wait for the disk.
//!
//! Storage libraries start a thread for each file that they wait for, dozens at a time. Were chunks decoded on
//! whichever of them is free, each would in turn hold a chunk's memory for its next one: the allocator keeps
//! what a thread had for that thread.

use tokio::runtime::{Builder, Handle, Runtime};
use tokio::task::JoinHandle;

use crate::{IngestError, limits};

/// A few threads, left behind where an ingest ends early: nothing waits for what they decode then.
pub(crate) struct Workers {
    handle: Handle,
    /// Taken when they are left behind.
    runtime: Option<Runtime>,
}

impl Workers {
    /// As many as `threads`, for files to encode as for chunks. None is started before it has work.
    pub(crate) fn new(threads: usize) -> Result<Self, IngestError> {
        let runtime = Builder::new_current_thread()
            .max_blocking_threads(threads)
            .thread_stack_size(limits::STACK_BYTES)
            .build()
            .map_err(|error| IngestError::Task(error.to_string()))?;
        Ok(Self { handle: runtime.handle().clone(), runtime: Some(runtime) })
    }

    /// Does the work as soon as a thread is free, in the order in which it is given.
    pub(crate) fn spawn<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> JoinHandle<T> {
        self.handle.spawn_blocking(work)
    }
}

impl Drop for Workers {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}
