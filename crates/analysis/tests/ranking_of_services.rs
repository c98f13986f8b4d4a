//! How often does the departure score put the faulty service first on public, labelled faults?
//!
//! A smoke test, ignored by default: `cargo test -p fupan-analysis -- --ignored --nocapture`. It
//! needs the Online Boutique cases of `RCAEval` RE1 below `FUPAN_DATA` (default `../shared/data`
//! beside the checkout) and says aloud where it skips. Nothing is fitted here: one score, one
//! window of ten minutes on either side, detection at the injection and a minute later.

#![expect(clippy::unwrap_used, reason = "a test run stops where its data set is not as described")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use fupan_analysis::departure;

const WINDOW_SECONDS: f64 = 600.0;

struct Case {
    service: String,
    injected_at: f64,
    names: Vec<String>,
    /// One vector per column, the first is the time in seconds.
    columns: Vec<Vec<f64>>,
}

fn data_root() -> PathBuf {
    #[expect(clippy::disallowed_methods, reason = "the place of the data set is a setting of the test run")]
    let set = std::env::var("FUPAN_DATA");
    let default = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    set.map_or_else(|_| default(), PathBuf::from).join("rcaeval-re1-ob")
}

fn read_case(folder: &Path, service: &str) -> Case {
    let injected_at = std::fs::read_to_string(folder.join("inject_time.txt")).unwrap();
    let file = std::fs::File::open(folder.join("data.csv.gz")).unwrap();
    let mut reader = csv::Reader::from_reader(flate2::read::GzDecoder::new(file));
    let names: Vec<String> = reader.headers().unwrap().iter().map(String::from).collect();
    let mut columns = vec![Vec::new(); names.len()];
    for record in reader.records() {
        for (column, cell) in columns.iter_mut().zip(&record.unwrap()) {
            column.push(cell.parse().unwrap_or(f64::NAN));
        }
    }
    Case { service: service.to_string(), injected_at: injected_at.trim().parse().unwrap(), names, columns }
}

fn read_cases(root: &Path) -> Vec<Case> {
    let mut folders: Vec<PathBuf> =
        std::fs::read_dir(root).unwrap().map(|entry| entry.unwrap().path()).collect();
    folders.sort();
    let mut cases = Vec::new();
    for folder in folders.iter().filter(|folder| folder.is_dir()) {
        let name = folder.file_name().unwrap().to_string_lossy().into_owned();
        let service = name.rsplit_once('_').unwrap().0;
        for run in ["1", "2"] {
            cases.push(read_case(&folder.join(run), service));
        }
    }
    cases
}

/// Expected hits at k = 1..=5 under a random order of ties.
fn hits_at(case: &Case, detection_delay_seconds: f64) -> [f64; 5] {
    let detected_at = case.injected_at + detection_delay_seconds;
    let row = |instant: f64| case.columns[0].partition_point(|time| *time < instant);
    let (from, split, to) =
        (row(detected_at - WINDOW_SECONDS), row(detected_at), row(detected_at + WINDOW_SECONDS));
    let mut services: BTreeMap<&str, f64> = BTreeMap::new();
    for (name, column) in case.names.iter().zip(&case.columns).skip(1) {
        let Some((service, _metric)) = name.rsplit_once('_') else { continue };
        let strength =
            departure(&column[from..split], &column[split..to]).map_or(0.0, |found| found.strength());
        let best = services.entry(service).or_insert(0.0);
        *best = best.max(strength);
    }
    let own = services.get(case.service.as_str()).copied().unwrap_or(0.0);
    let above = services.values().filter(|other| **other > own).count() as f64;
    let tied = services.values().filter(|other| **other >= own).count() as f64 - above;
    std::array::from_fn(|k| ((k as f64 + 1.0 - above) / tied).clamp(0.0, 1.0))
}

#[test]
#[ignore = "needs a public data set that is not part of the project"]
fn the_faulty_service_is_among_the_first() {
    let root = data_root();
    if !root.is_dir() {
        println!("skipped: no {} (set FUPAN_DATA)", root.display());
        return;
    }
    let cases = read_cases(&root);
    for delay in [0.0, 60.0] {
        let mut accuracy = [0.0; 5];
        for case in &cases {
            for (sum, hit) in accuracy.iter_mut().zip(hits_at(case, delay)) {
                *sum += hit / cases.len() as f64;
            }
        }
        let average = accuracy.iter().sum::<f64>() / 5.0;
        println!(
            "t{delay}: {} cases, AC@1 {:.3}, AC@3 {:.3}, Avg@5 {average:.3}",
            cases.len(),
            accuracy[0],
            accuracy[2]
        );
        assert!(average > 0.88, "far below the median shift over the interquartile range");
    }
}
