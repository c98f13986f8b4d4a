//! Which promises are on the board, and which test proves each?

/// One line of the board.
#[derive(Debug, Clone, Copy)]
pub struct Row {
    /// What is done.
    pub test: &'static str,
    /// The figure that it has to reach when the whole of it runs.
    pub required: &'static str,
    /// The tests that prove it; none where there is none yet.
    pub proofs: &'static [Proof],
}

/// Tests of one target whose names contain a text.
#[derive(Debug, Clone, Copy)]
pub struct Proof {
    /// Cargo package.
    pub package: &'static str,
    /// Its test target, or `lib`.
    pub target: &'static str,
    /// What the tests' names contain.
    pub filter: &'static str,
    /// How it is built for the whole of its row, where that is not how it is built otherwise.
    pub built_for_full: &'static [&'static str],
}

/// Tests that are always built in the same way.
pub(super) const fn proof(package: &'static str, target: &'static str, filter: &'static str) -> Proof {
    Proof { package, target, filter, built_for_full: &[] }
}

/// A million executions of each decoder want optimised code, and it has to notice what overflows.
const FUZZ: Proof = Proof {
    package: "fupan-decode",
    target: "fuzz",
    filter: "",
    built_for_full: &[
        "--release",
        "--config=profile.release.overflow-checks=true",
        "--config=profile.release.debug-assertions=true",
    ],
};

const INGEST: &str = "fupan-ingest";
const FAULTS: &str = "nothing_lost";

/// The board, in the order of the promises.
pub const ROWS: &[Row] = &[
    Row {
        test: "kill -9 at random instants of an ingest of at least 20 chunks, then a re-run",
        required: "1,000 (50 in CI, at least 30 of them between the first commit and the last): 0 lost, 0 doubled, 0 that cannot be opened",
        proofs: &[proof("fupan", "kill", "")],
    },
    Row {
        test: "killed at every call of the commit path, then a re-run",
        required: "100 % of the points: the same zeros",
        proofs: &[
            proof(INGEST, FAULTS, "kill_points::"),
            proof(INGEST, FAULTS, "writers::a_process_that_dies"),
        ],
    },
    Row {
        test: "power loss: bytes and names that were not synced are dropped or torn",
        required: "2,000 seeds (200 in CI): 0 acknowledged rows lost; rows are lost with the syncs off",
        proofs: &[proof(INGEST, FAULTS, "power_loss::")],
    },
    Row {
        test: "a full disk: 64 sizes of tmpfs, and 64 sizes of a quota",
        required: "64 of 64: the last commit can be read, a clear message, a re-run completes it",
        proofs: &[
            proof(INGEST, FAULTS, "errors::a_real_disk_that_is_full"),
            proof(INGEST, FAULTS, "errors::a_disk_that_is_full"),
        ],
    },
    Row {
        test: "an I/O error of the n-th read, write, sync, link",
        required: "300 of 300: told as an error, no panic, verify clean, a re-run completes it",
        proofs: &[proof(INGEST, FAULTS, "errors::an_error_of_any")],
    },
    Row {
        test: "commits whose outcome is told wrongly, and conflict storms",
        required: "0 lost, 0 doubled",
        proofs: &[proof(INGEST, FAULTS, "outcomes::")],
    },
    Row {
        test: "torn files and 10,000 bit flips over data files and log entries",
        required: "0 panics, 100 % found by verify",
        proofs: &[proof(INGEST, FAULTS, "bit_flips::")],
    },
    Row {
        test: "8 writers × 50 batches, the same source twice among them; processes too",
        required: "0 lost, 0 doubled",
        proofs: &[
            proof(INGEST, FAULTS, "writers::eight_writers"),
            proof(INGEST, FAULTS, "writers::processes_at_once"),
            proof(INGEST, FAULTS, "overlaps::"),
        ],
    },
    Row {
        test: "100 files × 10: again, renamed, gzip, zstd, in another order, in an archive, cut, through stdin, grown, another file with the same head",
        required: "content unchanged; the other file read whole",
        proofs: &[proof(INGEST, FAULTS, "copies::"), proof(INGEST, "exactly_once", "")],
    },
    Row {
        test: "rebuild with 1, 2 and 8 threads",
        required: "100 seeds: identical rows; byte-identical files and reports",
        proofs: &[
            proof(INGEST, FAULTS, "rebuild::a_rebuild"),
            proof("fupan-tests", "queries", "every_script"),
            proof("fupan", "campus_lunch", "the_committed_reports"),
        ],
    },
    Row {
        test: "right answers: seeded worlds with planted truth",
        required: "500 worlds against a naive oracle: 0 differences",
        proofs: &[proof("fupan", "right_answers", "answers_are")],
    },
    Row {
        test: "fuzzing of every decoder",
        required: "at least 1 M executions each: 0 panics, 0 hangs, < 256 MiB",
        proofs: &[FUZZ],
    },
    Row {
        test: "hostile corpus of at least 300 files",
        required: "0 panics, every record accounted for",
        proofs: &[proof(INGEST, "hostile", "")],
    },
    Row {
        test: "a line of 1 GiB",
        required: "rejected; ≤ 128 MiB",
        proofs: &[proof(INGEST, FAULTS, "huge::a_line")],
    },
    Row {
        test: "decompression bombs: 10 MB → 10 GB; nested; archives",
        required: "refused; ≤ 256 MiB",
        proofs: &[proof(INGEST, FAULTS, "huge::what_decompresses")],
    },
    Row {
        test: "data ten times the memory pool",
        required: "finishes, or the limit's exit code; ≤ 2 × pool",
        proofs: &[proof("fupan", "memory_pool", "ten_times")],
    },
    Row {
        test: "SQL escapes: COPY, external tables, file URLs, nested, stacked, commented",
        required: "60 refused, no file opened outside of the store",
        proofs: &[proof("fupan-query", "lib", "sandbox::")],
    },
    Row {
        test: "SQL denial set: 20,000 ORs, cross joins, huge series",
        required: "each ends by its limit + 1 s",
        proofs: &[proof("fupan", "denial", "")],
    },
    Row {
        test: "injection payloads through every text field of the report",
        required: "150: 0 links, images, HTML, mentions or control bytes that came from data",
        proofs: &[proof("fupan-report", "report", "injection::")],
    },
    Row {
        test: "hostile names of services, hosts, incidents, fields, files and archive members",
        required: "0 writes outside of the store",
        proofs: &[proof(INGEST, FAULTS, "rebuild::hostile_names")],
    },
    Row {
        test: "24 zones × both switches of daylight saving time, leap day, random TZ",
        required: "0 negative durations, 0 shifted bins",
        proofs: &[proof("fupan-decode", "zones", "")],
    },
    Row {
        test: "1,000 planted canaries of personal data",
        required: "0 in tables, quarantine, reports, errors and logs",
        proofs: &[proof("fupan", "canaries", "")],
    },
    Row {
        test: "guards removed one at a time",
        required: "every removal is caught by a test",
        proofs: &[proof(INGEST, FAULTS, "guards::")],
    },
];

