//! What does the command line answer? Standard output, standard error and exit code, as they are.
//!
//! Each test is a page of the manual: a workspace, a command, its answer.

mod asking;
mod bad_input;
mod ingesting;
mod people;
mod world;
