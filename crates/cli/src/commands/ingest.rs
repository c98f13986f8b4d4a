//! `fupan ingest`: sources → the store, and an account of every record.

mod account;
mod samples;
mod unread;

use std::path::PathBuf;
use std::sync::Arc;

use fupan_decode::{Encoding, InputFormat};
use fupan_ingest::{
    IngestReport, IngestSettings, Source, find_sources, find_sources_anywhere, ingest, without_twins,
};
use fupan_query::SqlLimits;
use fupan_store::{RemoteOptions, Store};

use self::account::Verdict;
use crate::app::{App, VERSION};
use crate::failure::{ErrorKind, Failure, Outcome};
use crate::output::OutputFormat;
use crate::progress::Bar;
use crate::pseudonym_key::{self, Missing};
use crate::rows::rows;
use crate::settings::FlagSettings;
use crate::turns;

#[expect(clippy::struct_excessive_bools, reason = "each is a flag")]
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Files, folders, patterns such as 'logs/*.gz', or - for standard input; the same in object stores
    /// (`s3://BUCKET/KEY`, gs://, az://), or one file at `https://`; plain, gzip, zstd, or archives of
    /// files (.tar, .tar.gz, .zip)
    #[arg(required = true, value_name = "PATH|URL")]
    paths: Vec<String>,
    /// Read all of them as this format, instead of telling it from the content
    #[arg(long, value_name = "FORMAT", value_parser = input_format)]
    input_format: Option<InputFormat>,
    /// Encoding of texts that are not in UTF-8, such as latin1 or gbk, instead of telling it from the bytes
    #[arg(long, value_name = "ENCODING", value_parser = encoding)]
    encoding: Option<Encoding>,
    /// Read all of them by this mapping file
    #[arg(long, value_name = "FILE")]
    mapping: Option<PathBuf>,
    /// Zone of times without one [default: workspace.zone]
    #[arg(long, value_name = "ZONE")]
    zone: Option<String>,
    /// Take the place of what was read of the source before: mended since, or to be read with another
    /// zone, mapping or format
    #[arg(long)]
    replace: bool,
    /// Write texts as they are: take no e-mail addresses, phone, identity and card numbers and secrets out
    #[arg(long)]
    keep_raw: bool,
    /// Read and count, write nothing; says what it would do for each source
    #[arg(long)]
    dry_run: bool,
    /// Say for each source how its format was told
    #[arg(long)]
    explain: bool,
    /// Share of unreadable records in a source above which the exit code is 1 [default: 0.05]
    #[arg(long, value_name = "SHARE")]
    max_rejected_share: Option<f64>,
}

impl Arguments {
    /// The settings that flags override.
    pub(crate) fn settings(&self) -> Result<FlagSettings, Failure> {
        if let Some(zone) = &self.zone {
            // The flag's own mistake, not the file's.
            crate::settings::parse_zone(zone)?;
        }
        if let Some(share) = self.max_rejected_share.filter(|share| !(0.0..=1.0).contains(share)) {
            let hint = if (1.0..=100.0).contains(&share) {
                format!("write a number from 0 to 1: {share} % is {}", share / 100.0)
            } else {
                "write a number from 0 to 1".to_owned()
            };
            return Err(Failure::usage(format!("--max-rejected-share: {share} is not a share")).hint(hint));
        }
        Ok(FlagSettings { zone: self.zone.clone(), max_rejected_share: self.max_rejected_share })
    }
}

/// What the person who asked knows or wants to know.
#[derive(Debug, Clone, Copy, Default)]
struct Asked {
    /// `--zone` was given.
    is_zone_given: bool,
    /// `--explain`: how each source was recognised.
    is_explained: bool,
}

fn input_format(text: &str) -> Result<InputFormat, String> {
    InputFormat::by_name(text).ok_or_else(|| {
        let names: Vec<&str> = InputFormat::ALL.iter().map(|format| format.as_str()).collect();
        format!("the formats are {}", names.join(", "))
    })
}

pub(crate) fn encoding(text: &str) -> Result<Encoding, String> {
    Encoding::by_name(text).ok_or_else(|| {
        "no encoding that has to be told (UTF-8 has not); names are those of iconv, such as latin1, gbk, utf-16le"
            .to_owned()
    })
}

