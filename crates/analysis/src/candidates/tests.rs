use proptest::prelude::*;

use super::*;

fn metric(service: &str, departure: f64, onset: f64) -> Candidate {
    Candidate {
        departure: Some(departure),
        onset_offset_seconds: Some(onset),
        ..Candidate::new(CandidateKind::Metric, service, "some metric")
    }
}

fn change(service: &str, offset: f64, service_departure: Option<f64>) -> Candidate {
    Candidate {
        onset_offset_seconds: Some(offset),
        service_departure,
        ..Candidate::new(CandidateKind::Change, service, "a change")
    }
}

fn pool(service: &str, offset: f64) -> Candidate {
    Candidate {
        departure: Some(12.0),
        onset_offset_seconds: Some(offset - 60.0),
        saturation: Some(Saturation { share: 1.0, offset_seconds: offset }),
        ..Candidate::new(CandidateKind::Saturation, service, "connections in use")
    }
}

fn symptom(service: &str) -> Candidate {
    Candidate { is_symptom: true, ..metric(service, 19.0, 0.0) }
}

fn order(candidates: &[Candidate]) -> Vec<usize> {
    rank(candidates).ranked.iter().map(|entry| entry.index).collect()
}

#[test]
fn a_full_pool_before_the_errors_leads_and_one_that_filled_up_behind_them_does_not() {
    let candidates = [symptom("front"), pool("queue", 200.0), pool("db", -80.0), metric("front", 9.0, 30.0)];
    assert_eq!(order(&candidates)[0], 2);
    assert!(
        matches!(rank(&candidates).ranked[0].reasons[0].reason, Reason::SaturatedBefore { seconds, .. } if (seconds - 80.0).abs() < 1e-9)
    );
}

#[test]
fn a_deployment_near_in_time_is_innocent_where_its_service_stayed_calm() {
    let guilty = Candidate { service_onset_offset_seconds: Some(-60.0), ..change("pay", -400.0, Some(8.0)) };
    let candidates =
        [change("profile", -30.0, Some(0.3)), guilty, change("search", -20.0, Some(0.0)), symptom("pay")];
    let ranking = rank(&candidates);
    assert_eq!(ranking.ranked[0].index, 1);
    let innocent = ranking.ranked.iter().find(|entry| entry.index == 0).unwrap();
    assert!(innocent.score < 0.0 && innocent.certainty == Certainty::Unknown);
    assert!(innocent.reasons.iter().any(|reason| matches!(reason.reason, Reason::ServiceCalm { .. })));
}

#[test]
fn a_change_after_the_symptom_or_after_the_departure_is_not_its_cause() {
    let late = Candidate { service_onset_offset_seconds: Some(-60.0), ..change("pay", 300.0, Some(15.0)) };
    assert!(rank(&[late]).ranked[0].score < 0.0);
    let before = Candidate { service_onset_offset_seconds: Some(-60.0), ..change("pay", -200.0, Some(8.0)) };
    let behind = Candidate { service_onset_offset_seconds: Some(-600.0), ..before.clone() };
    assert_eq!(order(&[behind, before]), [1, 0]);
}

#[test]
fn a_campaign_whose_traffic_rose_just_before_the_symptom_ranks_high() {
    let campaign = Candidate {
        departure: Some(14.0),
        service_onset_offset_seconds: Some(-85.0),
        ..change("gateway", -90.0, Some(14.0))
    };
    let candidates = [
        symptom("order"),
        symptom("pay"),
        metric("order", 11.0, 45.0),
        change("profile", -60.0, Some(0.2)),
        campaign,
        pool("db", -40.0),
    ];
    let best_two = &order(&candidates)[..2];
    assert!(best_two.contains(&4) && best_two.contains(&5), "{best_two:?}");
}

#[test]
fn symptoms_rank_below_causes_with_earlier_onsets_even_if_they_are_louder() {
    assert_eq!(order(&[symptom("front"), metric("db", 6.0, -120.0), metric("front", 6.0, 400.0)])[0], 1);
}

#[test]
fn what_is_found_in_failing_requests_comes_first() {
    let template = |lift| Candidate {
        specificity_lift: Some(lift),
        ..Candidate::new(CandidateKind::Template, "order", format!("lift {lift}"))
    };
    assert_eq!(order(&[template(1.0), template(40.0), template(0.2)]), [1, 0, 2]);
}

#[test]
fn many_alike_or_none_of_weight_is_not_enough_evidence() {
    assert!(!rank(&[]).is_enough);
    assert!(!rank(&[change("a", -60.0, None)]).is_enough, "a change alone proves nothing");
    let alike: Vec<Candidate> =
        ["a", "b", "c", "d"].iter().map(|service| metric(service, 9.0, -60.0)).collect();
    let ranking = rank(&alike);
    assert!(!ranking.is_enough);
    assert!(ranking.ranked.iter().all(|entry| entry.rank == 1 && entry.certainty == Certainty::Unknown));
    let one_service: Vec<Candidate> = (0..4).map(|_| metric("a", 9.0, -60.0)).collect();
    assert!(rank(&one_service).is_enough, "several series of one service are one finding");
}

#[test]
fn only_people_make_it_certain() {
    let ranking = rank(&[pool("db", -60.0), Candidate { is_confirmed: true, ..change("pay", -60.0, None) }]);
    assert_eq!(ranking.ranked[0].certainty, Certainty::Inferred);
    assert_eq!(ranking.ranked[1].certainty, Certainty::Certain);
}

fn any_candidate() -> impl Strategy<Value = Candidate> {
    let number = || {
        proptest::option::of(
            prop_oneof![9 => -2_000f64..2_000.0, 1 => Just(f64::NAN), 1 => Just(f64::INFINITY)],
        )
    };
    (0usize..3, "[a-c]", "[a-d]", number(), number(), number(), number(), number(), any::<bool>()).prop_map(
        |(kind, service, subject, departure, onset, lift, service_departure, service_onset, is_symptom)| {
            Candidate {
                departure,
                onset_offset_seconds: onset,
                specificity_lift: lift,
                is_symptom,
                service_departure,
                service_onset_offset_seconds: service_onset,
                ..Candidate::new(
                    [CandidateKind::Change, CandidateKind::Metric, CandidateKind::Template][kind],
                    service,
                    subject,
                )
            }
        },
    )
}

proptest! {
    #[test]
    fn the_points_add_up_and_the_order_of_arrival_does_not_matter(candidates in prop::collection::vec(any_candidate(), 0..12)) {
        let ranking = rank(&candidates);
        for pair in ranking.ranked.windows(2) {
            prop_assert!(pair[0].score >= pair[1].score && pair[0].rank <= pair[1].rank);
        }
        for entry in &ranking.ranked {
            prop_assert!(entry.score.is_finite() && (0.0..1.0).contains(&entry.strength));
            let sum: f64 = entry.reasons.iter().map(|reason| reason.points).sum();
            prop_assert!((sum - entry.score).abs() < 1e-9);
        }
        let mut turned = candidates.clone();
        turned.reverse();
        let names = |candidates: &[Candidate]| -> Vec<(String, String, u64)> {
            let ranking = rank(candidates);
            let entries = ranking.ranked.iter();
            entries.map(|e| (candidates[e.index].service.clone(), candidates[e.index].subject.clone(), e.score.to_bits())).collect()
        };
        prop_assert_eq!(names(&candidates), names(&turned));
    }
}
