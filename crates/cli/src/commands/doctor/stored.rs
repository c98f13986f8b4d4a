//! Does the store open, is it quick to read, and does its time agree with the clock?

use fupan_model::Micros;
use fupan_store::{Health, StoreError};

use super::Line;
use crate::app::App;
use crate::commands::store::staged;
use crate::instants;
use crate::numbers::{counted, grouped};

/// More small files than this are felt by each query.
const SMALL_FILES_MAX: u64 = 200;

/// More ledger files than this are felt by each command.
const LEDGER_FILES_MAX: u64 = 100;

/// Twice what lies between two checkpoints.
const ENTRIES_TO_REPLAY_MAX: u64 = 100;

/// A clock may be a little late.
const CLOCK_SLACK_SECONDS: i64 = 300;

/// 2025-01-01: before fupan was written.
const EARLIEST_NOW: Micros = Micros(1_735_689_600_000_000);

pub(super) async fn look_at(app: &App, lines: &mut Vec<Line>) {
    let location = app.store_location();
    let now = app.surroundings.now;
    let store = match fupan_store::Store::open(&location).await {
        Ok(store) => store,
        Err(StoreError::NotFound { .. }) => {
            lines.push(Line::note(
                "store",
                format!("there is none at {}", app.shown_store()),
                "`fupan ingest FILES` creates it",
            ));
            lines.push(clock(app, now, None));
            return;
        }
        Err(error) => {
            lines.push(Line::of_failure("store", error.into()));
            return;
        }
    };
    match store.health().await {
        Ok(health) => {
            lines.push(Line::ok(
                "store",
                format!(
                    "{} · {}, {} · delta protocol {}/{}",
                    app.shown_store(),
                    counted(health.chunks, "chunk"),
                    counted(health.files, "file"),
                    health.protocol.0,
                    health.protocol.1,
                ),
            ));
            lines.extend(layout(&health));
            lines.extend(left_behind(&location, now));
            lines.push(clock(app, now, health.last_ingest));
        }
        Err(error) => {
            let to_do = "`fupan store verify` names what is damaged, `fupan store repair` takes it out";
            lines.push(Line::problem("store", error.to_string(), to_do));
        }
    }
}

fn layout(health: &Health) -> Vec<Line> {
    let compact = "`fupan store compact` merges them";
    let mut lines = Vec::new();
    if health.small_files > SMALL_FILES_MAX || health.ledger_files > LEDGER_FILES_MAX {
        let what = format!(
            "{} small files in the tables, {} in the ledger: each is opened when it is read",
            grouped(health.small_files),
            grouped(health.ledger_files)
        );
        lines.push(Line::note("small files", what, compact));
    } else {
        lines.push(Line::ok("small files", grouped(health.small_files)));
    }
    let what = format!(
        "{}, at most {} to replay",
        counted(health.log_entries, "log entry").replace("entrys", "entries"),
        grouped(health.entries_to_replay)
    );
    lines.push(if health.entries_to_replay > ENTRIES_TO_REPLAY_MAX {
        Line::note("log", what, "`fupan store compact` writes a checkpoint where it merges")
    } else {
        Line::ok("log", what)
    });
    lines
}

fn left_behind(location: &str, now: Micros) -> Option<Line> {
    let staged = staged::left_behind(location, now);
    let first = staged.first()?;
    Some(Line::note(
        "staged files",
        format!("{} of writers that died, such as {}", counted(staged.len() as u64, "file"), first.display()),
        "they count in no answer; delete them, or let `fupan store forget --purge` do it",
    ))
}

fn clock(app: &App, now: Micros, last_ingest: Option<Micros>) -> Line {
    let shown = |at| instants::with_offset(at, app.zone());
    if now < EARLIEST_NOW {
        return Line::problem("clock", format!("it is said to be {}", shown(now)), "set the clock");
    }
    let late = last_ingest.filter(|last| last.0 - now.0 > CLOCK_SLACK_SECONDS * Micros::PER_SECOND);
    match late {
        Some(last) => Line::problem(
            "clock",
            format!("it is {}, and the last ingest was at {}", shown(now), shown(last)),
            "one of two machines' clocks is wrong: set both by NTP",
        ),
        None => Line::ok("clock", shown(now)),
    }
}
