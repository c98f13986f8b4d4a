//! `fupan why`: where does a number of a report come from, and does it come out again?
//!
//! For eyes it is told in words, with the first and last rows that the number is made of. With `--format`
//! standard output holds nothing but the format: `json` the whole explanation, the others the rows.

mod made_of;
mod written;

use fupan_query::Session;
use fupan_report::model::Receipt;
use fupan_report::{Figure, IncidentReport, Lang, Locale, Noun, ReceiptBook, render};
use serde_json::{Map, Value, json};

use crate::app::App;
use crate::commands::report::{build, first_language};
use crate::commands::sql::short;
use crate::failure::{DONE, Failure, Outcome};
use crate::instants;
use crate::numbers::counted;
use crate::output::{self, OutputFormat};
use made_of::Part;

/// Rows that are shown for eyes: so many of the first ones, and so many of the last ones.
const SHOWN_FIRST: usize = 5;
const SHOWN_LAST: usize = 3;

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The figure's short name in the report, such as `n7`
    figure: String,
    /// The incident [default: the latest]
    incident: Option<String>,
    /// Print the SQL of the query, too
    #[arg(long)]
    sql: bool,
}

/// What there is to say about a figure.
struct Explained {
    figure: Figure,
    /// The value in words.
    text: String,
    /// The heading below which it stands, and its line.
    place: Option<(String, String)>,
    receipt: Option<Receipt>,
    parts: Vec<Part>,
    lang: Lang,
}

pub(crate) async fn run(app: &App, arguments: &Arguments) -> Outcome {
    let session = app.session(arguments.incident.as_deref()).await?;
    let report = build(app, &session, arguments.incident.as_deref()).await?;
    let explained = explain(app, &session, &report, &arguments.figure).await?;
    match app.globals.format {
        OutputFormat::Json => {
            let object = as_json(app, &explained, arguments.sql);
            let text =
                serde_json::to_string_pretty(&object).map_err(|error| Failure::bug(error.to_string()))?;
            app.terminal.line(text)?;
        }
        OutputFormat::Ndjson => app.terminal.line(as_json(app, &explained, arguments.sql))?,
        OutputFormat::Table => in_words(app, &explained, arguments.sql)?,
        _ => {
            tell(app, &explained, |text| {
                app.terminal.note(text);
                Ok(())
            })?;
            if let Some(part) = explained.parts.first() {
                app.print(&part.rows)?;
            }
        }
    }
    Ok(DONE)
}

async fn explain(
    app: &App,
    session: &Session,
    report: &IncidentReport,
    name: &str,
) -> Result<Explained, Failure> {
    let figure = report.figure(name).ok_or_else(|| unknown(report, name))?;
    let lang = first_language(app)?;
    let text = Locale::new(lang, &report.header.zone).figure(&figure, Noun::None);
    let place = place(report, &figure, lang)?;
    let receipt = report.receipt(&figure.receipt).cloned();
    let book = ReceiptBook::of(report);
    written::warn(app, &book, &figure, &report.header.zone, lang);
    let words = book.why(name).map(|(placed, _)| placed.place.clone()).unwrap_or_default();
    let mut parts = Vec::new();
    for used in receipt.iter().flat_map(made_of::parts) {
        // A derived receipt keeps the parameters of its own query, which others may have asked differently.
        let own = receipt.as_ref().filter(|own| own.query.as_ref() == Some(&used.receipt));
        let Some(source) = own.or_else(|| report.receipt(&used.receipt)) else { continue };
        parts.extend(made_of::ask(session, source, &used, &figure, &words).await?);
    }
    Ok(Explained { figure, text, place, receipt, parts, lang })
}

fn unknown(report: &IncidentReport, name: &str) -> Failure {
    let count = report.figures().len();
    Failure::usage(format!("the report of {} has no figure `{name}`", report.header.incident_id))
        .hint(format!("its figures are n1 to n{count}; they stand beside the numbers"))
}

