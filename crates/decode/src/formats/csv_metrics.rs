//! Metrics in tables: long (a row per value) and wide (a column per metric).

mod roles;

use std::borrow::Cow;
use std::collections::HashMap;

use chrono_tz::Tz;
use foldhash::fast::RandomState;
use fupan_model::MetricPoint;

use self::roles::Role;
pub(crate) use self::roles::{METRIC_NAMES, VALUE_NAMES, is_of_ids, long_roles, wide_roles};
use super::log_fields::{KeyCache, canonical, names_zone, zone_in_name};
use super::metric_labels;
use super::openmetrics::series_of;
use super::pairs::service_of_pod;
use super::quantity::number_in;
use super::table::{Table, is_missing, is_no_value, written_number};
use super::text_of;
use crate::time::{ParsedInstant, parse_instant_beside, zone_named};
use crate::{
    Chunk, DecodeError, DecodeOptions, Decoder, Framing, Header, InputFormat, Place, RecordSink, SeriesPoint,
};

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
    /// The column of zones, where there is one.
    zone_column: Option<usize>,
    /// The metric is named after the source.
    is_named_by_source: bool,
}

/// A column that is a metric of its own.
struct Measured {
    name: String,
    unit: Option<String>,
    /// What its header says about the series: `up{service="cart"}`, as queries of Prometheus are exported.
    series: Option<MetricPoint<'static>>,
}

impl Measured {
    fn of(name: &str, unit: Option<&str>) -> Self {
        let series = series_of(name).map(|(metric, labels)| {
            let owned = |text: Cow<'_, str>| Cow::Owned(text.into_owned());
            let labels = labels.into_iter().map(|(key, value)| (owned(key), owned(value))).collect();
            metric_labels::series(owned(metric), labels, &mut KeyCache::default())
        });
        let name = series.as_ref().map_or(name, |series| series.metric_name.as_ref()).to_owned();
        Self { name, unit: unit.map(str::to_owned), series }
    }

    fn says_no_name(&self) -> bool {
        self.name.is_empty() || VALUE_NAMES.contains(&canonical(&self.name).as_str())
    }

