//! What does every command need: where are we, what is configured, how is the store opened?

use std::path::{Path, PathBuf};

use chrono_tz::Tz;
use fupan_decode::Mapping;
use fupan_model::{Config, Micros};
use fupan_query::{Catalogue, Session, SessionSettings};
use fupan_report::Lang;
use fupan_store::{RemoteOptions, Store, StoreError};

use crate::args::Globals;
use crate::failure::{ErrorKind, Failure};
use crate::instants::{self, Asked};
use crate::settings::{CONFIG_FILE, FlagSettings, Settings};
use crate::spill::SpillFolder;
use crate::terminal::Terminal;
use crate::{find, output, place};

/// The software's version, as ledger and reports record it.
pub(crate) const VERSION: &str = env!("CARGO_PKG_VERSION");

/// What only `main` may look at: clock, environment, machine.
#[derive(Clone)]
pub(crate) struct Surroundings {
    /// The instant at which the command began.
    pub(crate) now: Micros,
    /// `FUPAN_WORKSPACE`.
    pub(crate) workspace: Option<String>,
    /// `FUPAN_STORE`.
    pub(crate) store: Option<String>,
    /// `FUPAN_LANG`.
    pub(crate) lang: Option<String>,
    /// `FUPAN_PSEUDONYM_KEY`.
    pub(crate) pseudonym_key: Option<String>,
    /// The user's own configuration file.
    pub(crate) user_file: Option<PathBuf>,
    /// The current folder.
    pub(crate) folder: PathBuf,
    /// Where this program is.
    pub(crate) program: Option<PathBuf>,
    /// Where queries may put what does not fit into memory.
    pub(crate) spill_folder: SpillFolder,
    /// Cores.
    pub(crate) threads: usize,
    /// Credentials, regions and endpoints of object stores.
    pub(crate) remote: RemoteOptions,
}

/// What to do about a mapping file that holds nothing.
const EMPTY_MAPPING: &str =
    "a `fupan mapping suggest` that failed leaves such a file behind: write a mapping into it, or remove it";

/// A command's surroundings, made once.
pub(crate) struct App {
    pub(crate) terminal: Terminal,
    pub(crate) globals: Globals,
    pub(crate) surroundings: Surroundings,
    pub(crate) workspace: PathBuf,
    pub(crate) settings: Settings,
}

impl App {
    pub(crate) fn new(
        terminal: Terminal,
        globals: Globals,
        surroundings: Surroundings,
        flags: &FlagSettings,
    ) -> Result<Self, Failure> {
        let named = globals.workspace.clone().or_else(|| surroundings.workspace.as_ref().map(PathBuf::from));
        let workspace = match named {
            Some(folder) if folder.is_dir() => folder,
            Some(folder) => {
                return Err(Failure::usage(format!("the workspace {} is not a folder", folder.display()))
                    .hint(format!("make it with: fupan init {}", folder.display())));
            }
            None => nearest_workspace(&surroundings.folder).unwrap_or_else(|| surroundings.folder.clone()),
        };
        let settings = Settings::load(&workspace, surroundings.user_file.as_deref(), flags)?;
        Ok(Self { terminal, globals, surroundings, workspace, settings })
    }

    /// Refuses to look at the past, for commands that write.
    pub(crate) fn refuse_past(&self, command: &str) -> Result<(), Failure> {
        let flag = match (&self.globals.as_of, self.globals.at_version) {
            (Some(_), _) => "--as-of",
            (None, Some(_)) => "--at-version",
            (None, None) => return Ok(()),
        };
        Err(Failure::usage(format!("{flag} has no meaning for `fupan {command}`, which writes what is known now"))
            .hint(format!("leave {flag} out here; commands that ask (sql, query, incidents, report, why) look at the past with it")))
    }

    /// The same, in another workspace; the store is the workspace's own unless one was named.
    pub(crate) fn in_workspace(&self, workspace: PathBuf) -> Result<Self, Failure> {
        let globals = Globals { workspace: Some(workspace), ..self.globals.clone() };
        Self::new(self.terminal.clone(), globals, self.surroundings.clone(), &FlagSettings::default())
    }

    pub(crate) const fn config(&self) -> &Config {
        &self.settings.config
    }

    pub(crate) const fn zone(&self) -> Tz {
        self.settings.zone
    }

    /// Languages of reports: the flag's, else all that are configured.
    pub(crate) fn languages(&self) -> Result<Vec<Lang>, Failure> {
        let given = self.globals.lang.as_ref().or(self.surroundings.lang.as_ref());
        let tags = given.map_or_else(|| self.config().workspace.language.clone(), |tag| vec![tag.clone()]);
        tags.iter()
            .map(|tag| {
                Lang::by_tag(tag).ok_or_else(|| {
                    Failure::usage(format!("there is no language `{tag}`")).hint("use en or zh")
                })
            })
            .collect()
    }

