//! What is each guard good for? Cuts them out of a copy of the sources, one at a time, and expects that
//! a test fails.

use std::path::{Path, PathBuf};
use std::process::Command;

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
    Proof { package: "fupan-ingest", target: "nothing_lost", filter }
}

const fn once(filter: &'static str) -> Proof {
    Proof { package: "fupan-ingest", target: "exactly_once", filter }
}

/// The guards of reading and storing.
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
        code: "            store.make_durable(table).await?;\n",
        without: "",
        proof: faults("power_loss::what_a_rerun"),
    },
    Guard {
        name: "rows that another run brought are made durable before the ledger counts them",
        file: "crates/store/src/append.rs",
        code: "                self.make_durable(table).await?;\n",
        without: "",
        proof: faults("power_loss::what_a_rerun"),
    },
    Guard {
        name: "a chunk that is in a table is not written again",
        file: "crates/store/src/append.rs",
        code: "filter(|chunk| !present.contains(&chunk.ledger_row.chunk_id))",
        without: "filter(|_| present.len() < usize::MAX)",
        proof: faults("kill_points::"),
    },
    Guard {
        name: "a chunk that the ledger counts is not counted again",
        file: "crates/store/src/append.rs",
        code: "                if taken {",
        without: "                if taken && current.rows.is_empty() {",
        proof: once("two_writers_with_the_same_source_count_it_once"),
    },
    Guard {
        name: "a commit is made against exactly the state that its decision was read from",
        file: "crates/store/src/table.rs",
        code: ".with_max_retries(0)",
        without: ".with_max_retries(15)",
        proof: faults("outcomes::whoever_is_never_first"),
    },
    Guard {
        name: "a commit that may be in is not taken for one that is not",
        file: "crates/store/src/table.rs",
        code: "        Err(error) => settle(delta, table, &mark, error).await,",
        without: "        Err(_) => Err(conflict(table)),",
        proof: faults("errors::an_error_of_any_call"),
    },
    Guard {
        name: "overlapping chunks of two runs are contested",
        file: "crates/store/src/append.rs",
        code: "                if !rivals.is_empty() {",
        without: "                if rivals.len() == usize::MAX {",
        proof: faults("overlaps::a_file_that_two_runs"),
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
];

/// Cuts out each guard whose name holds `only` and runs its test; answers those that nothing missed.
/// The copy is made below `target`, cargo's folder for what it builds, so that no dependency is built anew.
pub fn unproven(
    root: &Path,
    target: &Path,
    only: Option<&str>,
    mut told: impl FnMut(&Guard, &str),
) -> std::io::Result<Vec<&'static str>> {
    let copy = target.join("without-guards");
    copy_sources(root, &copy)?;
    let mut unproven = Vec::new();
    for guard in GUARDS.iter().filter(|guard| only.is_none_or(|only| guard.name.contains(only))) {
        let missed = missed(&copy, target, guard)?;
        told(guard, missed.as_ref().map_or("NOTHING FAILS", String::as_str));
        if missed.is_none() {
            unproven.push(guard.name);
        }
    }
    std::fs::remove_dir_all(&copy)?;
    Ok(unproven)
}

/// What fails without the guard.
fn missed(copy: &Path, target: &Path, guard: &Guard) -> std::io::Result<Option<String>> {
    let path = copy.join(guard.file);
    let whole = std::fs::read_to_string(&path)?;
    if whole.matches(guard.code).count() != 1 {
        return Ok(None);
    }
    std::fs::write(&path, whole.replace(guard.code, guard.without))?;
    let target = target.to_string_lossy();
    let arguments = [&guard.proof.arguments()[..], &["--target-dir", &target]].concat();
    let built = cargo(copy, &[&arguments[..], &["--no-run"]].concat(), Extent::Quick);
    let missed = match built {
        // What does not compile proves nothing.
        Err(_) => None,
        Ok(_) => cargo(copy, &[&arguments[..], &["--", guard.proof.filter]].concat(), Extent::Quick).err(),
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
