//! `fupan query`: the questions behind the reports, by name.

use fupan_query::ParamValue;
use fupan_query::catalogue::{QueryFile, SqlType};

use crate::app::App;
use crate::commands::sql;
use crate::failure::{DONE, Failure, Outcome};
use crate::find;
use crate::instants::{self, Asked};
use crate::output::Rows;

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// List all queries with their questions
    List,
    /// Answer one
    Run(Run),
}

#[derive(Debug, clap::Args)]
struct Run {
    /// Its name, such as `recovery/incident`; `fupan explain NAME` shows its parameters
    name: String,
    /// A parameter; times without a zone are the workspace's, an incident's id may be shortened
    #[arg(long = "param", short, value_name = "NAME=VALUE")]
    params: Vec<String>,
}

pub(crate) async fn run(app: &App, arguments: &Arguments) -> Outcome {
    match &arguments.action {
        Action::List => list(app)?,
        Action::Run(run) => answer(app, run).await?,
    }
    Ok(DONE)
}

fn list(app: &App) -> Result<(), Failure> {
    let catalogue = app.catalogue()?;
    let rows =
        catalogue.queries().map(|file| {
            let params: Vec<String> =
                file.header
                    .params
                    .iter()
                    .map(|param| {
                        if param.default.is_some() { format!("[{}]", param.name) } else { param.name.clone() }
                    })
                    .collect();
            [file.name.clone(), file.header.question.clone(), params.join(" ")]
        });
    app.print(&Rows::of_text(["query", "question", "parameters"], rows.collect())?)
}

async fn answer(app: &App, run: &Run) -> Result<(), Failure> {
    let catalogue = app.catalogue()?;
    let file = catalogue.query(&run.name)?.clone();
    let given = pairs(&run.params)?;
    let incident = given.iter().find(|(name, _)| name == "incident_id").map(|(_, value)| value.as_str());
    let session = app.session(incident).await?;
    let mut params = Vec::new();
    for (name, value) in &given {
        let mut value = value.clone();
        if name == "incident_id" {
            value = find::incident(&session, Some(&value)).await?.incident_id;
        }
        params.push((name.clone(), typed(app, &file, name, value)?));
    }
    let answer = session.run(&file.name, &params).await?;
    sql::show(app, answer)
}

fn pairs(params: &[String]) -> Result<Vec<(String, String)>, Failure> {
    params
        .iter()
        .map(|text| {
            text.split_once('=').map(|(name, value)| (name.trim().to_owned(), value.to_owned())).ok_or_else(
                || {
                    Failure::usage(format!("`--param {text}` has no value"))
                        .hint("write --param window_start=2026-11-05T11:00")
                },
            )
        })
        .collect()
}

/// Text as the parameter's type; instants may be written as people do.
fn typed(app: &App, file: &QueryFile, name: &str, value: String) -> Result<ParamValue, Failure> {
    let is_instant =
        file.header.params.iter().any(|param| param.name == name && param.sql_type == SqlType::Timestamp);
    if !is_instant || value == "null" {
        return Ok(ParamValue::Text(value));
    }
    match instants::parse(&value, app.zone())? {
        Asked::At(at) => {
            app.terminal.detail(format!("{name} = {}", instants::with_offset(at, app.zone())));
            Ok(ParamValue::Timestamp(at))
        }
        Asked::TimeOfDay(_) => {
            Err(Failure::usage(format!("{name}: {value:?} has no date")).hint("write 2026-11-05T11:35"))
        }
    }
}
