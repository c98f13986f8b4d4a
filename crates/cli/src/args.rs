//! What can be said on the command line?

use std::path::PathBuf;

use clap::builder::styling::{AnsiColor, Styles};
use clap::{Args, Parser, Subcommand};

use crate::commands;
use crate::output::OutputFormat;
use crate::terminal::ColorChoice;

const STYLES: Styles = Styles::styled()
    .header(AnsiColor::Green.on_default().bold())
    .usage(AnsiColor::Green.on_default().bold())
    .literal(AnsiColor::Cyan.on_default().bold());

const AFTER_HELP: &str = "\
Standard output is data; everything else goes to standard error.
Exit codes: 0 done · 1 findings · 2 usage · 65 bad input · 69 limit · 70 bug · 74 storage · \
75 outcome unknown, safe to retry · 130 interrupted";

/// Replay incidents from logs, metrics and timelines: recovery times, blast radius, affected users,
/// root-cause candidates, and a postmortem in markdown whose every number can be re-run.
#[derive(Debug, Parser)]
#[command(name = "fupan", version, styles = STYLES, after_help = AFTER_HELP, max_term_width = 100)]
#[command(subcommand_required = true, arg_required_else_help = true, disable_help_subcommand = true)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) globals: Globals,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What every command understands.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Options of every command")]
pub(crate) struct Globals {
    /// Folder with `fupan.toml` [default: the nearest one upwards, else the current one]
    #[arg(long, global = true, value_name = "DIR")]
    pub(crate) workspace: Option<PathBuf>,
    /// Where the events are kept [default: `.fupan/store` in the workspace]
    #[arg(long, global = true, value_name = "DIR|URL")]
    pub(crate) store: Option<String>,
    /// See the data as it was known then: 2026-11-05T11:35+08:00, or 11:35 of the incident's day
    #[arg(long, global = true, value_name = "INSTANT")]
    pub(crate) as_of: Option<String>,
    /// Pin all tables to this version of the ledger
    #[arg(long, global = true, value_name = "VERSION")]
    pub(crate) at_version: Option<u64>,
    /// Language of reports [default: the first one in `fupan.toml`]
    #[arg(long, global = true, value_name = "en|zh")]
    pub(crate) lang: Option<String>,
    /// Form of the output: `table` is for eyes, the others are for programs
    #[arg(long, global = true, value_name = "FORMAT", value_enum, default_value_t)]
    pub(crate) format: OutputFormat,
    /// Colours; `auto`: on a terminal, unless `NO_COLOR` is set
    #[arg(long, global = true, value_name = "WHEN", value_enum, default_value_t)]
    pub(crate) color: ColorChoice,
    /// Say only what went wrong
    #[arg(long, short, global = true, conflicts_with = "verbose")]
    pub(crate) quiet: bool,
    /// Say more
    #[arg(long, short, global = true)]
    pub(crate) verbose: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Make a workspace: a commented `fupan.toml` and a folder for mappings
    Init(commands::init::Arguments),
    /// Ingest the sample incident and write its report
    Demo(commands::demo::Arguments),
    /// Read logs, metrics, traces, timelines, alerts and changes into the store
    Ingest(commands::ingest::Arguments),
    /// List incidents
    Incidents(commands::incidents::Arguments),
    /// Open an incident
    New(commands::new::Arguments),
    /// Add an event to an incident, or take one back
    Mark(commands::mark::Arguments),
    /// Write an incident's postmortem; what people wrote into it is kept
    Report(commands::report::Arguments),
    /// Say where a number of a report comes from
    Why(commands::why::Arguments),
    /// Ask in SQL, read-only
    Sql(commands::sql::Arguments),
    /// List and run the queries behind the reports
    Query(commands::query::Arguments),
    /// Describe tables, queries, functions, formats and definitions
    Explain(commands::explain::Arguments),
    /// Write a first mapping for a source that is not standard
    Mapping(commands::mapping::Arguments),
    /// Give the pseudonyms of a list of values, to join personal fields
    Pseudonym(commands::pseudonym::Arguments),
    /// Show the configuration
    Config(commands::config::Arguments),
    /// Keep the store healthy: verify, compact, repair, forget
    Store(commands::store::Arguments),
    /// Check disk, limits, clock, configuration and store, and say what to do
    Doctor(commands::doctor::Arguments),
    /// Print completions for a shell
    Completions(commands::completions::Arguments),
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        super::Cli::command().debug_assert();
    }
}
