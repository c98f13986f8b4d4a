//! Nothing but dependencies: one feature set for everything that the engine is built from.
//!
//! See `.ci/unify-features.py`, which writes this crate's manifest.
