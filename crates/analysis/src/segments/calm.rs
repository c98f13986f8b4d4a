//! When has calm lasted for long enough?

use std::ops::Range;

use super::course::{most_probable_course, stretches};
use super::{BIN_EVIDENCE_MAX, CALM_EVIDENCE, Evidence, LEAVE_COST};

pub(super) struct Calm {
    /// First judged bin of the last stretch without a long gap.
    pub(super) since: Option<usize>,
    /// The same, where the stretch lasted long enough.
    pub(super) lasting_since: Option<usize>,
}

/// Looks for `calm_bins` judged bins in `bins`, a stretch that is calm.
pub(super) fn lasting_calm(evidence: &[Evidence], bins: Range<usize>, calm_bins: usize) -> Calm {
    let (mut since, mut judged, mut gap) = (None, 0, 0);
    for bin in bins {
        if evidence[bin].is_judged {
            since = since.or(Some(bin));
            judged += 1;
            gap = 0;
            if judged >= calm_bins {
                return Calm { since, lasting_since: since };
            }
        } else {
            gap += 1;
            if gap > calm_bins / 3 {
                (since, judged) = (None, 0);
            }
        }
    }
    Calm { since, lasting_since: None }
}

/// Makes calm beyond doubt what is calm for the calm time when coming back costs as little as calm must show
/// ([`CALM_EVIDENCE`]). Where traffic is thin such a stretch weighs less than [`super::ENTER_COST`], and would be
/// bridged between two impacts.
pub(super) fn settle(evidence: &mut [Evidence], calm_bins: usize) {
    let course = most_probable_course(evidence, CALM_EVIDENCE - LEAVE_COST);
    for stretch in stretches(&course, true) {
        if let Some(since) = lasting_calm(evidence, stretch.clone(), calm_bins).lasting_since {
            for bin in &mut evidence[since..stretch.end] {
                bin.failing = -BIN_EVIDENCE_MAX;
                bin.outage = -BIN_EVIDENCE_MAX;
                bin.short = -BIN_EVIDENCE_MAX;
            }
        }
    }
}
