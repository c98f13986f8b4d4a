//! campus-lunch: a campaign at lunch time exhausts the database pool of a campus food platform.
//!
//! Thursday, 2026-11-05, Asia/Shanghai. At 11:05 the campaign 「午餐满减」 multiplies the traffic, the
//! trading database's connection pool is exhausted, ordering and paying fail while searching and
//! browsing go on. At 11:19 a circuit breaker stops all orders: failures vanish, the harm does not.
//! The pool is raised, a cache brought in, and ordering reopened 41 minutes after the impact began.
//! `story.rs` holds every instant; `sample-data/campus-lunch/README.md` tells it with its numbers.

mod background;
mod clock;
mod documents;
mod monitors;
mod purchase;
mod readme;
mod recorder;
mod rows;
mod services;
mod story;
mod telemetry;
mod truth;
mod visits;

use std::collections::BTreeMap;

use crate::{Dice, World, WorldFile};
use recorder::Recorder;
use story::DAYS;
pub use truth::{ActionTruth, ServiceTruth, Truth, UserCounts};

/// The seed of the committed sample.
pub const SEED: u64 = 20_261_105;

/// The world of that seed: the same seed gives the same bytes.
pub fn generate(seed: u64) -> World {
    let mut files = BTreeMap::new();
    let mut csv = String::from(telemetry::CSV_HEADER);
    let mut days = Vec::new();
    let mut alerts = Vec::new();
    for day in DAYS {
        let mut recorder = Recorder::new(day);
        visits::play(&mut recorder, &mut Dice::new(seed, &format!("visits {}", day.date)));
        background::play(&mut recorder, &mut Dice::new(seed, &format!("background {}", day.date)));
        recorder.sort();
        let lines = rows::json_lines(day, &recorder.rows);
        files.insert(format!("logs/{}.jsonl.zst", day.date), compressed(lines));
        let mut dice = Dice::new(seed, &format!("telemetry {}", day.date));
        let measured = telemetry::csv_rows(&recorder, &mut dice, &mut csv);
        if day.is_incident {
            alerts = monitors::firings(&measured);
        }
        days.push(recorder);
    }
    files.insert("metrics.csv.zst".to_owned(), compressed(csv.into_bytes()));
    let truth = Truth::tally(seed, &days, &alerts);
    for (name, text) in [
        ("alerts.json", monitors::alerts_json(&alerts)),
        ("changes.json", documents::changes()),
        ("timeline.yaml", documents::timeline()),
        ("fupan.toml", documents::config()),
        ("README.md", readme::render(&truth)),
    ] {
        files.insert(name.to_owned(), plain(text));
    }
    let truth = serde_json::to_value(&truth).expect("the truth is text and numbers");
    files.insert("README.truth.json".to_owned(), plain(format!("{truth:#}\n")));
    World { files, truth }
}

fn compressed(bytes: Vec<u8>) -> WorldFile {
    WorldFile { bytes, is_compressed: true }
}

fn plain(text: String) -> WorldFile {
    WorldFile { bytes: text.into_bytes(), is_compressed: false }
}
