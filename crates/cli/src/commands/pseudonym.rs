//! `fupan pseudonym`: which pseudonyms do the values of a list have?

use std::io::{BufRead, BufReader, Read};

use crate::app::App;
use crate::failure::{DONE, ErrorKind, Failure, Outcome};
use crate::pseudonym_key::{self, Missing};

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// A file with one value a line, or - for standard input; white space around a value does not count
    #[arg(value_name = "LIST")]
    list: String,
}

/// Lines that are printed at once.
const LINES: usize = 10_000;

pub(crate) async fn run(app: &App, arguments: &Arguments) -> Outcome {
    let fingerprint = match app.open_store().await {
        Ok(store) => store.key_fingerprint().await?,
        // A list can be made before the first ingest, as long as there is a key.
        Err(_) => None,
    };
    let source = pseudonym_key::source(app, fingerprint, Missing::Fail);
    let key = source.key().map_err(|reason| pseudonym_key::failure(&reason))?;
    let cannot = |error: std::io::Error| {
        Failure::new(ErrorKind::BadInput, format!("cannot read the list {}: {error}", arguments.list))
    };
    let list: Box<dyn Read> = match arguments.list.as_str() {
        "-" => Box::new(std::io::stdin()),
        path => Box::new(std::fs::File::open(path).map_err(cannot)?),
    };
    let bug = |error: csv::Error| Failure::bug(error.to_string());
    let mut out = csv::Writer::from_writer(Vec::new());
    out.write_record(["value", "pseudonym"]).map_err(bug)?;
    for (at, line) in BufReader::new(list).lines().enumerate() {
        let line = line.map_err(cannot)?;
        let value = line.trim().trim_start_matches('\u{FEFF}');
        if !value.is_empty() {
            out.write_record([value, &key.of(value)]).map_err(bug)?;
        }
        if at % LINES == LINES - 1 {
            out.flush().map_err(|error| Failure::bug(error.to_string()))?;
            app.terminal.data(out.get_ref())?;
            out = csv::Writer::from_writer(Vec::new());
        }
    }
    let rest = out.into_inner().map_err(|error| Failure::bug(error.to_string()))?;
    app.terminal.data(&rest)?;
    Ok(DONE)
}
