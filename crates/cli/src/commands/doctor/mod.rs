//! `fupan doctor`: does everything stand as fupan needs it, and if not, what is to be done?

mod disk;
mod machine;
mod mounts;
mod stored;

use crate::app::{App, Surroundings, VERSION};
use crate::args::Globals;
use crate::failure::{DONE, ErrorKind, Failure, Outcome};
use crate::output::{self, Rows};
use crate::settings::FlagSettings;
use crate::terminal::Terminal;

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {}

/// How something stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Ok,
    Note,
    Problem,
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Line {
    check: &'static str,
    state: State,
    what: String,
    to_do: String,
}

impl Line {
    fn ok(check: &'static str, what: impl Into<String>) -> Self {
        Self { check, state: State::Ok, what: what.into(), to_do: String::new() }
    }

    fn note(check: &'static str, what: impl Into<String>, to_do: impl Into<String>) -> Self {
        Self { check, state: State::Note, what: what.into(), to_do: to_do.into() }
    }

    fn problem(check: &'static str, what: impl Into<String>, to_do: impl Into<String>) -> Self {
        Self { check, state: State::Problem, what: what.into(), to_do: to_do.into() }
    }

    fn of_failure(check: &'static str, failure: Failure) -> Self {
        Self::problem(check, failure.message, failure.hint.unwrap_or_default())
    }
}

/// Also where no configuration can be read: that is one of the findings.
pub(crate) async fn run(terminal: &Terminal, surroundings: &Surroundings, globals: &Globals) -> Outcome {
    let mut lines = vec![Line::ok(
        "version",
        format!(
            "fupan {VERSION} · {} · delta library {}",
            parquet::file::properties::DEFAULT_CREATED_BY,
            fupan_store::delta_library_version(),
        ),
    )];
    let made = App::new(terminal.clone(), globals.clone(), surroundings.clone(), &FlagSettings::default());
    let zone = match made {
        Ok(app) => {
            in_workspace(&app, &mut lines).await;
            app.zone()
        }
        Err(failure) => {
            lines.push(Line::of_failure("configuration", failure));
            lines.extend(disk::look_at(&surroundings.folder, surroundings.now));
            chrono_tz::Tz::UTC
        }
    };
    lines.extend(machine::look_at());
    let is_sound = lines.iter().all(|line| line.state != State::Problem);
    let rows = lines.into_iter().map(|line| {
        let state = match line.state {
            State::Ok => "ok",
            State::Note => "note",
            State::Problem => "problem",
        };
        [line.check.to_owned(), state.to_owned(), line.what, line.to_do]
    });
    let rows = Rows::of_text(["check", "state", "what", "to_do"], rows.collect())?;
    output::print(terminal, &rows, globals.format, zone)?;
    Ok(if is_sound { DONE } else { ErrorKind::Findings.code() })
}

async fn in_workspace(app: &App, lines: &mut Vec<Line>) {
    let file = app.workspace.join(crate::settings::CONFIG_FILE);
    lines.push(if file.is_file() {
        Line::ok("workspace", app.shown(&app.workspace))
    } else {
        Line::note(
            "workspace",
            format!("{}: it has no fupan.toml, all settings are defaults", app.shown(&app.workspace)),
            "`fupan init` writes one",
        )
    });
    lines.push(match app.empty_session().await {
        Ok(_) => Line::ok("configuration", format!("valid · zone {}", app.zone())),
        Err(failure) => Line::of_failure("configuration", failure),
    });
    let location = app.store_location();
    if location.contains("://") && !location.starts_with("file://") {
        lines.push(Line::note(
            "disk",
            format!("{location} is an object store: the disk is its own business"),
            "",
        ));
    } else {
        let path = location.strip_prefix("file://").unwrap_or(&location);
        lines.extend(disk::look_at(std::path::Path::new(path), app.surroundings.now));
    }
    stored::look_at(app, lines).await;
}
