//! Where the events are kept: Delta tables on Parquet below one root, append-only and durable.
//!
//! Promises: what was acknowledged is on disk; a chunk counts exactly once; after any crash the
//! store opens at the last finished chunk. Only this crate knows Delta, Parquet files and object
//! stores. It makes no SQL session.

mod append;
mod columns;
mod compact;
mod conditional;
mod disk;
mod durable;
mod error;
mod files;
mod forget;
mod health;
mod key;
mod ledger;
mod ledger_merge;
mod left_behind;
pub mod limits;
mod location;
mod log_files;
mod numbered;
mod objects;
mod purge;
mod remote;
mod repair;
mod rewrite;
mod samples;
mod seal;
mod series;
mod snapshot;
mod state;
mod store;
mod table;
mod trouble;
mod verify;

pub use append::{Appended, ChunkRows, Contested, EncodedChunks, FileWriter, IsRival};
pub use compact::Compaction;
pub use disk::{Disk, DiskFile, LocalDisk};
pub use durable::DurableLocalStore;
pub use error::StoreError;
pub use forget::{Meant, Wanted};
pub use health::{Health, delta_library_version};
pub use ledger::{Ledger, LedgerRow, text_map_builder};
pub use left_behind::LeftBehind;
pub use location::is_table_folder;
pub use numbered::plain;
pub use objects::{FoundObject, ObjectReader, RemoteObject, find_objects};
pub use purge::Purge;
pub use remote::{RemoteOptions, is_remote};
pub use repair::Repair;
pub use series::{DESCRIBING_COLUMNS, series_schema};
pub use snapshot::{DataFile, StoreSnapshot, TableSnapshot};
pub use store::Store;
pub use trouble::RemoteTrouble;
pub use verify::{Damage, Finding, Verification};
