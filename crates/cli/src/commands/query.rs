//! `fupan query`: the questions behind the reports, by name.

use fupan_query::catalogue::{Param, QueryFile, SqlType};
use fupan_query::{ParamValue, QueryError};

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
    let given = pairs(&file, &run.params)?;
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
    let answer = session.run(&file.name, &params).await.map_err(|error| wrong(&file, error))?;
    sql::show(app, answer)
}

/// A parameter that is missing is told with how to give it; a slip in the workspace's own file with its place.
fn wrong(file: &QueryFile, error: QueryError) -> Failure {
    match &error {
        QueryError::Param { param, .. } => {
            let known = file.header.params.iter().find(|known| known.name == *param);
            let hint = known.map(|known| {
                let example = example(known);
                if known.description.is_empty() {
                    example
                } else {
                    format!("{example} ({})", known.description)
                }
            });
            let hint = hint.or_else(|| error.hint().map(str::to_owned));
            Failure { hint, ..Failure::from(error) }
        }
        QueryError::Sql { .. } | QueryError::Refused { .. } if file.is_override => {
            let failure = Failure::from(error.in_text(&file.text));
            Failure { message: format!("queries/{}.sql: {}", file.name, failure.message), ..failure }
        }
        _ => error.into(),
    }
}

/// How a parameter is written.
fn example(param: &Param) -> String {
    let value = match param.sql_type {
        SqlType::Timestamp => "2026-11-05T11:05",
        SqlType::Date => "2026-11-05",
        SqlType::BigInt => "4",
        SqlType::Double => "0.02",
        SqlType::Boolean => "true",
        _ if param.name == "incident_id" => "INC-2026-1105",
        _ => "VALUE",
    };
    format!("write --param {}={value}", param.name)
}

fn pairs(file: &QueryFile, params: &[String]) -> Result<Vec<(String, String)>, Failure> {
    params
        .iter()
        .map(|text| {
            let (name, value) = text.split_once('=').unwrap_or((text, ""));
            let name = name.trim();
            if !value.trim().is_empty() {
                return Ok((name.to_owned(), value.to_owned()));
            }
            let known = file.header.params.iter().find(|param| param.name == name);
            let hint = known.map_or_else(
                || "write --param NAME=VALUE".to_owned(),
                |param| {
                    let or = if param.default.is_some() { ", or leave it out for its default" } else { "" };
                    format!("{}{or}", example(param))
                },
            );
            Err(Failure::usage(format!("`--param {text}` has no value")).hint(hint))
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
        Asked::TimeOfDay(_) => Err(Failure::usage(format!("{name}: {value:?} has no date"))
            .hint(format!("write --param {name}=2026-11-05T11:35"))),
    }
}
