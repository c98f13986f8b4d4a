//! Metrics in tables: long (a row per value) and wide (a column per metric).

use std::borrow::Cow;
use std::collections::HashMap;

use chrono_tz::Tz;
use foldhash::fast::RandomState;
use fupan_model::MetricPoint;

use super::counts;
use super::log_fields::{Field, canonical, default_target, means};
use super::pairs::service_of_pod;
use super::quantity::{number_in, quantity};
use super::table::{Table, is_missing, is_no_value, is_percent, written_number};
use super::text_of;
use crate::time::{ParsedInstant, parse_instant};
use crate::{
    Chunk, DecodeError, DecodeOptions, Decoder, Framing, Header, InputFormat, Place, RecordSink, SeriesPoint,
};

/// Names of the column that holds the metric's name, the best first.
pub(crate) const METRIC_NAMES: [&str; 10] =
    ["metricname", "metric", "kpiname", "kpi", "指标名", "指标名称", "指标", "监控项", "监控指标", "name"];
/// Names of the column that holds the value.
pub(crate) const VALUE_NAMES: [&str; 8] =
    ["value", "metricvalue", "val", "值", "数值", "指标值", "监控值", "当前值"];

/// What a column of metrics is.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Role {
    Time,
    Name,
    Value,
    Unit,
    Kind,
    Temporality,
    Service,
    Host,
    Region,
    /// A metric of its own, with the unit in the parentheses of its header.
    Metric {
        name: String,
        unit: Option<String>,
    },
    Label,
    /// An index, or a second notation of the time.
    Ignored,
}

/// Roles that both shapes share: the best name for each wins, others stay labels.
fn shared_roles(names: &[String]) -> Vec<Role> {
    let mut roles = vec![Role::Label; names.len()];
    for (field, role) in [
        (Field::Timestamp, Role::Time),
        (Field::Service, Role::Service),
        (Field::Host, Role::Host),
        (Field::Region, Role::Region),
    ] {
        let best = names
            .iter()
            .enumerate()
            .filter_map(|(at, name)| Some((at, default_target(name)?)))
            .filter(|(_, target)| target.field == field && !(target.is_vague && field == Field::Region))
            .min_by_key(|(_, target)| target.rank);
        if let Some((at, _)) = best
            && let Some(slot) = roles.get_mut(at)
        {
            *slot = role;
        }
    }
    for (slot, name) in roles.iter_mut().zip(names) {
        let is_other_time = *slot == Role::Label && means(name, Field::Timestamp);
        if is_row_number(name) || is_other_time {
            *slot = Role::Ignored;
        }
    }
    roles
}

/// Whether a column numbers the rows of an export: unnamed as pandas writes it, or 序号.
fn is_row_number(name: &str) -> bool {
    name.is_empty() || name.starts_with("Unnamed:") || name == "序号"
}

/// Roles of a long table; none if it has no name or no value.
pub(crate) fn long_roles(names: &[String]) -> Option<Vec<Role>> {
    let mut roles = shared_roles(names);
    let mut assign = |known: &[&str], role: Role| -> Option<()> {
        let at = known.iter().find_map(|known| names.iter().position(|name| canonical(name) == *known))?;
        *roles.get_mut(at)? = role;
        Some(())
    };
    assign(&METRIC_NAMES, Role::Name)?;
    assign(&VALUE_NAMES, Role::Value)?;
    assign(&["unit", "单位"], Role::Unit);
    assign(&["metrictype"], Role::Kind);
    assign(&["temporality"], Role::Temporality);
    roles.contains(&Role::Time).then_some(roles)
}

/// Share of the cells in the head that are numbers in a column of numbers: a word among them is a mistake, and told.
const NUMBERS_SHARE_MIN: f64 = 0.8;

