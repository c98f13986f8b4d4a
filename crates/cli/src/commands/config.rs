//! `fupan config`: which settings are in force, and who said so?

use crate::app::App;
use crate::failure::{DONE, Outcome};
use crate::output::{OutputFormat, Rows};

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Print all settings
    Show(Show),
}

#[derive(Debug, clap::Args)]
struct Show {
    /// Say where each value comes from
    #[arg(long)]
    origin: bool,
}

pub(crate) async fn run(app: &App, arguments: &Arguments) -> Outcome {
    let Action::Show(show) = &arguments.action;
    // What a report would refuse is refused here, too: conditions are checked by a session.
    app.empty_session().await?;
    let lines = app.settings.lines()?;
    app.terminal.note(format!("workspace {} · store {}", app.shown(&app.workspace), app.shown_store()));
    if show.origin {
        let rows = lines.into_iter().map(|line| {
            let origin = app.shown(std::path::Path::new(&line.origin));
            [line.key, line.value, origin]
        });
        app.print(&Rows::of_text(["setting", "value", "origin"], rows.collect())?)?;
    } else if app.globals.format == OutputFormat::Table {
        for line in lines {
            app.terminal.line(format!("{} = {}", line.key, line.value))?;
        }
    } else {
        let rows = lines.into_iter().map(|line| [line.key, line.value]).collect();
        app.print(&Rows::of_text(["setting", "value"], rows)?)?;
    }
    Ok(DONE)
}
