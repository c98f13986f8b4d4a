//! Which settings are in force, and who said so?
//!
//! Flag over `FUPAN_*` over `fupan.toml` over the user's file over the defaults. A key of
//! `fupan.toml` is an environment variable with `__` between its parts:
//! `FUPAN_WORKSPACE__ZONE=Asia/Shanghai`.

mod check;

use std::path::{Path, PathBuf};

use chrono_tz::Tz;
use figment::providers::{Env, Format, Serialized, Toml};
use figment::value::{Dict, Map, Value};
use figment::{Figment, Metadata, Profile, Provider, Source};
use fupan_model::Config;

use crate::failure::{ErrorKind, Failure};

/// The file that makes a folder a workspace.
pub(crate) const CONFIG_FILE: &str = "fupan.toml";

/// What was set on the command line, by key of `fupan.toml`.
#[derive(Debug, Clone, Default)]
pub(crate) struct FlagSettings {
    /// `--zone`.
    pub(crate) zone: Option<String>,
    /// `--max-rejected-share`.
    pub(crate) max_rejected_share: Option<f64>,
}

/// The configuration with its origins.
pub(crate) struct Settings {
    pub(crate) config: Config,
    pub(crate) zone: Tz,
    figment: Figment,
}

/// A setting with its value and where it comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SettingLine {
    pub(crate) key: String,
    pub(crate) value: String,
    pub(crate) origin: String,
}

impl Settings {
    /// Reads all layers for a workspace.
    pub(crate) fn load(
        workspace: &Path,
        user_file: Option<&Path>,
        flags: &FlagSettings,
    ) -> Result<Self, Failure> {
        let mut figment = Figment::from(Named("default", Serialized::defaults(Config::default())));
        if let Some(file) = user_file.filter(|file| file.is_file()) {
            figment = figment.merge(Toml::file_exact(file));
        }
        let file = workspace.join(CONFIG_FILE);
        if file.is_file() {
            figment = figment.merge(Toml::file_exact(file));
        }
        let environment = Env::prefixed("FUPAN_").filter(|key| key.as_str().contains("__")).split("__");
        figment = figment.merge(Named("environment (FUPAN_*)", environment));
        if let Some(zone) = &flags.zone {
            figment = figment.merge(Named("flag", Serialized::default("workspace.zone", zone)));
        }
        if let Some(share) = flags.max_rejected_share {
            figment = figment.merge(Named("flag", Serialized::default("ingest.max_rejected_share", share)));
        }
        let config: Config = figment.extract().map_err(|error| wrong(&error))?;
        check::check(&config)?;
        let mut settings = Self { config, zone: Tz::UTC, figment };
        settings.zone = settings.configured_zone()?;
        // An offset is known by its name in the database from here on.
        settings.zone.name().clone_into(&mut settings.config.workspace.zone);
        Ok(settings)
    }

    fn configured_zone(&self) -> Result<Tz, Failure> {
        parse_zone(&self.config.workspace.zone).map_err(|failure| {
            let value = self.figment.find_value("workspace.zone");
            let origin = value.map_or_else(|_| CONFIG_FILE.to_owned(), |value| self.origin(&value));
            let message = format!("{origin}: workspace.zone: {}", failure.message);
            Failure { kind: ErrorKind::BadInput, message, ..failure }
        })
    }

    /// All settings in order of key.
    pub(crate) fn lines(&self) -> Result<Vec<SettingLine>, Failure> {
        let root = self.figment.find_value("").map_err(|error| wrong(&error))?;
        let mut lines = Vec::new();
        self.collect(String::new(), &root, &mut lines);
        Ok(lines)
    }

    fn collect(&self, key: String, value: &Value, lines: &mut Vec<SettingLine>) {
        if let Value::Dict(_, entries) = value {
            for (name, inner) in entries {
                let name = if is_bare(name) { name.clone() } else { format!("\"{name}\"") };
                let inner_key = if key.is_empty() { name } else { format!("{key}.{name}") };
                self.collect(inner_key, inner, lines);
            }
            return;
        }
        if matches!(value, Value::Empty(..)) {
            return;
        }
        let text =
            toml::Value::try_from(value).map_or_else(|error| error.to_string(), |value| value.to_string());
        lines.push(SettingLine { key, value: text, origin: self.origin(value) });
    }

