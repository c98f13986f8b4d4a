//! A handful of sources, the stores that they are read into, and what a store holds.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::util::display::{ArrayFormatter, FormatOptions};
use fupan_ingest::{IngestError, IngestReport, IngestSettings, Progress, find_sources, ingest};
use fupan_model::{Micros, Table};
use fupan_store::{Disk, DurableLocalStore, Store, StoreError};
use object_store::ObjectStore;
use url::Url;

pub(crate) struct Silent;

impl Progress for Silent {
    fn source(&self, _: &str, _: Option<u64>) {}
    fn position(&self, _: u64) {}
}

/// The board asks for whole rows; `cargo test` for a sample of each.
pub(crate) fn is_full() -> bool {
    #[expect(clippy::disallowed_methods, reason = "a test is told by its environment how long it may take")]
    let asked = std::env::var("FUPAN_BOARD");
    asked.is_ok_and(|asked| asked == "full")
}

/// What the board shows of a row.
pub(crate) fn figure(text: &str) {
    println!("figure: {text}");
}

/// A small generator, so that a failing seed can be run again.
#[derive(Debug, Clone)]
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ 0xD1B5_4A32_D192_ED03)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        self.0 ^ (self.0 >> 29)
    }

    pub(crate) fn below(&mut self, end: usize) -> usize {
        (self.next() >> 20) as usize % end.max(1)
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

/// What comes in, one ingest after the other: each brings several tables, and the third grows the first.
pub(crate) fn write_ingests(folder: &Path) -> Vec<Vec<PathBuf>> {
    let write = |name: &str, text: &str| {
        std::fs::create_dir_all(folder.join(name).parent().expect("folder")).expect("folder");
        std::fs::write(folder.join(name), text).expect("input");
        folder.join(name)
    };
    let metrics: String =
        (0..40).map(|minute| format!("2026-11-05T03:{minute:02}:00Z,cpu,{minute}.125,pay\n")).collect();
    let timeline = "incident: INC-1\ntitle: 支付失败\nzone: Asia/Shanghai\ndate: 2026-11-05\nevents:\n  - { id: a, at: '11:05', type: impact_started, text: 开始 }\n";
    vec![
        vec![write("1/a.jsonl", &(lines(0, 60) + "not json\n")), write("1/t.yaml", timeline)],
        vec![write("2/m.csv", &format!("time,metric,value,service\n{metrics}"))],
        vec![
            write("3/a.jsonl", &(lines(0, 60) + "not json\n" + &lines(60, 90))),
            write("3/b.jsonl", &lines(500, 530)),
        ],
    ]
}

pub(crate) fn settings() -> IngestSettings {
    IngestSettings {
        zone: chrono_tz::Asia::Shanghai,
        format: None,
        encoding: None,
        mappings: Vec::new(),
        replace: false,
        dry_run: false,
        threads: 2,
        now: Micros(1_800_000_000_000_000),
        keep_raw: false,
        pseudonyms: fupan_redact::KeySource::of(fupan_redact::PseudonymKey::new([7; 32])),
        software_version: "test".to_owned(),
    }
}

/// A store on a disk that the test made.
pub(crate) async fn store_on(root: &Path, disk: impl Disk + 'static) -> Result<Store, StoreError> {
    store_in(root, Arc::new(DurableLocalStore::on(Arc::new(disk)))).await
}

pub(crate) async fn store_in(root: &Path, whole: Arc<dyn ObjectStore>) -> Result<Store, StoreError> {
    Store::create_on(Url::from_directory_path(root).expect("absolute"), whole).await
}

pub(crate) async fn read_into(store: &Store, paths: &[PathBuf]) -> Result<IngestReport, IngestError> {
    let paths: Vec<String> = paths.iter().map(|path| path.to_string_lossy().into_owned()).collect();
    ingest(store, &find_sources(&paths)?, &settings(), Arc::new(Silent)).await
}

/// All ingests, each as a command of its own would do it.
pub(crate) async fn read_all(
    root: &Path,
    disk: &(impl Disk + Clone + 'static),
    ingests: &[Vec<PathBuf>],
    acknowledged: impl Fn(usize),
) -> Result<(), IngestError> {
    for (number, paths) in ingests.iter().enumerate() {
        let store = store_on(root, disk.clone()).await?;
        read_into(&store, paths).await?;
        acknowledged(number);
    }
    Ok(())
}

/// Every row that counts, as text, sorted; without what the ledger says about when and in which chunk.
pub(crate) async fn rows(store: &Store) -> Result<Vec<String>, StoreError> {
    let options = FormatOptions::default().with_null("∅");
    let mut rows = Vec::new();
    for table in Table::ALL.into_iter().filter(|table| *table != Table::Ingests) {
        for batch in store.read(table).await? {
            let schema = batch.schema();
            let columns: Vec<_> = schema
                .fields()
                .iter()
                .zip(batch.columns())
                .filter(|(field, _)| !["chunk_id", "source"].contains(&field.name().as_str()))
                .map(|(_, column)| match column.data_type() {
                    arrow::datatypes::DataType::Timestamp(..) => {
                        arrow::compute::cast(column, &arrow::datatypes::DataType::Int64).expect("cast")
                    }
                    _ => Arc::clone(column),
                })
                .collect();
            let columns: Vec<_> = columns
                .iter()
                .map(|column| ArrayFormatter::try_new(column.as_ref(), &options).expect("formatter"))
                .collect();
            for row in 0..batch.num_rows() {
                let texts: Vec<String> = columns.iter().map(|column| column.value(row).to_string()).collect();
                rows.push(format!("{} {}", table.name(), texts.join("|")));
            }
        }
    }
    rows.sort();
    Ok(rows)
}

/// Nothing wrong, by `verify`.
pub(crate) async fn assert_sound(store: &Store, what: &str) {
    let verification = store.verify().await.unwrap_or_else(|error| panic!("{what}: {error}"));
    assert!(verification.findings.is_empty(), "{what}: {:?}", verification.findings);
}

/// Whether all of `part` is in `whole`, each as often.
pub(crate) fn is_part_of(part: &[String], whole: &[String]) -> bool {
    let mut whole = whole.iter();
    part.iter().all(|row| whole.any(|other| other == row))
}
