//! Where the events are kept: Delta tables on Parquet below one root, append-only and durable.
//!
//! Promises: what was acknowledged is on disk; a chunk counts exactly once; after any crash the
//! store opens at the last finished chunk. Only this crate knows Delta, Parquet files and object
//! stores. It makes no SQL session.

mod append;
mod durable;
mod error;
mod files;
mod forget;
mod key;
mod ledger;
pub mod limits;
mod snapshot;
mod store;
mod table;
mod verify;

pub use append::{Appended, ChunkRows};
pub use durable::DurableLocalStore;
pub use error::StoreError;
pub use ledger::{Ledger, LedgerRow, text_map_builder};
pub use snapshot::{DataFile, StoreSnapshot, TableSnapshot};
pub use store::Store;
pub use verify::{Finding, Verification};
