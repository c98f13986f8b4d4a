use proptest::prelude::*;

use super::*;

/// Minutes of a service, made bin by bin from (attempts, failures).
struct World {
    attempts: Vec<f64>,
    failures: Vec<f64>,
    successes: Vec<f64>,
    expected: Option<Vec<f64>>,
}

impl World {
    fn new(bins: usize, demand: impl Fn(usize) -> f64) -> Self {
        let attempts: Vec<f64> = (0..bins).map(demand).collect();
        Self {
            failures: vec![0.0; bins],
            successes: attempts.clone(),
            expected: Some(attempts.clone()),
            attempts,
        }
    }

    fn bin(&mut self, bin: usize, attempts: f64, failures: f64) {
        self.attempts[bin] = attempts;
        self.failures[bin] = failures;
        self.successes[bin] = attempts - failures;
    }

    fn fail(&mut self, bins: std::ops::Range<usize>, share: f64) {
        for bin in bins {
            let attempts = self.attempts[bin];
            self.bin(bin, attempts, (attempts * share).round());
        }
    }

    fn segments_at(&self, bin_seconds: u32) -> Vec<Segment> {
        let scatter: Vec<f64> = self.expected.iter().flatten().map(|value| value * 0.05).collect();
        impact_segments(&SegmentInput {
            bin_seconds,
            attempts: &self.attempts,
            failures: &self.failures,
            successes: &self.successes,
            expected: self.expected.as_ref().map(|successes| Expected { successes, scatter: &scatter }),
            baseline_failures: Share { hits: 20, trials: 20_000 },
            rule: SegmentRule::default(),
        })
    }

    fn segments(&self) -> Vec<Segment> {
        self.segments_at(60)
    }
}

fn edges(segments: &[Segment]) -> Vec<(usize, Option<usize>)> {
    segments.iter().map(|segment| (segment.start_bin, segment.end_bin)).collect()
}

/// A campus at noon: 40 attempts a minute, rising to 400 and falling again.
fn lunch(bin: usize) -> f64 {
    (40.0 + 360.0 * (-((bin as f64 - 70.0) / 25.0).powi(2)).exp()).round()
}

#[test]
fn quiet_days_have_no_segment() {
    assert!(World::new(180, lunch).segments().is_empty());
    assert!(World::new(0, lunch).segments().is_empty());
}

#[test]
fn failing_minutes_are_found_to_the_minute() {
    let mut world = World::new(180, lunch);
    world.fail(50..91, 0.4);
    assert_eq!(edges(&world.segments()), [(50, Some(91))]);
}

#[test]
fn a_circuit_breaker_does_not_end_the_impact() {
    let mut world = World::new(180, lunch);
    world.fail(50..60, 0.6);
    for bin in 60..85 {
        world.bin(bin, 0.0, 0.0);
    }
    world.fail(85..91, 0.3);
    let segments = world.segments();
    assert_eq!(edges(&segments), [(50, Some(91))]);
    assert!(segments[0].reliefs.is_empty(), "no failures is no relief: {segments:?}");
    assert!(segments[0].short_bins >= 20 && segments[0].failing_bins >= 10);
    // With a handful of attempts let through, all of them successful, it is no relief either.
    for bin in 60..85 {
        world.bin(bin, 6.0, 0.0);
    }
    assert_eq!(edges(&world.segments()), [(50, Some(91))]);
    // Without any baseline, an empty stretch is unknown: it does not end the impact.
    world.expected = None;
    for bin in 60..85 {
        world.bin(bin, 0.0, 0.0);
    }
    let segments = world.segments();
    assert_eq!(edges(&segments), [(50, Some(91))]);
    assert!(segments[0].reliefs.is_empty());
}

#[test]
fn a_breaker_at_the_end_of_the_data_leaves_the_segment_open() {
    let mut world = World::new(100, lunch);
    world.fail(50..60, 0.6);
    for bin in 60..100 {
        world.bin(bin, 0.0, 0.0);
    }
    for with_baseline in [true, false] {
        if !with_baseline {
            world.expected = None;
        }
        let segments = world.segments();
        assert_eq!(edges(&segments), [(50, None)]);
        assert_eq!(segments[0].calm_since_bin, None);
    }
}

