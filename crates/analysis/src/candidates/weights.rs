//! How much each kind of evidence weighs, in points. One point is weak, three are strong.

/// Most that a departure gives, times its strength (0 to 1).
pub const DEPARTURE: f64 = 3.0;

/// Its onset lies before the symptom's.
pub const ONSET_BEFORE: f64 = 2.0;

/// Its onset lies within [`TOGETHER_SECONDS`] of the symptom's: cannot be told apart.
pub const ONSET_TOGETHER: f64 = 1.0;

/// Most that an onset after the symptom's takes away, reached at [`AFTER_FULL_SECONDS`].
pub const ONSET_AFTER: f64 = -2.0;

/// It is what users feel: the thing to be explained.
pub const SYMPTOM: f64 = -2.5;

/// Ten times as often in failing requests as in others; logarithmic, at most twice this.
pub const LIFT_PER_DECADE: f64 = 1.0;

/// Full before the symptom.
pub const SATURATED_BEFORE: f64 = 3.0;

/// Full, but only afterwards: queues fill up behind every failure.
pub const SATURATED_AFTER: f64 = 0.5;

/// A change just before the symptom; fades with [`CHANGE_FADE_SECONDS`].
pub const CHANGE_BEFORE: f64 = 2.0;

/// A change after the symptom cannot have caused it.
pub const CHANGE_AFTER: f64 = -4.0;

/// Most that the departure of the changed service gives, times its strength.
pub const SERVICE_DEPARTED: f64 = 2.0;

/// The changed service was looked at and stayed calm.
pub const SERVICE_CALM: f64 = -3.0;

/// The changed service departed soon after the change.
pub const FOLLOWED_CHANGE: f64 = 2.0;

/// The changed service had departed before the change: the change came too late for it.
pub const PRECEDED_CHANGE: f64 = -1.5;

/// Seconds within which two onsets count as together: the usual scrape interval and a bin.
pub const TOGETHER_SECONDS: f64 = 30.0;

/// Seconds after the symptom at which [`ONSET_AFTER`] is reached.
pub const AFTER_FULL_SECONDS: f64 = 300.0;

/// Seconds before the symptom from which an earlier onset begins to fade…
pub const EARLY_SECONDS: f64 = 900.0;

/// …with this time constant: what moved hours before is seldom the trigger.
pub const EARLY_FADE_SECONDS: f64 = 2_700.0;

/// Time constant with which the suspicion of a change fades.
pub const CHANGE_FADE_SECONDS: f64 = 1_800.0;

/// Seconds after a change within which a departure counts as following it.
pub const FOLLOWS_SECONDS: f64 = 900.0;

/// Share of the capacity that counts as full.
pub const SATURATED_SHARE: f64 = 0.95;

/// Departure strength below which a service stayed calm (a shift of one scatter).
pub const CALM_STRENGTH: f64 = 0.25;

/// Points from which a candidate is named at all.
pub const SCORE_MIN: f64 = 3.0;

/// Score at which [`super::Ranked::strength`] is one half.
pub const SCORE_HALF: f64 = 4.0;

/// Candidates within so many points of the best lead together with it.
pub const LEAD_POINTS: f64 = 0.5;

/// More services than this in the lead, and the evidence does not separate them.
pub const LEADERS_SERVICES_MAX: usize = 2;
