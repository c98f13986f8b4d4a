//! How many digits does a number need?

/// A percentage with the digits it needs: never 0 or 100 where it is not.
pub(super) fn percent_digits(percent: f64) -> String {
    if percent == 0.0 {
        return "0".to_owned();
    }
    if percent > 99.0 && percent < 100.0 {
        let gap_digits = (-(100.0 - percent).log10()).ceil().clamp(1.0, 6.0) as usize;
        return format!("{percent:.gap_digits$}");
    }
    if percent >= 1.0 {
        let text = format!("{percent:.1}");
        return text.strip_suffix(".0").map_or(text.clone(), ToOwned::to_owned);
    }
    let digits = (1.0 - percent.log10().floor()).clamp(2.0, 8.0) as usize;
    let text = format!("{percent:.digits$}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// Four significant digits, thousands grouped.
pub fn number(value: f64) -> String {
    if !value.is_finite() {
        return "–".to_owned();
    }
    let sign = if value < 0.0 { "−" } else { "" };
    let size = value.abs();
    if size == 0.0 {
        return "0".to_owned();
    }
    if !(1e-6..1e15).contains(&size) {
        return format!("{sign}{size:.3e}");
    }
    let digits = (3.0 - size.log10().floor()).clamp(0.0, 9.0) as usize;
    let text = format!("{size:.digits$}");
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    let fraction = fraction.trim_end_matches('0');
    if fraction.is_empty() {
        format!("{sign}{}", grouped(whole))
    } else {
        format!("{sign}{}.{fraction}", grouped(whole))
    }
}

/// Bytes with a decimal prefix.
pub(super) fn bytes(value: f64) -> String {
    let units = ["B", "kB", "MB", "GB", "TB", "PB"];
    let mut scaled = value;
    let mut unit = 0;
    while scaled.abs() >= 1000.0 && unit + 1 < units.len() {
        scaled /= 1000.0;
        unit += 1;
    }
    format!("{} {}", number(scaled), units.get(unit).unwrap_or(&"B"))
}

/// Digits in groups of three.
pub fn grouped(digits: &str) -> String {
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}
