//! What is each column of a table of metrics?

use std::borrow::Cow;

use chrono_tz::Tz;
use fupan_model::Micros;

use crate::formats::counts;
use crate::formats::log_fields::{Field, canonical, default_target, means, names_zone};
use crate::formats::quantity::{number_in, quantity};
use crate::formats::table::{is_missing, is_no_value, is_percent, written_number};
use crate::time::parse_instant;

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
fn shared_roles(names: &[String], sample: &[Vec<Cow<'_, str>>]) -> Vec<Role> {
    let mut roles = vec![Role::Label; names.len()];
    let is_empty = |at: usize| sample.iter().any(|row| row.get(at).is_none_or(|cell| is_missing(cell)));
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
            // A time that each row has is better than one that only some have: orders that are not paid yet.
            .min_by_key(|(at, target)| (field == Field::Timestamp && is_empty(*at), target.rank));
        if let Some((at, _)) = best
            && let Some(slot) = roles.get_mut(at)
        {
            *slot = role;
        }
    }
    let time = roles.iter().position(|role| *role == Role::Time);
    for (at, (slot, name)) in roles.iter_mut().zip(names).enumerate() {
        let is_other_time = *slot == Role::Label && means(name, Field::Timestamp);
        if is_row_number(name) || (is_other_time && time.is_some_and(|time| is_same_time(sample, time, at))) {
            *slot = Role::Ignored;
        }
    }
    roles
}