#[test]
fn demand_that_rises_during_the_incident_is_a_shortfall_though_successes_stay() {
    let mut world = World::new(180, lunch);
    for bin in 45..90 {
        // Capacity for 120 orders a minute; the others are turned away before they count.
        world.bin(bin, lunch(bin).min(120.0), 0.0);
    }
    let segments = world.segments();
    assert_eq!(segments.len(), 1);
    let first_short = (45..90).find(|&bin| lunch(bin) * 0.8 > 120.0).unwrap();
    assert!(segments[0].start_bin.abs_diff(first_short) <= 1, "{segments:?}");
    assert!(segments[0].end_bin.unwrap().abs_diff(90) <= 1, "{segments:?}");
    assert_eq!(segments[0].failing_bins, 0);
}

#[test]
fn a_campaign_far_above_the_baseline_ends_when_its_own_demand_succeeds() {
    let mut world = World::new(180, lunch);
    for bin in 60..180 {
        // Five times the demand of other days: first too much, then held off, then served.
        let demand = lunch(bin) * 5.0;
        match bin {
            62..75 => world.bin(bin, demand, (demand * 0.7).round()),
            75..95 => world.bin(bin, 3.0, 0.0),
            95..103 => world.bin(bin, demand, (demand * 0.1).round()),
            _ => world.bin(bin, demand, 0.0),
        }
    }
    let segments = world.segments();
    assert_eq!(edges(&segments), [(62, Some(103))]);
    assert!(segments[0].reliefs.is_empty());
}

#[test]
fn catching_up_afterwards_is_no_harm() {
    let mut world = World::new(180, lunch);
    world.fail(50..70, 0.5);
    for bin in 70..90 {
        world.bin(bin, lunch(bin) * 1.6, 1.0);
    }
    assert_eq!(edges(&world.segments()), [(50, Some(70))]);
}

#[test]
fn relief_that_does_not_hold_a_quarter_of_an_hour_is_part_of_the_segment() {
    let mut world = World::new(200, |_| 200.0);
    world.fail(50..60, 0.5);
    world.fail(68..80, 0.5);
    let segments = world.segments();
    assert_eq!(edges(&segments), [(50, Some(80))]);
    assert_eq!(segments[0].reliefs, [(60, 68)]);
}

#[test]
fn calm_that_holds_makes_two_segments() {
    let mut world = World::new(200, |_| 200.0);
    world.fail(50..60, 0.5);
    world.fail(75..80, 0.5);
    assert_eq!(edges(&world.segments()), [(50, Some(60)), (75, Some(80))]);
}

#[test]
fn calm_that_holds_in_thin_traffic_makes_two_segments_too() {
    for per_minute in [4.0, 12.0] {
        let mut world = World::new(200, |_| per_minute);
        world.expected = None;
        world.fail(50..70, 0.75);
        world.fail(88..110, 0.75);
        assert_eq!(edges(&world.segments()), [(50, Some(70)), (88, Some(110))], "{per_minute} a minute");
    }
}

#[test]
fn what_comes_after_calm_that_held_must_be_an_impact_by_itself() {
    let mut world = World::new(200, |_| 12.0);
    world.expected = None;
    world.fail(50..70, 0.75);
    world.bin(90, 12.0, 1.0);
    assert_eq!(edges(&world.segments()), [(50, Some(70))]);
}

#[test]
fn calm_that_has_not_lasted_yet_leaves_it_open_and_says_since_when() {
    let mut world = World::new(72, |_| 200.0);
    world.fail(50..60, 0.5);
    let segments = world.segments();
    assert_eq!(edges(&segments), [(50, None)]);
    assert_eq!(segments[0].calm_since_bin, Some(60));
}

#[test]
fn missing_minutes_are_not_calm() {
    let mut world = World::new(200, |_| 200.0);
    world.fail(50..60, 0.5);
    for bin in 60..85 {
        world.attempts[bin] = f64::NAN;
        world.failures[bin] = f64::NAN;
        world.successes[bin] = f64::NAN;
    }
    let segments = world.segments();
    assert_eq!(
        (segments[0].end_earliest_bin, segments[0].end_bin),
        (60, Some(85)),
        "the end lies in the gap"
    );
    world.fail(85..90, 0.5);
    assert_eq!(edges(&world.segments()), [(50, Some(90))], "25 minutes without data do not end it");
    // A gap before the start: it may have begun in there.
    let mut world = World::new(100, |_| 200.0);
    world.attempts[40..50].fill(f64::NAN);
    world.fail(50..60, 0.5);
    let segments = world.segments();
    assert_eq!((segments[0].start_earliest_bin, segments[0].start_bin), (40, 50));
}

