//! Made-up points of metrics on stdout, the same ones each time: what docs/performance.md measures.
//!
//! `cargo run --release -p fupan-decode --example points -- long|wide|otlp POINTS > FILE`: a CSV of a row per
//! point (800 series), a CSV of 200 metrics beside each other, or OTLP JSON, 200 points a line.

use std::io::{self, BufWriter, Write};

use fupan_model::Micros;

const METRICS: [&str; 5] = [
    "http_requests_total",
    "http_request_errors_total",
    "cpu_usage_ratio",
    "memory_working_set_bytes",
    "latency_ms_p99",
];
const REGIONS: [&str; 2] = ["cn-north-1", "cn-east-2"];
const ROUTES: [&str; 4] = ["/orders", "/orders/{id}", "/menu", "/pay"];
const SERVICES: u64 = 40;
const HOSTS: u64 = 4;
const WIDE_COLUMNS: u64 = 200;
const STEP_SECONDS: u64 = 15;
const FIRST_SECOND: u64 = 1_793_836_800;

/// A value of three decimals that looks like chance and is none: the finaliser of `SplitMix64`.
fn value(number: u64) -> f64 {
    let mixed = (number ^ (number >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    ((mixed ^ (mixed >> 31)) % 100_000) as f64 / 1_000.0
}

fn main() -> io::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let shape = arguments.next().unwrap_or_default();
    let points: u64 = arguments.next().and_then(|count| count.parse().ok()).unwrap_or(2_000_000);
    let mut out = BufWriter::with_capacity(1 << 20, io::stdout().lock());
    match shape.as_str() {
        "long" => long(&mut out, points)?,
        "wide" => wide(&mut out, points)?,
        "otlp" => otlp(&mut out, points)?,
        _ => return Err(io::Error::other("which shape? long, wide or otlp, then the number of points")),
    }
    out.flush()
}

fn long(out: &mut impl Write, points: u64) -> io::Result<()> {
    writeln!(out, "timestamp,metric,value,service,host,region")?;
    let series = METRICS.len() as u64 * SERVICES * HOSTS;
    for point in 0..points {
        let (step, number) = (point / series, point % series);
        let (metric, service, host) =
            (number / (SERVICES * HOSTS), number / HOSTS % SERVICES, number % HOSTS);
        let at = Micros::from_seconds((FIRST_SECOND + step * STEP_SECONDS).cast_signed()).to_rfc3339();
        let (metric, region) = (METRICS[metric as usize], REGIONS[host as usize % REGIONS.len()]);
        writeln!(out, "{at},{metric},{},svc{service},svc{service}-{host},{region}", value(point))?;
    }
    Ok(())
}

fn wide(out: &mut impl Write, points: u64) -> io::Result<()> {
    write!(out, "time")?;
    for column in 0..WIDE_COLUMNS {
        write!(out, ",{}_svc{}", METRICS[column as usize % METRICS.len()], column / METRICS.len() as u64)?;
    }
    for row in 0..points / WIDE_COLUMNS {
        write!(
            out,
            "\n{}",
            Micros::from_seconds((FIRST_SECOND + row * STEP_SECONDS).cast_signed()).to_rfc3339()
        )?;
        for column in 0..WIDE_COLUMNS {
            write!(out, ",{}", value(row * WIDE_COLUMNS + column))?;
        }
    }
    writeln!(out)
}

/// A line is what a collector exports at once: ten resources of five metrics with four points each.
fn otlp(out: &mut impl Write, points: u64) -> io::Result<()> {
    const RESOURCES: u64 = 10;
    let per_resource = (METRICS.len() * ROUTES.len()) as u64;
    let per_line = RESOURCES * per_resource;
    for line in 0..points / per_line {
        write!(out, "{{\"resourceMetrics\":[")?;
        for resource in 0..RESOURCES {
            let number = line * RESOURCES + resource;
            let (step, number) = (number / (SERVICES * HOSTS), number % (SERVICES * HOSTS));
            let (service, host) = (number / HOSTS, number % HOSTS);
            let comma = if resource == 0 { "" } else { "," };
            write!(
                out,
                "{comma}{{\"resource\":{{\"attributes\":[{{\"key\":\"service.name\",\"value\":{{\"stringValue\":\"svc{service}\"}}}},{{\"key\":\"host.name\",\"value\":{{\"stringValue\":\"svc{service}-{host}\"}}}},{{\"key\":\"cloud.region\",\"value\":{{\"stringValue\":\"{}\"}}}}]}},\"scopeMetrics\":[{{\"scope\":{{\"name\":\"http\"}},\"metrics\":[",
                REGIONS[host as usize % REGIONS.len()]
            )?;
            let nanos = (FIRST_SECOND + step * STEP_SECONDS) * 1_000_000_000;
            for (at, metric) in METRICS.iter().enumerate() {
                let comma = if at == 0 { "" } else { "," };
                write!(out, "{comma}{{\"name\":\"{metric}\",\"unit\":\"1\",\"gauge\":{{\"dataPoints\":[")?;
                for (place, route) in ROUTES.iter().enumerate() {
                    let comma = if place == 0 { "" } else { "," };
                    let point =
                        (line * RESOURCES + resource) * per_resource + (at * ROUTES.len() + place) as u64;
                    write!(
                        out,
                        "{comma}{{\"attributes\":[{{\"key\":\"http.route\",\"value\":{{\"stringValue\":\"{route}\"}}}}],\"timeUnixNano\":\"{nanos}\",\"asDouble\":{}}}",
                        value(point)
                    )?;
                }
                write!(out, "]}}}}")?;
            }
            write!(out, "]}}]}}")?;
        }
        writeln!(out, "]}}")?;
    }
    Ok(())
}