    /// Where the store is.
    pub(crate) fn store_location(&self) -> String {
        let named = self.globals.store.clone().or_else(|| self.surroundings.store.clone());
        named.unwrap_or_else(|| self.workspace.join(".fupan").join("store").to_string_lossy().into_owned())
    }

    /// The store's place as people write it: relative to the current folder where it is below.
    pub(crate) fn shown_store(&self) -> String {
        self.shown(Path::new(&self.store_location()))
    }

    /// A path as people write it.
    pub(crate) fn shown(&self, path: &Path) -> String {
        let shown = path.strip_prefix(&self.surroundings.folder).unwrap_or(path);
        let shown = shown.strip_prefix(".").unwrap_or(shown);
        if shown.as_os_str().is_empty() { ".".to_owned() } else { shown.to_string_lossy().into_owned() }
    }

    /// The store; it must exist.
    pub(crate) async fn open_store(&self) -> Result<Store, Failure> {
        self.find_store().await?.ok_or_else(|| {
            Failure::storage(format!("there is no fupan store at {}", self.shown_store())).hint(
                "`fupan ingest FILES` creates one, `fupan demo` makes a sample; or name another with --store",
            )
        })
    }

    /// The store, if there is one.
    pub(crate) async fn find_store(&self) -> Result<Option<Store>, Failure> {
        match Store::open_with(&self.store_location(), &self.surroundings.remote).await {
            Ok(store) => Ok(Some(store)),
            Err(StoreError::NotFound { .. }) => Ok(None),
            Err(error) => Err(self.store_failure(error)),
        }
    }

    /// The store; made where it does not exist.
    pub(crate) async fn create_store(&self) -> Result<Store, Failure> {
        Store::create_with(&self.store_location(), &self.surroundings.remote)
            .await
            .map_err(|error| self.store_failure(error))
    }

    /// What stands in the way of a store: said by the file system, not by the libraries above it.
    fn store_failure(&self, error: StoreError) -> Failure {
        let below =
            matches!(error, StoreError::Storage(_) | StoreError::Delta(_) | StoreError::BadLocation { .. });
        let location = self.store_location();
        if !below || location.contains("://") {
            return error.into();
        }
        match place::obstacle(Path::new(&location)) {
            Some(reason) => Failure::new(
                if matches!(error, StoreError::BadLocation { .. }) {
                    ErrorKind::Usage
                } else {
                    ErrorKind::Storage
                },
                format!("there can be no store at {}: {reason}", self.shown_store()),
            )
            .hint(
                "name a folder that you may write to: --store DIR, or the environment variable FUPAN_STORE",
            ),
            None => error.into(),
        }
    }

    /// A session over the store, as of the instant that was asked for. A bare time of day is of the
    /// incident's day where a command is about one, else of the latest incident's, else of the last day
    /// in the data.
    pub(crate) async fn session(&self, incident: Option<&str>) -> Result<Session, Failure> {
        let store = self.open_store().await?;
        self.session_over(&store, incident).await
    }

    /// As [`Self::session`], over a store that is open already.
    pub(crate) async fn session_over(
        &self,
        store: &Store,
        incident: Option<&str>,
    ) -> Result<Session, Failure> {
        let snapshot = store.snapshot(self.globals.at_version).await?;
        let asked =
            self.globals.as_of.as_deref().map(|text| instants::parse(text, self.zone())).transpose()?;
        let as_of = match asked {
            None => None,
            Some(Asked::At(at)) => Some(at),
            Some(Asked::TimeOfDay(time)) => {
                let session = Session::new(&snapshot, self.session_settings(None)?).await?;
                let day = match find::incident(&session, incident).await {
                    Ok(found) => found.began_at,
                    Err(failure) if incident.is_some() => return Err(failure),
                    Err(_) => None,
                };
                let day = day.unwrap_or(session.as_of());
                let at = instants::on_day_of(time, day, self.zone())
                    .ok_or_else(|| Failure::usage("the day of --as-of is outside of the calendar"))?;
                Some(at)
            }
        };
        if let Some(at) = as_of {
            self.terminal.note(format!("as of {}", instants::with_offset(at, self.zone())));
        }
        Ok(Session::new(&snapshot, self.session_settings(as_of)?).await?)
    }

    /// A session without a store, to describe tables and queries.
    pub(crate) async fn empty_session(&self) -> Result<Session, Failure> {
        let none = std::collections::BTreeMap::new();
        Ok(Session::from_batches(none, self.session_settings(None)?).await?)
    }

