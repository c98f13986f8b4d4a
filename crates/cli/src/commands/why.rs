//! `fupan why`: where does a number of a report come from, and does it come out again?

use fupan_query::{ParamValue, Session};
use fupan_report::model::Receipt;
use fupan_report::{Figure, IncidentReport, Lang, Locale, Noun, render};

use crate::app::App;
use crate::commands::report::{build, first_language};
use crate::commands::sql::short;
use crate::failure::{DONE, Failure, Outcome};
use crate::instants;
use crate::numbers::grouped;
use crate::output::Rows;

/// Rows of the answer that are shown.
const SAMPLE_ROWS: usize = 5;

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

pub(crate) async fn run(app: &App, arguments: &Arguments) -> Outcome {
    let session = app.session(arguments.incident.as_deref()).await?;
    let report = build(app, &session, arguments.incident.as_deref()).await?;
    let figure = report.figure(&arguments.figure).ok_or_else(|| unknown(&report, &arguments.figure))?;
    let lang = first_language(app)?;
    let locale = Locale::new(lang, &report.header.zone);
    app.terminal.line(format!("{} = {}", figure.id, locale.figure(&figure, Noun::None)))?;
    if let Some((heading, line)) = place(&report, &figure, lang)? {
        app.terminal.line(format!("stands in    {heading}"))?;
        app.terminal.line(format!("as           {line}"))?;
    }
    let Some(receipt) = report.receipt(&figure.receipt) else {
        app.terminal.line("it was not computed by a query")?;
        return Ok(DONE);
    };
    tell(app, receipt, lang)?;
    rerun(app, &session, receipt, arguments.sql).await?;
    Ok(DONE)
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

fn tell(app: &App, receipt: &Receipt, lang: Lang) -> Result<(), Failure> {
    let line = |what: &str, text: &str| app.terminal.line(format!("{what:<12} {text}"));
    if let Some(question) = &receipt.question {
        line("question", question)?;
    }
    if let Some(query) = &receipt.query {
        let params: Vec<String> = receipt
            .params
            .iter()
            .filter(|(_, value)| *value != "null")
            .map(|(name, value)| {
                format!(" --param {}", fupan_report::escape::shell_word(&format!("{name}={value}")))
            })
            .collect();
        line("run it", &format!("fupan query run {query}{}", params.concat()))?;
    }
    if let Some(at) = receipt.as_of {
        line("as of", &instants::with_offset(at, app.zone()))?;
    }
    if let Some(version) = receipt.ledger_version {
        line("ledger", &format!("version {version} (--at-version {version})"))?;
    }
    if let (Some(read), Some(rows)) = (receipt.rows_read, receipt.rows_returned) {
        line("rows", &format!("{} read, {} in the answer", grouped(read), grouped(rows)))?;
    }
    for exclusion in &receipt.exclusions {
        line("left out", lang.words(exclusion))?;
    }
    Ok(())
}

/// Asks again and compares.
async fn rerun(app: &App, session: &Session, receipt: &Receipt, with_sql: bool) -> Result<(), Failure> {
    let Some(query) = &receipt.query else { return Ok(()) };
    let Ok(file) = session.catalogue().query(query) else { return Ok(()) };
    let text =
        |value: &String| if value == "null" { ParamValue::Null } else { ParamValue::Text(value.clone()) };
    let params: Vec<(String, ParamValue)> =
        receipt.params.iter().map(|(name, value)| (name.clone(), text(value))).collect();
    let answer = session.run(query, &params).await?;
    let is_same = receipt.digest.as_ref() == Some(&answer.receipt.answer_digest);
    let digest = short(&answer.receipt.answer_digest);
    app.terminal.line(format!(
        "{:<12} {}",
        "asked again",
        if is_same {
            format!("the same answer ({digest})")
        } else {
            format!("ANOTHER answer ({digest}): the data or the query changed")
        }
    ))?;
    if with_sql {
        app.terminal.line(format!("\n{}", file.text.trim_end()))?;
    }
    let mut left = SAMPLE_ROWS;
    let mut batches = Vec::new();
    for batch in &answer.batches {
        let rows = batch.num_rows().min(left);
        batches.push(batch.slice(0, rows));
        left -= rows;
    }
    app.terminal.line("")?;
    app.print(&Rows { schema: answer.schema, batches })
}