/// Roles of a wide table: columns whose cells in the head are numbers are metrics. None if there is no
/// time or no metric.
pub(crate) fn wide_roles(names: &[String], sample: &[Vec<Cow<'_, str>>]) -> Option<Vec<Role>> {
    let mut roles = shared_roles(names);
    let mut metrics = 0;
    let are_counted = counts::are_counted(names, sample);
    let may_measure = |(_, (slot, name)): &(usize, (&mut Role, &String))| {
        **slot == Role::Label && !(are_counted && counts::tells_apart(name)) && !is_of_ids(name)
    };
    for (at, (slot, name)) in roles.iter_mut().zip(names).enumerate().filter(may_measure) {
        let cells = sample.iter().filter_map(|row| row.get(at)).filter(|cell| !is_no_value(cell));
        let cells: Vec<&str> = cells.map(AsRef::as_ref).collect();
        let numbers = cells.iter().filter(|cell| written_number(cell).is_some()).count();
        let is_numeric = numbers as f64 >= NUMBERS_SHARE_MIN * cells.len() as f64;
        let in_cells = if is_numeric { None } else { unit_in_cells(&cells) };
        if (is_numeric || in_cells.is_some()) && !are_numbers_of_people(name, &cells) {
            let are_percents = !cells.is_empty() && cells.iter().all(|cell| is_percent(cell));
            let (name, unit) = name_and_unit(name);
            // What stands behind the numbers themselves is what they are in.
            let unit = in_cells.or(unit).or(are_percents.then_some("%"));
            *slot = Role::Metric { name: name.to_owned(), unit: unit.map(str::to_owned) };
            metrics += 1;
        }
    }
    (metrics > 0 && roles.contains(&Role::Time)).then_some(roles)
}

/// Whether a column holds ids, whose numbers measure nothing: `store_id`, `storeId`, `batch_no`, 门店ID, 门店编号.
/// `PAID` has none.
pub(crate) fn is_of_ids(name: &str) -> bool {
    let ends_apart = |end: &str, continues: fn(char) -> bool| {
        name.strip_suffix(end).is_some_and(|rest| !rest.chars().next_back().is_some_and(continues))
    };
    let is_word = |upper: &str, title: &str, lower: &str| {
        ends_apart(upper, |letter| letter.is_ascii_uppercase())
            || ends_apart(title, |letter| letter.is_ascii_uppercase())
            || ends_apart(lower, |letter| letter.is_ascii_alphanumeric())
    };
    is_word("ID", "Id", "id")
        || is_word("NO", "No", "no")
        || ["编号", "编码", "工号", "单号"].iter().any(|end| name.ends_with(end))
}

/// What numbers of people are called. What is counted is called so, too: 手机销量.
const PEOPLE: [&str; 9] =
    ["phone", "mobile", "idcard", "bankcard", "手机", "电话", "身份证", "银行卡", "卡号"];

/// Numbers of phones and cards measure nothing; as texts they pass the rules for personal data.
fn are_numbers_of_people(name: &str, cells: &[&str]) -> bool {
    let name = canonical(name);
    let is_taken = |cell: &&&str| {
        let clean = fupan_redact::redact(cell, &mut fupan_redact::Counts::default());
        clean.as_ref() != **cell
    };
    PEOPLE.iter().any(|word| name.contains(word)) && cells.iter().filter(is_taken).count() * 2 > cells.len()
}

/// The unit that stands behind the numbers of a column; the first one where durations are in several.
fn unit_in_cells<'a>(cells: &[&'a str]) -> Option<&'a str> {
    let (_, unit) = cells.iter().find_map(|cell| quantity(cell))?;
    let fitting =
        cells.iter().filter(|cell| number_in(cell, unit).is_some() || written_number(cell).is_some()).count();
    (fitting as f64 >= NUMBERS_SHARE_MIN * cells.len() as f64).then_some(unit)
}

/// `CpuUsage(m)` is the metric `CpuUsage` in `m`.
pub(crate) fn name_and_unit(header: &str) -> (&str, Option<&str>) {
    let parts = header.strip_suffix(')').and_then(|rest| rest.rsplit_once('('));
    match parts.map(|(name, unit)| (name.trim(), unit.trim())) {
        Some((name, unit)) if !name.is_empty() && !unit.is_empty() => (name, Some(unit)),
        _ => (header, None),
    }
}

/// Reads both shapes; they differ in their roles.
pub(crate) struct CsvMetrics {
    table: Table,
    roles: Vec<Role>,
    /// Columns of values and what they measure; none where the row names it.
    values: Vec<(usize, Option<Measured>)>,
    /// Columns that describe the series.
    describing: Vec<usize>,
    time: Option<usize>,
    zone: Tz,
    /// The metric is named after the source.
    is_named_by_source: bool,
}

/// A column that is a metric of its own.
struct Measured {
    name: String,
    unit: Option<String>,
}

