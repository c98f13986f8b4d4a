//! How are numbers written for eyes?

/// `412331` → `412,331`.
pub(crate) fn grouped(number: u64) -> String {
    fupan_report::format::grouped(&number.to_string())
}

/// `-4200` → `-4,200`.
pub(crate) fn grouped_signed(number: i64) -> String {
    let digits = grouped(number.unsigned_abs());
    if number < 0 { format!("-{digits}") } else { digits }
}

/// All digits there are, the whole part grouped.
pub(crate) fn double(number: f64) -> String {
    if !number.is_finite() || number.abs() >= 1e15 || (number != 0.0 && number.abs() < 1e-6) {
        return format!("{number:e}").replace("e0", "");
    }
    let text = number.abs().to_string();
    let (whole, part) = text.split_once('.').unwrap_or((&text, ""));
    let sign = if number < 0.0 { "-" } else { "" };
    let whole = fupan_report::format::grouped(whole);
    if part.is_empty() { format!("{sign}{whole}") } else { format!("{sign}{whole}.{part}") }
}

/// Bytes in decimal units: `96.2 MB`.
pub(crate) fn bytes(count: u64) -> String {
    const UNITS: [(&str, f64); 4] = [("TB", 1e12), ("GB", 1e9), ("MB", 1e6), ("kB", 1e3)];
    let count = count as f64;
    UNITS
        .iter()
        .find(|(_, size)| count >= *size)
        .map_or_else(|| format!("{count} B"), |(unit, size)| format!("{:.1} {unit}", count / size))
}

/// A share as per cent with two digits that count.
pub(crate) fn percent(share: f64) -> String {
    let percent = share * 100.0;
    let text = if percent >= 10.0 { format!("{percent:.0}") } else { format!("{percent:.2}") };
    let text = if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
    format!("{text} %")
}

/// `1 source`, `3 sources`.
pub(crate) fn counted(count: u64, noun: &str) -> String {
    format!("{} {noun}{}", grouped(count), if count == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped_and_keep_their_digits() {
        assert_eq!(grouped(412_331), "412,331");
        assert_eq!(grouped_signed(-4200), "-4,200");
        assert_eq!(double(-12_345.678), "-12,345.678");
        assert_eq!(double(0.5), "0.5");
        assert_eq!(double(2460.0), "2,460");
        assert_eq!(bytes(96_200_000), "96.2 MB");
        assert_eq!(bytes(12), "12 B");
        assert_eq!(percent(0.05), "5 %");
        assert_eq!(percent(0.5), "50 %");
        assert_eq!(percent(0.012_34), "1.23 %");
    }
}
