//! Can any bytes make a decoder panic, hang, lose a record or hold too much?
//!
//! Our own fixtures are mutated with a seed: bytes, words, lines and numbers are changed, spliced with
//! other fixtures, nested, doubled and cut, so that most of an input still looks right and gets deep into
//! a decoder. Each execution goes the way of an ingest: told, opened, cut into chunks, decoded. A smoke
//! runs with every test; a million executions of each are a row of the scoreboard and take an hour:
//!
//! ```text
//! cargo run -p fupan-testkit -- scoreboard --full --only fuzzing
//! FUPAN_FUZZ_EXECUTIONS=1000000 cargo test -p fupan-decode --release --test fuzz decoders::loki -- --nocapture
//! ```
//!
//! `FUPAN_FUZZ_SEED` begins elsewhere, `FUPAN_FUZZ_FIRST` at that execution; what is found is written to the folder of
//! the target, and belongs into `fixtures/fuzz` once it is mended. The first bytes of a file's name say for which
//! target it is.

#![expect(clippy::unwrap_used, reason = "a fuzz run that cannot go on says so by panicking")]
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a fuzz run tells how far it is")]

mod check;
mod mutate;
mod random;
mod rows;
mod seeds;
mod targets;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use fupan_decode::InputFormat;
use peak_alloc::PeakAlloc;

use random::Random;
use targets::Target;

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

/// Executions of each target with every test.
const SMOKE_EXECUTIONS: u64 = 1_500;

/// Executions of each target in a full run.
const FULL_EXECUTIONS: u64 = 1_000_000;

/// Longest time for one input.
const EXECUTION_MAX: Duration = Duration::from_secs(1);

/// Memory that may be held while inputs of some kilobytes are read, all threads of the run together.
const MEMORY_BYTES_MAX: usize = 256 << 20;

/// Findings after which a target is given up.
const FINDINGS_MAX: usize = 5;

/// The board asks for the whole of it; somebody who looks for something for as many as they have time for.
fn executions() -> u64 {
    #[expect(clippy::disallowed_methods, reason = "a test is told by its environment how long it may take")]
    let is_full = std::env::var("FUPAN_BOARD").is_ok_and(|asked| asked == "full");
    setting("FUPAN_FUZZ_EXECUTIONS", if is_full { FULL_EXECUTIONS } else { SMOKE_EXECUTIONS })
}

#[expect(clippy::disallowed_methods, reason = "length and seed of a fuzz run are settings of it")]
fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

fn fuzz(target: Target, executions: u64) {
    watch();
    let seed = setting("FUPAN_FUZZ_SEED", 1);
    let seeds = seeds::of(target);
    let started = Instant::now();
    let mut findings = Vec::new();
    let mut slowest = Duration::ZERO;
    for execution in setting("FUPAN_FUZZ_FIRST", 0)..executions {
        let mut random = Random::new(seed, target.name(), execution);
        let input = mutate::mutate(&seeds, &mut random);
        let told = |what: &str| format!("{} execution {execution} of seed {seed}: {what}", target.name());
        let (took, outcome) = run(target, &input, &mut random.clone());
        slowest = slowest.max(took);
        if let Err(what) = outcome {
            let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{}-{execution}", target.name()));
            std::fs::write(&file, &input).unwrap();
            println!("{} (input: {})", told(&what), file.display());
            findings.push(told(&what));
        }
        if findings.len() == FINDINGS_MAX {
            break;
        }
    }
    println!(
        "{}: {executions} executions, {} findings, {:.0} s, slowest {:.0} ms, peak {} MiB",
        target.name(),
        findings.len(),
        started.elapsed().as_secs_f64(),
        slowest.as_secs_f64() * 1e3,
        MEMORY.peak_usage() >> 20
    );
    assert!(findings.is_empty(), "{}", findings.join("\n"));
    tell(executions, slowest);
}

/// The figure of all targets together, once the last of them is through.
fn tell(executions: u64, slowest: Duration) {
    static THROUGH: std::sync::Mutex<(usize, Duration)> = std::sync::Mutex::new((0, Duration::ZERO));
    let mut through = THROUGH.lock().unwrap();
    *through = (through.0 + 1, through.1.max(slowest));
    if through.0 == NAMES.len() {
        println!(
            "figure: {} targets × {executions} executions: 0 panics, 0 hangs, the slowest {:.0} ms, at most {} MiB held",
            through.0,
            through.1.as_secs_f64() * 1e3,
            MEMORY.peak_usage() >> 20
        );
    }
}

/// Time that this thread was on a processor, where the system tells it.
fn cpu_time() -> Option<Duration> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    text.split(' ').next()?.parse().ok().map(Duration::from_nanos)
}

/// One input through the target; a slow one gets two more chances, in which only the time counts that it was
/// on a processor: other programs run here, too, and some are stopped for a while.
fn run(target: Target, input: &[u8], random: &mut Random) -> (Duration, Result<(), String>) {
    let mut took = Duration::MAX;
    for attempt in 0..3 {
        let mut random = random.clone();
        let begun = Instant::now();
        let begun_cpu = if attempt > 0 { cpu_time() } else { None };
        RUNNING_SINCE.with(|slot| slot.store(now_millis(), Ordering::Relaxed));
        let outcome = catch_unwind(AssertUnwindSafe(|| targets::execute(target, input, &mut random)));
        RUNNING_SINCE.with(|slot| slot.store(0, Ordering::Relaxed));
        let spent = begun_cpu.and_then(|begun| cpu_time()?.checked_sub(begun));
        took = took.min(spent.unwrap_or_else(|| begun.elapsed()));
        let outcome = outcome.unwrap_or_else(|panic| {
            let text = panic.downcast_ref::<String>().map(String::as_str);
            let text = text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("of an unknown kind");
            Err(format!("a panic: {text}"))
        });
        if outcome.is_err() {
            return (took, outcome);
        }
        if MEMORY.peak_usage() > MEMORY_BYTES_MAX {
            let peak = MEMORY.peak_usage() >> 20;
            MEMORY.reset_peak_usage();
            return (took, Err(format!("{peak} MiB of memory")));
        }
        if took <= EXECUTION_MAX {
            return (took, Ok(()));
        }
    }
    (took, Err(format!("{} ms", took.as_millis())))
}

