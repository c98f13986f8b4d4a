//! `fupan sql`: one read-only statement over the tables.

use std::io::{IsTerminal, Read};
use std::time::Duration;

use fupan_query::{Answer, SqlLimits};

use crate::app::App;
use crate::failure::{DONE, ErrorKind, Failure, Outcome};
use crate::instants;
use crate::numbers::{counted, grouped};
use crate::output::Rows;

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The statement, or - for standard input [default: standard input, where it is not a terminal]
    statement: Option<String>,
    /// Rows after which the answer is cut off
    #[arg(long, value_name = "ROWS", default_value_t = SqlLimits::default().rows_max)]
    max_rows: usize,
    /// Seconds after which it is given up
    #[arg(long, value_name = "SECONDS", default_value_t = SqlLimits::default().time_max.as_secs())]
    timeout: u64,
}

pub(crate) async fn run(app: &App, arguments: &Arguments) -> Outcome {
    let text = statement(arguments.statement.as_deref())?;
    let session = app.session(None).await?;
    let limits = SqlLimits {
        rows_max: arguments.max_rows,
        time_max: Duration::from_secs(arguments.timeout),
        ..SqlLimits::default()
    };
    let answer = session.sql(&text, &limits).await.map_err(|error| error.in_text(&text))?;
    show(app, answer)?;
    Ok(DONE)
}

fn statement(argument: Option<&str>) -> Result<String, Failure> {
    if let Some(text) = argument.filter(|text| *text != "-") {
        return Ok(text.to_owned());
    }
    let stdin = std::io::stdin();
    if argument.is_none() && stdin.is_terminal() {
        return Err(Failure::usage("there is no statement")
            .hint("fupan sql 'select service_name, count(*) from logs group by service_name'; `fupan explain tables` lists the tables"));
    }
    let mut text = String::new();
    // One byte more than a statement may have: the limit itself is told by the query.
    let limit = fupan_query::limits::SQL_BYTES_MAX as u64 + 1;
    stdin.lock().take(limit).read_to_string(&mut text).map_err(|error| {
        Failure::new(ErrorKind::BadInput, format!("cannot read the statement from standard input: {error}"))
    })?;
    if text.trim().is_empty() {
        return Err(Failure::usage("standard input holds no statement"));
    }
    Ok(text)
}

/// Prints an answer; what it was made from goes to standard error.
pub(crate) fn show(app: &App, answer: Answer) -> Result<(), Failure> {
    let Answer { batches, schema, receipt } = answer;
    app.print(&Rows { schema, batches })?;
    if receipt.is_truncated {
        app.terminal.warn(format!(
            "the answer is cut off after {}; aggregate, add a `limit`, or raise --max-rows",
            counted(receipt.rows, "row")
        ));
    }
    app.terminal.detail(format!(
        "as of {} · ledger version {} · {} rows read · text {} · answer {}",
        instants::with_offset(receipt.as_of, app.zone()),
        receipt.ledger_version.map_or_else(|| "none".to_owned(), |version| version.to_string()),
        grouped(receipt.rows_read),
        short(&receipt.text_hash),
        short(&receipt.answer_digest),
    ));
    Ok(())
}

/// The beginning of a hash, which is enough to compare by eye.
pub(crate) fn short(hash: &str) -> &str {
    hash.get(..12).unwrap_or(hash)
}