/// The heading below which the figure stands, and its line.
fn place(report: &IncidentReport, figure: &Figure, lang: Lang) -> Result<Option<(String, String)>, Failure> {
    let rendered = render(report, lang)?;
    let names =
        |line: &str| line.split(|letter: char| !letter.is_ascii_alphanumeric()).any(|word| word == figure.id);
    Ok(rendered.blocks().find_map(|block| {
        let line = block.body.lines().find(|line| names(line))?;
        let heading = block.body.lines().find(|line| line.starts_with('#')).unwrap_or(&block.id);
        Some((heading.trim_start_matches(['#', ' ']).to_owned(), line.trim().to_owned()))
    }))
}

/// All of it on the terminal, the rows as tables.
fn in_words(app: &App, explained: &Explained, with_sql: bool) -> Result<(), Failure> {
    tell(app, explained, |text| app.terminal.line(text))?;
    for part in &explained.parts {
        app.terminal.line(format!("\n{} · {}", part.query, part.what_is_shown(SHOWN_FIRST, SHOWN_LAST)))?;
        if with_sql {
            app.terminal.line(format!("{}\n", part.sql.trim_end()))?;
        }
        app.print(&part.ends(SHOWN_FIRST, SHOWN_LAST))?;
    }
    Ok(())
}

/// The words, line by line.
fn tell(
    app: &App,
    explained: &Explained,
    say: impl Fn(String) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let line = |what: &str, text: &str| say(format!("{what:<12} {text}"));
    say(format!("{} = {}", explained.figure.id, explained.text))?;
    if let Some((heading, place)) = &explained.place {
        line("stands in", heading)?;
        line("as", place)?;
    }
    let Some(receipt) = &explained.receipt else { return say("it was not computed by a query".to_owned()) };
    if explained.parts.len() > 1 {
        let queries: Vec<&str> = explained.parts.iter().map(|part| part.query.as_str()).collect();
        line("made of", &format!("{} answers: {}", queries.len(), queries.join(", ")))?;
    }
    for part in &explained.parts {
        line("question", &part.question)?;
        line("run it", &part.command)?;
        let digest = short(&part.digest);
        let verdict = if part.is_same {
            format!("the same answer ({digest}), {}", counted(part.rows_in_answer as u64, "row"))
        } else {
            format!("ANOTHER answer ({digest}): the data or the query changed")
        };
        line("asked again", &verdict)?;
    }
    if let Some(at) = receipt.as_of {
        line("as of", &instants::with_offset(at, app.zone()))?;
    }
    if let Some(version) = receipt.ledger_version {
        line("ledger", &format!("version {version} (--at-version {version})"))?;
    }
    for exclusion in &receipt.exclusions {
        line("left out", explained.lang.words(exclusion))?;
    }
    Ok(())
}

/// All of it for programs.
fn as_json(app: &App, explained: &Explained, with_sql: bool) -> Value {
    let part = |part: &Part| {
        let mut object = Map::from_iter([
            ("query".to_owned(), json!(part.query)),
            ("question".to_owned(), json!(part.question)),
            ("run".to_owned(), json!(part.command)),
            ("params".to_owned(), json!(part.params)),
            ("is_same_answer".to_owned(), json!(part.is_same)),
            ("answer_digest".to_owned(), json!(part.digest)),
            ("rows_in_answer".to_owned(), json!(part.rows_in_answer)),
            ("rows_that_count".to_owned(), json!(part.rows.count())),
            ("rows".to_owned(), json!(output::objects(&part.rows))),
        ]);
        if with_sql {
            object.insert("sql".to_owned(), json!(part.sql));
        }
        Value::Object(object)
    };
    let receipt = explained.receipt.as_ref();
    let left_out: Vec<&str> = receipt
        .iter()
        .flat_map(|receipt| &receipt.exclusions)
        .map(|words| explained.lang.words(words))
        .collect();
    json!({
        "figure": explained.figure.id,
        "text": explained.text,
        "value": explained.figure.value,
        "stands_in": explained.place.as_ref().map(|(heading, _)| heading),
        "line": explained.place.as_ref().map(|(_, line)| line),
        "receipt": receipt.map(|receipt| &receipt.key),
        "as_of": receipt.and_then(|receipt| receipt.as_of).map(|at| instants::with_offset(at, app.zone())),
        "ledger_version": receipt.and_then(|receipt| receipt.ledger_version),
        "left_out": left_out,
        "made_of": explained.parts.iter().map(part).collect::<Vec<_>>(),
    })
}
