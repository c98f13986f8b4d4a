//! What is planted in a world: when it hurts, what is configured, which days there are to compare with?

use std::fmt::Write as _;

use crate::Dice;

/// Microseconds of a minute.
pub const MINUTE: i64 = 60_000_000;
/// Microseconds of a week.
pub const WEEK: i64 = 7 * 24 * 60 * MINUTE;
const DAY: i64 = 24 * 60 * MINUTE;

/// 2026-03-02T00:00:00Z, a Monday.
const FIRST_DAY: i64 = 1_772_409_600_000_000;

/// Zones without daylight saving time, with their offsets in minutes.
const ZONES: [(&str, i64); 4] =
    [("UTC", 0), ("Asia/Shanghai", 480), ("Asia/Kolkata", 330), ("America/Bogota", -300)];

/// A stretch of minutes, from the impact's first minute on, its end excluded.
pub type Stretch = (i64, i64);

/// All that the dice decide before anything happens.
#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "each is a choice of its own")]
pub struct Plan {
    /// What the world is drawn from.
    pub seed: u64,
    /// The workspace's zone.
    pub zone: &'static str,
    /// Minutes by which its clocks are ahead of UTC.
    pub offset_minutes: i64,
    /// The first minute of the impact, in microseconds.
    pub start_us: i64,
    /// When users are hurt.
    pub stretches: Vec<Stretch>,
    /// Calm within a stretch that does not hold.
    pub relief: Option<Stretch>,
    /// Within a stretch, nothing gets through to the functions: a breaker is open.
    pub breaker: Option<Stretch>,
    /// Minutes after the beginning in which paying begins to fail, too; none where it goes on well.
    pub pay_fails_after: Option<i64>,
    /// Share of failures of what fails.
    pub failed_share: f64,
    /// Attempts of an order per minute.
    pub orders_per_minute: i64,
    /// How many people there are.
    pub people: i64,
    /// The weeks before of which there are data.
    pub weeks: Vec<i64>,
    /// The week before with an incident of its own, and the minutes from the start that it took.
    pub earlier: Option<(i64, Stretch)>,
    /// `baseline.comparable_days`.
    pub comparable_days: i64,
    /// `baseline.before` in minutes.
    pub before_minutes: i64,
    /// `baseline.guard` in minutes.
    pub guard_minutes: i64,
    /// `baseline.min_requests`.
    pub min_requests: i64,
    /// `baseline.min_effect`.
    pub min_effect: f64,
    /// `identity.grace_seconds`.
    pub grace_seconds: i64,
    /// Whether the gateway is marked as where users enter.
    pub has_entry: bool,
    /// Whether key actions are configured.
    pub has_actions: bool,
    /// Whether a session stands in for a user that is missing.
    pub counts_sessions: bool,
    /// Whether probes are left out.
    pub excludes_probes: bool,
    /// Whether the gateway's own rule says what failed: an answer 200 with a code.
    pub has_business_codes: bool,
}

impl Plan {
    /// Draws a plan.
    pub fn draw(seed: u64) -> Self {
        let mut dice = Dice::new(seed, "plan");
        let (zone, offset_minutes) = dice.pick(&ZONES);
        let local_minute = dice.between(8 * 60, 15 * 60);
        let day = FIRST_DAY + dice.between(0, 199) * DAY;
        let first = dice.between(20, 45);
        let mut stretches = vec![(0, first)];
        let (mut relief, mut breaker) = (None, None);
        match dice.between(0, 3) {
            // Calm of less than a quarter of an hour does not end it.
            0 => relief = Some((first / 2 - 3, first / 2 + dice.between(1, 5))),
            1 => breaker = Some((first / 2 - 4, first / 2 + 3)),
            2 => {
                let again = first + dice.between(18, 25);
                stretches.push((again, again + dice.between(10, 18)));
            }
            _ => {}
        }
        let mut weeks: Vec<i64> = (1..=4).filter(|_| dice.chance(0.6)).collect();
        if dice.chance(0.2) {
            weeks.clear();
        }
        let earlier = dice.chance(0.5).then(|| {
            let begins = dice.pick(&[-300, -10, 10, 400]);
            (dice.between(1, 4), (begins, begins + dice.between(15, 30)))
        });
        Self {
            seed,
            zone,
            offset_minutes,
            start_us: day + (local_minute - offset_minutes) * MINUTE,
            stretches,
            relief,
            breaker,
            pay_fails_after: dice.chance(0.5).then(|| dice.between(0, 3)),
            failed_share: dice.pick(&[0.5, 0.7, 0.9]),
            orders_per_minute: dice.between(12, 24),
            people: dice.pick(&[40, 120, 500]),
            weeks,
            earlier,
            comparable_days: dice.between(1, 4),
            before_minutes: dice.pick(&[30, 60]),
            guard_minutes: dice.pick(&[5, 10]),
            min_requests: dice.pick(&[50, 100, 200]),
            min_effect: dice.pick(&[0.02, 0.05]),
            grace_seconds: dice.pick(&[600, 1800]),
            has_entry: dice.chance(0.8),
            has_actions: dice.chance(0.7),
            counts_sessions: dice.chance(0.5),
            excludes_probes: dice.chance(0.6),
            has_business_codes: dice.chance(0.4),
        }
    }

