//! Tests that read like the manual: SQL in `queries/**.slt` (mirrors `queries/`), with the tables
//! that they need in `.ndjson` files beside them.

pub mod fixtures;
