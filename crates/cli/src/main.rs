//! `fupan`, the command: configuration, terminal, exit codes.
//!
//! This is the only crate that prints, exits, or reads the environment, and this file is the only
//! place of it that looks at clock and environment.

mod app;
mod args;
mod commands;
mod failure;
mod files;
mod find;
mod instants;
mod numbers;
mod output;
mod place;
mod postmortem;
mod progress;
mod pseudonym_key;
mod rows;
mod settings;
mod spill;
mod terminal;
mod turns;

use std::process::ExitCode;

use clap::Parser;
use fupan_model::Micros;
use fupan_store::RemoteOptions;

use crate::app::Surroundings;
use crate::args::Cli;
use crate::failure::{ErrorKind, Failure};
use crate::spill::SpillFolder;
use crate::terminal::Terminal;

/// Ingest takes and gives back memory by the megabyte: the system's allocator spent a fifth of its time on that.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Planning a deeply nested query takes deep stacks where the planner is lightly optimised.
const STACK_BYTES: usize = 16 << 20;

fn main() -> ExitCode {
    let cli = Cli::parse();
    let globals = &cli.globals;
    let no_color = variable("NO_COLOR").is_some_and(|value| !value.is_empty());
    let terminal = Terminal::new(globals.color, no_color, globals.quiet, globals.verbose);
    report_panics(terminal.clone());
    let surroundings = surroundings();
    let spill_folder = surroundings.spill_folder.clone();
    let outcome = run(cli, terminal.clone(), surroundings);
    spill_folder.remove();
    let code = match outcome {
        Ok(code) => code,
        Err(failure) => {
            terminal.failure(&failure);
            failure.kind.code()
        }
    };
    ExitCode::from(code)
}

/// Runs the command on a worker thread, whose stack is deep, until it ends or Ctrl-C.
fn run(cli: Cli, terminal: Terminal, surroundings: Surroundings) -> failure::Outcome {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(surroundings.threads)
        .thread_stack_size(STACK_BYTES)
        .enable_all()
        .build()
        .map_err(|error| Failure::storage(format!("cannot start threads: {error}")))?;
    let outcome = runtime.block_on(async {
        let work = tokio::spawn(commands::run(cli, terminal, surroundings));
        tokio::select! {
            ended = work => ended.unwrap_or_else(|_| {
                // The panic hook has said what happened.
                Ok(ErrorKind::Bug.code())
            }),
            _ = tokio::signal::ctrl_c() => Err(Failure::new(ErrorKind::Interrupted, "interrupted")
                .hint("what was committed is kept whole; the same command goes on from there")),
        }
    });
    // Threads that still read or decode have nothing left to say.
    runtime.shutdown_background();
    outcome
}

/// A panic is our bug: one message that says so, no backtrace.
fn report_panics(terminal: Terminal) {
    std::panic::set_hook(Box::new(move |panic| {
        let what = panic
            .payload()
            .downcast_ref::<&str>()
            .map(|text| (*text).to_owned())
            .or_else(|| panic.payload().downcast_ref::<String>().cloned())
            .unwrap_or_default();
        let place = panic.location().map(|at| format!(" ({}:{})", at.file(), at.line())).unwrap_or_default();
        terminal.failure(&Failure::bug(format!("fupan {} failed: {what}{place}", app::VERSION)));
    }));
}

fn surroundings() -> Surroundings {
    let home = variable("HOME");
    Surroundings {
        now: now(),
        workspace: variable("FUPAN_WORKSPACE"),
        store: variable("FUPAN_STORE"),
        lang: variable("FUPAN_LANG"),
        pseudonym_key: variable("FUPAN_PSEUDONYM_KEY"),
        user_file: settings::user_file(variable("XDG_CONFIG_HOME").as_deref(), home.as_deref()),
        folder: std::env::current_dir().unwrap_or_default(),
        program: std::env::current_exe().ok(),
        spill_folder: SpillFolder::below(std::env::temp_dir()),
        threads: std::thread::available_parallelism().map_or(2, std::num::NonZero::get),
        remote: RemoteOptions::from_variables(variables()),
    }
}

#[expect(clippy::disallowed_methods, reason = "the one place that reads the clock")]
fn now() -> Micros {
    Micros::from_datetime(chrono::Utc::now())
}

#[expect(clippy::disallowed_methods, reason = "the one place that reads the environment")]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

#[expect(clippy::disallowed_methods, reason = "the one place that reads the environment")]
fn variables() -> impl Iterator<Item = (String, String)> {
    // What is not UTF-8 is no credential of anybody.
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
}
