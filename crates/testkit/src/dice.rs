//! Where does chance come from, and why is it the same everywhere?
//!
//! Each purpose has its own stream, named by a label, so that a change to one part of a world leaves
//! the draws of the others alone.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};

/// A stream of chance with the few draws that a simulation needs.
#[derive(Debug, Clone)]
pub struct Dice(ChaCha8Rng);

impl Dice {
    /// The stream of that seed for that purpose.
    pub fn new(seed: u64, purpose: &str) -> Self {
        let mut hasher = blake3::Hasher::new();
        hasher.update(&seed.to_le_bytes());
        hasher.update(purpose.as_bytes());
        Self(ChaCha8Rng::from_seed(*hasher.finalize().as_bytes()))
    }

    /// Uniform in `[0, 1)`, with 53 random bits.
    pub fn unit(&mut self) -> f64 {
        (self.0.next_u64() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// True with that probability.
    pub fn chance(&mut self, probability: f64) -> bool {
        self.unit() < probability
    }

    /// Uniform whole number from `low` to `high`, both included; `low` where the range is empty.
    pub fn between(&mut self, low: i64, high: i64) -> i64 {
        if high <= low {
            return low;
        }
        let width = (high - low + 1) as f64;
        low + (self.unit() * width) as i64
    }

    /// About normal with mean 0 and standard deviation 1: four uniforms, never beyond ±3.5.
    pub fn noise(&mut self) -> f64 {
        let sum = self.unit() + self.unit() + self.unit() + self.unit();
        (sum - 2.0) * 1.732
    }

    /// One of the choices.
    pub fn pick<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.between(0, choices.len() as i64 - 1) as usize]
    }

    /// Puts the items into random order.
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            let other = self.between(0, last as i64) as usize;
            items.swap(last, other);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_and_purpose_give_the_same_draws_on_every_platform() {
        let mut dice = Dice::new(7, "test");
        let drawn: Vec<i64> = (0..6).map(|_| dice.between(1, 100)).collect();
        let mut again = Dice::new(7, "test");
        assert_eq!(drawn, (0..6).map(|_| again.between(1, 100)).collect::<Vec<_>>());
        let mut other = Dice::new(7, "another purpose");
        assert_ne!(drawn, (0..6).map(|_| other.between(1, 100)).collect::<Vec<_>>());
    }

    #[test]
    fn noise_is_centred_and_about_one_wide() {
        let mut dice = Dice::new(1, "noise");
        let draws: Vec<f64> = (0..20_000).map(|_| dice.noise()).collect();
        let mean = draws.iter().sum::<f64>() / 20_000.0;
        let variance = draws.iter().map(|draw| (draw - mean) * (draw - mean)).sum::<f64>() / 20_000.0;
        assert!(mean.abs() < 0.03, "{mean}");
        assert!((variance - 1.0).abs() < 0.05, "{variance}");
    }
}
