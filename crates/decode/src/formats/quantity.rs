//! A number with its unit in one cell: `120ms`, `1.5 GB`, `300 次`.

use super::table::written_number;

/// Units that are not converted.
const OTHERS: [&str; 21] = [
    "B/s", "KB/s", "MB/s", "GB/s", "bps", "Kbps", "Mbps", "Gbps", "qps", "tps", "rps", "req/s", "次/秒",
    "笔/秒", "次", "个", "笔", "单", "条", "人", "元",
];

/// The number and the unit of a cell, where the unit is known.
pub(crate) fn quantity(cell: &str) -> Option<(f64, &str)> {
    let cell = cell.trim();
    let end = cell.rfind(|letter: char| letter.is_ascii_digit())? + 1;
    let (number, unit) = cell.split_at_checked(end)?;
    let unit = unit.trim_start();
    let is_known = milliseconds(unit).or(bytes(unit)).is_some() || OTHERS.contains(&unit);
    Some((written_number(number)?, unit)).filter(|_| is_known)
}

/// The number of a cell in this unit; none for a unit of another kind.
pub(crate) fn number_in(cell: &str, wanted: &str) -> Option<f64> {
    let (number, unit) = quantity(cell)?;
    if unit == wanted {
        return Some(number);
    }
    let ratio = |factor: fn(&str) -> Option<f64>| Some(factor(unit)? / factor(wanted)?);
    Some(number * ratio(milliseconds).or_else(|| ratio(bytes))?)
}

/// How many milliseconds a unit of durations has. `m` is none: in a table it may be a metre.
pub(crate) fn milliseconds(unit: &str) -> Option<f64> {
    Some(match unit {
        "ns" | "纳秒" => 1e-6,
        "us" | "µs" | "μs" | "微秒" => 1e-3,
        "ms" | "毫秒" => 1.0,
        "s" | "sec" | "secs" | "秒" => 1e3,
        "min" | "mins" | "分钟" => 6e4,
        "h" | "hour" | "hours" | "小时" => 3.6e6,
        "d" | "day" | "days" | "天" => 8.64e7,
        _ => return None,
    })
}

/// How many bytes a unit has, by IEC 80000-13: a MB is 1,000,000 bytes, a MiB 1,048,576.
fn bytes(unit: &str) -> Option<f64> {
    Some(match unit {
        "B" | "字节" => 1.0,
        "KB" | "kB" => 1e3,
        "MB" => 1e6,
        "GB" => 1e9,
        "TB" => 1e12,
        "KiB" => 1024.0,
        "MiB" => 1_048_576.0,
        "GiB" => 1_073_741_824.0,
        "TiB" => 1_099_511_627_776.0,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_with_a_known_unit_are_numbers() {
        assert_eq!(quantity("120ms"), Some((120.0, "ms")));
        assert_eq!(quantity(" 1,200.5 GB "), Some((1200.5, "GB")));
        assert_eq!(quantity("300次"), Some((300.0, "次")));
        for label in ["1号机", "v2", "10.0.0.1", "pay-0", "node3s-a", "", "ms", "120"] {
            assert_eq!(quantity(label), None, "{label}");
        }
    }

    #[test]
    fn durations_are_converted_and_nothing_else() {
        assert_eq!(number_in("1.5s", "ms"), Some(1500.0));
        assert_eq!(number_in("2 分钟", "秒"), Some(120.0));
        assert_eq!(number_in("3MB", "MB"), Some(3.0));
        assert_eq!(number_in("1.2GB", "MB"), Some(1200.0));
        assert_eq!(number_in("2 GiB", "MiB"), Some(2048.0));
        assert_eq!(number_in("3qps", "MB"), None);
        assert_eq!(number_in("3MB", "ms"), None);
    }
}