    fn session_settings(&self, as_of: Option<Micros>) -> Result<SessionSettings, Failure> {
        let spill_folder = self.surroundings.spill_folder.path().map_err(|error| {
            Failure::storage(format!("cannot make a folder for what queries cannot hold in memory: {error}"))
                .hint("TMPDIR names another place for it")
        })?;
        Ok(SessionSettings {
            config: self.config().clone(),
            as_of,
            threads: self.surroundings.threads,
            memory_bytes: self.config().query.memory_mib as usize * 1024 * 1024,
            resident_bytes: Some(resident_bytes),
            spill_folder: Some(spill_folder),
            catalogue: self.catalogue()?,
        })
    }

    /// Our queries, and the workspace's own from its `queries/` folder.
    pub(crate) fn catalogue(&self) -> Result<Catalogue, Failure> {
        let folder = self.workspace.join("queries");
        let is_workspace = self.workspace.join(CONFIG_FILE).is_file();
        let mut files = Vec::new();
        if is_workspace && folder.is_dir() && !is_our_own(&folder) {
            collect(&folder, &folder, "sql", &mut files)?;
        }
        Ok(Catalogue::embedded()?.with_overrides(&files)?)
    }

    /// The workspace's mappings, in order of name, after the one of the flag.
    pub(crate) fn mappings(&self, flag: Option<&Path>) -> Result<Vec<Mapping>, Failure> {
        let parse = |path: &str, text: &str| {
            Mapping::parse(text).map_err(|error| {
                Failure::new(ErrorKind::BadInput, format!("{path}: {error}"))
                    .hint("`fupan explain schema mapping` lists all keys")
            })
        };
        let mut mappings = Vec::new();
        if let Some(path) = flag {
            let text = std::fs::read_to_string(path).map_err(|error| {
                Failure::usage(format!("cannot read the mapping {}: {error}", path.display()))
            })?;
            if text.trim().is_empty() {
                return Err(Failure::new(
                    ErrorKind::BadInput,
                    format!("the mapping {} is empty", path.display()),
                )
                .hint(EMPTY_MAPPING));
            }
            mappings.push(parse(&path.to_string_lossy(), &text)?.for_every_source());
        }
        let folder = self.workspace.join("mappings");
        if folder.is_dir() {
            let mut files = Vec::new();
            collect(&folder, &folder, "toml", &mut files)?;
            for (path, text) in files {
                // What a redirection leaves behind whose command failed; it must not stop all that is read.
                if text.trim().is_empty() {
                    self.terminal.warn(format!("mappings/{path} is empty and was left out"));
                    self.terminal.hint(EMPTY_MAPPING);
                    continue;
                }
                mappings.push(parse(&format!("mappings/{path}"), &text)?);
            }
        }
        Ok(mappings)
    }

    /// Prints rows in the form that was asked for.
    pub(crate) fn print(&self, rows: &output::Rows) -> Result<(), Failure> {
        output::print(&self.terminal, rows, self.globals.format, self.zone())
    }
}

/// What this process holds in memory, where the system tells it.
fn resident_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.trim().trim_end_matches("kB").trim().parse::<u64>().ok()?.checked_mul(1024)
}

/// The nearest folder upwards with a `fupan.toml`.
fn nearest_workspace(from: &Path) -> Option<PathBuf> {
    from.ancestors().find(|folder| folder.join(CONFIG_FILE).is_file()).map(Path::to_path_buf)
}

/// The `queries/` of fupan's own checkout is what the program carries already.
fn is_our_own(folder: &Path) -> bool {
    folder.join("views").is_dir()
}

/// All files below a folder with that ending, as path and text, in order of path.
fn collect(
    root: &Path,
    folder: &Path,
    ending: &str,
    files: &mut Vec<(String, String)>,
) -> Result<(), Failure> {
    let unreadable = |path: &Path, error: std::io::Error| {
        Failure::storage(format!("cannot read {}: {error}", path.display()))
    };
    let mut entries = std::fs::read_dir(folder)
        .and_then(|entries| {
            entries.map(|entry| entry.map(|entry| entry.path())).collect::<Result<Vec<_>, _>>()
        })
        .map_err(|error| unreadable(folder, error))?;
    entries.sort();
    for path in entries {
        let is_link = path.symlink_metadata().is_ok_and(|metadata| metadata.is_symlink());
        if path.is_dir() && !is_link {
            collect(root, &path, ending, files)?;
        } else if path.extension().is_some_and(|found| found == ending) {
            let text = std::fs::read_to_string(&path).map_err(|error| unreadable(&path, error))?;
            let name = path.strip_prefix(root).unwrap_or(&path).to_string_lossy().replace('\\', "/");
            files.push((name, text));
        }
    }
    Ok(())
}
