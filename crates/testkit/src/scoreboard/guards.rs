//! What is each guard good for? Cuts them out of a copy of the sources, one at a time, and expects that
//! a test fails.

use std::fmt;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::rows::proof;
use super::{Extent, Proof, cargo};

/// A guard, and what is left when it is cut out.
#[derive(Debug, Clone, Copy)]
pub struct Guard {
    /// What it does.
    pub name: &'static str,
    /// Where it is.
    pub file: &'static str,
    /// The code of the guard, which stands there once.
    pub code: &'static str,
    /// What takes its place.
    pub without: &'static str,
    /// The test that has to fail.
    pub proof: Proof,
}

const fn faults(filter: &'static str) -> Proof {
    proof("fupan-ingest", "nothing_lost", filter)
}

/// The guards, in the order of the promises that they keep.
pub const GUARDS: &[Guard] = &[
    Guard {
        name: "a file is synced before it gets its name",
        file: "crates/store/src/durable.rs",
        code: "    file.sync()\n",
        without: "    Ok(())\n",
        proof: faults("power_loss::what_was_acknowledged"),
    },
    Guard {
        name: "a folder is synced before a write is acknowledged",
        file: "crates/store/src/durable.rs",
        code: "    outcome?;\n    disk.sync_folder(folder)\n",
        without: "    outcome\n",
        proof: faults("power_loss::what_was_acknowledged"),
    },
    Guard {
        name: "the entries of folders are synced, also of those that were there",
        file: "crates/store/src/durable.rs",
        code: "    match disk.sync_folder(parent) {",
        without: "    match Ok::<(), std::io::Error>(()) {",
        proof: faults("power_loss::"),
    },
    Guard {
        name: "tables that another run created are made durable",
        file: "crates/store/src/store.rs",
        code: "        some_at_once(Table::ALL.map(|table| store.check_and_make_durable(table))).await?;\n",
        without: "",
        proof: faults("power_loss::what_a_rerun"),
    },
    Guard {
        name: "rows that another run brought are made durable before the ledger counts them",
        file: "crates/store/src/append.rs",
        code: "                self.make_durable(table).await?;\n",
        without: "",
        proof: faults("power_loss::what_another_run"),
    },
    Guard {
        name: "a chunk that is in a table is not written again",
        file: "crates/store/src/append.rs",
        code: "without(table, encoded, &present, written_at)?;",
        without: "without(table, encoded, &BTreeSet::new(), written_at)?;",
        proof: proof("fupan-store", "maintenance", "compacting::a_chunk_in_a_merged_file"),
    },
    Guard {
        name: "a chunk that the ledger counts is not counted again",
        file: "crates/store/src/append.rs",
        code: "                if taken {",
        without: "                if taken && current.rows.is_empty() {",
        proof: faults("overlaps::a_file_that_two_runs_read_at_once"),
    },
    Guard {
        name: "a commit is made against exactly the state that its decision was read from",
        file: "crates/store/src/table.rs",
        code: ".with_max_retries(0)",
        without: ".with_max_retries(15)",
        proof: faults("overlaps::a_file_that_two_runs_read_at_once"),
    },
    Guard {
        name: "a commit that may be in is not taken for one that is not",
        file: "crates/store/src/table.rs",
        code: "        Err(error) => settle(delta, table, &mark, error).await,",
        without: "        Err(_) => Err(StoreError::Conflict { table: table.name().to_owned() }),",
        proof: faults("outcomes::a_commit_that_may_be_in"),
    },
    Guard {
        name: "overlapping chunks of two runs are contested",
        file: "crates/store/src/append.rs",
        code: "                if !rivals.is_empty() {",
        without: "                if rivals.len() == usize::MAX {",
        proof: faults("overlaps::a_file_that_two_runs_read_to_different_ends"),
    },
    Guard {
        name: "verify compares digests of files",
        file: "crates/store/src/verify.rs",
        code: "blake3::hash(&bytes).to_hex().as_str() != digest",
        without: "blake3::hash(&bytes).to_hex().len() != digest.len()",
        proof: faults("bit_flips::every_flipped_bit"),
    },
    Guard {
        name: "log entries are compared with their seals",
        file: "crates/store/src/seal.rs",
        code: "if expected.as_bytes() == digest { Seal::Whole } else { Seal::Broken }",
        without: "if expected.len() == digest.len() { Seal::Whole } else { Seal::Broken }",
        proof: faults("bit_flips::every_flipped_bit"),
    },
    Guard {
        name: "what decompresses beyond all measure is refused",
        file: "crates/ingest/src/reader.rs",
        code: "given / taken.max(1) > limits::INFLATION_MAX",
        without: "given / taken.max(1) > u64::MAX / 2",
        proof: faults("huge::what_decompresses"),
    },
    Guard {
        name: "a record that is too long is not kept in memory",
        file: "crates/ingest/src/chunks.rs",
        code: "self.buffer.len() > self.decoder.record_bytes_max()",
        without: "self.buffer.len() > usize::MAX / 2",
        proof: faults("huge::a_line"),
    },
    Guard {
        name: "a server has to show that it refuses a second creator",
        file: "crates/store/src/conditional.rs",
        code: "            self.prove().await?;\n",
        without: "",
        proof: proof("fupan-store", "buckets", "a_server_that_ignores"),
    },
    Guard {
        name: "what a replacement brings to light is replaced too",
        file: "crates/redact/src/scan.rs",
        code: "for _ in 0..PASSES_MAX {",
        without: "for _ in 0..1 {",
        proof: proof("fupan-redact", "promises", "nothing_is_left"),
    },
    Guard {
        name: "analysts call functions of a list, and no others",
        file: "crates/query/src/sandbox/mod.rs",
        code: "if is_ours || functions::is_allowed(&name) {",
        without: "if is_ours || !name.is_empty() {",
        proof: proof("fupan-query", "lib", "sandbox::tests::more_than"),
    },
    Guard {
        name: "analysts read tables of ours, and no others",
        file: "crates/query/src/sandbox/mod.rs",
        code: "Ok(name) if self.tables.contains(&name) || self.ctes.contains(&name) =>",
        without: "Ok(name) if self.tables.contains(&name) || !name.is_empty() =>",
        proof: proof("fupan-query", "lib", "sandbox::tests::more_than"),
    },
    Guard {
        name: "nobody is mentioned by what stands in data",
        file: "crates/report/src/escape.rs",
        code: "        '@' => true,\n",
        without: "",
        proof: proof("fupan-report", "report", "injection::no_payload"),
    },
    Guard {
        name: "no cell of a table is a formula",
        file: "crates/report/src/escape.rs",
        code: "        format!(\"'{text}\")\n",
        without: "        text\n",
        proof: proof("fupan-report", "report", "injection::charts_and_tables"),
    },
];

