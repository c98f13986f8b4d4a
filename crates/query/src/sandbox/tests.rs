//! The promise: analysts' SQL reads our tables and nothing else.

use super::*;

fn tables() -> BTreeSet<String> {
    ["logs", "requests", "incidents", "incident_events"].into_iter().map(str::to_owned).collect()
}

/// Texts that would write, read files, reach other tables, run for ever or change the session.
const ESCAPES: &[&str] = &[
    "copy logs to '/tmp/x.csv'",
    "COPY (select * from logs) TO '/tmp/x.parquet' STORED AS PARQUET",
    "copy (copy logs to 'a') to 'b'",
    "create external table t stored as csv location '/etc/passwd'",
    "create table t as select * from logs",
    "create or replace view logs as select 1",
    "create temporary table t (a int)",
    "create database d",
    "create schema s",
    "create function f(x int) returns int return x",
    "create unbounded external table t stored as json location 's3://b/k'",
    "drop table logs",
    "drop view incidents",
    "alter table logs add column a int",
    "truncate table logs",
    "insert into logs values (1)",
    "insert overwrite logs select * from logs",
    "update logs set body = 'x'",
    "delete from logs",
    "merge into logs using requests on true when matched then delete",
    "set datafusion.execution.target_partitions = 1",
    "set time zone 'Asia/Shanghai'",
    "reset datafusion.execution.target_partitions",
    "show all",
    "show datafusion.execution.batch_size",
    "select 1; drop table logs",
    "select 1; select 2",
    "/* harmless */ drop /**/ table logs",
    "-- select 1\ndrop table logs",
    "select * from '/etc/passwd'",
    "select * from 'logs.parquet'",
    "select * from \"/etc/passwd\"",
    "select * from 's3://bucket/key.parquet'",
    "select * from \"https://example.org/x.csv\"",
    "select * from read_csv('/etc/passwd')",
    "select * from read_parquet('x')",
    "select * from parquet_metadata('x')",
    "select * from generate_series(1, 1000000000000)",
    "select * from range(1, 1000000000000)",
    "select unnest(generate_series(1, 1000000000000))",
    "select * from unnest(range(0, 1000000000000))",
    "select repeat('x', 1000000000)",
    "select lpad('x', 1000000000)",
    "select array_repeat(1, 1000000000)",
    "select * from store.logs",
    "select * from datafusion.store.logs",
    "select * from datafusion.public.logs",
    "select * from information_schema.df_settings",
    "select * from information_schema.tables",
    "select * from pg_catalog.pg_class",
    "select body into t from logs",
    "select * from logs for update",
    "with x as (insert into logs values (1) returning *) select * from x",
    "with x as (delete from logs) select * from x",
    "with recursive r as (select 1 as n union all select n + 1 from r) select * from r",
    "explain copy logs to 'x'",
    "explain insert into logs values (1)",
    "explain analyze insert into logs values (1)",
    "explain analyze create table t as select 1",
    "prepare p as select 1",
    "execute p(1)",
    "deallocate p",
    "begin",
    "commit",
    "rollback",
    "start transaction",
    "use other",
    "grant select on logs to x",
    "declare c cursor for select 1",
    "kill 1",
    "call f()",
    "analyze table logs",
    "vacuum",
    "load data inpath 'x' into table logs",
    "attach database 'x' as y",
    "install httpfs",
    "load httpfs",
    "pragma database_list",
    "describe store.logs",
    "describe \"/etc/passwd\"",
    "show columns from store.logs",
    "show create table logs",
    "show functions",
    "select now()",
    "select current_timestamp",
    "select random()",
    "select uuid()",
    "select version()",
    "select arrow_cast(1, 'Utf8')",
    "select * from logs where exists (select 1 from secret)",
    "select (select count(*) from store.logs)",
    "select * from logs join (select * from store.spans) s on true",
    "select 1 union all select 2 from missing",
    "select * from logs where body = $other",
    "from store.logs",
    "table logs",
    "table store.logs",
    "select * from logs |> where true",
    "select * from logs, lateral (select * from store.logs) x",
    "select * from logs for system_time as of '2026-01-01'",
    "values (1), (now())",
];

#[test]
fn more_than_sixty_escapes_are_refused() {
    assert!(ESCAPES.len() >= 60);
    for escape in ESCAPES {
        let checked = check(escape, Author::Analyst, &tables());
        assert!(checked.is_err(), "not refused: {escape}");
    }
    println!("figure: {} of {} refused before anything is planned", ESCAPES.len(), ESCAPES.len());
}

#[test]
fn ordinary_questions_pass() {
    for text in [
        "select count(*) from logs",
        "with slow as (select * from requests where duration_ms > 1000) select service_name, count(*) from slow group by 1",
        "select * from incidents i left join incident_events e on e.incident_id = i.incident_id order by 1 limit 10",
        "select date_trunc('minute', timestamp) as minute, percentile_cont(duration_ms, 0.9) from requests group by minute",
        "select service_name, wilson_low(count(*) filter (where is_failed), count(*)) from requests group by service_name",
        "select extract(hour from timestamp), cast(body as text), body like 'a%', attributes['code'] from logs",
        "select * from (values (1, 'a'), (2, 'b')) as t (n, word)",
        "select row_number() over (partition by service_name order by timestamp) from logs where timestamp <= $as_of",
        "explain select 1",
        "explain analyze select count(*) from logs",
        "describe incidents",
        "show tables",
        "show columns from incidents",
        "SELECT * FROM Logs;",
    ] {
        let checked = check(text, Author::Analyst, &tables());
        assert!(checked.is_ok(), "{text}: {}", checked.unwrap_err());
    }
}

#[test]
fn length_and_depth_end_before_parsing() {
    let deep = format!("select {}1{}", "(".repeat(5000), ")".repeat(5000));
    let wide = format!("select * from logs where {}", vec!["body = 'x'"; 20_000].join(" or "));
    let long = format!("select '{}'", "x".repeat(SQL_BYTES_MAX));
    let many = format!("select 1 {}", "union all select 1 ".repeat(1_500));
    let cases = format!("select {}1{}", "case when true then ".repeat(200), " end".repeat(200));
    let minus = format!("select {}1", "- ".repeat(5_000));
    let colons = format!("select 1{}", "::int".repeat(5_000));
    for text in [deep, wide, long, many, cases, minus, colons] {
        let error = check(&text, Author::Analyst, &tables()).unwrap_err();
        assert!(matches!(error, QueryError::Limit { .. }), "{error}");
    }
}

#[test]
fn refusals_say_what_to_do() {
    let hint = |text: &str| check(text, Author::Analyst, &tables()).unwrap_err().hint().unwrap().to_owned();
    assert_eq!(hint("select now()"), "use `$as_of`, the instant as of which the data is seen");
    assert_eq!(hint("select * from incidnets"), "did you mean `incidents`? `show tables` lists the tables");
    assert!(hint("select cuont(*) from logs").starts_with("did you mean `count`?"));
}

#[test]
fn conditions_of_the_configuration_are_expressions_only() {
    assert!(parse_condition("http_response_status_code >= 500 or attributes['code'] <> '0'").is_ok());
    for bad in [
        "true) or (select 1) = 1 --",
        "1 = 1; drop table logs",
        "exists (select 1 from logs)",
        "user_id in (select user_id from logs)",
        "now() > timestamp",
        "",
        "a b c",
    ] {
        assert!(parse_condition(bad).is_err(), "{bad}");
    }
}
