//! Points of metrics and records with ids that another source had: what became of them?

use std::collections::BTreeMap;

use fupan_ingest::SourceReport;

use crate::app::App;
use crate::numbers::{counted, grouped};

/// How many pairs of sources are named.
const PAIRS_SHOWN: usize = 6;

/// Tells which of them were left out, and which are there with two contents.
pub(super) fn tell(app: &App, sources: &[SourceReport]) {
    tell_pairs(
        app,
        sources,
        |source| &source.samples_repeated,
        |samples, other| {
            format!(
                "{} came with {other} already, at the same instants and with the same values: they count once",
                counted(samples, "sample")
            )
        },
    );
    tell_pairs(
        app,
        sources,
        |source| &source.samples_differing,
        |samples, other| {
            format!(
                "{} of its series have other values than in {other} at the same instants: all are kept (two machines of one name? a mapping can set a label)",
                counted(samples, "sample")
            )
        },
    );
    tell_pairs(
        app,
        sources,
        |source| &source.records_repeated,
        |records, other| {
            format!(
                "{} came with {other} already, under the same ids and with the same content: they count once",
                counted(records, "record")
            )
        },
    );
    tell_pairs(
        app,
        sources,
        |source| &source.records_changed,
        |records, other| {
            format!(
                "{} with ids that {other} has with another content: all are kept",
                counted(records, "record")
            )
        },
    );
}

/// Tells which timelines no longer have what they once declared: an older copy of one takes back what was added since.
pub(super) fn tell_retracted(app: &App, sources: &[SourceReport]) {
    for source in sources.iter().filter(|source| source.retracted > 0) {
        app.terminal.note(format!(
            "{}: it no longer has {}, which is taken back; where it is an older copy of another file, give it another name or leave it out",
            super::account::name(source),
            counted(source.retracted, "event")
        ));
    }
}

fn tell_pairs(
    app: &App,
    sources: &[SourceReport],
    of: impl Fn(&SourceReport) -> &BTreeMap<String, u64>,
    words: impl Fn(u64, &str) -> String,
) {
    let pairs = || {
        let all = sources.iter().flat_map(|source| of(source).iter().map(move |pair| (source, pair)));
        all.filter(|(_, (_, count))| **count > 0)
    };
    for (source, (other, samples)) in pairs().take(PAIRS_SHOWN) {
        let other = if other == "-" { "standard input" } else { other };
        app.terminal.note(format!("{}: {}", super::account::name(source), words(*samples, other)));
    }
    let hidden: u64 = pairs().skip(PAIRS_SHOWN).map(|(_, (_, samples))| samples).sum();
    if hidden > 0 {
        app.terminal.note(format!("and {} more between other sources", grouped(hidden)));
    }
}