/// Whether a second column of times only writes the first one differently, or nothing: then it is left out. Otherwise it
/// says something else about the row: when an order was made, and when it was paid.
fn is_same_time(sample: &[Vec<Cow<'_, str>>], time: usize, other: usize) -> bool {
    let at = |row: &[Cow<'_, str>], column: usize| {
        let cell = row.get(column).map_or("", |cell| cell.trim());
        let instant = parse_instant(cell, Tz::UTC).ok()?;
        Some((instant.at.0, cell.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')))
    };
    sample.iter().all(|row| {
        let Some((second, is_count)) = at(row, other) else {
            return row.get(other).is_none_or(|cell| is_missing(cell));
        };
        let Some((first, first_is_count)) = at(row, time) else { return false };
        let apart = (first - second).abs();
        // A count since 1970 and a text whose zone is not known are hours apart.
        let is_zone = is_count != first_is_count
            && apart <= ZONE_MICROS_MAX
            && apart % ZONE_MICROS < Micros::PER_SECOND;
        apart < Micros::PER_SECOND || is_zone
    })
}

/// Zones are this far apart, and no further than that from Greenwich.
const ZONE_MICROS: i64 = 900 * Micros::PER_SECOND;
const ZONE_MICROS_MAX: i64 = 14 * 3600 * Micros::PER_SECOND;

/// Whether a column numbers the rows of an export: unnamed as pandas writes it, or 序号.
fn is_row_number(name: &str) -> bool {
    name.is_empty() || name.starts_with("Unnamed:") || name == "序号"
}

/// Roles of a long table; none if it has no name or no value.
pub(crate) fn long_roles(names: &[String], sample: &[Vec<Cow<'_, str>>]) -> Option<Vec<Role>> {
    let mut roles = shared_roles(names, sample);
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
    let mut roles = shared_roles(names, sample);
    let mut metrics = 0;
    let are_counted = counts::are_counted(names, sample);
    let tells_apart =
        |name: &str| is_of_ids(name) || names_zone(name) || (are_counted && counts::tells_apart(name));
    let may_measure =
        |(_, (slot, name)): &(usize, (&mut Role, &String))| **slot == Role::Label && !tells_apart(name);
    for (at, (slot, name)) in roles.iter_mut().zip(names).enumerate().filter(may_measure) {
        let cells = sample.iter().filter_map(|row| row.get(at)).filter(|cell| !is_no_value(cell));
        let cells: Vec<&str> = cells.map(AsRef::as_ref).collect();
        let numbers = cells.iter().filter(|cell| written_number(cell).is_some()).count();
        let is_numeric = numbers as f64 >= NUMBERS_SHARE_MIN * cells.len() as f64;
        let in_cells = if is_numeric { None } else { unit_in_cells(&cells) };
        if (is_numeric || in_cells.is_some()) && !are_keys(&cells) && !are_numbers_of_people(name, &cells) {
            let are_percents = !cells.is_empty() && cells.iter().all(|cell| is_percent(cell));
            let (name, unit) = name_and_unit(name);
            // What the header names, where the numbers with units can be told in it; else what stands behind them.
            let fits = |unit: &&str| cells.iter().all(|cell| is_told_in(cell, unit));
            let unit = unit.filter(fits).or(in_cells).or(unit).or(are_percents.then_some("%"));
            *slot = Role::Metric { name: name.to_owned(), unit: unit.map(str::to_owned) };
            metrics += 1;
        }
    }
    (metrics > 0 && roles.contains(&Role::Time)).then_some(roles)
}

/// Whether a column holds ids, whose numbers measure nothing: `store_id`, `storeId`, `batch_no`, 门店ID, 门店编号, 错误码.
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
        || is_word("CODE", "Code", "code")
        || is_word("PORT", "Port", "port")
        // 信号 is a strength.
        || (name.ends_with(['号', '码']) && !name.ends_with("信号"))
        || name == "端口"
}

/// Whether cells are written as keys are: with zeros in front, which no number has.
fn are_keys(cells: &[&str]) -> bool {
    cells.iter().any(|cell| {
        let cell = cell.trim();
        cell.len() > 1 && cell.starts_with('0') && cell.bytes().all(|byte| byte.is_ascii_digit())
    })
}

/// What numbers of people are called. What is counted is called so, too: 手机销量.
const PEOPLE: [&str; 37] = [
    "phone",
    "mobile",
    "tel",
    "contact",
    "idcard",
    "bankcard",
    "card",
    "account",
    "user",
    "customer",
    "client",
    "buyer",
    "member",
    "vip",
    "rider",
    "courier",
    "driver",
    "手机",
    "电话",
    "联系",
    "身份证",
    "证件",
    "银行",
    "卡",
    "账号",
    "账户",
    "帐号",
    "用户",
    "客户",
    "顾客",
    "买家",
    "会员",
    "下单人",
    "收货人",
    "骑手",
    "司机",
    "业主",
];

/// Digits of numbers that are written out in full: identity cards and bank cards have as many, whether or not their
/// check digits are right.
const WRITTEN_OUT_DIGITS: std::ops::RangeInclusive<usize> = 15..=19;

/// Numbers of phones and cards measure nothing; as texts they pass the rules for personal data.
fn are_numbers_of_people(name: &str, cells: &[&str]) -> bool {
    let name = canonical(name);
    let is_taken = |cell: &&&str| {
        let clean = fupan_redact::redact(cell, &mut fupan_redact::Counts::default());
        let digits = cell.trim().bytes().take_while(u8::is_ascii_digit).count();
        clean.as_ref() != **cell || (digits == cell.trim().len() && WRITTEN_OUT_DIGITS.contains(&digits))
    };
    PEOPLE.iter().any(|word| name.contains(word)) && cells.iter().filter(is_taken).count() * 2 > cells.len()
}

/// The unit that stands behind the numbers of a column; the first one where durations are in several.
fn unit_in_cells<'a>(cells: &[&'a str]) -> Option<&'a str> {
    let (_, unit) = cells.iter().find_map(|cell| quantity(cell))?;
    let fitting = cells.iter().filter(|cell| is_told_in(cell, unit)).count();
    (fitting as f64 >= NUMBERS_SHARE_MIN * cells.len() as f64).then_some(unit)
}

/// Whether a cell is a number without a unit, or one that can be told in this unit.
fn is_told_in(cell: &str, unit: &str) -> bool {
    written_number(cell).is_some() || number_in(cell, unit).is_some()
}