impl CsvMetrics {
    pub(crate) fn open(head: &[u8], is_wide: bool, options: &DecodeOptions) -> Result<Self, DecodeError> {
        let format = if is_wide { InputFormat::CsvMetricsWide } else { InputFormat::CsvMetricsLong }.as_str();
        let table = Table::read(head, format)?;
        let (roles, needs) = if is_wide {
            (
                wide_roles(&table.names, &table.sample(head)),
                "a time column and at least one column of numbers",
            )
        } else {
            (long_roles(&table.names), "the columns time, metric and value")
        };
        let roles = roles.ok_or_else(|| DecodeError::Mismatch {
            format,
            reason: format!(
                "it needs {needs}; the header is {}; a mapping can name them",
                table.names.join(", ")
            ),
        })?;
        let (mut values, mut describing, mut time) = (Vec::new(), Vec::new(), None);
        for (at, role) in roles.iter().enumerate() {
            match role {
                Role::Time => time = Some(at),
                Role::Value => values.push((at, None)),
                Role::Metric { name, unit } => {
                    values.push((at, Some(Measured { name: name.clone(), unit: unit.clone() })));
                }
                Role::Ignored => {}
                _ => describing.push(at),
            }
        }
        let name = name_by_source(&values, &options.source);
        if let (Some(name), Some((_, Some(measured)))) = (&name, values.first_mut()) {
            measured.name.clone_from(name);
        }
        let is_named_by_source = name.is_some();
        Ok(Self { table, roles, values, describing, time, zone: options.zone, is_named_by_source })
    }

    /// The metric that a column of values is.
    fn measured(&self, number: u32) -> Option<&Measured> {
        self.values.get(number as usize)?.1.as_ref()
    }

