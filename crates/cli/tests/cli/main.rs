//! What does the command line answer? Standard output, standard error and exit code, as they are.
//!
//! Each test is a page of the manual: a workspace, a command, its answer.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on says so by panicking")]

mod asking;
mod bad_input;
mod ingesting;
mod maintaining;
mod mixed;
mod object_stores;
mod people;
mod world;
