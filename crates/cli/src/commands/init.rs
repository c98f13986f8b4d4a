//! `fupan init`: a workspace to begin with.

use std::path::{Path, PathBuf};

use crate::app::Surroundings;
use crate::args::Globals;
use crate::failure::{DONE, Failure, Outcome};
use crate::files::write_whole;
use crate::settings::{CONFIG_FILE, parse_zone};
use crate::terminal::Terminal;

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Folder of the workspace [default: the current one]
    #[arg(value_name = "DIR")]
    folder: Option<PathBuf>,
    /// Zone of times without one, of days and periods, such as Asia/Shanghai
    #[arg(long, value_name = "ZONE", default_value = "UTC")]
    zone: String,
}

const TEMPLATE: &str = include_str!("init/fupan.toml");
const MAPPINGS: &str = include_str!("init/mappings.md");
const IGNORED: &str = ".fupan/";

pub(crate) fn run(
    terminal: &Terminal,
    surroundings: &Surroundings,
    globals: &Globals,
    arguments: &Arguments,
) -> Outcome {
    let zone = parse_zone(&arguments.zone)?;
    let named = arguments.folder.clone().or_else(|| globals.workspace.clone());
    let folder = named.unwrap_or_else(|| surroundings.folder.clone());
    let config = folder.join(CONFIG_FILE);
    if config.exists() {
        return Err(Failure::usage(format!("{} is there already", config.display()))
            .hint("edit it; `fupan explain schema config` lists all keys"));
    }
    let mappings = folder.join("mappings");
    std::fs::create_dir_all(&mappings).map_err(|error| {
        Failure::storage(format!("cannot make the folder {}: {error}", mappings.display()))
    })?;
    write_whole(&config, TEMPLATE.replace("{zone}", zone.name()).as_bytes())?;
    let readme = mappings.join("README.md");
    if !readme.exists() {
        write_whole(&readme, MAPPINGS.as_bytes())?;
    }
    ignore_store(&folder)?;
    terminal.line(config.display())?;
    terminal.note("next: look through that file, then: fupan ingest FILES · fupan incidents · fupan report");
    Ok(DONE)
}

/// The store does not belong into version control; reports and configuration do.
fn ignore_store(folder: &Path) -> Result<(), Failure> {
    let path = folder.join(".gitignore");
    let existing = std::fs::read_to_string(&path).unwrap_or_default();
    if existing.lines().any(|line| line.trim().trim_start_matches('/') == IGNORED) {
        return Ok(());
    }
    let separator = if existing.is_empty() || existing.ends_with('\n') { "" } else { "\n" };
    write_whole(&path, format!("{existing}{separator}{IGNORED}\n").as_bytes())
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_template_says_the_defaults() {
        let text = super::TEMPLATE.replace("{zone}", "UTC");
        let config: fupan_model::Config = toml::from_str(&text).unwrap();
        assert_eq!(config, fupan_model::Config::default());
    }

    #[test]
    fn its_examples_are_right_too() {
        let text: String = super::TEMPLATE
            .replace("{zone}", "UTC")
            .lines()
            .map(|line| format!("{}\n", line.strip_prefix("#: ").unwrap_or(line)))
            .collect();
        let config: fupan_model::Config = toml::from_str(&text).unwrap();
        assert!(config.services.contains_key("payment"));
        assert!(config.actions.contains_key("pay"));
        assert!(config.grades.contains_key("P0"));
    }
}