pub(crate) async fn run(app: &App, arguments: &Arguments) -> Outcome {
    app.refuse_past("ingest")?;
    let found = find(&arguments.paths, &app.surroundings.remote).await;
    let settings = IngestSettings {
        zone: app.zone(),
        format: arguments.input_format,
        encoding: arguments.encoding,
        mappings: app.mappings(arguments.mapping.as_deref())?,
        replace: arguments.replace,
        keep_raw: arguments.keep_raw,
        pseudonyms: pseudonym_key::source(app, None, Missing::Pretend),
        dry_run: arguments.dry_run,
        threads: app.surroundings.threads,
        now: app.surroundings.now,
        software_version: VERSION.to_owned(),
    };
    for failure in &found.missing {
        app.terminal.failure(failure);
    }
    if found.sources.is_empty() {
        return Ok(ErrorKind::BadInput.code());
    }
    let done = read(app, &found.sources, &settings).await?;
    let asked = Asked { is_zone_given: arguments.zone.is_some(), is_explained: arguments.explain };
    let code = account::tell(app, &done, &settings, asked).code();
    if app.globals.format != OutputFormat::Table {
        app.print(&account::rows(&done.report.sources, &settings)?)?;
    }
    Ok(if found.missing.is_empty() || code == ErrorKind::BadInput.code() {
        code
    } else {
        ErrorKind::BadInput.code()
    })
}

/// Sources, and what names nothing: it does not stop the others.
struct FoundSources {
    sources: Vec<Source>,
    missing: Vec<Failure>,
}

async fn find(paths: &[String], remote: &RemoteOptions) -> FoundSources {
    let mut found = FoundSources { sources: Vec::new(), missing: Vec::new() };
    let mut sources = Vec::new();
    for path in paths {
        match find_sources_anywhere(std::slice::from_ref(path), remote).await {
            Ok(sources) if sources.is_empty() => {
                let failure = Failure::new(
                    ErrorKind::BadInput,
                    format!("nothing to read at `{path}`: it is an empty folder"),
                );
                found.missing.push(failure);
            }
            Ok(of_path) => sources.extend(of_path),
            Err(error) => found.missing.push(error.into()),
        }
    }
    // A file that is meant twice is read once.
    found.sources = without_twins(sources);
    found
}

/// An ingest that came to its end.
pub(crate) struct Done {
    pub(crate) report: IngestReport,
    pub(crate) seconds: f64,
    /// Sources that were in already, with the records of them that could not be read then.
    pub(crate) rejected_before: Vec<RejectedBefore>,
}

/// A source that came again, and what could not be read of it the first time.
pub(crate) struct RejectedBefore {
    pub(crate) source: String,
    pub(crate) read: u64,
    pub(crate) rejected: u64,
}

/// Reads sources into the app's store, with a progress bar on a terminal.
pub(crate) async fn read(app: &App, sources: &[Source], settings: &IngestSettings) -> Result<Done, Failure> {
    let mut store = if settings.dry_run { dry_store(app).await? } else { app.create_store().await? };
    let turn = if settings.dry_run { None } else { turns::take(app, sources) };
    if turn.as_ref().is_some_and(|turn| turn.has_waited) {
        store = app.create_store().await?;
    }
    let _writing = if settings.dry_run { None } else { turns::beside_others(app) };
    let missing = if settings.dry_run { Missing::Pretend } else { Missing::Make };
    let pseudonyms = pseudonym_key::source(app, store.key_fingerprint().await?, missing);
    let settings = &IngestSettings { pseudonyms, ..settings.clone() };
    let total = sources.iter().filter_map(Source::size).sum();
    let bar = Arc::new(Bar::new(total, app.terminal.shows_progress()));
    let began = std::time::Instant::now();
    let outcome =
        ingest(&store, sources, settings, Arc::clone(&bar) as Arc<dyn fupan_ingest::Progress>).await;
    bar.finish();
    let seconds = began.elapsed().as_secs_f64();
    let report = outcome?;
    if !settings.dry_run {
        tidy(app, &store, settings).await;
    }
    drop(turn);
    let rejected_before = rejected_before(app, &store, &report, settings).await?;
    Ok(Done { report, seconds, rejected_before })
}

