//! Which promises are on the board, and which test proves each?

/// One line of the board.
#[derive(Debug, Clone, Copy)]
pub struct Row {
    /// What is done.
    pub test: &'static str,
    /// The figure that it has to reach when the whole of it runs.
    pub required: &'static str,
    /// The tests that prove it: package, test target (`lib` for tests beside the code) and name or beginning.
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
}

const fn proof(package: &'static str, target: &'static str, filter: &'static str) -> Proof {
    Proof { package, target, filter }
}

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
        proofs: &[proof(INGEST, FAULTS, "rebuild::a_rebuild"), proof("fupan", "campus_lunch", "byte")],
    },
    Row {
        test: "right answers: seeded worlds with planted truth",
        required: "500 worlds against a naive oracle: 0 differences",
        proofs: &[proof("fupan", "oracle", "")],
    },
    Row {
        test: "fuzzing of every decoder",
        required: "at least 1 M executions each: 0 panics, 0 hangs, < 256 MiB",
        proofs: &[proof("fupan-decode", "fuzz", "")],
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
        proofs: &[proof("fupan", "memory", "")],
    },
    Row {
        test: "SQL escapes: COPY, external tables, file URLs, nested, stacked, commented",
        required: "60 refused, no file opened outside of the store",
        proofs: &[proof("fupan-query", "lib", "sandbox::")],
    },
    Row {
        test: "SQL denial set: 20,000 ORs, cross joins, huge series",
        required: "each ends by its limit + 1 s",
        proofs: &[proof("fupan-query", "denial", "")],
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
        proofs: &[proof("fupan-query", "zones", "")],
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
