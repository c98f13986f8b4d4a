//! Which short name has a figure? `n1`, `n2` … in reading order, the same in every language.

use super::{
    BlastRow, Candidate, Evidence, Figure, ImpactSegment, IncidentReport, Milestone, Notices, Relief,
    UserCounts,
};

impl IncidentReport {
    /// Gives every figure that is known, or unknown for a reason, its short name, in reading
    /// order. Call it once the report is filled; calling it again changes nothing.
    pub fn number_figures(&mut self) {
        let mut count = 0_u32;
        self.each_figure(&mut |figure| {
            if figure.is_absent() {
                figure.id.clear();
            } else {
                count += 1;
                figure.id = format!("n{count}");
            }
        });
    }

    /// All figures that have a name, in reading order.
    pub fn figures(&self) -> Vec<Figure> {
        let mut figures = Vec::new();
        self.clone().each_figure(&mut |figure| {
            if !figure.id.is_empty() {
                figures.push(figure.clone());
            }
        });
        figures
    }

    /// The figure of that name.
    pub fn figure(&self, id: &str) -> Option<Figure> {
        self.figures().into_iter().find(|figure| figure.id == id)
    }

    fn each_figure(&mut self, visit: &mut dyn FnMut(&mut Figure)) {
        for duration in &mut self.durations {
            visit(&mut duration.value);
            duration.source_claim.iter_mut().for_each(&mut *visit);
        }
        self.milestones.iter_mut().for_each(|milestone| milestone.each_figure(visit));
        self.impact_segments.iter_mut().for_each(|segment| segment.each_figure(visit));
        self.reliefs.iter_mut().for_each(|relief| relief.each_figure(visit));
        for figure in [
            &mut self.requests,
            &mut self.failed_requests,
            &mut self.peak_error_share,
            &mut self.user_minutes,
            &mut self.asset_loss,
            &mut self.header.complaints,
        ] {
            visit(figure);
        }
        for loss in &mut self.business_loss {
            visit(&mut loss.amount);
            visit(&mut loss.orders);
        }
        for counts in self.users.iter_mut().chain(&mut self.users_by_action) {
            counts.each_figure(visit);
        }
        self.blast_radius.iter_mut().for_each(|row| row.each_figure(visit));
        self.notices.each_figure(visit);
        self.candidates.iter_mut().for_each(|candidate| candidate.each_figure(visit));
        self.rejected.iter_mut().filter_map(|rejected| rejected.figure.as_mut()).for_each(&mut *visit);
        for source in &mut self.data_quality.sources {
            for figure in
                [&mut source.read, &mut source.accepted, &mut source.rejected, &mut source.duplicate]
            {
                visit(figure);
            }
        }
        self.data_quality.quarantine.iter_mut().for_each(|reason| visit(&mut reason.records));
    }
}

impl Milestone {
    fn each_figure(&mut self, visit: &mut dyn FnMut(&mut Figure)) {
        visit(&mut self.at);
        self.others.iter_mut().for_each(|other| visit(&mut other.at));
    }
}

impl ImpactSegment {
    fn each_figure(&mut self, visit: &mut dyn FnMut(&mut Figure)) {
        for figure in [&mut self.started, &mut self.ended, &mut self.duration, &mut self.peak_error_share] {
            visit(figure);
        }
    }
}

impl Relief {
    fn each_figure(&mut self, visit: &mut dyn FnMut(&mut Figure)) {
        visit(&mut self.at);
        visit(&mut self.held);
    }
}

impl UserCounts {
    fn each_figure(&mut self, visit: &mut dyn FnMut(&mut Figure)) {
        for figure in [
            &mut self.exposed,
            &mut self.failed,
            &mut self.self_recovered,
            &mut self.blocked,
            &mut self.pending,
            &mut self.failed_expected,
            &mut self.failed_excess,
            &mut self.suppressed,
            &mut self.anonymous_share,
        ] {
            visit(figure);
        }
        if let Some(outcome) = &mut self.outcome {
            visit(&mut outcome.requests);
            visit(&mut outcome.failed_requests);
            visit(&mut outcome.error_share);
        }
    }
}

impl BlastRow {
    fn each_figure(&mut self, visit: &mut dyn FnMut(&mut Figure)) {
        for figure in [
            &mut self.onset,
            &mut self.peak_error_share,
            &mut self.error_share,
            &mut self.baseline_error_share,
            &mut self.requests,
            &mut self.failed_requests,
            &mut self.p_value,
            &mut self.effect_upper_bound,
            &mut self.latency_p99,
            &mut self.baseline_latency_p99,
        ] {
            visit(figure);
        }
    }
}

impl Notices {
    fn each_figure(&mut self, visit: &mut dyn FnMut(&mut Figure)) {
        visit(&mut self.time_to_first);
        visit(&mut self.longest_silence);
        for notice in &mut self.notices {
            visit(&mut notice.at);
            visit(&mut notice.gap);
        }
    }
}

impl Candidate {
    fn each_figure(&mut self, visit: &mut dyn FnMut(&mut Figure)) {
        visit(&mut self.onset_relative);
        visit(&mut self.score);
        self.evidence.iter_mut().for_each(|evidence| evidence.each_figure(visit));
    }
}

impl Evidence {
    fn each_figure(&mut self, visit: &mut dyn FnMut(&mut Figure)) {
        match self {
            Self::Departure { baseline, observed, distance } => {
                [baseline, observed, distance].into_iter().for_each(visit);
            }
            Self::Slower { baseline: first, observed: second }
            | Self::Lift { failing_share: first, other_share: second }
            | Self::SurgingTemplate { baseline_rate: first, rate: second }
            | Self::VanishedTemplate { baseline_rate: first, rate: second }
            | Self::Saturation { limit: first, before: second } => {
                visit(first);
                visit(second);
            }
            Self::Onset { relative: one }
            | Self::NewTemplate { lines: one }
            | Self::ChangeNear { before: one }
            | Self::RollbackEndedIt { after: one }
            | Self::Placebo { share: one }
            | Self::Other { figure: Some(one), .. } => visit(one),
            Self::SaidByPeople { .. } | Self::Other { figure: None, .. } => {}
        }
    }
}
