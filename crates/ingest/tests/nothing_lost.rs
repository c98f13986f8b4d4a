//! Promises: exit 0 means on disk; all or nothing per chunk; damage is found and named. Here disks
//! fail, run full, lose power and tell lies.
//!
//! Each test is a row of `docs/scoreboard.md` and prints what it found as `figure: …`. With
//! `FUPAN_BOARD=full` it does the whole of its row, otherwise a sample that ends within seconds.

#![allow(clippy::panic, clippy::print_stdout, reason = "a test says what it found, and fails aloud")]

#[path = "nothing_lost/between.rs"]
mod between;
#[path = "nothing_lost/bit_flips.rs"]
mod bit_flips;
#[path = "nothing_lost/child.rs"]
mod child;
#[path = "nothing_lost/copies.rs"]
mod copies;
#[path = "nothing_lost/disk.rs"]
mod disk;
#[path = "nothing_lost/errors.rs"]
mod errors;
#[path = "nothing_lost/guards.rs"]
mod guards;
#[path = "nothing_lost/huge.rs"]
mod huge;
#[path = "nothing_lost/image.rs"]
mod image;
#[path = "nothing_lost/kill_points.rs"]
mod kill_points;
#[path = "nothing_lost/outcomes.rs"]
mod outcomes;
#[path = "nothing_lost/overlaps.rs"]
mod overlaps;
#[path = "nothing_lost/power_loss.rs"]
mod power_loss;
#[path = "nothing_lost/rebuild.rs"]
mod rebuild;
#[path = "nothing_lost/world.rs"]
mod world;
#[path = "nothing_lost/writers.rs"]
mod writers;
