//! `fupan explain`: what can be asked, read and configured, in words.

mod terms;

use fupan_query::catalogue::{Column, QueryFile};
use fupan_query::functions;

use crate::app::App;
use crate::failure::{DONE, Failure, Outcome};
use crate::output::{OutputFormat, Rows};

pub(crate) const DEFINITIONS: &str = include_str!("../../../../docs/reference/definitions.md");
const CONFIG_SCHEMA: &str = include_str!("explain/config.schema.json");

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// `tables`, `functions`, `definitions`, `formats`, `schema config|mapping|timeline`, a table, a query, a function,
    /// or a term such as ttm, blocked or 止血 [default: tables]
    #[arg(value_name = "WHAT", num_args = 0..)]
    what: Vec<String>,
}

pub(crate) async fn run(app: &App, arguments: &Arguments) -> Outcome {
    let words: Vec<&str> = arguments.what.iter().map(String::as_str).collect();
    match words.as_slice() {
        [] | ["tables"] => tables(app).await?,
        ["functions"] => functions(app)?,
        ["definitions"] => app.terminal.data(DEFINITIONS.as_bytes())?,
        ["formats"] => formats(app)?,
        ["schema", name] => app.terminal.line(schema(name)?.trim_end())?,
        ["schema"] => return Err(Failure::usage("which schema?").hint("config, mapping or timeline")),
        [name] => named(app, name).await?,
        several => match terms::find(&several.join(" ")) {
            found if !found.is_empty() => definitions(app, found)?,
            _ => {
                let text = several.join(" ");
                return Err(Failure::usage(format!("cannot explain `{text}`"))
                    .hint("name one thing; `fupan explain definitions` prints all terms"));
            }
        },
    }
    Ok(DONE)
}

async fn tables(app: &App) -> Result<(), Failure> {
    let session = app.empty_session().await?;
    let rows = session.tables().map(|table| [table.name.clone(), table.question.clone()]).collect();
    app.print(&Rows::of_text(["table", "question"], rows)?)?;
    app.terminal.note("fupan explain TABLE lists its columns · explain functions · query list");
    Ok(())
}

fn functions(app: &App) -> Result<(), Failure> {
    let rows = functions::all().map(|function| [function.signature(), function.doc.to_owned()]).collect();
    app.print(&Rows::of_text(["function", "meaning"], rows)?)
}

fn formats(app: &App) -> Result<(), Failure> {
    let rows = fupan_decode::InputFormat::ALL.iter().map(|format| [format.as_str().to_owned()]).collect();
    app.print(&Rows::of_text(["input_format"], rows)?)
}

fn schema(name: &str) -> Result<&'static str, Failure> {
    match name {
        "config" => Ok(CONFIG_SCHEMA),
        "mapping" => Ok(fupan_decode::mapping_json_schema()),
        "timeline" => Ok(fupan_decode::timeline_json_schema()),
        other => {
            Err(Failure::usage(format!("there is no schema `{other}`")).hint("config, mapping or timeline"))
        }
    }
}

/// A table, a query or a function.
async fn named(app: &App, name: &str) -> Result<(), Failure> {
    let session = app.empty_session().await?;
    if let Some(table) = session.tables().find(|table| table.name == name) {
        app.terminal.note(&table.question);
        return columns(app, &table.columns);
    }
    if let Some(function) = functions::all().find(|function| function.name == name) {
        return app.terminal.line(format!("{}\n{}", function.signature(), function.doc));
    }
    let catalogue = app.catalogue()?;
    match catalogue.query(name) {
        Ok(file) => query(app, file),
        Err(_) if !terms::find(name).is_empty() => definitions(app, terms::find(name)),
        Err(_) => Err(unknown(name, session.tables().map(|table| table.name.as_str()), &catalogue)),
    }
}

fn columns(app: &App, columns: &[Column]) -> Result<(), Failure> {
    let row = |column: &Column| {
        [column.name.clone(), column.sql_type.name().to_owned(), column.description.clone()]
    };
    app.print(&Rows::of_text(["column", "type", "meaning"], columns.iter().map(row).collect())?)
}

/// Terms with what they mean; all definitions are one command away.
fn definitions(app: &App, found: Vec<terms::Definition>) -> Result<(), Failure> {
    let rows = found.into_iter().map(|found| [found.term, found.meaning, found.section]).collect();
    app.print(&Rows::of_text(["term", "meaning", "section"], rows)?)?;
    app.terminal.note("`fupan explain definitions` prints all of them");
    Ok(())
}

/// The header and the text of a query; for programs, its columns.
fn query(app: &App, file: &QueryFile) -> Result<(), Failure> {
    if app.globals.format != OutputFormat::Table {
        return columns(app, &file.header.columns);
    }
    app.terminal.line(file.text.trim_end())?;
    let params: Vec<String> = file
        .header
        .params
        .iter()
        .filter(|param| param.default.is_none())
        .map(|param| format!(" --param {}=…", param.name))
        .collect();
    app.terminal.note(format!("run it: fupan query run {}{}", file.name, params.concat()));
    Ok(())
}

fn unknown<'a>(
    name: &str,
    tables: impl Iterator<Item = &'a str>,
    catalogue: &'a fupan_query::Catalogue,
) -> Failure {
    let topics = ["tables", "functions", "definitions", "formats", "schema"];
    let queries = catalogue.queries().map(|file| file.name.as_str());
    let functions = functions::all().map(|function| function.name);
    let near = topics
        .into_iter()
        .chain(tables)
        .chain(queries)
        .chain(functions)
        .chain(terms::NAMES)
        .map(|known| (strsim::damerau_levenshtein(known, name), known))
        .filter(|(distance, known)| *distance <= 1 + known.len() / 4)
        .min_by_key(|(distance, _)| *distance);
    let hint = near.map_or_else(
        || {
            "`fupan explain tables`, `functions` and `definitions`, and `fupan query list` name what there is"
                .to_owned()
        },
        |(_, known)| format!("did you mean `{known}`?"),
    );
    Failure::usage(format!("there is no table, query, function or term `{name}`")).hint(hint)
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    #[test]
    fn the_schema_lists_exactly_the_keys_that_are_read() {
        let schema: Value = serde_json::from_str(super::CONFIG_SCHEMA).unwrap();
        let defaults = serde_json::to_value(fupan_model::Config::default()).unwrap();
        let keys = |value: &Value| {
            let mut keys: Vec<String> = value.as_object().unwrap().keys().cloned().collect();
            keys.sort();
            keys
        };
        assert_eq!(keys(&schema["properties"]), keys(&defaults));
        for section in ["workspace", "identity", "baseline", "ingest"] {
            assert_eq!(
                keys(&schema["properties"][section]["properties"]),
                keys(&defaults[section]),
                "{section}"
            );
        }
    }
}