    fn origin(&self, value: &Value) -> String {
        let Some(metadata) = self.figment.get_metadata(value.tag()) else { return "default".to_owned() };
        match &metadata.source {
            Some(Source::File(path)) => path.to_string_lossy().into_owned(),
            _ => metadata.name.clone().into_owned(),
        }
    }
}

/// A layer with a name that people understand.
struct Named<P>(&'static str, P);

impl<P: Provider> Provider for Named<P> {
    fn metadata(&self) -> Metadata {
        Metadata::named(self.0)
    }

    fn data(&self) -> Result<Map<Profile, Dict>, figment::Error> {
        self.1.data()
    }
}

fn is_bare(key: &str) -> bool {
    !key.is_empty() && key.chars().all(|letter| letter.is_ascii_alphanumeric() || matches!(letter, '_' | '-'))
}

/// The zone of that IANA name, or of that offset.
pub(crate) fn parse_zone(name: &str) -> Result<Tz, Failure> {
    fupan_decode::time::zone_by_name(name).ok_or_else(|| {
        let near = chrono_tz::TZ_VARIANTS
            .iter()
            .map(|zone| {
                (strsim::jaro_winkler(&zone.name().to_lowercase(), &name.to_lowercase()), zone.name())
            })
            .filter(|(likeness, _)| *likeness > 0.85)
            .max_by(|left, right| left.0.total_cmp(&right.0));
        let is_abbreviation = (2..=5).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_uppercase());
        let hint = match near {
            // Those that look alike are not what was meant: CST6CDT is fourteen hours from Beijing.
            _ if is_abbreviation => {
                "abbreviations mean several zones (CST is Asia/Shanghai or America/Chicago): name one of those".to_owned()
            }
            Some((_, zone)) => format!("did you mean `{zone}`?"),
            None => "use a name of the IANA database, such as Asia/Shanghai or Europe/Berlin, or an offset such as +08:00".to_owned(),
        };
        Failure::usage(format!("{name:?} is not a time zone")).hint(hint)
    })
}

/// A configuration that cannot be read: where, what, and the word that was meant.
fn wrong(error: &figment::Error) -> Failure {
    let place = match error.metadata.as_ref().and_then(|metadata| metadata.source.as_ref()) {
        Some(Source::File(path)) => format!("{}: ", path.to_string_lossy()),
        _ => String::new(),
    };
    let what = match &error.kind {
        figment::error::Kind::UnknownField(name, known) => {
            format!("there is no key `{name}` here; the keys are {}", known.join(", "))
        }
        other => other.to_string(),
    };
    let path = if error.path.is_empty() { String::new() } else { format!("{}: ", error.path.join(".")) };
    let hint = match &error.kind {
        figment::error::Kind::UnknownField(name, known) => known
            .iter()
            .map(|word| (strsim::jaro_winkler(word, name), word))
            .filter(|(likeness, _)| *likeness > 0.8)
            .max_by(|left, right| left.0.total_cmp(&right.0))
            .map(|(_, word)| format!("did you mean `{word}`? `fupan explain schema config` lists all keys")),
        _ => None,
    };
    let hint =
        hint.unwrap_or_else(|| "`fupan explain schema config` lists all keys with their types".to_owned());
    Failure::new(ErrorKind::BadInput, format!("{place}{path}{what}")).hint(hint)
}

