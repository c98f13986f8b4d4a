//! Small worlds by the hundred, and the right answers to what is asked about them.
//!
//! One seed gives one world: its configuration, requests of an incident and of the weeks before, what people
//! wrote and what alerts said. The [`oracle`] answers from the same values in memory, by the definitions; the
//! product answers from the files. Begin and end of the harm are planted.

pub mod oracle;
mod people;
mod plan;
mod traffic;

use std::collections::BTreeMap;

use crate::{Dice, World, WorldFile};

pub use people::{Alert, Entry, Incident, Written};
pub use plan::{MINUTE, Plan, Stretch, WEEK};
pub use traffic::{Reply, Request};

use oracle::Window;

/// An instant as RFC 3339, to the millisecond.
pub fn instant(at_us: i64) -> String {
    let at = chrono::DateTime::from_timestamp_micros(at_us).unwrap_or_default();
    at.to_rfc3339_opts(chrono::SecondsFormat::Millis, true)
}

/// A world, and what it was made from.
#[derive(Debug, Clone)]
pub struct SeededWorld {
    /// What was planted.
    pub plan: Plan,
    /// All requests, in order of time.
    pub requests: Vec<Request>,
    /// What people wrote.
    pub incidents: Vec<Incident>,
    /// What alerts said.
    pub alerts: Vec<Alert>,
}

fn timeline_path(incident: &Incident) -> String {
    format!("data/{}.yaml", incident.id)
}

impl SeededWorld {
    /// The world of that seed.
    pub fn draw(seed: u64) -> Self {
        let plan = Plan::draw(seed);
        Self {
            requests: traffic::simulate(&plan),
            incidents: people::incidents(&plan),
            alerts: people::alerts(&plan),
            plan,
        }
    }

    /// Its files: `fupan.toml`, and what is to be ingested below `data`.
    pub fn files(&self) -> World {
        let mut files = BTreeMap::new();
        let mut put = |name: String, text: String| {
            files.insert(name, WorldFile { bytes: text.into_bytes(), is_compressed: false });
        };
        put("fupan.toml".to_owned(), self.plan.config());
        for week in std::iter::once(0).chain(self.plan.weeks.iter().copied()) {
            let day = self.plan.start_us - week * WEEK;
            let of_day: Vec<Request> = self
                .requests
                .iter()
                .filter(|request| (request.at_us - day).abs() < WEEK / 2)
                .copied()
                .collect();
            put(format!("data/week-{week}.jsonl"), traffic::lines(&of_day));
        }
        if !self.alerts.is_empty() {
            put("data/alerts.json".to_owned(), people::alerts_json(&self.alerts));
        }
        for incident in &self.incidents {
            put(timeline_path(incident), self.timeline(incident, &incident.entries));
        }
        World { files, truth: serde_json::Value::Null }
    }

    /// The timelines that were mended later, as they stood before.
    pub fn files_before(&self) -> World {
        let mended = self.incidents.iter().filter_map(|incident| {
            let text = self.timeline(incident, incident.entries_before.as_ref()?);
            let file = WorldFile { bytes: text.into_bytes(), is_compressed: false };
            Some((timeline_path(incident), file))
        });
        World { files: mended.collect(), truth: serde_json::Value::Null }
    }

    fn timeline(&self, incident: &Incident, entries: &[Entry]) -> String {
        let is_earlier = self.incidents.first().is_none_or(|first| first.id != incident.id);
        let weeks = self.plan.earlier.filter(|_| is_earlier).map_or(0, |(week, _)| week);
        people::timeline(&self.plan, &incident.id, entries, self.plan.start_us - weeks * WEEK)
    }

    /// The impact as it was planted, seen from far after it.
    pub fn planted(&self) -> Window {
        let end = self.plan.at(self.plan.end_minute());
        Window { start: self.plan.start_us, end, as_of: i64::MAX }
    }

    /// A window that somebody asks about: to the second, and not where the harm begins.
    pub fn some_window(&self) -> Window {
        let mut dice = Dice::new(self.plan.seed, "window");
        let start = self.plan.start_us + dice.between(-10 * 60, 20 * 60) * 1_000_000;
        Window { start, end: start + dice.between(4 * 60, 40 * 60) * 1_000_000, as_of: i64::MAX }
    }

    /// The planted impact, seen before the time of grace is over.
    pub fn planted_seen_early(&self) -> Window {
        let mut dice = Dice::new(self.plan.seed, "as of");
        let planted = self.planted();
        Window { as_of: planted.end + dice.between(0, self.plan.grace_seconds - 1) * 1_000_000, ..planted }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_gives_the_same_world_again_and_another_one_another() {
        let files = |seed| SeededWorld::draw(seed).files().files;
        assert_eq!(files(5), files(5));
        assert_ne!(files(5), files(6));
    }

    #[test]
    fn the_oracle_finds_what_was_planted() {
        let world = SeededWorld::draw(4);
        let radius =
            oracle::blast_radius(&world.plan, &world.incidents, &world.requests, world.planted(), false);
        assert_eq!(radius["order-service"].class, "affected", "{radius:?}");
        assert_eq!(radius["new-service"].reason, "no_baseline");
        assert_eq!(radius["gone-service"].reason, "no_requests");
        let users = oracle::users(&world.plan, &world.incidents, &world.requests, world.planted());
        let all = users[&None];
        assert!(all.failed > 0 && all.failed == all.self_recovered + all.blocked, "{all:?}");
    }

    #[test]
    fn worlds_differ_in_what_they_hold() {
        let plans: Vec<Plan> = (0..60).map(Plan::draw).collect();
        assert!(
            plans.iter().any(|plan| plan.relief.is_some()) && plans.iter().any(|plan| plan.breaker.is_some())
        );
        assert!(
            plans.iter().any(|plan| plan.stretches.len() == 2)
                && plans.iter().any(|plan| plan.weeks.is_empty())
        );
    }
}