    /// What the cells of a row say about its series.
    fn describe<'a>(&'a self, row: &[Cow<'a, str>]) -> MetricPoint<'a> {
        let mut point = MetricPoint::default();
        for ((role, name), cell) in self.roles.iter().zip(&self.table.names).zip(row) {
            if is_missing(cell) {
                continue;
            }
            match role {
                Role::Name => point.metric_name.clone_from(cell),
                Role::Unit => point.unit = Some(cell.clone()),
                Role::Kind => point.metric_type = Some(cell.clone()),
                Role::Temporality => point.temporality = Some(cell.clone()),
                Role::Service => point.service_name = Some(cell.clone()),
                Role::Host => point.host_name = Some(cell.clone()),
                Role::Region => point.cloud_region = Some(cell.clone()),
                Role::Label => point.attributes.push((Cow::Borrowed(name.as_str()), cell.clone())),
                Role::Time | Role::Value | Role::Metric { .. } | Role::Ignored => {}
            }
        }
        if point.service_name.is_none() {
            point.service_name =
                point.host_name.as_deref().and_then(service_of_pod).map(|name| name.to_owned().into());
        }
        point
    }
}

/// The file's name, where a single column of values is called no more than that: `cpu_usage.csv` with the
/// columns time and value. Many such files would be one series otherwise.
fn name_by_source(values: &[(usize, Option<Measured>)], source: &str) -> Option<String> {
    let [(_, Some(measured))] = values else { return None };
    let header = canonical(&measured.name);
    if !VALUE_NAMES.contains(&header.as_str()) {
        return None;
    }
    let name = source.rsplit('#').next().filter(|sheet| !sheet.is_empty()).unwrap_or(source);
    let stem = ENDINGS.iter().fold(name, |name, ending| name.strip_suffix(ending).unwrap_or(name)).trim();
    // What says no more than the header is no better name.
    let is_name = stem.chars().any(char::is_alphabetic) && !VALUE_NAMES.contains(&canonical(stem).as_str());
    is_name.then(|| stem.to_owned())
}

/// What stands behind a file's own name, the outer ones first.
const ENDINGS: [&str; 6] = [".gz", ".zst", ".csv", ".tsv", ".txt", ".xlsx"];

/// What is remembered from row to row of a chunk: the same times and series come again and again.
struct Rows<'a> {
    table: &'a CsvMetrics,
    /// The last time as it was written, and the instant.
    time: Option<(Cow<'a, str>, ParsedInstant)>,
    /// The cells that describe a series, each with a byte behind it that no text has.
    key: Vec<u8>,
    known: HashMap<Box<[u8]>, u32, RandomState>,
    descriptions: Vec<MetricPoint<'a>>,
    /// The values of a row, by number of the column in [`CsvMetrics::values`].
    values: Vec<(u32, f64)>,
}

impl<'a> Rows<'a> {
    fn row(&mut self, place: Place, row: &[Cow<'a, str>], sink: &mut dyn RecordSink) -> Result<(), String> {
        let table = self.table;
        self.values.clear();
        for (number, (at, measured)) in table.values.iter().enumerate() {
            let Some(cell) = row.get(*at).filter(|cell| !is_no_value(cell)) else { continue };
            let name = table.table.names.get(*at).map_or("", String::as_str);
            let unit = measured.as_ref().and_then(|measured| measured.unit.as_deref());
            self.values.push((number as u32, parse(name, cell, unit)?));
        }
        let at = self.instant(row)?;
        let series = self.series(row);
        let description =
            self.descriptions.get(series as usize).ok_or("our mistake: a series is not known")?;
        if description.metric_name.is_empty()
            && self.values.iter().any(|(number, _)| table.measured(*number).is_none())
        {
            return Err("the row has no metric name".to_owned());
        }
        if at.assumed_zone {
            sink.assumed_zone();
        }
        for (number, value) in &self.values {
            let describe = || match table.measured(*number) {
                None => description.clone(),
                Some(measured) => MetricPoint {
                    metric_name: Cow::Borrowed(&measured.name),
                    unit: measured.unit.as_deref().map(Cow::Borrowed),
                    ..description.clone()
                },
            };
            let point = SeriesPoint {
                series: series * table.values.len() as u32 + number,
                describe: &describe,
                timestamp: at.at,
                start_timestamp: None,
                value: *value,
            };
            sink.series_point(place, point);
        }
        Ok(())
    }

    fn instant(&mut self, row: &[Cow<'a, str>]) -> Result<ParsedInstant, String> {
        let cell = self.table.time.and_then(|time| row.get(time)).filter(|cell| !is_missing(cell));
        let cell = cell.ok_or("the row has no time")?;
        if let Some((last, at)) = &self.time
            && last == cell
        {
            return Ok(*at);
        }
        let at = parse_instant(cell, self.table.zone)
            .map_err(|error| format!("the time {:?} {error}", text_of(cell)))?;
        self.time = Some((cell.clone(), at));
        Ok(at)
    }

    /// The number of what describes a row.
    fn series(&mut self, row: &[Cow<'a, str>]) -> u32 {
        self.key.clear();
        for cell in self.table.describing.iter().filter_map(|at| row.get(*at)) {
            self.key.extend_from_slice(cell.as_bytes());
            self.key.push(0xFF);
        }
        if let Some(number) = self.known.get(self.key.as_slice()) {
            return *number;
        }
        let number = self.descriptions.len() as u32;
        self.descriptions.push(self.table.describe(row));
        self.known.insert(self.key.as_slice().into(), number);
        number
    }
}

impl Decoder for CsvMetrics {
    fn framing(&self) -> Framing {
        self.table.framing()
    }

    fn count_records(&self, bytes: &[u8], byte_offset: u64) -> u64 {
        self.table.count_rows(bytes, byte_offset)
    }

    fn name_of_source(&self) -> Option<&str> {
        self.measured(0).filter(|_| self.is_named_by_source).map(|measured| measured.name.as_str())
    }

    fn header(&self) -> Option<Header<'_>> {
        Some(self.table.header())
    }

    fn decode(&self, chunk: Chunk<'_>, sink: &mut dyn RecordSink) {
        let mut rows = Rows {
            table: self,
            time: None,
            key: Vec::new(),
            known: HashMap::default(),
            descriptions: Vec::new(),
            values: Vec::new(),
        };
        self.table.walk(chunk, sink, &mut |place, row, sink| rows.row(place, row, sink));
    }
}

fn parse(name: &str, cell: &str, unit: Option<&str>) -> Result<f64, String> {
    let value = written_number(cell).or_else(|| number_in(cell, unit?));
    value.ok_or_else(|| format!("{name}: {:?} is no number", text_of(cell)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::testing::Collected;

    fn decode(text: &str, is_wide: bool) -> Collected {
        let options = DecodeOptions::new(chrono_tz::UTC, "metrics.csv");
        Collected::from(&CsvMetrics::open(text.as_bytes(), is_wide, &options).unwrap(), text.as_bytes())
    }

    fn values(found: &Collected) -> Vec<(&str, f64)> {
        found.metrics.iter().map(|point| (point.metric_name.as_ref(), point.value)).collect()
    }

    #[test]
    fn headers_in_chinese() {
        let text =
            "时间,主机,服务,指标名,数值,单位,机房\n2026-11-05 11:05:03,pay-7,支付,CPU使用率,81.5,%,华东\n";
        assert!(
            long_roles(&text.lines().next().unwrap().split(',').map(str::to_owned).collect::<Vec<_>>())
                .is_some()
        );
        let found = decode(text, false);
        assert_eq!(values(&found), [("CPU使用率", 81.5)]);
        let point = &found.metrics[0];
        assert_eq!(
            (point.host_name.as_deref(), point.service_name.as_deref()),
            (Some("pay-7"), Some("支付"))
        );
        assert_eq!((point.unit.as_deref(), point.cloud_region.as_deref()), (Some("%"), Some("华东")));
    }

    #[test]
    fn units_behind_the_numbers_of_a_column_are_its_unit() {
        let rows = (2..9).map(|minute| format!("2026-11-20 11:0{minute},99%,80ms,2号机\n"));
        let text = "时间,成功率,P99,机器\n2026-11-20 11:00,95.3%,120ms,1号机\n2026-11-20 11:01,62.1%,3.2s,2号机\n2026-11-20 11:01,62.1%,3MB,2号机\n";
        let found = decode(&(text.to_owned() + &rows.collect::<String>()), true);
        let expected = [("成功率", 95.3), ("P99", 120.0), ("成功率", 62.1), ("P99", 3200.0)];
        assert_eq!(values(&found).get(..4), Some(&expected[..]));
        assert_eq!(found.metrics[1].unit.as_deref(), Some("ms"));
        assert_eq!(found.rejects.len(), 1, "{:?}", found.rejects);
    }

    #[test]
    fn numbers_as_people_write_them_are_no_labels() {
        let rows =
            (1..=9).map(|minute| format!("2026-11-05T03:0{minute}:00Z,16%,\"1,00{minute}\",{minute},0\n"));
        let text = "time,cpu,requests,errors,drops\n2026-11-05T03:00:00Z,--,\"20,5\",much,1\n".to_owned();
        let found = decode(&(text + &rows.collect::<String>()), true);
        let reasons: Vec<&str> = found.rejects.iter().map(|(_, reason, _)| reason.as_str()).collect();
        assert_eq!(reasons, ["errors: \"much\" is no number"]);
        let first: Vec<_> =
            found.metrics.iter().take(4).map(|point| (point.value, point.unit.as_deref())).collect();
        assert_eq!(first, [(16.0, Some("%")), (1001.0, None), (1.0, None), (0.0, None)]);
        assert!(found.metrics.iter().all(|point| point.attributes.is_empty()));
    }

    #[test]
    fn a_single_column_without_a_name_is_called_after_its_file() {
        let text = "timestamp,value\n2026-11-05T03:05:03Z,0.5\n";
        for (source, name, is_assumed) in [
            ("cpu_usage.csv.gz", "cpu_usage", true),
            ("rds_cpu_e47b3b.csv", "rds_cpu_e47b3b", true),
            ("book.xlsx#磁盘使用率", "磁盘使用率", true),
            ("-", "value", false),
            ("value.csv", "value", false),
            ("2026-11-05.csv", "value", false),
        ] {
            let options = DecodeOptions::new(chrono_tz::UTC, source);
            let decoder = CsvMetrics::open(text.as_bytes(), true, &options).unwrap();
            let found = Collected::from(&decoder, text.as_bytes());
            assert_eq!(values(&found), [(name, 0.5)]);
            assert_eq!(decoder.name_of_source(), is_assumed.then_some(name));
        }
        // A name that is told, or more than one column, is left alone.
        for text in ["time,cpu\n2026-11-05T03:05:03Z,1\n", "time,value,val\n2026-11-05T03:05:03Z,1,1\n"] {
            let options = DecodeOptions::new(chrono_tz::UTC, "a.csv");
            assert_eq!(CsvMetrics::open(text.as_bytes(), true, &options).unwrap().name_of_source(), None);
        }
    }

    #[test]
    fn long_tables() {
        let found = decode(
            "timestamp,service,metric,value,unit,zone_id\n2026-11-05T03:05:00Z,pay,errors,0.5,1,a\n1793849100,pay,errors,,1,a\n1793849100,pay,errors,much,1,a\n",
            false,
        );
        let point = &found.metrics[0];
        assert_eq!(values(&found), [("errors", 0.5)]);
        assert_eq!((point.service_name.as_deref(), point.unit.as_deref()), (Some("pay"), Some("1")));
        assert_eq!(point.attributes, [("zone_id".into(), "a".into())]);
        // An empty cell is a missing value: neither zero nor an error.
        assert_eq!(found.rejects.len(), 1);
        assert_eq!(found.rejects[0].1, "value: \"much\" is no number");
    }

    #[test]
    fn wide_tables_with_units_in_the_header_and_a_clock_of_go() {
        let found = decode(
            concat!(
                "Time,TimeStamp,PodName,CpuUsage(m),Latency P99(s),Note\n",
                "2026-11-05 08:41:09.043078357 +0000 UTC m=+0.119240217,1793868069,pay-64469b5b48-25zj6,7.5,NaN,warm\n",
                "2026-11-05 08:42:09.043078357 +0000 UTC m=+60.119240217,1793868129,pay-64469b5b48-25zj6,,0.25,\n",
            ),
            true,
        );
        assert_eq!(found.rejects, []);
        assert_eq!(found.metrics.len(), 3);
        let cpu = &found.metrics[0];
        assert_eq!((cpu.metric_name.as_ref(), cpu.unit.as_deref(), cpu.value), ("CpuUsage", Some("m"), 7.5));
        assert_eq!(
            (cpu.service_name.as_deref(), cpu.host_name.as_deref()),
            (Some("pay"), Some("pay-64469b5b48-25zj6"))
        );
        assert_eq!(cpu.attributes, [("Note".into(), "warm".into())]);
        assert!(found.metrics[1].value.is_nan());
        assert_eq!(found.metrics[2].metric_name, "Latency P99");
    }

    #[test]
    fn columns_stay_metrics_and_services_are_not_guessed() {
        let found = decode("time,pay_cpu,pay_mem,cart_cpu\n1793849100,1,2,3\n1793849101,4,,6\n", true);
        assert_eq!(
            values(&found),
            [("pay_cpu", 1.0), ("pay_mem", 2.0), ("cart_cpu", 3.0), ("pay_cpu", 4.0), ("cart_cpu", 6.0)]
        );
        assert!(found.metrics.iter().all(|point| point.service_name.is_none()));
        assert_eq!(found.places[3].record, 2);
    }

    #[test]
    fn series_that_look_alike_are_not_taken_for_each_other() {
        let found = decode(
            "time,metric,value,a,b\n1793849100,m,1,x,\n1793849100,m,2,,x\n1793849160,m,3,x,\n1793849160,m,-,x,\n1793849160,,5,x,\n",
            false,
        );
        assert_eq!(values(&found), [("m", 1.0), ("m", 2.0), ("m", 3.0)]);
        let labels = |at: usize| found.metrics[at].attributes.clone();
        assert_eq!(labels(0), [("a".into(), "x".into())]);
        assert_eq!(labels(1), [("b".into(), "x".into())]);
        assert_eq!(
            (labels(2), found.metrics[2].timestamp),
            (labels(0), fupan_model::Micros(1_793_849_160_000_000))
        );
        assert_eq!(found.rejects.len(), 1);
        assert_eq!(found.rejects[0].1, "the row has no metric name");
    }

    #[test]
    fn a_table_without_a_time_says_what_it_needs() {
        let options = DecodeOptions::new(chrono_tz::UTC, "x");
        let error = CsvMetrics::open(b"a,b\n1,2\n", true, &options).err().unwrap().to_string();
        assert!(error.contains("needs a time column") && error.contains("a, b"), "{error}");
    }

    #[test]
    fn ids_and_numbers_of_rows_are_no_metrics() {
        let names =
            ["序号", "时间", "门店ID", "storeId", "工单编号", "PAID", "paid", "请求数"].map(str::to_owned);
        let row = ["1", "2026-11-05", "17", "17", "4711", "3", "3", "5"].map(Cow::Borrowed).to_vec();
        let roles = wide_roles(&names, &[row]).unwrap();
        assert_eq!(roles[..5], [Role::Ignored, Role::Time, Role::Label, Role::Label, Role::Label]);
        assert!(roles[5..].iter().all(|role| matches!(role, Role::Metric { .. })), "{roles:?}");
    }

    #[test]
    fn numbers_of_people_are_no_metrics() {
        let names = ["时间", "手机号", "手机销量"].map(str::to_owned);
        let row = |cells: [&'static str; 3]| cells.map(Cow::Borrowed).to_vec();
        let sample = [row(["2026-11-05", "13812345678", "5"]), row(["2026-11-06", "13912345678.0", "6"])];
        let roles = wide_roles(&names, &sample).unwrap();
        assert_eq!(roles[1], Role::Label);
        assert!(matches!(roles[2], Role::Metric { .. }));
    }
}
