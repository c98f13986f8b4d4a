//! `fupan mapping`: a first mapping for a source that is not standard.

use fupan_decode::{DecodeOptions, Encoding, mapping_name};
use fupan_ingest::{find_sources_anywhere, sample};

use crate::app::App;
use crate::failure::{DONE, ErrorKind, Failure, Outcome};

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Read a sample and print a first mapping for it, to be looked over: what was taken for what, and why
    Suggest {
        /// A file, an object's URL, or - for standard input; plain, gzip or zstd
        #[arg(value_name = "FILE|URL")]
        path: String,
        /// Encoding of the text where it is not UTF-8, such as latin1, instead of telling it from the bytes
        #[arg(long, value_name = "ENCODING", value_parser = super::ingest::encoding)]
        encoding: Option<Encoding>,
    },
}

pub(crate) async fn run(app: &App, arguments: &Arguments) -> Outcome {
    let Command::Suggest { path, encoding } = &arguments.command;
    let sources = find_sources_anywhere(std::slice::from_ref(path), &app.surroundings.remote).await?;
    let [source] = sources.as_slice() else {
        return Err(Failure::usage(format!("`{path}` is not one file")).hint("name one file of the folder"));
    };
    let options = DecodeOptions::new(app.zone(), source.name.clone());
    let unreadable = |problem: String| {
        Failure::new(ErrorKind::BadInput, format!("no mapping for {}: {problem}", source.name))
    };
    let reading = {
        let (source, declared, options) = (source.clone(), *encoding, options.clone());
        tokio::task::spawn_blocking(move || sample(&source, declared, &options))
    };
    let head = reading.await.map_err(|error| Failure::bug(error.to_string()))?;
    let head = head.map_err(|problem| unreadable(problem.to_string()))?;
    let suggested = match &head.encoding {
        None => fupan_decode::suggest_mapping(&head.text, &options),
        Some(encoding) => fupan_decode::suggest_mapping_in(&head.text, encoding, &options),
    };
    let text = suggested.map_err(|problem| unreadable(problem.to_string()))?;
    let text = fupan_redact::redact(&text, &mut fupan_redact::Counts::default());
    app.terminal.line(text.trim_end())?;
    app.terminal.note(format!(
        "look it over, save it as mappings/{}.toml in the workspace, then: fupan ingest --dry-run {path}",
        mapping_name(&source.name)
    ));
    Ok(DONE)
}
