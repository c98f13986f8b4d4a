//! Processes of our own: this test binary again, as somebody who ingests.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;

use fupan_ingest::{SourceProblem, find_sources, ingest};
use fupan_store::LocalDisk;

use crate::disk::{Fault, TestDisk};
use crate::world::{Silent, read_all, settings, store_on};

/// What a child is told; set for children only.
const TOLD: &str = "FUPAN_TEST_CHILD";

/// This binary again, told to do something.
pub(crate) fn child(task: &str, store: &Path, paths: &[PathBuf]) -> Command {
    let mut told = format!("{task}\n{}", store.display());
    for path in paths {
        told.push('\n');
        told.push_str(&path.to_string_lossy());
    }
    let mut command = Command::new(std::env::current_exe().expect("this binary"));
    command.args(["child::is_told_what_to_do", "--exact", "--ignored", "--nocapture"]);
    command.env(TOLD, told).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// Memory that this process had at most, in MiB.
fn peak_mib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<u64>().ok());
    kib.map_or(0, |kib| kib / 1024)
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "the others call it in processes of their own"]
async fn is_told_what_to_do() {
    #[expect(clippy::disallowed_methods, reason = "the parent tells it by the environment")]
    let told = std::env::var(TOLD).expect("called by another test");
    let told: Vec<&str> = told.split('\n').collect();
    let [task, store, paths @ ..] = told.as_slice() else { panic!("{told:?}") };
    let (root, paths): (&Path, Vec<PathBuf>) = (Path::new(store), paths.iter().map(PathBuf::from).collect());
    match task.split_once(' ').unwrap_or((task, "")) {
        // One command for each path.
        ("ingest", _) => {
            let ingests: Vec<_> = paths.into_iter().map(|path| vec![path]).collect();
            read_all(root, &LocalDisk, &ingests, |_| ()).await.expect("ingests");
        }
        ("abort", call) => {
            let disk = TestDisk::new(Fault::Abort { call: call.parse().expect("number") });
            let ingests: Vec<_> = paths.into_iter().map(|path| vec![path]).collect();
            read_all(root, &disk, &ingests, |_| ()).await.expect("ingests");
        }
        ("measure", _) => {
            let paths: Vec<String> = paths.iter().map(|path| path.to_string_lossy().into_owned()).collect();
            let store = store_on(root, LocalDisk).await.expect("store");
            let sources = find_sources(&paths).expect("sources");
            let report = ingest(&store, &sources, &settings(), Arc::new(Silent)).await.expect("ingest");
            let bombs = report
                .sources
                .iter()
                .filter(|source| matches!(source.problem, Some(SourceProblem::Bomb { .. })));
            let counts = report.totals().0;
            println!(
                "measured bombs={} read={} accepted={} rejected={} duplicate={} peak_mib={}",
                bombs.count(),
                counts.read,
                counts.accepted,
                counts.rejected,
                counts.duplicate,
                peak_mib()
            );
        }
        other => panic!("{other:?}"),
    }
}

/// A figure that a measuring child printed.
pub(crate) fn measured(output: &str, name: &str) -> u64 {
    let line = output.lines().find_map(|line| line.split_once("measured ").map(|(_, line)| line));
    let found = line.and_then(|line| {
        line.split(' ').find_map(|word| word.strip_prefix(name)?.strip_prefix('=')?.parse().ok())
    });
    found.unwrap_or_else(|| panic!("no {name} in {output}"))
}