/// `CpuUsage(m)` is the metric `CpuUsage` in `m`.
pub(crate) fn name_and_unit(header: &str) -> (&str, Option<&str>) {
    let parts = header.strip_suffix(')').and_then(|rest| rest.rsplit_once('('));
    match parts.map(|(name, unit)| (name.trim(), unit.trim())) {
        Some((name, unit)) if !name.is_empty() && !unit.is_empty() => (name, Some(unit)),
        _ => (header, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
    fn keys_and_zones_are_no_metrics() {
        let names =
            ["时间", "商户号", "错误码", "门店", "err_code", "tz_offset", "信号", "次数"].map(str::to_owned);
        let row =
            ["2026-11-05 11:00:00", "1001", "500", "0012", "7", "800", "3", "2"].map(Cow::Borrowed).to_vec();
        let roles = wide_roles(&names, &[row]).unwrap();
        assert!(roles[1..6].iter().all(|role| *role == Role::Label), "{roles:?}");
        assert!(roles[6..].iter().all(|role| matches!(role, Role::Metric { .. })), "{roles:?}");
    }

    #[test]
    fn a_second_time_is_kept_where_it_says_something_else() {
        let names = ["订单号", "创建时间", "支付时间", "金额"].map(str::to_owned);
        let row = |cells: [&'static str; 4]| cells.map(Cow::Borrowed).to_vec();
        let paid = row(["A1", "2026-11-05 10:00:00", "2026-11-05 10:15:00", "12.5"]);
        let unpaid = row(["A2", "2026-11-05 10:10:00", "", "13"]);
        let roles = wide_roles(&names, &[paid.clone(), unpaid]).unwrap();
        assert_eq!(
            roles[..3],
            [Role::Label, Role::Time, Role::Label],
            "each order has been made, not each was paid"
        );
        assert_eq!(wide_roles(&names, &[paid]).unwrap()[1..3], [Role::Time, Role::Label]);
        let names = ["time", "timestamp_ms", "date", "金额"].map(str::to_owned);
        let twice = row(["2026-11-05 11:05:03", "1793847903000", "", "12.5"]);
        assert_eq!(wide_roles(&names, &[twice]).unwrap()[..3], [Role::Time, Role::Ignored, Role::Ignored]);
    }

    #[test]
    fn the_header_says_what_bare_numbers_are_in() {
        let names = ["Time", "耗时(ms)"].map(str::to_owned);
        let row = |cells: [&'static str; 2]| cells.map(Cow::Borrowed).to_vec();
        let sample = [row(["1793849103", "350"]), row(["1793849104", "1.20 s"])];
        let roles = wide_roles(&names, &sample).unwrap();
        assert_eq!(roles[1], Role::Metric { name: "耗时".to_owned(), unit: Some("ms".to_owned()) });
    }

    #[test]
    fn numbers_of_people_are_no_metrics() {
        let names = ["时间", "手机号", "手机销量"].map(str::to_owned);
        let row = |cells: [&'static str; 3]| cells.map(Cow::Borrowed).to_vec();
        let sample = [row(["2026-11-05", "13812345678", "5"]), row(["2026-11-06", "13912345678.0", "6"])];
        let roles = wide_roles(&names, &sample).unwrap();
        assert_eq!(roles[1], Role::Label);
        assert!(matches!(roles[2], Role::Metric { .. }));
        for (name, cell, is_of_people) in [
            ("联系方式", "13812345678", true),
            ("客户卡", "4111111111111111", true),
            ("证件", "110101199003077000", true),
            ("用户", "13812345678", true),
            ("用户数", "138", false),
            ("memory", "17179869184", false),
        ] {
            let names = ["时间", name].map(str::to_owned);
            let roles = wide_roles(&names, &[["2026-11-05", cell].map(Cow::Borrowed).to_vec()]);
            assert_eq!(roles.is_none(), is_of_people, "{name}");
        }
    }
}