/// What is not optimised is built sooner; what our crates depend on stays as it is.
const BUILT: [&str; 2] = ["--config=profile.dev.opt-level=0", "--config=profile.dev.debug=false"];

/// What becomes of the tests without a guard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Missed {
    /// They fail; which.
    Failed(String),
    /// They pass.
    ByNothing,
    /// The guard does not stand where it is said to stand.
    Moved,
    /// What is left does not compile, which proves nothing.
    NotCompiled(String),
}

impl Missed {
    /// The tests that fail, if any do.
    pub fn failed(&self) -> Option<&str> {
        if let Self::Failed(tests) = self { Some(tests) } else { None }
    }
}

impl fmt::Display for Missed {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Failed(tests) => formatter.write_str(tests),
            Self::ByNothing => formatter.write_str("NOTHING FAILS"),
            Self::Moved => formatter.write_str("NOT FOUND in its file"),
            Self::NotCompiled(error) => write!(formatter, "DOES NOT COMPILE: {error}"),
        }
    }
}

/// Cuts out each guard whose name holds `only` and runs its test; answers those that nothing missed.
/// The copy is made below `target`, cargo's folder for what it builds, so that no dependency is built anew.
pub fn unproven(
    root: &Path,
    target: &Path,
    only: Option<&str>,
    mut told: impl FnMut(&Guard, &Missed),
) -> std::io::Result<Vec<&'static str>> {
    let copy = target.join("without-guards");
    copy_sources(root, &copy)?;
    let mut unproven = Vec::new();
    for guard in GUARDS.iter().filter(|guard| only.is_none_or(|only| guard.name.contains(only))) {
        let missed = missed(&copy, target, guard)?;
        told(guard, &missed);
        if missed.failed().is_none() {
            unproven.push(guard.name);
        }
    }
    std::fs::remove_dir_all(&copy)?;
    Ok(unproven)
}

/// What fails without the guard.
fn missed(copy: &Path, target: &Path, guard: &Guard) -> std::io::Result<Missed> {
    let path = copy.join(guard.file);
    let whole = std::fs::read_to_string(&path)?;
    if whole.matches(guard.code).count() != 1 {
        return Ok(Missed::Moved);
    }
    std::fs::write(&path, whole.replace(guard.code, guard.without))?;
    let target = target.to_string_lossy();
    let arguments = [&guard.proof.arguments(Extent::Quick)[..], &BUILT, &["--target-dir", &target]].concat();
    let built = cargo(copy, &[&arguments[..], &["--no-run"]].concat(), Extent::Quick);
    let missed = match built {
        Err(error) => Missed::NotCompiled(error),
        Ok(_) => cargo(copy, &[&arguments[..], &["--", guard.proof.filter]].concat(), Extent::Quick)
            .map_or_else(Missed::Failed, |_| Missed::ByNothing),
    };
    std::fs::write(&path, whole)?;
    Ok(missed)
}

/// Copies what is under version control, as it is in the working folder.
fn copy_sources(root: &Path, copy: &Path) -> std::io::Result<()> {
    let listed = Command::new("git").current_dir(root).args(["ls-files", "-z"]).output()?;
    for name in String::from_utf8_lossy(&listed.stdout).split('\0').filter(|name| !name.is_empty()) {
        let (from, to): (PathBuf, PathBuf) = (root.join(name), copy.join(name));
        if from.is_file() {
            std::fs::create_dir_all(to.parent().unwrap_or(copy))?;
            std::fs::copy(from, to)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_guard_stands_where_it_is_said_to_stand() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        for guard in GUARDS {
            let text = std::fs::read_to_string(root.join(guard.file)).expect(guard.file);
            assert_eq!(text.matches(guard.code).count(), 1, "{}: {}", guard.file, guard.code);
            assert_ne!(guard.code, guard.without);
        }
    }
}