static RUNNING: std::sync::Mutex<Vec<std::sync::Arc<AtomicU64>>> = std::sync::Mutex::new(Vec::new());

thread_local! {
    /// Since when, in milliseconds of the run, this thread is in one execution; 0 for in none.
    static RUNNING_SINCE: std::sync::Arc<AtomicU64> = {
        let slot = std::sync::Arc::new(AtomicU64::new(0));
        RUNNING.lock().unwrap().push(std::sync::Arc::clone(&slot));
        slot
    };
}

fn now_millis() -> u64 {
    static BEGUN: std::sync::OnceLock<Instant> = std::sync::OnceLock::new();
    1 + BEGUN.get_or_init(Instant::now).elapsed().as_millis() as u64
}

/// Ends the run if an execution never ends; its number is what the run with a smaller count shows.
fn watch() {
    static WATCHING: std::sync::Once = std::sync::Once::new();
    WATCHING.call_once(|| {
        // Panics are findings, told with their input; those that a decoder catches are none.
        std::panic::set_hook(Box::new(|_| {}));
        std::thread::spawn(|| {
            loop {
                std::thread::sleep(Duration::from_secs(1));
                let since = RUNNING
                    .lock()
                    .unwrap()
                    .iter()
                    .map(|slot| slot.load(Ordering::Relaxed))
                    .collect::<Vec<_>>();
                if since.iter().any(|since| *since > 0 && now_millis().saturating_sub(*since) > 60_000) {
                    eprintln!("an execution hangs");
                    std::process::abort();
                }
            }
        });
    });
}

macro_rules! targets {
    ($($name:ident => $target:expr,)+) => {
        const NAMES: &[&str] = &[$(stringify!($name)),+];

        mod decoders {
            use super::*;
            $(#[test] fn $name() { fuzz($target, executions()); })+
        }
    };
}

targets! {
    json_lines => Target::Format(InputFormat::JsonLines),
    otlp_json => Target::Format(InputFormat::OtlpJson),
    csv_logs => Target::Format(InputFormat::CsvLogs),
    csv_metrics_long => Target::Format(InputFormat::CsvMetricsLong),
    csv_metrics_wide => Target::Format(InputFormat::CsvMetricsWide),
    csv_traces => Target::Format(InputFormat::CsvTraces),
    prometheus_query_range => Target::Format(InputFormat::PrometheusQueryRange),
    timeline => Target::Format(InputFormat::Timeline),
    timeline_csv => Target::Format(InputFormat::TimelineCsv),
    statuspage => Target::Format(InputFormat::Statuspage),
    alerts => Target::Format(InputFormat::Alerts),
    changes => Target::Format(InputFormat::Changes),
    changes_csv => Target::Format(InputFormat::ChangesCsv),
    traces_json => Target::Format(InputFormat::TracesJson),
    openmetrics => Target::Format(InputFormat::Openmetrics),
    influx_line => Target::Format(InputFormat::InfluxLine),
    cloudwatch_metrics => Target::Format(InputFormat::CloudwatchMetrics),
    pagerduty => Target::Format(InputFormat::Pagerduty),
    opsgenie => Target::Format(InputFormat::Opsgenie),
    incident_io => Target::Format(InputFormat::IncidentIo),
    slack => Target::Format(InputFormat::Slack),
    jira => Target::Format(InputFormat::Jira),
    github => Target::Format(InputFormat::Github),
    grafana_annotations => Target::Format(InputFormat::GrafanaAnnotations),
    kubernetes_events => Target::Format(InputFormat::KubernetesEvents),
    xlsx => Target::Format(InputFormat::Xlsx),
    access_log => Target::Format(InputFormat::AccessLog),
    syslog => Target::Format(InputFormat::Syslog),
    journald => Target::Format(InputFormat::Journald),
    logfmt => Target::Format(InputFormat::Logfmt),
    text_log => Target::Format(InputFormat::TextLog),
    loki => Target::Format(InputFormat::Loki),
    elasticsearch => Target::Format(InputFormat::Elasticsearch),
    cloudwatch_logs => Target::Format(InputFormat::CloudwatchLogs),
    mapped => Target::Mapped,
    mapping_file => Target::MappingFile,
    mapping_suggest => Target::MappingSuggest,
    encodings => Target::Encodings,
    detection => Target::Detection,
    times => Target::Times,
}

#[test]
fn every_format_is_fuzzed() {
    for format in InputFormat::ALL {
        let name = format.as_str().replace('-', "_");
        assert!(NAMES.contains(&name.as_str()), "{name} is no target");
    }
}

/// What was found once stays mended: every finding through every target.
#[test]
fn findings_stay_mended() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/fuzz");
    let mut files = 0;
    for file in seeds::files(&folder) {
        let input = std::fs::read(&file).unwrap();
        for target in Target::all() {
            for execution in 0..8 {
                let mut random = Random::new(7, target.name(), execution);
                let (_, outcome) = run(target, &input, &mut random);
                assert_eq!(outcome, Ok(()), "{} through {}", file.display(), target.name());
            }
        }
        files += 1;
    }
    assert!(files > 0, "no findings in {}", folder.display());
    println!("figure: {files} inputs that once found something, through every target: nothing");
}
