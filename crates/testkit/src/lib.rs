//! Worlds with known answers: what would fupan have to find in an incident that we made ourselves?
//!
//! A world is the files that a team would hand in after an incident, together with the truth about
//! it. Both come from one simulation and one seed; the truth is tallied while the simulation runs and
//! never read back from the files, so a mistake in the files cannot hide in it.
//!
//! And the scoreboard: which promises are kept, proven by which figures.
//!
//! The same seed gives the same bytes on every platform: only integers, IEEE additions,
//! multiplications and divisions are used, no function whose last digit depends on a C library.

pub mod campus_lunch;
mod dice;
pub mod scoreboard;
pub mod seeded;
mod world;

pub use dice::Dice;
pub use world::{World, WorldFile, WriteError};