#[test]
fn a_minute_lost_by_the_collector_does_not_move_the_end() {
    let mut world = World::new(200, |_| 200.0);
    world.fail(50..60, 0.5);
    world.attempts[66] = f64::NAN;
    assert_eq!(edges(&world.segments()), [(50, Some(60))]);
}

#[test]
fn few_requests_add_up_over_minutes() {
    // Two attempts a minute, every other minute one: no single minute proves anything.
    let mut world = World::new(240, |bin| 1.0 + (bin % 2) as f64);
    world.expected = None;
    for bin in 100..130 {
        let attempts = world.attempts[bin];
        world.bin(bin, attempts, 1.0);
    }
    let segments = world.segments();
    assert_eq!(segments.len(), 1);
    assert_eq!(segments[0].start_bin, 100);
    assert!(segments[0].end_bin.unwrap().abs_diff(130) <= 1, "{segments:?}");
    // One stray failure is not an incident.
    let mut world = World::new(240, |bin| 1.0 + (bin % 2) as f64);
    world.bin(120, 2.0, 1.0);
    assert!(world.segments().is_empty());
}

#[test]
fn significant_trifles_at_a_million_requests_are_calm() {
    let mut world = World::new(120, |_| 1_000_000.0);
    world.fail(50..70, 0.012);
    assert!(world.segments().is_empty());
    world.fail(50..70, 0.05);
    assert_eq!(edges(&world.segments()), [(50, Some(70))]);
}

#[test]
fn other_widths_of_bin_find_the_same_instants() {
    for bin_seconds in [10_u32, 30, 60, 300] {
        let minute = |bin: usize| bin as f64 * f64::from(bin_seconds) / 60.0;
        let bins = (180.0 * 60.0 / f64::from(bin_seconds)) as usize;
        let mut world = World::new(bins, |bin| 600.0 * f64::from(bin_seconds) / 60.0 + minute(bin));
        let (start, end) = (
            (50.0 * 60.0 / f64::from(bin_seconds)) as usize,
            (90.0 * 60.0 / f64::from(bin_seconds)) as usize,
        );
        world.fail(start..end, 0.3);
        assert_eq!(edges(&world.segments_at(bin_seconds)), [(start, Some(end))], "bins of {bin_seconds} s");
    }
}

#[test]
fn ragged_or_nonsense_input_is_survived() {
    let input = SegmentInput {
        bin_seconds: 0,
        attempts: &[10.0, f64::INFINITY, -5.0, 10.0],
        failures: &[10.0],
        successes: &[],
        expected: Some(Expected { successes: &[1.0], scatter: &[] }),
        baseline_failures: Share { hits: 0, trials: 0 },
        rule: SegmentRule { effect_min: 0.0, shortfall_min: 0.0, calm_seconds: 0 },
    };
    assert!(impact_segments(&input).len() <= 4);
}

/// A seeded source of noise (xorshift), so that a failure replays.
struct Noise(u64);

impl Noise {
    fn unit(&mut self) -> f64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        ((self.0 >> 11) as f64 + 0.5) / (1u64 << 53) as f64
    }

    fn normal(&mut self) -> f64 {
        (-2.0 * self.unit().ln()).sqrt() * (std::f64::consts::TAU * self.unit()).cos()
    }

    fn poisson(&mut self, mean: f64) -> f64 {
        if mean > 50.0 {
            return (mean + mean.sqrt() * self.normal()).round().max(0.0);
        }
        let (limit, mut product, mut count) = ((-mean).exp(), self.unit(), 0.0);
        while product > limit {
            product *= self.unit();
            count += 1.0;
        }
        count
    }
}