    /// The instant of a minute, counted from the impact's first.
    pub const fn at(&self, minute: i64) -> i64 {
        self.start_us + minute * MINUTE
    }

    /// The minute after the last that hurts.
    pub fn end_minute(&self) -> i64 {
        self.stretches.last().map_or(0, |stretch| stretch.1)
    }

    /// Whether what fails is failing in that minute.
    pub fn is_failing(&self, minute: i64) -> bool {
        let within = |stretch: &Stretch| (stretch.0..stretch.1).contains(&minute);
        self.stretches.iter().any(within)
            && !self.relief.as_ref().is_some_and(within)
            && !self.breaker.as_ref().is_some_and(within)
    }

    /// Whether nothing gets through in that minute.
    pub fn is_shut(&self, minute: i64) -> bool {
        self.breaker.is_some_and(|(from, to)| (from..to).contains(&minute))
    }

    /// Whether that minute is near a change between harm and calm: what is planted must be seen there.
    pub fn is_near_edge(&self, minute: i64) -> bool {
        let edges = self.stretches.iter().chain(&self.relief).chain(&self.breaker);
        edges.flat_map(|(from, to)| [*from, *to]).any(|edge| (minute - edge).abs() <= 3)
    }

    /// The workspace's `fupan.toml`.
    pub fn config(&self) -> String {
        let mut text = format!("[workspace]\nzone = \"{}\"\nlanguage = [\"en\"]\n", self.zone);
        let mut line = |text_of: std::fmt::Arguments<'_>| {
            let _ = text.write_fmt(text_of);
            text.push('\n');
        };
        if self.has_entry || self.has_business_codes {
            line(format_args!("[services.gateway]\nentry = {}", self.has_entry));
        }
        if self.has_business_codes {
            line(format_args!(
                "sli = {{ bad = \"http_response_status_code >= 500 or coalesce(attributes['code'], '0') <> '0'\" }}"
            ));
        }
        if self.has_actions {
            for (name, method, route) in
                [("order", "POST", "/orders"), ("pay", "POST", "/pay"), ("browse", "GET", "/browse")]
            {
                line(format_args!(
                    "[actions.{name}]\nservices = [\"gateway\"]\nmethod = \"{method}\"\nroute = \"{route}\""
                ));
            }
        }
        let identity = if self.counts_sessions { "\"user_id\", \"session_id\"" } else { "\"user_id\"" };
        line(format_args!("[identity]\nuser = [{identity}]\ngrace_seconds = {}", self.grace_seconds));
        if self.excludes_probes {
            line(format_args!("exclude = \"coalesce(attributes['probe'], 'false') = 'true'\""));
        }
        line(format_args!(
            "[baseline]\nbefore = \"{}m\"\nguard = \"{}m\"\ncomparable_days = {}\nmin_requests = {}\nmin_effect = {}",
            self.before_minutes, self.guard_minutes, self.comparable_days, self.min_requests, self.min_effect
        ));
        text
    }
}
