//! What do the tables of a store say, as known at an instant?
//!
//! A [`Session`] is one snapshot of a store with the views of `queries/views/` over it. It answers
//! the queries of the [`Catalogue`] ([`Session::run`]) and read-only SQL of analysts
//! ([`Session::sql`]); every answer comes with a [`Receipt`] from which it can be re-run.
//!
//! ```text
//! StoreSnapshot ─▶ store.logs, store.metrics … (schema `store`, only for views)
//!                     └▶ queries/views/*.sql, as-of bound ─▶ logs, requests, incidents …
//!                           └▶ queries/<group>/<name>.sql, parameters bound ─▶ Answer + Receipt
//! ```
//!
//! # Tables that a query file may read
//!
//! * telemetry, as known at the session's instant: `logs`, `metrics`, `spans`, `log_templates`
//! * `requests`: request-shaped logs with `is_failed`, `is_slow`, `is_entry`, `is_excluded`, `action`,
//!   `is_key_action`, `user_key`, `user_kind`, `order_key`, `order_amount`, `segments`
//! * `incident_events`, `changes`: deduplicated, without what was superseded or retracted;
//!   `event_history`: all versions, with `hidden_by`
//! * `incidents`, `incident_milestones`, `impact_segments`, `notices`, `actions`
//! * `quarantine`, `ingests`
//! * from `fupan.toml`: `services`, `key_actions`, `grades`, `segments` and the one-row `settings`
//!
//! The header of each file in `queries/views/` lists its columns.
//!
//! # A query file
//!
//! A header of `-- key: value` lines, then one `select` (see [`catalogue::header`]). Parameters are
//! `$name`; besides its own, every query may use `$as_of` (the session's instant).
//!
//! # What this crate does not do
//!
//! It opens no file by path (only what the snapshot lists), writes nothing, reads no clock and no
//! environment. Results do not depend on the number of threads.

pub mod answer;
pub mod catalogue;
pub mod error;
pub mod functions;
pub mod limits;
mod provider;
pub mod sandbox;
pub mod session;
mod settings_tables;
mod views;

pub use answer::{Answer, ParamValue, Receipt};
pub use catalogue::{Catalogue, QueryFile};
pub use error::QueryError;
pub use limits::SqlLimits;
pub use session::{Assumption, ResidentBytes, Session, SessionSettings, TableDoc};
