#!/usr/bin/env python3
"""Metrics -> Parquet (zstd) with fupan and its peers, in turn, in one run.

    pip install duckdb polars
    cargo run --release -p fupan-decode --example points -- long 2000000 > long.csv
    benches/metrics_peers.py long long.csv --fupan target/release/fupan --rounds 3

Shapes: `long` (a row per point), `wide` (a column per metric) and `otlp` (OTLP JSON lines), as the example
writes them. Prints medians of wall and CPU seconds, MB/s of input, peak MiB and MB written. Peers keep the
same columns; of a wide table both a wide file and a long one.
"""
import argparse
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

TO_FILE = "(format parquet, compression zstd, compression_level 3)"

DUCKDB = {
    "long": "select * from read_csv('{input}')",
    "wide, as it is": "select * from read_csv('{input}')",
    "wide, unpivoted": "unpivot (select * from read_csv('{input}')) on columns(* exclude time) into name metric_name value value",
    "otlp": """with
        resources as (select unnest("resourceMetrics") as r from read_json('{input}', format='newline_delimited', columns={{'resourceMetrics':
          'STRUCT(resource STRUCT(attributes STRUCT(key VARCHAR, value STRUCT("stringValue" VARCHAR))[]), "scopeMetrics" STRUCT(scope STRUCT(name VARCHAR),
          metrics STRUCT(name VARCHAR, unit VARCHAR, gauge STRUCT("dataPoints" STRUCT(attributes STRUCT(key VARCHAR, value STRUCT("stringValue" VARCHAR))[],
          "timeUnixNano" BIGINT, "asDouble" DOUBLE)[]))[])[])[]'}})),
        scopes as (select r.resource.attributes as ra, unnest(r."scopeMetrics") as s from resources),
        metrics as (select ra, s.scope.name as scope, unnest(s.metrics) as m from scopes),
        points as (select ra, scope, m.name as metric_name, m.unit as unit, unnest(m.gauge."dataPoints") as p from metrics)
        select make_timestamp_ns(p."timeUnixNano")::timestamp as "timestamp", metric_name, 'gauge' as metric_type, unit, p."asDouble" as value,
          ra[1].value."stringValue" as service_name, ra[2].value."stringValue" as host_name, ra[3].value."stringValue" as cloud_region, scope,
          map_from_entries(list_transform(p.attributes, lambda a: struct_pack(k := a.key, v := a.value."stringValue"))) as attributes
        from points""",
}

POLARS = {
    "long": "frame = pl.scan_csv(source, try_parse_dates=True)",
    "wide, as it is": "frame = pl.scan_csv(source, try_parse_dates=True)",
    "wide, unpivoted": "frame = pl.scan_csv(source, try_parse_dates=True).unpivot(index='time', variable_name='metric_name', value_name='value')",
    "otlp": """
pairs = pl.List(pl.Struct({'key': pl.String, 'value': pl.Struct({'stringValue': pl.String})}))
point = pl.Struct({'attributes': pairs, 'timeUnixNano': pl.String, 'asDouble': pl.Float64})
metric = pl.Struct({'name': pl.String, 'unit': pl.String, 'gauge': pl.Struct({'dataPoints': pl.List(point)})})
scope = pl.Struct({'scope': pl.Struct({'name': pl.String}), 'metrics': pl.List(metric)})
resource = pl.Struct({'resource': pl.Struct({'attributes': pairs}), 'scopeMetrics': pl.List(scope)})
frame = pl.scan_ndjson(source, schema={'resourceMetrics': pl.List(resource)})
level = lambda frame, column: frame.explode(column).unnest(column)
frame = level(frame, 'resourceMetrics').unnest('resource').rename({'attributes': 'ra'})
frame = level(frame, 'scopeMetrics').unnest('scope').rename({'name': 'scope'})
frame = level(level(frame, 'metrics').rename({'name': 'metric_name'}).unnest('gauge'), 'dataPoints')
text = lambda at: pl.col('ra').list.get(at).struct.field('value').struct.field('stringValue')
frame = frame.select((pl.col('timeUnixNano').cast(pl.Int64) // 1000).cast(pl.Datetime('us')).alias('timestamp'), 'metric_name',
    pl.lit('gauge').alias('metric_type'), 'unit', pl.col('asDouble').alias('value'), text(0).alias('service_name'),
    text(1).alias('host_name'), text(2).alias('cloud_region'), 'scope', 'attributes')""",
}


def commands(shape: str, source: str, fupan: str, out: str) -> dict[str, list[str]]:
    """What is run, by name."""
    found = {}
    for name in [name for name in DUCKDB if name.split(",")[0] == shape]:
        label = name.removeprefix(shape).removeprefix(", ")
        suffix = f" ({label})" if label else ""
        query = DUCKDB[name].format(input=source)
        found["DuckDB" + suffix] = [sys.executable, "-c", f'import duckdb\nduckdb.execute("""copy ({query}) to \'{out}/m.parquet\' {TO_FILE}""")']
        polars = f"import polars as pl\nsource = {source!r}\n{POLARS[name]}\nframe.sink_parquet({out + '/m.parquet'!r}, compression='zstd', compression_level=3)"
        found["Polars" + suffix] = [sys.executable, "-c", polars]
    found["fupan"] = [fupan, "--quiet", "--store", f"{out}/store", "ingest", source]
    return found


def measure(command: list[str]) -> tuple[float, float, float]:
    """Wall seconds, CPU seconds and peak MiB of a command."""
    began = time.monotonic()
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(child.pid, 0)
    wall = time.monotonic() - began
    if status != 0:
        sys.exit(f"failed: {command[:2]}")
    return wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def written(out: str) -> float:
    """MB of data files."""
    return sum(path.stat().st_size for path in pathlib.Path(out).rglob("*.parquet") if "ingests" not in path.parts) / 1e6


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("shape", choices=["long", "wide", "otlp"])
    parser.add_argument("input")
    parser.add_argument("--fupan", default="target/release/fupan")
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    source = str(pathlib.Path(given.input).resolve())
    megabytes = pathlib.Path(source).stat().st_size / 1e6
    results: dict[str, list[tuple[float, float, float, float]]] = {}
    for _ in range(given.rounds):
        out = tempfile.mkdtemp(dir=".")
        for name, command in commands(given.shape, source, given.fupan, out).items():
            shutil.rmtree(out)
            pathlib.Path(out).mkdir()
            results.setdefault(name, []).append((*measure(command), written(out)))
        shutil.rmtree(out)
    print(f"| {given.shape}, {megabytes:.0f} MB | wall s | CPU s | MB/s | peak MiB | out MB |\n|---|---:|---:|---:|---:|---:|")
    medians = {name: [statistics.median(part) for part in zip(*rounds)] for name, rounds in results.items()}
    for name, (wall, cpu, peak, out_mb) in sorted(medians.items(), key=lambda item: item[1][0]):
        print(f"| {name} | {wall:.2f} | {cpu:.2f} | {megabytes / wall:.1f} | {peak:,.0f} | {out_mb:.1f} |")


if __name__ == "__main__":
    main()