/// Merges small files where there are many. What was read is on disk before, whatever becomes of it.
async fn tidy(app: &App, store: &Store, settings: &IngestSettings) {
    match store.tidy(settings.now).await {
        Ok(did) if did.is_empty() => {}
        Ok(did) => app.terminal.detail(format!("merged {} small files into {}", did.files_out, did.files_in)),
        Err(error) => app.terminal.warn(format!("small files were not merged: {error}")),
    }
}

/// Looks up in the ledger what could not be read of sources that came again.
async fn rejected_before(
    app: &App,
    store: &Store,
    report: &IngestReport,
    settings: &IngestSettings,
) -> Result<Vec<RejectedBefore>, Failure> {
    // A dry run leaves no note of what it saw.
    if settings.dry_run || report.totals().0.duplicate == 0 {
        return Ok(Vec::new());
    }
    // What could not be read of a document is a chunk of no bytes beside its own.
    let text = format!(
        "with counted as (\
             select distinct seen.source, known.chunk_id, known.records_read, known.records_rejected \
             from ingests as seen \
             join ingests as told on told.chunk_id = seen.chunk_id \
             join ingests as known on known.source = told.source and known.ingested_at = told.ingested_at \
             where seen.action = 'seen' and told.action = 'committed' and known.action = 'committed' \
             and (known.chunk_id = told.chunk_id or known.chunk_bytes = 0) \
             and seen.ingested_at = to_timestamp_micros({})) \
         select source, sum(records_read) as read, sum(records_rejected) as rejected from counted \
         group by source having sum(records_rejected) > 0 order by source",
        settings.now.0
    );
    let session = app.session_over(store, None).await?;
    let limits = SqlLimits { rows_max: 1_000_000, ..SqlLimits::default() };
    let answer = session.sql(&text, &limits).await?;
    let found = rows(&answer).filter_map(|row| {
        let source = row.owned("source")?;
        let told = report.sources.iter().find(|told| told.source == source);
        // Lines before the records are known for what they are.
        let banner = told.map_or(0, |told| told.banner_records);
        // What came now is of the same source, and what could not be read of it is told by itself.
        let new = told.map_or(0, |told| told.counts.accepted);
        let (read, rejected) = (row.count("read")?, row.count("rejected")?);
        Some(RejectedBefore {
            source,
            read: (read + new).saturating_sub(banner),
            rejected: rejected.saturating_sub(banner),
        })
    });
    Ok(found.filter(|before| before.rejected > 0).collect())
}

/// The store to compare with, without making one.
async fn dry_store(app: &App) -> Result<Store, Failure> {
    if let Some(store) = app.find_store().await? {
        return Ok(store);
    }
    let root = url::Url::parse("memory:///dry-run/").map_err(|error| Failure::bug(error.to_string()))?;
    Ok(Store::create_on(root, Arc::new(object_store::memory::InMemory::new())).await?)
}

/// As the command would read them, without flags: for other commands that ingest.
pub(crate) fn default_settings(app: &App) -> Result<IngestSettings, Failure> {
    Ok(IngestSettings {
        zone: app.zone(),
        format: None,
        encoding: None,
        mappings: app.mappings(None)?,
        replace: false,
        keep_raw: false,
        pseudonyms: pseudonym_key::source(app, None, Missing::Pretend),
        dry_run: false,
        threads: app.surroundings.threads,
        now: app.surroundings.now,
        software_version: VERSION.to_owned(),
    })
}

/// Reads a folder and tells what became of it; none if something in it is damaged.
pub(crate) async fn read_folder(app: &App, folder: &str, left_out: &[&str]) -> Result<Done, Failure> {
    let mut sources = find_sources(&[folder.to_owned()])?;
    sources.retain(|source| !left_out.contains(&source.name.as_str()));
    let settings = default_settings(app)?;
    let done = read(app, &sources, &settings).await?;
    // A file that is not known does not stop a report on the others; it was said.
    let verdict = account::tell(app, &done, &settings, Asked::default());
    if verdict >= Verdict::NotRecognised {
        return Ok(done);
    }
    Err(Failure::new(ErrorKind::BadInput, format!("{folder} could not be read as it should")))
}
