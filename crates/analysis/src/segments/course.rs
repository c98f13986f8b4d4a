//! Which course through calm and harm explains all bins best?

use std::ops::Range;

use super::{Evidence, LEAVE_COST};

/// What a bin is taken for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    Calm,
    Failing,
    Outage,
    Short,
}

const STATES: [State; 4] = [State::Calm, State::Failing, State::Outage, State::Short];

/// Cost of going over from one kind of harm to the other: it is one incident, so little.
const CHANGE_COST: f64 = 1.0;

fn cost(from: State, to: State, enter_cost: f64) -> f64 {
    match (from, to) {
        _ if from == to => 0.0,
        (State::Calm, _) => enter_cost,
        (_, State::Calm) => LEAVE_COST,
        _ => CHANGE_COST,
    }
}

/// Where the course is calm, or where it is not, from the first bin on.
pub(super) fn stretches(course: &[State], is_calm: bool) -> impl Iterator<Item = Range<usize>> {
    let mut end = 0;
    let alike = course.chunk_by(|one, next| (*one == State::Calm) == (*next == State::Calm));
    let ranges = alike.map(move |states| {
        end += states.len();
        (states[0] == State::Calm, end - states.len()..end)
    });
    ranges.filter(move |(calm, _)| *calm == is_calm).map(|(_, range)| range)
}

/// Viterbi's algorithm over the bins' evidence; each state's score is relative to calm. Ties go to
/// staying as one is. Going from calm to harm costs `enter_cost`.
pub(super) fn most_probable_course(evidence: &[Evidence], enter_cost: f64) -> Vec<State> {
    let mut scores = [0.0, -enter_cost, -enter_cost, -enter_cost];
    let mut came_from: Vec<[usize; 4]> = Vec::with_capacity(evidence.len());
    for (index, bin) in evidence.iter().enumerate() {
        let gains = [0.0, bin.failing, bin.outage, bin.short];
        let mut next = [f64::NEG_INFINITY; 4];
        let mut from = [0, 1, 2, 3];
        for to in 0..STATES.len() {
            // Staying is tried first, so an equal score does not replace it.
            for step in 0..STATES.len() {
                let candidate = (to + step) % STATES.len();
                if index == 0 && candidate != to {
                    continue;
                }
                let score = scores[candidate] - cost(STATES[candidate], STATES[to], enter_cost) + gains[to];
                if score > next[to] {
                    next[to] = score;
                    from[to] = candidate;
                }
            }
        }
        scores = next;
        came_from.push(from);
    }
    let mut state =
        (1..STATES.len()).fold(0, |best, other| if scores[other] > scores[best] { other } else { best });
    let mut course: Vec<State> = came_from
        .iter()
        .rev()
        .map(|from| {
            let here = STATES[state];
            state = from[state];
            here
        })
        .collect();
    course.reverse();
    course
}
