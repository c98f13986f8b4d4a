//! A folder with a store and files to read into it.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::AsArray;
use fupan_ingest::{Counts, IngestReport, IngestSettings, Progress, find_sources, ingest};
use fupan_model::{Micros, Table};
use fupan_store::Store;

pub(crate) struct Silent;

impl Progress for Silent {
    fn source(&self, _: &str, _: Option<u64>) {}
    fn position(&self, _: u64) {}
}

pub(crate) struct World {
    folder: tempfile::TempDir,
    /// Every ingest has a later instant than the one before.
    clock: std::cell::Cell<i64>,
}

impl World {
    pub(crate) fn new() -> Self {
        Self {
            folder: tempfile::tempdir().expect("folder"),
            clock: std::cell::Cell::new(1_800_000_000_000_000),
        }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, bytes: &[u8]) -> PathBuf {
        std::fs::write(self.path(name), bytes).expect("write");
        self.path(name)
    }

    pub(crate) async fn store(&self) -> Store {
        Store::create(&self.path("store").to_string_lossy()).await.expect("store")
    }

    pub(crate) fn settings(&self) -> IngestSettings {
        self.clock.set(self.clock.get() + 1_000_000);
        IngestSettings {
            zone: chrono_tz::Asia::Shanghai,
            format: None,
            encoding: None,
            mappings: Vec::new(),
            replace: false,
            dry_run: false,
            threads: 2,
            now: Micros(self.clock.get()),
            keep_raw: false,
            pseudonyms: fupan_redact::KeySource::of(fupan_redact::PseudonymKey::new([7; 32])),
            software_version: "test".to_owned(),
        }
    }

    pub(crate) async fn ingest(&self, path: &Path) -> IngestReport {
        self.ingest_with(path, self.settings()).await
    }

    pub(crate) async fn ingest_with(&self, path: &Path, settings: IngestSettings) -> IngestReport {
        let store = self.store().await;
        let sources = find_sources(&[path.to_string_lossy().into_owned()]).expect("sources");
        ingest(&store, &sources, &settings, Arc::new(Silent)).await.expect("ingest")
    }

    pub(crate) async fn rows(&self, table: Table) -> u64 {
        let snapshot = self.store().await.snapshot(None).await.expect("snapshot");
        let batches = self.store().await.read(table).await.expect("read");
        let counted: u64 = batches.iter().map(|batch| batch.num_rows() as u64).sum();
        assert!(counted <= snapshot.tables[&table].files.iter().map(|file| file.rows).sum());
        counted
    }

    /// The text column of a table, in order.
    pub(crate) async fn texts(&self, table: Table, column: &str) -> Vec<String> {
        let batches = self.store().await.read(table).await.expect("read");
        let mut found: Vec<String> = batches
            .iter()
            .flat_map(|batch| {
                let column = batch.column_by_name(column).expect("column").as_string::<i32>();
                column.iter().map(|text| text.unwrap_or_default().to_owned()).collect::<Vec<_>>()
            })
            .collect();
        found.sort();
        found
    }

    /// Versions of all tables but the ledger.
    pub(crate) async fn versions(&self) -> Vec<u64> {
        let snapshot = self.store().await.snapshot(None).await.expect("snapshot");
        let others = snapshot.tables.values().filter(|table| table.table != Table::Ingests);
        others.map(|table| table.version).collect()
    }

    pub(crate) async fn verify(&self) {
        let verification = self.store().await.verify().await.expect("verify");
        assert_eq!(verification.findings, Vec::new());
    }
}

pub(crate) fn lines(from: usize, to: usize) -> String {
    (from..to)
        .map(|record| {
            format!(
                "{{\"timestamp\":\"2026-11-05T03:{:02}:{:02}Z\",\"level\":\"info\",\"service\":\"pay\",\"message\":\"支付 {record} done\"}}\n",
                record / 60 % 60,
                record % 60
            )
        })
        .collect()
}

pub(crate) fn counts(report: &IngestReport) -> Counts {
    report.totals().0
}

pub(crate) fn gzip(text: &str) -> Vec<u8> {
    gzip_bytes(text.as_bytes())
}

pub(crate) fn gzip_bytes(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).expect("compress");
    encoder.finish().expect("finish")
}