    /// A point of it, in a row that is described so.
    fn point<'a>(&'a self, row: &MetricPoint<'a>) -> MetricPoint<'a> {
        let mut point = MetricPoint {
            metric_name: Cow::Borrowed(&self.name),
            unit: self.unit.as_deref().map(Cow::Borrowed),
            ..row.clone()
        };
        let Some(series) = &self.series else { return point };
        for (slot, said) in [
            (&mut point.service_name, &series.service_name),
            (&mut point.host_name, &series.host_name),
            (&mut point.cloud_region, &series.cloud_region),
        ] {
            if said.is_some() {
                slot.clone_from(said);
            }
        }
        point.attributes.extend(series.attributes.iter().cloned());
        point
    }
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
            (long_roles(&table.names, &table.sample(head)), "the columns time, metric and value")
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
                    values.push((at, Some(Measured::of(name, unit.as_deref()))));
                }
                Role::Ignored => {}
                _ => describing.push(at),
            }
        }
        let name = name_by_source(&values, &options.source);
        for measured in values.iter_mut().filter_map(|(_, measured)| measured.as_mut()) {
            if let Some(name) = name.as_ref().filter(|_| measured.says_no_name()) {
                measured.name.clone_from(name);
            } else if measured.name.is_empty() {
                "value".clone_into(&mut measured.name);
            }
        }
        let is_named_by_source = name.is_some();
        let zone_column = table.names.iter().position(|name| names_zone(name));
        let zone = options.zone;
        Ok(Self { table, roles, values, describing, time, zone, zone_column, is_named_by_source })
    }

    /// The zone that the name of the column of times says, or a cell beside the time.
    fn named_zone(&self, row: &[Cow<'_, str>]) -> Option<Tz> {
        let in_header = self.time.and_then(|at| zone_in_name(self.table.names.get(at)?));
        in_header.or_else(|| zone_named(row.get(self.zone_column?)?))
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
/// columns time and value. Many such files would be one series otherwise. So is a header of labels alone: `{pod="a"}`.
fn name_by_source(values: &[(usize, Option<Measured>)], source: &str) -> Option<String> {
    let is_nameless = match values {
        [(_, Some(measured))] => measured.says_no_name(),
        _ => values.iter().flat_map(|(_, measured)| measured).any(|measured| measured.name.is_empty()),
    };
    if !is_nameless {
        return None;
    }
    let name = source.rsplit('#').next().filter(|sheet| !sheet.is_empty()).unwrap_or(source);
    let stem = ENDINGS.iter().fold(name, |name, ending| name.strip_suffix(ending).unwrap_or(name)).trim();
    // Grafana puts the time of the export behind the name of the panel: the next export is of the same metric.
    let is_time = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit() || b"-_ ".contains(&byte));
    let stem = stem.rsplit_once("-data-").filter(|(_, time)| is_time(time)).map_or(stem, |(panel, _)| panel);
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
                Some(measured) => measured.point(description),
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
        let at = parse_instant_beside(cell, self.table.zone, || self.table.named_zone(row))
            .map_err(|error| format!("the time {:?} {error}", text_of(cell)))?;
        // A zone of its own may stand beside each time.
        self.time = self.table.zone_column.is_none().then(|| (cell.clone(), at));
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
            long_roles(&text.lines().next().unwrap().split(',').map(str::to_owned).collect::<Vec<_>>(), &[])
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
    fn a_zone_beside_the_time_or_in_its_name_is_the_times() {
        for (text, assumed) in [
            ("时间(UTC),qps\n2026-11-05 03:05:00,1\n", 0),
            ("时间（UTC+8）,qps\n2026-11-05 11:05:00,1\n", 0),
            ("北京时间,qps\n2026-11-05 11:05,1\n", 0),
            ("time,tz,qps\n2026-11-04 22:05:00,America/New_York,1\n", 0),
            ("time,tz,qps\n2026-11-05 03:05:00Z,America/New_York,1\n", 0),
            ("time,tz,qps\n2026-11-05 03:05:00,somewhere,1\n", 1),
        ] {
            let found = decode(text, true);
            assert_eq!(found.metrics[0].timestamp.to_rfc3339(), "2026-11-05T03:05:00Z", "{text}");
            assert_eq!(found.assumed_zone, assumed, "{text}");
        }
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
    fn a_header_may_be_a_series_of_prometheus() {
        let found = decode(
            "Time,\"http_errors{service=\"\"cart\"\",code=\"\"500\"\"}\",\"up{job=\"\"pay\"\",instance=\"\"pay-7d9c8b6f5-abcde\"\"}\"\n2026-11-05 11:05:03,3,1\n",
            true,
        );
        assert_eq!(values(&found), [("http_errors", 3.0), ("up", 1.0)]);
        let (errors, up) = (&found.metrics[0], &found.metrics[1]);
        assert_eq!(errors.service_name.as_deref(), Some("cart"));
        assert_eq!(errors.attributes, [("code".into(), "500".into())]);
        assert_eq!(
            (up.service_name.as_deref(), up.host_name.as_deref()),
            (Some("pay"), Some("pay-7d9c8b6f5-abcde"))
        );

        let options = DecodeOptions::new(chrono_tz::UTC, "checkout_p99-data-2026-11-05 11_07_00.csv");
        let text = "Time,\"{pod=\"\"a\"\"}\",\"{pod=\"\"b\"\"}\"\n2026-11-05 11:05:03,3,1\n";
        let table = CsvMetrics::open(text.as_bytes(), true, &options).unwrap();
        assert_eq!(table.name_of_source(), Some("checkout_p99"));
        let found = Collected::from(&table, text.as_bytes());
        assert_eq!(values(&found), [("checkout_p99", 3.0), ("checkout_p99", 1.0)]);
        assert_eq!(found.metrics[1].host_name.as_deref(), Some("b"));
    }
}
