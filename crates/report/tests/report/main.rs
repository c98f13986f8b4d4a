//! What a report promises: every number cited, the same bytes, nothing that data can inject.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::case_sensitive_file_extension_comparisons,
    reason = "helpers of tests may panic, and the paths are ours"
)]

#[path = "../common/mod.rs"]
mod common;
mod figures;
mod injection;
mod payloads;
mod snapshots;