#[cfg(test)]
mod tests {
    use std::path::{Path, PathBuf};

    use super::*;

    impl Proof {
        /// The folder of the package, below the workspace's.
        fn folder(&self) -> String {
            match self.package {
                "fupan" => "crates/cli".to_owned(),
                "fupan-tests" => "tests".to_owned(),
                other => format!("crates/{}", other.trim_start_matches("fupan-")),
            }
        }
    }

    /// The text of all files of a test target.
    fn text_of(proof: Proof) -> String {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(proof.folder());
        if proof.target == "lib" {
            return text_below(&folder.join("src"));
        }
        // The workspace's own tests stand in its folder of tests.
        let tests = if proof.package == "fupan-tests" { folder } else { folder.join("tests") };
        let file = tests.join(proof.target).with_extension("rs");
        let file = if file.is_file() { file } else { tests.join(proof.target).join("main.rs") };
        let text = std::fs::read_to_string(&file).unwrap_or_else(|_| panic!("{proof:?} is not there"));
        text + &text_below(&tests.join(proof.target))
    }

    fn text_below(folder: &Path) -> String {
        let entries = std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
        let text = |path: PathBuf| match path.extension() {
            _ if path.is_dir() => text_below(&path),
            Some(kind) if kind == "rs" => std::fs::read_to_string(path).expect("a source"),
            _ => String::new(),
        };
        entries.map(text).collect()
    }

    #[test]
    fn every_proof_is_there() {
        let guards = super::super::guards::GUARDS.iter().map(|guard| guard.proof);
        for proof in ROWS.iter().flat_map(|row| row.proofs).copied().chain(guards) {
            let text = text_of(proof);
            assert!(text.contains("test]") || text.contains("test("), "{proof:?} holds no test");
            let mut parts = proof.filter.split("::").filter(|part| !part.is_empty()).peekable();
            while let Some(part) = parts.next() {
                let is_module = parts.peek().is_some() || proof.filter.ends_with("::");
                let named = if is_module { format!("mod {part}") } else { format!("fn {part}") };
                assert!(
                    text.contains(&named) || (is_module && is_file(proof, part)),
                    "{proof:?}: no {named}"
                );
            }
        }
    }

    /// Whether a module of the library is a file or folder.
    fn is_file(proof: Proof, module: &str) -> bool {
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(proof.folder()).join("src");
        source.join(module).is_dir() || source.join(module).with_extension("rs").is_file()
    }

    #[test]
    fn rows_differ_by_what_is_done() {
        let names: std::collections::BTreeSet<&str> = ROWS.iter().map(|row| row.test).collect();
        assert_eq!(names.len(), ROWS.len());
    }

    #[test]
    fn the_page_has_all_rows() {
        let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/scoreboard.md");
        let page = std::fs::read_to_string(page).expect("docs/scoreboard.md");
        for row in ROWS {
            assert!(page.contains(&format!("| {} | {} |", row.test, row.required)), "{}", row.test);
        }
    }
}
