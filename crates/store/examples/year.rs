//! What does an hour more cost in a store that holds many hours already?
//!
//! `cargo run --example year -- COMMITS [FOLDER]` fills a store, one commit an hour as `fupan ingest` does, and says
//! what opening it, reading its ledger and appending one more hour cost, before and after compaction.

#![allow(missing_docs, clippy::print_stdout, clippy::disallowed_methods, unreachable_pub, dead_code)]

#[path = "../tests/maintenance/world.rs"]
mod world;

use std::time::Instant;

use fupan_store::Store;

/// CPU time of this process, in milliseconds (at 100 ticks a second).
fn cpu_ms() -> u64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect::<Vec<_>>();
    let ticks = |at: usize| fields.get(at).and_then(|text| text.parse::<u64>().ok()).unwrap_or_default();
    (ticks(11) + ticks(12)) * 10
}

async fn measured<T>(what: &str, work: impl Future<Output = T>) -> T {
    let (began, cpu) = (Instant::now(), cpu_ms());
    let result = work.await;
    println!("{what:<36} {:>7} ms, CPU {:>7} ms", began.elapsed().as_millis(), cpu_ms() - cpu);
    result
}

async fn costs(location: &str, hour: i64) {
    let store = measured("open", Store::open(location)).await.expect("open");
    measured("ledger", store.ledger()).await.expect("ledger");
    measured("snapshot", store.snapshot(None)).await.expect("snapshot");
    for at in hour..hour + 3 {
        let chunk = world::hour(at, &world::texts(at, 20));
        let now = chunk.ledger_row.ingested_at;
        measured("append", store.append(vec![chunk], now)).await.expect("append");
    }
}

#[tokio::main]
async fn main() {
    let commits: i64 = std::env::args().nth(1).and_then(|text| text.parse().ok()).unwrap_or(2000);
    let kept = std::env::args().nth(2);
    let folder = tempfile::tempdir().expect("a folder");
    let location = kept.unwrap_or_else(|| folder.path().to_string_lossy().into_owned());
    let store = Store::create(&location).await.expect("a store");
    println!("an empty store");
    costs(&location, 1_000_000).await;
    measured(&format!("{commits} commits"), async {
        for at in 0..commits {
            let chunk = world::hour(at, &world::texts(at, 20));
            let now = chunk.ledger_row.ingested_at;
            store.append(vec![chunk], now).await.expect("append");
            store.tidy(now).await.expect("tidy");
        }
    })
    .await;
    println!("with {commits} commits");
    costs(&location, 1_000_003).await;
}