/// A day with four days before it as baseline, all noisy: counts and the level of the whole day.
fn noisy_segments(seed: u64, per_minute: f64, failing: std::ops::Range<usize>, share: f64) -> Vec<Segment> {
    let mut noise = Noise(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
    let bins = 240;
    let demand = |bin: usize| lunch(bin) / 100.0 * per_minute;
    let days: Vec<Vec<f64>> = (0..4)
        .map(|_| {
            let level = 1.0 + 0.05 * noise.normal();
            (0..bins).map(|bin| noise.poisson(demand(bin) * level)).collect()
        })
        .collect();
    let at = |bin: usize| -> Vec<f64> { days.iter().map(|day| day[bin]).collect() };
    let expected: Vec<f64> = (0..bins).map(|bin| crate::median(&at(bin)).unwrap()).collect();
    let scatter: Vec<f64> = (0..bins).map(|bin| 1.4826 * crate::mad(&at(bin)).unwrap()).collect();
    let mut world = World::new(bins, |_| 0.0);
    let level = 1.0 + 0.05 * noise.normal();
    for bin in 0..bins {
        let attempts = noise.poisson(demand(bin) * level);
        let error_share = if failing.contains(&bin) { share } else { 0.005 };
        let failures = noise.poisson(attempts * error_share).min(attempts);
        world.bin(bin, attempts, failures);
    }
    impact_segments(&SegmentInput {
        bin_seconds: 60,
        attempts: &world.attempts,
        failures: &world.failures,
        successes: &world.successes,
        expected: Some(Expected { successes: &expected, scatter: &scatter }),
        baseline_failures: Share { hits: 50, trials: 10_000 },
        rule: SegmentRule::default(),
    })
}

#[test]
fn noise_alone_is_seldom_an_impact_at_any_traffic() {
    for per_minute in [0.3, 2.0, 20.0, 300.0, 20_000.0] {
        let days = 200;
        let false_days =
            (0..days).filter(|&seed| !noisy_segments(seed, per_minute, 0..0, 0.0).is_empty()).count();
        assert!(
            false_days <= days as usize / 50,
            "{false_days} of {days} quiet days at {per_minute} a minute"
        );
    }
}

#[test]
fn edges_are_near_the_truth_at_any_traffic() {
    for (per_minute, minutes_off_max) in [(2.0, 15), (20.0, 2), (300.0, 0), (20_000.0, 0)] {
        let days = 100;
        let mut offs: Vec<usize> = (0..days)
            .map(|seed| {
                let segments = noisy_segments(seed, per_minute, 60..101, 0.4);
                let Some(first) = segments.first() else { return 240 };
                first.start_bin.abs_diff(60).max(first.end_bin.unwrap_or(240).abs_diff(101))
            })
            .collect();
        offs.sort_unstable();
        assert!(
            offs[75] <= minutes_off_max,
            "{per_minute} a minute: three of four within {} minutes",
            offs[75]
        );
    }
}

fn any_bin() -> impl Strategy<Value = (f64, f64)> {
    prop_oneof![
        4 => (0u32..60, 0.0..=1.0f64).prop_map(|(n, share)| (f64::from(n), (f64::from(n) * share).round())),
        4 => (0u32..60).prop_map(|n| (f64::from(n), 0.0)),
        1 => Just((f64::NAN, f64::NAN)),
        1 => Just((0.0, 0.0)),
    ]
}

proptest! {
    #[test]
    fn segments_are_ordered_disjoint_and_end_in_calm_that_was_seen(
        bins in prop::collection::vec(any_bin(), 0..200), has_baseline in any::<bool>(), bin_seconds in 1u32..400,
    ) {
        let mut world = World::new(bins.len(), |_| 30.0);
        for (bin, &(attempts, failures)) in bins.iter().enumerate() {
            world.bin(bin, attempts, failures);
        }
        if !has_baseline {
            world.expected = None;
        }
        let segments = world.segments_at(bin_seconds);
        let mut free_from = 0;
        for (index, segment) in segments.iter().enumerate() {
            prop_assert!(segment.start_earliest_bin <= segment.start_bin);
            prop_assert!(segment.start_bin >= free_from);
            prop_assert!(segment.start_bin < segment.end_earliest_bin);
            prop_assert!(!bins[segment.start_bin].0.is_nan(), "nothing starts in a gap");
            prop_assert!(segment.end_bin.is_some() || index + 1 == segments.len(), "only the last may be open");
            if let Some(end) = segment.end_bin {
                prop_assert!(segment.end_earliest_bin <= end && end < bins.len());
                prop_assert!(!bins[end].0.is_nan(), "a gap is not calm");
                free_from = end;
            }
            for &(start, end) in &segment.reliefs {
                prop_assert!(segment.start_bin < start && start < end && end < segment.end_earliest_bin);
            }
        }
    }
}

#[test]
fn without_a_baseline_two_stray_failures_do_not_make_an_hour_of_harm() {
    let mut world = World::new(120, |_| 10.0);
    world.expected = None;
    world.fail(10..30, 0.8);
    for bin in [85, 86] {
        world.bin(bin, 9.0, 1.0);
    }
    assert_eq!(edges(&world.segments()), [(10, Some(30))]);
    // With a gap in what is expected, too.
    world.expected = Some((0..120).map(|bin| if bin < 35 { 10.0 } else { f64::NAN }).collect());
    assert_eq!(edges(&world.segments()), [(10, Some(30))]);
}