/// Where the user's own file is, if anywhere: `fupan/config.toml` in the configuration folder.
pub(crate) fn user_file(config_home: Option<&str>, home: Option<&str>) -> Option<PathBuf> {
    let base = match (config_home.filter(|text| !text.is_empty()), home.filter(|text| !text.is_empty())) {
        (Some(folder), _) => PathBuf::from(folder),
        (None, Some(home)) => Path::new(home).join(".config"),
        (None, None) => return None,
    };
    Some(base.join("fupan").join("config.toml"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(text: &str, flags: &FlagSettings) -> Result<Settings, Failure> {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(CONFIG_FILE), text).unwrap();
        Settings::load(folder.path(), None, flags)
    }

    #[test]
    fn a_flag_beats_the_file_and_each_says_where_it_comes_from() {
        let flags = FlagSettings { zone: Some("UTC".to_owned()), ..FlagSettings::default() };
        let text = "[workspace]\nzone = \"Asia/Shanghai\"\n[services.pay]\nentry = true\n";
        let settings = load(text, &flags).unwrap();
        assert_eq!(settings.zone, Tz::UTC);
        let lines = settings.lines().unwrap();
        let origin =
            |key: &str| lines.iter().find(|line| line.key == key).map(|line| line.origin.clone()).unwrap();
        assert_eq!(origin("workspace.zone"), "flag");
        assert!(origin("services.pay.entry").ends_with(CONFIG_FILE));
        assert_eq!(origin("baseline.before"), "default");
        assert_eq!(load(text, &FlagSettings::default()).unwrap().zone, chrono_tz::Asia::Shanghai);
    }

    #[test]
    fn a_mistyped_key_is_named_with_the_one_that_was_meant() {
        let failure = load("[workspace]\nzoen = \"UTC\"\n", &FlagSettings::default()).err().unwrap();
        assert_eq!(failure.kind, ErrorKind::BadInput);
        assert!(failure.message.contains("zoen"), "{}", failure.message);
        assert!(failure.hint.unwrap().contains("`zone`"));
    }

    #[test]
    fn values_that_no_report_could_use_are_refused_with_their_key() {
        for (text, key) in [
            ("[baseline]\nmin_effect = 5", "baseline.min_effect"),
            ("[baseline]\nbefore = \"an hour\"", "baseline.before"),
            ("[baseline]\ncomparable_days = 0", "baseline.comparable_days"),
            ("[grades.P1]\ntargets = { detect = \"abc\" }", "grades.P1.targets.detect"),
            ("[grades.P1]\ntargets = { cook = \"5m\" }", "grades.P1.targets.cook"),
            ("[grades.P1]\nnotice_every = \"often\"", "grades.P1.notice_every"),
            ("[services.pay]\nslo = { target = 99.9, window = \"28d\" }", "services.pay.slo.target"),
            ("[services.pay]\nslo = { target = 0.999, window = \"28\" }", "services.pay.slo.window"),
            ("[services.pay]\nsli = { latency_ms = -1.0 }", "services.pay.sli.latency_ms"),
            ("[workspace]\nlanguage = [\"klingon\"]", "workspace.language"),
            ("[workspace]\nlanguage = []", "workspace.language"),
            ("[ingest]\nmax_rejected_share = nan", "ingest.max_rejected_share"),
        ] {
            let failure = load(text, &FlagSettings::default()).err().unwrap();
            assert_eq!(failure.kind, ErrorKind::BadInput);
            assert!(failure.message.starts_with(&format!("fupan.toml: {key}: ")), "{}", failure.message);
            assert!(failure.hint.is_some());
        }
        let sound = "[grades.P1]\nfirst_notice = \"10m\"\ntargets = { detect = \"1m\", locate = \"5m\", mitigate = \"10m\" }";
        load(sound, &FlagSettings::default()).unwrap();
    }

    #[test]
    fn an_offset_is_a_zone() {
        let settings = load("[workspace]\nzone = \"UTC+8\"\n", &FlagSettings::default()).unwrap();
        assert_eq!(settings.zone, Tz::Etc__GMTMinus8);
        assert_eq!(settings.config.workspace.zone, "Etc/GMT-8");
    }

    #[test]
    fn a_zone_that_does_not_exist_leads_to_the_one_that_was_meant() {
        assert!(parse_zone("CST").unwrap_err().hint.unwrap().contains("Asia/Shanghai or America/Chicago"));
        assert_eq!(parse_zone("Asia/Shanghia").unwrap_err().hint.unwrap(), "did you mean `Asia/Shanghai`?");
    }
}
